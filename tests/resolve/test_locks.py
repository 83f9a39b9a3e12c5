"""Locks: no other layer may override what the manifest locks."""

from __future__ import annotations

from typing import Any

from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.layout import MANIFEST as MANIFEST_FILE
from floe_compiler.resolve.layers import Layer
from floe_compiler.resolve.locks import Lock, check_locks, check_manifests, locked_paths
from resolve.samples import REGISTRY, document
from tables import table


def unknown(*locks: str) -> dict[str, str]:
    findings = Findings()
    known = locked_paths([document("m.yaml", {"locks": list(locks)})], REGISTRY, findings)
    assert len(known) + len(findings.diagnostics) == len(set(locks))
    assert all(diagnostic.rule.code == "R006" for diagnostic in findings.diagnostics)
    return {str(diagnostic.span): diagnostic.hint for diagnostic in findings.diagnostics}


@table(
    "lock",
    [
        "catalog",
        "catalog.type",
        "catalog.inner.kind",
        "catalog.labels.any-key",
        "observability",
        "observability.collector",
        "observability.collector.replicas",
        "orchestrator.type",
        "delivery.repository",
        "delivery.interval",
        "secrets.store.name",
        "quota.cpu",
        "placement.jobs.node_selector.pool",
        "images.mirrors",
        "shared_services.quota.pods",
        "products",
        "products.image",
        "products.schedule.cron",
        "products.steps",
    ],
)
def test_every_setting_of_the_manifest_may_be_locked(lock: str) -> None:
    assert unknown(lock) == {}


@table(
    "lock, hint",
    [
        ("catalogue", 'did you mean "catalog"?'),
        ("catalog.tpye", 'did you mean "catalog.type"?'),
        ("catalog.type.name", ""),
        ("catalog.inner.kinds", 'did you mean "catalog.inner.kind"?'),
        ("observability.tracer", 'did you mean "observability.tracing"?'),
        ("observability.type", "known: collector, tracing"),
        ("delivery.repositry", 'did you mean "delivery.repository"?'),
        ("database.type", "known: catalog, "),
        ("metadata.name", "known: catalog, "),
        ("kind", "known: catalog, "),
        ("locks", "known: catalog, "),
        ("", "known: catalog, "),
        ("catalog..type", "known: inner, labels, replicas, type"),
    ],
)
def test_a_lock_of_a_setting_that_nothing_can_override_is_an_error(lock: str, hint: str) -> None:
    ((place, hint_),) = unknown(lock).items()
    assert place == "m.yaml:3:5"
    assert hint_.startswith(hint)


def test_only_valid_locks_are_kept_with_their_places() -> None:
    manifest = document("m.yaml", {"locks": ["nothing", "catalog.type"]})
    locks = locked_paths([manifest], REGISTRY, Findings())
    assert locks == {("catalog", "type"): Lock(manifest, 1)}
    assert locked_paths([document("m.yaml", {})], REGISTRY, Findings()) == {}


def test_the_topmost_of_several_locks_counts() -> None:
    manifests = [document(f"{name}.yaml", {"locks": ["catalog", "delivery"]}) for name in ("top", "m")]
    locks = locked_paths(manifests, REGISTRY, Findings())
    assert {str(lock.place.span) for lock in locks.values()} == {"top.yaml:3:5", "top.yaml:4:5"}


MANIFEST = {"catalog": {"type": "alpha", "replicas": 2}, "locks": ["catalog.type", "observability"]}


def refused(data: dict[str, Any], locks: Any = None) -> list[tuple[str, str, str]]:
    manifest = document(MANIFEST_FILE, {**MANIFEST, **({"locks": locks} if locks else {})})
    findings = Findings()
    paths = locked_paths([manifest], REGISTRY, findings)
    document_ = document("e.yaml", {"platform": data})
    check_locks(manifest.data, paths, [Layer("e.yaml", data, document_, ("platform",))], findings)
    assert all(diagnostic.rule.code == "R005" for diagnostic in findings.diagnostics)
    return [
        (str(diagnostic.span), diagnostic.message.partition(" may")[0], str(diagnostic.related[0].span))
        for diagnostic in findings.diagnostics
    ]


def test_a_locked_path_may_not_be_set_even_to_the_same_value() -> None:
    assert refused({"catalog": {"type": "alpha"}}) == [("e.yaml:4:1", "catalog.type", "platform-manifest.yaml:6:5")]


def test_paths_below_a_lock_and_mappings_around_it_may_not_be_set() -> None:
    assert refused({"observability": {"tracing": {"type": "alpha"}}}) == [
        ("e.yaml:5:1", "observability.tracing.type", "platform-manifest.yaml:7:5")
    ]
    assert refused({"catalog": {}}) == [("e.yaml:3:1", "catalog", "platform-manifest.yaml:6:5")]


def test_settings_beside_a_locked_path_may_be_set() -> None:
    assert refused({"catalog": {"replicas": 5}, "storage": {"type": "s3"}}) == []


def test_a_change_of_type_may_not_discard_locked_settings() -> None:
    locks = ["catalog.replicas"]
    assert refused({"catalog": {"type": "beta"}}, locks) == [
        ("e.yaml:4:1", "catalog.type", "platform-manifest.yaml:6:5")
    ]
    assert refused({"catalog": {"type": "alpha"}}, locks) == [], "the same type discards nothing"


def below(*manifests: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the errors of locks in manifests that each extend the one before."""
    files = [*(f"vendor/{number}.yaml" for number in range(len(manifests) - 1)), MANIFEST_FILE]
    metadata = {"name": "corporate", "owner": "@acme/corporate"}
    documents = [document(file, {"metadata": metadata, **data}) for file, data in zip(files, manifests, strict=True)]
    findings = Findings()
    locks = locked_paths(documents, REGISTRY, findings)
    check_manifests([Layer(document_.file, document_.data, document_) for document_ in documents], locks, findings)
    assert all(diagnostic.rule.code == "R005" for diagnostic in findings.diagnostics)
    return [(str(diagnostic.span), diagnostic.message, diagnostic.hint) for diagnostic in findings.diagnostics]


def test_no_child_may_set_what_a_parent_locks() -> None:
    locking: dict[str, Any] = {"locks": ["catalog"]}
    message = "catalog.replicas may not be set here: catalog is locked"
    hint = 'remove it, or ask @acme/corporate, the owner of the parent "corporate"'
    assert below(locking, {"catalog": {"replicas": 2}}) == [("platform-manifest.yaml:6:1", message, hint)]
    for manifests in ([locking, {}, {"catalog": {"replicas": 2}}], [locking, {"catalog": {"replicas": 2}}, {}]):
        (error,) = below(*manifests)
        assert error[1:] == (message, hint)


def test_a_manifest_and_its_parents_may_set_what_it_locks() -> None:
    assert below({"catalog": {"type": "alpha"}}, {"catalog": {"replicas": 2}, "locks": ["catalog"]}) == []


def test_a_manifest_may_not_discard_what_a_parent_locks() -> None:
    parent = {"catalog": {"type": "alpha", "replicas": 2}, "locks": ["catalog.replicas"]}
    (error,) = below(parent, {"catalog": {"type": "beta"}})
    assert error[1] == "catalog.type may not be set here: catalog.replicas is locked"
