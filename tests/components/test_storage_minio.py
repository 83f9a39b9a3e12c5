"""MinIO: the server, and the script that creates its buckets and their user."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from syrupy.assertion import SnapshotAssertion

from floe_compiler.components import storage_minio
from floe_compiler.components.storage_minio import COMPONENT, MinioConfig
from floe_compiler.kit import minio
from floe_compiler.kit.scripts import script
from floe_compiler.model.capabilities import ObjectStore
from floe_compiler.model.facts import Container
from floe_compiler.model.operations import VolumeData
from support import DEVELOPMENT, as_text, changed, context_of, starts_after, unit_of


def _store(config: dict[str, Any] | None = None) -> ObjectStore:
    return storage_minio.provides(context_of(COMPONENT, config).instance)[0]


def _server(config: dict[str, Any] | None = None) -> Container:
    return COMPONENT.build(context_of(COMPONENT, config)).workloads[0].pod.containers[0]


def _task(config: dict[str, Any] | None = None) -> Container:
    return COMPONENT.build(context_of(COMPONENT, config)).tasks[0].pod.containers[0]


def test_the_warehouse_is_the_first_bucket() -> None:
    store = _store({"buckets": ["lake", "backups"]})
    assert (store.bucket, store.warehouse) == ("lake", "s3://lake/")
    assert _task({"buckets": ["lake", "backups"]}).arguments == ("lake", "backups")


def test_clients_learn_endpoint_and_path_style() -> None:
    store = _store()
    assert store.url == "http://minio.floe-platform.svc.cluster.local:9000"
    assert (store.kind, store.path_style, store.region) == ("s3", True, "us-east-1")
    assert COMPONENT.build(context_of(COMPONENT)).workloads[0].name == store.endpoint.host.split(".")[0]


def test_clients_never_hold_the_servers_own_keys() -> None:
    store, server = _store(), _server()
    assert store.access_key
    assert store.secret_key
    own = {file.secret.secret for file in server.secret_files}
    assert own.isdisjoint({store.access_key.secret, store.secret_key.secret})
    assert store.secret_key.secret.name == "minio-warehouse"


def test_keys_come_from_files() -> None:
    server = _server()
    values = {variable.name: variable.value for variable in server.variables}
    files = {file.path for file in server.secret_files}
    assert {values["MINIO_ROOT_USER_FILE"], values["MINIO_ROOT_PASSWORD_FILE"]} == files
    assert not [variable for variable in (*server.variables, *_task().variables) if variable.secret]


def test_the_keys_are_long_enough_for_minio() -> None:
    owner = {key.name: key for key in minio.administrator(context_of(COMPONENT).instance).keys}
    assert len(owner["username"].literal) >= 3
    assert owner["password"].generated >= 8
    user = {key.name: key for key in minio.client(context_of(COMPONENT).instance, "warehouse").keys}
    assert len(user["access-key"].literal) >= 3
    assert 8 <= user["secret-key"].generated <= 40


def test_everything_that_minio_writes_is_writable() -> None:
    server = _server()
    assert {variable.name: variable.value for variable in server.variables}["HOME"] == "/tmp"
    assert [claim.path for claim in server.claims] == ["/data"]
    assert server.writable_root == ""
    assert _server({"writable_root": True}).writable_root


def test_the_image_is_the_last_official_one_and_never_latest() -> None:
    assert _server().image == _task().image == "quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z"


def test_health_is_asked_where_minio_answers() -> None:
    server = _server()
    probes = [probe for probe in (server.startup, server.liveness, server.readiness) if probe]
    assert [(probe.port, probe.path) for probe in probes] == [
        ("api", "/minio/health/live"),
        ("api", "/minio/health/live"),
        ("api", "/minio/health/ready"),
    ]


def test_it_is_a_stateful_set_that_says_why_it_is_alone() -> None:
    server = COMPONENT.build(context_of(COMPONENT)).workloads[0]
    assert (server.kind, server.replicas) == ("StatefulSet", 1)
    assert server.single


def test_the_buckets_come_after_the_server_and_are_bounded() -> None:
    parts = COMPONENT.build(context_of(COMPONENT))
    assert starts_after(parts) == {("minio-buckets", "minio")}
    assert parts.tasks[0].prepares == parts.tasks[0].pod.calls, "who writes comes after the buckets"
    assert parts.tasks[0].deadline <= 3600


@pytest.mark.parametrize("buckets", [[], ["Upper"], ["a"], ["with_underscore"]])
def test_bad_buckets_are_refused(buckets: list[str]) -> None:
    with pytest.raises(ValidationError):
        MinioConfig.model_validate({"buckets": buckets})


def test_the_policy_is_for_the_objects_of_the_buckets_and_nothing_else() -> None:
    listed, objects, denied = json.loads(minio.policy(("lake", "backups")))["Statement"]
    assert listed["Resource"] == ["arn:aws:s3:::lake", "arn:aws:s3:::backups"]
    assert objects["Resource"] == ["arn:aws:s3:::lake/*", "arn:aws:s3:::backups/*"]
    allowed = {*listed["Action"], *objects["Action"]}
    assert {"s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"} <= allowed
    for action in ("s3:*", "s3:PutBucketPolicy", "s3:DeleteBucket", "s3:CreateBucket"):
        assert action not in allowed
    assert denied == {"Effect": "Deny", "Action": ["admin:*"]}, "no keys that outlive the rotation of the secret"


# --- the script, against a stand-in for mc that keeps buckets, users and policies in files ---

MC = r"""#!/bin/bash
state="$STATE"
while [[ "$1" == --* ]]; do [[ "$1" == --config-dir ]] && shift; shift; done
echo "$*" >>"$state/calls"
case "$1 $2 $3" in
  "alias set store") read -r user; read -r password; echo "$user:$password" >"$state/alias" ;;
  "mb --ignore-existing "*)
    shift 2
    tries="$(cat "$state/down" 2>/dev/null || echo 0)"
    if ((tries > 0)); then echo $((tries - 1)) >"$state/down"; echo "connection refused" >&2; exit 1; fi
    for target in "$@"; do echo "${target#store/}" >>"$state/buckets"; done ;;
  "anonymous set private") echo "$4" >>"$state/private" ;;
  "admin user add") read -r user; read -r password; echo "$password" >"$state/user-$user" ;;
  "admin policy create") cp "$6" "$state/policy-$5" ;;
  "admin policy attach")
    [[ -e "$state/attach-fails" ]] && { echo "mc: <ERROR> Access Denied." >&2; exit 1; }
    if [[ -e "$state/attached" ]]; then
      echo "mc: <ERROR> The specified policy change is already in effect." >&2
      exit 1
    fi
    echo "$5 $7" >"$state/attached" ;;
  *) echo "mc: unknown: $*" >&2; exit 1 ;;
esac
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "mc").write_text(MC)
    (tmp_path / "mc").chmod(0o755)
    for name, user in (("administrator", "minio-admin"), ("client", "warehouse")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "username").write_text(user)
        (tmp_path / name / "password").write_text(f"secret-of-{user}")
    (tmp_path / "warehouse-policy.json").write_text(minio.policy(("lake",)))
    return tmp_path


def _run(state: Path, *buckets: str) -> subprocess.CompletedProcess[str]:
    variables = {
        "PATH": f"{state}:/usr/bin:/bin",
        "HOME": str(state),
        "STATE": str(state),
        "STORE_URL": "http://minio:9000",
        "ADMINISTRATOR": str(state / "administrator"),
        "CLIENT": str(state / "client"),
        "POLICY": str(state / "warehouse-policy.json"),
        "ATTEMPTS": "3",
        "PAUSE": "0",
    }
    command = [
        "bash",
        "-c",
        script("floe_compiler.kit.minio", "minio-buckets.sh"),
        "minio-buckets.sh",
        *buckets,
    ]
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=30, check=False)


def test_the_script_makes_all_buckets_and_the_user(state: Path) -> None:
    done = _run(state, "lake", "backups")
    assert done.returncode == 0, done.stderr
    assert (state / "buckets").read_text().split() == ["lake", "backups"]
    assert (state / "alias").read_text() == "minio-admin:secret-of-minio-admin\n"
    assert (state / "user-warehouse").read_text() == "secret-of-warehouse\n"
    assert (state / "policy-warehouse").read_text() == (state / "warehouse-policy.json").read_text()
    assert (state / "attached").read_text() == "warehouse warehouse\n"
    assert (state / "private").read_text().split() == ["store/lake", "store/backups"], "whoever opened them before"


def test_the_script_may_run_again(state: Path) -> None:
    assert _run(state, "lake").returncode == 0
    (state / "client" / "password").write_text("rotated-secret")
    done = _run(state, "lake")
    assert done.returncode == 0, done.stderr
    assert (state / "user-warehouse").read_text() == "rotated-secret\n"


def test_the_script_waits_for_the_server(state: Path) -> None:
    (state / "down").write_text("2")
    done = _run(state, "lake")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("waiting") == 2


def test_the_script_does_not_wait_forever(state: Path) -> None:
    (state / "down").write_text("1000")
    done = _run(state, "lake")
    assert done.returncode == 1
    assert "connection refused" in done.stderr


def test_the_script_fails_when_a_stage_fails(state: Path) -> None:
    (state / "attach-fails").touch()
    done = _run(state, "lake")
    assert done.returncode == 1
    assert "Access Denied" in done.stderr


def test_the_script_fails_without_a_secret(state: Path) -> None:
    (state / "client" / "password").unlink()
    assert _run(state, "lake").returncode != 0
    assert not (state / "attached").exists()


def test_no_secret_is_printed_or_passed_as_an_argument(state: Path) -> None:
    done = _run(state, "lake")
    assert "secret-of" not in done.stdout + done.stderr + (state / "calls").read_text()


@pytest.mark.parametrize("scale", ["light", "heavy"])
def test_rendered(scale: str, snapshot: SnapshotAssertion) -> None:
    unit = unit_of(COMPONENT, context_of(COMPONENT, settings=changed(DEVELOPMENT, environment={"scale": scale})))
    own = [one for one in unit.objects if one["metadata"]["name"].startswith("minio")]
    for one in own:
        one.get("data", {}).pop("minio-buckets.sh", None)  # a file of its own
    assert as_text(own) == snapshot


def test_people_open_the_console_and_the_data_is_backed_up() -> None:
    parts = COMPONENT.build(context_of(COMPONENT))
    (server,) = parts.workloads
    assert [(one.port, one.authenticates, one.health) for one in server.interfaces] == [("console", True, "api")]
    assert [(one.port, one.path) for one in server.metrics] == [("api", "/minio/v2/metrics/cluster")]
    assert parts.data == (VolumeData("minio", server.pod.containers[0].claims[0].name),)
