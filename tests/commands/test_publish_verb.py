"""`floe-compile publish` publishes what is current and committed, always with the same digest, or nothing."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path

import pytest

from commands.conftest import Floe, Git
from cosign_keys import PASSWORD, key_file, sealed
from floe_compiler.cli import main
from floe_compiler.publish.artifact import Artifact
from floe_compiler.publish.reference import Reference

PLACE = "oci://ghcr.io/acme/mesh:dev"
SALES = "output/dev/floe-sales/configmap_sales.yaml"


@pytest.fixture
def pushed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Reference, Artifact]]:
    """Return what is pushed from now on; nothing of it leaves this process."""
    calls: list[tuple[Reference, Artifact]] = []
    monkeypatch.setattr(
        "floe_compiler.publish.registry.push", lambda reference, artifact, _login: calls.append((reference, artifact))
    )
    return calls


@pytest.fixture
def committed(
    repository: Path, floe: Floe, git: Git, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Path:
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2026-01-02T03:04:05+01:00")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-01-02T03:04:05+01:00")
    assert floe() == 0
    git("add", ".")
    git("commit", "--quiet", "--message", "a")
    git("remote", "add", "origin", "https://me:hunter2@github.com/acme/mesh.git")
    capsys.readouterr()
    return repository


def publish(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["publish", *arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_an_artifact_has_the_files_of_one_environment(
    committed: Path, pushed: list[tuple[Reference, Artifact]], git: Git, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = publish(capsys, PLACE, "--env", "dev")
    ((reference, artifact),) = pushed
    assert (code, out, err) == (0, f"{PLACE}@{artifact.digest}\n", "")
    assert str(reference) == PLACE
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(artifact.blobs[1]))) as archive:
        contents = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    files = [path for path in (committed / "output").rglob("*") if path.is_file() and "prod" not in str(path)]
    assert contents == {path.relative_to(committed).as_posix(): path.read_bytes() for path in files}
    assert {SALES, "output/.floe/dev.index"} < set(contents)
    listed = dict(reversed(line.split("  ")) for line in contents["output/.floe/dev.index"].decode().splitlines()[1:])
    assert listed[SALES] == hashlib.sha256(contents[SALES]).hexdigest()


def test_an_artifact_names_its_source(
    committed: Path, pushed: list[tuple[Reference, Artifact]], git: Git, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(capsys, PLACE, "--env", "dev")
    from floe_compiler.commands.version import version

    assert json.loads(pushed[0][1].manifest)["annotations"] == {
        "dev.floe.compiler.version": version(),
        "org.opencontainers.image.created": "2026-01-02T02:04:05Z",
        "org.opencontainers.image.revision": f"sha1:{git('rev-parse', 'HEAD').strip()}",
        "org.opencontainers.image.source": "https://github.com/acme/mesh.git",
        "org.opencontainers.image.title": "dev",
    }


def test_publishing_twice_gives_the_same_digest_and_a_change_another(
    committed: Path, pushed: list[tuple[Reference, Artifact]], floe: Floe, git: Git, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(capsys, PLACE, "--env", "dev")
    (committed / SALES).touch()
    publish(capsys, PLACE, "--env", "dev", "--no-cache")
    (committed / "domains/sales.yaml").write_text("two\n", encoding="utf-8")
    floe()
    git("commit", "--quiet", "--all", "--message", "b")
    publish(capsys, PLACE, "--env", "dev")
    first, second, third = (artifact for _, artifact in pushed)
    assert first == second
    assert first.digest != third.digest


def test_a_stale_output_is_refused(
    committed: Path, pushed: list[tuple[Reference, Artifact]], capsys: pytest.CaptureFixture[str]
) -> None:
    (committed / "domains/sales.yaml").write_text("two\n", encoding="utf-8")
    code, out, err = publish(capsys, PLACE, "--env", "dev")
    assert (code, out, pushed) == (1, "", [])
    assert "output: error[W012]: 1 file differs from what the inputs compile to" in err
    assert "run floe-compile and commit output/" in err


def test_an_edited_file_is_refused(
    committed: Path, pushed: list[tuple[Reference, Artifact]], git: Git, capsys: pytest.CaptureFixture[str]
) -> None:
    (committed / SALES).write_text("mine\n", encoding="utf-8")
    git("commit", "--quiet", "--all", "--message", "b")
    code, _, err = publish(capsys, PLACE, "--env", "dev")
    assert (code, pushed) == (1, [])
    assert f"{SALES}:1:1: error[W003]" in err


@pytest.mark.parametrize("staged", [False, True])
def test_uncommitted_files_are_refused(
    committed: Path,
    pushed: list[tuple[Reference, Artifact]],
    floe: Floe,
    git: Git,
    capsys: pytest.CaptureFixture[str],
    staged: bool,
) -> None:
    (committed / "domains/sales.yaml").write_text("two\n", encoding="utf-8")
    floe()
    capsys.readouterr()
    if staged:
        git("add", ".")
    code, out, err = publish(capsys, PLACE, "--env", "dev")
    assert (code, out, pushed) == (1, "", [])
    assert "output: error[P001]: output/.floe/dev.index is not what the last commit has (1 more)" in err
    assert "hint: commit it first" in err


def test_another_environment_does_not_matter(
    committed: Path, pushed: list[tuple[Reference, Artifact]], capsys: pytest.CaptureFixture[str]
) -> None:
    (committed / SALES.replace("dev", "prod")).write_text("mine\n", encoding="utf-8")
    assert publish(capsys, PLACE, "--env", "dev")[0] == 0


def test_without_a_commit_there_is_no_source(
    repository: Path, floe: Floe, git: Git, pushed: list[tuple[Reference, Artifact]], capsys: pytest.CaptureFixture[str]
) -> None:
    floe()
    capsys.readouterr()
    code, _, err = publish(capsys, PLACE, "--env", "dev")
    assert (code, pushed) == (2, [])
    assert "has no Git commit, and an artifact says which one it is made from; commit it" in err


def test_the_tag_moves_after_all_signatures(
    committed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps: list[str] = []
    registry = "floe_compiler.publish.registry"
    monkeypatch.setattr(f"{registry}.pull", lambda *_: None)
    monkeypatch.setattr(f"{registry}.attach", lambda *_: steps.append("provenance"))
    monkeypatch.setattr(f"{registry}.push", lambda place, _artifact, _login, tag="": steps.append(tag or place.tag))
    key = key_file(tmp_path.parent, sealed())
    monkeypatch.setenv("COSIGN_PASSWORD", PASSWORD)
    code, out, err = publish(capsys, PLACE, "--env", "dev", "--sign-key", str(key))
    digest = out.strip().partition("@")[2]
    assert (code, err) == (0, "")
    assert steps == [digest, f"{digest.replace(':', '-')}.sig", "provenance", "dev"]


def test_without_a_signature_nothing_is_published(
    committed: Path,
    pushed: list[tuple[Reference, Artifact]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "sigstore", None)
    code, out, err = publish(capsys, PLACE, "--env", "dev", "--sign-identity")
    assert (code, out, pushed) == (1, "", [])
    assert "--sign-identity: error[P004]: install the extra: pip install 'floe-compile[sign]'" in err


def test_an_unusable_key_is_reported_first(
    pushed: list[tuple[Reference, Artifact]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    key = key_file(tmp_path, sealed())
    monkeypatch.delenv("COSIGN_PASSWORD", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    code, _, err = publish(capsys, PLACE, "--env", "dev", "--sign-key", str(key))
    assert (code, err) == (2, f"floe-compile: the key {key} has a password; set COSIGN_PASSWORD\n")
    monkeypatch.setenv("COSIGN_PASSWORD", "letmein")
    code, _, err = publish(capsys, PLACE, "--env", "dev", "--sign-key", str(key))
    assert (code, err) == (2, f"floe-compile: --sign-key {key}: the password is another one\n")
    assert pushed == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((PLACE, "--env", "dev", "--builder", "https://ci.example"), "--builder is for what is signed; add --sign-key"),
        (
            (PLACE, "--env", "dev", "--sign-identity", "--builder", "me"),
            '--builder "me": write a URI, such as https://',
        ),
        ((PLACE, "--env", "dev", "--sign-identity", "--sign-key", "x"), "not allowed with argument --sign-identity"),
        ((PLACE, "--env", "dev", "--parent"), "not allowed with argument --env"),
        (("ghcr.io/acme/mesh:dev", "--env", "dev"), "write the place with oci:// at the start"),
        (("oci://ghcr.io/acme/mesh", "--env", "dev"), "has no tag"),
        ((PLACE,), "one of the arguments --env --parent is required"),
        (("--env", "dev"), "required: oci://REGISTRY/NAME:TAG"),
    ],
)
def test_wrong_usage_is_refused(
    committed: Path,
    pushed: list[tuple[Reference, Artifact]],
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    code, out, err = publish(capsys, *arguments)
    assert (code, out, pushed) == (2, "", [])
    assert message in err


def test_an_unreachable_registry_is_reported(committed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = publish(capsys, "oci://127.0.0.1:1/mesh:dev", "--env", "dev")
    assert (code, out) == (1, "")
    assert "oci://127.0.0.1:1/mesh:dev: error[P002]: 127.0.0.1:1 cannot be reached: " in err
    assert "Traceback" not in err


def test_a_damaged_login_is_reported(
    committed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("floe_compiler.publish.registry.push", lambda _reference, _artifact, login: login())
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker/config.json").write_text('{"auths": {"ghcr.io": {"auth": "hunter2"}}}', encoding="utf-8")
    code, _, err = publish(capsys, PLACE, "--env", "dev")
    assert code == 1
    assert "error[P002]: the login in Docker's configuration is damaged; run docker login again" in err
    assert "hunter2" not in err
