"""Comments in configuration files and scripts of any language."""

from __future__ import annotations

import re

# Two dashes begin a comment only before a space, as `--option` is not a comment. In `.npmrc`, the name of a registry
# begins with two slashes: `//HOST/:_authToken=`.
_COMMENT = re.compile(r"^[ \t]*(?:#|;|//(?!\S+:_)|--[ \t]).*$", re.MULTILINE)


def without_comments(text: str) -> str:
    """Return a text with empty lines instead of its comment lines, so that line numbers stay the same."""
    return _COMMENT.sub("", text)
