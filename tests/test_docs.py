"""The documentation: links work, commands are valid, and examples are correct."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from syrupy.assertion import SnapshotAssertion

from floe_compiler import cli, components
from floe_compiler.pipeline import compile_mesh
from floe_compiler.resolve.schemas import plain_schemas
from small_mesh import MANIFEST, small_mesh

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")] + sorted(ROOT.glob("docs/**/*.md"))

BLOCK = re.compile(
    r"(?:<!-- (?P<note>[^\n]*) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
LEFT_OUT = "# …"


@dataclass(frozen=True)
class Block:
    """A fenced block of a page, with the comment before it."""

    note: str
    language: str
    text: str


@cache
def text_of(page: Path) -> str:
    """Return the text of a page, which is read once."""
    return page.read_text(encoding="utf-8")


@cache
def every_block(page: Path) -> tuple[Block, ...]:
    """Return the fenced blocks of a page."""
    return tuple(Block(**match.groupdict(default="")) for match in BLOCK.finditer(text_of(page)))


def blocks(page: Path, note: str = "") -> list[Block]:
    """Return the fenced blocks of a page whose comment begins with `note`."""
    return [block for block in every_block(page) if block.note.startswith(note)]


def noted(note: str) -> list[Block]:
    """Return the blocks of all pages whose comment begins with `note`."""
    return [block for page in PAGES for block in blocks(page, note)]


def wrong(find: Callable[[Path], Iterable[str]]) -> dict[str, list[str]]:
    """Return what is wrong with each page; those with which nothing is are left out."""
    links = {page.relative_to(ROOT).as_posix(): [*find(page)] for page in PAGES}
    return {name: problems for name, problems in links.items() if problems}


@cache
def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return BLOCK.sub("", text_of(page))


@cache
def anchors(page: Path) -> frozenset[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings)


def code(page: Path) -> Iterator[str]:
    """Yield the lines of the page's blocks, and its code spans."""
    for block in blocks(page):
        yield from (line.removeprefix("$ ") for line in block.text.splitlines())
    yield from (" ".join(span.split()) for span in SPAN.findall(prose(page)))


def leads_nowhere(page: Path, target: str) -> bool:
    file, _, anchor = target.partition("#")
    place = (page.parent / file).resolve() if file else page
    return not place.exists() or not place.is_relative_to(ROOT) or bool(anchor and anchor not in anchors(place))


def test_links_have_existing_targets() -> None:
    assert not wrong(
        lambda page: (
            target
            for target in LINK.findall(prose(page))
            if not target.startswith("https://") and leads_nowhere(page, target)
        )
    )


def test_every_page_is_linked_to() -> None:
    linked = {
        (page.parent / target.partition("#")[0]).resolve() for page in PAGES for target in LINK.findall(prose(page))
    }
    folders = {target for target in linked if target.is_dir()}
    assert [page for page in PAGES[1:] if page not in linked and page.parent not in folders] == []


@cache
def is_understood(command: str) -> bool:
    try:
        cli._parse(shlex.split(command, comments=True)[1:])
    except SystemExit:
        return False
    return True


def test_commands_are_understood() -> None:
    assert not wrong(
        lambda page: (line for line in code(page) if line.startswith("floe-compile ") and not is_understood(line))
    )


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = re.compile(r"^make ([a-z]+)")
    assert not wrong(lambda page: {name for line in code(page) for name in named.findall(line)} - targets)


def unreadable(block: Block) -> bool:
    try:
        list(yaml.load_all(block.text, yaml.CSafeLoader))
    except yaml.YAMLError:
        return True
    return False


def test_yaml_can_be_read() -> None:
    assert not wrong(
        lambda page: (
            block.text
            for block in blocks(page)
            if block.language == "yaml" and not block.note.startswith("excerpt of ") and unreadable(block)
        )
    )


def test_pages_say_nothing_of_where_they_were_written() -> None:
    places = re.compile(r"/work\b|/tmp/\w+|pypi\.org|pythonhosted|npmjs|proxy\.golang|TODO|FIXME")
    assert not wrong(lambda page: places.findall(text_of(page)))


def meshes() -> Mapping[str, Mapping[str, str]]:
    """Return the meshes of docs/inputs.md by name, each with its files."""
    anchors_: dict[str, dict[str, str]] = {}
    for block in blocks(ROOT / "docs/inputs.md", "mesh "):
        name, file = block.note.removeprefix("mesh ").split(": ")
        anchors_.setdefault(name, {})[file] = block.text
    return anchors_


@pytest.mark.parametrize(("name", "environments"), [("small", 1), ("full", 2), ("rings", 1)])
def test_the_documents_shown_compile_together(name: str, environments: int, tmp_path: Path) -> None:
    known = plain_schemas(components.registry())
    files = {**(meshes()["small"] if name == "rings" else {}), **meshes()[name]}
    for file, text in files.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text, encoding="utf-8")
        document = yaml.load(text, yaml.CSafeLoader)
        Draft202012Validator(known[document["kind"]]).validate(document)
    assert len(compile_mesh(tmp_path).environments) == environments


def test_excerpts_are_in_the_output() -> None:
    assert noted("excerpt of ")
    for block in noted("excerpt of "):
        text = (ROOT / block.note.removeprefix("excerpt of ")).read_text(encoding="utf-8")
        position = 0
        for part in block.text.split(f"{LEFT_OUT}\n"):
            position = text.find(part, position)
            assert position >= 0, (block.note, part)


def test_errors_shown_are_those_that_are_reported() -> None:
    noted_blocks = noted("from tests/errors/")
    assert noted_blocks
    reported = {
        block: (ROOT / block.note.removeprefix("from ") / "expected.txt").read_text("utf-8") for block in noted_blocks
    }
    assert [block for block, text in reported.items() if block.text not in text] == []


@pytest.mark.thorough  # to explain one file of the largest mesh takes longer than all other tests of this module
@pytest.mark.parametrize("block", noted("what it prints in this mesh"))
def test_printed_examples_are_current(block: Block, capsys: pytest.CaptureFixture[str]) -> None:
    command, _, printed = block.text.partition("\n")
    assert cli.main([*shlex.split(command.removeprefix("$ floe-compile ")), "--root", str(ROOT)]) == 0
    assert capsys.readouterr().out == printed


@pytest.fixture
def documented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the component of docs/architecture.md where it says that it is found."""
    (block,) = blocks(ROOT / "docs/architecture.md", "component")
    (tmp_path / "homepage_simple.py").write_text(block.text, encoding="utf-8")
    monkeypatch.setattr(components, "__path__", [*components.__path__, str(tmp_path)])


@pytest.mark.usefixtures("documented")
def test_the_component_shown_works(tmp_path: Path) -> None:
    mesh = small_mesh(tmp_path / "mesh", {MANIFEST: {"homepage": {"type": "simple"}}})
    files = {path.rpartition("/")[2] for path in compile_mesh(mesh).files if path.endswith("_homepage.yaml")}
    assert files == {
        "deployment.apps_homepage.yaml",
        "networkpolicy.networking.k8s.io_homepage.yaml",
        "service_homepage.yaml",
        "serviceaccount_homepage.yaml",
    }


@pytest.mark.usefixtures("documented")
def test_the_numbers_of_the_component_shown_are_in_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["components", "homepage", "--format", "markdown"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "| `homepage.replicas` | `simple` | 1 | 2 | 2 |"


@pytest.mark.usefixtures("documented")
def test_the_test_of_the_component_shown_passes(snapshot: SnapshotAssertion) -> None:
    (block,) = blocks(ROOT / "docs/architecture.md", "test of the component")
    facts: dict[str, Any] = {}
    exec(compile(block.text, "docs/architecture.md", "exec"), facts)
    facts["test_one_at_the_scale_light_two_elsewhere"]()
    facts["test_rendered"](snapshot)


@pytest.mark.parametrize("part", ["derive", "pipeline"])
def test_the_architecture_has_a_row_for_every_module_of(part: str) -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    modules = {module.name for module in (ROOT / "compiler/floe_compiler" / part).glob("*.py")} - {"__init__.py"}
    assert modules
    assert {module for module in modules if f"\n| `{module}` | " not in page} == set()


def test_the_architecture_names_every_folder_of_checks_and_every_capability() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    package = ROOT / "compiler/floe_compiler"
    folders = {f"`{folder.parent.name}/`" for folder in (package / "check").glob("*/__init__.py")} - {"`summary/`"}
    source = (package / "model/capabilities.py").read_text(encoding="utf-8")
    capabilities = {f"`{name}`" for name in re.findall(r"^class (\w+)\(Capability,", source, re.MULTILINE)}
    assert len(folders) > 5
    assert len(capabilities) > 5
    assert {name for name in folders | capabilities if name not in page} == set()
