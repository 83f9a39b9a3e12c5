"""`floe-compile publish`: push the output of an environment to a registry, as an artifact for Flux and Argo CD."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from floe_compiler.commands.check import stale_output
from floe_compiler.commands.compiling import Chosen, compiling
from floe_compiler.commands.exit_codes import DONE, UsageError
from floe_compiler.commands.options import add_cache, add_repository, add_workers
from floe_compiler.commands.output_folder import add_output
from floe_compiler.model.diagnostics import Diagnostic, Rule, StageFailed

if TYPE_CHECKING:
    from floe_compiler.commands.git import Commit
    from floe_compiler.publish.artifact import Artifact
    from floe_compiler.publish.reference import Reference

NOT_COMMITTED = Rule(
    "P001",
    "published output that is not committed",
    "An artifact says which commit it is made from. So the output must be what this commit has. Commit it first.",
)
NOT_TAKEN = Rule(
    "P002",
    "registry that does not take an artifact",
    "The registry could not be reached, wants another login, or refuses the artifact. The tag still refers to what it "
    "referred to before.",
)
RULES = (NOT_COMMITTED, NOT_TAKEN)

NOTES = """\
The artifact has the files of output/<env>/ with their paths, and the list of their hashes, output/.floe/<env>.index.
The same commit gives the same bytes, and so the same digest, on every machine. Nothing is published unless output/ is
what the inputs compile to (as `floe-compile check` says), and is committed.

The login is that of `docker login`, from Docker's configuration or keychain. A registry on this machine (localhost,
127.0.0.1) is reached without TLS, any other only with it. This verb alone uses the network.

The artifact says where it comes from: org.opencontainers.image.source, revision and created are the Git remote
`origin`, the commit and its time; dev.floe.compiler.version is that of floe-compile.

examples:
  floe-compile publish oci://ghcr.io/acme/data-platform:prod --env prod
  floe-compile publish oci://localhost:5000/mesh:dev --env dev    try it: docker run -p 5000:5000 registry:2
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = NOTES
    parser.add_argument("place", metavar="oci://REGISTRY/NAME:TAG", help="where to publish it")
    parser.add_argument("--env", required=True, metavar="NAME", help="the environment to publish")
    add_repository(parser)
    add_output(parser)
    add_cache(parser)
    add_workers(parser)
    parser.set_defaults(format="text", quiet=False)


def run(options: Namespace) -> int:
    """Check, pack, push, and print the place with the digest.

    Raises:
        UsageError: if the place or the environment is wrong, or Git knows no commit.
        StageFailed: if the output is not current or not committed, or the registry refuses it.
    """
    from floe_compiler.publish.artifact import artifact_of
    from floe_compiler.publish.reference import NotAReference, parse_reference

    try:
        reference = parse_reference(options.place)
    except NotAReference as error:
        raise UsageError(str(error)) from None
    chosen = Chosen.by(Namespace(**{**vars(options), "env": (options.env,)}))
    files = _current(chosen, options)
    commit = _commit(chosen.output, options.env)
    artifact = artifact_of(files, _annotations(options.env, commit))
    _push(reference, artifact)
    sys.stdout.write(f"{reference}@{artifact.digest}\n")
    return DONE


def _current(chosen: Chosen, options: Namespace) -> dict[str, bytes]:
    """Return the files of the environment and their index by path. Raises StageFailed if the output is not current."""
    from floe_compiler.write.index import index_path, render_index

    with compiling(options, chosen) as run:
        compiled = run.compiled()
        report = run.checked(compiled)
        if report.stale:
            raise StageFailed((stale_output(report),))
        # What was compiled, and not what is on the disk by now.
        files = {path: text.encode() for path, text in compiled.files.items()}
    (environment,) = chosen.environments
    index = render_index((path, digest) for path, digest in compiled.files.digests.items())
    return {**files, index_path(environment): index.encode()}


def _commit(root: Path, environment: str) -> Commit:
    from floe_compiler.commands.git import commit_with
    from floe_compiler.model.files import OUTPUT
    from floe_compiler.write.index import index_path

    commit, different = commit_with(root, (f"{OUTPUT}/{environment}", index_path(environment)))
    if different:
        message = f"{different[0]} is not what the last commit has"
        more = f" ({len(different) - 1} more)" if different[1:] else ""
        raise StageFailed((Diagnostic(NOT_COMMITTED, message + more, subject="output", hint="commit output/ first"),))
    return commit


def _annotations(environment: str, commit: Commit) -> dict[str, str]:
    """Return where the artifact comes from (github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md)."""
    from floe_compiler.commands.version import version

    names = {
        "org.opencontainers.image.created": commit.created,
        "org.opencontainers.image.revision": commit.revision,
        "org.opencontainers.image.source": commit.source,
        "org.opencontainers.image.title": environment,
        "dev.floe.compiler.version": version(),
    }
    return {name: value for name, value in names.items() if value}


def _push(reference: Reference, artifact: Artifact) -> None:
    from floe_compiler.publish.logins import NoLogin, login_at
    from floe_compiler.publish.registry import Refused, push

    try:
        push(reference, artifact, lambda: login_at(reference.registry))
    except (NoLogin, Refused) as error:
        raise StageFailed((Diagnostic(NOT_TAKEN, str(error), subject=str(reference)),)) from None
