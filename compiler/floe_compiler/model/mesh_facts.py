"""What all namespaces of an environment declare for its operation: plain data that can be encoded."""

from __future__ import annotations

import msgspec

from floe_compiler.model.alerts import Alert
from floe_compiler.model.endpoint import Endpoint, Port
from floe_compiler.model.operations import InterfaceProtocol, Panel, RunMetrics
from floe_compiler.model.secrets import SecretReference
from floe_compiler.model.trust import Authority


class OpenInterface(msgspec.Struct, frozen=True, order=True, array_like=True):
    """An interface that users open; the endpoint has only its port. `scope` is that of its namespace.

    `health` is the port whose health path tells whether the program works (None: its own). `address` is the URL at
    which the program takes itself to be, and `address_setting` the path of that setting (empty: it need not know).
    """

    namespace: str
    name: str
    endpoint: Endpoint
    protocol: InterfaceProtocol
    authenticates: bool
    for_programs: bool = False
    scope: str = "platform"
    health: Port | None = None
    address_setting: tuple[str, ...] = ()
    address: str = ""


class ScrapeTarget(msgspec.Struct, frozen=True, order=True, array_like=True):
    """Pods with metrics. The endpoint has only the metrics port, which the Service may not have (`Port.service`)."""

    namespace: str
    job: str
    endpoint: Endpoint
    path: str
    own_labels: bool = False
    panels: tuple[Panel, ...] = ()
    """The panels of its own dashboard."""
    runs: tuple[RunMetrics, ...] = ()
    """What they say of the runs of data products."""


class DatabaseBackup(msgspec.Struct, frozen=True, order=True, array_like=True):
    """A PostgreSQL database to back up, a user that may read all of it, and an image with the right `pg_dump`."""

    namespace: str
    database: str
    endpoint: Endpoint
    user: str
    password: SecretReference
    image: str


class VolumeBackup(msgspec.Struct, frozen=True, order=True, array_like=True):
    """A volume claim of a StatefulSet's pods to back up."""

    namespace: str
    workload: str
    claim: str


class OwnedAlert(msgspec.Struct, frozen=True, order=True, array_like=True):
    """An alert that a component of a namespace declares."""

    namespace: str
    alert: Alert


class OwnedNamespace(msgspec.Struct, frozen=True, order=True, array_like=True):
    """A namespace, and who owns it: a mail address or a handle."""

    name: str
    owner: str


class OwnedCertificate(msgspec.Struct, frozen=True, order=True, array_like=True):
    """A certificate that cert-manager renews, by the name of its object."""

    namespace: str
    name: str


class TrustedAuthority(msgspec.Struct, frozen=True, order=True, array_like=True):
    """An authority that all programs trust; `namespace` is the platform's."""

    namespace: str
    authority: Authority


class MeshFacts(msgspec.Struct, frozen=True, array_like=True):
    """The facts of all namespaces of an environment, for components. All lists are sorted."""

    interfaces: tuple[OpenInterface, ...] = ()
    scrape_targets: tuple[ScrapeTarget, ...] = ()
    database_backups: tuple[DatabaseBackup, ...] = ()
    volume_backups: tuple[VolumeBackup, ...] = ()
    alerts: tuple[OwnedAlert, ...] = ()
    namespaces: tuple[OwnedNamespace, ...] = ()
    certificates: tuple[OwnedCertificate, ...] = ()
    authorities: tuple[TrustedAuthority, ...] = ()
