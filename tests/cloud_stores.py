"""Servers with the APIs of Google Cloud Storage and of Azure's Blob storage, and one that exchanges Google's keys.

The programs are fake-gcs-server (github.com/fsouza/fake-gcs-server) and azurite-blob (npm `azurite`), on the PATH or
named by the variables FAKE_GCS_SERVER and AZURITE_BLOB.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from backup_programs import free_port, wait_for

AZURITE_ACCOUNT = "devstoreaccount1"
AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The account of Azurite, as its documentation has it."""


@cache
def fake_gcs_server() -> str:
    """Return the path of fake-gcs-server; empty if it is not installed."""
    return os.environ.get("FAKE_GCS_SERVER") or shutil.which("fake-gcs-server") or ""


@cache
def azurite_blob() -> str:
    """Return the path of azurite-blob; empty if it is not installed."""
    return os.environ.get("AZURITE_BLOB") or shutil.which("azurite-blob") or ""


@contextmanager
def google(folder: Path) -> Iterator[int]:
    """Serve the buckets in a folder; yield the port."""
    port = free_port()
    address = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-public-host", f"127.0.0.1:{port}"]
    with _running([fake_gcs_server(), *address, "-backend", "filesystem", "-filesystem-root", str(folder)], port):
        yield port


@contextmanager
def azure(folder: Path) -> Iterator[int]:
    """Serve the containers of AZURITE_ACCOUNT, kept in a folder; yield the port."""
    port = free_port()
    options = ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", str(folder)]
    with _running([azurite_blob(), *options, "--silent", "--skipApiVersionCheck"], port):
        yield port


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def google_key() -> Iterator[tuple[str, list[bytes]]]:
    """Yield the key of a service account as JSON, and the requests in which clients exchanged it for a token."""
    requests: list[bytes] = []

    class Tokens(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            requests.append(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps({"access_token": "t", "expires_in": 3600, "token_type": "Bearer"}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with ThreadingHTTPServer(("127.0.0.1", 0), Tokens) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        key = {
            "type": "service_account",
            "project_id": "acme-data",
            "private_key_id": "1",
            "private_key": private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
            "client_email": "backups@acme-data.iam.gserviceaccount.com",
            "client_id": "1",
            "token_uri": f"http://127.0.0.1:{server.server_port}/token",
        }
        yield json.dumps(key), requests
        server.shutdown()
