"""Write wheels anew with a smaller encoding of the same files: python tools/recompress_wheel.py WHEEL...

Deflate allows many encodings of the same bytes. Zopfli (package zopflipy) searches for a short one,
which takes a minute and makes a wheel 4 or 5 % smaller; whoever installs it notices nothing.
"""

import os
import sys
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from zopfli import ZipFile as ZopfliFile


def recompress(wheel):
    """Replace a wheel by one that holds the same files, and return the sizes before and after in bytes."""
    before = wheel.stat().st_size
    new = wheel.with_suffix(".new")
    with ZipFile(wheel) as source, ZopfliFile(new, "w", ZIP_DEFLATED) as target:
        for member in source.infolist():
            target.writestr(member, source.read(member))
    os.replace(new, wheel)
    return before, wheel.stat().st_size


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:]):
        before, after = recompress(path)
        print(f"{path.name}: {before:,} to {after:,} bytes")
