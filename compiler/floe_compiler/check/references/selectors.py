"""Selectors of workloads, Services and other objects must match the right pods."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.check.index import Index
from floe_compiler.check.references.own_selectors import own_selectors
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.foreign_labels import may_select_more
from floe_compiler.model.hints import some
from floe_compiler.model.label_index import LabelSelector
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.selectors import Selector, matches
from floe_compiler.model.shared_rules import SELECTS_NOTHING
from floe_compiler.model.workloads import runs_pods

NOT_OWN = Rule(
    "C021",
    "workload that does not select its own pods",
    "The selector of a workload must match the labels of its own pod template, or the API server refuses it.",
)
SHARED = Rule(
    "C022",
    "pods claimed by two workloads",
    "A workload's selector also matches the pods of another workload, so the two would fight over them. "
    "Select by a label that differs between them.",
)
MIXED = Rule(
    "C023",
    "Service in front of several workloads",
    "A Service's selector matches pods of more than one workload, or of Jobs, which are not servers. "
    "Select by component, too.",
)
_APART = "select by a label that differs between them, such as app.kubernetes.io/component"
RULES = (SELECTS_NOTHING, NOT_OWN, SHARED, MIXED)


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the selectors that match no pods, or the wrong ones."""
    for identity, place, selector in own_selectors(index):
        if identity in index.workloads:
            yield from _workload(index, identity, selector)
        elif identity.kind == "Service":
            yield from _service(index, identity, selector)
        elif runs_pods(identity):
            continue  # Its template cannot be read, which is an error of its own.
        elif selector and not _selects_something(index, selector):
            yield index.finding(SELECTS_NOTHING, identity, f"{place} matches no pod", _labels(selector))


def _workload(index: Index, identity: ObjectId, selector: Selector) -> Iterator[Diagnostic]:
    caught = index.pods.select(selector)
    others = [pods for pods in caught if pods.workload is None or pods.workload.id != identity]
    if others:
        yield index.finding(SHARED, identity, f"spec.selector also matches the pods of {some(others)}", _APART)
    if not selector or not matches(selector, index.workloads[identity].labels):
        message = "spec.selector does not match the labels of spec.template"
        yield index.finding(NOT_OWN, identity, message, _labels(selector))


def _service(index: Index, identity: ObjectId, selector: Selector) -> Iterator[Diagnostic]:
    caught = index.pods.select(selector)
    if not _selects_something(index, selector):
        yield index.finding(SELECTS_NOTHING, identity, "spec.selector matches no pod", _labels(selector))
    elif len(caught) > 1 or (caught and caught[0].workload is not None and caught[0].workload.is_task):
        message = f"spec.selector matches the pods of {some(caught)}"
        yield index.finding(MIXED, identity, message, _labels(selector))


def _selects_something(index: Index, selector: Selector) -> bool:
    """Return whether a selector selects pods, or may select some that others create or label."""
    operated = any(matches(selector, labels) for labels in index.operated)
    return bool(index.pods.select(selector)) or operated or may_select_more(LabelSelector.of(selector).keys())


def _labels(selector: Selector) -> str:
    pairs = [f"{key}={value}" for key, value in sorted(selector.get("matchLabels", {}).items())]
    return f"it selects {', '.join(pairs)}" if pairs else ""
