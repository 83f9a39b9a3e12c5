"""Frozen data as MessagePack and back, for the cache and for other processes. Only data, never code.

The same value gives the same bytes in every process (mappings keep their order), so the bytes also identify a value.
Encoded values contain no sets, as the order of a set differs between processes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from functools import cache
from typing import Any, TypeVar, cast

import msgspec

from floe_compiler.model.bit_sets import of_data, to_data

Value = TypeVar("Value")


def _plain(value: Any) -> Any:
    """Return a substitute for a value that MessagePack cannot encode: a set of bits, a pydantic model, or a type."""
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    dump = getattr(value, "model_dump", None)
    if dump is not None:
        return [_plain(type(value)), dump()]
    return to_data(value)


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_plain)


@cache
def _decoder(kind: Hashable) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind, dec_hook=of_data)


def encode(value: Any) -> bytes:
    """Return a value as bytes. Raises TypeError for what is not data."""
    return _ENCODER.encode(value)


def decode(data: bytes, kind: type[Value]) -> Value | None:
    """Decode a value of this type; return None if the bytes are not valid."""
    try:
        value: Value = _decoder(cast("Hashable", kind)).decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value


def decode_own(data: bytes, kind: type[Value]) -> Value:
    """Decode a value that this run has encoded, or decoded before. Raises AssertionError if the bytes are not valid."""
    value = decode(data, kind)
    if value is None:
        raise AssertionError(f"this is not a {kind.__name__}")
    return value


def digest_of(*parts: str | bytes) -> str:
    """Return the SHA-256 of these parts; ("ab", "c") and ("a", "bc") have different digests."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode(errors="surrogateescape") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()
