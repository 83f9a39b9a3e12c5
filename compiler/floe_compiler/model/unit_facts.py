"""The facts of a namespace that other namespaces depend on: what `derive` reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from floe_compiler.model.accounts import Reader
from floe_compiler.model.alerts import Scraper
from floe_compiler.model.capabilities import DatabaseBackups
from floe_compiler.model.endpoint import Elsewhere, Endpoint, service_endpoint
from floe_compiler.model.facts import Parts, Workload, named_pods, named_secrets, pod_secrets
from floe_compiler.model.mesh_facts import DatabaseBackup, OpenInterface, OwnedAlert, ScrapeTarget, VolumeBackup
from floe_compiler.model.objects import identify
from floe_compiler.model.operations import DatabaseData, Metrics, VolumeData
from floe_compiler.model.plan import DeclaredInstance, DeclaredUnit
from floe_compiler.model.pod_accounts import accounts_calling
from floe_compiler.model.rendered import Protocol
from floe_compiler.model.tls_clients import UntoldClient, untold_clients
from floe_compiler.model.trust import Authority, certificate_name, client_certificate_name
from floe_compiler.model.unit_scopes import PLATFORM
from floe_compiler.model.units import UnitKey
from floe_compiler.model.yaml_text import to_yaml

DEFINITION = "CustomResourceDefinition"


class Call(msgspec.Struct, frozen=True, order=True, array_like=True):
    """Pods of a namespace call a server of the platform (the name of its workload) on one container port."""

    namespace: str
    server: str
    protocol: Protocol
    port: int


class MeshCall(msgspec.Struct, frozen=True, order=True, array_like=True):
    """In a service mesh: pods with a ServiceAccount call a server of another namespace on one container port.

    `cluster` is that of the server if it is in another one.
    """

    namespace: str
    server: str
    port: int
    account: str
    cluster: str = ""


class SecretUse(msgspec.Struct, frozen=True, order=True, array_like=True):
    """Pods of a namespace read a secret of another namespace, where the compiler provides it."""

    owner: str
    secret: str


class SecretRead(msgspec.Struct, frozen=True, order=True, array_like=True):
    """A secret that a namespace reads. `named_by` are the pods of a custom resource that names it, if one does."""

    name: str
    named_by: str = ""


class UnitFacts(msgspec.Struct, frozen=True, array_like=True):
    """The facts of one namespace that others need. All lists are sorted."""

    key: UnitKey
    calls: tuple[Call, ...] = ()
    secrets: tuple[SecretUse, ...] = ()
    interfaces: tuple[OpenInterface, ...] = ()
    scrape_targets: tuple[ScrapeTarget, ...] = ()
    database_backups: tuple[DatabaseBackup, ...] = ()
    volume_backups: tuple[VolumeBackup, ...] = ()
    unprotected: tuple[str, ...] = ()
    """The names of its databases if nothing says how they are backed up, or why they are not."""

    owner: str = ""
    alerts: tuple[OwnedAlert, ...] = ()
    readers: tuple[Reader, ...] = ()
    scraper: Scraper | None = None
    definitions: tuple[str, ...] = ()
    """The CustomResourceDefinitions that its components render, as YAML."""

    cluster_scoped: bool = False
    """Whether its components render objects that may be outside its namespace."""

    certificates: tuple[str, ...] = ()
    """The certificates of its servers, and those that its programs show, by the names of their objects."""

    authorities: tuple[Authority, ...] = ()
    """In the platform's namespace: the authorities that the whole environment trusts."""

    untold: tuple[UntoldClient, ...] = ()
    """Its pods that call a server with TLS, and cannot verify it."""

    incomplete: bool = False
    """Whether components add parts that depend on the facts of all namespaces, so that more calls may follow."""

    scope: str = ""
    reads: tuple[SecretRead, ...] = ()
    """The secrets that its pods and custom resources read, unless their reader says that they exist."""

    elsewhere: tuple[Elsewhere, ...] = ()
    """The servers in other clusters that its pods call."""
    mesh_calls: tuple[MeshCall, ...] = ()
    """In a service mesh: who in it calls servers of other namespaces."""

    @property
    def namespace(self) -> str:
        """Return the namespace's name."""
        return self.key.namespace


def unit_facts(unit: DeclaredUnit) -> UnitFacts:
    """Return the facts of a namespace that others need.

    Raises KeyError if a component names a port that its workload does not have.
    """
    pods = [pod for instance in unit.instances for _, pod in named_pods(instance.parts)]
    foreign = {
        SecretUse(secret.owner, secret.name)
        for instance in unit.instances
        for secret in named_secrets(instance.parts)
        if secret.owner != unit.namespace and not secret.existing
    }
    pull_secret, owner = unit.settings.platform.pull_secret, unit.settings.environment.platform_namespace
    if pull_secret and owner != unit.namespace:
        foreign.add(SecretUse(owner, pull_secret))
    servers = [server for pod in pods for server in pod.servers()]
    servers += [server for instance in unit.instances for pods_ in instance.parts.operated for server in pods_.calls]
    manifests = [manifest for instance in unit.instances for manifest in (*instance.parts.objects, *instance.objects)]
    trust = unit.settings.trust if unit.scope == PLATFORM else None
    definitions = sorted(to_yaml(manifest) for manifest in manifests if identify(manifest).kind == DEFINITION)
    return UnitFacts(
        key=unit.key,
        calls=tuple(sorted({call for server in servers for call in _calls(server)})),
        secrets=tuple(sorted(foreign)),
        interfaces=tuple(sorted(interface for instance in unit.instances for interface in interfaces_of(instance))),
        scrape_targets=tuple(sorted(target for instance in unit.instances for target in _scrape_targets(instance))),
        database_backups=tuple(sorted(backup for instance in unit.instances for backup in _database_backups(instance))),
        volume_backups=tuple(sorted(backup for instance in unit.instances for backup in _volume_backups(instance))),
        unprotected=_unprotected(unit),
        owner=unit.owner,
        alerts=tuple(
            sorted(OwnedAlert(unit.namespace, alert) for instance in unit.instances for alert in instance.parts.alerts)
        ),
        readers=tuple(reader for instance in unit.instances for reader in _readers(instance)),
        scraper=next((instance.parts.scraper for instance in unit.instances if instance.parts.scraper), None),
        definitions=tuple(definitions),
        certificates=tuple(sorted(name for instance in unit.instances for name in _certificates(instance.parts))),
        authorities=trust.authorities if trust else (),
        cluster_scoped=bool(trust and trust.bundle)
        or any(identify(manifest).namespace != unit.namespace for manifest in manifests)
        or any(instance.parts.include for instance in unit.instances),
        untold=untold_clients((instance.parts for instance in unit.instances), unit.settings),
        incomplete=unit.incomplete,
        scope=unit.scope,
        reads=tuple(sorted({read for instance in unit.instances for read in _reads(instance)})),
        elsewhere=tuple(sorted({remote for server in servers for remote in server.elsewhere})),
        mesh_calls=_mesh_calls(unit),
    )


def _mesh_calls(unit: DeclaredUnit) -> tuple[MeshCall, ...]:
    if unit.settings.cluster.mesh is None:
        return ()
    return tuple(
        sorted(
            call
            for account, servers in accounts_calling(declared.parts for declared in unit.instances)
            for call in {call for server in servers for call in _calls_in_mesh(unit.namespace, server, account)}
        )
    )


def _calls_in_mesh(namespace: str, server: Endpoint, account: str) -> Iterator[MeshCall]:
    if server.group and server.group.namespace != namespace:
        for port in server.ports:
            if port.protocol == "TCP":
                yield MeshCall(server.group.namespace, server.group.name, port.number, account)
    for remote in server.elsewhere:
        yield MeshCall(remote.group.namespace, remote.group.name, remote.port.number, account, remote.cluster)


def _reads(declared: DeclaredInstance) -> Iterator[SecretRead]:
    parts = declared.parts
    read = ((secret, "") for secret in pod_secrets(pod for _, pod in named_pods(parts)))
    named = ((secret, pods.name) for pods in parts.operated for secret in pods.secrets)
    yield from (SecretRead(secret.name, by) for secret, by in (*read, *named) if not secret.existing)


def _certificates(parts: Parts) -> Iterator[str]:
    """Yield the names of the certificates of servers, and of those that programs show."""
    for workload in parts.workloads:
        if any(container.certificate for container in workload.pod.containers):
            yield certificate_name(workload.name)
        if any(container.client_certificate for container in workload.pod.containers):
            yield client_certificate_name(workload.name)
    yield from (certificate_name(pods.name) for pods in parts.operated if any(port.tls for port in pods.ports))


def _calls(endpoint: Endpoint) -> Iterator[Call]:
    if endpoint.group:
        for port in endpoint.ports:
            yield Call(endpoint.group.namespace, endpoint.group.name, port.protocol, port.number)


def interfaces_of(declared: DeclaredInstance) -> Iterator[OpenInterface]:
    """Yield the interfaces of an instance; raise KeyError for a port that its workload does not have."""
    namespace = declared.instance.namespace
    workloads = [(workload.interfaces, _server(declared, workload)) for workload in declared.parts.workloads]
    domain = declared.instance.settings.cluster.domain
    operated = [(pods.interfaces, pods.endpoint(namespace, domain)) for pods in declared.parts.operated]
    for interfaces, server in (*workloads, *operated):
        for interface in interfaces:
            yield OpenInterface(
                namespace,
                interface.name,
                server.only(interface.port),
                interface.protocol,
                interface.authenticates,
                interface.for_programs,
                declared.instance.scope,
                server.port(interface.health) if interface.health else None,
                _setting(declared, interface.address_setting),
                interface.address,
            )


def _setting(declared: DeclaredInstance, name: str) -> tuple[str, ...]:
    return (*map(str, declared.instance.settings_path), *name.split(".")) if name else ()


def _scrape_targets(declared: DeclaredInstance) -> Iterator[ScrapeTarget]:
    namespace, parts = declared.instance.namespace, declared.parts
    for workload in parts.workloads:
        yield from _targets(namespace, workload.name, workload.metrics, _server(declared, workload))
    for pods in parts.operated:
        server = pods.endpoint(namespace, declared.instance.settings.cluster.domain)
        yield from _targets(namespace, pods.name, pods.metrics, server)


def _targets(namespace: str, name: str, metrics: Iterable[Metrics], server: Endpoint) -> Iterator[ScrapeTarget]:
    for metric in metrics:
        port = server.only(metric.port)
        about = (metric.own_labels, metric.panels, metric.runs)
        yield ScrapeTarget(namespace, metric.job or name, port, metric.path, *about)


def _server(declared: DeclaredInstance, workload: Workload) -> Endpoint:
    instance = declared.instance
    return service_endpoint(workload.name, instance.namespace, instance.settings.cluster.domain, workload.ports())


def _readers(declared: DeclaredInstance) -> Iterator[Reader]:
    for name, pod in named_pods(declared.parts):
        if pod.kubernetes_api_everywhere:
            yield Reader(declared.instance.namespace, pod.account or name, pod.kubernetes_api_everywhere)


def _database_backups(declared: DeclaredInstance) -> Iterator[DatabaseBackup]:
    namespace = declared.instance.namespace
    for item in declared.parts.data:
        if isinstance(item, DatabaseData):
            yield DatabaseBackup(namespace, item.database, item.endpoint, item.user, item.password, item.image)


def _unprotected(unit: DeclaredUnit) -> tuple[str, ...]:
    data = (item for declared in unit.instances for item in declared.parts.data if isinstance(item, DatabaseData))
    if any(declared.instance.slot == DatabaseBackups.slot for declared in unit.instances):
        return ()
    return tuple(sorted({item.database for item in data}))


def _volume_backups(declared: DeclaredInstance) -> Iterator[VolumeBackup]:
    for item in declared.parts.data:
        if isinstance(item, VolumeData):
            yield VolumeBackup(declared.instance.namespace, item.workload, item.claim)
