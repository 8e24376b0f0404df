"""How the command `fastnn` ends where the package cannot be imported, before it runs anything of its own."""

import sys
from os.path import basename, splitext

__all__ = ["end_command"]


def end_command(error: Exception) -> None:
    """Print the error as a line and exit with status 2, if this is `fastnn` or `python -m fastnn`.

    Parameters
    ----------
    error : Exception
        What the import of the package was refused for; other programs see it as it is.

    Examples
    --------
    >>> end_command(ValueError("this is another program"))
    """
    program = sys.argv[0] if sys.argv else ""
    if program == "-m":  # so Python says while it looks for the module
        named = any(word.partition(".")[0].endswith("fastnn") for word in sys.orig_argv)
    else:
        named = splitext(basename(program))[0] == "fastnn"
    if named:
        print(f"fastnn: {error}", file=sys.stderr)
        raise SystemExit(2) from None
