"""A small repository, and the command line on it with a pipeline of the tests' own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from commands import fake_pipeline
from floe_compiler import pipeline
from floe_compiler.cli import main
from floe_compiler.model.explanation import Explanation

IDENTITY = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TEMPLATE_DIR": "",  # examples of hooks, in each new repository
}

Floe = Callable[..., int]
Git = Callable[..., str]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with two environments and two domains, as the working folder."""
    for name in ("dev", "prod"):
        (tmp_path / "overlays" / name).mkdir(parents=True)
    (tmp_path / "domains").mkdir()
    (tmp_path / "platform-manifest.yaml").touch()
    for name in ("sales", "finance"):
        (tmp_path / f"domains/{name}.yaml").write_text("one\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def floe(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Floe:
    """Return the command line, to be called with words."""
    fake_pipeline.install(monkeypatch)
    return lambda *arguments: main(arguments)


@pytest.fixture(scope="module")
def explained_once() -> Iterator[None]:
    """Explain each file once, as that takes a second: for meshes that do not change while the module is tested."""
    explanations: dict[tuple[Path, str], Explanation | None] = {}
    explain_file = pipeline.explain_file

    def once(root: Path, file: str, *arguments: Any, **options: Any) -> Explanation | None:
        if (root, file) not in explanations:
            explanations[root, file] = explain_file(root, file, *arguments, **options)
        elif (known := explanations[root, file]) and options["look"]:
            options["look"](known.text)
        return explanations[root, file]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "explain_file", once)
        yield


@pytest.fixture
def git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """Return Git in the repository, to be called with words; the repository is one of its own, still empty."""
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], check=True, capture_output=True, text=True, cwd=repository)
        return done.stdout

    run("init", "--quiet", "--initial-branch", "main")
    return run


@pytest.fixture
def receipt(repository: Path, floe: Floe, capsys: pytest.CaptureFixture[str]) -> Path:
    """Return the receipt of the environment dev, beside the repository, which is compiled."""
    assert floe() == 0
    capsys.readouterr()
    assert floe("receipt", "--env", "dev") == 0
    file = repository.with_name(f"{repository.name}.receipt")
    file.write_text(capsys.readouterr().out)
    return file
