"""The rendered pods of a backup and a restore test, against servers that speak the APIs of other clouds."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from backup_programs import Machine, needs_programs, rclone
from cloud_stores import AZURITE_ACCOUNT, AZURITE_KEY, azure, azurite_blob, fake_gcs_server, google, google_key
from floe_compiler.components import backup_adls, backup_gcs, database_postgresql
from floe_compiler.model.objects import Object
from postgresql_server import ADMINISTRATOR, running
from support import PRODUCTION, context_of, units_of

DATABASE = {"databases": [{"database": "shop", "user": "seller"}], "server": "main"}
PLACE = "backups/prod/floe-platform/main/shop"
KEY = {"type": "secret"}


def rendered(component: Any, config: dict[str, Any]) -> Mapping[str, Object]:
    """Return the objects of a database and its backups, by kind and name."""
    contexts = [
        (component_, context_of(component_, settings_, settings=PRODUCTION))
        for component_, settings_ in ((database_postgresql.COMPONENT, DATABASE), (component, config))
    ]
    return {f"{manifest['kind']}/{manifest['metadata']['name']}": manifest for manifest in units_of(*contexts).objects}


def pod(objects: Mapping[str, Object], name: str) -> Mapping[str, Any]:
    """Return the pod of a rendered CronJob."""
    template: Mapping[str, Any] = objects[f"CronJob/{name}"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return template


@contextmanager
def machine(folder: Path, objects: Mapping[str, Object], key: tuple[str, str], endpoint: str) -> Iterator[Machine]:
    """Yield a machine with a database, the store's key, and rclone's address of the store, which has no variable."""
    with running() as server:
        for statement in ("CREATE ROLE seller LOGIN PASSWORD 'x'", "CREATE DATABASE shop OWNER seller"):
            assert server.ask(*ADMINISTRATOR, statement).returncode == 0
        assert server.ask("seller", "x", "shop", "CREATE TABLE orders AS SELECT 1 AS id").returncode == 0
        config = {"database-backups": objects["ConfigMap/database-backups"]["data"]}
        secrets = {("shop-postgresql", "password"): "x\n", ("database-backups", key[0]): key[1]}
        variables = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port)}
        programs = {"rclone": f'#!/bin/sh\nexport RCLONE_CONFIG_STORE_ENDPOINT={endpoint}\nexec /opt/rclone "$@"\n'}
        yield Machine(folder, config, secrets, variables, programs)


def backed_up_and_restored(store: Machine, objects: Mapping[str, Object]) -> None:
    """Run a backup, and the test of its restore."""
    code, output = store.run(pod(objects, "shop-backup"))
    assert code == 0, output
    code, output = store.run(pod(objects, "shop-restore-test"))
    assert code == 0, output


@needs_programs
@pytest.mark.skipif(not fake_gcs_server(), reason="fake-gcs-server is not installed")
def test_a_backup_in_google_cloud_storage_is_restored(tmp_path: Path) -> None:
    objects = rendered(backup_gcs.COMPONENT, {"bucket": "backups", "credentials": KEY})
    (tmp_path / "buckets" / "backups").mkdir(parents=True)
    with google(tmp_path / "buckets") as port, google_key() as (key, token_requests):
        endpoint = f"http://127.0.0.1:{port}/storage/v1/"
        with machine(tmp_path, objects, ("service-account.json", key), endpoint) as store:
            backed_up_and_restored(store, objects)
    assert token_requests, "the key was exchanged for a token"
    assert [path.suffix for path in (tmp_path / "buckets" / PLACE).iterdir() if path.is_file()] == [".dump"]


@needs_programs
@pytest.mark.skipif(not azurite_blob(), reason="azurite-blob is not installed (npm: azurite)")
def test_a_backup_in_azure_is_restored(tmp_path: Path) -> None:
    config = {"account": AZURITE_ACCOUNT, "container": "backups", "credentials": KEY}
    objects = rendered(backup_adls.COMPONENT, config)
    (tmp_path / "azure").mkdir()
    with azure(tmp_path / "azure") as port:
        endpoint = f"http://127.0.0.1:{port}/{AZURITE_ACCOUNT}"
        options = ["--azureblob-account", AZURITE_ACCOUNT, "--azureblob-key", AZURITE_KEY]
        command = [rclone(), "--config", "/dev/null", *options, "--azureblob-endpoint", endpoint]
        subprocess.run([*command, "mkdir", ":azureblob:backups"], check=True, timeout=60)
        with machine(tmp_path, objects, ("account-key", AZURITE_KEY), endpoint) as store:
            backed_up_and_restored(store, objects)
        listed = subprocess.run(
            [*command, "lsf", f":azureblob:{PLACE}"], check=True, capture_output=True, text=True, timeout=60
        )
    assert listed.stdout.strip().endswith(".dump")
    shutil.rmtree(tmp_path / "azure")
