"""Diagnostics and differences, for people and for machines."""
