"""Data on its way into a model: validation, data sets, adapters and batches."""
