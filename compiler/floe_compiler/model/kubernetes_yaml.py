"""YAML that somebody else wrote, read as Kubernetes and helm read it."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any


class NotYaml(ValueError):
    """A text is not YAML, or has a value that no object can have."""


def read_objects(text: str) -> list[Any]:
    """Return the documents of a text as plain data, without empty ones. Raises NotYaml.

    Aliases become copies, and keys become text, as in what an API server gets.
    """
    import yaml

    try:
        documents = [document for document in yaml.load_all(text, Loader=_loader()) if document is not None]
        return [json.loads(json.dumps(document)) for document in documents]
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        raise NotYaml(line + str(getattr(error, "problem", "") or error)) from None


@cache
def _loader() -> Any:
    """Return a loader that takes plain words for what helm and Kubernetes take them for.

    That is YAML 1.1 as in sigs.k8s.io/yaml: `y` is true, `1e3` a number, `12:30:45` and `2026-01-01` are text.
    """
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """PyYAML's safe loader, with the plain words of sigs.k8s.io/yaml in place of its own."""

    tags = {"tag:yaml.org,2002:null", "tag:yaml.org,2002:merge"}
    Loader.yaml_implicit_resolvers = {
        first: [resolver for resolver in resolvers if resolver[0] in tags]
        for first, resolvers in Loader.yaml_implicit_resolvers.items()
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
