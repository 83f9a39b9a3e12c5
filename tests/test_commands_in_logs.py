"""No text of an input, argument or file's name is a command to the terminal, or to a CI system that reads the log.

What counts as a command is what GitHub's runner (`ActionCommand.cs`) and the agent of Azure Pipelines (`Command.cs`)
look for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floe_compiler.cli import main
from floe_compiler.commands.graph import KINDS
from floe_compiler.report.json_text import json_text
from floe_compiler.report.terminal import visible
from small_mesh import PRODUCT, small_mesh

ATTACKS = ("##vso[task.setvariable variable=A]b", "##[add-mask]a", "\n \u2003::add-mask::a", "\x1b]0;a\x07", "\x9b31m")
ESCAPED = ("\\x23#vso[task.setvariable variable=A]b", "\\x23#[add-mask]a", "\n \u2003\\x3a:add-mask::a")
WRITTEN = json.dumps("x" + " ".join(ATTACKS))
CONFIG_MAP = f"""\
apiVersion: v1
kind: ConfigMap
metadata: {{name: a, namespace: floe-sales-domain, annotations: {{floe.dev/external-reference: somebody reads it}}}}
data: {{a: {WRITTEN}}}
"""
OWN = ("::error ", "::warning ", "::stop-commands::")


def commands(text: str) -> Iterator[str]:
    """Yield each line that a terminal or a CI system obeys, other than what `--format github` is for."""
    resume = ""
    for line in text.split("\n"):
        if resume:
            resume = "" if line == f"::{resume}::" else resume
        elif line.startswith("::stop-commands::"):
            resume = line.removeprefix("::stop-commands::")
        elif re.search(r"##(?:vso)?\[.*\]|^\s*::[^ :]+( .*)?::", line) and not line.startswith(OWN):
            yield line
        if re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", line):
            yield line


def test_commands_are_recognised() -> None:
    assert [len(list(commands(f"a{attack}"))) for attack in ATTACKS] == [1] * 5
    assert list(commands("::error file=a::b\n::stop-commands::x\n::add-mask::a\n::x::\na: ::1, ## [b], c::d::")) == []


@pytest.mark.parametrize(("text", "escaped"), [*zip(ATTACKS, ESCAPED, strict=False)])
def test_a_command_is_shown_escaped(text: str, escaped: str) -> None:
    assert visible(f"a{text}") == f"a{escaped}"


@pytest.mark.parametrize("text", ["::/0", "a: ::1", "a::b::c", "# # [a]", "## [a]", "##a", ":: a"])
def test_other_text_is_unchanged(text: str) -> None:
    assert visible(text) == text


@given(st.lists(st.sampled_from([*ATTACKS, "a", " ", "#", "[", "]", ":", "\n", "\t", "\u202e"])).map("".join))
def test_no_text_is_a_command(text: str) -> None:
    assert not list(commands(visible(text)))
    assert not list(commands(json_text({text: [text]})))
    assert json.loads(json_text({text: [text]})) == {text: [text]}


OUTPUT_FILE = "output/dev/floe-sales-domain/configmap_a.yaml"
PLACES = {
    "a description": (PRODUCT, f"description: {WRITTEN}\n"),
    "an unknown key": (PRODUCT, f"{WRITTEN}: 1\n"),
    "an unknown value": (PRODUCT, f"freshness: {WRITTEN}\n"),
    "a key of an environment": ("overlays/dev/environment.yaml", f"{WRITTEN}: 1\n"),
    "a line beside a mistake": (PRODUCT, f"unknown: 1  # {ATTACKS[0]}\n"),
    "an object": ("base/a.yaml", CONFIG_MAP),
    "a name of an object": ("base/a.yaml", CONFIG_MAP.replace("name: a", f"name: {WRITTEN}")),
    "a kind": ("base/a.yaml", CONFIG_MAP.replace("ConfigMap", WRITTEN)),
    "a path": ("base/kustomization.yaml", f"resources: [{WRITTEN}]\n"),
}


VERBS = (
    *(["check", "--format", form] for form in ("text", "json", "sarif", "github")),
    *(["diff", "--from-output", "--format", form] for form in ("text", "json", "markdown", "github")),
    *(["explain", OUTPUT_FILE, "--format", form] for form in ("text", "json")),
    *(["blame", OUTPUT_FILE, "--format", form] for form in ("text", "json")),
    *(["secrets", "--format", form] for form in ("text", "json")),
    *(["graph", kind, "--format", form] for kind, form in zip(KINDS, ("mermaid", "dot", "json"), strict=True)),
    ["codeowners"],
    ["doctor"],
)
PARTS = 3


def some_of_each(names: Iterable[str]) -> list[Any]:
    """Return each name with each part of what is tried with it; those beyond a third of all only for `thorough`."""
    return [
        pytest.param(name, part, marks=[pytest.mark.thorough] if (number + part) % PARTS else [])
        for number, name in enumerate(names)
        for part in range(PARTS)
    ]


@pytest.mark.parametrize(("place", "part"), some_of_each(PLACES))
def test_no_verb_prints_a_command_of_an_input(
    place: str, part: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, text = PLACES[place]
    path = small_mesh(tmp_path, {}) / file
    path.parent.mkdir(parents=True, exist_ok=True)
    if file == "base/a.yaml":
        (tmp_path / "base/kustomization.yaml").write_text("resources: [a.yaml]\n", encoding="utf-8")
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(before + text, encoding="utf-8")
    for verb in (["compile"], *VERBS[part::PARTS]):
        main([*verb, "--root", str(tmp_path)])
        out, err = capsys.readouterr()
        assert not list(commands(out)), verb
        assert not list(commands(err)), verb


@pytest.mark.parametrize(("attack", "part"), some_of_each(ATTACKS))
def test_no_argument_is_a_command(attack: str, part: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small_mesh(tmp_path, {})
    tried = (
        [attack],
        ["check", attack],
        ["check", f"--{attack}"],
        ["--root", f"/{attack}"],
        ["check", "--env", attack, "--root", str(tmp_path)],
        ["explain", attack, "--root", str(tmp_path)],
        ["graph", "lineage", "--format", attack],
        ["rules", attack],
        ["new", "domain", attack, "--root", str(tmp_path)],
        ["promote", attack, "dev", "--root", str(tmp_path)],
        ["vendor", attack, "--root", str(tmp_path)],
        ["compile", "--allow-delete", attack, "--root", str(tmp_path)],
        ["schema", attack],
        ["components", attack],
        ["hook", attack],
    )
    for arguments in tried[part::PARTS]:
        main(arguments)
        assert not list(commands("".join(capsys.readouterr()))), arguments


def test_names_of_files_are_not_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small_mesh(tmp_path, {})
    for folder in ("domains/sales/products", "overlays/dev", "crds", "base", "output/dev/floe-platform"):
        for number, attack in enumerate(ATTACKS):
            path = tmp_path / folder / f"{attack}{number}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("a: 1\n", encoding="utf-8")
    for form in ("text", "json", "sarif", "github"):
        for verb in ("check", "compile"):
            assert main([verb, "--root", str(tmp_path), "--format", form]) == 1
            assert not list(commands("".join(capsys.readouterr()))), form
