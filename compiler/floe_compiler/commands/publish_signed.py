"""How `floe-compile publish` signs: its options, the key and its password, and what is pushed beside an artifact."""

from __future__ import annotations

import getpass
import os
import re
import sys
from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from floe_compiler.commands.exit_codes import UsageError
from floe_compiler.model.diagnostics import Diagnostic, Rule, StageFailed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    from floe_compiler.publish.artifact import Artifact
    from floe_compiler.publish.reference import Reference
    from floe_compiler.publish.session import Login

NOT_SIGNED = Rule(
    "P004",
    "artifact that could not be signed",
    "Sigstore did not sign as who runs this: there is no identity, or it cannot be reached. Nothing was published.",
)
PASSWORD = "COSIGN_PASSWORD"  # noqa: S105 -- the name of the environment variable, as cosign has it
_URI = re.compile(r"[a-z][a-z0-9+.-]*:\S+")


class Signer(msgspec.Struct, frozen=True):
    """Who signs: a key, or, without one, who runs this; and what is named as the builder."""

    key: EllipticCurvePrivateKey | None
    builder: str


def add_signing(parser: ArgumentParser) -> None:
    """Add the options."""
    from floe_compiler.publish.provenance import BY_HAND

    way = parser.add_mutually_exclusive_group()
    way.add_argument(
        "--sign-key",
        type=Path,
        metavar="FILE",
        help=f"sign with this private key of cosign; its password is asked for, or in {PASSWORD}",
    )
    way.add_argument(
        "--sign-identity",
        action="store_true",
        help="sign as the CI job or person that runs this, with Sigstore; the public log then has identity and inputs",
    )
    parser.add_argument(
        "--builder", metavar="URI", help=f"who runs this, for the provenance that is signed (default: {BY_HAND})"
    )


def chosen_signer(options: Namespace) -> Signer | None:
    """Return who signs; None if nobody does.

    Raises:
        UsageError: if the options do not fit together, or the key cannot be used.
    """
    from floe_compiler.publish.keys import BadKey, read_key
    from floe_compiler.publish.provenance import BY_HAND

    if options.sign_key is None and not options.sign_identity:
        if options.builder:
            raise UsageError("--builder is for what is signed; add --sign-key or --sign-identity")
        return None
    if options.builder and not _URI.fullmatch(options.builder):
        raise UsageError(f'--builder "{options.builder}": write a URI, such as https://ci.acme.example/data-platform')
    builder = options.builder or BY_HAND
    if options.sign_identity:
        return Signer(None, builder)
    try:
        return Signer(read_key(options.sign_key, partial(_password, options.sign_key)), builder)
    except BadKey as error:
        raise UsageError(f"--sign-key {options.sign_key}: {error}") from None


def _password(file: Path) -> str:
    if PASSWORD in os.environ:
        return os.environ[PASSWORD]
    if not sys.stdin.isatty():
        raise UsageError(f"the key {file} has a password; set {PASSWORD}")
    return getpass.getpass(f"Password of {file}: ")


def statement_bundle(signer: Signer, statement: bytes) -> bytes:
    """Return a statement signed, as a bundle of Sigstore. Raises StageFailed (P004)."""
    from floe_compiler.publish.identities import NoIdentity, bundle_by_identity
    from floe_compiler.publish.signatures import bundle_of

    if signer.key:
        return bundle_of(statement, signer.key)
    try:
        return bundle_by_identity(statement)
    except NoIdentity as error:
        raise StageFailed([Diagnostic(NOT_SIGNED, str(error), subject="--sign-identity")]) from None


def push_signed(reference: Reference, artifact: Artifact, signer: Signer, bundle: bytes, login: Login) -> None:
    """Push an artifact and its signatures, and move the tag last: what it refers to is always signed.

    Raises:
        Refused: if the registry refuses something.
    """
    from floe_compiler.publish.provenance import PREDICATE
    from floe_compiler.publish.registry import attach, pull, push
    from floe_compiler.publish.signatures import attestation, signed, tag_of_signatures

    push(reference, artifact, login, tag=artifact.digest)
    if signer.key:
        place = reference._replace(tag=tag_of_signatures(artifact))
        push(place, signed(reference, artifact, signer.key, pull(place, login)), login)
    attach(reference, attestation(artifact, bundle, PREDICATE), login)
    push(reference, artifact, login)
