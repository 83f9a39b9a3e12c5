"""MinIO itself: what products may do with their own keys. It needs the programs `minio` and `mc`."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from floe_compiler.kit import minio
from floe_compiler.kit.scripts import script
from floe_compiler.model.data_access import OutputTable, ServedProduct, StoreFolder

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not (shutil.which("minio") and shutil.which("mc")), reason="needs the programs minio and mc"),
]

SHOP = ServedProduct("sales", "shop", writes_files=True)
VISITS = ServedProduct("field-service", "visits", reads=(OutputTable("sales", "shop", "orders"),), writes_files=True)


class Store:
    """A running MinIO, and the folder for its clients' files."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url

    def mc(self, alias: str, *words: str) -> bool:
        """Run mc as the user of an alias; return whether it succeeded."""
        command = ["mc", "--quiet", "--config-dir", str(self.folder / alias), *words]
        return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0

    def missing(self, alias: str, path: str) -> bool:
        """Return whether the user of an alias gets the answer that the object does not exist (404, and not 403)."""
        command = ["mc", "--quiet", "--json", "--config-dir", str(self.folder / alias), "stat", path]
        output = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
        return "Object does not exist" in output

    def log_in(self, user: str, secret: str) -> None:
        """Let the alias with the user's name be that user."""
        assert self.mc(user, "alias", "set", "store", self.url, user, secret, "--api", "s3v4")

    def make_users(self, *products: ServedProduct) -> None:
        """Run the script of the task."""
        for name in ("policies", "clients", "administrator"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            (self.folder / name).mkdir()
        (self.folder / "administrator" / "username").write_text("minio-admin")
        (self.folder / "administrator" / "password").write_text("secret-of-admin")
        for product in products:
            user = minio.product_name(product.domain, product.name)
            (self.folder / "policies" / f"{user}.json").write_text(minio.product_policy("warehouse", product))
            (self.folder / "clients" / user).write_text(f"secret-of-{product.name}")
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "STORE_URL": self.url,
            "ADMINISTRATOR": str(self.folder / "administrator"),
            "CLIENTS": str(self.folder / "clients"),
            "POLICIES": str(self.folder / "policies"),
            "PAUSE": "1",
        }
        command = ["bash", "-c", script("floe_compiler.kit.minio", "minio-products.sh")]
        done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "MINIO_ROOT_USER": "minio-admin",
        "MINIO_ROOT_PASSWORD": "secret-of-admin",
        "MINIO_UPDATE": "off",
        "MINIO_BROWSER": "off",
    }
    command = ["minio", "server", str(tmp_path / "data"), "--address", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            yield Store(tmp_path, f"http://127.0.0.1:{port}")
        finally:
            server.terminate()


def test_a_product_reaches_its_own_files_and_those_of_its_inputs(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    store.make_users(SHOP, VISITS)
    admin, shop, visits = "minio-admin", "product-sales-shop", "product-field--service-visits"
    store.log_in(admin, "secret-of-admin")
    assert store.mc(admin, "mb", "store/warehouse")
    for user, secret in ((shop, "secret-of-shop"), (visits, "secret-of-visits")):
        assert store.mc(user, "alias", "set", "store", store.url, user, secret, "--api", "s3v4", "--path", "on")
    orders, raw = "store/warehouse/sales__shop/orders/data/1", "store/warehouse/sales__shop/raw/1"
    assert store.mc(shop, "cp", str(file), orders)
    assert store.mc(shop, "cp", str(file), raw)
    assert store.mc(visits, "cat", orders), "its input"
    assert not store.mc(visits, "cat", raw), "another table of the same product"
    assert not store.mc(visits, "cp", str(file), orders)
    assert not store.mc(visits, "rm", orders)
    assert store.mc(visits, "cp", str(file), "store/warehouse/field_service__visits/x/1")
    assert not store.mc(shop, "cat", "store/warehouse/field_service__visits/x/1")
    assert not store.mc(shop, "mb", "store/other")

    store.make_users(VISITS)
    assert not store.mc(shop, "cat", orders), "a removed product has no keys"
    assert store.mc(visits, "cat", orders)


def test_logs_are_written_by_their_product_and_read_by_the_api_server(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    own = StoreFolder("airflow-logs/sales__shop/", writes=True)
    reader = ServedProduct("sales", "logs--reader", folders=(StoreFolder("airflow-logs/sales__"),), only_files=True)
    store.make_users(ServedProduct("sales", "shop", folders=(own,)), VISITS, reader)
    admin, shop, visits = "minio-admin", "product-sales-shop", "product-field--service-visits"
    store.log_in(admin, "secret-of-admin")
    assert store.mc(admin, "mb", "store/warehouse")
    reads = "product-sales-logs--reader"
    for user, name in ((shop, "shop"), (visits, "visits"), (reads, "logs--reader")):
        words = ("alias", "set", "store", store.url, user, f"secret-of-{name}", "--api", "s3v4", "--path", "on")
        assert store.mc(user, *words)
    log, table = "store/warehouse/airflow-logs/sales__shop/run_id=1/1.log", "store/warehouse/sales__shop/orders/1"
    assert store.missing(shop, log), "Airflow sends no log after another answer"
    assert store.mc(shop, "cp", str(file), log)
    assert store.mc(reads, "cat", log)
    assert store.mc(reads, "ls", "store/warehouse/airflow-logs/sales__shop/run_id=1/")
    assert not store.mc(reads, "cp", str(file), log)
    assert not store.mc(reads, "rm", log)
    assert store.mc(shop, "cp", str(file), table)
    assert not store.mc(reads, "cat", table)
    assert not store.mc(visits, "cat", log)
    assert not store.mc(shop, "cp", str(file), "store/warehouse/airflow-logs/sales__other/1.log")
