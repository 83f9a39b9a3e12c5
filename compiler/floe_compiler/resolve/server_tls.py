"""TLS between pods: who signs the certificates of servers, and whether that can work."""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.document import Document
from floe_compiler.model.ingress import verifies_servers
from floe_compiler.model.inputs import Environment
from floe_compiler.model.tls_clients import UntoldClient
from floe_compiler.resolve.frame import Frame

UNTRUSTED_ISSUER = Rule(
    "R067",
    "certificates of an issuer that nobody trusts",
    "Servers would have certificates of a private authority, but programs only trust those of their images, so every "
    "connection would fail. Say which authorities they trust: `trust: {bundle: ...}`, with the one of the issuer.",
)
NO_INNER_TLS = Rule(
    "R068",
    "production whose servers speak plain text",
    "Programs trust a private authority, so servers inside the cluster could have certificates, but the environment "
    "does not say so: passwords and data would cross the network in plain text. Write `tls: {issuer: ...}`, or why "
    "they need none: `tls: {without: ...}`. If the issuer of the `ingress` has that authority, `private: true` beside "
    "it is enough.",
)
UNTOLD = Rule(
    "R069",
    "client of a server with TLS that is not told its authority",
    "Containers have the authorities of `trust` as PEM, and as a PKCS #12 file if there is one; Java reads only that. "
    "Pods that an operator starts have what their custom resource names. Without the authority, each connection fails.",
)
PUBLIC_ISSUER = Rule(
    "R073",
    "issuer that cannot sign names of Services",
    "An ACME server signs names of hosts that it can reach, and names of Services exist in the cluster only: no server "
    "would get its certificate, and none would start. Name a ClusterIssuer with a private authority.",
)

ISSUER, OF_HOSTS, BUNDLE = ("tls", "issuer"), ("ingress", "tls", "issuer"), ("trust", "bundle")
WITHOUT = "tls: {without: <reason>}"


def server_issuer(environment: Environment) -> str:
    """Return the ClusterIssuer of the certificates of servers inside the cluster; empty if they have none.

    By default, servers of production have those of the `ingress`, if its issuer has a private authority, and in a
    service mesh none, as that encrypts.
    """
    if environment.tls is not None:
        return environment.tls.issuer or ""
    if environment.cluster.mesh is not None:
        return ""
    hosts = environment.ingress.tls if environment.ingress else None
    return (hosts.issuer or "") if environment.production and hosts and hosts.private else ""


def has_web_tls(environment: Environment) -> bool:
    """Return whether servers have certificates for the ingress controller: it verifies them, and is ours to tell so."""
    return bool(server_issuer(environment) and environment.ingress and verifies_servers(environment.ingress))


def check_tls(environment: Environment, document: Document, findings: Findings) -> None:
    """Report an issuer that cannot sign or that nobody trusts, and production that could have certificates."""
    issuer, place = server_issuer(environment), document.span(ISSUER if environment.tls else OF_HOSTS)
    hosts = environment.ingress.tls if environment.ingress else None
    encrypted = environment.tls is not None or environment.cluster.mesh is not None
    if environment.production and environment.trust and not encrypted and not issuer:
        message = f'environment "{environment.metadata.name}" is production, but its servers speak no TLS to each other'
        private = (
            f", or private: true beside {hosts.issuer} if it has a private authority" if hosts and hosts.issuer else ""
        )
        hint = f"write tls: {{issuer: <ClusterIssuer>}}{private}, or why they need none: {WITHOUT}"
        findings.add(NO_INNER_TLS, message, document.key_span(("trust",)), hint=hint)
    if issuer and hosts and hosts.http01 and hosts.issuer == issuer:
        message = f"{issuer} proves by HTTP-01 that a host is ours, so it cannot sign the names of Services"
        hint = f"name a ClusterIssuer with a private authority, or write why servers need no TLS: {WITHOUT}"
        findings.add(PUBLIC_ISSUER, message, place, hint=hint)
    elif issuer and environment.trust is None:
        message = f"servers have certificates of {issuer}, but programs do not trust its authority"
        hint = "write where its certificate is, such as trust: {bundle: {type: files, files: [acme-root.pem]}}"
        wanted = "" if environment.tls else f", or why servers need no TLS: {WITHOUT}"
        findings.add(UNTRUSTED_ISSUER, message, place, hint=f"{hint}{wanted}")


def check_clients(clients: Iterable[UntoldClient], frame: Frame, findings: Findings) -> None:
    """Report clients that cannot verify a server with TLS, as they are not told its authority."""
    untold, document = sorted(clients), frame.document
    of_java, of_operators = (
        ", ".join(f"{client.pods} calls {client.server}" for client in untold if client.truststore is wanted)
        for wanted in (True, False)
    )
    if of_java:
        message = f"{of_java} over TLS, and Java reads authorities from a PKCS #12 file, which the bundle does not have"
        hint = "put one without a password into the ConfigMap, and write its key: truststore: truststore.p12"
        findings.add(UNTOLD, message, document.key_span(BUNDLE), hint=hint)
    if of_operators:
        message = f"{of_operators} over TLS, but the custom resource does not name the authority"
        hint = "the component must name it there, and say so: OperatedPods(told_authorities=True)"
        findings.add(UNTOLD, message, document.span(ISSUER) or document.span(OF_HOSTS), hint=hint)
