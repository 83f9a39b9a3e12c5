"""The readers that rendered YAML must mean the same to: PyYAML, ruamel.yaml (YAML 1.1 and 1.2) and kubectl."""

from __future__ import annotations

import json
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import ruamel.yaml
import yaml

_KUBECTL = shutil.which("kubectl", path=sysconfig.get_path("scripts")) or shutil.which("kubectl")
needs_kubectl = pytest.mark.skipif(_KUBECTL is None, reason="kubectl is not installed")

HEADER = "apiVersion: example.com/v1\nkind: Sample\nmetadata:\n  name: sample\n"


def read_with_python(text: str) -> dict[str, Any]:
    """Return what each reader in Python makes of one document, by the reader's name."""
    return {
        "PyYAML": yaml.safe_load(text),
        "PyYAML, C": yaml.load(text, Loader=yaml.CSafeLoader),
        "ruamel.yaml, YAML 1.2": _ruamel((1, 2)).load(text),
        "ruamel.yaml, YAML 1.1": _ruamel((1, 1)).load(text),
    }


def read_with_kubectl(document: str, home: Path) -> dict[str, Any]:
    """Return a Kubernetes object as kubectl reads it; it parses and prints, and asks no cluster."""
    (document_,) = read_all_with_kubectl(document, home)
    return document_


def read_all_with_kubectl(documents: str, home: Path) -> list[dict[str, Any]]:
    """Return the Kubernetes objects of a stream as kubectl reads them."""
    assert _KUBECTL is not None
    command = [_KUBECTL, "label", "--local", "--filename=-", "read=yes", "--output=json"]
    environment = {"HOME": str(home), "KUBECONFIG": "/dev/null"}
    done = subprocess.run(
        command, input=documents.encode(), env=environment, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    printed = done.stdout.decode().replace("}\n{", "},{")  # one after another
    values: list[dict[str, Any]] = json.loads(f"[{printed}]")
    for value in values:
        del value["metadata"]["labels"]["read"]
    return values


def _ruamel(version: tuple[int, int]) -> ruamel.yaml.YAML:
    reader = ruamel.yaml.YAML(typ="safe", pure=True)
    reader.version = version
    return reader
