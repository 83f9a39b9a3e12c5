"""Every combination of wanted, owned and existing files has one outcome, and no foreign file is overwritten."""

import pytest

from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.files import sha256
from floe_compiler.write.index import parse_index, render_index
from floe_compiler.write.plan import WritePlan, decide, plan_writes
from floe_compiler.write.snapshot import Snapshot
from tables import table
from write.tree import files, place

NEW, OLD, HAND = (sha256(text.encode()) for text in ("new\n", "old\n", "hand\n"))
PATH = "output/dev/a/x.yaml"


@table(
    "compiled, on_disk, ours, decision",
    [
        (NEW, None, [], "create"),
        (NEW, None, [OLD], "create"),
        (NEW, NEW, [], "keep"),
        (NEW, NEW, [OLD], "keep"),
        (NEW, OLD, [OLD], "change"),
        (NEW, OLD, [OLD, NEW], "change"),
        (NEW, HAND, [OLD], "edited"),
        (NEW, HAND, [], "in the way"),
        (None, OLD, [OLD], "delete"),
        (None, HAND, [OLD], "edited"),
        (None, HAND, [], "stray"),
        (None, None, [OLD], "keep"),
    ],
)
def test_every_case_has_one_outcome(compiled: str | None, on_disk: str | None, ours: list[str], decision: str) -> None:
    assert decide(compiled, on_disk, ours) == decision


def plan(
    compiled: dict[str, str], owned: dict[str, str], disk: dict[str, str], *folders: str
) -> tuple[WritePlan, list[tuple[str, str]]]:
    findings = Findings()
    plan_ = plan_writes(
        files(**compiled).digests,
        {"dev": render_index(owned.items())},
        Snapshot(disk, folders=set(folders)),
        frozenset(),
        findings,
    )
    return plan_, [(finding.rule.code, place(finding)) for finding in findings.diagnostics]


def test_the_plan_lists_what_changes() -> None:
    owned = {f"output/dev/a/{name}.yaml": OLD for name in ("change", "delete", "keep", "gone")}
    disk = {**owned, "output/dev/a/keep.yaml": NEW}
    del disk["output/dev/a/gone.yaml"]
    compiled = {"a__change": "new", "a__keep": "new", "a__create": "new"}
    plan_, problems = plan(compiled, owned, disk)
    assert plan_.create == ("output/dev/a/create.yaml",)
    assert plan_.change == ("output/dev/a/change.yaml",)
    assert plan_.delete == ("output/dev/a/delete.yaml",)
    assert not problems


def test_the_interim_index_knows_old_and_new_content() -> None:
    plan_, _ = plan({"a__x": "new"}, {PATH: OLD}, {PATH: OLD})
    assert parse_index("dev", plan_.interim["output/.floe/dev.index"], Findings()) == {(PATH, OLD), (PATH, NEW)}
    assert parse_index("dev", plan_.indexes["output/.floe/dev.index"] or "", Findings()) == {(PATH, NEW)}


def test_an_environment_without_files_loses_its_index() -> None:
    plan_, _ = plan({}, {PATH: OLD}, {PATH: OLD}, "output/dev", "output/dev/a")
    assert plan_.indexes == {"output/.floe/dev.index": None}
    assert plan_.empty == ("output/dev/a", "output/dev")


def test_folders_with_remaining_files_are_not_empty() -> None:
    gone, compiled, foreign = "output/dev/a/x.yaml", "output/dev/b/x.yaml", "output/dev/c/notes.txt"
    owned = {gone: OLD, compiled: NEW, "output/dev/c/x.yaml": OLD}
    folders = [f"output/dev/{name}" for name in "abc"]
    plan_, _ = plan({"b__x": "new"}, owned, {**owned, foreign: HAND}, "output/dev", *folders)
    assert plan_.delete == (gone, "output/dev/c/x.yaml")
    assert plan_.empty == ("output/dev/a",)


def test_a_file_edited_by_hand_is_named_whether_it_stays_or_goes() -> None:
    second_path = "output/dev/a/y.yaml"
    _, problems = plan({"a__x": "new"}, {PATH: OLD, second_path: OLD}, {PATH: HAND, second_path: HAND})
    assert problems == [("W003", PATH), ("W003", second_path)]


def test_a_foreign_file_in_the_way_is_an_error_and_elsewhere_a_warning() -> None:
    _, problems = plan({"a__x": "new"}, {}, {PATH: HAND, "output/dev/a/y.txt": HAND, "output/dev/a/z.log": HAND})
    assert problems == [("W004", PATH), ("W005", "output/dev/a")]


@pytest.mark.parametrize("name", ["y.yaml", "y.yml"])
def test_a_foreign_file_that_would_be_applied_is_an_error(name: str) -> None:
    _, problems = plan({"a__x": "new"}, {}, {f"output/dev/a/{name}": HAND})
    assert problems == [("W015", f"output/dev/a/{name}")]


def test_foreign_files_of_an_environment_are_one_error() -> None:
    compiled = {f"{folder}__x": "new" for folder in "abc"}
    _, problems = plan(compiled, {}, {f"output/dev/{folder}/y.yaml": HAND for folder in "abc"})
    assert problems == [("W015", "output/dev/a/y.yaml")]


def test_a_foreign_file_beside_the_folders_that_are_applied_is_a_warning() -> None:
    _, problems = plan({"a__x": "new"}, {}, {"output/dev/.ci.yml": HAND})
    assert problems == [("W005", "output/dev")]


@pytest.mark.parametrize("name", ["x.yaml", "kustomization.yaml", ".sourceignore"])
@pytest.mark.parametrize("folder", [".github", "notes", ".github/workflows"])
def test_a_foreign_file_in_a_folder_that_nothing_delivers_is_a_warning(folder: str, name: str) -> None:
    _, problems = plan({"a__x": "new"}, {}, {f"output/dev/{folder}/{name}": HAND})
    assert problems == [("W005", f"output/dev/{folder}")]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("output/dev/a/below/y.yaml", "W015"),
        ("output/dev/a/below/kustomization.yaml", "W021"),
        ("output/dev/.sourceignore", "W021"),
        ("output/.sourceignore", "W021"),
    ],
)
def test_a_foreign_file_counts_where_flux_sees_it(path: str, code: str) -> None:
    _, problems = plan({"a__x": "new"}, {}, {path: HAND})
    assert problems == [(code, path)]


@pytest.mark.parametrize("name", [".github/x.yaml", ".github/w/x.yml", ".github/kustomization.yaml", ".travis.yml"])
def test_what_flux_leaves_out_of_every_repository_is_a_warning(name: str) -> None:
    path = f"output/dev/a/{name}"
    _, problems = plan({"a__x": "new"}, {}, {path: HAND})
    assert problems == [("W005", path.rpartition("/")[0])]


@pytest.mark.parametrize("name", ["cloudbuild.yaml", ".sops.yaml", "x.github/y.yaml"])
def test_argo_cd_applies_such_files_beside_the_compiled_ones(name: str) -> None:
    _, problems = plan({"a__x": "new"}, {}, {f"output/dev/a/{name}": HAND})
    assert problems == [("W015", f"output/dev/a/{name}")]


def test_a_folder_whose_last_file_is_deleted_now_is_still_delivered() -> None:
    _, problems = plan({}, {PATH: OLD}, {PATH: OLD, "output/dev/a/y.yaml": HAND})
    assert ("W015", "output/dev/a/y.yaml") in problems


@pytest.mark.parametrize(
    ("disk", "folders", "blocked"),
    [({"output/dev/a": HAND}, [], "output/dev/a"), ({}, [PATH], PATH)],
    ids=["file where a folder must be", "folder where a file must be"],
)
def test_files_and_folders_in_each_others_place_are_found_before_writing(
    disk: dict[str, str], folders: list[str], blocked: str
) -> None:
    _, problems = plan({"a__x": "new"}, {}, disk, *folders)
    assert ("W004", blocked) in problems


def test_a_file_of_no_environment_is_a_bug() -> None:
    with pytest.raises(ValueError, match="belongs to no compiled environment"):
        plan_writes({"output/prod/x.yaml": NEW}, {"dev": None}, Snapshot(), frozenset(), Findings())
