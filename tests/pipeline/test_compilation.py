"""What the inputs compile to, read in parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from floe_compiler.cache.store import Memory
from floe_compiler.model.objects import identify
from floe_compiler.model.places import Places
from floe_compiler.model.yaml_text import from_yaml
from floe_compiler.pipeline import compile_mesh
from floe_compiler.pipeline.compilation import Compilation, CompiledEnvironment
from pipeline.mesh_of_three import CLUSTER, DELIVERY, DOMAINS, PLATFORM, files, namespace, product, write


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compilation:
    return compile_mesh(write(tmp_path_factory.mktemp("mesh"), files()))


@pytest.fixture
def environment(compiled: Compilation) -> CompiledEnvironment:
    (environment_,) = (environment for environment in compiled.environments if environment.environment == "dev")
    return environment_


def test_each_file_has_its_text_and_its_unit(compiled: Compilation) -> None:
    units: dict[str, set[str]] = {}
    for path, text in compiled.files.items():
        (environment,) = (
            environment
            for environment in compiled.environments
            if path.startswith(f"output/{environment.environment}/")
        )
        assert text in environment.body(environment.unit_of(path)).texts
        units.setdefault(environment.unit_of(path), set()).add(path.split("/")[2])
    assert units[CLUSTER] == {"_cluster"}
    assert units[DELIVERY] == {"_delivery"}
    assert units[PLATFORM] == {PLATFORM, "_cluster"}, "its Namespace lies with the objects that have none"
    assert all(units[namespace(name)] == {namespace(name), "_cluster"} for name in DOMAINS)


@pytest.mark.parametrize("path", ["output/dev/floe-platform/secret_a.yaml", "output/qa/_cluster/x.yaml", ""])
def test_a_missing_file_belongs_to_no_unit(environment: CompiledEnvironment, path: str) -> None:
    with pytest.raises(KeyError):
        environment.unit_of(path)


def test_a_namespace_has_the_objects_that_name_it(compiled: Compilation, environment: CompiledEnvironment) -> None:
    everything = [from_yaml(text) for path, text in compiled.files.items() if path.startswith("output/dev/")]
    for name in ("", "argocd", PLATFORM, *map(namespace, DOMAINS), "elsewhere"):
        in_namespace = environment.in_namespace(name)
        assert sorted(map(identify, in_namespace)) == sorted(
            identify(manifest) for manifest in everything if manifest["metadata"].get("namespace", "") == name
        )
    assert environment.in_namespace("elsewhere") == []
    assert environment.in_namespace("argocd")
    assert sorted(environment.objects.by_id) == sorted(map(identify, everything))


def test_objects_are_listed_by_kind(environment: CompiledEnvironment) -> None:
    manifests = [str(identify(manifests)) for manifests in environment.of_kind("CronJob")]
    assert sorted(manifests) == [
        "CronJob.batch floe-finance-domain/costs",
        "CronJob.batch floe-marketing-domain/campaigns",
        "CronJob.batch floe-platform/polaris-access",
        "CronJob.batch floe-sales-domain/orders",
    ]
    assert {manifest["kind"] for manifest in environment.of_kind("Service")} == {"Service"}, "no ServiceAccount"
    assert [*environment.of_kind("Nothing")] == []


def test_places_are_those_of_the_unit(environment: CompiledEnvironment) -> None:
    places = environment.places(namespace("finance"))
    assert [str(patch.span) for patch in places.patched["ResourceQuota floe-finance-domain/quota"]] == [
        "overlays/dev/finance-quota.yaml:1:1"
    ]
    assert "CronJob.batch floe-finance-domain/costs" in places.origins
    assert environment.places("elsewhere") == Places("dev")


def test_only_the_requested_units_are_read(environment: CompiledEnvironment) -> None:
    read: list[str] = []

    def body(name: str, unit: str) -> None:
        read.append(unit)
        raise LookupError

    apart = CompiledEnvironment("dev", environment.heads, body)  # type: ignore[arg-type]
    with pytest.raises(LookupError):
        list(apart.of_kind("AppProject"))
    with pytest.raises(LookupError):
        apart.in_namespace(namespace("sales"))
    assert set(read) <= {namespace("sales"), DELIVERY}


def test_units_have_the_same_order_with_and_without_a_cache(tmp_path: Path) -> None:
    root, cache = write(tmp_path, files()), Memory()
    compile_mesh(root, ("dev",), cache=cache)
    write(root, {"domains/finance/products/costs.yaml": product("costs", image="acme/costs:2.0.0")})
    warm, cold = (compile_mesh(root, ("dev",), cache=cache_) for cache_ in (cache, Memory()))
    assert [[*environment.heads] for environment in warm.environments] == [
        [*environment.heads] for environment in cold.environments
    ]
