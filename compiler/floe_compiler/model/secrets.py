"""References to secrets: names and keys, never values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, order=True, slots=True)
class SecretKey:
    """One key of a secret, and where its value comes from.

    `literal` is a value that is not secret (a user name) and is written into the manifest with the secret ones.
    `generated` is the length of a random value that may be generated in the cluster where there is no vault;
    a key with neither can only come from a store. `remote` is the property's name in the store, if it differs.
    """

    name: str
    literal: str = ""
    generated: int = 0
    remote: str = ""


@dataclass(frozen=True, order=True, slots=True)
class Secret:
    """A secret that pods read. `owner` is the namespace it belongs to; others read the same value.

    `path` is its place in the store; empty: `<platform>/<environment>/<owner>/<name>`. `type` is the Kubernetes type.
    `existing` marks a Secret that somebody else puts into the namespace: nothing is rendered for it. `remembered` is
    False if its values are stored nowhere else, as in a database: then new ones may be generated on each change.
    """

    name: str
    owner: str
    keys: tuple[SecretKey, ...]
    type: str = "Opaque"
    path: str = ""
    existing: bool = False
    remembered: bool = True

    def key(self, name: str) -> SecretReference:
        """Return the reference to one key; raise KeyError if the secret has no such key."""
        if all(key.name != name for key in self.keys):
            raise KeyError(f"secret {self.name} has no key {name}")
        return SecretReference(self, name)


class SecretConflict(ValueError):
    """Two different secrets would have the same name in one namespace."""

    def __init__(self, first: Secret, second: Secret) -> None:
        self.first, self.second = first, second
        super().__init__(f"secret {first.name} stands for two different things")


def merged(secrets: Iterable[Secret]) -> tuple[Secret, ...]:
    """Return the secrets, those of one name as one with all their keys; sorted by name.

    A key that one user knows how to make, and another only names, is made. Raises SecretConflict if secrets of one name
    differ in their owner, type or place.
    """
    found: dict[str, Secret] = {}
    for secret in sorted(secrets):
        first = found.setdefault(secret.name, secret)
        if (first.owner, first.type, first.path, first.existing) != (
            secret.owner,
            secret.type,
            secret.path,
            secret.existing,
        ):
            raise SecretConflict(first, secret)
        keys = {key.name: key for key in sorted((*first.keys, *secret.keys))}
        remembered = first.remembered or secret.remembered
        found[secret.name] = replace(first, keys=tuple(keys[name] for name in sorted(keys)), remembered=remembered)
    return tuple(found.values())


@dataclass(frozen=True, order=True, slots=True)
class SecretReference:
    """One key of one secret, as a container uses it."""

    secret: Secret
    key: str
