"""Rules about objects that name or select others of their namespace."""
