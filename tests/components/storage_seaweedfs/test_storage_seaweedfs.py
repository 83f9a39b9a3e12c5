"""SeaweedFS: the server, and the script that creates its buckets and users."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from syrupy.assertion import SnapshotAssertion

from floe_compiler.components.storage_seaweedfs import COMPONENT, SeaweedConfig
from floe_compiler.components.storage_seaweedfs.roles import roles
from floe_compiler.kit import seaweedfs
from floe_compiler.kit.own_store import object_store
from floe_compiler.kit.scripts import script
from floe_compiler.model.capabilities import ObjectStore
from floe_compiler.model.data_access import OutputTable, ServedProduct
from floe_compiler.model.facts import Container
from floe_compiler.model.operations import BucketData, VolumeData
from floe_compiler.pipeline import compile_mesh
from small_mesh import MANIFEST, small_mesh
from support import DEVELOPMENT, as_text, changed, context_of, starts_after, unit_of

ORDERS = OutputTable("sales", "shop", "orders")
VISITS = ServedProduct("field-service", "visits", reads=(ORDERS,))
SHOP = ServedProduct("sales", "shop", writes_files=True)


def _store(config: dict[str, Any] | None = None) -> ObjectStore:
    return object_store(seaweedfs.OWN, context_of(COMPONENT, config).instance)


def _server(config: dict[str, Any] | None = None) -> Container:
    return COMPONENT.build(context_of(COMPONENT, config)).workloads[0].pod.containers[0]


def _arguments(config: dict[str, Any] | None = None) -> dict[str, str]:
    split = (argument.removeprefix("-").partition("=") for argument in _server(config).arguments)
    return {name: value for name, _, value in split}


def test_the_warehouse_is_the_first_bucket() -> None:
    store = _store({"buckets": ["lake", "files"]})
    assert (store.bucket, store.warehouse) == ("lake", "s3://lake/")
    task = COMPONENT.build(context_of(COMPONENT, {"buckets": ["lake", "files"]})).tasks[0]
    assert task.pod.containers[0].arguments == ("lake", "files")


def test_clients_learn_endpoint_and_path_style() -> None:
    store = _store()
    assert store.url == "http://seaweedfs.floe-platform.svc.cluster.local:8333"
    assert (store.kind, store.path_style, store.region) == ("s3", True, "us-east-1")


def test_clients_never_hold_the_servers_own_keys() -> None:
    store, server = _store(), _server()
    assert store.access_key
    assert store.secret_key
    own = {variable.secret.secret for variable in server.variables if variable.secret}
    assert {secret.name for secret in own} == {"seaweedfs-admin", "seaweedfs-signing"}
    assert own.isdisjoint({store.access_key.secret, store.secret_key.secret})


def test_only_s3_and_metrics_can_be_reached_from_other_pods() -> None:
    arguments = _arguments()
    assert (arguments["ip"], arguments["ip.bind"]) == ("127.0.0.1", "127.0.0.1"), "its other servers ask for no login"
    listening = {name: value for name, value in arguments.items() if value == "0.0.0.0"}
    assert set(listening) == {"s3.ip.bind", "metricsIp"}
    assert {port.name: port.number for port in _server().ports} == {
        "api": int(arguments["s3.port"]),
        "metrics": int(arguments["metricsPort"]),
    }


def test_telemetry_is_off() -> None:
    assert _arguments()["master.telemetry"] == "false"


def test_a_bucket_is_made_by_the_task_only() -> None:
    assert _arguments()["s3.autoCreateBucket"] == "false"


def test_access_is_denied_unless_a_policy_allows_it() -> None:
    settings = json.loads(roles(("lake",)))
    assert settings["policy"]["defaultEffect"] == "Deny", "without it, everything would be allowed"
    (role,), (policy,) = settings["roles"], settings["policies"]
    assert role["attachedPolicies"] == [policy["name"]]
    resources = {resource for statement in policy["document"]["Statement"] for resource in statement["Resource"]}
    assert resources == {"arn:aws:s3:::lake", "arn:aws:s3:::lake/*"}
    (trusted,) = role["trustPolicy"]["Statement"]
    assert trusted["Principal"] == {"AWS": "arn:aws:iam::000000000000:user/warehouse"}, "not the users of products"


def test_the_catalog_issues_credentials_by_that_role() -> None:
    store = _store()
    assert store.issues_credentials
    assert store.role == json.loads(roles(("lake",)))["roles"][0]["roleArn"]


def test_its_data_is_on_its_volume_and_its_root_is_read_only() -> None:
    server = _server()
    assert [claim.path for claim in server.claims] == [_arguments()["dir"]]
    assert server.writable_root == ""


def test_probes_use_the_health_endpoints() -> None:
    server = _server()
    probes = [probe for probe in (server.startup, server.liveness, server.readiness) if probe]
    assert {(probe.port, probe.path) for probe in probes} == {("api", "/healthz")}
    assert len(probes) == 3


def test_it_is_a_single_stateful_set_with_a_reason_and_time_to_stop() -> None:
    (server,) = COMPONENT.build(context_of(COMPONENT)).workloads
    assert (server.kind, server.replicas) == ("StatefulSet", 1)
    assert server.single
    assert server.pod.grace >= 60


def test_the_tasks_come_after_the_server_and_are_bounded() -> None:
    parts = COMPONENT.build(context_of(COMPONENT))
    assert starts_after(parts) == {("seaweedfs-buckets", "seaweedfs"), ("seaweedfs-products", "seaweedfs")}
    assert all(task.prepares == task.pod.calls for task in parts.tasks), "writers start after the buckets exist"
    assert all(task.deadline <= 3600 for task in parts.tasks)


def test_people_open_the_console_if_it_runs() -> None:
    (server,) = COMPONENT.build(context_of(COMPONENT)).workloads
    assert (len(server.pod.containers), server.interfaces) == (1, ())
    (server,) = COMPONENT.build(context_of(COMPONENT, {"console": True})).workloads
    assert [(interface.port, interface.authenticates) for interface in server.interfaces] == [("console", True)]
    console = server.pod.containers[1]
    named = {variable.name: variable.secret.secret.name for variable in console.variables if variable.secret}
    assert named["WEED_ADMIN_PASSWORD"] == "seaweedfs-admin", "without it, there is no login"


def test_it_passes_all_checks(tmp_path: Path) -> None:
    compiled = compile_mesh(small_mesh(tmp_path, {MANIFEST: {"storage": {"type": "seaweedfs", "console": True}}}))
    assert compiled.warnings == ()
    assert "output/dev/floe-platform/statefulset.apps_seaweedfs.yaml" in compiled.files


def test_it_is_scraped_watched_and_backed_up() -> None:
    parts = COMPONENT.build(context_of(COMPONENT))
    assert [(metric.port, metric.path) for metric in parts.workloads[0].metrics] == [("metrics", "/metrics")]
    assert {alert.name for alert in parts.alerts} == {"SeaweedFSDiskNearlyFull", "SeaweedFSCannotWrite"}
    volume, bucket = parts.data
    assert volume == VolumeData("seaweedfs", parts.workloads[0].pod.containers[0].claims[0].name)
    assert isinstance(bucket, BucketData)
    assert (bucket.bucket, bucket.access_key.secret.name) == ("warehouse", "seaweedfs-warehouse")


@pytest.mark.parametrize("buckets", [[], ["Upper"], ["a"], ["with_underscore"]])
def test_bad_buckets_are_refused(buckets: list[str]) -> None:
    with pytest.raises(ValidationError):
        SeaweedConfig.model_validate({"buckets": buckets})


# --- the users of products ---


def test_each_product_has_its_own_keys_and_knows_no_others() -> None:
    context = context_of(COMPONENT, served=(VISITS, SHOP))
    (container,) = COMPONENT.build(context).tasks[1].pod.containers
    users = sorted(Path(file.path).stem for file in container.config if file.path.startswith("/scripts/policies/"))
    assert users == ["product-field--service-visits", "product-sales-shop"]
    keys = {Path(file.path).name: file.secret.secret.name for file in container.secret_files}
    assert {user: keys[f"{user}.secret-key"] for user in users} == {user: f"seaweedfs-{user}" for user in users}
    own = object_store(seaweedfs.OWN, context.instance).client("sales", "shop")
    assert own
    assert own.secret_key
    assert own.secret_key.secret.name == "seaweedfs-product-sales-shop"


def test_the_ids_of_keys_are_letters_and_digits_and_differ() -> None:
    instance = context_of(COMPONENT).instance
    products = [
        ServedProduct("field-service", "visits"),
        ServedProduct("field", "service-visits"),
        ServedProduct("fieldservice", "visits"),
    ]
    names = [seaweedfs.product_user(product) for product in products]
    ids = [key.literal for name in names for key in seaweedfs.client(instance, name).keys if key.name == "access-key"]
    assert all(key_id.isalnum() and 4 <= len(key_id) <= 128 for key_id in ids), "`ValidateCallerSuppliedAccessKeyId`"
    assert len(set(ids)) == len(products)


# --- the script, against a stand-in for curl that keeps users, keys and policies in files ---

CURL = r"""#!/bin/bash
state="$STATE"
config="$(cat)"
echo "$*" >>"$state/calls"
declare -A data
while (($#)); do
  case "$1" in
    --data | --data-urlencode)
      name="${2%%[=@]*}" value="${2#*[=@]}"
      [[ "$2" == "$name@"* ]] && value="$(cat "$value")"
      data[$name]="$value"; shift ;;
    --output) answer="$2"; shift ;;
    --request) data[Action]=bucket; shift ;;
    http*) url="$1" ;;
  esac
  shift
done
while read -r line; do
  [[ "$line" =~ ^data-urlencode\ =\ \"([A-Za-z]+)=(.*)\"$ ]] && data[${BASH_REMATCH[1]}]="${BASH_REMATCH[2]}"
done <<<"$config"
say() { echo "<Error><Code>$2</Code><Message>$3</Message></Error>" >"$answer"; printf '%s' "$1"; exit 0; }
tries="$(cat "$state/down" 2>/dev/null || echo 0)"
if ((tries > 0)); then echo $((tries - 1)) >"$state/down"; printf 000; exit 7; fi
user="${data[UserName]}" policy="${data[PolicyName]:-${data[PolicyArn]##*/}}" key="${data[AccessKeyId]}"
mkdir -p "$state"/{users,policies,attached,keys}
: >"$answer"
list() { for object in "$1"/*; do [[ -e "$object" ]] && printf "<$2>%s</$2>" "${object##*/}" >>"$answer"; done; true; }
case "${data[Action]}" in
  bucket)
    [[ -e "$state/bucket-${url##*/}" ]] && say 409 BucketAlreadyOwnedByYou "it is yours"
    touch "$state/bucket-${url##*/}" ;;
  ListUsers) list "$state/users" UserName ;;
  CreateUser) [[ -e "$state/users/$user" ]] && say 409 EntityAlreadyExists "there"; touch "$state/users/$user" ;;
  DeleteUser) rm -r "$state/users/$user" ;;
  CreatePolicy)
    [[ -e "$state/refuses" ]] && say 400 MalformedPolicyDocument "not a policy"
    [[ -e "$state/policies/$policy" ]] && say 409 EntityAlreadyExists "there"
    echo "${data[PolicyDocument]}" >"$state/policies/$policy" ;;
  DeletePolicy) rm "$state/policies/$policy" ;;
  AttachUserPolicy) mkdir -p "$state/attached/$user"; touch "$state/attached/$user/$policy" ;;
  DetachUserPolicy) rm "$state/attached/$user/$policy" ;;
  ListAttachedUserPolicies) list "$state/attached/$user" PolicyName ;;
  ListAccessKeys) list "$state/keys/$user" AccessKeyId ;;
  CreateAccessKey) mkdir -p "$state/keys/$user"; echo "${data[SecretAccessKey]}" >"$state/keys/$user/$key" ;;
  DeleteAccessKey)
    [[ -e "$state/keys/$user/$key" ]] || say 404 NoSuchEntity "none"
    rm "$state/keys/$user/$key" ;;
  GetCallerIdentity)
    for stored in "$state"/keys/*/*; do
      [[ -e "$stored" && "$config" == "user = \"${stored##*/}:$(cat "$stored")\""* ]] && { printf 200; exit 0; }
    done
    say 403 SignatureDoesNotMatch "wrong key" ;;
  *) say 400 InvalidAction "${data[Action]}" ;;
esac
printf 200
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "curl").write_text(CURL)
    (tmp_path / "curl").chmod(0o755)
    (tmp_path / "administrator").mkdir()
    (tmp_path / "administrator" / "username").write_text("seaweedfs-admin")
    (tmp_path / "administrator" / "password").write_text("secret-of-admin")
    return tmp_path


def _run(
    state: Path, policies: dict[str, str], *buckets: str, removed: str = "", attempts: int = 5
) -> subprocess.CompletedProcess[str]:
    for name in ("given", "clients"):
        (state / name).mkdir(exist_ok=True)
    for old in (state / "given").iterdir():
        old.unlink()
    for user, text in policies.items():
        (state / "given" / f"{user}.json").write_text(text)
        (state / "clients" / f"{user}.access-key").write_text(user.replace("-", "X"))
        secret = state / "clients" / f"{user}.secret-key"
        if not secret.exists():
            secret.write_text(f"secret-of-{user}")
    variables = {
        "PATH": f"{state}:/usr/bin:/bin",
        "STATE": str(state),
        "STORE_URL": "http://store:8333",
        "REGION": "us-east-1",
        "ADMINISTRATOR": str(state / "administrator"),
        "POLICIES": str(state / "given"),
        "CLIENTS": str(state / "clients"),
        "REMOVED": removed,
        "ATTEMPTS": str(attempts),
        "PAUSE": "0",
        "TMPDIR": str(state),
    }
    command = ["sh", "-c", script("floe_compiler.kit.seaweedfs", "seaweedfs-users.sh"), "users", *buckets]
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120, check=False)


def _names(state: Path, folder: str) -> list[str]:
    return sorted(path.name for path in (state / folder).iterdir())


def test_the_script_creates_buckets_and_users_and_may_run_again(state: Path) -> None:
    for _ in range(2):
        done = _run(state, {"warehouse": "{}"}, "lake", "files")
        assert done.returncode == 0, done.stderr
    assert (state / "bucket-lake").exists()
    assert (state / "bucket-files").exists()
    assert _names(state, "users") == ["warehouse"]
    assert (state / "keys" / "warehouse" / "warehouse").read_text() == "secret-of-warehouse\n"
    (policy,) = _names(state, "attached/warehouse")
    assert (state / "policies" / policy).read_text() == "{}\n"
    calls = (state / "calls").read_text()
    assert calls.count("CreateAccessKey") == 1, "a correct key is kept"
    assert "secret-of" not in calls, "arguments can be read by every process"


def test_a_changed_policy_and_a_changed_key_replace_the_old_ones(state: Path) -> None:
    _run(state, {"warehouse": '{"old": 1}'})
    (state / "clients" / "warehouse.secret-key").write_text("another secret")
    (state / "keys" / "warehouse" / "AKIAofTheUsersOwn").write_text("x")
    done = _run(state, {"warehouse": '{"new": 1}'})
    assert done.returncode == 0, done.stderr
    (policy,) = _names(state, "attached/warehouse")
    assert _names(state, "policies") == [policy]
    assert (state / "policies" / policy).read_text() == '{"new": 1}\n'
    assert _names(state, "keys/warehouse") == ["warehouse"], "a generated key would survive the rotation of the secret"
    assert (state / "keys" / "warehouse" / "warehouse").read_text() == "another secret\n"


def test_the_script_removes_the_users_that_it_made_and_no_others(state: Path) -> None:
    assert _run(state, {"product-a-b": "{}", "product-c-d": "{}"}, removed="product-").returncode == 0
    for user in ("warehouse", "product-by-hand"):
        (state / "users" / user).touch()
        (state / "attached" / user).mkdir()
        (state / "attached" / user / "readonly").touch()
    done = _run(state, {"product-c-d": "{}"}, removed="product-")
    assert done.returncode == 0, done.stderr
    assert _names(state, "users") == ["product-by-hand", "product-c-d", "warehouse"]
    assert len(_names(state, "policies")) == 1
    assert _run(state, {"warehouse": "{}"}).returncode == 0
    assert "product-c-d" in _names(state, "users"), "another task removes nobody"


def test_the_script_waits_for_the_server_and_not_forever(state: Path) -> None:
    (state / "down").write_text("2")
    done = _run(state, {"warehouse": "{}"})
    assert (done.returncode, done.stdout.count("waiting")) == (0, 2)
    (state / "down").write_text("1000")
    done = _run(state, {"warehouse": "{}"})
    assert done.returncode == 1
    assert "no answer" in done.stderr


def test_the_script_fails_with_the_reason_when_a_policy_is_refused(state: Path) -> None:
    (state / "refuses").touch()
    done = _run(state, {"warehouse": "{}"})
    assert done.returncode == 1
    assert "400 not a policy" in done.stderr


@pytest.mark.parametrize("scale", ["light", "heavy"])
def test_rendered(scale: str, snapshot: SnapshotAssertion) -> None:
    settings = changed(DEVELOPMENT, environment={"scale": scale})
    unit = unit_of(COMPONENT, context_of(COMPONENT, {"console": scale == "heavy"}, settings=settings, served=(SHOP,)))
    own = [manifest for manifest in unit.objects if manifest["metadata"]["name"].startswith("seaweedfs")]
    for manifest in own:
        manifest.get("data", {}).pop("seaweedfs-users.sh", None)  # a file of its own
    assert as_text(own) == snapshot
