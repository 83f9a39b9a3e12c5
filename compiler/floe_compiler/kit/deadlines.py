"""Deadlines of tasks that prepare a server: create databases and buckets, migrate, bootstrap."""

from __future__ import annotations

PREPARATION = 3600
"""In seconds. A Job's clock also runs while its secrets are fetched, its images pulled and its database starts, and a
Job that ran out of time stays failed under its name; the number of tries is the limit that counts."""
