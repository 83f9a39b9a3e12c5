"""The documentation as a website: each page is in its menu, and reading it needs no network."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
LOADED = re.compile(
    r'<(?:script|img|iframe)[^>]* src="?(https?://[^" >]+)|<link [^>]*rel="?stylesheet[^>]*href="?(https?://[^" >]+)'
)


class Loader(yaml.SafeLoader):
    """Reads the configuration without the Python objects in it."""


Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)


def pages(menu: Any) -> list[str]:
    if isinstance(menu, str):
        return [menu]
    return [page for entry in (menu.values() if isinstance(menu, dict) else menu) for page in pages(entry)]


def test_each_page_is_in_the_menu_once() -> None:
    menu = yaml.load((ROOT / "mkdocs.yaml").read_text(encoding="utf-8"), Loader)["nav"]
    assert sorted(pages(menu)) == sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md"))


@pytest.mark.real
@pytest.mark.skipif(not find_spec("material"), reason="not installed: the extra `site` (make site)")
def test_the_site_is_built_without_warnings_and_loads_nothing_external(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        env={"NO_MKDOCS_2_WARNING": "1", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    built = sorted(tmp_path.rglob("*.html"))
    assert len(built) > len(list(DOCS.rglob("*.md")))
    assert [(page, link) for page in built for link in LOADED.findall(page.read_text(encoding="utf-8"))] == []
