"""The webhooks' own code of cert-manager and trust-manager, with the objects rendered for them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

CERTIFICATES, BUNDLES = shutil.which("certvalidate"), shutil.which("trustvalidate")  # tests/programs
OUTPUT = Path(__file__).parents[2] / "output"
pytestmark = pytest.mark.real


def messages(program: str | None, *files: Path) -> list[str]:
    result = subprocess.run([str(program), *map(str, files)], capture_output=True, text=True, timeout=60, check=True)
    return result.stdout.splitlines()


@pytest.mark.skipif(CERTIFICATES is None, reason="certvalidate, of tests/programs, is not on the PATH")
def test_cert_manager_accepts_the_certificates_without_warnings(tmp_path: Path) -> None:
    files = sorted(OUTPUT.rglob("certificate.cert-manager.io_*.yaml"))
    assert len(files) > 10
    assert messages(CERTIFICATES, *files) == [f"{len(files)} certificates, 0 refused or warned of"]
    wrong = yaml.safe_load(files[0].read_text())
    del wrong["spec"]["dnsNames"]
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(wrong))
    *_, last = messages(CERTIFICATES, tmp_path / "wrong.yaml")
    assert last == "1 certificates, 1 refused or warned of"


@pytest.mark.skipif(BUNDLES is None, reason="trustvalidate, of tests/programs, is not on the PATH")
def test_trust_manager_accepts_the_bundle_without_warnings(tmp_path: Path) -> None:
    files = sorted(OUTPUT.rglob("bundle.trust.cert-manager.io_*.yaml"))
    assert files
    assert messages(BUNDLES, *files) == [f"{file} [] <nil>" for file in files]
    wrong = yaml.safe_load(files[0].read_text())
    wrong["spec"]["sources"] = []
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(wrong))
    (message,) = messages(BUNDLES, tmp_path / "wrong.yaml")
    assert not message.endswith("<nil>")
