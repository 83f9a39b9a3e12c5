"""Rules about objects of every kind: schema, names, labels, quantities and size."""
