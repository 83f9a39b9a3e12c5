"""A scope that moves to another cluster of its environment leaves its data behind."""

from __future__ import annotations

from floe_compiler.model.objects import Object
from floe_compiler.report.diff import EnvironmentDiff, compare
from floe_compiler.report.moves import with_moves
from report.samples import manifests, resource

SALES: list[Object] = [
    resource("Namespace", "floe-sales", ""),
    resource("StatefulSet", "db", "floe-sales", apiVersion="apps/v1"),
    resource("Deployment", "web", "floe-sales", apiVersion="apps/v1"),
]


def diff(site: str, before: list[Object], after: list[Object]) -> EnvironmentDiff:
    return compare(site, manifests(before), manifests(after))


def moved(*diffs: EnvironmentDiff) -> list[tuple[str, str]]:
    return [
        (f"{environment_diff.environment} {change.identity}", danger.sentence)
        for environment_diff in with_moves(diffs)
        for change in environment_diff.changes
        for danger in change.dangers
        if danger.word == "data-moved"
    ]


def test_a_domain_that_moves_leaves_its_data_in_the_old_cluster() -> None:
    moves = moved(diff("prod/us", SALES, []), diff("prod/eu", [], SALES), diff("prod/hub", [], []))
    message = "its data stays in cluster us, and the new one in eu begins without: move it (docs/clusters.md)"
    assert moves == [("prod/us StatefulSet.apps floe-sales/db", message)]


def test_shared_services_that_move_leave_their_data_in_the_old_cluster() -> None:
    namespace, *others = SALES
    moves = moved(diff("prod/hub", SALES, [namespace]), diff("prod/us", [namespace], [namespace, *others]))
    message = "its data stays in cluster hub, and the new one in us begins without: move it (docs/clusters.md)"
    assert moves == [("prod/hub StatefulSet.apps floe-sales/db", message)]


def test_an_added_or_removed_domain_is_not_a_move() -> None:
    assert moved(diff("prod/us", SALES, []), diff("prod/eu", [], [])) == []
    assert moved(diff("prod/us", [], []), diff("prod/eu", [], SALES)) == []


def test_another_environment_is_not_a_move() -> None:
    assert moved(diff("prod/us", SALES, []), diff("staging/eu", [], SALES)) == []
    assert moved(diff("prod", SALES, []), diff("prod/us", [], SALES)) == [], "the cluster is the same, under a new name"
