"""The scripts that run in containers: real files, so that they can be linted, tested and read."""

from __future__ import annotations

from importlib.resources import files


def script(name: str) -> str:
    """Return the text of the script `name`; raise FileNotFoundError if there is none of that name."""
    return files(__name__).joinpath(name).read_text("utf-8")
