"""The rendered pods that copy and restore a bucket, against two real S3 servers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from backup_programs import ACCESS_KEY, SECRET_KEY, Machine, cut_after, needs_stores, store
from floe_compiler.components import backup_s3, storage_seaweedfs
from floe_compiler.model.plan import Component
from kit.backups.test_scripts import BACKUPS
from support import PRODUCTION, context_of, units_of

PLACE = "backups/prod/floe-platform/seaweedfs/warehouse"
FILES = {"orders/a.parquet": "a", "orders/metadata/1.json": "first", "x y.txt": "1"}
LONG_AGO, IN_FUTURE = "20200101T000000Z", "21000101T000000Z"


@cache
def rendered() -> Mapping[str, Any]:
    contexts: tuple[tuple[Component[Any], dict[str, Any]], ...] = (
        (storage_seaweedfs.COMPONENT, {}),
        (backup_s3.COMPONENT, {**BACKUPS, "object_store": {"schedule": "0 2 * * *"}}),
    )
    units = units_of(
        *((component, context_of(component, config, settings=PRODUCTION)) for component, config in contexts)
    )
    return {f"{manifest['kind']}/{manifest['metadata']['name']}": manifest for manifest in units.objects}


def pod(kind: str) -> Mapping[str, Any]:
    job = rendered()[f"CronJob/warehouse-bucket-{kind}"]["spec"]["jobTemplate"]["spec"]
    return dict(job["template"]["spec"])


class Copies(Machine):
    """The pods, with the buckets `warehouse` and `backups` as folders."""

    @property
    def warehouse(self) -> Path:
        return self.folder / "own" / "warehouse"

    @property
    def copies(self) -> Path:
        return self.folder / "elsewhere" / PLACE

    def have(self, contents: Mapping[str, str]) -> None:
        """Fill the bucket with exactly these files."""
        for path in sorted(self.warehouse.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        for name, text in contents.items():
            (self.warehouse / name).parent.mkdir(parents=True, exist_ok=True)
            (self.warehouse / name).write_text(text)

    def backup(self, **variables: str) -> tuple[int, str]:
        return self.run(pod("backup"), **variables)


def contents(folder: Path) -> dict[str, str]:
    """Return the files of a folder."""
    return {str(file.relative_to(folder)): file.read_text() for file in sorted(folder.rglob("*")) if file.is_file()}


@pytest.fixture
def copies(tmp_path: Path) -> Iterator[Copies]:
    for folder in ("own/warehouse", "elsewhere/backups"):
        (tmp_path / folder).mkdir(parents=True)
    secrets = {
        (name, key): value
        for name in ("seaweedfs-warehouse", "database-backups")
        for key, value in (("access-key", ACCESS_KEY), ("secret-key", SECRET_KEY))
    }
    with ExitStack() as running:
        own, elsewhere = (running.enter_context(store(tmp_path / name)) for name in ("own", "elsewhere"))
        addresses = {"BUCKET": own, "STORE": elsewhere}
        yield Copies(
            tmp_path,
            {"database-backups": rendered()["ConfigMap/database-backups"]["data"]},
            secrets,
            {f"RCLONE_CONFIG_{name}_ENDPOINT": f"http://127.0.0.1:{port}" for name, port in addresses.items()},
        )


@needs_stores
def test_a_copy_mirrors_the_bucket_and_keeps_former_versions(copies: Copies) -> None:
    copies.have(FILES)
    code, output = copies.backup()
    assert code == 0, output
    assert contents(copies.copies / "current") == FILES
    changed = {"orders/metadata/2.json": "second", "x y.txt": "2"}
    copies.have(changed)
    code, output = copies.backup()
    assert code == 0, output
    assert contents(copies.copies / "current") == changed
    (before,) = (copies.copies / "before").iterdir()
    assert contents(before) == FILES


@needs_stores
def test_a_restore_brings_back_the_last_version_of_every_file(copies: Copies) -> None:
    for files in (FILES, {"orders/metadata/2.json": "second", "x y.txt": "2"}):
        copies.have(files)
        code, output = copies.backup()
        assert code == 0, output
    copies.have({"later.txt": "stays"})
    code, output = copies.run(pod("restore"))
    assert code == 0, output
    expected = {**FILES, "orders/metadata/2.json": "second", "x y.txt": "2", "later.txt": "stays"}
    assert contents(copies.warehouse) == expected


@needs_stores
def test_the_copy_of_a_suddenly_empty_bucket_is_kept(copies: Copies) -> None:
    code, output = copies.backup()
    assert (code, "still empty" in output) == (0, True), output
    copies.have(FILES)
    assert copies.backup()[0] == 0
    copies.have({})
    code, output = copies.backup()
    assert (code, "is its volume lost?" in output) == (1, True), output
    assert contents(copies.copies) == {f"current/{name}": text for name, text in FILES.items()}


@needs_stores
def test_former_versions_are_kept_for_the_retention_or_forever(copies: Copies) -> None:
    copies.have(FILES)
    for time in (LONG_AGO, IN_FUTURE):
        (copies.copies / "before" / time).mkdir(parents=True)
        (copies.copies / "before" / time / "old.txt").write_text("old")
    assert copies.backup(RETENTION="")[0] == 0
    assert {file.name for file in (copies.copies / "before").iterdir()} == {LONG_AGO, IN_FUTURE}
    code, output = copies.backup()
    assert code == 0, output
    assert f"deleted {PLACE}/before/{LONG_AGO}" in output
    assert contents(copies.copies / "before") == {f"{IN_FUTURE}/old.txt": "old"}


@needs_stores
@pytest.mark.parametrize("key", [("seaweedfs-warehouse", "secret-key"), ("database-backups", "access-key")])
def test_wrong_keys_fail_and_change_nothing(copies: Copies, key: tuple[str, str]) -> None:
    copies.have(FILES)
    assert copies.backup()[0] == 0
    copies.have({"new.txt": "new"})
    copies.secrets = {**copies.secrets, key: "wrong"}
    assert copies.backup()[0] != 0
    assert contents(copies.copies) == {f"current/{name}": text for name, text in FILES.items()}


@needs_stores
def test_a_broken_connection_fails_and_the_next_copy_is_complete(copies: Copies) -> None:
    copies.have({"large.bin": "x" * 3_000_000})
    port = int(copies.variables["RCLONE_CONFIG_STORE_ENDPOINT"].rpartition(":")[2])
    with cut_after(port, 1_000_000) as cut:
        assert copies.backup(RCLONE_CONFIG_STORE_ENDPOINT=f"http://127.0.0.1:{cut}")[0] != 0
    assert copies.backup()[0] == 0
    assert contents(copies.copies / "current") == {"large.bin": "x" * 3_000_000}
