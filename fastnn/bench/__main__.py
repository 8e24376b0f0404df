"""`python -m fastnn.bench`, the same as `fastnn bench`."""

import sys

from . import main

sys.exit(main(sys.argv[1:]))
