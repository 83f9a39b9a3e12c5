"""`floe-compile parity` shows how two environments differ, and which line says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from floe_compiler.cli import main
from small_mesh import MANIFEST, SMALL, small_mesh

Parity = Callable[..., tuple[int, str, str]]

IMAGES = 'apiVersion: floe.dev/v1\nkind: ProductImages\nmetadata: {name: %s, owner: "@acme/platform"}\nimages:\n'
PRODUCT = (SMALL / "domains/sales/products/orders.yaml").read_text(encoding="utf-8")
MANY = "domains: {sales: {products: {orders: %s, returns: %s}}}\n"


def environment(name: str) -> str:
    text = (SMALL / "overlays/dev/environment.yaml").read_text(encoding="utf-8")
    return text.replace("name: dev", f"name: {name}").replace("name: kind", f"name: {name}")


def write(root: Path, file: str, text: str) -> None:
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def line_of(root: Path, file: str, text: str) -> int:
    lines = (root / file).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)


@pytest.fixture
def mesh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a mesh with two products and two environments that differ in nothing but their names and clusters."""
    root = small_mesh(tmp_path / "mesh", {})
    write(root, "domains/sales/products/returns.yaml", PRODUCT.replace("orders", "returns"))
    for name in ("staging", "prod"):
        write(root, f"overlays/{name}/environment.yaml", environment(name))
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def parity(mesh: Path, capsys: pytest.CaptureFixture[str]) -> Parity:
    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        return main(["parity", *(words or ("staging", "prod"))]), *capsys.readouterr()

    return run


def override(root: Path, name: str, text: str) -> None:
    write(root, f"overlays/{name}/environment.yaml", environment(name) + text)


def test_environments_that_only_have_other_clusters_do_not_differ(parity: Parity) -> None:
    code, out, err = parity()
    assert (code, out) == (0, "")
    assert err == (
        "floe-compile: staging and prod: 0 differences, and 1 more that environments are for (--all shows them)\n"
    )


def test_expected_differences_are_shown_on_request(mesh: Path, parity: Parity) -> None:
    lines = enumerate(environment("prod").splitlines(), start=1)
    line = max(number for number, text in lines if "name: prod" in text)  # The first is that of the environment.
    _code, out, err = parity("staging", "prod", "--all")
    assert out.startswith(
        "places and names, as expected\n  environment: cluster.name\n    staging  staging  overlays/staging/"
    )
    assert f"    prod     prod  overlays/prod/environment.yaml:{line}:" in out
    assert not err.endswith("(--all shows them)\n")


def test_an_image_has_its_line_in_each_environment(mesh: Path, parity: Parity) -> None:
    write(mesh, "overlays/staging/images.yaml", f"{IMAGES % 'staging'}  sales:\n    orders: sales/orders:1.2.0\n")
    _code, out, err = parity()
    assert out == (
        "data products\n"
        "  sales/orders: image\n"
        "    staging  sales/orders:1.2.0  overlays/staging/images.yaml:6:13\n"
        "    prod     sales/orders:1.0.0  domains/sales/products/orders.yaml:7:8\n"
    )
    assert "staging and prod: 1 difference, and 1 more" in err


def test_the_same_difference_of_several_products_is_reported_once(mesh: Path, parity: Parity) -> None:
    override_ = "{schedule: {cron: 0 9 * * *}}"
    override(mesh, "prod", MANY % (override_, override_))
    _code, out, err = parity()
    line = line_of(mesh, "overlays/prod/environment.yaml", "orders:")
    assert out.count("schedule.cron") == 1
    assert "  sales/orders, sales/returns: schedule.cron\n" in out
    assert (
        "    staging  0 6 * * *  domains/sales/products/orders.yaml:9:9, domains/sales/products/returns.yaml:9:9\n"
        in out
    )
    assert out.count(f"overlays/prod/environment.yaml:{line}:") == 2
    assert "2 differences" in err


def test_steps_are_compared_by_name_and_sizes_may_differ(mesh: Path, parity: Parity) -> None:
    size = "{cpu: 300m, memory: 1Gi}"
    override_ = (
        f"{{steps: {{transform: {{variables: {{MODE: full}}, resources: {{requests: {size}, limits: {size}}}}}}}}}"
    )
    override(mesh, "prod", f"domains: {{sales: {{products: {{orders: {override_}}}}}}}\n")
    _code, out, err = parity()
    assert out.startswith(
        "data products\n  sales/orders: steps.transform.variables.MODE\n    staging  not set\n    prod     full  "
    )
    assert "resources" not in out
    assert "1 difference, and 5 more" in err


def test_a_product_missing_in_one_environment_is_reported(mesh: Path, parity: Parity) -> None:
    override(mesh, "prod", "domains: {sales: {products: {returns: {enabled: false}}}}\n")
    _code, out, _err = parity()
    line = line_of(mesh, "overlays/prod/environment.yaml", "enabled")
    assert out.startswith(
        "data products\n"
        "  sales/returns\n"
        "    staging  there  domains/sales/products/returns.yaml:1:1\n"
        f"    prod     not there  overlays/prod/environment.yaml:{line}:"
    )


def test_a_domain_missing_in_one_environment_is_one_difference(mesh: Path, parity: Parity) -> None:
    with (mesh / "domains/sales/domain.yaml").open("a") as file:
        file.write("environments: [staging, dev]\n")
    write(
        mesh,
        "domains/finance/domain.yaml",
        (SMALL / "domains/sales/domain.yaml").read_text().replace("sales", "finance"),
    )
    _code, out, _err = parity()
    line = line_of(mesh, "domains/sales/domain.yaml", "environments")
    place = f"domains/sales/domain.yaml:{line}:15"
    assert out == f"domains\n  sales\n    staging  there  {place}\n    prod     not there  {place}\n"


def test_settings_of_domains_and_of_the_platform_are_compared(mesh: Path, parity: Parity) -> None:
    overrides = "platform: {secrets: {type: existing}}\ndomains: {sales: {approved_products: [orders, returns]}}\n"
    override(mesh, "prod", overrides)
    _code, out, _err = parity()
    line = line_of(mesh, "overlays/prod/environment.yaml", "platform:")
    assert out == (
        "domains\n"
        "  sales: approved_products\n"
        "    staging  not set\n"
        f'    prod     ["orders", "returns"]  overlays/prod/environment.yaml:{line + 1}:38\n'
        "the platform\n"
        "  platform: secrets.type\n"
        "    staging  generated  platform-manifest.yaml:12:9\n"
        f"    prod     existing  overlays/prod/environment.yaml:{line}:28\n"
    )


def test_hand_written_files_are_compared(mesh: Path, parity: Parity) -> None:
    template = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [%s.yaml]\n"
    map_ = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: floe-platform}\n"
    for name, file in (("staging", "a"), ("prod", "b")):
        write(mesh, f"overlays/{name}/kustomization.yaml", template % file)
        write(mesh, f"overlays/{name}/{file}.yaml", map_ % file)
    code, out, err = parity()
    assert code == 0, err
    assert out == (
        "hand-written files\n"
        "  a.yaml\n    staging  there  overlays/staging/a.yaml:1:1\n    prod     not there\n"
        "  b.yaml\n    staging  not there\n    prod     there  overlays/prod/b.yaml:1:1\n"
        "  kustomization.yaml\n"
        "    staging  other lines  overlays/staging/kustomization.yaml:3:1\n"
        "    prod     other lines  overlays/prod/kustomization.yaml:3:1\n"
    )


def test_differences_are_printed_as_markdown(mesh: Path, parity: Parity) -> None:
    write(mesh, "overlays/staging/images.yaml", f"{IMAGES % 'staging'}  sales:\n    orders: sales/orders:1.2.0\n")
    _code, out, err = parity("staging", "prod", "--format", "markdown")
    assert err == ""
    assert out == (
        "### `staging` and `prod`: 1 difference, and 1 more that environments are for\n\n"
        "**data products**\n\n"
        "| | staging | prod |\n|---|---|---|\n"
        "| `sales/orders: image` | `sales/orders:1.2.0`<br>`overlays/staging/images.yaml:6:13` |"
        " `sales/orders:1.0.0`<br>`domains/sales/products/orders.yaml:7:8` |\n"
    )


def test_json_has_expected_differences_too(parity: Parity) -> None:
    _code, out, _err = parity("staging", "prod", "--format", "json")
    document: dict[str, Any] = json.loads(out)
    assert document["environments"] == ["staging", "prod"]
    [only] = document["differences"]
    assert (only["group"], only["expected"], only["subject"], only["path"]) == (
        "places",
        True,
        "environment",
        "cluster.name",
    )
    assert (only["staging"]["value"], only["prod"]["value"]) == ("staging", "prod")
    assert only["prod"]["place"].startswith("overlays/prod/environment.yaml:")


def test_wrong_usage_is_refused(parity: Parity) -> None:
    assert parity("staging", "staging") == (
        2,
        "",
        "floe-compile: staging cannot be compared with itself; name two environments\n",
    )
    assert parity("staging", "prdo") == (
        2,
        "",
        'floe-compile: there is no environment "prdo"; did you mean "prod"?\n',
    )


def test_errors_of_the_inputs_are_errors(mesh: Path, parity: Parity) -> None:
    override(mesh, "prod", "domains: {sales: {products: {order: {enabled: false}}}}\n")
    code, out, err = parity()
    assert (code, out) == (1, "")
    assert 'has no product "order"' in err


def test_a_change_rolled_out_further_in_one_environment_is_reported(mesh: Path, parity: Parity) -> None:
    rings = "rollout: {rings: [{name: all}], changes: {x: {description: X, settings: {quota: {pods: 9}}}}}\n"
    write(mesh, MANIFEST, (mesh / MANIFEST).read_text(encoding="utf-8") + rings)
    override(mesh, "staging", "rollout: {x: all}\n")
    code, out, _ = parity()
    line = line_of(mesh, "overlays/staging/environment.yaml", "rollout:")
    assert code == 0
    assert "rollout.x" in out
    assert f"overlays/staging/environment.yaml:{line}:" in out
