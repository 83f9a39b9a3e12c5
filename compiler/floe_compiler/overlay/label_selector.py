"""Label selectors as kubectl and kustomize write them: `app=web,tier in (a, b),!old`.

Source: the grammar in k8s.io/apimachinery/pkg/labels/selector.go, without `>` and `<`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

_KEY = r"[A-Za-z0-9](?:[\w./-]*[A-Za-z0-9])?"
_REQUIREMENT = re.compile(
    rf"\s*(?:!\s*(?P<absent>{_KEY})"
    rf"|(?P<key>{_KEY})(?:\s*(?P<equality>==?|!=)\s*(?P<value>[\w.-]*)|\s+(?P<set>in|notin)\s*\((?P<values>[^()]*)\))?)"
    r"\s*(?:,(?=.)|\Z)",
    re.ASCII,
)


class Requirement(msgspec.Struct, frozen=True):
    """A condition on a label: it has one of `values` (None: any value) or, if `excluded`, does not."""

    key: str
    values: frozenset[str] | None
    excluded: bool

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Return whether these labels meet the condition."""
        present = self.key in labels and (self.values is None or labels[self.key] in self.values)
        return present != self.excluded


def parse_label_selector(text: str) -> tuple[Requirement, ...]:
    """Return the conditions, which must all hold; raise ValueError if the text is not a label selector."""
    requirements = []
    position = 0
    while position < len(text):
        match = _REQUIREMENT.match(text, position)
        if not match:
            raise ValueError(f'"{text}" is not a label selector')
        requirements.append(_requirement(match))
        position = match.end()
    return tuple(requirements)


def _requirement(match: re.Match[str]) -> Requirement:
    if match["absent"]:
        return Requirement(match["absent"], None, excluded=True)
    if match["set"]:
        values = frozenset(value.strip() for value in match["values"].split(","))
        return Requirement(match["key"], values, excluded=match["set"] == "notin")
    if match["equality"]:
        return Requirement(match["key"], frozenset({match["value"]}), excluded=match["equality"] == "!=")
    return Requirement(match["key"], None, excluded=False)
