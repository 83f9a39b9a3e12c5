"""`floe-compile watch` answers each save with what it changes, or with what is wrong."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

import pytest

from floe_compiler.cache.store import Store
from floe_compiler.cli import main
from floe_compiler.commands.compiling import Chosen, Compiling
from floe_compiler.commands.compiling_beside import Entry
from floe_compiler.commands.diff import State, differences
from floe_compiler.commands.recompiling import AT_A_TIME
from floe_compiler.commands.second_process import SecondProcess
from floe_compiler.commands.watch import Watch
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.object_memory import ObjectMemory, content_of, remembering
from floe_compiler.node.cdk8s_process import reusing_process
from floe_compiler.overlay.started_ahead import start_next, starting_ahead
from floe_compiler.pipeline import compile_mesh, unit_compiler
from floe_compiler.pipeline.compilation import Compilation
from floe_compiler.pipeline.headers import KIND as HEADERS
from floe_compiler.pipeline.known_platforms import KnownPlatforms
from floe_compiler.pipeline.units import HEADS, Compiled, Shared, Task, compile_units
from floe_compiler.pipeline.workers import ThisProcess, Workers
from floe_compiler.report.diff_text import render_diff
from floe_compiler.report.terminal import plain
from shared_watch import TwoJobs, wait_for
from small_mesh import DOMAIN, ENVIRONMENT, PRODUCT, add_environment, small_mesh

CRON_JOB = "output/dev/floe-sales-domain/cronjob.batch_orders.yaml"
EDITS = 12


@pytest.fixture
def mesh(tmp_path: Path) -> Path:
    return small_mesh(tmp_path / "mesh", {})


def watching(
    mesh: Path, workers: Workers | None = None, *, write: bool = False, domains: tuple[str, ...] = ()
) -> Watch:
    ticks = count()
    run = Compiling(
        Chosen(mesh, mesh, (), domains), Store(mesh.parent / "cache"), workers or ThisProcess(), lambda _: None
    )
    return Watch(run, write=write, clock=lambda: next(ticks) / 4)


@pytest.fixture
def watch(mesh: Path, capsys: pytest.CaptureFixture[str]) -> Watch:
    begun = watching(mesh)
    begun.begin()
    capsys.readouterr()
    return begun


def edit(mesh: Path, old: str, new: str) -> None:
    path = mesh / PRODUCT
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_watch_prints_what_it_watches(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watching(mesh).begin()
    first, last = capsys.readouterr().err.splitlines()
    assert first.startswith("floe-compile: dev: ")
    assert first.endswith(" files, 0 warnings")
    assert last == f"floe-compile: watching {mesh}; Ctrl-C ends it"
    assert not (mesh / "output").exists()


def test_a_save_shows_the_changes_since_the_last_one(
    watch: Watch, mesh: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for old, new in (("0 6 * * *", "0 7 * * *"), ("0 7 * * *", "0 8 * * *")):
        edit(mesh, old, new)
        watch.answer()
        output = capsys.readouterr()
        assert f'      ~ spec.schedule: "{old}" -> "{new}"' in output.out.splitlines()
        assert output.err == "floe-compile: dev: 1 changed (0.25 s)\n"
    assert not (mesh / "output").exists()


def test_a_save_that_changes_no_input_shows_nothing(
    watch: Watch, mesh: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (mesh / PRODUCT).write_text((mesh / PRODUCT).read_text())
    (mesh / "notes.md").write_text("nothing reads it")
    watch.answer()
    assert capsys.readouterr() == ("", "")


def test_a_comment_changes_no_object(watch: Watch, mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (mesh / PRODUCT).open("a") as file:
        file.write("# reviewed\n")
    watch.answer()
    assert capsys.readouterr() == ("", "floe-compile: no object changes (0.25 s)\n")


def test_errors_are_shown_until_a_save_corrects_them(
    watch: Watch, mesh: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(mesh, "0 6 * * *", "0 25 * * *")
    watch.answer()
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"{PRODUCT}:")
    assert output.err.endswith("floe-compile: 1 error; the next save is compiled again\n")
    edit(mesh, "0 25 * * *", "0 7 * * *")
    watch.answer()
    output = capsys.readouterr()
    assert '      ~ spec.schedule: "0 6 * * *" -> "0 7 * * *"' in output.out.splitlines()
    assert output.err == "floe-compile: nothing is wrong any more; dev: 1 changed (0.25 s)\n"


def test_watch_may_start_with_errors(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(mesh, "0 6 * * *", "0 25 * * *")
    watch = watching(mesh)
    watch.begin()
    assert capsys.readouterr().err.splitlines()[-2:] == [
        "floe-compile: 1 error; the next save is compiled again",
        f"floe-compile: watching {mesh}; Ctrl-C ends it",
    ]
    edit(mesh, "0 25 * * *", "0 7 * * *")
    watch.answer()
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("floe-compile: nothing is wrong any more: ")


def test_a_new_warning_is_shown_once(watch: Watch, mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    note = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "note", "namespace": "floe-sales-domain"}}
    (mesh / "base").mkdir()
    (mesh / "base/note.yaml").write_text(json.dumps({**note, "data": {"a": "b"}}))
    (mesh / "base/kustomization.yaml").write_text("resources: [note.yaml]\n")
    watch.answer()
    assert "warning" in capsys.readouterr().err
    edit(mesh, "0 6 * * *", "0 7 * * *")
    watch.answer()
    assert "warning" not in capsys.readouterr().err


def test_watch_may_keep_the_output_current(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watch = watching(mesh, write=True)
    watch.begin()
    edit(mesh, "0 6 * * *", "0 7 * * *")
    watch.answer()
    assert "0 7 * * *" in (mesh / CRON_JOB).read_text()
    assert main(["check", "--quiet", "--root", str(mesh)]) == 0
    edit(mesh, "0 7 * * *", "0 25 * * *")
    watch.answer()
    assert "0 7 * * *" in (mesh / CRON_JOB).read_text()


def test_errors_while_writing_are_reported_and_watch_continues(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watch = watching(mesh, write=True)
    watch.begin()
    (mesh / CRON_JOB).write_text("by: hand\n")
    edit(mesh, "0 6 * * *", "0 7 * * *")
    watch.answer()
    output = capsys.readouterr()
    assert '      ~ spec.schedule: "0 6 * * *" -> "0 7 * * *"' in output.out.splitlines()
    assert f"{CRON_JOB}:1:1: error[W003]" in output.err
    (mesh / CRON_JOB).unlink()
    edit(mesh, "0 7 * * *", "0 8 * * *")
    watch.answer()
    assert "0 8 * * *" in (mesh / CRON_JOB).read_text()


def test_of_one_domain_what_has_no_namespace_stays_as_it_is(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "first"}, "value": 9}
    (mesh / "base").mkdir()
    (mesh / "base/first.yaml").write_text(json.dumps(first))
    (mesh / "base/kustomization.yaml").write_text("resources: [first.yaml]\n")
    assert main(["compile", "--quiet", "--root", str(mesh)]) == 0
    watch = watching(mesh, write=True, domains=("sales",))
    watch.begin()
    capsys.readouterr()
    (mesh / "base/first.yaml").write_text(json.dumps(first | {"value": 10}))
    edit(mesh, "0 6 * * *", "0 7 * * *")
    watch.answer()
    shown = capsys.readouterr()
    assert "PriorityClass" not in shown.out
    assert shown.err.startswith("floe-compile: dev: 1 changed ")
    (written,) = mesh.glob("output/dev/_cluster/priorityclass*.yaml")
    assert "value: 9" in written.read_text()
    assert "0 7 * * *" in (mesh / CRON_JOB).read_text()


def test_namespaces_are_read_ahead_until_all_are_read(
    watch: Watch, mesh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[list[str]] = []

    def noted(shared: Shared, tasks: Sequence[Task], meanwhile: Callable[[], object] | None = None) -> list[Compiled]:
        compiled.append([task.key.namespace for task in tasks])
        return compile_units(shared, tasks, meanwhile)

    monkeypatch.setattr(unit_compiler, "compile_units", noted)
    assert watch.compiled is not None
    namespaces = sorted(watch.compiled.environments[0].heads)
    for _ in namespaces:
        watch.read_ahead()
    ahead = [name for names in compiled for name in names]
    assert len(ahead) == len(namespaces) - AT_A_TIME, "some were at the start"
    assert {*ahead} < {*namespaces}
    edit(mesh, "0 6 * * *", "0 7 * * *")
    watch.answer()
    assert compiled[-1] == ["floe-sales-domain"]


def test_reading_ahead_may_fail_silently(
    watch: Watch, mesh: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise StageFailed([])

    with monkeypatch.context() as patched:
        patched.setattr(unit_compiler, "compile_units", failing)
        watch.read_ahead()
    assert capsys.readouterr() == ("", "")
    edit(mesh, "0 6 * * *", "0 7 * * *")
    watch.answer()
    assert capsys.readouterr().err == "floe-compile: dev: 1 changed (0.25 s)\n"


def test_results_of_a_save_are_cached_for_other_runs(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watch = watching(mesh)
    watch.begin()
    edit(mesh, "0 6 * * *", "0 7 * * *")
    watch.answer()
    watch.keep_results()
    compiled = compile_mesh(mesh, cache=Store(mesh.parent / "cache"))
    assert compiled.compiled_units == {}


def test_without_the_package_the_error_names_it(
    mesh: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    assert main(["watch", "--root", str(mesh)]) == 2
    message = "the package watchfiles is not installed: pip install 'floe-compile[watch]'"
    assert capsys.readouterr().err == f"floe-compile: {message}\n"


NOTE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: note, namespace: floe-sales-domain}
data: {a: b}
"""
PATCH = """\
patches:
  - target: {kind: CronJob, name: orders}
    patch: '[{op: add, path: /metadata/labels/reviewed, value: "%s"}]'
"""


def edits_of(mesh: Path) -> Mapping[str, tuple[str | None, ...]]:
    """Return what each file may be: its texts, and None if it may be absent."""
    product = (mesh / PRODUCT).read_text()
    returns = product.replace("orders", "returns")
    return {
        PRODUCT: (product, product.replace("0 6", "0 7"), product.replace("0 6", "0 25"), f"# reviewed\n{product}"),
        PRODUCT.replace("orders", "returns"): (None, returns, returns.replace("0 6", "0 9")),
        DOMAIN: (text := (mesh / DOMAIN).read_text(), text.replace("sales", "shop")),
        ENVIRONMENT: (
            text := (mesh / ENVIRONMENT).read_text(),
            f"{text}kubernetes: {{version: '1.33'}}\n",
            f"# moved\n{text}",
        ),
        "base/note.yaml": (
            None,
            NOTE,
            NOTE.replace("a: b", "a: c"),
            NOTE.replace("a: b", "a: 1"),
            NOTE.replace("{a: b}", '{a: "password: |\\n  tr0ub4dor-9f"}'),
            NOTE.replace("{a: b}", "{a: 'http://nobody.floe-sales-domain.svc:80'}"),
            NOTE.replace("name: note", "name: note, labels: {a: '-'}"),
        ),
        "base/kustomization.yaml": (None, "resources: [note.yaml]\n"),
        "overlays/dev/kustomization.yaml": (None, PATCH % "a", PATCH % "b", "resources: [nothing.yaml]\n"),
    }


def save(mesh: Path, file: str, text: str | None) -> None:
    path = mesh / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(text) if text is not None else path.unlink()


def difference(before: Compilation | None, after: Compilation) -> str:
    """Return what is to be shown of two compilations, as nobody who remembers anything would."""
    if before is None:
        return ""
    texts = {path: text.encode() for path, text in before.files.items()}
    state = State(
        before.files.digests, lambda files: files.digests, lambda paths: {path: texts[path] for path in paths}
    )
    return render_diff(differences(state, before.files.digests, after), plain)


def test_results_in_memory_equal_a_cold_compile(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Airflow launches pods, whose templates are read back from files.
    mesh = small_mesh(tmp_path / "mesh", {DOMAIN: {"orchestrator": {"type": "airflow"}}})
    add_environment(mesh, "qa")
    chance = random.Random(7)
    edits = edits_of(mesh)
    now = {file: texts[0] for file, texts in edits.items()}
    watch, memory = watching(mesh, TwoJobs()), ObjectMemory()
    right = 0
    taken: list[Entry] = []

    def noted(second: SecondProcess, entries: Callable[..., Sequence[Entry] | None] = SecondProcess.entries) -> object:
        found = entries(second)
        taken.extend(found or ())
        return found

    monkeypatch.setattr(SecondProcess, "entries", noted)
    with reusing_process(), starting_ahead(), closing(watch):
        with remembering(memory):
            watch.begin()
            watch.read_ahead()
        assert watch.second
        for _ in range(EDITS):
            file = chance.choice(sorted(edits))
            text = chance.choice([text for text in edits[file] if text != now[file]])
            wait_for(watch.second)
            save(mesh, file, text)
            before = watch.compiled
            capsys.readouterr()
            with remembering(memory):
                watch.answer()
                output = capsys.readouterr().out
                watch.read_ahead()
            start_next()
            try:
                expected = compile_mesh(mesh)
            except StageFailed:
                assert watch.compiled is before
                save(mesh, file, now[file])  # so that the next edit is not in vain
            else:
                assert watch.compiled is not None
                assert dict(watch.compiled.files.items()) == dict(expected.files.items())
                assert output == difference(before, expected)
                assert (watch.compiled.warnings, watch.compiled.digests) == (expected.warnings, expected.digests)
                now[file] = text
                right += 1
    assert 0 < right < EDITS
    assert {kind for kind, _, _ in taken} > {HEADERS, HEADS}, "the second process had its part"
    assert memory.objects
    assert (KnownPlatforms, ("shared", "dev")) in {kind for kind, _ in memory.from_facts}
    assert not [manifest for content, manifest in memory.objects.items() if content_of(manifest) != content]


@pytest.fixture
def lines(mesh: Path) -> Iterator[Callable[[str], None]]:
    """Start the program, and return a function that waits for a line."""
    program = "import sys; from floe_compiler.program import main; sys.exit(main())"
    variables = {**os.environ, "TMPDIR": str(mesh.parent)}
    compile_mesh(mesh, cache=Store(mesh.parent / "cache"))  # here it takes less time
    command = [sys.executable, "-c", program, "watch", "--root", str(mesh), "--cache", str(mesh.parent / "cache")]
    lines_: Queue[str] = Queue()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=variables) as run:

        def read() -> None:
            for line in run.stdout or ():
                lines_.put(line)

        reader = Thread(target=read)
        reader.start()

        def wait_for(text: str) -> None:
            until = time.monotonic() + 60
            prints = []
            while time.monotonic() < until:
                try:
                    prints.append(lines_.get(timeout=1))
                except Empty:
                    continue
                if text in prints[-1]:
                    return
            pytest.fail(f"no {text} in {prints}")

        yield wait_for
        run.send_signal(signal.SIGINT)
        assert run.wait(60) == 130
        reader.join()
    assert {path.name for path in mesh.parent.iterdir()} == {"cache", "mesh"}, "a temporary folder is left"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
def test_saves_of_all_editors_are_noticed(lines: Callable[[str], None], mesh: Path) -> None:
    lines("watching")
    edit(mesh, "0 6 * * *", "0 7 * * *")
    lines("dev: 1 changed")
    beside = mesh / PRODUCT.replace("orders.yaml", ".orders.yaml.tmp")
    beside.write_text((mesh / PRODUCT).read_text().replace("0 7 * * *", "0 8 * * *"))
    beside.replace(mesh / PRODUCT)
    lines("0 8 * * *")
    (mesh / "output").mkdir()
    (mesh / "output/note").write_text("not an input")
    edit(mesh, "0 8 * * *", "0 25 * * *")
    lines("the next save is compiled again")
    edit(mesh, "0 25 * * *", "0 9 * * *")
    lines("nothing is wrong any more; dev: 1 changed")
