"""Compiled files that Git ignores or changes are reported with the line that causes it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from floe_compiler.link import undelivered

FILES = ("output/dev/a/deployment.apps_web.yaml", "output/dev/a/secret_key.yaml", "output/prod/a/service_web.yaml")


def problems(
    file: str, text: str | None, place: str = "", files: tuple[str, ...] = FILES
) -> list[tuple[str, str, str]]:
    """Return code, place and message of the findings about one file."""
    return [
        (diagnostic.rule.code, str(diagnostic.span), diagnostic.message)
        for diagnostic in undelivered({file: text}, place, files)
    ]


def test_ignore_files_above_the_mesh_count() -> None:
    message = f"Git ignores {FILES[0]} and 1 more compiled files"
    assert problems("../../.gitignore", "/*\n!/teams/", "teams/mesh") == []
    assert problems("../.gitignore", "/mesh/output/dev", "teams/mesh") == [("C208", "../.gitignore:1:1", message)]
    assert problems("../.gitignore", "/output", "teams/mesh") == []


def test_the_deepest_file_decides() -> None:
    above = {"../.gitattributes": "* filter=lfs", ".gitattributes": "/output/** -filter"}
    assert [*undelivered(above, "mesh", FILES)] == []


def test_the_hint_is_followed() -> None:
    for file, place in ((".gitignore", ""), ("../.gitignore", "mesh"), ("../.gitattributes", "mesh")):
        text = "* filter=lfs" if file.endswith("attributes") else "output/\n*.yaml\n"
        diagnostics = [*undelivered({file: text}, place, FILES)]
        text += "\n" + "\n".join(diagnostics[0].hint.split('"')[1::2]) + "\n"
        assert [*undelivered({file: text}, place, FILES)] == []


@pytest.mark.parametrize(
    ("text", "attribute"),
    [
        ("output/** filter=lfs diff=lfs merge=lfs -text", "filter"),
        ("*.yaml working-tree-encoding=UTF-16", "working-tree-encoding"),
        ("* ident", "ident"),
    ],
)
def test_files_that_git_would_change_are_reported(text: str, attribute: str) -> None:
    message = f"{attribute} lets Git store other bytes of {FILES[0]} and 2 more compiled files"
    assert problems(".gitattributes", text) == [("C207", ".gitattributes:1:1", message)]


@pytest.mark.parametrize(
    "text",
    [
        "* text=auto eol=lf",
        "output/** export-ignore",
        "*.png filter=lfs",
        "* filter=lfs\noutput/** -filter",
        "output/ filter=lfs",
        "dev filter=lfs",
        "!* filter=lfs",
    ],
)
def test_harmless_attributes_are_accepted(text: str) -> None:
    assert problems(".gitattributes", text) == []


def test_files_that_git_ignores_are_reported() -> None:
    message = f"Git ignores {FILES[0]} and 2 more compiled files"
    assert problems(".gitignore", "dist/\noutput/\n!/output/dev/") == [("C208", ".gitignore:2:1", message)]
    assert problems(".gitignore", "*.yaml\n!/output/dev/a/*") == [
        ("C208", ".gitignore:1:1", f"Git ignores {FILES[2]}"),
    ]
    assert problems("output/.gitignore", "/dev/a/secret*") == [
        ("C208", "output/.gitignore:1:1", f"Git ignores {FILES[1]}")
    ]


@pytest.mark.parametrize("folder", ["output", "output/dev", "output/dev/a"])
def test_a_repository_in_the_output_is_reported(folder: str) -> None:
    (diagnostic,) = undelivered({f"{folder}/.git": ""}, "", FILES)
    assert (diagnostic.rule.code, diagnostic.subject, diagnostic.span) == ("C220", folder, None)
    assert [*undelivered({f"{folder}/.git": ""}, "", ["output/prod/b/service_web.yaml"] * (folder != "output"))] == []


def test_git_does_not_follow_a_linked_ignore_file() -> None:
    assert problems(".gitignore", None) == []


@pytest.mark.parametrize(
    "text", ["output/", "*secret*", "/output/*/a\n!secret*", "output\n!/output/", "dev/**\n", "a*/"]
)
def test_git_itself_agrees(tmp_path: Path, text: str) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text(text)
    answer = subprocess.run(
        ["git", "check-ignore", "--no-index", *FILES], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    ours = [path for path in FILES if problems(".gitignore", text, files=(path,))]
    assert ours == answer.stdout.split()
