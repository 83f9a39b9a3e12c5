"""What components refuse is reported at the wrong setting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.document import DataPath
from floe_compiler.model.plan import Context, Instance, Refusal
from floe_compiler.model.span import Span
from floe_compiler.resolve.layers import Layer, beneath
from floe_compiler.resolve.refusals import check_refusals
from resolve.samples import component, merged
from support import DEVELOPMENT

NODES = {"placement": {"services": {"node_selector": {"kubernetes.io/arch": "arm64"}}}}
WRITTEN = merged({"catalog": {"type": "alpha", "inner": {"kind": "small"}}}, {"catalog": {"replicas": 3}}, NODES)
DOCUMENTS = beneath(Layer("scale light", {"catalog": {"inner": {"size": 1}}}), WRITTEN)
CHOSEN = Span("0.yaml", 3, 1)


def refused(path: DataPath, scope_path: DataPath = ()) -> Any:
    instance: Instance[Any] = Instance(
        "catalog",
        "alpha",
        "alpha",
        "platform",
        "floe-platform",
        None,
        DEVELOPMENT,
        origin=CHOSEN,
        settings_path=("catalog",),
    )

    def refuses(context: Context[Any]) -> Iterator[Refusal]:
        yield Refusal(f"cannot work in {context.settings.environment.name}", "leave it out", path, scope_path)

    findings = Findings()
    check_refusals(component("catalog", "alpha", refuses=refuses), Context(instance), DOCUMENTS, findings)
    (diagnostic,) = findings.diagnostics
    return diagnostic


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("replicas",), "1.yaml:3:5"),
        (("inner", "kind"), "0.yaml:5:5"),
        (("labels",), str(CHOSEN)),
        (("inner", "size"), str(CHOSEN)),
        ((), str(CHOSEN)),
    ],
    ids=["overridden", "nested", "a default", "of the scale", "none"],
)
def test_a_refusal_is_at_the_setting_or_where_the_component_is_chosen(path: DataPath, place: str) -> None:
    diagnostic = refused(path)
    assert (diagnostic.rule.code, str(diagnostic.span)) == ("R020", place)
    assert (diagnostic.message, diagnostic.hint) == ("catalog alpha cannot work in dev", "leave it out")
    assert diagnostic.subject == "dev: catalog alpha"


def test_a_setting_of_the_scope_is_named_with_where_the_component_is_chosen() -> None:
    diagnostic = refused((), ("placement", "services", "node_selector", "kubernetes.io/arch"))
    assert str(diagnostic.span) == "2.yaml:5:5"
    assert [(related.span, related.note) for related in diagnostic.related] == [
        (CHOSEN, "the component is chosen here")
    ]


def test_a_default_of_the_scope_is_reported_where_the_component_is_chosen() -> None:
    diagnostic = refused((), ("placement", "jobs"))
    assert (diagnostic.span, diagnostic.related) == (CHOSEN, ())


def test_most_components_refuse_nothing() -> None:
    findings = Findings()
    check_refusals(
        component("a", "b"), Context(Instance("a", "b", "b", "p", "n", None, DEVELOPMENT)), DOCUMENTS, findings
    )
    assert findings.diagnostics == []
