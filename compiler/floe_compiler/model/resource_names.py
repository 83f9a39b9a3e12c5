"""The names of resources, in containers and quotas: which of them are amounts of bytes, and which are whole numbers."""

from __future__ import annotations

import math
import re

from floe_compiler.model.quantities import parse_quantity, wrong_bytes

_BYTES = re.compile(
    r"(?:.+\.storageclass\.storage\.k8s\.io/)?(?:(?:requests|limits)\.)?(?:memory|storage|ephemeral-storage|hugepages-.*)"
)
_COUNTED = frozenset(
    {
        "configmaps",
        "persistentvolumeclaims",
        "pods",
        "replicationcontrollers",
        "resourcequotas",
        "secrets",
        "services",
        "services.loadbalancers",
        "services.nodeports",
    }
)
_OF_A_CLASS = ".storageclass.storage.k8s.io/persistentvolumeclaims"


def wrong_amount(name: str, text: str) -> str:
    """Return why an amount of a resource cannot be meant, with what to write; empty if it can be.

    Raises ValueError if the text is not a quantity.
    """
    if is_in_bytes(name):
        return wrong_bytes(text)
    quantity = parse_quantity(text)
    if not is_counted(name) or quantity.amount.denominator == 1:
        return ""
    rounded = math.ceil(quantity.amount)
    return f'"{text}" is not a whole number, as {name} must be; did you mean "{rounded}"?'


def is_in_bytes(name: str) -> bool:
    """Return whether amounts of a resource are numbers of bytes; `sizeLimit` is that of a volume in memory."""
    return name == "sizeLimit" or bool(_BYTES.fullmatch(name))


def is_counted(name: str) -> bool:
    """Return whether there are only whole numbers of a resource: objects, and devices of nodes.

    Source: `IsIntegerResourceName` and `IsExtendedResourceName` in Kubernetes' pkg/apis/core/helper/helpers.go, which
    takes fractions of `count/<objects>`, but cannot count them.
    """
    device = name.removeprefix("requests.")
    is_extended = "/" in device and "kubernetes.io/" not in device and "k8s.io/" not in device
    return name in _COUNTED or name.startswith("count/") or name.endswith(_OF_A_CLASS) or is_extended
