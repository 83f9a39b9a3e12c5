"""The certificate authorities that the programs of an environment trust, and the names of servers' certificates."""

from __future__ import annotations

import msgspec

CERTIFICATES, TRUSTSTORE = "ca.crt", "truststore.p12"
"""The keys of what the compiler or trust-manager writes: PEM, where Gateways look for it (BackendTLSPolicy), and PKCS
#12 without a password."""


def client_certificate_name(program: str) -> str:
    """Return the name of the Secret, and of the Certificate, with what a program shows to servers."""
    return f"{program}-client-tls"


def certificate_name(server: str) -> str:
    """Return the name of a server's Certificate, and of the Secret with it: no other host's is called so."""
    return f"{server}-server-tls"


class Authority(msgspec.Struct, frozen=True, order=True, array_like=True):
    """A certificate authority: the name in its certificate, and the second at which that ends (since 1970)."""

    name: str
    ends: int


class BundleSources(msgspec.Struct, frozen=True):
    """What trust-manager puts together: keys of objects in its own namespace, as pairs of name and key, and PEM."""

    public: bool
    certificates: str = ""
    secrets: tuple[tuple[str, str], ...] = ()
    config_maps: tuple[tuple[str, str], ...] = ()


class Trust(msgspec.Struct, frozen=True):
    """The ConfigMap of each namespace that has the certificates, and which of its keys.

    At most one of `rendered` and `bundle` says what makes it; neither: somebody else does.
    """

    config_map: str
    certificates: str = CERTIFICATES
    """The key with the certificates as PEM."""

    truststore: str = TRUSTSTORE
    """The key with the PKCS #12 file; empty if there is none."""

    rendered: tuple[str, ...] = ()
    """The texts of the ConfigMap if the compiler renders it: the certificates, and the other file as Base64."""

    bundle: BundleSources | None = None
    authorities: tuple[Authority, ...] = ()
    """Those that the compiler knows, sorted."""
