"""A team publishes its manifest to a registry, and another takes it from there: with a real registry."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from commands.conftest import IDENTITY
from cosign_keys import KEY, OTHER, PASSWORD, key_file, public_key, sealed
from floe_compiler.cli import main
from floe_compiler.load.parents import digest_of_manifest
from floe_compiler.pipeline import compile_mesh
from floe_compiler.publish.artifact import artifact_of
from floe_compiler.publish.parent import parent_of
from floe_compiler.publish.reference import parse_reference
from floe_compiler.publish.registry import pull, push
from oci_registry import needs_registry, registry
from small_mesh import SMALL, small_mesh

pytestmark = [pytest.mark.real, needs_registry]

MANIFEST = "platform-manifest.yaml"
HEAD = 'apiVersion: floe.dev/v1\nkind: PlatformManifest\nmetadata:\n  name: %s\n  version: 1.4.0\n  owner: "@acme/%s"\n'
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with registry(tmp_path_factory.mktemp("registry")) as found:
        yield found


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*words: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(list(map(str, words)))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the repository of a manifest that extends another one; both are committed."""
    folder = tmp_path_factory.mktemp("committed")
    for name in ("group", "enterprise"):
        (folder / name).mkdir()
        (folder / name / MANIFEST).write_text(HEAD % (name, name), encoding="utf-8")
    root = folder / "enterprise"
    assert main(["vendor", str(folder / "group"), "--root", str(root)]) == 0
    for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "--message", "a")):
        subprocess.run(["git", *words], check=True, cwd=root, env={**os.environ, **IDENTITY})
    return root


@pytest.fixture
def enterprise(committed: Path, tmp_path: Path) -> Path:
    """Return a copy of it."""
    return shutil.copytree(committed, tmp_path / "enterprise")


@pytest.fixture
def mesh(tmp_path: Path) -> Path:
    root = small_mesh(tmp_path / "mesh", {})
    (root / MANIFEST).write_text((SMALL / MANIFEST).read_text(encoding="utf-8"), encoding="utf-8")
    return root


def no_login() -> None:
    """Return no login."""


def test_what_one_team_publishes_another_takes(address: str, enterprise: Path, mesh: Path, run: Run) -> None:
    place = f"oci://{address}/acme/enterprise:1.4.0"
    code, published, _ = run("publish", place, "--parent", "--root", enterprise)
    assert code == 0
    assert run("publish", place, "--parent", "--root", enterprise)[1] == published, "the same bytes"
    code, told, _ = run("vendor", place, "--root", mesh)
    digest = digest_of_manifest((enterprise / MANIFEST).read_bytes())
    said = f"{MANIFEST} extends enterprise -> group\n  path: vendor/enterprise\n  digest: {digest}\n"
    assert (code, told) == (0, said)
    taken = {path.relative_to(mesh / "vendor/enterprise").as_posix() for path in (mesh / "vendor").rglob(MANIFEST)}
    assert taken == {MANIFEST, f"vendor/group/{MANIFEST}"}
    compile_mesh(mesh)


def test_it_may_be_signed(
    address: str, enterprise: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", PASSWORD)
    key = key_file(tmp_path, sealed())
    place = f"oci://{address}/acme/signed:1"
    code, published, _ = run("publish", place, "--parent", "--sign-key", key, "--root", enterprise)
    assert code == 0
    digest = published.strip().rpartition("@")[2]
    signatures = pull(parse_reference(place)._replace(tag=f"{digest.replace(':', '-')}.sig"), no_login)
    assert signatures
    assert digest.encode() in signatures.blobs[-1]


def asking(mesh: Path, verify: str) -> None:
    """Let the manifest of a mesh say who must have signed its parent."""
    text = (mesh / MANIFEST).read_text(encoding="utf-8")
    (mesh / MANIFEST).write_text(f"{text}extends:\n  verify: {verify}\n", encoding="utf-8")
    (mesh / "vendor").mkdir()
    public_key(mesh / "vendor/acme.pub", KEY)
    public_key(mesh / "vendor/other.pub", OTHER)


@pytest.fixture(scope="module")
def signed(address: str, committed: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the place of a parent that is signed by a key."""
    place = f"oci://{address}/acme/asked:1"
    key = key_file(tmp_path_factory.mktemp("key"), sealed())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COSIGN_PASSWORD", PASSWORD)
        assert main(["publish", place, "--parent", "--sign-key", str(key), "--root", str(committed)]) == 0
    return place


def test_a_parent_must_be_signed_if_the_manifest_says_so(signed: str, mesh: Path, run: Run) -> None:
    asking(mesh, "{key: vendor/acme.pub}")
    for _ in range(2):
        code, told, _ = run("vendor", signed, "--root", mesh)
        assert code == 0
        assert told.startswith(f"{MANIFEST} extends enterprise -> group\n")
        assert "  verify: {key: vendor/acme.pub}\n" in (mesh / MANIFEST).read_text(encoding="utf-8")
    compile_mesh(mesh)


@pytest.mark.parametrize(
    ("verify", "column", "told"),
    [
        ("{key: vendor/other.pub}", 17, "PLACE is signed, but not by the key vendor/other.pub"),
        ("{key: vendor/none.pub}", 17, "vendor/none.pub cannot verify a signature: it cannot be read: No such file"),
        ("{key: other.pub}", 17, "hint: write a file right in vendor/ that ends in .pub, such as"),
        ("{}", 11, "a signature is verified in one way"),
        ("{key: vendor/acme.pub, subject: jane@acme.example}", 11, "hint: write key, or issuer and subject"),
    ],
)
def test_what_is_not_signed_as_asked_is_not_taken(
    signed: str, mesh: Path, run: Run, verify: str, column: int, told: str
) -> None:
    asking(mesh, verify)
    before = {path: path.read_bytes() for path in mesh.rglob("*") if path.is_file()}
    line = before[mesh / MANIFEST].count(b"\n")
    code, out, err = run("vendor", signed, "--root", mesh)
    assert (code, out) == (1, "")
    assert err.startswith(f"{MANIFEST}:{line}:{column}: error[")
    assert told in err.replace(signed, "PLACE")
    assert {path: path.read_bytes() for path in mesh.rglob("*") if path.is_file()} == before


def test_a_parent_without_a_signature_and_a_folder_are_not_taken(
    address: str, enterprise: Path, mesh: Path, run: Run
) -> None:
    place = f"oci://{address}/acme/unsigned:1"
    assert run("publish", place, "--parent", "--root", enterprise)[0] == 0
    asking(mesh, "{key: vendor/acme.pub}")
    code, _, err = run("vendor", place, "--root", mesh)
    assert code == 1
    assert f"error[P005]: {place} must be signed by the key vendor/acme.pub, but it has no signature\n" in err
    assert f"hint: ask who publishes it to sign it: floe-compile publish {place} --parent --sign-key FILE\n" in err
    code, _, err = run("vendor", enterprise, "--root", mesh)
    assert code == 1
    assert f"error[P005]: {enterprise} is a folder, which nobody signs\n" in err


def test_what_is_not_committed_is_not_published(address: str, enterprise: Path, run: Run) -> None:
    (enterprise / MANIFEST).write_text((enterprise / MANIFEST).read_text() + "quota: {pods: 70}\n")
    code, out, err = run("publish", f"oci://{address}/acme/dirty:1", "--parent", "--root", enterprise)
    assert (code, out) == (1, "")
    assert f"{MANIFEST}: error[P001]: {MANIFEST} is not what the last commit has" in err


def test_a_wrong_manifest_is_not_published(address: str, enterprise: Path, run: Run) -> None:
    (enterprise / MANIFEST).write_text((enterprise / MANIFEST).read_text() + "colour: red\n")
    code, out, err = run("publish", f"oci://{address}/acme/wrong:1", "--parent", "--root", enterprise)
    assert (code, out) == (1, "")
    assert err.startswith(f"{MANIFEST}:10:1: error[")
    assert "10 | colour: red" in err


@pytest.fixture(scope="module")
def _no_parents(address: str) -> None:
    """Push what is no parent."""
    evil = parent_of({MANIFEST: b"", "../../evil": b""}, {})
    for repository, artifact in {"output": artifact_of({"a": b""}, {}), "evil": evil}.items():
        push(parse_reference(f"oci://{address}/acme/{repository}:1"), artifact, no_login)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("acme/none:1", "there is no oci://ADDRESS/acme/none:1"),
        ("acme/output:1", "helm"),
        ("acme/evil:1", "cannot be taken: it has other files in it than manifests"),
    ],
)
@pytest.mark.usefixtures("_no_parents")
def test_what_is_no_parent_is_not_taken(address: str, mesh: Path, run: Run, name: str, told: str) -> None:
    before = sorted(mesh.rglob("*"))
    code, out, err = run("vendor", f"oci://{address}/{name}", "--root", mesh)
    assert (code, out) == (2, "")
    assert told in err.replace(address, "ADDRESS")
    assert sorted(mesh.rglob("*")) == before


def test_a_registry_that_is_not_there(mesh: Path, run: Run) -> None:
    code, out, err = run("vendor", "oci://127.0.0.1:1/acme/enterprise:1", "--root", mesh)
    assert (code, out) == (2, "")
    assert err.startswith("floe-compile: oci://127.0.0.1:1/acme/enterprise:1 cannot be taken: 127.0.0.1:1 cannot be")
