"""Certificates: who issues them, and hosts that have none any longer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from floe_compiler.model.hints import some
from floe_compiler.model.nested_fields import at, items, mapping, mappings
from floe_compiler.model.objects import Object
from floe_compiler.model.trust import certificate_name
from floe_compiler.model.workloads import pod_template
from floe_compiler.report.dangers.danger import Change, Danger

_ISSUERS = frozenset({"ClusterIssuer", "Issuer"})
_WAYS_IN = frozenset({"Gateway", "Ingress"})


def issuer_changed(change: Change) -> Iterator[Danger]:
    """Yield a danger if another issuer signs a certificate, or one that an issuer signed comes from elsewhere."""
    if change.kind in _ISSUERS:
        yield from _issuer_itself(change)
    if change.kind != "Certificate":
        return
    old, new = (_issuer(manifest) for manifest in (change.before, change.after))
    secret = str(at(change.before or change.after, ("spec", "secretName")) or "")
    if old and new and old != new:
        yield Danger("issuer-changed", f"{new} issues it instead of {old}: whoever uses it must trust {new}")
    elif old and not new and _is_used(change, secret):
        yield Danger("issuer-changed", f"{old} no longer issues it: others put the certificate into Secret {secret}")
    elif new and not old and secret in _filled_before(change):
        yield Danger(
            "issuer-changed", f"{new} issues it, instead of what the store had: whoever uses it must trust {new}"
        )


def _issuer_itself(change: Change) -> Iterator[Danger]:
    """Yield a danger if an issuer is another one under the same name."""
    if not change.before or not change.after:
        return
    old, new = (_authority(manifest) for manifest in (change.before, change.after))
    if old != new:
        yield Danger(
            "issuer-changed", f"issues by {new} instead of {old}: whoever uses its certificates must trust that"
        )


def _authority(issuer: Object) -> str:
    spec = mapping(issuer, ("spec",))
    name = next((name for name in ("acme", "ca", "selfSigned", "vault", "venafi") if name in spec), "another way")
    detail = str(at(spec, (name, "server")) or at(spec, (name, "secretName")) or "")
    return f"{name} {detail}".strip()


def _issuer(certificate: Object) -> str:
    kind, name = (at(certificate, ("spec", "issuerRef", field)) for field in ("kind", "name"))
    return f"{kind or 'Issuer'} {name}" if name else ""


def _is_used(change: Change, secret: str) -> bool:
    """Return whether a Gateway or Ingress of the namespace still has the certificate in a Secret."""
    return any(secret == name for manifest in change.beside for _, name in _served(manifest))


def _filled_before(change: Change) -> set[str]:
    """Return the Secrets of the namespace that ExternalSecrets filled before the change."""
    return {
        str(at(external_secret, ("spec", "target", "name")) or at(external_secret, ("metadata", "name")))
        for external_secret in change.surroundings.secrets_before
        if at(external_secret, ("metadata", "namespace")) == change.identity.namespace
    }


def certificate_moved(change: Change) -> Iterator[Danger]:
    """Yield the hosts of a Gateway or Ingress whose certificate comes from elsewhere, or that have none any longer."""
    served = dict(_served(change.before))
    if change.kind not in _WAYS_IN or not served:
        return
    surroundings, space = change.surroundings, change.identity.namespace
    now = [
        (pair, at(manifest, ("metadata", "namespace")) or "")
        for manifest in surroundings.ways_in
        for pair in _served(manifest)
    ]
    moved: dict[tuple[str, str], list[str]] = defaultdict(list)
    for host in sorted({host for manifest in surroundings.ways_in for host in _routed(manifest)}):
        old = _covering(host, served.items())
        covering = [(secret, place) for (pattern, secret), place in now if _covers(pattern, host)]
        if old and old not in {secret for secret, place in covering if place == space}:
            new, place = covering[0] if covering else ("", "")
            sources = (
                _source(old, space, surroundings.certificates_before),
                _source(new, place, surroundings.certificates) if new else "",
            )
            moved[sources].append(host)
    for (before, after), hosts in moved.items():
        if not after:
            sentence = (
                f"{some(hosts)} no longer has a certificate here, which {before} provided: logins may be sent as text"
            )
            yield Danger("tls-removed", sentence)
        elif before != after:
            yield Danger("issuer-changed", f"the certificate of {some(hosts)} is that of {after} instead of {before}")


def server_without_tls(change: Change) -> Iterator[Danger]:
    """Yield a danger if a server inside the cluster still runs, but has no certificate any longer.

    The Certificate itself may stay in the cluster, so it is the server that tells.
    """
    if change.after and _server_certificates(change.before) and not _server_certificates(change.after):
        yield Danger(
            "tls-removed",
            f"{change.identity.name} has no certificate any longer: passwords and data are sent as text",
        )


def _server_certificates(server: Object) -> set[str]:
    """Return the Secrets with the certificate of a server: those of its pods, or of a cluster of CloudNativePG."""
    mounted = (at(volume, ("secret", "secretName")) for volume in mappings(pod_template(server), ("spec", "volumes")))
    named = at(server, ("spec", "certificates", "serverTLSSecret"))
    return {str(name) for name in (*mounted, named) if name and str(name).endswith(certificate_name(""))}


def _served(manifest: Object) -> Iterator[tuple[str, str]]:
    """Yield each host with TLS of a Gateway or Ingress (empty: all hosts), and the Secret with its certificate."""
    for listener in mappings(manifest, ("spec", "listeners")):
        for reference in mappings(listener, ("tls", "certificateRefs")):
            yield str(listener.get("hostname") or ""), str(reference.get("name"))
    if manifest.get("kind") == "Ingress":
        for entry in mappings(manifest, ("spec", "tls")):
            yield from ((str(host), str(entry.get("secretName"))) for host in items(entry, ("hosts",)))


def _routed(manifest: Object) -> Iterator[str]:
    """Yield the hosts that a route or an Ingress leads to."""
    yield from map(str, items(manifest, ("spec", "hostnames")))
    if manifest.get("kind") == "Ingress":
        yield from (str(rule["host"]) for rule in mappings(manifest, ("spec", "rules")) if rule.get("host"))


def _covering(host: str, served: Iterable[tuple[str, str]]) -> str:
    """Return the Secret with the certificate of a host: that for the host itself comes first."""
    covering = sorted(((pattern != host, secret) for pattern, secret in served if _covers(pattern, host)))
    return covering[0][1] if covering else ""


def _covers(pattern: str, host: str) -> bool:
    return pattern in ("", host) or (pattern.startswith("*.") and host.partition(".")[2] == pattern[2:])


def _source(secret: str, namespace: str, certificates: Iterable[Object]) -> str:
    """Return who provides the certificate in a Secret."""
    issuers = (
        _issuer(certificate)
        for certificate in certificates
        if at(certificate, ("spec", "secretName")) == secret and at(certificate, ("metadata", "namespace")) == namespace
    )
    return next(issuers, f"Secret {secret}")
