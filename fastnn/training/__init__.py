"""Training: what `compile` decides, the epoch loop, plans, inference and streams."""
