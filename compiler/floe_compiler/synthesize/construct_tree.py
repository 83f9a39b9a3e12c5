"""The construct tree: a cdk8s App and Chart for each unit, an ApiObject for each object, in order of dependency.

Calling cdk8s from Python costs milliseconds an object, because each call crosses into Node.js and back. So one Node.js
process builds the trees of many units from JSON (construct_tree.js). It takes about 0.1 ms an object.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.objects import Object, ObjectId, identify
from floe_compiler.model.plain_data import check_plain
from floe_compiler.synthesize.cdk8s_process import run_cdk8s

CHART_REFUSED = Rule(
    "S103",
    "no construct tree",
    "The objects of a namespace form no construct tree: one stands there twice, lacks apiVersion or kind, depends on an"
    " object that is not there, or on itself by way of others. The component that declares it must change.",
)
MANIFEST_CHANGED = Rule(
    "S104",
    "manifest that cdk8s cannot carry",
    "A component made a manifest that is no plain data (text, numbers, switches, null, lists and maps with text as"
    ' keys), or that JavaScript cannot hold (with a key "__proto__"). The component must change.',
)

_CONSTRUCT = re.compile(r"chart/object-(\d+)")


@dataclass(frozen=True, slots=True)
class ChartInput:
    """The objects of one unit; in each pair of `dependencies` the first object depends on the second.

    Objects without a namespace stay without one, whatever `namespace` says.
    """

    environment: str
    namespace: str
    objects: tuple[Object, ...]
    dependencies: tuple[tuple[ObjectId, ObjectId], ...] = ()

    def subject(self) -> str:
        """Return how diagnostics name the chart."""
        return f"{self.environment}: {self.namespace or 'objects without a namespace'}"


def build_charts(charts: Sequence[ChartInput]) -> tuple[tuple[Object, ...], ...]:
    """Return the objects of each chart as cdk8s writes them: unchanged, each after those that it depends on.

    Raises StageFailed with what is wrong with any of the charts (S103, S104) or with the installation (S101, S102).
    Without any object Node.js does not start.
    """
    if not any(chart.objects for chart in charts):
        return tuple(() for _ in charts)
    findings = Findings()
    requests = [_request(chart, findings) for chart in charts]
    findings.finish()
    answers = run_cdk8s(requests)
    built = tuple(_in_order(chart, answer, findings) for chart, answer in zip(charts, answers, strict=True))
    findings.finish()
    return built


def _request(chart: ChartInput, findings: Findings) -> dict[str, Any]:
    """Return what construct_tree.js gets: objects are called by their index, as cdk8s's messages will do."""
    indexes: dict[ObjectId, int] = {}
    for index, manifest in enumerate(chart.objects):
        identity = identify(manifest)
        try:
            check_plain(manifest)
        except (TypeError, ValueError) as error:
            findings.add(MANIFEST_CHANGED, f"{identity}: {error}", subject=chart.subject())
        if identity in indexes:
            findings.add(CHART_REFUSED, f"{identity} stands there twice", subject=chart.subject())
        indexes[identity] = index
    for absent in sorted({end for edge in chart.dependencies for end in edge} - indexes.keys()):
        findings.add(CHART_REFUSED, f"a dependency names {absent}, which is not there", subject=chart.subject())
    edges = [[indexes.get(end, 0) for end in edge] for edge in chart.dependencies]
    return {"namespace": chart.namespace, "objects": chart.objects, "dependencies": edges}


def _in_order(chart: ChartInput, answer: dict[str, Any], findings: Findings) -> tuple[Object, ...]:
    """Return the objects as given, in the order of the answer: JavaScript's numbers are not quite Python's."""
    if "error" in answer:
        names = [str(identify(manifest)) for manifest in chart.objects]
        message = _CONSTRUCT.sub(lambda match: names[int(match[1])], answer["error"])
        findings.add(CHART_REFUSED, message, subject=chart.subject())
        return ()
    given = {identify(manifest): manifest for manifest in chart.objects}
    built = [(identify(manifest), manifest) for manifest in answer["manifests"]]
    for identity, manifest in built:
        if manifest != given[identity] and _as_javascript(manifest) != _as_javascript(given[identity]):
            findings.add(MANIFEST_CHANGED, f"{identity}: cdk8s writes something else", subject=chart.subject())
    return tuple(given[identity] for identity, _ in built)


def _as_javascript(value: Any) -> Any:
    return json.loads(json.dumps(value), parse_int=float)
