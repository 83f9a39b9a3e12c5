"""The documentation: links work, commands are valid, and examples are correct."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
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
IDS = [page.relative_to(ROOT).as_posix() for page in PAGES]
every_page = pytest.mark.parametrize("page", PAGES, ids=IDS)

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


def noted(note: str) -> list[Any]:
    """Return the blocks of all pages whose comment begins with `note`, as parameters of a test."""
    return [pytest.param(one, id=one.note.removeprefix(note)) for page in PAGES for one in blocks(page, note)]


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


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(prose(page)):
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")
        place = (page.parent / file).resolve() if file else page
        assert place.exists(), target
        assert place.is_relative_to(ROOT), target
        assert not anchor or anchor in anchors(place), target


def test_every_page_is_linked_to() -> None:
    linked = {
        (page.parent / target.partition("#")[0]).resolve() for page in PAGES for target in LINK.findall(prose(page))
    }
    folders = {one for one in linked if one.is_dir()}
    assert [page for page in PAGES[1:] if page not in linked and page.parent not in folders] == []


@every_page
def test_commands_are_understood(page: Path) -> None:
    for line in code(page):
        if line.startswith("floe-compile "):
            try:
                cli._parse(shlex.split(line, comments=True)[1:])
            except SystemExit:
                pytest.fail(line)


@every_page
def test_make_targets_are_there(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {target for line in code(page) for target in re.findall(r"^make ([a-z]+)", line)}
    assert named - targets == set()


@every_page
def test_yaml_can_be_read(page: Path) -> None:
    for block in blocks(page):
        if block.language == "yaml" and not block.note.startswith("excerpt of "):
            list(yaml.load_all(block.text, yaml.CSafeLoader))


@every_page
def test_it_says_nothing_of_where_it_was_written(page: Path) -> None:
    assert re.findall(r"/work\b|/tmp/\w+|pypi\.org|pythonhosted|npmjs|proxy\.golang|TODO|FIXME", text_of(page)) == []


def meshes() -> Mapping[str, Mapping[str, str]]:
    """Return the meshes of docs/inputs.md by name, each with its files."""
    found: dict[str, dict[str, str]] = {}
    for block in blocks(ROOT / "docs/inputs.md", "mesh "):
        name, file = block.note.removeprefix("mesh ").split(": ")
        found.setdefault(name, {})[file] = block.text
    return found


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


@pytest.mark.parametrize("block", noted("excerpt of "))
def test_excerpts_stand_in_the_output(block: Block) -> None:
    whole = (ROOT / block.note.removeprefix("excerpt of ")).read_text(encoding="utf-8")
    position = 0
    for part in block.text.split(f"{LEFT_OUT}\n"):
        position = whole.find(part, position)
        assert position >= 0, part


@pytest.mark.parametrize("block", noted("from tests/errors/"))
def test_errors_shown_are_those_that_are_reported(block: Block) -> None:
    folder = ROOT / block.note.removeprefix("from ")
    assert block.text in (folder / "expected.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("block", noted("what it prints in this mesh"))
def test_what_a_command_prints_in_this_mesh(block: Block, capsys: pytest.CaptureFixture[str]) -> None:
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
    made = {path.rpartition("/")[2] for path in compile_mesh(mesh).files if path.endswith("_homepage.yaml")}
    assert made == {
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
    shown: dict[str, Any] = {}
    exec(compile(block.text, "docs/architecture.md", "exec"), shown)
    shown["test_one_at_the_scale_light_two_elsewhere"]()
    shown["test_rendered"](snapshot)


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
