from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from ...variables import Variable

def replace_values(variables: Sequence[Variable], values: Sequence[NDArray[Any]]) -> None: ...
def copy_values(variables: Sequence[Variable]) -> list[NDArray[Any]]: ...
