"""YAML files in the package of a component, for `Parts.include`."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path, PurePosixPath

from floe_compiler.model.facts import PlainYaml


def plain_yaml(package: str, path: str) -> PlainYaml:
    """Return a YAML file of `package`; `path` is relative to the package's folder.

    Raises ValueError for a URL or a path outside the package, and FileNotFoundError if the file does not exist.
    """
    folder = Path(str(files(package)))
    parts = PurePosixPath(path).parts
    file = folder.joinpath(*parts)
    if "://" in path or ".." in parts or not file.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"{path} is not a file in the package {package}")
    return PlainYaml(path, file.read_text("utf-8"))
