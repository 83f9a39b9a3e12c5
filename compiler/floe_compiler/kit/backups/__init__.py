"""Backups of databases: dumps in an object store, for all kinds of stores alike."""
