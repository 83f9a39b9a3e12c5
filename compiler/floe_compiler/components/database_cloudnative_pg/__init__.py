"""PostgreSQL with failover inside the cluster, run by CloudNativePG. The operator must be installed.

It sends its own backups: continuously, and a base backup by the schedule of `databases.backup`, with the Barman Cloud
plugin, which must be installed in the operator's namespace.

Sources: cloudnative-pg 1.30, `docs/src/` (networking, security, backup, labels and annotations), `pkg/specs/`,
`internal/webhook/v1/scheduledbackup_webhook.go` (robfig/cron 1.2: six fields, no time zone),
`pkg/management/postgres/webserver/probes/pinger.go` (instances call each other); plugin-barman-cloud 0.14, `docs/`. The
objects were given to the operator itself, whose webhooks take them, and its pods to kube-apiserver; no server has run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace
from pydantic import Field

from floe_compiler.components.database_cloudnative_pg import monitoring
from floe_compiler.kit import databases, labels, postgresql, service_mesh
from floe_compiler.kit.certificates import certificate
from floe_compiler.kit.delivery import guarded
from floe_compiler.kit.images import pull_from
from floe_compiler.kit.meta import manifest, present
from floe_compiler.kit.operated import pod_labels
from floe_compiler.kit.placement import placed
from floe_compiler.kit.pods import resources
from floe_compiler.kit.postgresql import DatabaseOwner, administrator_secret
from floe_compiler.kit.resources import declared
from floe_compiler.model.capabilities import BackupStore, Database, DatabaseBackups
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.facts import OperatedPods, Parts, Resources
from floe_compiler.model.fields import Name
from floe_compiler.model.inputs import CloudNativePg
from floe_compiler.model.objects import Object
from floe_compiler.model.operations import DatabaseData, Metrics
from floe_compiler.model.plan import Component, Context, Instance, Refusal, Requirement
from floe_compiler.model.quantities import parse_quantity
from floe_compiler.model.schedules import in_fields
from floe_compiler.model.secrets import SecretReference
from floe_compiler.model.trust import certificate_name

IMAGE = "ghcr.io/cloudnative-pg/postgresql:16.10-system-trixie"
PLUGIN = "barman-cloud.cloudnative-pg.io"
METRICS = Port("metrics", 9187, service=False)
STATUS = Port("status", 8000, service=False)
PRIMARY = (("cnpg.io/instanceRole", "primary"),)
UTC = ("Etc/UTC", "UTC")


class ClusterConfig(CloudNativePg):
    """A cluster with the databases of its consumers. Derived from their `database` settings, not written by people."""

    server: Name
    """The cluster's name."""
    databases: tuple[DatabaseOwner, ...] = Field(default=(), strict=False)
    """The databases in it."""


def pods(instance: Instance[ClusterConfig], backups: DatabaseBackups | None = None) -> OperatedPods:
    """Return the pods of the cluster; only the primary is behind their Service.

    There is room for one more: a Job makes the volume of each new instance.
    """
    config, store = instance.config, backups.store if backups else None
    own = declared(config.resources)
    server = OperatedPods(
        config.server,
        (("cnpg.io/cluster", config.server),),
        _together(own, backups.resources) if store and backups and backups.resources else own,
        count=config.instances + 1,
        storage=config.storage,
        ports=(postgresql.server_port(instance.settings), METRICS, STATUS),
        kubernetes_api=True,
        operator=config.operator_namespace,
        metrics=(Metrics(METRICS.name, panels=monitoring.panels(backups)),),
        serving=PRIMARY,
        told_authorities=True,  # of its own servers, and of the store
    )
    itself = server.endpoint(instance.namespace, instance.settings.cluster.domain).only(
        postgresql.PORT.name, STATUS.name
    )
    exchanges = store.identity.endpoints if store and store.identity else ()
    secrets = (administrator_secret(config.server, instance.namespace), *(key.secret for key in _keys(store)))
    return replace(
        server,
        calls=(itself, *(store.calls() if store else ()), *exchanges),
        secrets=tuple(dict.fromkeys(secrets)),
    )


def _together(resources: Resources, other: Resources) -> Resources:
    """Return the sum of two containers' CPU and memory."""
    cpu, memory, cpu_limit, memory_limit = (
        str(parse_quantity(getattr(resources, name)) + parse_quantity(getattr(other, name)))
        for name in ("cpu", "memory", "cpu_limit", "memory_limit")
    )
    return Resources(cpu, memory, cpu_limit, memory_limit)


def _keys(store: BackupStore | None) -> Iterator[SecretReference]:
    yield from (key for key in (store.access_key, store.secret_key) if key) if store else ()


def endpoint(instance: Instance[ClusterConfig]) -> Endpoint:
    """Return the endpoint of the primary."""
    server = pods(instance).endpoint(instance.namespace, instance.settings.cluster.domain)
    return server.only(postgresql.PORT.name)


def provides(instance: Instance[ClusterConfig]) -> tuple[Database, ...]:
    """Return the databases, each by the name `<server>/<database>`."""
    return databases.provided(instance, endpoint(instance), instance.config.databases)


def requires(_instance: Instance[ClusterConfig]) -> tuple[Requirement, ...]:
    """Return where backups go, if anywhere."""
    return (Requirement(DatabaseBackups, optional=True),)


def refuses(context: Context[ClusterConfig]) -> Iterator[Refusal]:
    """Refuse what CloudNativePG cannot do, but the backups of other databases can."""
    backups = context.optional(DatabaseBackups)
    store = backups.store if backups else None
    path = tuple(DatabaseBackups.slot.split("."))
    if backups and store and backups.time_zone not in UTC:
        message = f"has no time zone for its backups, which are to be made in that of {backups.time_zone}"
        yield Refusal(message, "leave time_zone out, and write the schedule in UTC", scope_path=(*path, "time_zone"))
    if store and store.kind == "adls" and not store.identity:
        message = "takes the name of a storage account from the same secret as its key, which this one does not have"
        hint = "let it log in without a key: `credentials: {type: identity, client_id: ...}`"
        yield Refusal(message, hint, scope_path=(*path, "credentials", "type"))


def build(context: Context[ClusterConfig]) -> Parts:
    """Return the cluster, the task that creates the databases, its backups, and the data to back up."""
    instance, backups = context.instance, context.optional(DatabaseBackups)
    data = tuple(
        DatabaseData(
            database.endpoint, database.database, database.user, database.password, postgresql.IMAGE, own_backup=True
        )
        for database in provides(instance)
    )
    own = pods(instance, backups)
    return Parts(
        tasks=(databases.creation(instance, endpoint(instance), instance.config.databases),),
        objects=(_cluster(instance, own, backups), *_certificates(instance), *_backups(instance, backups)),
        operated=(own,),
        data=data,
        alerts=tuple(monitoring.alerts(instance.namespace, instance.config.server, instance.config.storage, backups)),
    )


def _cluster(instance: Instance[ClusterConfig], own: OperatedPods, backups: DatabaseBackups | None) -> Object:
    config, settings = instance.config, instance.settings
    store = backups.store if backups else None
    identity = store.identity if store else None
    nodes = placed(instance.placement.services)
    spec = present(
        instances=config.instances,
        imageName=pull_from(settings, IMAGE),
        imagePullSecrets=[{"name": settings.platform.pull_secret}] if settings.platform.pull_secret else [],
        inheritedMetadata={
            "labels": dict(sorted((pod_labels(own) | dict(identity.labels if identity else ())).items())),
            **present(annotations=dict(service_mesh.pod_annotations(settings))),
        },
        serviceAccountTemplate={"metadata": {"annotations": identity.notes}} if identity and identity.notes else {},
        # The task that creates databases logs in as the superuser, as it does to other servers.
        enableSuperuserAccess=True,
        superuserSecret={"name": administrator_secret(config.server, instance.namespace).name},
        bootstrap={"initdb": {"dataChecksums": True}},
        **present(certificates=_certificate_secrets(instance), postgresql=_only_over_tls(instance)),
        storage={"size": config.storage, "storageClass": settings.cluster.storage_class},
        resources=resources(declared(config.resources)),
        affinity={
            "enablePodAntiAffinity": True,
            "podAntiAffinityType": "required" if settings.environment.production else "preferred",
            "topologyKey": "kubernetes.io/hostname",
            **nodes,
        },
    )
    if store:
        parameters = {"barmanObjectName": config.server}
        spec["plugins"] = [{"name": PLUGIN, "isWALArchiver": True, "parameters": parameters}]
    # With the cluster, the operator deletes its volumes.
    return _object(instance, "postgresql.cnpg.io/v1", "Cluster", spec, guarded(settings))


def _certificate_secrets(instance: Instance[ClusterConfig]) -> Object:
    """Return the Secrets of the server's certificate and its authority, which are one."""
    secret = certificate_name(instance.config.server)
    return {"serverTLSSecret": secret, "serverCASecret": secret} if instance.settings.tls_issuer else {}


def _only_over_tls(instance: Instance[ClusterConfig]) -> Object:
    """Return the rule that refuses connections of other pods without TLS; it comes before the operator's last ones."""
    return {"pg_hba": ["hostnossl all all all reject"]} if instance.settings.tls_issuer else {}


def _certificates(instance: Instance[ClusterConfig]) -> list[Object]:
    """Return the certificate of the primary, if servers speak TLS with those of an issuer.

    Without, the operator signs one itself, which clients cannot verify. It reads Secrets with this label again.
    """
    if not instance.settings.tls_issuer:
        return []
    server = instance.config.server
    return [certificate(instance, server, (server, f"{server}-rw"), {"cnpg.io/reload": "true"})]


def _object(
    instance: Instance[ClusterConfig],
    version: str,
    kind: str,
    spec: Object,
    annotations: Mapping[str, str] | None = None,
) -> Object:
    name = instance.config.server
    return manifest(version, kind, name, labels.selector(instance, name), annotations, spec=spec)


def _backups(instance: Instance[ClusterConfig], backups: DatabaseBackups | None) -> Iterator[Object]:
    """Yield where backups go, and when base backups are made: by six fields, the first of which are the seconds."""
    if backups is None or backups.store is None:
        return
    store, days = backups.store, backups.retention_days
    spec = present(
        configuration=_configuration(store) | _authority(instance, store),
        retentionPolicy=f"{days}d" if days else "",
        instanceSidecarConfiguration={"resources": resources(backups.resources)} if backups.resources else {},
    )
    yield _object(instance, "barmancloud.cnpg.io/v1", "ObjectStore", spec)
    spec = {
        "cluster": {"name": instance.config.server},
        # Also of a word such as @daily, which the operator takes, but warns of at each sync.
        "schedule": f"0 {in_fields(backups.schedule)}",
        "immediate": True,
        "backupOwnerReference": "none",
        "method": "plugin",
        "pluginConfiguration": {"name": PLUGIN},
    }
    yield _object(instance, "postgresql.cnpg.io/v1", "ScheduledBackup", spec)


def _configuration(store: BackupStore) -> Object:
    """Return where the plugin sends backups: it adds a folder with the name of the cluster."""
    bucket = {
        "s3": f"s3://{store.bucket}",
        "gcs": f"gs://{store.bucket}",
        "adls": f"https://{store.account}.blob.core.windows.net/{store.bucket}",
    }[store.kind]
    login = {
        "s3": ("s3Credentials", _s3_login(store)),
        "gcs": ("googleCredentials", _google_login(store)),
        "adls": ("azureCredentials", {"inheritFromAzureAD": True}),
    }
    name, credentials = login[store.kind]
    # Without compression, the log takes 16 MiB for each file, however little is in it.
    compressed = {"compression": "gzip"}
    return present(
        destinationPath=f"{bucket}/{store.folder}/",
        endpointURL=store.url,
        wal=compressed,
        data=compressed,
        **{name: credentials},
    )


def _authority(instance: Instance[ClusterConfig], store: BackupStore) -> Object:
    """Return the authority of a store of the platform. It is that of the own certificate, as the issuer is one."""
    if not store.endpoint.port().tls:
        return {}
    return {"endpointCA": {"name": certificate_name(instance.config.server), "key": "ca.crt"}}


def _s3_login(store: BackupStore) -> Object:
    if store.access_key and store.secret_key:
        return {"accessKeyId": _reference(store.access_key), "secretAccessKey": _reference(store.secret_key)}
    return {"inheritFromIAMRole": True}


def _google_login(store: BackupStore) -> Object:
    return {"applicationCredentials": _reference(store.secret_key)} if store.secret_key else {"gkeEnvironment": True}


def _reference(key: SecretReference) -> Mapping[str, Any]:
    return {"name": key.secret.name, "key": key.key}


COMPONENT = Component(
    slot="database",
    type="cloudnative-pg",
    summary="PostgreSQL with failover inside the cluster, run by CloudNativePG",
    config=ClusterConfig,
    build=build,
    provides=provides,
    requires=requires,
    refuses=refuses,
)
