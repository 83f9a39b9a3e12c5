"""`trust` of environments: its certificates are read, and files that hold anything else are reported."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from floe_compiler.model.diagnostics import Findings, Related, did_you_mean
from floe_compiler.model.document import Document
from floe_compiler.model.inputs import Environment, TrustedConfigMap, TrustedFiles
from floe_compiler.model.joined_names import joined
from floe_compiler.model.layout import AUTHORITIES
from floe_compiler.model.sources import Sources
from floe_compiler.model.span import Span
from floe_compiler.model.trust import CERTIFICATES, Authority, BundleSources, Trust
from floe_compiler.model.truststore import truststore
from floe_compiler.resolve.rules import (
    BUNDLE_OF_ITSELF,
    NOT_CERTIFICATES,
    UNKNOWN_REFERENCE,
    UNTRUSTED_FILE,
)

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

RENDERED = "trusted-authorities"
"""The ConfigMap that the compiler renders."""

PATH = ("trust", "bundle", "files")

_BEGIN = re.compile(r"-----BEGIN (?P<label>[^\n]*?)-----[ \t]*")
_PRIVATE = "PRIVATE KEY"


class _Read(NamedTuple):
    """The certificates of a file, or the line at which it is wrong, why, and the fix."""

    certificates: tuple[Certificate, ...] = ()
    line: int = 1
    problem: str = ""
    hint: str = ""


def trust_of(
    environment: Environment, platform: str, sources: Sources, document: Document, findings: Findings
) -> Trust | None:
    """Return what the programs of an environment trust; None if it does not say, or with findings.

    Args:
        environment: The environment.
        platform: The platform's name.
        sources: All inputs, with the files of certificates.
        document: The environment's document, where the files are named.
        findings: What is found is added here.
    """
    if environment.trust is None:
        return None
    bundle = environment.trust.bundle
    if isinstance(bundle, TrustedConfigMap):
        return Trust(bundle.name, bundle.key, bundle.truststore or "")
    certificates = tuple(_distinct(_certificates(bundle.files, sources, document, findings)))
    authorities = tuple(sorted({_authority(certificate) for certificate in certificates}))
    if isinstance(bundle, TrustedFiles):
        store = base64.b64encode(truststore(map(_der, certificates))).decode()
        return Trust(RENDERED, rendered=(_pem(certificates), store), authorities=authorities) if certificates else None
    bundle_sources = BundleSources(
        bundle.public,
        _pem(certificates),
        tuple((secret.name, secret.key) for secret in bundle.secrets),
        tuple((config_map.name, config_map.key) for config_map in bundle.config_maps),
    )
    name = bundle.name or joined(platform, environment.metadata.name, "trust")
    for index, (config_map, key) in enumerate(bundle_sources.config_maps):
        if (config_map, key) == (name, CERTIFICATES):
            message = f'the Bundle {name} would read what it writes: the key "{key}" of the ConfigMap with its name'
            hint = "read another ConfigMap, or give the Bundle another name: trust: {bundle: {name: ...}}"
            place = document.span(("trust", "bundle", "config_maps", index, "name"))
            findings.add(BUNDLE_OF_ITSELF, message, place, hint=hint)
    return Trust(name, bundle=bundle_sources, authorities=authorities)


def check_files(sources: Sources, environments: Mapping[str, Environment], findings: Findings) -> None:
    """Report files of certificates that no environment names."""
    if sources.omitted_environments or len(environments) < len(sources.environments):
        return  # one that is not known may name it
    bundles = (environment.trust.bundle for environment in environments.values() if environment.trust)
    named = {file for bundle in bundles if not isinstance(bundle, TrustedConfigMap) for file in bundle.files}
    for path in sources.authorities:
        name = path.removeprefix(f"{AUTHORITIES}/")
        if name not in named:
            hint = f"write `trust: {{bundle: {{type: files, files: [{name}]}}}}` into an environment, or remove it"
            findings.add(UNTRUSTED_FILE, f"no environment trusts what is in {path}", Span(path), hint=hint)


def _certificates(
    files: Iterable[str], sources: Sources, document: Document, findings: Findings
) -> Iterator[Certificate]:
    for index, name in enumerate(files):
        path, place = f"{AUTHORITIES}/{name}", document.span((*PATH, index))
        if path not in sources.authorities:
            known = [file.removeprefix(f"{AUTHORITIES}/") for file in sources.authorities]
            hint = did_you_mean(name, known) if known else f"write the certificates into {path}"
            findings.add(UNKNOWN_REFERENCE, f"there is no file {path}", place, hint=hint)
            continue
        read = _read(sources.authorities[path])
        if read.problem:
            related = (Related(place, "trusted here"),) if place else ()
            span = Span(path, read.line)
            findings.add(NOT_CERTIFICATES, f"{path} {read.problem}", span, hint=read.hint, related=related)
        yield from read.certificates


def _read(text: str) -> _Read:
    from cryptography.x509 import load_pem_x509_certificate  # slow to import

    lines = text.splitlines()
    starts = [(number, match["label"]) for number, line in enumerate(lines) if (match := _BEGIN.fullmatch(line))]
    certificates = []
    for number, label in starts:
        if _PRIVATE in label:
            hint = "remove it, and replace that key: it is in the repository's history; only certificates belong here"
            return _Read(line=number + 1, problem="has a private key", hint=hint)
        if label != "CERTIFICATE":
            return _Read(
                line=number + 1, problem=f"has a {label}", hint="leave only blocks that begin with CERTIFICATE"
            )
        end = next((at for at in range(number, len(lines)) if lines[at].startswith("-----END ")), len(lines))
        try:
            certificates.append(load_pem_x509_certificate("\n".join(lines[number : end + 1]).encode()))
        except ValueError:
            hint = "copy the certificate again, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----"
            return _Read(line=number + 1, problem="has a certificate that cannot be read", hint=hint)
    if not certificates:
        hint = "write them as PEM: `openssl x509 -inform der -in ca.cer` converts one from DER"
        return _Read(problem="has no certificate", hint=hint)
    return _Read(tuple(certificates))


def _distinct(certificates: Iterable[Certificate]) -> Iterator[Certificate]:
    """Yield each certificate once."""
    return iter(dict.fromkeys(certificates))


def _der(certificate: Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)


def _pem(certificates: Iterable[Certificate]) -> str:
    """Return certificates as text, without what else a file says about them."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates)


def _authority(certificate: Certificate) -> Authority:
    from cryptography.x509.oid import NameOID

    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    name = str(names[0].value) if names else certificate.subject.rfc4514_string()
    return Authority(name or "without a name", int(certificate.not_valid_after_utc.timestamp()))
