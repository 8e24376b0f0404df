"""Graphs of layers: symbolic tensors, their operators and the graph between two sets of them."""
