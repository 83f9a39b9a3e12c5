"""Configuration files in ConfigMaps, in the format that their names say."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from floe_compiler.check.index import Index
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.read_texts import is_read

UNREADABLE = Rule(
    "C166",
    "configuration file with a syntax error",
    "A key of a ConfigMap ends in .json, .toml, .yaml or .yml, but its text is not in this format, so the program that"
    " reads the file would fail when it starts. Texts with template markers such as {{ }} are left out.",
)
RULES = (UNREADABLE,)

_TEMPLATES = ("{{", "{%", "<%")


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the ConfigMap keys whose text is not in the format of their names."""
    for identity, config_map in index.of("", "ConfigMap"):
        for key, text in (config_map.get("data") or {}).items():
            if isinstance(text, str) and (problem := syntax_error(str(key), text)):
                message = f'data["{key}"] is not {_format(str(key)).upper()}: {problem}'
                yield index.finding(UNREADABLE, identity, message, "correct the text, or give the key another suffix")


@lru_cache(maxsize=4096)  # the same files are in every domain's objects
def syntax_error(key: str, text: str) -> str:
    """Return the error of a text in the format of its key; empty if there is none, or no format is known."""
    parse = _PARSERS.get(_format(key))
    if parse is None:
        return ""
    problem = parse(text)
    return "" if problem and any(marker in text for marker in _TEMPLATES) else problem


def _format(key: str) -> str:
    _, dot, suffix = key.rpartition(".")
    return suffix.lower().replace("yml", "yaml") if dot else ""


def _json_error(text: str) -> str:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f"line {error.lineno}: {error.msg[:1].lower()}{error.msg[1:]}"
    except RecursionError:
        return "it is nested too deeply"
    return ""


def _toml_error(text: str) -> str:
    try:
        tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return str(error)[:1].lower() + str(error)[1:]
    return ""


def _yaml_error(text: str) -> str:
    import yaml

    if is_read(text):
        return ""
    try:
        for _ in yaml.parse(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)):
            pass
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return f"line {line}: {error.problem or 'invalid'}"
    except (yaml.YAMLError, RecursionError):
        return "it has characters that YAML does not allow"
    return ""


_PARSERS: Mapping[str, Callable[[str], str]] = {"json": _json_error, "toml": _toml_error, "yaml": _yaml_error}
