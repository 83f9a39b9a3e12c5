"""Paths in a step's container where people may mount something: none that the compiler, or the system, uses."""

from __future__ import annotations

import posixpath

TAKEN = (
    "/etc/dbt",
    "/etc/floe",
    "/etc/soda",
    "/opt/airflow",
    "/run/secrets",
    "/tmp",  # noqa: S108 - the path in the container
    "/var/duckdb",
    "/var/run/secrets",
)
"""Paths that steps and orchestrators use. Nothing else may be there, nor around it."""

SYSTEM = ("/bin", "/boot", "/dev", "/lib", "/lib64", "/proc", "/sbin", "/sys", "/usr")
"""Folders of the system: what an image cannot do without, and what the kernel shows."""


def check_mount_path(path: str) -> str:
    """Accept the absolute path of a folder that is free."""
    if not path.startswith("/") or posixpath.normpath(path) != path or ":" in path or path.startswith("//"):
        raise ValueError(f'"{path}" is not the absolute path of a folder; write, for example, /data/reference')
    for taken in (*SYSTEM, *TAKEN):
        if is_within(path, taken) or is_within(taken, path):
            raise ValueError(f'"{path}" is in the way of {taken}; mount it elsewhere, such as /data/reference')
    return path


def is_within(path: str, folder: str) -> bool:
    """Return whether a path is a folder, or below it."""
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")
