"""Custom resources against the schemas that their projects publish."""

from __future__ import annotations

from floe_compiler.check.objects.schemas import Schemas
from floe_compiler.model.kubernetes_schemas import kubernetes_schemas
from floe_compiler.model.objects import Object


def assert_valid(manifest: Object) -> None:
    """Fail unless the object has a schema and fits it."""
    kubernetes = kubernetes_schemas("1.34")
    assert kubernetes is not None
    schemas = Schemas(kubernetes, ())
    assert schemas.knows(manifest["apiVersion"], manifest["kind"])
    assert schemas.violations(manifest) == ()
