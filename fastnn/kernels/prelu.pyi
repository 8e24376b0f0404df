from ..variables import Variable
from .plan import Plan
from .steps import Value

def emit(plan: Plan, x: Value, alpha: Variable) -> Value: ...
