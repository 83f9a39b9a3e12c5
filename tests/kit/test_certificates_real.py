"""The code of the webhooks of cert-manager and trust-manager, with what is rendered for them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

CERTIFICATES, BUNDLES = shutil.which("certvalidate"), shutil.which("trustvalidate")  # tests/programs
OUTPUT = Path(__file__).parents[2] / "output"
pytestmark = pytest.mark.real


def said(program: str | None, *files: Path) -> list[str]:
    asked = subprocess.run([str(program), *map(str, files)], capture_output=True, text=True, timeout=60, check=True)
    return asked.stdout.splitlines()


@pytest.mark.skipif(CERTIFICATES is None, reason="certvalidate, of tests/programs, is not on the PATH")
def test_cert_manager_neither_refuses_nor_warns_of_a_certificate(tmp_path: Path) -> None:
    files = sorted(OUTPUT.rglob("certificate.cert-manager.io_*.yaml"))
    assert len(files) > 10
    assert said(CERTIFICATES, *files) == [f"{len(files)} certificates, 0 refused or warned of"]
    wrong = yaml.safe_load(files[0].read_text())
    del wrong["spec"]["dnsNames"]
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(wrong))
    *_, last = said(CERTIFICATES, tmp_path / "wrong.yaml")
    assert last == "1 certificates, 1 refused or warned of"


@pytest.mark.skipif(BUNDLES is None, reason="trustvalidate, of tests/programs, is not on the PATH")
def test_trust_manager_neither_refuses_nor_warns_of_a_bundle(tmp_path: Path) -> None:
    files = sorted(OUTPUT.rglob("bundle.trust.cert-manager.io_*.yaml"))
    assert files
    assert said(BUNDLES, *files) == [f"{file} [] <nil>" for file in files]
    wrong = yaml.safe_load(files[0].read_text())
    wrong["spec"]["sources"] = []
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(wrong))
    (messages,) = said(BUNDLES, tmp_path / "wrong.yaml")
    assert not messages.endswith("<nil>")
