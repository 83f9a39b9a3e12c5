"""Indexes are compared with the wanted files, and only the difference is kept."""

import pytest

from floe_compiler.model.diagnostics import Findings
from floe_compiler.write.index import render_index
from floe_compiler.write.ownership import Ownership, compare_ownership

A, B = "a" * 64, "b" * 64
X, Y, Z = (f"output/dev/{name}.yaml" for name in "xyz")
INDEX = "output/.floe/dev.index"


def compare(compiled: dict[str, str], *listed: tuple[str, str]) -> Ownership:
    findings = Findings()
    ownership = compare_ownership(compiled, {"dev": render_index(listed)}, findings)
    assert not findings.diagnostics
    return ownership


def test_a_current_index_needs_no_change() -> None:
    ownership = compare({X: A, Y: B}, (X, A), (Y, B))
    assert (ownership.former, ownership.unlisted, ownership.interim, ownership.final) == ({}, set(), {}, {})
    assert (ownership.hashes(X), ownership.hashes(Z)) == ({A}, set())


def test_only_differences_are_kept() -> None:
    ownership = compare({X: A, Y: B}, (X, A), (Y, A), (Z, A), (Z, B))
    assert ownership.former == {Y: {A}, Z: {A, B}}
    assert ownership.unlisted == {Y}
    assert [ownership.hashes(path) for path in (X, Y, Z)] == [{A}, {A}, {A, B}]
    assert ownership.paths() == {X, Y, Z}


def test_while_writing_the_index_knows_old_and_new_and_afterwards_only_new() -> None:
    ownership = compare({X: B}, (X, A), (Y, A))
    assert ownership.interim == {INDEX: render_index([(X, A), (X, B), (Y, A)])}
    assert ownership.final == {INDEX: render_index([(X, B)])}


def test_an_interim_index_of_an_interrupted_run_is_used_again() -> None:
    ownership = compare({X: B}, (X, A), (X, B))
    assert (ownership.interim, ownership.final) == ({}, {INDEX: render_index([(X, B)])})


def test_an_unsorted_index_is_sorted() -> None:
    text = "\n".join(reversed(render_index([(X, A), (Y, B)]).splitlines()))
    ownership = compare_ownership({X: A, Y: B}, {"dev": text}, Findings())
    assert (ownership.former, ownership.unlisted) == ({}, set())
    assert ownership.final == {INDEX: render_index([(X, A), (Y, B)])}


@pytest.mark.parametrize(("text", "final"), [(None, {}), (render_index([(X, A)]), {INDEX: None})])
def test_without_files_there_is_no_index(text: str | None, final: dict[str, str | None]) -> None:
    assert compare_ownership({}, {"dev": text}, Findings()).final == final


def test_environments_are_kept_separate() -> None:
    compiled = {"output/dev-b/x.yaml": A, X: B}
    ownership = compare_ownership(
        compiled, {"dev": None, "dev-b": render_index([("output/dev-b/x.yaml", A)])}, Findings()
    )
    assert ownership.final == {INDEX: render_index([(X, B)])}
