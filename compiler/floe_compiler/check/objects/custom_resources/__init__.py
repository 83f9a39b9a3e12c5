"""Schemas of custom resources: those that their projects publish, and those of rendered definitions."""
