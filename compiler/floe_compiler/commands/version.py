"""The version of this tool."""

from __future__ import annotations


def version() -> str:
    """Return the version of the installed distribution."""
    from importlib import metadata  # imported here, as it takes 0.015 s

    return metadata.version("floe-compile")
