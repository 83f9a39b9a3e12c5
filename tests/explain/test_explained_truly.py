"""The causes of `explain` are compared with the effect of varying every input, in a mesh with unusual choices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from floe_compiler.components import registry
from floe_compiler.explain import explain
from floe_compiler.explain.documents import MODELS, with_document
from floe_compiler.explain.unwritten import examples, unwritten
from floe_compiler.explain.variations import closed_words, differences, scalars, variations
from floe_compiler.load.input_tree import read_inputs
from floe_compiler.load.mesh import load
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.document import DataPath, Document, show_path
from floe_compiler.model.nested_fields import with_value
from floe_compiler.model.objects import Object, identify
from floe_compiler.model.plan import PLATFORM, EnvironmentPlan
from floe_compiler.model.sources import Sources
from floe_compiler.resolve import resolve
from floe_compiler.resolve.schemas import plain_schemas
from floe_compiler.resolve.slots import slot_path
from floe_compiler.synthesize.charts import without_cdk8s
from floe_compiler.synthesize.unit import render_unit
from plans import plan_environment
from small_mesh import DOMAIN, ENVIRONMENT, MANIFEST, PRODUCT, small_mesh

REGISTRY = registry()
CLOSED = closed_words(plain_schemas(REGISTRY))
CHANGES: dict[str, dict[str, Any]] = {
    # The environment chooses another catalog, so that the settings of the former are gone.
    MANIFEST: {
        "catalog": {"type": "polaris"},
        "storage": {"type": "s3", "bucket": "lake", "region": "eu-west-1", "credentials": {"type": "secret"}},
        "observability": {
            "collector": {"type": "opentelemetry", "mode": "deployment"},
            "metrics": {"type": "prometheus", "runbooks": "https://wiki.example.com/runbooks"},
        },
        "secrets": {"type": "external-secrets", "store": {"name": "vault"}},
        "locks": ["storage.bucket"],
        "sync_tests": {"enabled": True},
        "domain_policy": {"devices": {"nvidia.com/gpu": 8, "acme.example/fpga": 8}},
    },
    ENVIRONMENT: {
        "namespaces": {"pattern": "small-{scope}-dev"},
        "platform": {
            "catalog": {
                "type": "rest",
                "url": "https://catalog.acme.example/api",
                "warehouse": "lake",
                "credentials": {"type": "token"},
            },
            "images": {"mirrors": {"docker.io": "mirror.acme.example/hub"}},
        },
        "domains": {
            "sales": {
                "steps": {
                    "devices": {"nvidia.com/gpu": 2, "amd.com/gpu": 1},
                    "volumes": [
                        {"path": "/etc/keys", "secret": "signing", "keys": ["key"]},
                        {"path": "/data/reference", "claim": "reference", "writable": False},
                    ],
                }
            }
        },
    },
    DOMAIN: {"steps": {"devices": {"nvidia.com/gpu": 1, "acme.example/fpga": 3}}},
    PRODUCT: {"steps": [{"name": "transform", "type": "dbt", "connects": [{"host": "crm.example", "port": 443}]}]},
}
NAMES = (
    "CronJob.batch small-sales-domain-dev/orders",
    "NetworkPolicy.networking.k8s.io small-sales-domain-dev/orders",
    "Namespace small-sales-domain-dev",
    "Deployment.apps small-platform-dev/otel-collector",
    # What is rendered in the platform's namespace follows from the domains, too.
    "ConfigMap small-platform-dev/prometheus-rules-0",
)
GATE = (NAMES[0], NAMES[-1])
"""One of a domain, which follows from the most, and one of the platform: only these are explained in the gate."""

Truth = tuple[Sources, dict[str, Object], dict[str, dict[DataPath, set[str]]]]
"""The mesh, its objects, and by object and place, the inputs that change the value there."""


def planned(sources: Sources) -> tuple[EnvironmentPlan, dict[str, Object]]:
    plans, _ = resolve(sources, REGISTRY, ("dev",))
    objects = {
        str(identify(manifest)): manifest
        for plan in plan_environment(plans[0])
        for manifest in without_cdk8s(plan.unit.settings, render_unit(plan).objects, plan.unit.namespace)
    }
    return plans[0], objects


def inputs(sources: Sources, plan: EnvironmentPlan) -> Iterator[tuple[Document, DataPath, Any, str, tuple[Any, ...]]]:
    """Yield each value that may be written: the document, its path, the value, its name, others if it is none."""
    environment = sources.environments["dev"]
    domain = sources.domains["sales"]
    for document in (sources.manifest, environment, domain.document, *domain.products.values()):
        kind, model = MODELS[document.data["kind"]]
        for path, value in scalars(document.data):
            if path[0] not in ("apiVersion", "kind", "locks"):
                yield document, path, value, str(document.span(path)), ()
        for path, value in unwritten(model, document.data):
            yield document, path, value, f"default of {show_path(path)} ({kind})", tuple(examples(model, path))
    for unit in plan.units:
        scope = ("platform",) if unit.scope == PLATFORM else ("domains", unit.scope)
        for component, context in unit.contexts:
            for path, value in scalars(context.config.model_dump()):
                if not any(isinstance(step, int) for step in path):
                    full_path = (*scope, *slot_path(component.slot), *path)
                    examples_ = tuple(examples(component.config, path))
                    yield environment, full_path, value, f"{component.slot}.{show_path(path)}", examples_


@pytest.fixture(scope="module", params=[4, pytest.param(1, marks=pytest.mark.thorough)])
def truth(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """Return the mesh, its objects, and by object and place, the inputs that change the value there.

    Of the inputs, each fourth is varied, and all of what a domain gives to its steps; all of them if it is thorough.
    """
    root: Path = small_mesh(tmp_path_factory.mktemp("mesh"), CHANGES)
    sources, _ = load(read_inputs(root), plain_schemas(REGISTRY))
    plan, objects = planned(sources)
    free = replace(sources, manifest=replace(sources.manifest, data={**sources.manifest.data, "locks": []}))
    causes: dict[str, dict[DataPath, set[str]]] = defaultdict(lambda: defaultdict(set))
    for number, (document, path, value, called, without_default) in enumerate(inputs(sources, plan)):
        if number % request.param and "steps" not in path:
            continue
        data = document.data if document.file != MANIFEST else {**document.data, "locks": []}
        allowed, is_valid = [word for group in CLOSED if value in group for word in group], False
        for variation in variations(value, CLOSED) if value is not None else without_default:
            if is_valid and variation not in allowed:
                break
            changed = replace(document, data=with_value(data, path, variation))
            try:
                _, after = planned(with_document(free, changed))
            except (StageFailed, ValueError):
                continue
            is_valid = True
            for name in NAMES:
                for place in differences(objects[name], after[name]) if name in after else ():
                    causes[name][place].add(called)
    return sources, objects, causes


@pytest.mark.parametrize(
    "name", [*GATE, *(pytest.param(name, marks=pytest.mark.thorough) for name in NAMES if name not in GATE)]
)
def test_every_input_that_changes_a_value_is_named(name: str, truth: Truth) -> None:
    sources, objects, causes_by_place = truth
    explanation = explain(sources, REGISTRY, "dev", objects[name], (), "x")
    for path, _, causes in explanation.values:
        causes_ = " | ".join(f"{cause.description} | {cause.span}" for cause in causes)
        for called in causes_by_place[name][path]:
            assert called in causes_, (path, called)


def test_settings_of_all_steps_of_a_domain_change_its_jobs(truth: Truth) -> None:
    """So the test above asks for these, too: from its own file, and from the environment."""
    sources, _, causes_ = truth
    environment, domain = sources.environments["dev"], sources.domains["sales"].document
    volumes = [(0, "path"), (0, "secret"), (0, "keys", 0), (1, "path"), (1, "claim"), (1, "writable")]
    steps: DataPath = ("domains", "sales", "steps")
    spans = {
        domain.span(("steps", "devices", "acme.example/fpga")),
        environment.span((*steps, "devices", "amd.com/gpu")),
        *(environment.span((*steps, "volumes", *path)) for path in volumes),
    }
    assert {str(span) for span in spans} <= {called for causes in causes_[NAMES[0]].values() for called in causes}
