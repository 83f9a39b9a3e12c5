"""The page is safe and closed: nothing in its data becomes markup, and it loads nothing."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

from floe_compiler.report.page.render import render_page

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)> &amp; \u2028 @data@"


class Tags(HTMLParser):
    """The start tags of a page, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_no_text_becomes_markup() -> None:
    page = render_page(HOSTILE, {"changes": [HOSTILE]})
    assert [tag for tag, _ in Tags(page).found] == [tag for tag, _ in Tags(render_page("x", {})).found]
    data = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert data
    assert json.loads(data[1]) == {"changes": [HOSTILE]}


def test_the_content_security_policy_allows_only_the_page_itself() -> None:
    page = render_page("acme", {})
    (policy,) = (str(tag["content"]) for _, tag in Tags(page).found if tag.get("http-equiv"))
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for element in ("style", "script"):
        block = re.search(rf"<{element}>(.*?)</{element}>", page, re.DOTALL)
        assert block
        assert f"{element}-src 'sha256-{b64encode(sha256(block[1].encode()).digest()).decode()}'" in policy


def test_nothing_is_loaded_or_sent() -> None:
    page = render_page("acme", {})
    assert not [name for _, attributes in Tags(page).found for name in attributes if name in ("src", "href", "style")]
    assert set(re.findall(r"https?://[^\s\"']+", page)) == {"http://www.w3.org/2000/svg"}
    for word in ("innerHTML", "insertAdjacentHTML", "document.write", "eval(", "fetch(", "XMLHttpRequest", "import("):
        assert word not in page
