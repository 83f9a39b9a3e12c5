"""What a platform manifest takes from another one, and what it lets those below it change."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from floe_compiler.model.bounds import Bounds, Scalar, compared
from floe_compiler.model.fields import matching
from floe_compiler.model.inputs.common import Input
from floe_compiler.model.layout import PARENT_DIGEST, PARENT_KEY, PARENT_PATH
from floe_compiler.model.schema_words import WRITTEN_TOGETHER


class ParentSignature(Input):
    """Who must have signed the parent that `floe-compile vendor` takes from a registry: a key, or an identity."""

    key: Annotated[str, matching(PARENT_KEY, "a file right in vendor/ that ends in .pub", "vendor/acme.pub")] | None = (
        None
    )
    """The file with the public key of cosign, in `vendor/` beside this manifest."""
    issuer: str | None = None
    """Who says who somebody is, such as `https://token.actions.githubusercontent.com`."""
    subject: str | None = None
    """The identity, such as that of a workflow or an e-mail address, as it is in the certificate."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.issuer is None) != (self.subject is None) or (self.key is None) == (self.issuer is None):
            raise ValueError("a signature is verified in one way; write key, or issuer and subject")
        return self


class Extends(Input):
    """The parent: another platform manifest, of which a copy is vendored. Its settings are the defaults."""

    model_config = ConfigDict(
        json_schema_extra={WRITTEN_TOGETHER: "vendor the parent: floe-compile vendor SOURCE writes path and digest"}
    )

    path: Annotated[str, matching(PARENT_PATH, "a folder right in vendor/", "vendor/acme")]
    """The folder of the copy, in `vendor/` beside this manifest."""
    digest: Annotated[
        str,
        matching(
            PARENT_DIGEST,
            "what `floe-compile vendor FOLDER` writes",
            "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        ),
    ]
    """The SHA-256 of the parent's manifest, which locks its own parent in the same way."""
    verify: ParentSignature | None = None
    """Who must have signed it. Default: nobody."""


class Limit(Input):
    """What a setting may be, wherever it is set."""

    least: int | float | str | None = None
    """The least: a number, a quantity or a duration."""
    most: int | float | str | None = None
    """The most: a number, a quantity or a duration."""
    among: Annotated[tuple[Scalar, ...], Field(strict=False)] | None = None
    """What it may be. `quay.io/acme` also allows what is below it, such as `quay.io/acme/sales`."""

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.least is None and self.most is None and self.among is None:
            raise ValueError("it limits nothing; write least, most or among")
        for bound in (self.least, self.most):
            if bound is not None:
                compared(bound, bound)  # raises ValueError
        if self.least is not None and self.most is not None and compared(self.least, self.most) > 0:
            raise ValueError(f"least {self.least} is above most {self.most}; correct one of them")
        return self

    @property
    def bounds(self) -> Bounds:
        """Return the limit as plain data."""
        return Bounds(self.least, self.most, self.among)
