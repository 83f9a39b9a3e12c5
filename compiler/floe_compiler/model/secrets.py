"""References to secrets: names and keys, never values."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace


class SecretKey(msgspec.Struct, frozen=True, order=True):
    """One key of a secret, and where its value comes from.

    `literal` is a value that is not secret (a user name), so it is written into the manifest. `generated` is the
    length of a random value that the cluster may generate if there is no vault. A key with neither can only come from
    a store. `remote` is the property's name in the store, if it differs.
    """

    name: str
    literal: str = ""
    generated: int = 0
    remote: str = ""


class Secret(msgspec.Struct, frozen=True, order=True):
    """A secret that pods read. `owner` is the namespace it belongs to; other namespaces read the same value.

    `path` is its path in the store; empty: `<platform>/<environment>/<owner>/<name>`. `type` is the Kubernetes type.
    `existing` marks a Secret that is created outside the compiler: nothing is rendered for it. `remembered` is True if
    its values are stored elsewhere, too, as in a database; if not, new values may be generated on each change.
    `of_steps` marks the secret of an outside source, which only steps of data products name.
    """

    name: str
    owner: str
    keys: tuple[SecretKey, ...]
    type: str = "Opaque"
    path: str = ""
    existing: bool = False
    remembered: bool = True
    of_steps: bool = False

    def key(self, name: str) -> SecretReference:
        """Return the reference to one key; raise KeyError if the secret has no such key."""
        if all(key.name != name for key in self.keys):
            raise KeyError(f"secret {self.name} has no key {name}")
        return SecretReference(self, name)


class SecretConflict(ValueError):
    """Two different secrets have the same name in one namespace."""

    def __init__(self, first: Secret, second: Secret) -> None:
        self.first, self.second = first, second
        super().__init__(f"secret {first.name} is used for two different secrets")


def merged(secrets: Iterable[Secret]) -> tuple[Secret, ...]:
    """Return the secrets sorted by name; secrets with the same name are merged with all their keys.

    If one user of a key says how to make its value and another only names the key, it is made. Raises SecretConflict
    if secrets with the same name differ in their owner, type or path.
    """
    by_name: dict[str, Secret] = {}
    for secret in sorted(secrets):
        first = by_name.setdefault(secret.name, secret)
        if (first.owner, first.type, first.path, first.existing) != (
            secret.owner,
            secret.type,
            secret.path,
            secret.existing,
        ):
            raise SecretConflict(first, secret)
        keys = {key.name: key for key in sorted((*first.keys, *secret.keys))}
        remembered = first.remembered or secret.remembered
        by_name[secret.name] = replace(first, keys=tuple(keys[name] for name in sorted(keys)), remembered=remembered)
    return tuple(by_name.values())


class SecretReference(msgspec.Struct, frozen=True, order=True):
    """One key of one secret, as a container uses it."""

    secret: Secret
    key: str
