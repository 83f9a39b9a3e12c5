"""An identity provider (OpenID Connect) on the loopback with what oauth2-proxy needs; OpenSSL signs its tokens."""

from __future__ import annotations

import base64
import json
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

CLIENT, CLIENT_SECRET = "data-platform", "a-secret-of-the-test"


def url_safe(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*arguments: str, data: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=data, check=True, capture_output=True, timeout=60).stdout


class IdentityProvider:
    """The provider. `claims` are those of the one user; `nonce` is that of the last login, which a test sets."""

    def __init__(self, folder: Path, claims: dict[str, Any]) -> None:
        self.key, self.claims, self.nonce = str(folder / "key.pem"), claims, ""
        self.asked: list[dict[str, list[str]]] = []
        """The forms that were sent to its token endpoint."""
        openssl("genrsa", "-out", self.key, "2048")
        modulus = openssl("rsa", "-in", self.key, "-noout", "-modulus").decode().strip().partition("=")[2]
        self.public = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "one", "e": "AQAB"}
        self.public["n"] = url_safe(bytes.fromhex(modulus))
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def token(self) -> str:
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": self.nonce, **self.claims}
        parts = [url_safe(json.dumps(part).encode()) for part in ({"alg": "RS256", "kid": "one"}, claims)]
        signature = openssl("dgst", "-sha256", "-sign", self.key, data=".".join(parts).encode())
        return ".".join((*parts, url_safe(signature)))

    def answer(self, path: str, form: dict[str, list[str]]) -> dict[str, Any]:
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
            }
        if path == "/keys":
            return {"keys": [self.public]}
        self.asked.append(form)
        return {"access_token": "access", "token_type": "Bearer", "expires_in": 300, "id_token": self.token()}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send({})

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                form = parse_qs(self.rfile.read(length).decode())
                self.send({**form, "authorization": [self.headers.get("Authorization", "")]})

            def send(self, form: dict[str, list[str]]) -> None:
                body = json.dumps(provider.answer(self.path, form)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
