"""What a domain gives to all steps of its products: `steps` of its file, or of an environment."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from floe_compiler.model.diagnostics import Findings, Related
from floe_compiler.model.document import DataPath
from floe_compiler.model.inputs import AnyStep, SharedSteps
from floe_compiler.resolve.layers import Merged
from floe_compiler.resolve.products import WrittenProduct
from floe_compiler.resolve.rules import WRONG_VALUE

VOLUMES: DataPath = ("steps", "volumes")


def with_shared(
    shared: SharedSteps, domain: Merged, products: Iterable[WrittenProduct], findings: Findings
) -> tuple[WrittenProduct, ...]:
    """Return the products of a domain, with its devices and volumes in each step.

    A step that says how many devices of a kind it needs keeps that.

    Args:
        shared: What the domain says of all steps.
        domain: The layers that this comes from.
        products: Its products.
        findings: Volumes of products that are in the way of these are added here.
    """
    secrets = tuple(
        (volume.secret, span)
        for number, volume in enumerate(shared.volumes)
        if volume.secret and (span := domain.span((*VOLUMES, number, "secret")))
    )
    changed = []
    for written in products:
        _check_volumes(shared, domain, written, findings)
        spec = written.product.spec
        steps = tuple(_with_shared(shared, step) for step in spec.steps)
        product = replace(
            written.product,
            spec=spec.model_copy(update={"steps": steps}),
            secret_origins=(*written.product.secret_origins, *secrets),
        )
        changed.append(replace(written, product=product))
    return tuple(changed)


def _with_shared(shared: SharedSteps, step: AnyStep) -> AnyStep:
    volumes = (*shared.volumes, *(volume for volume in step.volumes if volume not in shared.volumes))
    return step.model_copy(update={"devices": shared.devices | step.devices, "volumes": volumes})


def _check_volumes(shared: SharedSteps, domain: Merged, written: WrittenProduct, findings: Findings) -> None:
    """Report the volumes of a product's steps that a container cannot mount with those of the domain."""
    for index, step in enumerate(written.product.spec.steps):
        for number, volume in enumerate(step.volumes):
            others = (at for at, mounted in enumerate(shared.volumes) if mounted.obstructs(volume))
            if (other := next(others, None)) is not None:
                span = domain.span((*VOLUMES, other, "path"))
                findings.add(
                    WRONG_VALUE,
                    f"the volume at {volume.path} is in the way of {shared.volumes[other].path}, which the domain "
                    f"{written.product.domain} mounts into all steps",
                    written.merged.span(("steps", index, "volumes", number, "path")),
                    hint="mount it elsewhere",
                    related=[Related(span, "the volume of the domain")] if span else [],
                )
