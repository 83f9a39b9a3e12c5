"""Traefik as the ingress controller of a rendered mesh: at a real API server, with servers of the test as the pods."""

from __future__ import annotations

import base64
import http.client
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from api_server import MISSING as SERVER_MISSING
from api_server import TOKEN, ApiServer
from certificates import authority
from dagster_program import free_port
from floe_compiler.model.objects import Object
from kit.ingress.test_login import Answer

MISSING = [*SERVER_MISSING, *(name for name in ("traefik",) if not shutil.which(name))]
CONTROLLER = "traefik.io/gateway-controller"


def own_address() -> str:
    """Return an address of this machine for an EndpointSlice, which may not have the loopback; "" if there is none."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return ""
        return str(probe.getsockname()[0])


class Controller:
    """A running controller with its ports of HTTP and HTTPS."""

    def __init__(self, folder: Path) -> None:
        self.http, self.https = free_port(), free_port()
        self.authority = authority()
        self.folder = folder
        self._context = ssl.create_default_context(cadata=self.authority.pem)

    def certificate(self, host: str, secret: str, namespace: str) -> Object:
        """Return the Secret that cert-manager creates for a host."""
        files = self.authority.issue(self.folder / secret, host)
        data = {name: base64.b64encode((files / name).read_bytes()).decode() for name in ("tls.crt", "tls.key")}
        head = {"name": secret, "namespace": namespace}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": head, "type": "kubernetes.io/tls", "data": data}

    def get(self, host: str, path: str = "/", cookies: str = "") -> Answer:
        """Send a request over TLS, and verify the certificate."""
        plain = socket.create_connection(("127.0.0.1", self.https), 10)
        with closing(plain), self._context.wrap_socket(plain, server_hostname=host) as secure:
            return _ask(host, path, secure, {"Cookie": cookies} if cookies else {})

    def plain(self, host: str, path: str = "/") -> Answer:
        """Send a request without TLS."""
        with closing(socket.create_connection(("127.0.0.1", self.http), 10)) as plain:
            return _ask(host, path, plain, {})


def _ask(host: str, path: str, connection: socket.socket, headers: Mapping[str, str]) -> Answer:
    client = http.client.HTTPConnection(host)
    client.sock = connection
    client.request("GET", path, headers={"Connection": "close", **headers})
    answer = client.getresponse()
    return Answer(answer.status, answer.headers, answer.read())


@contextmanager
def traefik(server: ApiServer, controller: Controller, provider: str, *options: str) -> Iterator[None]:
    """Run Traefik with a provider, such as `kubernetesgateway`, and more options."""
    own = f"--providers.{provider}"
    command = [
        "traefik",
        f"--entrypoints.web.address=127.0.0.1:{controller.http}",
        f"--entrypoints.websecure.address=127.0.0.1:{controller.https}",
        f"{own}.endpoint=https://127.0.0.1:{server.port}",
        f"{own}.token={TOKEN}",
        f"{own}.certauthfilepath={server.authority}",
        "--global.sendanonymoususage=false",
        "--global.checknewversion=false",
        *options,
    ]
    with (controller.folder / "traefik.log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as run:
        try:
            yield
        finally:
            run.terminate()


@contextmanager
def pods_of(services: Mapping[str, Object]) -> Iterator[list[Object]]:
    """Run a server for each port of each Service, which answers with the Service's name; yield the EndpointSlices."""
    with ExitStack() as stack:
        yield [
            endpoints(service, {port["name"]: stack.enter_context(_named(name)) for port in service["spec"]["ports"]})
            for name, service in services.items()
        ]


def endpoints(service: Object, ports: Mapping[str, int]) -> Object:
    """Return where the pods of a Service are: at this machine, and these ports by their names."""
    head = service["metadata"]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": head["name"],
            "namespace": head["namespace"],
            "labels": {"kubernetes.io/service-name": head["name"]},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [own_address()], "conditions": {"ready": True}}],
        "ports": [{"name": name, "port": number, "protocol": "TCP"} for name, number in ports.items()],
    }


@contextmanager
def forwarded(port: int) -> Iterator[int]:
    """Yield a port of this machine's address that forwards to one of the loopback."""
    answering = socket.create_server((own_address(), 0))

    def copy(source: socket.socket, target: socket.socket) -> None:
        while data := source.recv(65536):
            target.sendall(data)
        with suppress(OSError):  # it is closed already
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with suppress(OSError):  # the end of the test
            while True:
                client, _ = answering.accept()
                server = socket.create_connection(("127.0.0.1", port))
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=copy, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    with closing(answering):
        yield int(answering.getsockname()[1])


@contextmanager
def _named(name: str) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = name.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer((own_address(), 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def conditions(of: Mapping[str, Any]) -> dict[str, str]:
    """Return the conditions of a status, by type."""
    return {condition["type"]: condition["status"] for condition in of.get("conditions", ())}
