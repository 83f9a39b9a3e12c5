"""Backups in the mesh's own SeaweedFS: the rendered objects, and what is refused."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from database_backups import added, without_scripts
from floe_compiler.components import storage_seaweedfs
from floe_compiler.components.backup_seaweedfs import COMPONENT
from floe_compiler.model.capabilities import ObjectStore
from support import as_text, context_of

BUCKETS = {"warehouse": 1, "backups": 0}


def test_rendered(snapshot: SnapshotAssertion) -> None:
    assert as_text(without_scripts(added(COMPONENT, {}, production=False))) == snapshot


@pytest.mark.parametrize("bucket", BUCKETS)
def test_the_bucket_of_the_warehouse_is_refused(bucket: str) -> None:
    store = storage_seaweedfs.COMPONENT.provides(context_of(storage_seaweedfs.COMPONENT).instance)
    refusals = [*COMPONENT.refuses(context_of(COMPONENT, {"bucket": bucket}, capabilities=store))]
    assert len(refusals) == BUCKETS[bucket]


def test_it_needs_seaweedfs() -> None:
    (required,) = COMPONENT.requires(context_of(COMPONENT).instance)
    assert (required.kind, required.name, required.optional) == (ObjectStore, "seaweedfs", False)
