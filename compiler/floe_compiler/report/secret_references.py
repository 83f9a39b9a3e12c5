"""References to Secrets, `{secret: NAME, key: NAME}`: both values are names, which stay where secrets are hidden.

A value that stands in such a place is never a secret's own: it is rendered as the name of a Secret.
"""

from __future__ import annotations

import re

_NAME = r"(?:\"[\w.-]+\"|'[\w.-]+'|[A-Za-z0-9][\w.-]*)"
_MAPPING = re.compile(r"\{[^{}\n]*\}")
_PAIR = re.compile(rf"([{{,][ \t]*[\"']?(secret|key)[\"']?[ \t]*:[ \t]*)({_NAME})(?=[ \t]*[,}}])")
_LINES = re.compile(
    rf"^([ \t]*(?:-[ \t]+)?)(secret|key)(:[ \t]+)({_NAME})([ \t]*\n)([ \t]*)(secret|key)(:[ \t]+)({_NAME})(?=[ \t]*$)",
    re.MULTILINE,
)
_MASK = re.compile(r"<\0(\d+)>")


def without_names(text: str) -> tuple[str, list[str]]:
    """Return a text with placeholders for the names in its references to Secrets, and the names.

    The lines of the text stay as they are otherwise. `with_names` puts the names back.
    """
    names: list[str] = []
    if "secret" not in text or "\0" in text:
        return text, names

    def mask(name: str) -> str:
        names.append(name)
        return f"<\0{len(names) - 1}>"

    def in_mapping(match: re.Match[str]) -> str:
        pairs = _PAIR.findall(match[0])
        if sorted(key for _, key, _ in pairs) != ["key", "secret"]:
            return match[0]
        return _PAIR.sub(lambda pair: pair[1] + mask(pair[3]), match[0])

    def in_lines(match: re.Match[str]) -> str:
        margin, first_key, colon, first, end, indent, second_key, second_colon, second = match.groups()
        if first_key == second_key or len(margin) != len(indent):
            return match[0]
        return f"{margin}{first_key}{colon}{mask(first)}{end}{indent}{second_key}{second_colon}{mask(second)}"

    return _LINES.sub(in_lines, _MAPPING.sub(in_mapping, text)), names


def with_names(text: str, names: list[str]) -> str:
    """Return a text with the names that `without_names` has replaced."""
    return _MASK.sub(lambda match: names[int(match[1])], text) if names else text
