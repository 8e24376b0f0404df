"""Base classes of layers, and what families of layers share."""
