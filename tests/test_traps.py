"""Links, pipes and devices that somebody has committed or left: none is followed, waited for, written to or removed."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from floe_compiler.cli import main
from floe_compiler.commands import schema
from floe_compiler.model.output_paths import OUTPUT
from small_mesh import DOMAIN, ENVIRONMENT, MANIFEST, PRODUCT, small_mesh

LONG_AGO = time.time() - 100 * 24 * 3600
BASE = "base/kustomization.yaml"
OVERLAY = "overlays/dev/kustomization.yaml"
CLASS = "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass"
LISTED = {
    BASE: "resources: [classes.yaml, more]\n",
    "base/classes.yaml": f"{CLASS}, metadata: {{name: one}}, value: 1}}\n",
    "base/more/kustomization.yaml": "resources: [class.yaml]\n",
    "base/more/class.yaml": f"{CLASS}, metadata: {{name: two}}, value: 2}}\n",
    OVERLAY: "resources: [../../base]\npatches: [{path: patch.yaml}]\n",
    "overlays/dev/patch.yaml": f"{CLASS}, metadata: {{name: one}}, description: changed}}\n",
}
INPUTS = (MANIFEST, ENVIRONMENT, DOMAIN, PRODUCT, *LISTED)
INPUT_FOLDERS = ("base", "base/more", "domains", "domains/sales", "domains/sales/products", "overlays", "overlays/dev")
WRITTEN = (f"{OUTPUT}/.floe/dev.index", f"{OUTPUT}/dev/_cluster/namespace_floe-platform.yaml")
WRITTEN_FOLDERS = (OUTPUT, f"{OUTPUT}/.floe", f"{OUTPUT}/dev", f"{OUTPUT}/dev/_cluster")
VERBS = (("check",), ("diff", "--from-output"), ("compile",), ("explain", WRITTEN[1]))


def to_the_same(path: Path, elsewhere: Path) -> None:
    """Put a link in the place of a file or folder, to its copy elsewhere."""
    path.symlink_to(elsewhere / "copy")


def to_a_device(path: Path, elsewhere: Path) -> None:
    path.symlink_to("/dev/zero")


def a_pipe(path: Path, elsewhere: Path) -> None:
    os.mkfifo(path)


Trap = Callable[[Path, Path], None]
TRAPS: tuple[Trap, ...] = (to_the_same, to_a_device, a_pipe)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a mesh with patches and output."""
    root = small_mesh(tmp_path_factory.mktemp("compiled") / "mesh", {})
    for file, text in LISTED.items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text, encoding="utf-8")
    assert main(["compile", "--root", str(root), "--quiet", "--jobs", "1"]) == 0
    return root


@pytest.fixture
def root(compiled: Path, tmp_path: Path) -> Path:
    shutil.copytree(compiled, tmp_path / "mesh")
    return tmp_path / "mesh"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "elsewhere"


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    """Fail instead of waiting for ever."""
    signal.signal(signal.SIGALRM, lambda *_: pytest.fail("it waits"))
    signal.alarm(120)
    yield
    signal.alarm(0)


def everything_in(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Return the mode, time and target or size of everything in a folder."""
    entries = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = str(path.readlink()) if path.is_symlink() else str(status.st_size)
        entries[path.relative_to(folder).as_posix()] = (status.st_mode, status.st_mtime_ns, content)
    return entries


@contextmanager
def trapped(root: Path, place: str, elsewhere: Path, trap: Trap) -> Iterator[None]:
    """Move what is at a place elsewhere, with a trap there; fail if anything then changes; put it back in the end."""
    shutil.move(root / place, elsewhere / "copy")
    trap(root / place, elsewhere)
    before = everything_in(root.parent)
    yield
    assert everything_in(root.parent) == before, (place, trap)
    (root / place).unlink()
    shutil.move(elsewhere / "copy", root / place)


some_or_all = pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.thorough)])


def half(verbs: Sequence[tuple[str, ...]], number: int, *, every: bool) -> Sequence[tuple[str, ...]]:
    """Return every second verb, the others for the next trap; or all, if `every`."""
    return verbs if every else verbs[number % 2 :: 2]


@some_or_all
@pytest.mark.parametrize("trap", TRAPS)
def test_special_files_among_the_inputs_are_refused(
    root: Path, elsewhere: Path, trap: Trap, *, every: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half of the verbs with each trap at each place: all verbs read the inputs in the same way."""
    for number, place in enumerate((*INPUTS, *INPUT_FOLDERS), TRAPS.index(trap)):
        with trapped(root, place, elsewhere, trap):
            for verb in half(VERBS, number, every=every):
                assert main([*verb, "--root", str(root)]) in (1, 2), (place, verb)
        output = capsys.readouterr().err
        assert place.rpartition("/")[2] in output, place
        assert "Traceback" not in output, place
        assert "bug" not in output, place


OUTPUT_VERBS = (("check",), ("diff", "--from-output"), ("compile",), ("compile", "--allow-delete", "dev"))


@some_or_all
@pytest.mark.parametrize("trap", TRAPS)
def test_special_files_in_the_output_are_refused(
    root: Path, elsewhere: Path, trap: Trap, *, every: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / DOMAIN).write_text((root / DOMAIN).read_text() + "\n# changed\n")
    for number, place in enumerate((*WRITTEN, *WRITTEN_FOLDERS), TRAPS.index(trap)):
        with trapped(root, place, elsewhere, trap):
            for verb in half(OUTPUT_VERBS, number, every=every):
                code = main([*verb, "--root", str(root)])
                output = capsys.readouterr().err
                assert (code, "W010" in output) in ((1, True), (2, False)), (place, output)
                assert code != 2 or "--allow-delete dev: there is no folder output/dev" in output, place


SCHEMA_FILES = cache(schema.schema_files)
"""Makes the schemas once: it takes a quarter of a second, and each test with a trap among them needs them thrice."""


def test_special_files_among_the_schemas_are_refused(
    root: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(schema, "schema_files", SCHEMA_FILES)
    assert main(["schema", "--write", "--root", str(root)]) == 0
    for place, trap in product(("schemas", "schemas/domain.schema.json"), TRAPS):
        with trapped(root, place, elsewhere, trap):
            for option in ("--check", "--write"):
                assert main(["schema", option, "--root", str(root)]) == 1, (place, trap)
        assert f"cannot read or write {root}/{place}: " in capsys.readouterr().err, (place, trap)


@pytest.mark.parametrize("verb", [("check",), ("diff", "--from-output"), ("explain", WRITTEN[1])])
def test_verbs_that_only_read_change_nothing_in_the_repository(
    root: Path, elsewhere: Path, verb: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even if there is what earlier versions used, such as a cache in the repository."""
    (root / PRODUCT).write_text((root / PRODUCT).read_text().replace("1.0.0", "1.0.1"))
    (root / WRITTEN[1]).unlink()
    (root / ".floe_cache").mkdir()
    for place in ("kustomize", "units", "heads"):
        victim = elsewhere / place / "ab" / ("c" * 62)
        victim.parent.mkdir(parents=True)
        victim.write_text("precious")
        os.utime(victim, (LONG_AGO, LONG_AGO))
        (root / ".floe_cache" / place).symlink_to(elsewhere / place)
    before = everything_in(root.parent)
    main([*verb, "--root", str(root)])
    assert everything_in(root.parent) == before


@pytest.mark.parametrize("by", ["option", "variable", "link"])
def test_a_cache_in_the_repository_is_refused(
    root: Path,
    elsewhere: Path,
    by: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whoever may commit could put results into it, or a link through which files elsewhere are removed."""
    cache = root / ".cache/floe-compile"
    cache.parent.mkdir()
    (elsewhere / "link").symlink_to(cache)
    named = elsewhere / "link" if by == "link" else cache
    options = [] if by == "variable" else ["--cache", str(named)]
    if by == "variable":
        monkeypatch.setenv("FLOE_COMPILE_CACHE", str(cache))
    before = everything_in(root.parent)
    for verb in (*VERBS, ("hook",)):
        assert main([*verb, "--root", str(root), *options]) == 2, verb
        assert everything_in(root.parent) == before, verb
        assert capsys.readouterr().err == (
            f"floe-compile: the cache cannot be in the repository, as {named} is: a commit could change what it holds;"
            " name a folder elsewhere\n"
        ), verb


def test_a_cache_beside_the_mesh_in_its_git_repository_is_refused(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root.parent / ".git").mkdir()
    (root.parent / ".git/HEAD").write_text("ref: refs/heads/main\n")
    assert main(["check", "--root", str(root), "--cache", str(root.parent / "cache")]) == 2
    assert "the cache cannot be in the repository" in capsys.readouterr().err
    assert not (root.parent / "cache").exists()


def test_a_users_cache_in_the_repository_is_not_used(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As where a CI system makes the checkout the home folder."""
    monkeypatch.delenv("FLOE_COMPILE_CACHE")
    monkeypatch.setattr("floe_compiler.cache.folder._of_the_user", lambda: str(root / ".cache/floe-compile"))
    assert main(["check", "--root", str(root)]) == 0
    output = capsys.readouterr().err
    assert output.startswith(f"floe-compile: no cache, as {root}/.cache/floe-compile is in the repository")
    assert not (root / ".cache").exists()
