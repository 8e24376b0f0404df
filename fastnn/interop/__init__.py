"""Bridges to other libraries: each imports what it needs when it is used."""
