"""Scripts that run in containers. They are separate files, so that they can be linted and tested."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=256)  # the same ones are in every domain
def script(package: str, name: str) -> str:
    """Return the text of the script `name` in the package; raise FileNotFoundError if it does not exist."""
    return files(package).joinpath(name).read_text("utf-8")
