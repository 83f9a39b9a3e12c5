"""Launched pods must have a valid template and use the image of their code location."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.model.data_paths import show_place
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.launched_templates import describing_container
from floe_compiler.model.rendered import launched_id

UNREADABLE = Rule(
    "C036",
    "launched pods that cannot be read",
    "An orchestrator reads the pod template of its runs from an environment variable. A patch removed the variable, or "
    "its value is no longer a pod template, so no run would start. Patch only the fields that must change.",
)
MISFIT = Rule(
    "C037",
    "launched pods that do not match their schema",
    "The API server would refuse the pods that an orchestrator starts, or drop an unknown key. Correct the key or "
    "value in the patch.",
)
OTHER_IMAGE = Rule(
    "C038",
    "runs with another image than their code",
    "The code location of a data product and the pods of its runs have different images, so the code in the runs would "
    "be missing or have another version. Change the image in the data product.",
)
RULES = (UNREADABLE, MISFIT, OTHER_IMAGE)


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield launched pods that cannot be read, violate their schema, or use another image than their code location."""
    for pods in sorted(index.rendered.launched):
        if pods.description is None:
            continue
        identity = launched_id(pods.group)
        workload = index.workloads.get(identity)
        if workload is None:
            message = f"{pods.description.place} of {pods.description.by} does not describe them"
            yield index.finding(UNREADABLE, identity, message, "leave the patched text valid JSON with the same fields")
            continue
        for violation in index.launched_violations.get(identity, ()):
            place = show_place(violation.path, workload.manifest)
            yield index.finding(MISFIT, identity, f"{place} {violation.message}", violation.hint)
        code = describing_container(pods.description, index.objects)
        image = workload.containers[0].data.get("image") if workload.containers else None
        if code is not None and image != code.data.get("image"):
            message = f"their image is {image}, but that of {pods.description.by} is {code.data.get('image')}"
            yield index.finding(OTHER_IMAGE, identity, message, "change `image` in the data product")
