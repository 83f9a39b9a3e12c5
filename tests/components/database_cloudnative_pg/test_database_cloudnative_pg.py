"""PostgreSQL by CloudNativePG: its cluster, its backups to each kind of store, and unsupported settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from floe_compiler.check.objects.schemas import schemas_for
from floe_compiler.components import backup_adls, backup_gcs, backup_minio, backup_none, backup_s3
from floe_compiler.components.database_cloudnative_pg import COMPONENT, ClusterConfig, endpoint, provides
from floe_compiler.model.facts import OperatedPods
from floe_compiler.model.objects import Object
from floe_compiler.model.plan import Component, Context
from floe_compiler.model.settings import Settings
from floe_compiler.model.trust import Trust
from support import DEVELOPMENT, PRODUCTION, as_text, changed, context_of, starts_after, unit_of

SERVER = "sales-postgresql"
OWNERS = [{"database": "dagster", "user": "dagster"}, {"database": "order_marts", "user": "marts"}]
ROLE = "arn:aws:iam::123456789012:role/backups"
S3 = {"bucket": "acme-backups", "region": "eu-central-1", "credentials": {"type": "identity", "role": ROLE}}
KEYS = {**S3, "endpoint": "https://store.example.com", "credentials": {"type": "secret"}}
ROBOT = {"type": "identity", "service_account": "backups@acme-data.iam.gserviceaccount.com"}
CLIENT = "00000000-0000-0000-0000-000000000001"
ADLS = {"account": "acmebackups", "container": "backups"}
Store = tuple[Component[Any], dict[str, Any]]


def context(store: Store | None = None, settings: Settings = PRODUCTION, **config: Any) -> Context[ClusterConfig]:
    """Return a server of the domain `sales`, with the name that resolution gives it and a backup store."""
    backups = (
        store[0].provides(context_of(*store, settings=settings, scope="sales").instance) if store is not None else ()
    )
    values = {"server": SERVER, "databases": OWNERS, **config}
    context_ = context_of(COMPONENT, values, settings=settings, scope="sales", capabilities=backups)
    return replace(context_, instance=replace(context_.instance, name=SERVER))


def objects(store: Store | None = None, **config: Any) -> dict[str, Object]:
    return {manifest["kind"]: manifest for manifest in COMPONENT.build(context(store, **config)).objects}


def pods(store: Store | None = None, **config: Any) -> OperatedPods:
    (operated,) = COMPONENT.build(context(store, **config)).operated
    return operated


def test_clients_call_the_primary_of_three_servers() -> None:
    assert objects()["Cluster"]["spec"]["instances"] == 3
    operated = pods()
    assert operated.serving == (("cnpg.io/instanceRole", "primary"),)
    assert operated.count == 4, "a Job creates the volume of a new instance"
    assert operated.operator == "cnpg-system"
    assert [(metric.port, operated.endpoint("n", "d").port(metric.port).number) for metric in operated.metrics] == [
        ("metrics", 9187)
    ]
    (database, _) = provides(context().instance)
    assert (database.name, database.endpoint.host) == (
        f"{SERVER}/dagster",
        f"{SERVER}.floe-sales-domain.svc.cluster.local",
    )
    assert database.endpoint.labels == (("cnpg.io/cluster", SERVER),)


def test_the_databases_are_created_before_others_use_them() -> None:
    parts = COMPONENT.build(context())
    (task,) = parts.tasks
    assert task.pod.containers[0].arguments == ("dagster=dagster", "order_marts=marts")
    assert task.prepares == (endpoint(context().instance),)
    caller = replace(task, name="migrate", prepares=())
    order = starts_after(replace(parts, tasks=(task, caller)), "floe-sales-domain")
    assert order == {("migrate", f"{SERVER}-databases")}


def test_the_delivery_tool_never_deletes_it() -> None:
    annotations = objects()["Cluster"]["metadata"]["annotations"]
    assert "Prune=false" in annotations["argocd.argoproj.io/sync-options"]


def test_production_runs_each_server_on_its_own_node() -> None:
    for settings, kind in ((PRODUCTION, "required"), (DEVELOPMENT, "preferred")):
        spec = objects(settings=settings)["Cluster"]["spec"]
        assert spec["affinity"]["podAntiAffinityType"] == kind


@pytest.mark.parametrize(
    ("store", "configuration"),
    [
        (
            (backup_s3.COMPONENT, S3),
            {
                "destinationPath": "s3://acme-backups/prod/floe-sales-domain/",
                "s3Credentials": {"inheritFromIAMRole": True},
            },
        ),
        (
            (backup_s3.COMPONENT, KEYS),
            {
                "destinationPath": "s3://acme-backups/prod/floe-sales-domain/",
                "endpointURL": "https://store.example.com",
                "s3Credentials": {
                    "accessKeyId": {"name": "database-backups", "key": "access-key"},
                    "secretAccessKey": {"name": "database-backups", "key": "secret-key"},
                },
            },
        ),
        (
            (backup_minio.COMPONENT, {}),
            {
                "destinationPath": "s3://backups/prod/floe-sales-domain/",
                "endpointURL": "http://minio.floe-platform.svc.cluster.local:9000",
                "s3Credentials": {
                    "accessKeyId": {"name": "minio-backups", "key": "access-key"},
                    "secretAccessKey": {"name": "minio-backups", "key": "secret-key"},
                },
            },
        ),
        (
            (backup_gcs.COMPONENT, {"bucket": "acme-backups", "credentials": ROBOT}),
            {
                "destinationPath": "gs://acme-backups/prod/floe-sales-domain/",
                "googleCredentials": {"gkeEnvironment": True},
            },
        ),
        (
            (backup_gcs.COMPONENT, {"bucket": "acme-backups", "credentials": {"type": "secret"}}),
            {
                "destinationPath": "gs://acme-backups/prod/floe-sales-domain/",
                "googleCredentials": {
                    "applicationCredentials": {"name": "database-backups", "key": "service-account.json"}
                },
            },
        ),
        (
            (backup_adls.COMPONENT, {**ADLS, "credentials": {"type": "identity", "client_id": CLIENT}}),
            {
                "destinationPath": "https://acmebackups.blob.core.windows.net/backups/prod/floe-sales-domain/",
                "azureCredentials": {"inheritFromAzureAD": True},
            },
        ),
    ],
)
def test_backups_go_to_the_configured_store(store: Store, configuration: dict[str, Any]) -> None:
    manifests = objects(store)
    compressed = {"wal": {"compression": "gzip"}, "data": {"compression": "gzip"}}
    assert manifests["ObjectStore"]["spec"]["configuration"] == configuration | compressed
    assert manifests["ObjectStore"]["spec"]["retentionPolicy"] == "30d"
    (plugin,) = manifests["Cluster"]["spec"]["plugins"]
    assert plugin["isWALArchiver"]
    assert plugin["parameters"]["barmanObjectName"] == manifests["ObjectStore"]["metadata"]["name"]
    hosts = {call.host for call in pods(store).calls}
    assert hosts > {f"{SERVER}.floe-sales-domain.svc.cluster.local"}, "it replicates, and sends backups"


@pytest.mark.parametrize(("schedule", "six"), [("0 */6 * * *", "0 0 */6 * * *"), ("@daily", "0 0 0 * * *")])
def test_the_schedule_starts_with_a_field_for_seconds(schedule: str, six: str) -> None:
    backup = objects((backup_s3.COMPONENT, {**S3, "schedule": schedule}))["ScheduledBackup"]
    assert backup["spec"]["schedule"] == six
    assert backup["spec"]["cluster"] == {"name": SERVER}


@pytest.mark.parametrize("store", [None, (backup_none.COMPONENT, {"reason": "nothing in it is missed"})])
def test_without_a_store_there_are_no_backups(store: Store | None) -> None:
    assert [*objects(store)] == ["Cluster"]
    assert "plugins" not in objects(store)["Cluster"]["spec"]


def test_databases_are_declared_as_data_that_needs_no_dump() -> None:
    assert {(database.database, database.own_backup) for database in COMPONENT.build(context()).data} == {  # type: ignore[union-attr]
        ("dagster", True),
        ("order_marts", True),
    }


def test_the_quota_has_room_for_the_sidecar() -> None:
    assert (pods().resources.cpu, pods().resources.memory) == ("500m", "1Gi")
    with_sidecar = pods((backup_s3.COMPONENT, S3)).resources
    assert (with_sidecar.cpu, with_sidecar.memory) == ("600m", "1280Mi")


def test_unsupported_settings_are_refused() -> None:
    def messages(store: Store) -> list[str]:
        return [refusal.message for refusal in COMPONENT.refuses(context(store))]

    assert messages((backup_s3.COMPONENT, S3)) == []
    (zone,) = messages((backup_s3.COMPONENT, {**S3, "time_zone": "Europe/Berlin"}))
    assert "no time zone" in zone
    (key,) = messages((backup_adls.COMPONENT, {**ADLS, "credentials": {"type": "secret"}}))
    assert "storage account" in key


def test_keys_come_from_the_secret_store() -> None:
    unit = unit_of(COMPONENT, context((backup_s3.COMPONENT, KEYS)))
    names = {manifest["metadata"]["name"] for manifest in unit.objects if manifest["kind"] == "ExternalSecret"}
    assert names == {"database-backups", f"{SERVER}-admin", "dagster-postgresql", "order-marts-postgresql"}


@pytest.mark.parametrize("scale", ["light", "heavy"])
def test_rendered(scale: str, snapshot: SnapshotAssertion) -> None:
    settings = changed(PRODUCTION, environment={"scale": scale})
    unit = unit_of(COMPONENT, context((backup_s3.COMPONENT, S3), settings))
    own = [manifest for manifest in unit.objects if manifest["metadata"]["name"] == SERVER]
    assert as_text(own) == snapshot


def test_the_documented_recovery_fits_the_published_schema() -> None:
    text = (Path(__file__).parents[3] / "docs/recovery.md").read_text(encoding="utf-8")
    block = text.partition("<!-- recovery of a cluster -->\n```yaml\n")[2].partition("```")[0]
    cluster = objects((backup_s3.COMPONENT, S3))["Cluster"]
    without = {key: value for key, value in cluster["spec"].items() if key not in ("bootstrap", "plugins")}
    recovery = yaml.safe_load(block)
    recovered = {**cluster, "spec": {**without, **recovery}}
    assert schemas_for("1.34", ()).violations(recovered) == ()
    (old,) = recovery["externalClusters"]
    assert recovery["bootstrap"]["recovery"]["source"] == old["name"]
    assert old["plugin"]["name"] == cluster["spec"]["plugins"][0]["name"]


def test_with_an_issuer_clients_verify_the_primary_and_connect_only_over_tls() -> None:
    secure = replace(PRODUCTION, trust=Trust("company-ca"), tls_issuer="acme-internal")
    built = COMPONENT.build(context(settings=secure))
    manifests = {manifest["kind"]: manifest for manifest in built.objects}
    certificate, cluster = manifests["Certificate"]["spec"], manifests["Cluster"]["spec"]
    secret = certificate["secretName"]
    assert cluster["certificates"] == {"serverTLSSecret": secret, "serverCASecret": secret}
    assert cluster["postgresql"] == {"pg_hba": ["hostnossl all all all reject"]}
    # Instances connect to each other by a Service of the operator.
    assert {f"{SERVER}.floe-sales-domain.svc.cluster.local", f"{SERVER}-rw"} <= set(certificate["dnsNames"])
    assert certificate["secretTemplate"] == {"labels": {"cnpg.io/reload": "true"}}
    assert {database.ssl_mode for database in provides(context(settings=secure).instance)} == {"verify-full"}


def test_without_an_issuer_the_operator_signs_its_own_certificate() -> None:
    assert "Certificate" not in objects()
    assert not {"certificates", "postgresql"} & objects()["Cluster"]["spec"].keys()


def test_backups_verify_a_store_with_a_certificate_of_the_same_issuer() -> None:
    secure = replace(PRODUCTION, trust=Trust("company-ca"), tls_issuer="acme-internal")
    for settings, expected in ((secure, {"name": f"{SERVER}-server-tls", "key": "ca.crt"}), (PRODUCTION, None)):
        built = COMPONENT.build(context((backup_minio.COMPONENT, {}), settings))
        (store,) = (manifest for manifest in built.objects if manifest["kind"] == "ObjectStore")
        assert store["spec"]["configuration"].get("endpointCA") == expected
        assert store["spec"]["configuration"]["endpointURL"].startswith("https:" if expected else "http:")
