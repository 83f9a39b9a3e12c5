"""Components written with constructs in Python return plain data, and their errors are findings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from floe_compiler.model.diagnostics import Diagnostic, StageFailed
from floe_compiler.model.plain_data import check_plain
from floe_compiler.synthesize.python_constructs import CONSTRUCT_FAILED, objects_of

if TYPE_CHECKING:
    import cdk8s


def deployment(chart: cdk8s.Chart) -> None:
    plus = pytest.importorskip("cdk8s_plus_33")  # not an import: its types are large enough to slow mypy down
    plus.Deployment(chart, "web", replicas=2, containers=[plus.ContainerProps(image="nginx:1.27", port=80)])


def failure_of(build: object, component: str = "") -> Diagnostic:
    with pytest.raises(StageFailed) as raised:
        objects_of(build, "sales", component)  # type: ignore[arg-type]  # also given what no component should give
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.rule is CONSTRUCT_FAILED
    return diagnostic


def test_a_deployment_of_cdk8s_plus_is_plain_data() -> None:
    (manifest,) = objects_of(deployment, "sales")

    assert (manifest["kind"], manifest["spec"]["replicas"]) == ("Deployment", 2)
    assert manifest["metadata"] == {"name": "web", "namespace": "sales"}
    check_plain(manifest)


def test_objects_are_in_order_of_dependency() -> None:
    def build(chart: cdk8s.Chart) -> None:
        import cdk8s

        first = cdk8s.ApiObject(chart, "first", api_version="v1", kind="ConfigMap")
        first.add_dependency(cdk8s.ApiObject(chart, "second", api_version="v1", kind="ConfigMap"))

    assert [manifest["metadata"]["name"] for manifest in objects_of(build, "sales")] == ["second", "first"]


def test_objects_of_the_cluster_have_no_namespace() -> None:
    def build(chart: cdk8s.Chart) -> None:
        import cdk8s

        cdk8s.ApiObject(chart, "role", api_version="rbac.authorization.k8s.io/v1", kind="ClusterRole")

    assert [manifest["metadata"] for manifest in objects_of(build, "sales")] == [{"name": "role"}]


def test_an_error_of_the_javascript_names_component_and_line() -> None:
    def build(chart: cdk8s.Chart) -> None:
        import cdk8s

        cdk8s.ApiObject(chart, "web", api_version="v1", kind="ConfigMap")
        cdk8s.ApiObject(chart, "web", api_version="v1", kind="ConfigMap")

    diagnostic = failure_of(build, "orchestrator acme")

    line = build.__code__.co_firstlineno + 4
    assert diagnostic.message == (
        "RuntimeError: There is already a Construct with name 'web' in Chart [Default]"
        f" (test_python_constructs.py:{line})"
    )
    assert diagnostic.subject == "orchestrator acme"


def test_a_cycle_is_reported() -> None:
    def build(chart: cdk8s.Chart) -> None:
        import cdk8s

        first, second = (cdk8s.ApiObject(chart, name, api_version="v1", kind="ConfigMap") for name in ("a", "b"))
        first.add_dependency(second)
        second.add_dependency(first)

    assert "Dependency cycle detected: Default/a => Default/b => Default/a" in failure_of(build).message


def test_an_error_in_python_is_reported_with_its_function() -> None:
    def build(chart: cdk8s.Chart) -> None:
        raise KeyError("gone")

    diagnostic = failure_of(build)

    assert diagnostic.message.startswith("KeyError: 'gone' (test_python_constructs.py:")
    assert diagnostic.subject == f"{build.__module__}.{build.__qualname__}"


def test_findings_of_the_component_itself_are_passed_on() -> None:
    mine = Diagnostic(CONSTRUCT_FAILED, "mine")

    def build(chart: cdk8s.Chart) -> None:
        raise StageFailed([mine])

    assert failure_of(build) == mine


def test_the_environment_is_restored() -> None:
    before = dict(os.environ)

    objects_of(lambda chart: None, "sales")

    assert dict(os.environ) == before


def test_jsii_runs_the_bundled_node_without_output_or_files_in_the_home_folder(tmp_path: Path) -> None:
    program = """
import json, sys
from floe_compiler.synthesize.python_constructs import objects_of
assert not {"cdk8s", "jsii"} & {*sys.modules}, "importing the module imports neither"
def build(chart):
    import cdk8s
    cdk8s.ApiObject(chart, "web", api_version="v1", kind="ConfigMap")
print(json.dumps(objects_of(build, "sales")))
"""
    environment = {"PATH": "/nonexistent", "HOME": str(tmp_path)}

    run = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=60
    )

    assert json.loads(run.stdout)[0]["metadata"] == {"name": "web", "namespace": "sales"}
    assert run.stderr == ""
    assert not list(tmp_path.iterdir())
