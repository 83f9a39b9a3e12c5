"""The version of this tool."""

from __future__ import annotations


def version() -> str:
    """Return the version of the installed distribution."""
    from importlib import metadata  # 0.015 s that only those who ask should wait

    return metadata.version("floe-compile")
