"""The tasks that follow from databases: their number, names, servers and rights."""

from __future__ import annotations

from typing import Any

import pytest

from floe_compiler.components import backup_adls, backup_gcs, backup_minio, backup_none, backup_s3, backup_seaweedfs
from floe_compiler.kit.backups.tasks import backup_parts
from floe_compiler.model.capabilities import BackupStore, DatabaseBackups
from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint
from floe_compiler.model.facts import Container, Parts, Task, containers_of
from floe_compiler.model.operations import BucketData, DatabaseData, VolumeData
from floe_compiler.model.secrets import Secret, SecretKey
from support import PRODUCTION, context_of

PORT = Port("postgresql", 5432, scheme="postgresql")
IDENTITY = "arn:aws:iam::123456789012:role/backups"
S3 = {"bucket": "acme-backups", "region": "eu-central-1", "credentials": {"type": "identity", "role": IDENTITY}}


def data(database: str, server: str = "main", *, own_backup: bool = False) -> DatabaseData:
    password = Secret(f"{database}-postgresql", "floe-sales-domain", (SecretKey("password"),)).key("password")
    address = service_endpoint(server, "floe-sales-domain", "cluster.local", (PORT,))
    return DatabaseData(address, database, "owner", password, "docker.io/library/postgres:16.15-trixie", own_backup)


def tasks(*databases: DatabaseData, component: Any = backup_s3, **config: Any) -> dict[str, Task]:
    context = context_of(component.COMPONENT, config or S3, settings=PRODUCTION, scope="sales")
    parts = (Parts(data=databases[:1]), Parts(data=(*databases[1:], VolumeData("minio", "data"))))
    return {task.name: task for task in component.COMPONENT.extends(context, parts).tasks}


def variables(container: Container) -> dict[str, str]:
    return {variable.name: variable.value for variable in container.variables}


def test_a_database_has_a_backup_a_restore_and_a_test_of_it() -> None:
    declared = tasks(data("dagster"))
    assert {name: (task.schedule, task.suspended) for name, task in declared.items()} == {
        "dagster-backup": ("0 */6 * * *", False),
        "dagster-restore": ("0 0 1 1 *", True),
        "dagster-restore-test": ("30 4 * * 0", False),
    }
    assert declared["dagster-backup"].labels == (("floe.dev/backup", "dagster"),)
    assert all(task.concurrency == "Forbid" for task in declared.values())
    assert declared["dagster-restore"].retries == 0


def test_the_dump_comes_before_it_is_sent_and_the_file_before_it_is_restored() -> None:
    declared = tasks(data("dagster"))
    order = {name: [container.name for container in containers_of(task.pod)] for name, task in declared.items()}
    assert order == {
        "dagster-backup": ["dump", "upload"],
        "dagster-restore": ["fetch", "restore"],
        "dagster-restore-test": ["fetch", "restore-test"],
    }


def test_only_the_right_tasks_may_call_the_database_and_the_store() -> None:
    declared = tasks(data("dagster"))
    hosts = {name: [called.host for called in task.pod.servers()] for name, task in declared.items()}
    store = ["s3.eu-central-1.amazonaws.com", "sts.eu-central-1.amazonaws.com"]
    server = "main.floe-sales-domain.svc.cluster.local"
    assert hosts["dagster-backup"] == hosts["dagster-restore"] == [server, *store]
    assert hosts["dagster-restore-test"] == store, "it must never reach the database itself"
    assert declared["dagster-backup"].pod.waits_for == (data("dagster").endpoint,)
    assert {task.pod.account for task in declared.values()} == {"database-backups"}, "one account to trust"


def test_only_tasks_that_need_a_password_or_a_key_have_it() -> None:
    keys = {**S3, "credentials": {"type": "secret"}}
    for name, task in tasks(data("dagster"), **keys).items():
        secrets = {
            program.name: {file.secret.secret.name for file in program.secret_files}
            for program in containers_of(task.pod)
        }
        for container, names in secrets.items():
            of_store = container in ("upload", "fetch")
            expected = set() if container == "restore-test" else {"dagster-postgresql"}
            assert names == ({"database-backups"} if of_store else expected), name
        assert not [
            variable for container_ in containers_of(task.pod) for variable in container_.variables if variable.secret
        ]


def test_a_domain_has_its_own_key_and_folder() -> None:
    (backup, *_) = tasks(data("dagster"), **{**S3, "prefix": "/mesh/", "credentials": {"type": "secret"}}).values()
    upload = backup.pod.containers[0]
    assert variables(upload)["DESTINATION"] == "acme-backups/mesh/prod/floe-sales-domain/main/dagster"
    assert {file.secret.secret.owner for file in upload.secret_files} == {"floe-sales-domain"}


def test_names_of_databases_never_clash() -> None:
    long = "a" * 63
    declared = tasks(data("shop", "one"), data("shop", "two"), data("a_b"), data("_a_b"), data(long))
    backups = [name for name, task in declared.items() if task.labels[0][0] == "floe.dev/backup"]
    assert len(backups) == len({*backups}) == 5
    assert all(len(name) <= 52 for name in declared)
    places = {variables(task.pod.containers[0])["DESTINATION"] for name, task in declared.items() if name in backups}
    assert len(places) == 5
    assert "shop-backup" not in backups


def test_a_server_that_backs_itself_up_has_a_test_of_all_its_databases() -> None:
    declared = tasks(data("dagster", own_backup=True), data("marquez", own_backup=True), data("shop", "other"))
    own = {name: task for name, task in declared.items() if not name.startswith("shop")}
    assert [*own] == ["main-cluster-restore-test"]
    (test,) = own.values()
    assert (test.schedule, test.suspended, test.labels) == ("30 4 * * 0", False, (("floe.dev/restore-test", "main"),))
    fetch, restore = containers_of(test.pod)
    assert (fetch.name, restore.name) == ("cluster-fetch", "cluster-restore-test")
    assert variables(fetch)["SOURCE"] == "acme-backups/prod/floe-sales-domain/main"
    assert variables(restore)["DATABASES"] == "dagster marquez"
    assert not [call for call in test.pod.calls if call.group], "it cannot reach the server"
    assert not test.pod.calls_kubernetes
    assert [*tasks(data("dagster", own_backup=True), **{**S3, "restore_test": None})] == []
    long = [*tasks(data("dagster", "a" * 60, own_backup=True))]
    assert len(long[0]) <= 52


def test_retention_and_the_restore_test_can_be_left_out() -> None:
    declared = tasks(data("dagster"), **{**S3, "retention_days": None, "restore_test": None})
    assert [*declared] == ["dagster-backup", "dagster-restore"]
    assert variables(declared["dagster-backup"].pod.containers[0])["RETENTION"] == ""
    assert variables(tasks(data("dagster"))["dagster-backup"].pod.containers[0])["RETENTION"] == "30d"


REMOTE = "RCLONE_CONFIG_STORE_"
GCS = {"bucket": "acme-backups"}
ADLS = {"account": "acmebackups", "container": "backups"}
ROBOT = "backups@acme-data.iam.gserviceaccount.com"
CLIENT = "00000000-0000-0000-0000-000000000001"


@pytest.mark.parametrize(
    ("component", "config", "options", "files", "annotations", "hosts"),
    [
        (
            backup_s3,
            S3,
            {"TYPE": "s3", "PROVIDER": "AWS", "REGION": "eu-central-1", "NO_CHECK_BUCKET": "true", "ENV_AUTH": "true"},
            [],
            {"eks.amazonaws.com/role-arn": IDENTITY},
            ["s3.eu-central-1.amazonaws.com:443", "sts.eu-central-1.amazonaws.com:443"],
        ),
        (
            backup_s3,
            {**S3, "endpoint": "https://store.example.com:9000", "credentials": {"type": "secret"}},
            {
                "TYPE": "s3",
                "PROVIDER": "Other",
                "REGION": "eu-central-1",
                "ENDPOINT": "https://store.example.com:9000",
                "FORCE_PATH_STYLE": "true",
                "NO_CHECK_BUCKET": "true",
            },
            ["ACCESS_KEY_ID", "SECRET_ACCESS_KEY"],
            {},
            ["store.example.com:9000"],
        ),
        (
            backup_minio,
            {"bucket": "backups"},
            {
                "TYPE": "s3",
                "PROVIDER": "Other",
                "REGION": "us-east-1",
                "ENDPOINT": "http://minio.floe-platform.svc.cluster.local:9000",
                "FORCE_PATH_STYLE": "true",
                "NO_CHECK_BUCKET": "true",
            },
            ["ACCESS_KEY_ID", "SECRET_ACCESS_KEY"],
            {},
            ["minio.floe-platform.svc.cluster.local:9000"],
        ),
        (
            backup_seaweedfs,
            {"bucket": "backups"},
            {
                "TYPE": "s3",
                "PROVIDER": "Other",
                "REGION": "us-east-1",
                "ENDPOINT": "http://seaweedfs.floe-platform.svc.cluster.local:8333",
                "FORCE_PATH_STYLE": "true",
                "NO_CHECK_BUCKET": "true",
            },
            ["ACCESS_KEY_ID", "SECRET_ACCESS_KEY"],
            {},
            ["seaweedfs.floe-platform.svc.cluster.local:8333"],
        ),
        (
            backup_gcs,
            {**GCS, "credentials": {"type": "identity", "service_account": ROBOT}},
            {
                "TYPE": "google cloud storage",
                "BUCKET_POLICY_ONLY": "true",
                "NO_CHECK_BUCKET": "true",
                "ENV_AUTH": "true",
            },
            [],
            {"iam.gke.io/gcp-service-account": ROBOT},
            ["metadata.google.internal:80", "metadata.google.internal:988", "storage.googleapis.com:443"],
        ),
        (
            backup_gcs,
            {**GCS, "credentials": {"type": "secret"}},
            {"TYPE": "google cloud storage", "BUCKET_POLICY_ONLY": "true", "NO_CHECK_BUCKET": "true"},
            ["SERVICE_ACCOUNT_CREDENTIALS"],
            {},
            ["oauth2.googleapis.com:443", "storage.googleapis.com:443"],
        ),
        (
            backup_adls,
            {**ADLS, "credentials": {"type": "identity", "client_id": CLIENT}},
            {"TYPE": "azureblob", "ACCOUNT": "acmebackups", "NO_CHECK_CONTAINER": "true", "ENV_AUTH": "true"},
            [],
            {"azure.workload.identity/client-id": CLIENT},
            ["acmebackups.blob.core.windows.net:443", "login.microsoftonline.com:443"],
        ),
        (
            backup_adls,
            {**ADLS, "credentials": {"type": "secret"}},
            {"TYPE": "azureblob", "ACCOUNT": "acmebackups", "NO_CHECK_CONTAINER": "true"},
            ["KEY"],
            {},
            ["acmebackups.blob.core.windows.net:443"],
        ),
    ],
)
def test_each_store_works_with_keys_and_with_an_identity(
    component: Any,
    config: dict[str, Any],
    options: dict[str, str],
    files: list[str],
    annotations: dict[str, str],
    hosts: list[str],
) -> None:
    task = tasks(data("dagster"), component=component, **config)["dagster-restore-test"]
    (fetch,) = task.pod.setup
    remote = {name.removeprefix(REMOTE): text for name, text in variables(fetch).items() if name.startswith(REMOTE)}
    assert remote == options
    assert [file.path for file in fetch.secret_files] == [f"/run/secrets/store/{name}" for name in files]
    identity = task.pod.workload_identity
    assert dict(identity.annotations if identity else ()) == annotations
    assert sorted(f"{server.host}:{port.number}" for server in task.pod.servers() for port in server.ports) == hosts
    azure = component is backup_adls and identity is not None
    assert dict(identity.labels if identity else ()) == ({"azure.workload.identity/use": "true"} if azure else {})


@pytest.mark.parametrize(("store", "name"), [(backup_minio, "minio"), (backup_seaweedfs, "seaweedfs")])
def test_the_bucket_in_the_meshs_own_store_is_created_once_with_its_own_user(store: Any, name: str) -> None:
    def own(scope: str) -> Parts:
        parts: Parts = store.COMPONENT.build(context_of(store.COMPONENT, scope=scope))
        return parts

    assert own("sales") == Parts()
    (task,) = own("platform").tasks
    (container,) = task.pod.containers
    assert container.arguments == ("backups",)
    secrets = {file.secret.secret.name for file in container.secret_files}
    assert secrets == {f"{name}-admin", f"{name}-backups"}


def test_servers_that_back_themselves_up_get_the_settings_of_the_store() -> None:
    (backup_store,) = backup_s3.provides(context_of(backup_s3.COMPONENT, S3, settings=PRODUCTION).instance)
    assert (backup_store.schedule, backup_store.retention_days) == ("0 */6 * * *", 30)
    assert backup_store.store
    assert backup_store.store.folder == "prod/floe-platform"
    reason = {"reason": "nothing in it is missed"}
    assert backup_none.provides(context_of(backup_none.COMPONENT, reason).instance) == (DatabaseBackups("none"),)


def test_tasks_of_an_external_store_need_no_component() -> None:
    store = BackupStore("s3", Endpoint("s3.example.com", (Port("https", 443),)), "bucket", "folder")
    settings = context_of(backup_s3.COMPONENT, S3).config
    assert len(backup_parts(settings, store, (Parts(data=(data("x"),)),)).tasks) == 3


LOGIN = Secret("seaweedfs-warehouse", "floe-platform", (SecretKey("access-key"), SecretKey("secret-key")))
API = service_endpoint("seaweedfs", "floe-platform", "cluster.local", (Port("s3", 8333, scheme="http"),))
WAREHOUSE = BucketData(
    API, "http://seaweedfs:8333", "us-east-1", "warehouse", LOGIN.key("access-key"), LOGIN.key("secret-key")
)


@pytest.mark.parametrize("component", [backup_adls, backup_gcs, backup_s3])
def test_buckets_in_the_cluster_are_copied_if_configured(component: Any) -> None:
    stores = {
        backup_adls: {"account": "acmebackups", "container": "backups", "credentials": {"type": "secret"}},
        backup_gcs: {"bucket": "acme-backups", "credentials": {"type": "secret"}},
        backup_s3: S3,
    }

    def copies(**config: Any) -> dict[str, Task]:
        context = context_of(component.COMPONENT, {**stores[component], **config}, settings=PRODUCTION)
        parts = component.COMPONENT.extends(context, (Parts(data=(WAREHOUSE,)),))
        return {task.name: task for task in parts.tasks}

    assert copies() == {}
    declared = copies(object_store={"timeout": "2h"}, retention_days=7)
    assert {name: (task.schedule, task.suspended, task.deadline) for name, task in declared.items()} == {
        "warehouse-bucket-backup": ("30 1 * * *", False, 7200),
        "warehouse-bucket-restore": ("0 0 1 1 *", True, 7200),
    }
    backup = declared["warehouse-bucket-backup"]
    assert backup.labels == (("floe.dev/backup", "warehouse-bucket"),), "an alert watches its age, too"
    assert API in backup.pod.calls
    env = variables(backup.pod.containers[0])
    assert env["DESTINATION"].endswith("backups/prod/floe-platform/seaweedfs/warehouse")
    assert env["RETENTION"] == "7d"
