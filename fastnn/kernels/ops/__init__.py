"""The ops, one a file: the steps that layers, losses and metrics append to a plan."""
