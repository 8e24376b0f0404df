"""The compiled core: plans, steps, batches, the thread runtime and the optimizer's update."""
