"""Deadlines of tasks that prepare a server: create databases and buckets, migrate, bootstrap."""

from __future__ import annotations

PREPARATION = 3600
"""In seconds. It is long, as the time to fetch secrets, pull images and start the database counts, too, and a Job that
exceeded its deadline stays failed. The number of retries is the effective limit."""
