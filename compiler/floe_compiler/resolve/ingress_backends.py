"""Servers that speak TLS to the ingress controller: it must be told so, and whom to trust."""

from __future__ import annotations

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.ingress import verifies_servers
from floe_compiler.model.trust import CERTIFICATES
from floe_compiler.resolve.opened import Opened

UNVERIFIED = Rule(
    "R074",
    "interface of a server with TLS that the controller cannot verify",
    "The server speaks nothing but TLS. A Gateway is told so by a BackendTLSPolicy, and looks for the authorities "
    "under the key `ca.crt` of their ConfigMap. An Ingress has no field for it; each controller has annotations of its "
    "own (`server_tls_annotations`). Or do not open the interface.",
)

KEY = ("trust", "bundle", "key")


def check_backends(opened: Opened, findings: Findings) -> None:
    """Report what users open of servers with certificates that the controller cannot verify."""
    settings, trust = opened.settings, opened.frame.settings.trust
    secured = [host for host in opened.hosts if not host.login and host.interface.endpoint.port().tls]
    if not secured:
        return
    names, place = ", ".join(host.name for host in secured), opened.span_of(secured[0])
    closed = "hosts: {" + ", ".join(f"{host.name}: false" for host in secured) + "}"
    if not verifies_servers(settings):
        fix = (
            "write the annotations for that: server_tls_annotations: {...}"
            if settings.type == "ingress"
            else "leave server_tls out"
        )
        message = f"the ingress controller is not told that {names} speaks nothing but TLS"
        findings.add(UNVERIFIED, message, place, hint=f"{fix}, or do not open it: {closed}")
    elif settings.type == "gateway" and trust and trust.certificates != CERTIFICATES:
        message = (
            f"a Gateway looks for the authorities by which it verifies {names} under the key {CERTIFICATES}, but they "
            f"are under {trust.certificates}"
        )
        findings.add(
            UNVERIFIED,
            message,
            opened.frame.document.span(KEY) or place,
            hint=f"have them under {CERTIFICATES} of ConfigMap {trust.config_map}, and write key: {CERTIFICATES}; or "
            f"do not open it: {closed}",
        )
