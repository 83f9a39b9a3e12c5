"""`floe-compile new component`: begin the package of a component that is not among the built-in ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import metadata

from floe_compiler.commands.exit_codes import UsageError

SLOT = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?")


def component_files(type_: str, slot: str) -> Mapping[str, str]:
    """Return the texts of a component's package by their paths.

    One in a slot that exists runs where the others do; one in a new slot runs in the namespace of the platform. Raises
    UsageError if no such component can have this type or slot.
    """
    from floe_compiler.components import registry
    from floe_compiler.start.component import NewComponent, files

    components = registry()
    if (slot, type_) in components:
        raise UsageError(f"there is a component {type_} in the slot {slot}; choose another name")
    scopes = {component.slot: component.scope for component in components.values()}
    if scopes.get(slot) == "nodes":
        raise UsageError(f"--slot {slot}: its components run on nodes, unlike the server that this begins with")
    if slot not in scopes:
        _check_new(slot, scopes)
    return files(NewComponent(type_, slot, scopes.get(slot, "platform"), metadata.version("floe-compile")))


def _check_new(slot: str, slots: Mapping[str, str]) -> None:
    """Raise UsageError if there can be no slot with this name."""
    from floe_compiler.model.inputs import PlatformManifest

    if not SLOT.fullmatch(slot):
        raise UsageError(f'--slot {slot}: use letters a to z, digits and "_", such as portal or observability.profiles')
    group = slot.partition(".")[0]
    if group in PlatformManifest.model_fields:
        raise UsageError(f"--slot {slot}: {group} is another key of a manifest")
    if group in slots:
        raise UsageError(f"--slot {slot}: {group} is a slot, and nothing below it can be one")
    if any(known.startswith(f"{slot}.") for known in slots):
        raise UsageError(f"--slot {slot}: slots are below it, such as {slot}.NAME")
