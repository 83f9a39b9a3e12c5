"""Indexes are compared with the wanted files, and only the difference is kept."""

import pytest

from floe_compiler.model.diagnostics import Findings
from floe_compiler.write.index import render_index
from floe_compiler.write.ownership import Ownership, compare_ownership

A, B = "a" * 64, "b" * 64
X, Y, Z = (f"output/dev/{name}.yaml" for name in "xyz")
INDEX = "output/.floe/dev.index"


def compare(wanted: dict[str, str], *listed: tuple[str, str]) -> Ownership:
    findings = Findings()
    found = compare_ownership(wanted, {"dev": render_index(listed)}, findings)
    assert not findings.diagnostics
    return found


def test_an_index_that_says_what_is_wanted_leaves_nothing_to_do() -> None:
    found = compare({X: A, Y: B}, (X, A), (Y, B))
    assert (found.former, found.unlisted, found.interim, found.final) == ({}, set(), {}, {})
    assert (found.hashes(X), found.hashes(Z)) == ({A}, set())


def test_only_what_differs_is_kept() -> None:
    found = compare({X: A, Y: B}, (X, A), (Y, A), (Z, A), (Z, B))
    assert found.former == {Y: {A}, Z: {A, B}}
    assert found.unlisted == {Y}
    assert [found.hashes(path) for path in (X, Y, Z)] == [{A}, {A}, {A, B}]
    assert found.paths() == {X, Y, Z}


def test_while_writing_the_index_knows_old_and_new_and_afterwards_only_new() -> None:
    found = compare({X: B}, (X, A), (Y, A))
    assert found.interim == {INDEX: render_index([(X, A), (X, B), (Y, A)])}
    assert found.final == {INDEX: render_index([(X, B)])}


def test_an_index_that_an_interrupted_run_has_left_need_not_be_written_before_the_end() -> None:
    found = compare({X: B}, (X, A), (X, B))
    assert (found.interim, found.final) == ({}, {INDEX: render_index([(X, B)])})


def test_an_index_in_another_order_is_put_in_order() -> None:
    text = "\n".join(reversed(render_index([(X, A), (Y, B)]).splitlines()))
    found = compare_ownership({X: A, Y: B}, {"dev": text}, Findings())
    assert (found.former, found.unlisted) == ({}, set())
    assert found.final == {INDEX: render_index([(X, A), (Y, B)])}


@pytest.mark.parametrize(("text", "final"), [(None, {}), (render_index([(X, A)]), {INDEX: None})])
def test_without_files_there_is_no_index(text: str | None, final: dict[str, str | None]) -> None:
    assert compare_ownership({}, {"dev": text}, Findings()).final == final


def test_environments_do_not_mix() -> None:
    wanted = {"output/dev-b/x.yaml": A, X: B}
    found = compare_ownership(wanted, {"dev": None, "dev-b": render_index([("output/dev-b/x.yaml", A)])}, Findings())
    assert found.final == {INDEX: render_index([(X, B)])}
