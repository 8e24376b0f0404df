"""The compiled floor: plans and the ops they are made of."""
