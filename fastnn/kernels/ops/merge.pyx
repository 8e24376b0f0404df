"""Two values as one, as `Bidirectional` has them: their sum, mean or product, or one behind the other."""

from . import add, elementwise_binary, concatenate


def emit(plan, a, b, mode):
    """Append y to `plan`: a + b, (a + b) / 2, a * b, or the last dimensions of both behind each other.

    Parameters
    ----------
    a, b : Value
        Of one shape.
    mode : {"sum", "ave", "mul", "concat"}

    Returns
    -------
    Value
    """
    if mode == "concat":
        return concatenate.emit(plan, [a, b], len(a.shape) - 1)
    if mode == "mul":
        return elementwise_binary.emit(plan, a, b, "multiply")
    return add.emit(plan, [a, b], 0.5 if mode == "ave" else 1.0)
