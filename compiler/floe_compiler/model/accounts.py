"""A pod's permissions: a Role for the Kubernetes API, and a cloud identity of its ServiceAccount."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from floe_compiler.model.endpoint import Endpoint


class PolicyRule(msgspec.Struct, frozen=True):
    """One rule of a Role in the pod's own namespace; `names` limits it to these objects (default: all)."""

    groups: tuple[str, ...]
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()


class Reader(msgspec.Struct, frozen=True, array_like=True):
    """A ServiceAccount that has rights in every namespace of an environment."""

    namespace: str
    account: str
    rules: tuple[PolicyRule, ...]


AS_ITSELF = ""
"""The value of an annotation that an account must not have: its pods act as themselves, not as a role of a cloud."""


class TwoIdentities(ValueError):
    """A pod would need two identities in one cloud."""

    def __init__(self, first: str, second: str, key: str) -> None:
        self.first, self.second, self.key = first, second, key
        super().__init__(f"a pod cannot act as {_named(first)} and as {_named(second)} ({key})")


class WorkloadIdentity(msgspec.Struct, frozen=True):
    """A pod's identity in a cloud, which it gets from its ServiceAccount, without a stored key.

    `annotations` go to the account, except those with the value `AS_ITSELF`, and `labels` to the pod. `endpoints` are
    the servers that exchange the account's token for credentials (AWS STS): pods with this identity call them.
    """

    annotations: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    endpoints: tuple[Endpoint, ...] = ()

    @property
    def notes(self) -> dict[str, str]:
        """Return the annotations that the account has."""
        return {key: value for key, value in self.annotations if value != AS_ITSELF}

    @property
    def as_itself(self) -> bool:
        """Return whether the cloud knows the ServiceAccount, without an annotation."""
        return any(value == AS_ITSELF for _, value in self.annotations)


def together(identities: Iterable[WorkloadIdentity | None]) -> WorkloadIdentity | None:
    """Return the one identity of a pod that needs several, as it has one account; None if it needs none.

    Raises TwoIdentities if two of them want different values of an annotation or label.
    """
    needed = [identity for identity in identities if identity is not None]
    if not needed:
        return None
    return WorkloadIdentity(
        _joined(pair for identity in needed for pair in identity.annotations),
        _joined(pair for identity in needed for pair in identity.labels),
        tuple(dict.fromkeys(endpoint for identity in needed for endpoint in identity.endpoints)),
    )


def _joined(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    joined: dict[str, str] = {}
    for key, value in pairs:
        if joined.setdefault(key, value) != value:
            raise TwoIdentities(joined[key], value, key)
    return tuple(joined.items())


def _named(identity: str) -> str:
    return f'"{identity}"' if identity != AS_ITSELF else "itself"
