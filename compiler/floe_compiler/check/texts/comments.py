"""Comments in configuration files and scripts, whatever their language."""

from __future__ import annotations

import re

# Two dashes begin one only before a space: `--option` is none.
_COMMENT = re.compile(r"^[ \t]*(?:#|;|//|--[ \t]).*$", re.MULTILINE)


def without_comments(text: str) -> str:
    """Return a text with its comment lines emptied; the lines keep their numbers."""
    return _COMMENT.sub("", text)
