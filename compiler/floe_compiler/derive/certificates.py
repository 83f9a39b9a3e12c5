"""The certificates of all namespaces, from which alerts are derived."""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.derive.linked import linked
from floe_compiler.derive.routes import routes
from floe_compiler.model.ingress import EnvironmentIngress
from floe_compiler.model.links import LinkedServers
from floe_compiler.model.mesh_facts import OwnedCertificate
from floe_compiler.model.unit_facts import UnitFacts


def certificates(
    units: Iterable[UnitFacts], ingress: EnvironmentIngress | None, servers: LinkedServers | None = None
) -> tuple[OwnedCertificate, ...]:
    """Return the certificates that an environment has issued for what it opens, and for its servers; sorted."""
    all_units = [*units]
    opened = routes(all_units, ingress) if ingress else {}
    gateways = ((name, link.gateway) for name, link in (linked(servers) if servers else {}).items() if link.gateway)
    both = (*opened.items(), *gateways)
    hosts = [(namespace, certificate.name) for namespace, own in both for certificate in own.certificates]
    own = [(unit.namespace, name) for unit in all_units for name in unit.certificates]
    return tuple(sorted(OwnedCertificate(*certificate) for certificate in (*hosts, *own)))
