"""Files that SOPS has encrypted must be for the keys that `.sops.yaml` names.

Source: getsops/sops, config/config.go: the first rule counts whose `path_regex` is found in the path from its folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from floe_compiler.model.diagnostics import Findings, Related
from floe_compiler.model.document import Document
from floe_compiler.model.nested_fields import at, mappings
from floe_compiler.model.span import Span
from floe_compiler.model.yaml_text import from_yaml
from floe_compiler.resolve.rules import OTHER_KEYS


class EncryptedFile(msgspec.Struct, frozen=True, order=True):
    """A file that SOPS has encrypted, and its text."""

    file: str
    text: str


def check_sops_rules(document: Document, files: Iterable[EncryptedFile], findings: Findings) -> None:
    """Report encrypted files for which `.sops.yaml`, if that is its document, has no rule, or one with other keys."""
    rules = list(enumerate(mappings(document.data, ("creation_rules",))))
    for encrypted in sorted(set(files)):
        numbered = next(((index, rule) for index, rule in rules if _fits(rule, encrypted.file)), None)
        if numbered is None:
            message = f"no rule of {document.file} is for this file, so sops does not know who may decrypt it"
            hint = f"add one with a path_regex that matches {encrypted.file}"
            findings.add(OTHER_KEYS, message, Span(encrypted.file), hint=hint, secret=True)
            continue
        index, rule = numbered
        named, own = _age_keys(rule), _recipients(encrypted.text)
        if named and named != own:
            message = f"it is encrypted for {_show(own)}, but its rule in {document.file} says {_show(named)}"
            related = [Related(document.span(("creation_rules", index)), "the rule")]
            hint = f"run `sops updatekeys {encrypted.file}`"
            findings.add(OTHER_KEYS, message, Span(encrypted.file), hint=hint, related=related, secret=True)


def _fits(rule: Mapping[str, Any], file: str) -> bool:
    pattern = rule.get("path_regex")
    try:
        return not pattern or bool(re.search(str(pattern), file))
    except re.error:  # Go knows some expressions that Python does not
        return True


def _age_keys(rule: Mapping[str, Any]) -> set[str]:
    """Return the age keys that a rule names; none if it names others, too, or groups of them."""
    if rule.get("key_groups"):
        return set()
    keys = rule.get("age") or ""
    listed = keys if isinstance(keys, list) else str(keys).split(",")
    return {str(key).strip() for key in listed} - {""}


def _recipients(text: str) -> set[str]:
    """Return the age keys that a file is encrypted for."""
    return {str(at(key, ("recipient",))) for key in mappings(from_yaml(text), ("sops", "age"))}


def _show(keys: set[str]) -> str:
    return ", ".join(f"{key[:12]}..." for key in sorted(keys)) or "no key of age"
