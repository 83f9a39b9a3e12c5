"""A component of another package, written with cdk8s-plus in Python, beside the built-in ones."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

import third_party_portal
from floe_compiler.cache.store import Memory
from floe_compiler.cli import main
from floe_compiler.load.digests import compiler_digest, input_digests
from floe_compiler.load.input_tree import read_inputs
from floe_compiler.model.cache import Cache
from floe_compiler.model.diagnostics import Diagnostic, StageFailed
from floe_compiler.model.facts import Parts
from floe_compiler.pipeline import compile_mesh
from small_mesh import DOMAIN, MANIFEST, small_mesh
from third_party_portal import COMPONENT

DEPLOYMENT = "output/dev/floe-platform/deployment.apps_portal.yaml"
SERVICE = "output/dev/floe-platform/service_portal.yaml"
KNOWN = Memory()
"""What is known of the component as it is: the schemas of the inputs with it take longer than all else."""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install a package with the component as pip would: what it announces lies beside it on Python's path."""
    folder = tmp_path / "site-packages" / "floe_portal-1.0.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: floe-portal\nVersion: 1.0.0\n")
    (folder / "entry_points.txt").write_text("[floe_compile.components]\nportal = third_party_portal:COMPONENT\n")
    monkeypatch.syspath_prepend(str(folder.parent))
    compiler_digest.cache_clear()
    yield
    compiler_digest.cache_clear()


def mesh(root: Path, **portal: Any) -> Path:
    return small_mesh(root / "mesh", {MANIFEST: {"portal": {"type": "backstage", **portal}}})


def problems(root: Path, cache: Cache = KNOWN) -> tuple[Diagnostic, ...]:
    with pytest.raises(StageFailed) as failed:
        compile_mesh(root, cache=cache)
    return failed.value.diagnostics


def test_its_objects_are_next_to_those_of_the_others(installed: None, tmp_path: Path) -> None:
    without = compile_mesh(small_mesh(tmp_path / "without", {}), cache=KNOWN)
    compiled = compile_mesh(mesh(tmp_path, replicas=3), cache=KNOWN)
    assert compiled.warnings == (), "the checks have nothing to say of them"
    assert compiled.files.keys() - without.files.keys() == {DEPLOYMENT, SERVICE}
    assert {path for path in without.files if compiled.files.get(path) != without.files[path]} == set()
    deployment, service = (
        yaml.load(compiled.files[DEPLOYMENT], yaml.CSafeLoader),
        yaml.load(compiled.files[SERVICE], yaml.CSafeLoader),
    )
    assert deployment["spec"]["replicas"] == 3
    assert service["spec"]["selector"].items() <= deployment["spec"]["template"]["metadata"]["labels"].items()


def test_its_objects_are_checked_like_all_others(installed: None, tmp_path: Path) -> None:
    diagnostics = [
        diagnostic for diagnostic in problems(mesh(tmp_path, privileged=True)) if diagnostic.rule.code == "C070"
    ]
    assert diagnostics
    assert {diagnostic.subject for diagnostic in diagnostics} == {"dev: Deployment.apps floe-platform/portal"}
    assert {diagnostic.span.file for diagnostic in diagnostics if diagnostic.span} == {"platform-manifest.yaml"}


def test_its_settings_are_part_of_the_schema(
    installed: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (diagnostic,) = problems(mesh(tmp_path, replica=3))
    assert (diagnostic.message, diagnostic.hint) == ("portal.replica is not a known key", 'did you mean "replicas"?')
    assert str(diagnostic.span).startswith(f"{MANIFEST}:")
    assert main(["components", "portal"]) == 0
    assert "How many pods serve it." in capsys.readouterr().out


def test_its_version_is_an_input(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    root = small_mesh(tmp_path / "mesh", {})
    before = input_digests(read_inputs(root))
    request.getfixturevalue("installed")
    assert input_digests(read_inputs(root)) != before


def test_its_source_is_an_input_as_it_may_change_without_its_version(
    installed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = compiler_digest()
    compiler_digest.cache_clear()
    edited = tmp_path / "edited"
    edited.mkdir()
    (edited / "third_party_portal.py").write_text("# edited\n")
    monkeypatch.delitem(sys.modules, "third_party_portal")
    monkeypatch.syspath_prepend(str(edited))
    assert compiler_digest() != before


def test_without_the_package_its_slot_is_unknown(tmp_path: Path) -> None:
    (diagnostic,) = problems(mesh(tmp_path))
    assert diagnostic.message == "portal is not a known key"


def fails(*_: Any) -> Any:
    """Fail as a component's author did not expect."""
    sizes: dict[str, int] = {}
    return sizes["size"]


@pytest.fixture(scope="module", params=["platform", "domain"])
def scope(request: pytest.FixtureRequest) -> tuple[Any, Memory]:
    """Return a scope with a cache that knows the schemas of the inputs with such a component."""
    return request.param, Memory()


@pytest.mark.parametrize("function", ["build", "completes", "provides", "requires", "refuses", "databases"])
def test_an_error_in_its_code_is_reported_with_the_line_where_it_is_chosen(
    function: str, scope: tuple[Any, Memory], installed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions: dict[str, Any] = {function: fails}
    component = replace(COMPONENT, scope=scope[0], constructs=None, **functions)
    monkeypatch.setattr(third_party_portal, "COMPONENT", component)
    diagnostics = problems(mesh(tmp_path), scope[1])
    assert {diagnostic.rule.code for diagnostic in diagnostics} == {"R031"}
    assert diagnostics[0].message.startswith("portal backstage in floe-")
    assert "failed: KeyError: 'size'" in diagnostics[0].message
    assert str(diagnostics[0].span).startswith(f"{MANIFEST}:")
    assert len(diagnostics) == 1


def test_one_object_from_two_domains_is_an_error(
    installed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "reader"}}
    component = replace(COMPONENT, scope="domain", constructs=None, build=lambda _: Parts(objects=(role,)))
    monkeypatch.setattr(third_party_portal, "COMPONENT", component)
    root = mesh(tmp_path)
    (root / "domains/finance").mkdir()
    (root / "domains/finance/domain.yaml").write_text((root / DOMAIN).read_text().replace("sales", "finance"))
    (diagnostic,) = problems(root, Memory())
    assert diagnostic.rule.code == "S002"
    assert diagnostic.subject == "dev: ClusterRole.rbac.authorization.k8s.io reader"
    assert diagnostic.message.endswith("is rendered for floe-finance-domain and for floe-sales-domain")
    assert str(diagnostic.span).startswith(f"{MANIFEST}:")
