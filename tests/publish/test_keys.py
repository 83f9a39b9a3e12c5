"""Keys that sign: those of cosign and OpenSSL are read; errors about others have no part of the key."""

from __future__ import annotations

import base64
import builtins
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from cosign_keys import KEY, PASSWORD, key_file, of_openssl, pem, sealed
from floe_compiler.publish.keys import BadKey, read_key

RSA = rsa.generate_private_key(65537, 1024).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def not_asked() -> str:
    raise AssertionError("no password is needed")


@pytest.mark.parametrize("content", [sealed(), of_openssl(password=PASSWORD)], ids=["cosign", "openssl"])
def test_a_key_with_a_password_is_read(tmp_path: Path, content: bytes) -> None:
    assert read_key(key_file(tmp_path, content), lambda: PASSWORD).private_numbers() == KEY.private_numbers()
    with pytest.raises(BadKey, match="the password is another one") as caught:
        read_key(key_file(tmp_path, content), lambda: "letmein")
    assert "letmein" not in str(caught.value)


def test_a_key_without_a_password_is_read(tmp_path: Path) -> None:
    assert read_key(key_file(tmp_path, of_openssl()), not_asked).private_numbers() == KEY.private_numbers()


@pytest.mark.parametrize(
    ("content", "start"),
    [
        (b"hunter2", "it is not a private key in PEM; make one: cosign generate-key-pair"),
        (b"x" * 70_000, "it is too large for a key"),
        (PUBLIC, "it is a public key, which can only verify; name the private one"),
        (pem("PRIVATE KEY", b"hunter2"), "it cannot be opened: it is damaged"),
        (pem("ENCRYPTED SIGSTORE PRIVATE KEY", b"hunter2"), "it is a damaged key of cosign"),
        (pem("ENCRYPTED COSIGN PRIVATE KEY", b'{"kdf": {"name": "hunter2"}}'), "it is a damaged key of cosign"),
        (sealed().replace(b"ey", b"eX", 1), "it is a damaged key of cosign"),
        (RSA, "it is no ECDSA key on the curve P-256"),
        (of_openssl(ec.generate_private_key(ec.SECP384R1())), "it is no ECDSA key on the curve P-256"),
    ],
)
def test_invalid_keys_are_refused(tmp_path: Path, content: bytes, start: str) -> None:
    with pytest.raises(BadKey) as caught:
        read_key(key_file(tmp_path, content), lambda: PASSWORD)
    assert str(caught.value).startswith(start)
    assert PASSWORD not in str(caught.value)


def test_a_key_that_would_exhaust_memory_is_refused(tmp_path: Path) -> None:
    huge = sealed().replace(b"\n", b"")
    key = json.loads(base64.b64decode(huge.split(b"-----")[2]))
    key["kdf"]["params"]["N"] = 1 << 30
    with pytest.raises(BadKey, match="damaged"):
        read_key(key_file(tmp_path, pem("ENCRYPTED SIGSTORE PRIVATE KEY", json.dumps(key).encode())), not_asked)


def test_a_missing_key_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadKey, match="it cannot be read: No such file"):
        read_key(tmp_path / "none", not_asked)


def test_without_the_extra_the_error_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def absent(name: str, *rest: Any, **named: Any) -> Any:
        if name.startswith("nacl"):
            raise ImportError(name)
        return original(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(BadKey, match=r"install the extra: pip install 'floe-compile\[sign\]'"):
        read_key(key_file(tmp_path, sealed()), not_asked)
