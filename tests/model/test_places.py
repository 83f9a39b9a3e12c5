"""Where the objects of a unit, and the pods that are launched from them, come from."""

from __future__ import annotations

from floe_compiler.model.objects import ObjectId, ObjectSet
from floe_compiler.model.places import Places
from floe_compiler.model.rendered import LaunchedPods, PodFile, PodGroup, Rendered
from floe_compiler.model.span import Span
from floe_compiler.model.value_spans import Patch


def test_launched_pods_have_the_patches_of_what_describes_them_in_the_same_order_in_every_process() -> None:
    described = PodFile(ObjectId("", "ConfigMap", "sales", "runs"), "pods.yaml")
    launched = frozenset(LaunchedPods(PodGroup("sales", name), (), description=described) for name in "fbdgaec")
    patches = (Patch(Span("patch.yaml"), {}),)
    unit = Rendered("dev", ObjectSet.of(()), namespace="sales", launched=launched, patched={str(described.by): patches})
    patched = Places.of(unit).patched
    assert [*patched] == [str(described.by), *(f"launched pods sales/{name}" for name in "abcdefg")]
    assert [*patched.values()] == [patches] * 8
