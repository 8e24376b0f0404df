# Written by tools/public_api.py from the table in __init__.py.

__all__: list[str] = []
