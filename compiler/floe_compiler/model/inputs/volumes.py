"""What is mounted into a step, besides what the compiler mounts."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Annotated, Self

from pydantic import Field, model_validator

from floe_compiler.model.fields import MountPath, Name, ObjectName, SecretKeyName
from floe_compiler.model.inputs.common import Input
from floe_compiler.model.mount_paths import is_within

SOURCES = ("config_map", "secret", "claim")


class StepVolume(Input):
    """A folder with the files of a ConfigMap or a Secret, or a persistent volume: exactly one of them."""

    path: MountPath
    """The folder in the container."""
    config_map: Name | None = None
    """A ConfigMap of the domain's namespace, which must be among the hand-written objects."""
    secret: ObjectName | None = None
    """A secret, which comes from where those of `secrets` come from."""
    keys: Annotated[tuple[SecretKeyName, ...], Field(strict=False)] = ()
    """The keys of the secret: each is a file."""
    claim: Name | None = None
    """A PersistentVolumeClaim of the domain's namespace, which must be among the hand-written objects."""
    writable: bool = False
    """Whether the step may write to the claim."""

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        chosen = [name for name in SOURCES if getattr(self, name) is not None]
        if len(chosen) != 1:
            raise ValueError(f"{self.path} is {' and '.join(chosen) or 'nothing'}; write one of {', '.join(SOURCES)}")
        if bool(self.keys) != (self.secret is not None):
            fix = "list its keys" if self.secret else "only a secret has keys; leave them out"
            raise ValueError(f"{self.path} has {'no keys' if self.secret else 'keys'}; {fix}")
        if self.writable and self.claim is None:
            raise ValueError(f"{self.path} cannot be written to; only a claim can be writable")
        return self

    def obstructs(self, other: StepVolume) -> bool:
        """Return whether a container cannot mount both. It can mount the same thing twice, writable or not."""
        is_same = self.model_copy(update={"writable": other.writable}) == other
        return not is_same and (is_within(self.path, other.path) or is_within(other.path, self.path))


def check_volumes(volumes: Iterable[StepVolume]) -> None:
    """Raise ValueError if one container cannot mount all of these volumes."""
    for volume, other in combinations(volumes, 2):
        if volume.obstructs(other):
            raise ValueError(
                f"the volumes at {volume.path} and {other.path} are in each other's way; mount one of them elsewhere"
            )
