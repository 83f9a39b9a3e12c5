"""Which files people write, and what kind of document each must hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

KINDS: Mapping[str, re.Pattern[str]] = {
    "PlatformManifest": re.compile(r"platform-manifest\.yaml"),
    "Environment": re.compile(r"overlays/([^/]+)/environment\.yaml"),
    "Domain": re.compile(r"domains/([^/]+)/domain\.yaml"),
    "DataProduct": re.compile(r"domains/([^/]+)/products/([^/]+)\.yaml"),
}
"""The kind of document by the file's path."""

EXPECTED = "domains/<domain>/domain.yaml, domains/<domain>/products/<product>.yaml"


@dataclass(frozen=True, slots=True)
class Authored:
    """The authored files with their kinds, sorted by path, and files in `domains/` that nothing would read."""

    kinds: Mapping[str, str]
    strays: tuple[str, ...] = ()

    def of_kind(self, kind: str) -> tuple[str, ...]:
        """Return the files of one kind."""
        return tuple(file for file, found in self.kinds.items() if found == kind)

    def expected(self, file: str) -> str:
        """Return the hint for a stray file."""
        if file.endswith(".yml"):
            return f"rename it to {file.removesuffix('.yml')}.yaml"
        if file.startswith("overlays/"):
            return f"write {file}/environment.yaml, or remove the folder"
        if file.count("/") == 1:
            return f"write {file}/domain.yaml, or remove the folder"
        return f"in domains/ there are {EXPECTED}"


def authored_files(root: Path) -> Authored:
    """Return the authored files below `root`; hidden files are nobody's business."""
    found: dict[str, str] = {}
    strays: list[str] = []
    for path in _candidates(root):
        file = path.relative_to(root).as_posix()
        kind = next((kind for kind, pattern in KINDS.items() if pattern.fullmatch(file)), "")
        if kind:
            found[file] = kind
        elif file.startswith("domains/") and path.suffix in (".yaml", ".yml", ".json"):
            strays.append(file)
    strays += _headless(root, "domains", "domain.yaml", found) + _headless(root, "overlays", "environment.yaml", found)
    return Authored(dict(sorted(found.items())), tuple(sorted(strays)))


def _candidates(root: Path) -> list[Path]:
    patterns = ("platform-manifest.yaml", "overlays/*/environment.yaml", "domains/**/*")
    paths = {path for pattern in patterns for path in root.glob(pattern) if path.is_file() or path.is_symlink()}
    return [path for path in paths if not any(part.startswith(".") for part in path.relative_to(root).parts)]


def _headless(root: Path, folder: str, head: str, found: Mapping[str, str]) -> list[str]:
    """Return the folders that lack the document which says what they are."""
    if not (root / folder).is_dir():
        return []
    names = [path.name for path in (root / folder).iterdir() if path.is_dir() and not path.name.startswith(".")]
    return [f"{folder}/{name}" for name in names if f"{folder}/{name}/{head}" not in found]


def environment_name(file: str) -> str:
    """Return the environment that a file `overlays/<environment>/environment.yaml` describes."""
    return file.split("/")[1]


def product_key(file: str) -> tuple[str, str]:
    """Return domain and product of a file `domains/<domain>/products/<product>.yaml`."""
    _, domain, _, product = file.split("/")
    return domain, product.removesuffix(".yaml")
