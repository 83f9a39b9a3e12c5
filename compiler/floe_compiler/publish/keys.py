"""The keys of cosign. The private one: its file, as `cosign generate-key-pair` writes it, or PKCS#8 as OpenSSL does.

Cosign encrypts PKCS#8 with NaCl's secretbox, by a key that scrypt derives from the password (its pkg/cosign/keys.go,
and github.com/secure-systems-lab/go-securesystemslib, encrypted/encrypted.go). No message has a part of key or
password.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from floe_compiler.model.plain_files import TooLarge, read_plain

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

LARGEST = 64 * 1024
WRONG_KIND = "it is no ECDSA key on the curve P-256, as cosign generate-key-pair makes"
_PEM = re.compile(rb"-----BEGIN ([A-Z ]+)-----\s+([A-Za-z0-9+/=\s]+?)-----END \1-----")
_OF_COSIGN = (b"ENCRYPTED SIGSTORE PRIVATE KEY", b"ENCRYPTED COSIGN PRIVATE KEY")
_MOST_WORK = 1 << 20
"""Scrypt takes 128 * r * N bytes of memory; cosign uses N = 65536 and r = 8."""


class _Work(msgspec.Struct):
    N: int
    r: int
    p: int


class _Derivation(msgspec.Struct):
    name: Literal["scrypt"]
    params: _Work
    salt: bytes


class _Cipher(msgspec.Struct):
    name: Literal["nacl/secretbox"]
    nonce: bytes


class _Sealed(msgspec.Struct):
    kdf: _Derivation
    cipher: _Cipher
    ciphertext: bytes


Password = Callable[[], str]


class BadKey(Exception):
    """A file is not a key that can sign, or verify; the message says why."""


def read_key(file: Path, password: Password) -> EllipticCurvePrivateKey:
    """Return the private key in a file; the password is asked for only if it is needed.

    Raises:
        BadKey: if the file cannot be read, is no such key, or the password is wrong.
    """
    content = _content(file)
    match = _PEM.search(content)
    if not match:
        raise BadKey("it is not a private key in PEM; make one: cosign generate-key-pair")
    if match[1].endswith(b"PUBLIC KEY"):
        raise BadKey("it is a public key, which can only verify; name the private one, such as cosign.key")
    if match[1] in _OF_COSIGN:
        return _checked(_loaded(_opened(match[2], password), None))
    needed = b"ENCRYPTED" in content
    return _checked(_loaded(content, password if needed else None))


def read_public_key(file: Path) -> EllipticCurvePublicKey:
    """Return the public key in a file, as `cosign public-key` and OpenSSL write it.

    Raises:
        BadKey: if the file cannot be read, or is no such key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(_content(file))
    except (ValueError, UnsupportedAlgorithm):
        raise BadKey("it is not a public key in PEM; write one: cosign public-key --key cosign.key") from None
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise BadKey(WRONG_KIND)
    return key


def _content(file: Path) -> bytes:
    try:
        return read_plain(file, LARGEST)
    except TooLarge:
        raise BadKey("it is too large for a key") from None
    except OSError as error:
        raise BadKey(f"it cannot be read: {error.strerror}") from None


def _loaded(content: bytes, password: Password | None) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

    load = load_pem_private_key if content.startswith(b"-") else load_der_private_key
    try:
        return load(content, password().encode() if password else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadKey("it cannot be opened: it is damaged, or the password is another one") from None


def _opened(content: bytes, password: Password) -> bytes:
    """Return the PKCS#8 in a key of cosign."""
    try:
        from nacl.exceptions import CryptoError
        from nacl.secret import SecretBox
    except ImportError:
        raise BadKey("to open keys of cosign, install the extra: pip install 'floe-compile[sign]'") from None
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    try:
        sealed = msgspec.json.decode(base64.b64decode(content), type=_Sealed)
        work = sealed.kdf.params
        if work.N * work.r * work.p > _MOST_WORK:
            raise BadKey("it is a damaged key of cosign")
        derived = Scrypt(sealed.kdf.salt, 32, work.N, work.r, work.p).derive(password().encode())
        return bytes(SecretBox(derived).decrypt(sealed.ciphertext, sealed.cipher.nonce))
    except CryptoError:
        raise BadKey("the password is another one") from None
    except (ValueError, TypeError, msgspec.DecodeError):
        raise BadKey("it is a damaged key of cosign") from None


def _checked(key: Any) -> EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey

    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise BadKey(WRONG_KIND)
    return key
