"""Checks of a roll-out: that its rings have every domain once, and that its changes can reach them and end."""

from __future__ import annotations

from collections.abc import Sequence

from floe_compiler.model.diagnostics import Findings, Related, Rule, did_you_mean
from floe_compiler.model.document import DataPath, Document, show_path
from floe_compiler.model.layout import MANIFEST
from floe_compiler.model.nested_fields import at, mapping, mappings
from floe_compiler.model.sources import Sources
from floe_compiler.model.span import Span
from floe_compiler.resolve.layers import Layer, leaves, merge
from floe_compiler.resolve.locks import Locks, check_locks
from floe_compiler.resolve.rollout import CHANGES, REACHED, RINGS, ROLLOUT, changes_in, rings_of, written_changes
from floe_compiler.resolve.rules import DUPLICATE_NAME, UNKNOWN_REFERENCE
from floe_compiler.resolve.slots import Registry, configured, slot_path, slots, with_profiles

TWO_RINGS = Rule(
    "R140",
    "domain in two rings",
    "A domain is in two rings of the `rollout`, so it is not clear when a change reaches it. Leave it in one.",
)
RING_GAP = Rule(
    "R141",
    "rings without a domain",
    "The rings of the `rollout` do not have every domain, so some would never get a change; or a ring other than the "
    "last one lists no domains. Only the last ring may leave them out: it has all that are in no other ring.",
)
TWO_CHANGES = Rule(
    "R142",
    "setting of two changes",
    "Two changes of the `rollout` set the same value, so the result depends on how far each of them is. Make one "
    "change of them, or end one before the other begins.",
)
ROLLED_OUT = Rule(
    "R143",
    "change that has reached everybody",
    "A change of the `rollout` has reached the last ring in every environment. Move its settings into the manifest and "
    "remove the change, here and in the environments: the output stays the same.",
    severity="warning",
)
RULES = (TWO_RINGS, RING_GAP, TWO_CHANGES, ROLLED_OUT)


def check_rollout(sources: Sources, locks: Locks, findings: Findings) -> None:
    """Report what is wrong with the roll-out of the manifest, and with what environments say of it.

    Args:
        sources: All documents, which are valid by their schemas.
        locks: The locked paths. Those of a parent hold for changes, too.
        findings: What is found is added here.
    """
    manifest = sources.manifest
    _check_rings(sources, findings)
    above = merge([Layer(parent.file, parent.data, parent) for parent in sources.parents]).data
    inherited = {path: lock for path, lock in locks.items() if lock.manifest.file != MANIFEST}
    seen: list[tuple[DataPath, str, Span | None]] = []
    for name, change, layer in written_changes(manifest):
        _check_ring(sources, change.get(REACHED), manifest, (ROLLOUT, CHANGES, name, REACHED), findings)
        check_locks(above, inherited, [layer], findings)
        for path, _ in leaves(layer.data):
            other = next((place for place in seen if _overlap(place[0], path)), None)
            if other and other[1] != name:
                message = f'{show_path(path)} is set by the change "{other[1]}", too'
                related = [Related(other[2], "set here, too")] if other[2] else []
                findings.add(TWO_CHANGES, message, layer.key_span(path), hint="let one change set it", related=related)
            seen.append((path, name, layer.key_span(path)))
    for environment in sources.environments.values():
        _check_environment(sources, environment, findings)
    if not findings.failed and not sources.omitted_environments:
        _check_end(sources, findings)


def check_waiting(
    registry: Registry, sources: Sources, environment: Document, layers: Sequence[Layer], findings: Findings
) -> None:
    """Report wrong settings of the changes that no domain of an environment has yet: the others are checked there.

    Args:
        registry: The components that can fill slots.
        sources: All documents.
        environment: The environment's.
        layers: The layers of the platform there.
        findings: The errors are added here.
    """
    *manifests, own = layers
    scale = environment.data.get("scale", "light")
    for change in changes_in(sources, environment):
        names = [slot for slot in slots(registry, "domain") if at(change.layer.data, slot_path(slot)) is not None]
        if change.rings == 0 and names:
            merged = with_profiles(registry, names, scale, [*manifests, change.layer, own])
            for slot in names:
                configured(registry, slot, merged, findings)


def _check_rings(sources: Sources, findings: Findings) -> None:
    manifest, first = sources.manifest, dict[str, Span]()
    names: set[str] = set()
    rings = mappings(manifest.data, (ROLLOUT, RINGS))
    for number, ring in enumerate(rings):
        place: DataPath = (ROLLOUT, RINGS, number)
        if ring["name"] in names:
            message = f'there are two rings "{ring["name"]}"'
            findings.add(DUPLICATE_NAME, message, manifest.span((*place, "name")), hint="give one another name")
        names.add(ring["name"])
        if ring.get("domains") is None and number < len(rings) - 1:
            message = f'ring "{ring["name"]}" names no domains, but is not the last one'
            findings.add(RING_GAP, message, manifest.span((*place, "name")), hint="name its domains: domains: [...]")
        for index, domain in enumerate(ring.get("domains") or ()):
            span = manifest.span((*place, "domains", index))
            if domain in first:
                message = f'domain "{domain}" is in two rings'
                hint = "remove it from one of them"
                findings.add(TWO_RINGS, message, span, hint=hint, related=[Related(first[domain], "the other one")])
            elif domain not in sources.domains and domain not in sources.omitted_domains:
                message = f'there is no domain "{domain}"'
                findings.add(UNKNOWN_REFERENCE, message, span, hint=did_you_mean(domain, sources.domains))
            first.setdefault(domain, span)
    placed = {name for ring in rings_of(sources) for name in ring.domains}
    if missing := sorted(sources.domains.keys() - placed) if rings else []:
        shown = ", ".join(f'"{name}"' for name in missing)
        message = f"no ring has {'the domain' if len(missing) == 1 else 'the domains'} {shown}"
        hint = "add it to a ring, or leave out the domains of the last ring: it has all others then"
        findings.add(RING_GAP, message, manifest.key_span((ROLLOUT, RINGS)), hint=hint)


def _check_ring(sources: Sources, ring: object, document: Document, path: DataPath, findings: Findings) -> None:
    names = dict.fromkeys(ring.name for ring in rings_of(sources))
    if ring is not None and ring not in names:
        hint = did_you_mean(str(ring), names)
        findings.add(UNKNOWN_REFERENCE, f'the rollout has no ring "{ring}"', document.span(path), hint=hint)


def _check_environment(sources: Sources, environment: Document, findings: Findings) -> None:
    changes = mapping(sources.manifest.data, (ROLLOUT, CHANGES))
    for name, ring in mapping(environment.data, (ROLLOUT,)).items():
        path: DataPath = (ROLLOUT, name)
        if name not in changes:
            hint = did_you_mean(name, changes) if changes else f"no change is under way in {MANIFEST}; remove the line"
            message = f'the rollout of {MANIFEST} has no change "{name}"'
            findings.add(UNKNOWN_REFERENCE, message, environment.key_span(path), hint=hint)
        else:
            _check_ring(sources, ring, environment, path, findings)


def _check_end(sources: Sources, findings: Findings) -> None:
    """Report the changes that have reached everybody."""
    last = len(rings_of(sources))
    by_environment = [changes_in(sources, environment) for environment in sources.environments.values()]
    for changes in zip(*by_environment, strict=True):
        if all(change.rings == last for change in changes):
            message = f'the change "{changes[0].name}" has reached the last ring in every environment'
            place = sources.manifest.key_span((ROLLOUT, CHANGES, changes[0].name))
            hint = "move its settings into the manifest, and remove the change"
            findings.add(ROLLED_OUT, message, place, hint=hint)


def _overlap(path: DataPath, other: DataPath) -> bool:
    """Return whether two paths are the same, or one is below the other."""
    return path[: len(other)] == other[: len(path)]
