"""Values that kustomize cannot preserve, and parsing of its output without changing values."""

from __future__ import annotations

import re
from typing import Any

from floe_compiler.model.delivered_texts import LOST_BY_KUSTOMIZE
from floe_compiler.model.objects import Object
from floe_compiler.model.yaml_text import LONGEST_KEY, is_too_long

# How kustomize (go-yaml) writes scalars other than text; it quotes text that looks like one of these. PyYAML's own
# rules are those of YAML 1.1: 12:30:45 is a number, 2024-01-01 a date, `on` a boolean and 1e+22 text.
_PLAIN = {
    "null": re.compile(r"null\Z"),
    "bool": re.compile(r"(?:true|false)\Z"),
    "int": re.compile(r"-?[0-9]+\Z"),
    "float": re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:e[-+][0-9]+)?\Z"),
}

_LARGEST_EXACT = 2**53
"""kustomize turns larger numbers into floating-point numbers, and writes those as integers."""


def uncarriable(value: Any) -> str:
    """Return what kustomize cannot preserve in an object; empty if there is nothing."""
    if isinstance(value, str):
        lost = LOST_BY_KUSTOMIZE.search(value)
        return f"the character U+{ord(lost[0]):04X}" if lost else ""
    if isinstance(value, int | float):
        return "a number beyond 2^53" if abs(value) > _LARGEST_EXACT else ""
    if isinstance(value, dict):
        if "<<" in value:
            return 'the key "<<"'
        if any(map(is_too_long, value)):
            return f"a key of more than {LONGEST_KEY} characters"
        return next(filter(None, map(uncarriable, [*value, *value.values()])), "")
    if isinstance(value, list):
        return next(filter(None, map(uncarriable, value)), "")
    return ""


def read_objects(text: str) -> list[Object]:
    """Return the objects in kustomize's output. Raises ValueError if it is something else."""
    import yaml

    fast: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # PyYAML can be built without its C part

    class Loader(fast):  # type: ignore[misc]  # the base is known at run time only
        yaml_implicit_resolvers: dict[str, Any] = {}

    for kind, pattern in _PLAIN.items():
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{kind}", pattern, list("-0123456789ntf"))
    try:
        manifests = [manifest for manifest in yaml.load_all(text, Loader=Loader) if manifest]
    except yaml.YAMLError as error:
        raise ValueError("it is not YAML") from error
    if not all(isinstance(manifest, dict) for manifest in manifests):
        raise ValueError("there is a document that is not an object")
    return manifests
