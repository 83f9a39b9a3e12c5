"""MinIO: the server, and the script that creates its buckets and their user."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from syrupy.assertion import SnapshotAssertion

from floe_compiler.components.storage_minio import COMPONENT, MinioConfig
from floe_compiler.kit import minio
from floe_compiler.kit.own_store import object_store
from floe_compiler.kit.scripts import script
from floe_compiler.model.capabilities import ObjectStore
from floe_compiler.model.data_access import OutputTable, ServedProduct
from floe_compiler.model.facts import Container
from floe_compiler.model.operations import BucketData, VolumeData
from support import DEVELOPMENT, as_text, changed, context_of, starts_after, unit_of


def _store(config: dict[str, Any] | None = None) -> ObjectStore:
    return object_store(minio.OWN, context_of(COMPONENT, config).instance)


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


def test_probes_use_the_health_endpoints() -> None:
    server = _server()
    probes = [probe for probe in (server.startup, server.liveness, server.readiness) if probe]
    assert [(probe.port, probe.path) for probe in probes] == [
        ("api", "/minio/health/live"),
        ("api", "/minio/health/live"),
        ("api", "/minio/health/ready"),
    ]


def test_it_is_a_single_stateful_set_with_a_reason() -> None:
    server = COMPONENT.build(context_of(COMPONENT)).workloads[0]
    assert (server.kind, server.replicas) == ("StatefulSet", 1)
    assert server.single


def test_buckets_are_created_after_the_server_is_up_and_with_a_deadline() -> None:
    parts = COMPONENT.build(context_of(COMPONENT))
    assert starts_after(parts) == {("minio-buckets", "minio"), ("minio-products", "minio")}
    assert parts.tasks[0].prepares == parts.tasks[0].pod.calls, "writers start after the buckets exist"
    assert parts.tasks[0].deadline <= 3600


@pytest.mark.parametrize("buckets", [[], ["Upper"], ["a"], ["with_underscore"]])
def test_bad_buckets_are_refused(buckets: list[str]) -> None:
    with pytest.raises(ValidationError):
        MinioConfig.model_validate({"buckets": buckets})


def test_the_policy_allows_only_the_buckets_and_their_objects() -> None:
    listed, objects, denied = json.loads(minio.policy(("lake", "backups")))["Statement"]
    assert listed["Resource"] == ["arn:aws:s3:::lake", "arn:aws:s3:::backups"]
    assert objects["Resource"] == ["arn:aws:s3:::lake/*", "arn:aws:s3:::backups/*"]
    allowed = {*listed["Action"], *objects["Action"]}
    assert {"s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"} <= allowed
    for action in ("s3:*", "s3:PutBucketPolicy", "s3:DeleteBucket", "s3:CreateBucket"):
        assert action not in allowed
    assert denied == {"Effect": "Deny", "Action": ["admin:*"]}, "no keys survive the rotation of the secret"


# --- the users of products ---

ORDERS = OutputTable("sales", "shop", "orders")
VISITS = ServedProduct("field-service", "visits", reads=(ORDERS,))
SHOP = ServedProduct("sales", "shop", writes_files=True)


def test_each_product_has_its_own_keys() -> None:
    context = context_of(COMPONENT, served=(VISITS, SHOP))
    (container,) = COMPONENT.build(context).tasks[1].pod.containers
    users = sorted(Path(file.path).stem for file in container.config if file.path.startswith("/scripts/policies/"))
    assert users == ["product-field--service-visits", "product-sales-shop"]
    keys = {Path(file.path).name: file.secret.secret.name for file in container.secret_files}
    assert {user: keys[user] for user in users} == {user: f"minio-{user}" for user in users}


def test_a_product_reads_its_own_keys_only() -> None:
    store = object_store(minio.OWN, context_of(COMPONENT, served=(VISITS, SHOP)).instance)
    assert store.issues_credentials, "MinIO has an STS"
    own = store.client("sales", "shop")
    assert own
    assert own.secret_key
    assert own.secret_key.secret.name == "minio-product-sales-shop"
    keys = {key.name: key for key in own.secret_key.secret.keys}
    assert keys["access-key"].literal == minio.product_name("sales", "shop")
    assert 8 <= keys["secret-key"].generated <= 40


def test_a_product_writes_below_its_namespace_and_reads_the_tables_of_its_inputs() -> None:
    location, listing, write, reading, denial = json.loads(minio.product_policy("lake", VISITS))["Statement"]
    assert location["Resource"] == listing["Resource"] == ["arn:aws:s3:::lake"]
    assert listing["Condition"] == {
        "StringLike": {"s3:prefix": ["field_service__visits", "field_service__visits/*", "sales__shop/orders/*"]}
    }
    assert write["Resource"] == ["arn:aws:s3:::lake/field_service__visits/*"]
    assert {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"} <= set(write["Action"])
    assert (reading["Action"], reading["Resource"]) == (["s3:GetObject"], ["arn:aws:s3:::lake/sales__shop/orders/*"])
    assert denial == {"Effect": "Deny", "Action": ["admin:*"]}
    assert len(json.loads(minio.product_policy("lake", SHOP))["Statement"]) == 4, "it reads only those"


# --- the scripts, against a stand-in for mc that keeps buckets, users and policies in files ---

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
  "admin user list")
    tries="$(cat "$state/down" 2>/dev/null || echo 0)"
    if ((tries > 0)); then echo $((tries - 1)) >"$state/down"; echo "connection refused" >&2; exit 1; fi
    for user in "$state"/user-*; do
      name="${user##*/user-}"
      policy="$(cat "$state/policy-of-$name" 2>/dev/null || echo "$name")"
      [[ -e "$user" ]] && echo "{\"status\":\"success\",\"accessKey\":\"$name\",\"policyName\":\"$policy\"}"
    done
    true ;;
  "admin user remove") rm "$state/user-$5" ;;
  "admin policy remove") rm "$state/policy-$5" ;;
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


def _script(state: Path, name: str, own_variables: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script with the stand-in for mc, and with these variables in addition to those of both scripts."""
    variables = {
        "PATH": f"{state}:/usr/bin:/bin",
        "HOME": str(state),
        "STATE": str(state),
        "STORE_URL": "http://minio:9000",
        "ADMINISTRATOR": str(state / "administrator"),
        "ATTEMPTS": "3",
        "PAUSE": "0",
    }
    command = ["bash", "-c", script("floe_compiler.kit.minio", name), name, *arguments]
    return subprocess.run(
        command, env=variables | own_variables, capture_output=True, text=True, timeout=30, check=False
    )


def _run(state: Path, *buckets: str) -> subprocess.CompletedProcess[str]:
    own_variables = {"CLIENT": str(state / "client"), "POLICY": str(state / "warehouse-policy.json")}
    return _script(state, "minio-buckets.sh", own_variables, *buckets)


def test_the_script_creates_all_buckets_and_the_user(state: Path) -> None:
    done = _run(state, "lake", "backups")
    assert done.returncode == 0, done.stderr
    assert (state / "buckets").read_text().split() == ["lake", "backups"]
    assert (state / "alias").read_text() == "minio-admin:secret-of-minio-admin\n"
    assert (state / "user-warehouse").read_text() == "secret-of-warehouse\n"
    assert (state / "policy-warehouse").read_text() == (state / "warehouse-policy.json").read_text()
    assert (state / "attached").read_text() == "warehouse warehouse\n"
    assert (state / "private").read_text().split() == ["store/lake", "store/backups"], (
        "even if somebody opened them before"
    )


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


def _run_products(state: Path, *products: ServedProduct) -> subprocess.CompletedProcess[str]:
    for name in ("policies", "clients"):
        shutil.rmtree(state / name, ignore_errors=True)
        (state / name).mkdir()
    for product in products:
        user = minio.product_name(product.domain, product.name)
        (state / "policies" / f"{user}.json").write_text(minio.product_policy("lake", product))
        (state / "clients" / user).write_text(f"secret-of-{user}")
    own_variables = {"CLIENTS": str(state / "clients"), "POLICIES": str(state / "policies")}
    return _script(state, "minio-products.sh", own_variables)


def test_the_script_creates_the_users_of_products(state: Path) -> None:
    done = _run_products(state, VISITS, SHOP)
    assert done.returncode == 0, done.stderr
    for user in ("product-field--service-visits", "product-sales-shop"):
        assert (state / f"user-{user}").read_text() == f"secret-of-{user}\n"
        assert (state / f"policy-{user}").exists()
    assert _run_products(state, VISITS, SHOP).returncode == 0, "it may run again"
    assert "secret-of" not in done.stdout + done.stderr + (state / "calls").read_text()


def test_the_script_removes_only_users_that_it_created(state: Path) -> None:
    assert _run_products(state, VISITS, SHOP).returncode == 0
    for user in ("warehouse", "product-by-hand"):
        (state / f"user-{user}").write_text("x")
    (state / "policy-of-product-by-hand").write_text("readonly")
    done = _run_products(state, VISITS)
    assert done.returncode == 0, done.stderr
    remaining = {path.name for path in state.glob("user-*")}
    assert remaining == {"user-product-field--service-visits", "user-warehouse", "user-product-by-hand"}
    assert not (state / "policy-product-sales-shop").exists()


def test_the_script_for_products_waits_for_the_server_and_not_forever(state: Path) -> None:
    (state / "down").write_text("2")
    done = _run_products(state, SHOP)
    assert (done.returncode, done.stdout.count("waiting")) == (0, 2)
    (state / "down").write_text("1000")
    assert _run_products(state, SHOP).returncode == 1


def test_the_script_for_products_fails_when_a_policy_is_not_attached(state: Path) -> None:
    (state / "attach-fails").touch()
    done = _run_products(state, SHOP)
    assert done.returncode == 1
    assert "Access Denied" in done.stderr


@pytest.mark.parametrize("scale", ["light", "heavy"])
def test_rendered(scale: str, snapshot: SnapshotAssertion) -> None:
    unit = unit_of(
        COMPONENT, context_of(COMPONENT, settings=changed(DEVELOPMENT, environment={"scale": scale}), served=(SHOP,))
    )
    own = [manifest for manifest in unit.objects if manifest["metadata"]["name"].startswith("minio")]
    for manifest in own:
        for file in ("minio-buckets.sh", "minio-products.sh"):
            manifest.get("data", {}).pop(file, None)  # a file of its own
    assert as_text(own) == snapshot


def test_people_open_the_console_and_the_data_is_backed_up() -> None:
    parts = COMPONENT.build(context_of(COMPONENT))
    (server,) = parts.workloads
    assert [(interface.port, interface.authenticates, interface.health) for interface in server.interfaces] == [
        ("console", True, "api")
    ]
    assert [(metric.port, metric.path) for metric in server.metrics] == [("api", "/minio/v2/metrics/cluster")]
    volume, bucket = parts.data
    assert volume == VolumeData("minio", server.pod.containers[0].claims[0].name)
    assert isinstance(bucket, BucketData)
    assert (bucket.bucket, bucket.access_key.secret.name) == ("warehouse", "minio-warehouse")
