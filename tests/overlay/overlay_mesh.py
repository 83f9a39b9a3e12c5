"""A repository with only what the overlay stage reads, and the stage run on it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from environment_check import split
from floe_compiler.load.input_tree import read_inputs
from floe_compiler.load.yaml_reader import read_documents
from floe_compiler.model.diagnostics import Diagnostic, Findings, StageFailed
from floe_compiler.model.objects import Object, ObjectId, ObjectSet
from floe_compiler.model.rendered import Rendered
from floe_compiler.model.span import Span
from floe_compiler.model.value_spans import Patch
from floe_compiler.overlay import Overlay, apply_overlay, dead_deletions, dead_steps, read_overlay

OVERLAY = "resources: [../../base]\n"


class Mesh:
    """A repository in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, files: dict[str, str]) -> Mesh:
        """Write files, given by their path and text."""
        for file, text in files.items():
            path = self.root / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return self

    def apply(self, *objects: Object, environment: str = "dev", **fields: Any) -> Rendered:
        """Return the environment with the overlay applied; there must be no warning."""
        applied, warnings = self.applied(Rendered(environment, ObjectSet.of(objects), **fields))
        assert warnings == ()
        return applied

    def applied(self, rendered: Rendered) -> tuple[Rendered, tuple[Diagnostic, ...]]:
        """Return an environment with the overlay applied to all of its units at once, and warnings."""
        overlay = self.overlay(rendered.environment)
        units = apply_overlay(overlay, split_units(rendered, overlay.written))
        findings = Findings()
        for unit in units.values():
            findings.extend(unit.findings)
        hits = {step for unit in units.values() for step in unit.hits}
        findings.extend(dead_steps(overlay, hits, lambda: rendered.objects))
        if not findings.failed:
            findings.extend(dead_deletions(overlay, hits, lambda: rendered.objects))
        return join_units(rendered, [unit.rendered for unit in units.values()]), findings.finish()

    def overlay(self, environment: str = "dev") -> Overlay:
        """Return what is read for an environment; there must be no warning."""
        overlay, warnings = read_overlay(read_inputs(self.root), environment, read_documents)
        assert warnings == ()
        return overlay

    def problems(self, *objects: Object, environment: str = "dev") -> tuple[Diagnostic, ...]:
        """Return why the overlay cannot be applied."""
        with pytest.raises(StageFailed) as raised:
            self.apply(*objects, environment=environment)
        return raised.value.diagnostics

    def messages(self, *objects: Object) -> list[str]:
        """Return these reasons as `code place: message (hint)`."""
        return [as_message(problems_) for problems_ in self.problems(*objects)]


def config_map(name: str, namespace: str = "sales", **fields: Any) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, **fields}


def deployment(name: str, namespace: str = "sales", image: str = "ghcr.io/acme/web:1.0", **metadata: Any) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
        },
    }


def as_message(diagnostic: Diagnostic) -> str:
    """Return a diagnostic as `code place: message (hint)`."""
    hint = f" ({diagnostic.hint})" if diagnostic.hint else ""
    return f"{diagnostic.rule.code} {diagnostic.span}: {diagnostic.message}{hint}"


def split_units(rendered: Rendered, further: Iterable[str] = ()) -> dict[str, Rendered]:
    """Return the units of an environment by name, and `further` ones without objects."""
    units = {name: replace(rendered, namespace=name, objects=ObjectSet()) for name in further}
    return dict(sorted({**units, **split(rendered)}.items()))


def join_units(rendered: Rendered, units: Iterable[Rendered]) -> Rendered:
    """Return the environment that was split, with the objects of its units and their patches."""
    names = set(map(str, rendered.objects.by_id))
    objects: dict[ObjectId, Object] = {}
    origins = {name: origin for name, origin in rendered.origins.items() if name not in names}
    patched: dict[str, tuple[Patch, ...]] = {}
    removed: dict[ObjectId, tuple[Span, ...]] = {}
    verbatim: dict[str, str] = {}
    for unit in units:
        objects |= unit.objects.by_id
        origins |= {name: unit.origins[name] for name in map(str, unit.objects.by_id) if name in unit.origins}
        patched |= unit.patched
        removed |= unit.removed
        verbatim |= unit.verbatim
    return replace(
        rendered,
        objects=ObjectSet(dict(sorted(objects.items()))),
        origins=origins,
        patched=patched,
        removed=removed,
        verbatim=verbatim,
    )
