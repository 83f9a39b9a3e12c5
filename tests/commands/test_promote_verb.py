"""`floe-compile promote` writes images that one environment has run into the file of another one, or nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from commands.conftest import IDENTITY
from floe_compiler.cli import main
from small_mesh import SMALL

pytestmark = pytest.mark.real

HEAD = 'apiVersion: floe.dev/v1\nkind: ProductImages\nmetadata: {name: %s, owner: "@acme/platform"}\nimages:\n'
STAGING, PROD = "overlays/staging/images.yaml", "overlays/prod/images.yaml"
PRODUCT = (SMALL / "domains/sales/products/orders.yaml").read_text(encoding="utf-8")
DIGEST = f"sha256:{'a' * 64}"

Promote = Callable[..., tuple[int, str, str]]


def environment(name: str, more: str = "") -> str:
    text = (SMALL / "overlays/dev/environment.yaml").read_text(encoding="utf-8")
    return text.replace("name: dev", f"name: {name}").replace("name: kind", f"name: {name}") + more


def write(root: Path, **files: str) -> None:
    for file, text in files.items():
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a committed mesh with two environments; staging runs newer images of two products than prod."""
    root = tmp_path_factory.mktemp("committed")
    files = {
        "platform-manifest.yaml": (SMALL / "platform-manifest.yaml").read_text(encoding="utf-8"),
        "domains/sales/domain.yaml": (SMALL / "domains/sales/domain.yaml").read_text(encoding="utf-8"),
        "domains/sales/products/orders.yaml": PRODUCT,
        "domains/sales/products/returns.yaml": PRODUCT.replace("orders", "returns"),
        "overlays/staging/environment.yaml": environment("staging"),
        "overlays/prod/environment.yaml": environment("prod"),
        STAGING: f"{HEAD % 'staging'}  sales: {{orders: sales/orders:1.2.0@{DIGEST}, returns: sales/returns:1.3.0}}\n",
        PROD: f"{HEAD % 'prod'}  sales:\n    # kept\n    orders: sales/orders:1.1.0 # why\n",
    }
    write(root, **files)
    git_in(root, "init", "--quiet", "--initial-branch", "main")
    commit(root)
    git_in(root, "gc", "--quiet")  # two files in place of hundreds to copy
    return root


@pytest.fixture
def mesh(committed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of it, as the working folder."""
    shutil.copytree(committed, tmp_path / "mesh")
    monkeypatch.chdir(tmp_path / "mesh")
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)
    return tmp_path / "mesh"


def git_in(root: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=root, env={**os.environ, **IDENTITY}, check=True, capture_output=True)


def commit(root: Path) -> None:
    assert main(["compile", "--quiet", "--root", str(root)]) == 0
    git_in(root, "add", "--all")
    git_in(root, "commit", "--quiet", "--message", "x")


@pytest.fixture
def promote(mesh: Path, capsys: pytest.CaptureFixture[str]) -> Promote:
    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        return main(["promote", *words]), *capsys.readouterr()

    return run


def images(root: Path) -> str:
    return (root / PROD).read_text(encoding="utf-8").partition("images:\n")[2]


def test_tested_images_are_shown_and_written(mesh: Path, promote: Promote) -> None:
    code, out, err = promote("staging", "prod")
    assert code == 0
    assert [line for line in out.splitlines() if line[0] in "+-" and line[1] not in "+-"] == [
        "-    orders: sales/orders:1.1.0 # why",
        f"+    orders: sales/orders:1.2.0@{DIGEST} # why",
        "+    returns: sales/returns:1.3.0",
    ]
    assert err == f"floe-compile: 2 images written into {PROD}; compile, and commit both\n"
    assert images(mesh) == (
        f"  sales:\n    # kept\n    orders: sales/orders:1.2.0@{DIGEST} # why\n    returns: sales/returns:1.3.0\n"
    )
    assert main(["compile", "--quiet"]) == 0
    (cron_job,) = (mesh / "output/prod").glob("*/cronjob*_orders.yaml")
    assert f"image: ghcr.io/sales/orders:1.2.0@{DIGEST}\n" in cron_job.read_text(encoding="utf-8")
    assert promote("staging", "prod")[:2] == (0, ""), "a second time, there is nothing to do"


@pytest.mark.parametrize("name", ["returns", "sales/returns"])
def test_one_product_may_be_promoted(name: str, mesh: Path, promote: Promote) -> None:
    assert promote("staging", "prod", name)[0] == 0
    assert images(mesh) == (
        "  sales:\n    # kept\n    orders: sales/orders:1.1.0 # why\n    returns: sales/returns:1.3.0\n"
    )


def test_a_dry_run_shows_the_same_and_writes_nothing(mesh: Path, promote: Promote) -> None:
    before = images(mesh)
    code, out, err = promote("staging", "prod", "--dry-run")
    assert (code, err) == (0, f"floe-compile: 2 images to write into {PROD}; nothing is written\n")
    assert images(mesh) == before
    assert promote("staging", "prod")[1] == out


def test_an_image_that_only_the_file_of_the_product_names_is_written_too(mesh: Path, promote: Promote) -> None:
    assert promote("prod", "staging", "returns")[0] == 0
    assert "returns: sales/returns:1.0.0}\n" in (mesh / STAGING).read_text(encoding="utf-8")


def test_a_missing_file_is_created(mesh: Path, promote: Promote) -> None:
    (mesh / PROD).unlink()
    commit(mesh)
    assert promote("staging", "prod", "orders")[0] == 0
    assert images(mesh) == f"  sales:\n    orders: sales/orders:1.2.0@{DIGEST}\n"
    assert main(["compile", "--quiet"]) == 0


def test_the_result_is_printed_as_json(mesh: Path, promote: Promote) -> None:
    code, out, err = promote("staging", "prod", "returns", "--format", "json", "--dry-run")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "format": 1,
        "from": "staging",
        "to": "prod",
        "file": PROD,
        "written": False,
        "changes": [
            {"domain": "sales", "product": "returns", "before": "sales/returns:1.0.0", "after": "sales/returns:1.3.0"}
        ],
        "left_out": [],
    }


DISABLED = "domains: {sales: {products: {returns: {enabled: false}}}}\n"
REFUSALS: dict[str, tuple[dict[str, str], tuple[str, ...], str]] = {
    "what was not compiled and committed": (
        {STAGING: f"{HEAD % 'staging'}  sales: {{orders: sales/orders:1.4.0}}\n"},
        ("orders",),
        (
            f'{STAGING}:5:19: error[R077]: "sales/orders" never ran in staging with sales/orders:1.4.0: it is not in '
            "the committed output"
        ),
    ),
    "what is disabled there": (
        {"overlays/staging/environment.yaml": environment("staging", DISABLED)},
        ("returns",),
        (
            'overlays/staging/environment.yaml:9:49: error[R077]: product "sales/returns" is disabled in environment '
            '"staging", so it never ran there'
        ),
    ),
    "what is disabled where it should run": (
        {"overlays/prod/environment.yaml": environment("prod", DISABLED)},
        ("returns",),
        'overlays/prod/environment.yaml:9:49: error[R078]: product "sales/returns" is disabled in environment "prod"',
    ),
    "a domain that is not there": (
        {
            "domains/sales/domain.yaml": (SMALL / "domains/sales/domain.yaml").read_text(encoding="utf-8")
            + "environments: [prod]\n",
        },
        ("returns",),
        'domains/sales/domain.yaml:6:15: error[R077]: environment "staging" has no domain "sales"',
    ),
    "a tag that moves": (
        {STAGING: f"{HEAD % 'staging'}  sales: {{orders: sales/orders:main}}\n"},
        ("orders",),
        (
            f'{STAGING}:5:19: error[R077]: nothing tells which program "sales/orders:main" was when "sales/orders" ran '
            "in staging"
        ),
    ),
    "what environment.yaml sets": (
        {
            PROD: f"{HEAD % 'prod'}  {{}}\n",
            "overlays/prod/environment.yaml": environment(
                "prod", "domains: {sales: {products: {orders: {image: sales/orders:1.1.0}}}}\n"
            ),
        },
        ("orders",),
        (
            'overlays/prod/environment.yaml:9:46: error[R075]: the image of "sales/orders" in prod is set in its '
            "environment.yaml"
        ),
    ),
    "what the platform locks": (
        {
            PROD: f"{HEAD % 'prod'}  {{}}\n",
            STAGING: f"{HEAD % 'staging'}  {{}}\n",
            "platform-manifest.yaml": (SMALL / "platform-manifest.yaml")
            .read_text(encoding="utf-8")
            .replace("- delivery.repository", "- products.image"),
        },
        (),
        "platform-manifest.yaml:17:5: error[R005]: no environment may have images of its own: products.image is locked",
    ),
}


@pytest.mark.parametrize(
    ("case", "rule"),
    [
        ("what was not compiled and committed", "R077"),
        ("what is disabled there", "R077"),
        ("what is disabled where it should run", "R078"),
        ("a domain that is not there", "R077"),
        ("a tag that moves", "R077"),
        ("what environment.yaml sets", "R075"),
        ("what the platform locks", "R005"),
    ],
)
def test_a_refusal_is_one_error_and_writes_nothing(case: str, rule: str, mesh: Path, promote: Promote) -> None:
    files, products, error = REFUSALS[case]
    write(mesh, **files)
    before = images(mesh)
    code, out, err = promote("staging", "prod", *products)
    assert (code, out) == (1, "")
    assert err.startswith(error)
    assert f" error[{rule}]: " in err
    assert err.endswith("floe-compile: 1 error\n")
    assert images(mesh) == before


def test_without_names_products_of_one_environment_only_are_skipped(mesh: Path, promote: Promote) -> None:
    write(mesh, **{"overlays/prod/environment.yaml": environment("prod", DISABLED)})
    commit(mesh)
    code, out, err = promote("staging", "prod")
    assert code == 0
    assert "+    returns" not in out
    assert err.splitlines() == [
        'floe-compile: left out: sales/returns: product "sales/returns" is disabled in environment "prod"',
        f"floe-compile: 1 image written into {PROD}; compile, and commit both",
    ]


def test_an_error_in_the_second_environment_is_reported_at_the_tested_image(mesh: Path, promote: Promote) -> None:
    write(
        mesh,
        **{
            STAGING: f"{HEAD % 'staging'}  sales: {{orders: quay.io/sales/orders:1.2.0}}\n",
            "overlays/prod/environment.yaml": environment(
                "prod", "platform: {images: {mirrors: {docker.io: ghcr.io/hub}}}\n"
            ),
        },
    )
    commit(mesh)
    before = images(mesh)
    code, _, err = promote("staging", "prod", "orders")
    assert code == 1
    assert err.startswith(
        f"{STAGING}:5:19: error[C151]: image quay.io/sales/orders:1.2.0 is not from an allowed registry"
    )
    assert images(mesh) == before


def test_without_git_the_output_on_disk_is_used(mesh: Path, promote: Promote, monkeypatch: pytest.MonkeyPatch) -> None:
    (mesh / ".git").rename(mesh / ".gone")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(mesh.parent))
    assert promote("staging", "prod", "orders")[0] == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("staging", "staging"), "staging cannot be promoted to itself; name two environments"),
        (("stagin", "prod"), 'there is no environment "stagin"; did you mean "staging"?'),
        (("staging", "prod", "order"), 'there is no product "order"; did you mean "orders"?'),
        (("staging", "prod", "sales/return"), 'there is no product "sales/return"; did you mean "sales/returns"?'),
    ],
)
def test_wrong_usage_is_refused(words: tuple[str, ...], message: str, promote: Promote) -> None:
    assert promote(*words) == (2, "", f"floe-compile: {message}\n")


def test_a_name_in_two_domains_needs_the_domain(mesh: Path, promote: Promote) -> None:
    domain = (mesh / "domains/sales/domain.yaml").read_text(encoding="utf-8")
    write(mesh, **{"domains/hr/domain.yaml": domain.replace("sales", "hr"), "domains/hr/products/orders.yaml": PRODUCT})
    expected = 'floe-compile: "orders" is a product of several domains; say hr/orders or sales/orders\n'
    assert promote("staging", "prod", "orders") == (2, "", expected)


def test_a_mesh_with_errors_shows_them(mesh: Path, promote: Promote) -> None:
    write(mesh, **{STAGING: f"{HEAD % 'staging'}  sales: {{ordrs: sales/orders:1.2.0}}\n"})
    code, _, err = promote("staging", "prod")
    assert code == 1
    assert err.startswith(f'{STAGING}:5:11: error[R007]: domain "sales" has no product "ordrs"')


def test_a_file_that_cannot_be_written_is_reported(
    mesh: Path, promote: Promote, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str, _text: str) -> Any:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("floe_compiler.write.commit.write_file", refuse)
    before = images(mesh)
    code, _, err = promote("staging", "prod")
    assert code == 1
    assert err.startswith(f"{PROD}: error[W011]: cannot be read or written: Permission denied")
    assert images(mesh) == before


def test_the_tested_output_may_be_in_another_folder(mesh: Path, promote: Promote) -> None:
    deployments = mesh.parent / "deployments"
    deployments.mkdir()
    (mesh / "output").rename(deployments / "output")
    git_in(mesh, "rm", "--quiet", "-r", "--cached", "output")
    git_in(mesh, "commit", "--quiet", "--message", "elsewhere")
    code, _, err = promote("staging", "prod", "orders")
    assert code == 1
    assert "R077" in err
    assert promote("staging", "prod", "orders", "--output", str(deployments))[0] == 0
