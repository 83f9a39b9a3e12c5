"""`floe-compile publish`: push an output to a registry for Flux and Argo CD, or a manifest that others extend."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from floe_compiler.commands.compiling import Chosen
from floe_compiler.commands.current_output import add_current_output
from floe_compiler.commands.exit_codes import DONE, UsageError
from floe_compiler.commands.parent_signature import NOT_VERIFIED
from floe_compiler.commands.publish_signed import (
    NOT_SIGNED,
    Signer,
    add_signing,
    chosen_signer,
    push_signed,
    statement_bundle,
)
from floe_compiler.commands.published_content import Content, output_of, parent_in
from floe_compiler.model.diagnostics import Diagnostic, Rule, StageFailed

if TYPE_CHECKING:
    from floe_compiler.commands.git import Commit
    from floe_compiler.publish.artifact import Artifact
    from floe_compiler.publish.reference import Reference

NOT_COMMITTED = Rule(
    "P001",
    "published output that is not committed",
    "An artifact says which commit it is made from. So what is published must be what this commit has: "
    "commit it first.",
)
NOT_TAKEN = Rule(
    "P002",
    "registry that does not take an artifact",
    "The registry could not be reached, requires another login, or refuses the artifact. The tag still refers to what "
    "it referred to before.",
)
RULES = (NOT_COMMITTED, NOT_TAKEN, NOT_SIGNED, NOT_VERIFIED)

NOTES = """\
The artifact has the files of output/<env>/ with their paths, and the list of their hashes, output/.floe/<env>.index.
The same commit gives the same bytes, and so the same digest, on every machine. Nothing is published unless output/ is
what the inputs compile to (as `floe-compile check` says), and is committed.

With --parent, it is platform-manifest.yaml with those that it extends, for `floe-compile vendor` in the repositories
of other platforms. It need not compile, but must be valid, and committed.

The login is that of `docker login`, from Docker's configuration or keychain. A registry on this machine (localhost,
127.0.0.1) is reached without TLS, any other only with it.

The artifact says where it comes from: org.opencontainers.image.source, revision and created are the Git remote
`origin`, the commit and its time; dev.floe.compiler.version is that of floe-compile.

With --sign-key or --sign-identity, it is signed, in the forms that cosign and Flux verify (`delivery.verify`), with its
provenance: the commit, all inputs and the compiler, by digest. The tag moves only when all of that is there.

examples:
  floe-compile publish oci://ghcr.io/acme/data-platform:prod --env prod
  floe-compile publish oci://ghcr.io/acme/data-platform:prod --env prod --sign-key cosign.key
  floe-compile publish oci://ghcr.io/acme/data-platform:prod --env prod --sign-identity    in a CI job with an identity
  floe-compile publish oci://ghcr.io/acme/enterprise-platform:1.4.0 --parent
  floe-compile publish oci://localhost:5000/mesh:dev --env dev    try it: docker run -p 5000:5000 registry:2
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = NOTES
    parser.add_argument("place", metavar="oci://REGISTRY/NAME:TAG", help="where to publish it")
    published = parser.add_mutually_exclusive_group(required=True)
    published.add_argument("--env", metavar="NAME", help="the environment to publish")
    published.add_argument("--parent", action="store_true", help="publish the manifest, for others to extend")
    add_signing(parser)
    add_current_output(parser)


def run(options: Namespace) -> int:
    """Check, pack, sign, push, and print the place with the digest.

    Raises:
        UsageError: if the place, the environment or the key is wrong, or Git knows no commit.
        StageFailed: if what is to be published is wrong, not current or not committed, it cannot be signed, or the
            registry refuses it.
    """
    from floe_compiler.publish.artifact import artifact_of
    from floe_compiler.publish.reference import NotAReference, parse_reference

    try:
        reference = parse_reference(options.place)
    except NotAReference as error:
        raise UsageError(str(error)) from None
    signer = chosen_signer(options)
    chosen = Chosen.by(Namespace(**{**vars(options), "env": (options.env,) if options.env else ()}))
    content = parent_in(chosen.root) if options.parent else output_of(chosen, options)
    place = chosen.root if options.parent else chosen.output
    commit = _commit(place, content.committed)
    artifact = artifact_of(content.files, _annotations(content.names, commit), content.kind)
    if signer is None:
        _push(reference, artifact)
    else:
        statement = _provenance(place, reference, artifact, commit, content, signer.builder)
        _push(reference, artifact, signer, statement_bundle(signer, statement))
    sys.stdout.write(f"{reference}@{artifact.digest}\n")
    return DONE


def _commit(root: Path, committed: tuple[str, ...]) -> Commit:
    from floe_compiler.commands.git import commit_with

    commit, different = commit_with(root, committed)
    if different:
        more = f" ({len(different) - 1} more)" if different[1:] else ""
        message = f"{different[0]} is not what the last commit has{more}"
        subject = different[0].partition("/")[0]
        raise StageFailed((Diagnostic(NOT_COMMITTED, message, subject=subject, hint="commit it first"),))
    return commit


def _annotations(names: Mapping[str, str], commit: Commit) -> dict[str, str]:
    """Return where the artifact comes from (github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md)."""
    from floe_compiler.commands.version import version

    values = {"created": commit.created, "revision": commit.revision, "source": commit.source, **names}
    annotations = {f"org.opencontainers.image.{name}": value for name, value in values.items()}
    return {name: value for name, value in {**annotations, "dev.floe.compiler.version": version()}.items() if value}


def _provenance(
    root: Path, reference: Reference, artifact: Artifact, commit: Commit, content: Content, builder: str
) -> bytes:
    from floe_compiler.commands.version import version
    from floe_compiler.load.digests import compiler_digest
    from floe_compiler.load.git_folder import path_in_git
    from floe_compiler.publish.provenance import Built, Source, provenance

    source = Source(commit.revision, commit.source, path_in_git(root) or "")
    built = Built(content.parameters, content.made_from, (version(), compiler_digest()), content.packages)
    return provenance(reference, artifact, source, built, builder)


def _push(reference: Reference, artifact: Artifact, signer: Signer | None = None, bundle: bytes = b"") -> None:
    """Push an artifact; signed, if somebody signs. Raises StageFailed (P002)."""
    from floe_compiler.publish.logins import NoLogin, login_at
    from floe_compiler.publish.registry import push
    from floe_compiler.publish.session import Refused

    def login() -> str | None:
        return login_at(reference.registry)

    try:
        if signer:
            push_signed(reference, artifact, signer, bundle, login)
        else:
            push(reference, artifact, login)
    except (NoLogin, Refused) as error:
        raise StageFailed((Diagnostic(NOT_TAKEN, str(error), subject=str(reference)),)) from None
