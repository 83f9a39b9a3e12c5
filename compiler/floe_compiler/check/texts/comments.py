"""Comments in configuration files and scripts of any language."""

from __future__ import annotations

import re

# Two dashes begin a comment only before a space: `--option` is not one.
_COMMENT = re.compile(r"^[ \t]*(?:#|;|//|--[ \t]).*$", re.MULTILINE)


def without_comments(text: str) -> str:
    """Return a text with its comment lines emptied; the lines keep their numbers."""
    return _COMMENT.sub("", text)
