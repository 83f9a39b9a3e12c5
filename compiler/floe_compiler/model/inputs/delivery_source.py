"""What the output is delivered from: a Git repository, or artifacts that `floe-compile publish` has pushed."""

from __future__ import annotations

import re
from typing import Self, TypeVar

from pydantic import Field, ValidationInfo, model_validator

from floe_compiler.model.fields import ObjectName
from floe_compiler.model.inputs.common import Input

OCI = "oci://"
Value = TypeVar("Value")
_REPOSITORY = re.compile(r"oci://[^\s/:@]+(:[0-9]+)?(/[a-z0-9._-]+)+")
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")


def check_repository(repository: str) -> str:
    """Accept a Git repository, or a repository of artifacts without a tag or digest. Raises ValueError."""
    if repository.startswith(OCI) and not _REPOSITORY.fullmatch(repository):
        _, slash, name = repository.removeprefix(OCI).partition("/")
        if slash and (":" in name or "@" in name):
            raise ValueError(
                f'"{repository}" names one artifact; write the tag as revision, and the repository without it'
            )
        raise ValueError(
            f'"{repository}" is not the address of an OCI repository; write, for example, oci://ghcr.io/acme/data'
        )
    return repository


def check_of_source(value: Value, info: ValidationInfo) -> Value:
    """Accept what fits the field `repository`, which stands before. Raises ValueError."""
    repository = info.data.get("repository")
    if repository is None:  # which is an error of its own
        return value
    has_artifacts = repository.startswith(OCI)
    match info.field_name:
        case "path" if has_artifacts:
            raise ValueError("it is a folder in a Git repository, and an artifact begins with output/; leave path out")
        case "revision" if has_artifacts and not _TAG.fullmatch(str(value)):
            raise ValueError(f'"{value}" is not a tag of an artifact; write, for example, prod')
        case "verify" if not has_artifacts:
            raise ValueError("only artifacts have signatures that are verified; leave verify out")
    return value


class Signer(Input):
    """Who may sign artifacts without a key: an identity that the log of Sigstore knows."""

    issuer: str
    """A regular expression for the issuer of the identity: `^https://token.actions.githubusercontent.com$`."""
    subject: str
    """A regular expression for the identity: `^https://github.com/acme/data-platform/.github/workflows/`."""


class Verification(Input):
    """Flux applies only artifacts that cosign has signed: with a key, or as one of some identities."""

    secret: ObjectName | None = None
    """The Secret in Flux's namespace with the public keys, each in a `<name>.pub`."""
    identities: tuple[Signer, ...] = Field(default=(), strict=False)
    """Who may sign without a key."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.secret is None) == (not self.identities):
            raise ValueError("signatures are verified in one way; write secret, or identities")
        return self
