"""TLS of SeaweedFS: what is rendered for the server and its clients, and the real programs with it."""

from __future__ import annotations

import json
import shutil
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from backup_programs import rclone
from certificates import Authority, authority
from floe_compiler.components import backup_seaweedfs
from floe_compiler.components.storage_seaweedfs import COMPONENT
from floe_compiler.kit.backups.rclone import store_variables
from floe_compiler.kit.own_store import object_store
from floe_compiler.kit.seaweedfs import OWN
from floe_compiler.model.capabilities import BackupStore, DatabaseBackups
from floe_compiler.model.data_access import ServedProduct
from floe_compiler.model.facts import Container
from floe_compiler.model.settings import Settings
from floe_compiler.model.trust import Trust
from seaweedfs_program import Store, keys, needs_programs, running
from support import DEVELOPMENT, as_text, context_of, unit_of

SECURE = replace(DEVELOPMENT, trust=Trust("company-ca"), tls_issuer="acme-internal", web_tls=True)
HOST = "seaweedfs.floe-platform.svc.cluster.local"
OURS, OTHERS = authority("Ours"), authority("Others")
SHOP = ServedProduct("sales", "shop", writes_files=True)
RENEWED = 90
"""After how many seconds a renewed certificate is used: it looks every minute."""


def _containers(settings: Settings = SECURE) -> tuple[Container, ...]:
    (workload,) = COMPONENT.build(context_of(COMPONENT, {"console": True}, settings=settings)).workloads
    return workload.pod.containers


def _backup_store() -> BackupStore:
    """Return the store of backups as their Jobs know it."""
    (backups,) = backup_seaweedfs.COMPONENT.provides(context_of(backup_seaweedfs.COMPONENT, settings=SECURE).instance)
    assert isinstance(backups, DatabaseBackups)
    assert backups.store
    return backups.store


def test_rendered(snapshot: SnapshotAssertion) -> None:
    unit = unit_of(COMPONENT, context_of(COMPONENT, {"console": True}, settings=SECURE))
    manifests = [manifest for manifest in unit.objects if manifest["kind"] in {"StatefulSet", "Certificate", "Service"}]
    assert as_text(manifests) == snapshot


def test_clients_are_told_to_use_tls() -> None:
    store = object_store(OWN, context_of(COMPONENT, settings=SECURE).instance)
    assert (store.url, store.endpoint.port().tls) == (f"https://{HOST}:8333", True)
    for task in COMPONENT.build(context_of(COMPONENT, settings=SECURE)).tasks:
        env = {variable.name: variable.value for variable in task.pod.containers[0].variables}
        assert env["STORE_URL"] == f"https://{HOST}:8333"
    env = {variable.name: variable.value for variable in store_variables(_backup_store())}
    assert env["RCLONE_CONFIG_STORE_ENDPOINT"] == f"https://{HOST}:8333"


def test_the_console_has_tls_only_if_the_controller_verifies_it() -> None:
    server, console = _containers(replace(SECURE, web_tls=False))
    assert server.certificate
    assert not console.certificate
    assert not [variable for variable in console.variables if "CERT" in variable.name]
    assert [port.tls for port in console.ports] == [False]


def test_without_an_issuer_nothing_uses_tls() -> None:
    for container in _containers(replace(SECURE, tls_issuer="", web_tls=False)):
        assert not container.certificate
        assert "cert" not in " ".join(container.arguments)
        assert not [variable for variable in container.variables if "CERT" in variable.name]
        assert not [port for port in container.ports if port.tls or port.scheme != "http"]


# --- the real programs ---


def _write_certificate(folder: Path, certificate: Path) -> None:
    """Write a certificate as the kubelet does."""
    for name in ("tls.crt", "tls.key"):
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    (folder / "..next").symlink_to(certificate.name)
    (folder / "..next").rename(folder / "..data")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("secure")
    (folder / "tls").mkdir()
    _write_certificate(folder / "tls", OURS.issue(folder / "tls" / "..first", HOST))
    (folder / "roots.pem").write_text(OURS.pem)
    with running(folder, SECURE, console=True) as store:
        store.make_users(SHOP)
        yield store


@contextmanager
def trusting(store: Store, authority: Authority) -> Iterator[None]:
    """Let clients trust this authority."""
    store.roots.write_text(authority.pem)
    try:
        yield
    finally:
        store.roots.write_text(OURS.pem)


@pytest.mark.real
@needs_programs
def test_the_server_accepts_only_tls_and_its_clients_verify_it(store: Store) -> None:
    # Its script has made the users over TLS, by the APIs of S3, IAM and STS.
    shop, warehouse, table = keys("product-sales-shop"), keys("warehouse"), "sales__shop/orders/1"
    assert (store.put(shop, table), store.get(shop, table)) == (200, 200)
    everything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    lent = store.assume(warehouse, {"Version": "2012-10-17", "Statement": [everything]})
    assert lent
    assert store.get(lent, table) == 200
    with trusting(store, OTHERS):
        assert store.get(shop, table) == 0, "curl ends the connection"
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(store.url.replace("https", "http"), timeout=10)
    login = store.run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "https://127.0.0.1:23646/login")
    assert login.stdout == "200", "the console"


PYICEBERG = """
import json, sys
from pyiceberg.io.pyarrow import PyArrowFileIO
with PyArrowFileIO(json.loads(sys.argv[1])).new_output("s3://warehouse/sales__shop/client/1").create(True) as file:
    file.write(b"x")
"""
S3FS = """
import json, sys, s3fs
given = json.loads(sys.argv[1])
login = {"key": given["s3.access-key-id"], "secret": given["s3.secret-access-key"]}
store = s3fs.S3FileSystem(**login, endpoint_url=given["s3.endpoint"], config_kwargs={"retries": {"max_attempts": 1}})
store.pipe("warehouse/sales__shop/client/1", b"x")
"""
DUCKDB = """
import json, sys, duckdb
given = json.loads(sys.argv[1])
session = duckdb.connect(config={"extension_directory": given["extensions"]})
session.load_extension("httpfs")
session.execute(f"SET ca_cert_file = '{given['roots']}'")
login = f"KEY_ID '{given['s3.access-key-id']}', SECRET '{given['s3.secret-access-key']}', REGION 'us-east-1'"
server = f"ENDPOINT '{given['s3.endpoint'].removeprefix('https://')}', URL_STYLE 'path', USE_SSL true"
session.execute(f"CREATE SECRET (TYPE s3, {login}, {server})")
session.execute("COPY (SELECT 1) TO 's3://warehouse/sales__shop/client/1.parquet'")
"""


def _rclone(store: Store) -> bool:
    if not rclone():
        pytest.skip("rclone is not installed")
    access_key, secret_key = keys("product-sales-shop")
    env = {variable.name: variable.value for variable in store_variables(_backup_store())} | {
        "RCLONE_CONFIG_STORE_ENDPOINT": store.url,
        "RCLONE_CONFIG_STORE_ACCESS_KEY_ID": access_key,
        "RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY": secret_key,
    }
    sent = ("copyto", str(store.roots), "store:warehouse/sales__shop/client/1", "--retries", "1")
    return store.run(rclone(), *sent, **env).returncode == 0


def _python(store: Store, package: str, text: str, **more: str) -> bool:
    if not find_spec(package):
        pytest.skip(f"{package} is not installed")
    access_key, secret_key = keys("product-sales-shop")
    settings = {"s3.endpoint": store.url, "s3.access-key-id": access_key, "s3.secret-access-key": secret_key, **more}
    path = ":".join(filter(None, sys.path))
    return store.run(sys.executable, "-c", text, json.dumps(settings), PYTHONPATH=path).returncode == 0


def _pyiceberg(store: Store) -> bool:
    return _python(store, "pyiceberg", PYICEBERG)


def _s3fs(store: Store) -> bool:
    return _python(store, "s3fs", S3FS)


def _duckdb(store: Store) -> bool:
    package = find_spec("duckdb_extension_httpfs")
    if not package or not package.submodule_search_locations:
        pytest.skip("duckdb-extension-httpfs is not installed")
    (source,) = Path(next(iter(package.submodule_search_locations)), "extensions").rglob("httpfs.duckdb_extension")
    folder = store.folder / "extensions" / source.parent.name / "linux_amd64"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, folder)
    return _python(store, "duckdb", DUCKDB, roots=str(store.roots), extensions=str(folder.parent.parent))


@pytest.mark.real
@needs_programs
@pytest.mark.parametrize("client", [_rclone, _pyiceberg, _s3fs, _duckdb], ids=lambda client: client.__name__[1:])
def test_clients_write_and_refuse_a_server_of_another_authority(store: Store, client: Callable[[Store], bool]) -> None:
    assert client(store)
    with trusting(store, OTHERS):
        assert not client(store)


@pytest.mark.real
@needs_programs
def test_a_renewed_certificate_is_used_without_a_restart(store: Store) -> None:
    def served_certificates() -> list[str]:
        return [ssl.get_server_certificate(("127.0.0.1", port)) for port in (8333, 23646)]

    before = served_certificates()
    _write_certificate(store.folder / "tls", OURS.issue(store.folder / "tls" / "..second", HOST))
    for _ in range(RENEWED):
        if not set(before) & set(served_certificates()):
            return
        time.sleep(1)
    raise AssertionError("it still has its first certificate")
