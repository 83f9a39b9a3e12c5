"""Whatever happens to the cache folder, the output stays the same."""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.cache import recent
from floe_compiler.cache import store as store_module
from floe_compiler.cache.folder import VARIABLE
from floe_compiler.cache.store import Cache, Memory, Store
from floe_compiler.cli import main
from floe_compiler.model.codec import encode
from floe_compiler.overlay import cached_results
from floe_compiler.pipeline import cached_trees, compile_mesh, known_objects, reading
from floe_compiler.pipeline.headers import KIND as HEADERS
from floe_compiler.pipeline.units import BODIES, HEADS, SUMMARIES
from pipeline.mesh_of_three import BASE, CLASS, config_map, kustomization, labelled, namespace, priority_class, write
from small_mesh import small_mesh

KINDS = (
    "documents",
    reading.COMPONENTS,
    reading.SCHEMAS,
    HEADERS,
    HEADS,
    SUMMARIES,
    BODIES,
    known_objects.KIND,
    cached_trees.KIND,
    cached_results.KIND,
    "links",
    recent.KIND,
)
NOTE = "base/note.yaml"


def mesh(root: Path) -> Path:
    """Make a mesh with objects written by hand and a patch."""
    note = config_map("note", namespace=namespace("sales"))  # which nothing reads: a warning
    patched = kustomization(["priority-class.yaml", "note.yaml"], labelled("CronJob", "team"))
    return write(small_mesh(root, {}), {BASE: patched, CLASS: priority_class(), NOTE: note})


def everything(root: Path, cache: Cache | None = None) -> tuple[dict[str, str], Any]:
    """Return all files and warnings that a mesh compiles to."""
    compiled = compile_mesh(root, cache=cache)
    return dict(compiled.files), compiled.warnings


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the mesh."""
    return mesh(tmp_path_factory.mktemp("mesh"))


@pytest.fixture(scope="module")
def expected(root: Path) -> tuple[dict[str, str], Any]:
    """Return what the mesh compiles to without any cache."""
    files, warnings = everything(root)
    assert files
    assert warnings
    return files, warnings


@pytest.fixture(scope="module")
def sound(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the cache folder that a run leaves behind."""
    folder = tmp_path_factory.mktemp("cache")
    everything(root, Store(folder))
    assert {path.name for path in folder.iterdir()} == set(KINDS)
    return folder


@pytest.fixture(autouse=True)
def no_hang() -> Iterator[None]:
    """End a test that waits for something."""
    before = signal.signal(signal.SIGALRM, lambda *_: pytest.fail("it hangs"))
    signal.alarm(120)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def entries(folder: Path, kind: str) -> list[Path]:
    """Return the entries of a kind."""
    return sorted(path for path in (folder / kind).rglob("*") if path.is_file())


def make_read(folder: Path, kind: str) -> None:
    """Remove what makes it unnecessary to read the entries of a kind."""
    of_units = (HEADS, recent.KIND)
    instead = {recent.KIND: (), SUMMARIES: ("links",), cached_results.KIND: of_units, known_objects.KIND: of_units}
    instead[cached_trees.KIND] = of_units
    for other_kind in instead.get(kind, (recent.KIND,)):
        shutil.rmtree(folder / other_kind)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-len(data) // 3] ^= 1
    path.write_bytes(bytes(data))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def exchange(path: Path) -> None:
    """Put another entry of the same kind in its place, or one of another kind if it is the only one."""
    other_entries = [path_ for path_ in sorted(path.parents[2].rglob("*")) if path_.is_file() and path_ != path]
    alike = [entry for entry in other_entries if entry.parts[-3] == path.parts[-3]]
    path.write_bytes((alike or other_entries)[0].read_bytes())


def make_folder(path: Path) -> None:
    path.unlink()
    (path / "within").mkdir(parents=True)


def make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def make_loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def remove(path: Path) -> None:
    path.unlink()


def sealed(value: Any) -> Callable[[Path], None]:
    """Return a damage: an entry sealed as it should be, with something else in it."""

    def damage(path: Path) -> None:
        data = value if isinstance(value, bytes) else encode(value)
        assert Store(path.parents[2]).put(path.parts[-3], path.parts[-2] + path.parts[-1], data)

    return damage


OF_FILES = {
    "truncated": truncate,
    "a bit flipped": flip,
    "emptied": empty,
    "another entry": exchange,
    "a folder": make_folder,
    "a named pipe": make_pipe,
    "a link to itself": make_loop,
    "gone": remove,
}
"""Damages that are noticed before anybody looks into the data."""

OF_DATA = {
    "no data": sealed(b""),
    "an empty list": sealed([]),
    "an empty mapping": sealed({}),
    "a text": sealed("text"),
    "lists in lists": sealed(b"\x91" * 100_000),
    "fields of other types": sealed(["a", ["b"], {"c": 1}, [], {}, [None, True, 7, ["d"]]]),
    "another text": sealed([["kind: Other\n"], {}, {}, []]),
    "a list of numbers": sealed([1, 2, 3, 4, 5, 6, 7]),
}


DAMAGES: Mapping[str, Mapping[str, Callable[[Path], None]]] = {"data": OF_DATA, "file": OF_FILES}


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        *((kind, "data") for kind in KINDS),
        (HEADS, "file"),
        *(pytest.param(kind, "file", marks=pytest.mark.thorough) for kind in KINDS if kind != HEADS),
    ],
)
def test_damaged_entries_of_a_kind_change_nothing(
    kind: str, place: str, root: Path, sound: Path, expected: Any, tmp_path: Path
) -> None:
    damages = DAMAGES[place]
    paths, remaining, folders = entries(sound, kind), [*damages], set()
    while remaining:  # each entry of a run gets another damage
        names = {path.relative_to(sound): remaining.pop() for path in paths[: len(remaining)]}
        folder = tmp_path / str(len(remaining))
        shutil.copytree(sound, folder)
        make_read(folder, kind)
        for path, name in names.items():
            damages[name](folder / path)
            if name == "a folder":  # which nobody deletes unasked
                folders.add(folder / path)
        assert everything(root, Store(folder)) == expected, names
        mended = {path: path.read_bytes() for path in entries(folder, kind)}
        assert mended == {
            folder / path: (sound / path).read_bytes()
            for path in (path.relative_to(sound) for path in paths)
            if folder / path not in folders
        }, names


@pytest.mark.parametrize("kind", KINDS)
def test_each_single_damaged_entry_changes_nothing(
    kind: str, root: Path, sound: Path, expected: Any, tmp_path: Path
) -> None:
    shutil.copytree(sound, tmp_path / "cache")
    make_read(tmp_path / "cache", kind)
    for path in entries(tmp_path / "cache", kind):
        flip(path)
        assert everything(root, Store(tmp_path / "cache")) == expected, path


def test_a_cache_that_cannot_be_written_or_read_changes_nothing(root: Path, expected: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    places = [tmp_path / "file", tmp_path / "file" / "below", Path("/proc/floe-compile"), Path("/dev/null")]
    for place in places:
        assert everything(root, Store(place)) == expected, place
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.parametrize("written_entries", [0, 1, 7])
def test_a_full_disk_changes_nothing(
    written_entries: int, root: Path, expected: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is full after some entries, in the middle of one."""
    room = iter(range(written_entries))
    write_entry = store_module._write

    def write_or_fail(path: str, *content: bytes) -> None:
        fits = next(room, None) is not None
        write_entry(path, *content if fits else (b"".join(content)[:20],))
        if not fits:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)

    monkeypatch.setattr(store_module, "_write", write_or_fail)
    assert everything(root, Store(tmp_path)) == expected
    assert sum(path.is_file() for path in tmp_path.rglob("*")) == written_entries, "no half of an entry is left"


def test_an_interrupted_write_leaves_nothing_and_stays_an_interruption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_path: str, *_content: bytes) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(store_module, "_write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Store(tmp_path).put("kind", "key", b"data")


def test_a_cache_in_memory_gives_the_same(root: Path, expected: Any) -> None:
    cache = Memory()
    assert everything(root, cache) == expected
    assert everything(root, cache) == expected


def compile_into(log: Path, arguments: list[str]) -> None:
    """Run the command line, with all that it says in a file, and end this process with its exit code."""
    with log.open("w") as output_file, redirect_stdout(output_file), redirect_stderr(output_file):
        sys.exit(main(arguments))


def output(root: Path) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): path.read_text() for path in (root / "output").rglob("*.yaml")}


def test_two_runs_at_once_share_a_cache(expected: Any, tmp_path: Path) -> None:
    roots = [mesh(tmp_path / name) for name in ("one", "two")]
    options = ["--jobs", "1", "--cache", str(tmp_path / "cache")]
    runs = [
        multiprocessing.get_context("fork").Process(
            target=compile_into, args=(root.with_suffix(".log"), ["compile", "--root", str(root), *options])
        )
        for root in roots
    ]
    for run in runs:
        run.start()
    for run, root in zip(runs, roots, strict=True):
        run.join(100)
        log = root.with_suffix(".log").read_text()
        assert run.exitcode == 0, log
        assert "Traceback" not in log
    assert [output(root_) for root_ in roots] == [expected[0], expected[0]]
    assert not [*(tmp_path / "cache").rglob("*.tmp")]


def test_without_a_cache_nothing_is_left_behind(expected: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = mesh(tmp_path / "mesh")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    assert main(["compile", "--root", str(root), "--no-cache"]) == 0
    assert output(root) == expected[0]
    assert not (tmp_path / "cache").exists()
    assert not [*(tmp_path / "temporary").iterdir()]
