"""What people must know of a secret to create it: names, keys and places, never a value."""

from __future__ import annotations

from typing import Literal

import msgspec

Source = Literal["store", "csi", "generated", "shared", "existing", "sops", "sealed-secrets"]
Value = Literal["needed", "generated", "written"]


class ListedKey(msgspec.Struct, frozen=True, order=True):
    """A key of a secret, and its name in the store; empty if the value does not come from there.

    The value is `needed` from people, `generated` in the cluster, or `written` into the output, as it is not secret.
    `must_be` is what people must write where the compiler does not: a user name that readers expect, and no secret.
    """

    name: str
    value: Value
    property: str = ""
    must_be: str = ""


class ListedSecret(msgspec.Struct, frozen=True, order=True):
    """A Secret that a namespace reads.

    `source` says where it comes from: the `store`, or that of the `csi` driver, at `path`; `generated` in this
    namespace; `shared` by the namespace `owner`, where it is generated; `existing`: somebody creates the Secret in this
    namespace; or, with `sops` and `sealed-secrets`, an encrypted file. `kind` is the kind of object that people write,
    and `folder` where, if it is a file here.
    """

    namespace: str
    name: str
    type: str
    source: Source
    owner: str
    path: str
    keys: tuple[ListedKey, ...]
    read_by: tuple[str, ...]
    kind: str = ""
    folder: str = ""
