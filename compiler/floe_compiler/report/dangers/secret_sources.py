"""Secrets that come from elsewhere: their values may differ, and for a while they may be missing."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.model.nested_fields import at, mapping, mappings
from floe_compiler.model.objects import Object
from floe_compiler.model.pod_references import references
from floe_compiler.model.workloads import pod_template
from floe_compiler.report.dangers.danger import SECRET_KINDS, Change, Danger

WORD = "secret-source"


def source_changed(change: Change) -> Iterator[Danger]:
    """Yield a danger if another kind of object creates a Secret than before, or none does any longer."""
    if change.kind not in SECRET_KINDS:
        return
    namespace = change.identity.namespace
    if change.after:
        before = [
            writer
            for writer in change.surroundings.writers_before
            if at(writer, ("metadata", "namespace")) == namespace
        ]
        for name in sorted(_written(change.after) - _written(change.before)):
            if kinds := sorted({writer["kind"] for writer in before if name in _written(writer)} - {change.kind}):
                yield Danger(
                    WORD,
                    f"{_article(change.kind)} brings {name} instead of {_article(kinds[0])}: its values must be the"
                    " same, or what knows them, such as a database, refuses its readers",
                )
    else:
        still = {
            name for manifest in change.beside if manifest.get("kind") in SECRET_KINDS for name in _written(manifest)
        }
        for name in sorted((_written(change.before) - still) & _read(change)):
            yield Danger(
                WORD,
                f"nothing here creates the Secret {name} any longer, which pods read, and the cluster deletes it with"
                f" the {change.kind}: somebody must create it again",
            )


def values_made_up(change: Change) -> Iterator[Danger]:
    """Yield a danger if a secret that was read from a store is now generated in the cluster."""
    if change.kind == "ExternalSecret" and _remote(change.before) and _generated(change.after):
        yield Danger(
            WORD,
            "its values are made up in the cluster instead of read from the store: what knows the old ones refuses its"
            " readers",
        )


def provider_changed(change: Change) -> Iterator[Danger]:
    """Yield the store of the CSI driver that must have values, or pods do not start."""
    old, new = (
        [at(manifest, ("spec", "provider")), at(manifest, ("spec", "parameters"))]
        for manifest in (change.before, change.after)
    )
    if change.kind == "SecretProviderClass" and change.after and old != new:
        yield Danger("secret-needed", f"the store of {new[0]} must have its values where it says, or pods do not start")


def _remote(manifest: Object) -> bool:
    return any("remoteRef" in item for item in mappings(manifest, ("spec", "data")))


def _generated(manifest: Object) -> bool:
    return any(at(source, ("sourceRef", "generatorRef")) for source in mappings(manifest, ("spec", "dataFrom")))


def _written(manifest: Object) -> set[str]:
    """Return the names of the secrets that an object brings to its namespace."""
    name = str(at(manifest, ("metadata", "name")) or "")
    match manifest.get("kind"):
        case "ExternalSecret":
            return {str(at(manifest, ("spec", "target", "name")) or name)}
        case "SopsSecret":
            return {str(template.get("name")) for template in mappings(manifest, ("spec", "secretTemplates"))}
        case "SealedSecret" | "Secret" | "SecretProviderClass":
            return {name}
        case _:
            return set()


def _read(change: Change) -> set[str]:
    """Return the names of the Secrets that pods of the namespace read after the change."""
    templates = filter(None, (pod_template(manifest) for manifest in change.beside))
    pods = (mapping(template, ("spec",)) for template in templates)
    return {reference.name for pod in pods for reference in references(pod, "") if reference.kind == "Secret"}


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'AEIOU' else 'a'} {kind}"
