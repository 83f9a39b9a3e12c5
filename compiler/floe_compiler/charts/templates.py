"""What helm prints -> objects, each with the template that it comes from."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

_SOURCE = re.compile(r"^---\n# Source: (\S+)\n", re.MULTILINE)
"""What helm writes before each object: source `helm.sh/helm/v4/pkg/action`, `renderResources`."""


class NotAnObject(Exception):
    """A template renders something that is no Kubernetes object; the message says what, and `template` where."""

    def __init__(self, template: str, problem: str) -> None:
        super().__init__(problem)
        self.template = template


def objects_in(printed: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the path of its template in the chart's folder, and each object. Raises NotAnObject."""
    parts = _SOURCE.split(printed)
    for source, text in zip(parts[1::2], parts[2::2], strict=True):
        template = source.partition("/")[2]
        for document in _documents(template, text):
            items = document.get("items") if isinstance(document, dict) else None
            is_list = isinstance(items, list) and str(document.get("kind", "")).endswith("List")
            for one in items or () if is_list else (document,):
                if one is not None:
                    yield template, _checked(template, one)


def first_difference(first: str, second: str) -> tuple[str, str]:
    """Return the template and the line of the first difference between two outputs for the same chart."""
    one, other = first.splitlines(), second.splitlines()
    template, line = "", ""
    for tag, start, end, _, _ in difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag != "equal":
            before = one[: min(start + 1, len(one))]
            sources = [each.removeprefix("# Source: ") for each in before if each.startswith("# Source: ")]
            template = sources[-1].partition("/")[2] if sources else ""
            line = one[start].strip() if start < end else ""
            break
    return template, line


def _checked(template: str, manifest: Any) -> dict[str, Any]:
    metadata = manifest.get("metadata") if isinstance(manifest, dict) else None
    if not isinstance(manifest, dict) or not isinstance(metadata, dict):
        raise NotAnObject(template, "it renders no mapping with metadata")
    said = {
        "apiVersion": manifest.get("apiVersion"),
        "kind": manifest.get("kind"),
        "metadata.name": metadata.get("name"),
    }
    missing = [name for name, value in said.items() if not value or not isinstance(value, str)]
    if missing:
        raise NotAnObject(template, f"it renders an object without {' and '.join(missing)}")
    return manifest


def _documents(template: str, text: str) -> list[Any]:
    import yaml

    try:
        found = [one for one in yaml.load_all(text, Loader=_loader()) if one is not None]
        # Plain data only: aliases become copies, keys become text, as in what an API server gets.
        return [json.loads(json.dumps(one)) for one in found]
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        problem = str(getattr(error, "problem", "") or error)
        raise NotAnObject(template, f"it renders no YAML: {problem}") from None


@cache
def _loader() -> Any:
    """Return a loader that takes plain words for what helm and Kubernetes take them for.

    That is YAML 1.1 as in sigs.k8s.io/yaml: `y` is true, `1e3` a number, `12:30:45` and `2026-01-01` are text.
    """
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """The loader."""

    kept = {"tag:yaml.org,2002:null", "tag:yaml.org,2002:merge"}
    Loader.yaml_implicit_resolvers = {
        first: [one for one in found if one[0] in kept] for first, found in Loader.yaml_implicit_resolvers.items()
    }
    words = "y|Y|yes|Yes|YES|on|On|ON|true|True|TRUE|n|N|no|No|NO|off|Off|OFF|false|False|FALSE"
    Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(rf"(?:{words})$"), list("yYnNtTfFoO"))
    number = r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+|[0-9][0-9_]*)$"
    Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(number), list("-+0123456789"))
    decimal = r"(?:[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.nan)$"
    Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(decimal), list("-+.0123456789"))
    Loader.add_constructor("tag:yaml.org,2002:bool", _bool)
    Loader.add_constructor("tag:yaml.org,2002:int", _int)
    return Loader


def _bool(loader: Any, node: Any) -> bool:
    return str(loader.construct_scalar(node)).lower() in ("y", "yes", "on", "true")


def _int(loader: Any, node: Any) -> int:
    text = str(loader.construct_scalar(node)).replace("_", "").lower()
    sign, digits = (-1 if text.startswith("-") else 1), text.lstrip("+-")
    if digits.isdigit():
        is_octal = digits.startswith("0") and not {"8", "9"} & set(digits)
        return sign * int(digits, 8 if is_octal else 10)
    return sign * int(digits, 0)
