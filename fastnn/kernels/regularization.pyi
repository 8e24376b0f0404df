from ..variables import Variable
from .plan import Plan

def emit(plan: Plan, variable: Variable, l1: float, l2: float) -> None: ...
