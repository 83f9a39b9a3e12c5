"""Schemas of custom resources: published by their projects, or from rendered definitions."""
