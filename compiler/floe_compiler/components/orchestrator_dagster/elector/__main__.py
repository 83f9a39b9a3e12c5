"""usage: python -m elector OPTIONS -- PROGRAM [ARGUMENT ...]: see `options.py`.

On `port`, `/livez` says whether this process works, and `/readyz` whether it reaches the Kubernetes API.
"""

from __future__ import annotations

import ctypes
import http.client
import os
import signal
import ssl
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from .api import Api, Connect
from .election import Elector
from .options import Options, parse

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
PR_SET_CHILD_SUBREAPER = 36


def serve_probes(elector: Elector, port: int) -> None:
    """Answer the kubelet, in a thread."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = {"/livez": elector.works, "/readyz": elector.ready}.get(self.path)
            with suppress(ConnectionError):  # whoever asked did not wait
                self.send_response(404 if answer is None else 200 if answer() else 503)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing of requests."""

    server = ThreadingHTTPServer(("0.0.0.0", port), Handler)  # noqa: S104 - behind a policy
    threading.Thread(target=server.serve_forever, daemon=True).start()


def serve(options: Options, connect: Connect, account: Path = ACCOUNT) -> int:
    """Run the elector until it is told to stop, or its program fails; return the exit code."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    elector = Elector(options, Api(connect, account), (account / "namespace").read_text("utf-8").strip())
    signal.signal(signal.SIGTERM, elector.stop)
    signal.signal(signal.SIGINT, elector.stop)
    serve_probes(elector, options.port)
    return elector.run()


def in_cluster(seconds: float) -> http.client.HTTPConnection:
    """Return a connection to the API server of the cluster that this pod runs in."""
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], int(os.environ["KUBERNETES_SERVICE_PORT"])
    context = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    return http.client.HTTPSConnection(host, port, timeout=seconds, context=context)


if __name__ == "__main__":
    sys.exit(serve(parse(sys.argv[1:]), in_cluster))
