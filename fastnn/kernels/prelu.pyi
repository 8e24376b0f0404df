from ..variables import Variable
from .plan import Plan, Value

def emit(plan: Plan, x: Value, alpha: Variable) -> Value: ...
