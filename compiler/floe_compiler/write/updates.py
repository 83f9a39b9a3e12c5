"""Updates that a cluster refuses, so that the delivery of the whole folder would fail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.immutability import KINDS, immutable_changes
from floe_compiler.model.output_paths import OUTPUT
from floe_compiler.model.yaml_text import from_yaml
from floe_compiler.write.guard import is_allowed

REFUSED_BY_CLUSTER = Rule(
    "W018",
    "change of an immutable field",
    "An immutable field of an object in the output would change, such as the size of a StatefulSet's volumes, or the "
    "data of a ConfigMap with `immutable: true`. Argo CD or Flux would fail, and other objects of the same folder "
    "would not be delivered, either. Prepare the cluster as docs/delivery.md describes, then run with --allow-delete.",
)
_KINDS = {kind.lower() for kind in KINDS}


def guard_updates(
    before: Mapping[str, bytes], after: Mapping[str, str], allow_delete: frozenset[str], findings: Findings
) -> None:
    """Refuse (W018) changes of immutable fields that `allow_delete` does not cover.

    Args:
        before: the changed files, by path, as they are on disk.
        after: what the inputs compile to, by path.
        allow_delete: `<environment>` or `<environment>/<folder>`.
        findings: gets one error for each object.
    """
    for path, text in sorted(before.items()):
        if is_allowed(path, allow_delete):
            continue
        wanted = from_yaml(after[path])
        if fields := immutable_changes(from_yaml(text), wanted):
            scope = path.removeprefix(f"{OUTPUT}/").rpartition("/")[0]
            volume = wanted["kind"] == "PersistentVolumeClaim" or "spec.volumeClaimTemplates" in fields
            topic = "Changing a volume" if volume else "Changing what a cluster does not"
            findings.add(
                REFUSED_BY_CLUSTER,
                f"{' and '.join(fields)} cannot be changed in a cluster",
                subject=path,
                hint=f"see docs/delivery.md ({topic}), then: floe-compile --allow-delete {scope}",
            )


def may_be_refused(paths: Iterable[str]) -> list[str]:
    """Return the paths of files whose objects have immutable fields."""
    return [path for path in paths if path.rpartition("/")[2].partition("_")[0].partition(".")[0] in _KINDS]
