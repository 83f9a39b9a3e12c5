"""Names of volumes: valid, and never the same for different folders or secrets."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import FEW
from floe_compiler.cli import main
from floe_compiler.kit.volume_names import csi_volume, secrets_volume, slug
from floe_compiler.model.mount_paths import check_mount_path
from floe_compiler.model.names import check_dns_label, check_dns_subdomain
from small_mesh import MANIFEST, PRODUCT, small_mesh

LONG = "x" * 60


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/var/run/postgresql", "var-run-postgresql"),
        ("/opt/Dagster_Home/", "opt-dagster-home"),
        (f"/{LONG}", f"{'x' * 41}-8e83c22d"),
    ],
)
def test_a_path_becomes_a_name(path: str, name: str) -> None:
    assert slug(path) == name


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("/run/secrets/polaris-root", "secret-run-secrets-polaris-root"),
        ("/data/keys", "secret-data-keys"),
        ("/data/a/b", "secret-data-a-b"),
        ("/data/a-b", "secret-data-a-b-79cd40d0"),
        ("/data/a_b", "secret-data-a-b-95bc7b13"),
        ("/Schlüssel", "secret-schl-ssel-1c324b16"),
        ("/数据", "secret-bd2d54c0"),
    ],
)
def test_the_volume_of_a_folder_with_secrets_has_a_name(folder: str, name: str) -> None:
    assert secrets_volume(folder) == name


@pytest.mark.parametrize(
    ("secret", "name"),
    [("login-app", "csi-login-app"), ("login.app", "csi-login-app-fc55d4f6"), ("a" * 200, f"csi-{'a' * 41}-d8f2f210")],
)
def test_the_volume_of_a_secret_has_a_name(secret: str, name: str) -> None:
    assert csi_volume(secret) == name


PARTS = ("a", "b", "a-b", "a_b", "a.b", "A", "ä", LONG, f"{LONG}a")
FOLDERS = [*(f"/{part}" for part in PARTS), *(f"/{part}/{other}" for part, other in product(PARTS, repeat=2))]
SECRETS = [
    *(f"{part}{joint}{other}" for joint in (".", "-", "--") for part, other in product(("a", "b", LONG), repeat=2))
]


@pytest.mark.parametrize(("name", "of"), [(secrets_volume, FOLDERS), (csi_volume, SECRETS)])
def test_sample_names_are_distinct(name: Callable[[str], str], of: list[str]) -> None:
    names = [check_dns_label(name(text)) for text in of]
    assert len({*names}) == len({*of})


@given(st.lists(st.text("ab-_./A0é", min_size=1, max_size=70), min_size=2, max_size=6, unique=True))
@FEW
def test_any_two_names_are_distinct(texts: list[str]) -> None:
    for check, name in ((check_mount_path, secrets_volume), (check_dns_subdomain, csi_volume)):
        valid = [text for text in texts if accepts(check, text)]
        for first, other in combinations(valid, 2):
            assert name(first) != name(other)


def accepts(check: Callable[[str], str], text: str) -> bool:
    try:
        check(text)
    except ValueError:
        return False
    return True


def test_a_step_may_have_secrets_in_folders_with_similar_names(tmp_path: Path) -> None:
    folders = ["/data/a_b", "/data/a-b", "/data/a/b", f"/data/{LONG}/a", f"/data/{LONG}/b"]
    step = {
        "name": "transform",
        "type": "dbt",
        "volumes": [{"secret": "login", "keys": ["key"], "path": folder} for folder in folders],
    }
    secrets = {"type": "external-secrets", "store": {"kind": "ClusterSecretStore", "name": "vault"}}
    small_mesh(tmp_path, {PRODUCT: {"steps": [step]}, MANIFEST: {"secrets": secrets}})
    assert main(["--root", str(tmp_path), "--quiet"]) == 0
