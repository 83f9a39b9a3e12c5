"""Writing makes the output equal to what was compiled, changes nothing else, and may be killed at any moment."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import FEW
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.file_digests import FileDigest, FileDigests
from floe_compiler.model.files import FileSet
from floe_compiler.write import output, snapshot
from floe_compiler.write.lock import locked
from floe_compiler.write.look import look
from floe_compiler.write.output import WriteReport, check_output, warnings_if_current
from floe_compiler.write.stats import FileStat
from write.tree import DIGESTS, STORE, files, is_current, place, tree, write_output

OLD = files(a__change="1", a__delete="1", a__keep="1", b__service="1")
NEW = files(a__change="2", a__create="2", a__keep="1", b__service="1", c__service="2")


def write(root: Path, *allow: str, **texts: str) -> WriteReport:
    return write_output(root, files(**texts), DIGESTS, allow_delete=allow)


def codes(failed: pytest.ExceptionInfo[StageFailed]) -> list[tuple[str, str]]:
    return [(diagnostic.rule.code, place(diagnostic)) for diagnostic in failed.value.diagnostics]


def without_indexes(root: Path) -> dict[str, str]:
    return {path: text for path, text in tree(root).items() if "/.floe/" not in path}


def test_the_output_becomes_what_was_compiled(tmp_path: Path) -> None:
    write_output(tmp_path, OLD, DIGESTS)
    assert without_indexes(tmp_path) == dict(OLD)
    report = write_output(tmp_path, NEW, DIGESTS)
    assert without_indexes(tmp_path) == dict(NEW)
    assert report.create == ("output/dev/a/create.yaml", "output/dev/c/service.yaml")
    assert report.change == ("output/dev/a/change.yaml",)
    assert report.delete == ("output/dev/a/delete.yaml",)
    assert report.indexes == ("output/.floe/dev.index",)


def test_correct_files_are_not_rewritten(tmp_path: Path) -> None:
    write_output(tmp_path, NEW, DIGESTS)
    before = {path: path.stat().st_ino for path in (tmp_path / "output").rglob("*")}
    assert not write_output(tmp_path, NEW, DIGESTS).stale
    assert {path: path.stat().st_ino for path in (tmp_path / "output").rglob("*")} == before


def test_a_look_before_compiling_is_enough_if_nothing_changes_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_output(tmp_path, OLD, DIGESTS)
    look_ = look(tmp_path, DIGESTS, STORE)
    monkeypatch.setattr(output, "look", lambda *_: pytest.fail("it looks again"))
    report = write_output(tmp_path, NEW, DIGESTS, seen=look_)
    assert without_indexes(tmp_path) == dict(NEW)
    assert report.change == ("output/dev/a/change.yaml",)


@pytest.mark.parametrize("path", ["a/change", "a/create", "a/delete"])
def test_a_file_edited_after_the_look_is_not_overwritten(tmp_path: Path, path: str) -> None:
    write_output(tmp_path, OLD, DIGESTS)
    look_ = look(tmp_path, DIGESTS, STORE)
    file = tmp_path / f"output/dev/{path}.yaml"
    file.write_text("by hand\n")
    with pytest.raises(StageFailed):
        write_output(tmp_path, NEW, DIGESTS, seen=look_)
    assert file.read_text() == "by hand\n"


def test_a_file_that_another_run_wrote_after_the_look_is_not_taken_for_one_edited_by_hand(tmp_path: Path) -> None:
    write_output(tmp_path, OLD, DIGESTS)
    look_ = look(tmp_path, DIGESTS, STORE)
    write_output(tmp_path, NEW, DIGESTS)
    assert not write_output(tmp_path, NEW, DIGESTS, seen=look_).stale
    newest = files(a__change="3", a__create="2", a__keep="1", b__service="1", c__service="2")
    write_output(tmp_path, newest, DIGESTS, seen=look_)
    assert without_indexes(tmp_path) == dict(newest)


def test_a_finished_temporary_file_of_another_run_is_not_a_leftover(tmp_path: Path) -> None:
    write_output(tmp_path, OLD, DIGESTS)
    temporary = tmp_path / "output/dev/a/.change.yaml.tmp"
    temporary.write_text("half")
    look_ = look(tmp_path, DIGESTS, STORE)
    temporary.unlink()
    write_output(tmp_path, NEW, DIGESTS, seen=look_)
    assert without_indexes(tmp_path) == dict(NEW)


def test_an_error_fixed_since_the_look_is_not_reported(tmp_path: Path) -> None:
    write_output(tmp_path, OLD, DIGESTS)
    link = tmp_path / "output/dev/a/link.yaml"
    link.symlink_to("change.yaml")
    look_ = look(tmp_path, DIGESTS, STORE)
    with pytest.raises(StageFailed):
        write_output(tmp_path, NEW, DIGESTS, seen=look_)
    link.unlink()
    write_output(tmp_path, NEW, DIGESTS, seen=look_)
    assert without_indexes(tmp_path) == dict(NEW)


def test_a_check_reports_what_writing_would_do_and_changes_nothing(tmp_path: Path) -> None:
    write_output(tmp_path, OLD, DIGESTS)
    before = tree(tmp_path)
    report = check_output(tmp_path, NEW, DIGESTS)
    assert tree(tmp_path) == before
    assert report.stale
    assert report == write_output(tmp_path, NEW, DIGESTS)


def test_empty_folders_are_removed_and_hidden_files_kept(tmp_path: Path) -> None:
    write(tmp_path, a__x="1", b__x="1", c__x="1")
    (tmp_path / "output/dev/c/.keep").touch()
    write(tmp_path, "dev/b", "dev/c", a__x="1")
    assert not (tmp_path / "output/dev/b").exists()
    assert (tmp_path / "output/dev/c/.keep").exists()


def test_an_edited_file_is_an_error_until_it_is_deleted(tmp_path: Path) -> None:
    write_output(tmp_path, OLD, DIGESTS)
    edited = tmp_path / "output/dev/a/change.yaml"
    edited.write_text("my own\n")
    before = tree(tmp_path)
    with pytest.raises(StageFailed) as failed:
        write_output(tmp_path, NEW, DIGESTS)
    assert codes(failed) == [("W003", "output/dev/a/change.yaml")]
    assert tree(tmp_path) == before
    edited.unlink()
    write_output(tmp_path, NEW, DIGESTS)
    assert without_indexes(tmp_path) == dict(NEW)


def test_an_edit_that_agrees_with_the_inputs_is_not_an_edit(tmp_path: Path) -> None:
    write_output(tmp_path, OLD, DIGESTS)
    (tmp_path / "output/dev/a/change.yaml").write_text("2\n")
    assert write_output(tmp_path, NEW, DIGESTS).change == ()


def test_a_lost_index_is_found_again_where_the_files_are_right(tmp_path: Path) -> None:
    write_output(tmp_path, NEW, DIGESTS)
    before = tree(tmp_path)
    (tmp_path / "output/.floe/dev.index").unlink()
    assert write_output(tmp_path, NEW, DIGESTS).indexes == ("output/.floe/dev.index",)
    assert tree(tmp_path) == before


def test_a_broken_index_is_the_only_thing_reported(tmp_path: Path) -> None:
    write_output(tmp_path, OLD, DIGESTS)
    (tmp_path / "output/.floe/dev.index").write_text("gibberish\n")
    with pytest.raises(StageFailed) as failed:
        write_output(tmp_path, NEW, DIGESTS)
    assert [code for code, _ in codes(failed)] == ["W007"]


def test_foreign_files_are_kept_and_reported(tmp_path: Path) -> None:
    write_output(tmp_path, OLD, DIGESTS)
    foreign = tmp_path / "output/dev/a/foreign.txt"
    foreign.write_text("mine\n")
    [warning] = write_output(tmp_path, NEW, DIGESTS).warnings
    assert (warning.rule.code, warning.subject) == ("W005", "output/dev/a")
    assert warning.message == "holds foreign.txt, which floe-compile did not write"
    assert foreign.read_text() == "mine\n"


def test_other_environments_are_kept_when_only_one_is_compiled(tmp_path: Path) -> None:
    prod = {"output/prod/a/x.yaml": "1\n"}
    write_output(tmp_path, prod, {"prod": "2" * 64})
    before = tree(tmp_path)
    write_output(tmp_path, OLD, DIGESTS, complete=False)
    assert {path: text for path, text in tree(tmp_path).items() if "prod" in path} == before


def test_a_removed_environment_is_deleted_with_permission(tmp_path: Path) -> None:
    write_output(tmp_path, {"output/prod/a/x.yaml": "1\n"}, {"prod": "2" * 64})
    with pytest.raises(StageFailed) as failed:
        write_output(tmp_path, OLD, DIGESTS)
    assert codes(failed) == [("W006", "output/prod")]
    write_output(tmp_path, OLD, DIGESTS, allow_delete=["prod"])
    assert not [path for path in tree(tmp_path) if "prod" in path]
    assert not (tmp_path / "output/prod").exists()


def test_errors_of_the_operating_system_are_reported_with_the_path(tmp_path: Path) -> None:
    (tmp_path / "output").write_text("a file")
    with pytest.raises(StageFailed) as failed:
        write_output(tmp_path, OLD, DIGESTS)
    [diagnostic] = failed.value.diagnostics
    assert diagnostic.rule.code == "W011"
    assert diagnostic.subject.startswith("output")


# --- interrupted runs -----------------------------------------------------------------------------------------------

KILLED = 9


def kill_after(steps: int, root: Path) -> bool:
    """Write NEW in a process that is killed after this many steps; return whether it finished before."""
    child = os.fork()
    if child == 0:
        try:
            _die_after(steps)
            write_output(root, NEW, DIGESTS)
            os._exit(0)
        finally:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, KILLED)
    return code == 0


def _die_after(steps: int) -> None:
    remaining = count(steps, -1)

    def dying(method: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: object, **keywords: object) -> object:
            if next(remaining) == 0:
                os._exit(KILLED)
            return method(*arguments, **keywords)

        return step

    for name in ("replace", "unlink", "rmdir", "mkdir", "open", "write"):
        setattr(os, name, dying(getattr(os, name)))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked on this system")
@pytest.mark.parametrize("first", [0, pytest.param(1, marks=pytest.mark.thorough)])
def test_the_next_run_repairs_whatever_a_kill_leaves(tmp_path: Path, first: int) -> None:
    """After every second step: a complete temporary file and its rename are one step apart."""
    clean, later = tmp_path / "clean", files(a__keep="3", b__service="1", c__service="3")
    write_output(clean, NEW, DIGESTS)
    for steps in range(first, 100, 2):
        same_inputs, other_inputs = tmp_path / f"{steps}-same", tmp_path / f"{steps}-other"
        write_output(same_inputs, OLD, DIGESTS)
        ended = kill_after(steps, same_inputs)
        shutil.copytree(same_inputs, other_inputs)
        write_output(same_inputs, NEW, DIGESTS)
        assert tree(same_inputs) == tree(clean)
        # The inputs may have changed again before the next run: files of the killed one are still ours.
        write_output(other_inputs, later, DIGESTS)
        assert without_indexes(other_inputs) == dict(later)
        if ended:
            break
    assert 15 < steps < 100


def test_an_exception_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = os.replace

    def interrupted(source: str, target: str) -> None:
        if target.endswith("/create.yaml"):
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_output(tmp_path, NEW, DIGESTS)
    assert list(without_indexes(tmp_path)) == ["output/dev/a/change.yaml"]


NAMES = st.sampled_from(["a__x", "a__y", "b__x", "b__y", "c__x"])
OUTPUTS = st.dictionaries(NAMES, st.sampled_from("12"), min_size=1)


@given(st.lists(st.tuples(OUTPUTS, st.sets(NAMES)), min_size=1, max_size=4))
@FEW
def test_any_history_of_outputs_and_deleted_files_ends_in_the_last(
    tmp_path_factory: pytest.TempPathFactory, history: list[tuple[dict[str, str], set[str]]]
) -> None:
    root = tmp_path_factory.mktemp("history")
    for texts, lost in history:
        write(root, "dev", **texts)
        assert without_indexes(root) == dict(files(**texts))
        for path in files(**dict.fromkeys(lost, "")):
            (root / path).unlink(missing_ok=True)


# --- the fast path --------------------------------------------------------------------------------------------------


def test_the_output_is_current_once_written(tmp_path: Path) -> None:
    assert not is_current(tmp_path, DIGESTS)
    write_output(tmp_path, NEW, DIGESTS, warnings=2)
    assert is_current(tmp_path, DIGESTS)
    assert warnings_if_current(tmp_path, DIGESTS, STORE) == 2


def test_other_inputs_are_not_current(tmp_path: Path) -> None:
    write_output(tmp_path, NEW, DIGESTS)
    assert not is_current(tmp_path, {"dev": "2" * 64})
    assert not is_current(tmp_path, {**DIGESTS, "prod": "1" * 64})
    assert not is_current(tmp_path, {})


@pytest.mark.parametrize(
    "path",
    [
        "output/dev/a/keep.yaml",
        "output/dev/a/foreign.yaml",
        "output/dev/a/.keep.yaml.tmp",
        "output/.floe/dev.index",
        "output/.floe/prod.index",
        "output/prod/x.yaml",
    ],
)
def test_any_difference_on_disk_is_not_current(tmp_path: Path, path: str) -> None:
    write_output(tmp_path, NEW, DIGESTS)
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text("# something else\n")
    assert not is_current(tmp_path, DIGESTS)


@pytest.mark.parametrize("path", ["output/dev/a/keep.yaml", "output/.floe/dev.index"])
def test_a_missing_file_is_not_current(tmp_path: Path, path: str) -> None:
    write_output(tmp_path, NEW, DIGESTS)
    (tmp_path / path).unlink()
    assert not is_current(tmp_path, DIGESTS)


def test_an_output_of_another_branch_is_not_current_though_its_index_agrees_with_it(tmp_path: Path) -> None:
    write_output(tmp_path / "other", OLD, DIGESTS)
    write_output(tmp_path / "this", NEW, DIGESTS)
    (tmp_path / "this/output").rename(tmp_path / "this/before")
    (tmp_path / "other/output").rename(tmp_path / "this/output")
    assert not is_current(tmp_path / "this", DIGESTS)


def test_one_environment_can_be_current_alone(tmp_path: Path) -> None:
    write_output(tmp_path, {**NEW, "output/prod/a/x.yaml": "1\n"}, {**DIGESTS, "prod": "2" * 64})
    (tmp_path / "output/prod/a/x.yaml").unlink()
    assert is_current(tmp_path, DIGESTS, complete=False)
    assert not is_current(tmp_path, {"prod": "2" * 64}, complete=False)


def later(patch: pytest.MonkeyPatch) -> None:
    """Let the clock run ahead, so that all files are old enough to be trusted."""
    moment = time.time_ns() + 10**10
    patch.setattr(time, "time_ns", lambda: moment)


def reads(patch: pytest.MonkeyPatch) -> list[str]:
    """Return a list to which every file is added that a snapshot reads."""
    paths: list[str] = []
    take = snapshot._Walk.take_file

    def noted(walk: snapshot._Walk, entry: os.DirEntry[str], path: str, stats: dict[str, FileStat]) -> None:
        paths.append(path)
        take(walk, entry, path, stats)

    patch.setattr(snapshot._Walk, "take_file", noted)
    return paths


def test_files_just_written_are_not_read_by_the_next_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    later(monkeypatch)
    write_output(tmp_path, OLD, DIGESTS)
    read = reads(monkeypatch)
    write_output(tmp_path, NEW, DIGESTS)
    assert is_current(tmp_path, DIGESTS)
    assert read == []
    check_output(tmp_path, NEW, DIGESTS)
    assert sorted(read) == list(NEW), "a check reads everything"


def test_files_once_read_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_output(tmp_path, NEW, DIGESTS, warnings=2)
    later(monkeypatch)
    for path in NEW:
        (tmp_path / path).touch()
    read = reads(monkeypatch)
    assert is_current(tmp_path, DIGESTS)
    assert sorted(read) == list(NEW)
    assert warnings_if_current(tmp_path, DIGESTS, STORE) == 2
    assert len(read) == len(NEW)


def test_an_edit_that_keeps_size_and_mtime_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_output(tmp_path, NEW, DIGESTS)
    time.sleep(0.03)
    assert is_current(tmp_path, DIGESTS)
    path = tmp_path / "output/dev/a/keep.yaml"
    times = path.stat()
    path.write_text("9\n")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert not is_current(tmp_path, DIGESTS)
    with pytest.raises(StageFailed) as failed:
        write_output(tmp_path, NEW, DIGESTS)
    assert codes(failed) == [("W003", "output/dev/a/keep.yaml")]


def test_losing_the_cached_stats_costs_only_time(tmp_path: Path) -> None:
    write_output(tmp_path, NEW, DIGESTS)
    STORE._entries.clear()
    assert not is_current(tmp_path, DIGESTS)
    assert not write_output(tmp_path, NEW, DIGESTS).stale
    assert is_current(tmp_path, DIGESTS)


def test_only_texts_that_are_written_are_read(tmp_path: Path) -> None:
    read: list[str] = []

    def lazily(texts: FileSet) -> FileSet:
        groups = [FileDigests.of([FileDigest(path, digest)]) for path, digest in texts.digests.items()]

        def texts_of(number: int) -> list[str]:
            read.extend(groups[number].paths)
            return [texts[path] for path in groups[number].paths]

        return FileSet.of_digests(groups, texts_of)

    write_output(tmp_path, lazily(OLD), DIGESTS)
    assert read == list(OLD)
    read.clear()
    check_output(tmp_path, lazily(NEW), DIGESTS)
    assert read == []
    write_output(tmp_path, lazily(NEW), DIGESTS)
    assert sorted(read) == ["output/dev/a/change.yaml", "output/dev/a/create.yaml", "output/dev/c/service.yaml"]
    assert without_indexes(tmp_path) == dict(NEW)


def test_only_the_output_is_left_in_the_repository(tmp_path: Path) -> None:
    write_output(tmp_path, NEW, DIGESTS)
    is_current(tmp_path, DIGESTS)
    assert [path.name for path in tmp_path.iterdir()] == ["output"]


# --- merges ---------------------------------------------------------------------------------------------------------


UNION = "output/.floe/*.index merge=union\n"


def git(root: Path, *arguments: str, check: bool = True) -> str:
    identity = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com"}
    identity |= {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com"}
    environment = {**os.environ, **identity, "GIT_CONFIG_GLOBAL": os.devnull}
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, env=environment, check=check, capture_output=True, text=True).stdout


def commit_output(root: Path, message: str, **texts: str) -> None:
    write(root, **texts)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", message)


def repository_with_two_branches(
    root: Path, base: dict[str, str], ours: dict[str, str], theirs: dict[str, str], attributes: str = ""
) -> None:
    root.mkdir()
    (root / ".gitattributes").write_text(attributes, encoding="utf-8")
    git(root, "init", "--quiet", "--initial-branch", "main")
    commit_output(root, "base", **base)
    git(root, "checkout", "--quiet", "-b", "theirs")
    commit_output(root, "theirs", **theirs)
    git(root, "checkout", "--quiet", "main")
    commit_output(root, "ours", **ours)


@pytest.mark.real
def test_branches_that_touch_different_files_merge_into_a_current_output(tmp_path: Path) -> None:
    base = {f"{folder}__{number}": "1" for folder in "abcd" for number in range(4)}
    ours, theirs = {**base, "a__0": "2", "a__new": "2"}, {**base, "d__0": "2", "d__new": "2"}
    repository_with_two_branches(tmp_path / "r", base, ours, theirs)
    git(tmp_path / "r", "merge", "--quiet", "theirs")
    assert not check_output(tmp_path / "r", files(**{**ours, **theirs, "a__0": "2"}), DIGESTS).stale


@pytest.mark.real
@pytest.mark.parametrize("side", ["--ours", "--theirs"])
@pytest.mark.parametrize("attributes", ["", UNION])
def test_compiling_resolves_a_conflict_after_either_side_is_taken(tmp_path: Path, attributes: str, side: str) -> None:
    root, base = tmp_path / "r", {"a__x": "1", "b__y": "1"}
    repository_with_two_branches(root, base, {"a__x": "2", "b__y": "1"}, {"a__x": "3", "b__y": "1"}, attributes)
    git(root, "merge", "--quiet", "theirs", check=False)
    assert ("<<<<<<<" in (root / "output/.floe/dev.index").read_text()) == (not attributes)
    merged = {"a__x": "4", "b__y": "1"}
    with pytest.raises(StageFailed) as failed:
        write(root, **merged)
    [diagnostic] = failed.value.diagnostics
    assert (diagnostic.rule.code, str(diagnostic.span)) == ("W016", "output/dev/a/x.yaml:1:1")
    command = diagnostic.hint.rpartition("git ")[2]
    git(root, *command.replace("--ours", side).split())
    write(root, **merged)
    assert without_indexes(root) == dict(files(**merged))
    assert "<<<<<<<" not in (root / "output/.floe/dev.index").read_text()


@pytest.mark.real
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"a__x": "2", "a__y": "1", "a__z": "1"}, {"a__x": "1", "a__y": "3", "a__z": "1"}),
        ({"a__y": "2", "a__z": "1"}, {"a__x": "1", "a__y": "1", "a__z": "3"}),
        ({"a__x": "1", "a__y": "1"}, {"a__x": "2", "a__z": "1"}),
        ({"a__z": "2"}, {"a__x": "1", "a__y": "1", "a__z": "1", "a__new": "3"}),
    ],
    ids=["neighbours", "deleted beside a change", "deleted on both sides", "deleted beside an addition"],
)
def test_the_union_of_two_indexes_knows_every_file_of_their_merge(
    tmp_path: Path, ours: dict[str, str], theirs: dict[str, str]
) -> None:
    root, base = tmp_path / "r", {"a__x": "1", "a__y": "1", "a__z": "1"}
    repository_with_two_branches(root, base, ours, theirs, UNION)
    git(root, "merge", "--quiet", "theirs")
    merged = {
        name: ours[name] if theirs.get(name) == base.get(name) else theirs[name]
        for name in {*ours, *theirs}
        if (name in ours or name not in base) and (name in theirs or name not in base)
    }
    report = write(root, **merged)
    assert (report.create, report.change, report.delete, report.warnings) == ((), (), (), ())
    assert without_indexes(root) == dict(files(**merged))
    write(root, a__only="1")
    assert without_indexes(root) == dict(files(a__only="1"))


@pytest.mark.real
def test_line_ends_that_git_changed_are_reported_once_with_the_way_out(tmp_path: Path) -> None:
    root, clone, texts = tmp_path / "r", tmp_path / "clone", {"a__x": "1", "a__y": "1", "b__z": "1"}
    root.mkdir()
    git(root, "init", "--quiet")
    commit_output(root, "base", **texts)
    git(tmp_path, "clone", "--quiet", "--config", "core.autocrlf=true", str(root), str(clone))
    with pytest.raises(StageFailed) as failed:
        write(clone, **{**texts, "a__x": "2"})
    [diagnostic] = failed.value.diagnostics
    assert (diagnostic.rule.code, diagnostic.subject) == ("W017", "output")
    assert diagnostic.message == "3 files differ from what was compiled in line ends only (CR LF, not LF)"
    (clone / ".gitattributes").write_text(diagnostic.hint.split('"')[1] + "\n", encoding="utf-8")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(diagnostic.hint.rpartition("then: ")[2], shell=True, cwd=clone, check=True, env=environment)
    assert write(clone, **{**texts, "a__x": "2"}).change == ("output/dev/a/x.yaml",)


def test_a_second_writer_is_refused_while_one_writes(tmp_path: Path) -> None:
    write_output(tmp_path, OLD, DIGESTS)
    before = tree(tmp_path)
    with locked(tmp_path):
        with pytest.raises(StageFailed) as failed:
            write_output(tmp_path, NEW, DIGESTS)
        assert [diagnostic.rule.code for diagnostic in failed.value.diagnostics] == ["W009"]
        assert tree(tmp_path) == before
        assert check_output(tmp_path, NEW, DIGESTS).stale, "looking needs no lock"
    assert write_output(tmp_path, NEW, DIGESTS).stale
