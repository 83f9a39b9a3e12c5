"""The construct tree: a cdk8s App and Chart for each unit, an ApiObject for each object.

The chart adds the namespace and common labels to its objects; their dependencies determine the order and the sync
waves; constructs validate. Calling cdk8s from Python takes milliseconds for each object, as each call goes to Node.js
and back. So one Node.js process builds the trees of many units (construct_tree.js). Only the metadata of objects is
sent, and only what cdk8s decides is returned, so nothing can change the body of an object.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from floe_compiler.kit.delivery import SYNC_WAVE
from floe_compiler.kit.meta import present
from floe_compiler.model.diagnostics import Diagnostic, Findings, Rule
from floe_compiler.model.object_memory import remembered, same_object
from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.model.plain_data import check_plain
from floe_compiler.model.scopes import is_namespaced
from floe_compiler.model.span import Span
from floe_compiler.node.cdk8s_process import RunCdk8s, run_cdk8s
from floe_compiler.synthesize.plain_yaml import Included

CHART_REFUSED = Rule(
    "S103",
    "invalid construct tree",
    "The objects of a namespace do not form a construct tree: an object exists twice, has no apiVersion or kind, has a"
    " name that Kubernetes refuses, has another namespace than its chart, depends on an object that does not exist, or"
    " is part of a dependency cycle. The component that declares it must change.",
)
NOT_PLAIN = Rule(
    "S104",
    "manifest that is not plain data",
    "A component created a manifest that is not plain data: text, numbers, booleans, null, lists, and mappings with"
    " text keys. The component must change.",
)

NO_ANNOTATIONS: Mapping[str, str] = MappingProxyType({})


class ChartInput(msgspec.Struct, frozen=True):
    """The objects of one unit, and the chart's settings for them.

    `namespace` is added to all namespaced objects without one, and `labels` to all objects. In each pair of
    `dependencies`, the first object depends on the second. `waved` are the objects that get a sync wave. `included`
    are the components' YAML files, whose objects are also in `objects`. `origins` are the objects' locations in the
    inputs, by the text of their identity.
    """

    environment: str
    namespace: str
    objects: tuple[Object, ...]
    labels: Mapping[str, str] = msgspec.field(default_factory=dict)
    dependencies: tuple[tuple[ObjectId, ObjectId], ...] = ()
    waved: frozenset[ObjectId] = frozenset()
    included: tuple[Included, ...] = ()
    origins: Mapping[str, Span] = msgspec.field(default_factory=dict)


def build_charts(charts: Sequence[ChartInput], cdk8s: RunCdk8s = run_cdk8s) -> tuple[tuple[Object, ...], ...]:
    """Return the objects of each chart with the metadata from cdk8s, each after those that it depends on.

    `cdk8s` runs it; without any object it is not called.

    Raises StageFailed with the errors of all charts (S103, S104) or with the installation (S101, S102).
    """
    trees = [_Tree(chart) for chart in charts]
    findings = Findings([problem for tree in trees for problem in tree.problems()])
    findings.finish()
    filled = [tree for tree in trees if tree.objects]
    answers = cdk8s([tree.request() for tree in filled]) if filled else []
    for tree, answer in zip(filled, answers, strict=True):
        findings.extend(tree.refusals(answer))
    findings.finish()
    built = iter([tree.completed(answer) for tree, answer in zip(filled, answers, strict=True)])
    return tuple(next(built) if tree.objects else () for tree in trees)


class _Tree:
    """A chart as construct_tree.js gets it: objects are identified by their index, and those of YAML files are last."""

    def __init__(self, chart: ChartInput) -> None:
        self.chart = chart
        from_files = [manifest for file in chart.included for manifest in file.objects]
        last = {id(manifest) for manifest in from_files}
        self.plain = [manifest for manifest in chart.objects if id(manifest) not in last]
        self.objects = (*self.plain, *from_files)
        self.identities = [identify(manifest, chart.namespace) for manifest in self.objects]
        self.indexes = {identity: index for index, identity in enumerate(self.identities)}

    def problems(self) -> Iterator[Diagnostic]:
        """Yield the errors that keep objects from becoming constructs."""
        for index, (identity, manifest) in enumerate(zip(self.identities, self.objects, strict=True)):
            if strange := _strange(manifest):
                yield self._finding(NOT_PLAIN, index, strange)
            if self.indexes[identity] != index:
                yield self._finding(CHART_REFUSED, index, "it exists twice")
            if problem := _problem(manifest):
                yield self._finding(CHART_REFUSED, index, problem)

    def request(self) -> dict[str, Any]:
        """Return the input of construct_tree.js."""
        dependencies, absent = [], dict[int, list[str]]()
        for dependent, dependency in self.chart.dependencies:
            if dependency in self.indexes:
                dependencies.append((self.indexes[dependent], self.indexes[dependency]))
            else:
                absent.setdefault(self.indexes[dependent], []).append(str(dependency))
        heads = [self._head(index, absent.get(index, [])) for index in range(len(self.objects))]
        from_files = iter(heads[len(self.plain) :])
        return {
            **present(namespace=self.chart.namespace),
            "labels": dict(self.chart.labels),
            "annotation": SYNC_WAVE,
            "objects": heads[: len(self.plain)],
            "included": [
                {"text": file.text, "objects": [next(from_files) for _ in file.objects]} for file in self.chart.included
            ],
            "dependencies": dependencies,
        }

    def _head(self, index: int, absent: list[str]) -> dict[str, Any]:
        """Return the part of an object that its construct needs; it also depends on the `absent` objects."""
        identity, manifest = self.identities[index], self.objects[index]
        return {
            "apiVersion": str(manifest["apiVersion"]),
            "kind": identity.kind,
            "name": identity.name,
            **present(
                namespace=str(manifest["metadata"].get("namespace", "")),
                clusterScoped=is_namespaced(identity.group, identity.kind) is False or None,
                absent=absent,
                waved=identity in self.chart.waved or None,
            ),
        }

    def refusals(self, answer: Mapping[str, Any]) -> Iterator[Diagnostic]:
        """Yield the errors of cdk8s and of the constructs' validation."""
        for failure in answer.get("failures", ()):
            parts = (self.identities[part] if isinstance(part, int) else part for part in failure["message"])
            yield self._finding(CHART_REFUSED, failure["at"], "".join(map(str, parts)))

    def completed(self, answer: Mapping[str, Any]) -> tuple[Object, ...]:
        """Return the objects in the order of the answer, with its metadata."""
        return tuple(
            completed(self.objects[part["at"]], part.get("namespace", ""), part["labels"], part["annotations"])
            for part in answer["objects"]
        )

    def _finding(self, rule: Rule, index: int, problem: str) -> Diagnostic:
        name = str(self.identities[index])
        return Diagnostic(rule, problem, self.chart.origins.get(name), f"{self.chart.environment}: {name}")


@remembered
def _strange(manifest: Object) -> str:
    """Return what in an object is not plain data; empty if all is."""
    try:
        check_plain(manifest)
    except (TypeError, ValueError) as error:
        return str(error)
    return ""


def _problem(manifest: Object) -> str:
    """Return the error in an object's apiVersion, kind or metadata; empty if there is none."""
    version, metadata = manifest.get("apiVersion"), manifest.get("metadata")
    if not isinstance(version, str) or not version or version.count("/") > 1 or not manifest.get("kind"):
        return "it has no valid apiVersion and kind"
    if not isinstance(metadata, dict):
        return "it has no metadata"
    wrong = [key for key in ("labels", "annotations") if not isinstance(metadata.get(key) or {}, dict)]
    return f"its {' and '.join(wrong)} are not a mapping" if wrong else ""


def completed(
    manifest: Object, namespace: str, labels: Mapping[str, str], annotations: Mapping[str, str] = NO_ANNOTATIONS
) -> Object:
    """Return an object with the chart's namespace, labels and annotations; those of the object take precedence."""
    return _completed(manifest, namespace, tuple(labels.items()), tuple(annotations.items()))


@remembered
def _completed(
    manifest: Object, namespace: str, labels: tuple[tuple[str, str], ...], annotations: tuple[tuple[str, str], ...]
) -> Object:
    own = dict(manifest["metadata"])
    all_labels = {**dict(labels), **(own.pop("labels", None) or {})}
    all_annotations = {**dict(annotations), **(own.pop("annotations", None) or {})}
    metadata = {
        "name": own.pop("name"),
        **present(
            namespace=own.pop("namespace", "") or namespace,
            labels=dict(sorted(all_labels.items())),
            annotations=dict(sorted(all_annotations.items())),
        ),
    }
    return same_object({**manifest, "metadata": metadata | own})
