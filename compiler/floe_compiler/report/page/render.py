"""The page: one file that loads nothing else, and in which no data can run as code."""

from __future__ import annotations

import html
import json
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from typing import Any

_SCRIPTS = ("elements.js", "rows.js", "changes.js", "graph.js", "report.js")
_HERE = "floe_compiler.report.page"
# Characters that could end the element of the data (HTML, "Restrictions for contents of script elements").
_ESCAPES = {"<": r"\u003c", ">": r"\u003e", "&": r"\u0026"}


def render_page(title: str, data: Mapping[str, Any]) -> str:
    """Return the HTML. The same data gives the same bytes.

    Nothing is loaded, sent or run but what is in the page itself: its policy (CSP) names its style and its program by
    their digests.
    """
    style, script = _asset("style.css"), "".join(map(_asset, _SCRIPTS))
    script = f'"use strict";\n(() => {{\n{script}}})();\n'
    rules = (
        "default-src 'none'",
        f"style-src {_digest(style)}",
        f"script-src {_digest(script)}",
        "base-uri 'none'",
        "form-action 'none'",
    )
    parts = {
        "policy": "; ".join(rules),
        "title": html.escape(title),
        "style": style,
        "script": script,
        "data": _json(data),
    }
    first, *rest = _asset("page.html").split("@")
    # What is between two marks is a name; so no text that is put in is searched for marks.
    return first + "".join(parts[text] if at % 2 == 0 else text for at, text in enumerate(rest))


def _asset(name: str) -> str:
    return files(_HERE).joinpath(name).read_text("utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _json(data: Mapping[str, Any]) -> str:
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True, default=str)
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)
    return text
