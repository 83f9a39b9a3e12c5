"""Keys as cosign and OpenSSL write them, for tests."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from nacl.secret import SecretBox

PASSWORD = "hunter2"
KEY = ec.derive_private_key(0x5EED, ec.SECP256R1())
OTHER = ec.derive_private_key(7, ec.SECP256R1())


def sealed(key: ec.EllipticCurvePrivateKey = KEY, *, work: int = 1 << 10) -> bytes:
    """Return the file of a key as `cosign generate-key-pair` writes it, but with less work for scrypt."""
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    salt, nonce = b"s" * 32, b"n" * 24
    box = SecretBox(Scrypt(salt, 32, work, 8, 1).derive(PASSWORD.encode()))
    envelope = {
        "kdf": {"name": "scrypt", "params": {"N": work, "r": 8, "p": 1}, "salt": _text(salt)},
        "cipher": {"name": "nacl/secretbox", "nonce": _text(nonce)},
        "ciphertext": _text(box.encrypt(plain, nonce).ciphertext),
    }
    return pem("ENCRYPTED SIGSTORE PRIVATE KEY", json.dumps(envelope).encode())


def pem(kind: str, content: bytes) -> bytes:
    """Return a content in the form of PEM."""
    return f"-----BEGIN {kind}-----\n{_text(content)}\n-----END {kind}-----\n".encode()


def of_openssl(key: ec.EllipticCurvePrivateKey = KEY, *, password: str = "") -> bytes:
    """Return the file of a key as OpenSSL writes it, encrypted if there is a password."""
    encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def public_key(file: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """Write a public key as `cosign public-key` does."""
    file.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def key_file(folder: Path, content: bytes) -> Path:
    """Return the file of a key in a folder."""
    file = folder / "cosign.key"
    file.write_bytes(content)
    return file


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
