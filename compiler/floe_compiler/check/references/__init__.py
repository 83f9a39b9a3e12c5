"""Rules about objects that refer to or select other objects of their namespace."""
