"""The scripts that run in containers: real files, so that they can be linted, tested and read."""

from __future__ import annotations

from importlib.resources import files


def script(package: str, name: str) -> str:
    """Return the text of the script `name`, which lies in the package; raise FileNotFoundError if it does not exist."""
    return files(package).joinpath(name).read_text("utf-8")
