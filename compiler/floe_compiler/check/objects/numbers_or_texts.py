"""Fields that are a number or a text. Schemas allow any text there, Kubernetes a percentage or the name of a port."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from floe_compiler.check.objects.positions import PositionFinder
from floe_compiler.check.objects.violations import Violation
from floe_compiler.model.kubernetes_schemas import KubernetesSchemas
from floe_compiler.model.objects import Object

_INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
_PERCENTAGES = frozenset({"maxSurge", "maxUnavailable", "minAvailable"})
# Sources: IsValidPercent and IsValidPortName in k8s.io/apimachinery/pkg/util/validation.
_PERCENTAGE = re.compile(r"[0-9]+%")
_PORT_NAME = re.compile(r"(?=.*[a-z])(?!.*--)[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?")


def text_violations(schemas: KubernetesSchemas, manifest: Object) -> Iterator[Violation]:
    """Yield the texts that Kubernetes would refuse in an object of one of its own kinds, such as "1" for a number."""
    positions = _finder(schemas).of(str(manifest.get("apiVersion", "")), str(manifest.get("kind", "")))
    for path, value, _ in positions.find(manifest):
        is_share = path[-1] in _PERCENTAGES
        if isinstance(value, str) and not (_PERCENTAGE if is_share else _PORT_NAME).fullmatch(value):
            message = f"must be an integer or {'a percentage' if is_share else 'the name of a port'}"
            hint = "write the number without quotes" if value.isdecimal() else ""
            yield Violation(path, message, hint, path)


@cache
def _finder(schemas: KubernetesSchemas) -> PositionFinder:
    return PositionFinder(schemas, lambda schema: str(schema.get("$ref", "")).endswith(_INT_OR_STRING))
