"""The client of Flux pulls the artifact of an environment from a real registry."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from floe_compiler.model.files import FileSet
from floe_compiler.pipeline import compile_mesh
from floe_compiler.publish.artifact import artifact_of
from floe_compiler.publish.reference import Reference
from floe_compiler.publish.registry import push
from oci_registry import needs_registry, registry
from small_mesh import SMALL

FLUX = shutil.which("fluxpull")
ANNOTATIONS = {
    "org.opencontainers.image.created": "2026-01-02T02:04:05Z",
    "org.opencontainers.image.revision": f"sha1:{'0a' * 20}",
    "org.opencontainers.image.source": "https://github.com/acme/mesh.git",
}

pytestmark = [pytest.mark.real, needs_registry]


def no_login() -> None:
    """Return no login."""


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    compiled: FileSet = compile_mesh(SMALL, ("dev",)).files
    return {path: text.encode() for path, text in compiled.items()} | {f"output/dev/{'x' * 150}.yaml": b"x: y\n"}


def unpacked(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def run(*command: str | Path | None) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(not FLUX, reason="fluxpull is not built (CONTRIBUTING.md)")
def test_flux_pulls_the_artifact(tmp_path: Path, files: dict[str, bytes]) -> None:
    artifact = artifact_of(files, ANNOTATIONS)
    with registry(tmp_path) as address:
        push(Reference(address, "acme/mesh", "dev"), artifact, no_login)
        source = json.loads(run(FLUX, f"{address}/acme/mesh:dev", tmp_path / "taken"))
    assert unpacked(tmp_path / "taken") == files
    assert source["source_revision"] == ANNOTATIONS["org.opencontainers.image.revision"]
    assert source["source_url"] == ANNOTATIONS["org.opencontainers.image.source"]
    assert source["digest"] == f"{address}/acme/mesh@{artifact.digest}"
