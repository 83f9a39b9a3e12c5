"""Rules about every object, whatever its kind: its schema, names, labels, quantities and size."""
