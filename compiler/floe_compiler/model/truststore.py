"""A PKCS #12 file with trusted certificates, for Java: without password, and so the same bytes for the same input.

Libraries protect such a file with a password or a random salt. Sources: RFC 7292, section 4 and appendix D; OpenJDK,
`PKCS12KeyStore.java`: a certificate is trusted if its bag has the attribute 2.16.840.1.113894.746875.1.1, and a file
without a MAC needs no password.
"""

from __future__ import annotations

from collections.abc import Iterable

OBJECT_IDENTIFIER, INTEGER, OCTETS, BMP_STRING, SEQUENCE, SET, EXPLICIT = 0x06, 0x02, 0x04, 0x1E, 0x30, 0x31, 0xA0
VERSION = 3
BITS, CONTINUED = 7, 0x80
"""An object identifier has seven bits in each byte, of which all but the last are marked."""

DATA = "1.2.840.113549.1.7.1"
CERTIFICATE_BAG = "1.2.840.113549.1.12.10.1.3"
X509 = "1.2.840.113549.1.9.22.1"
FRIENDLY_NAME = "1.2.840.113549.1.9.20"
TRUSTED_FOR = "2.16.840.1.113894.746875.1.1"
ANYTHING = "2.5.29.37.0"


def truststore(certificates: Iterable[bytes]) -> bytes:
    """Return a PKCS #12 file in which these certificates (DER) are trusted, in their order."""
    bags = (_bag(f"authority-{number}", certificate) for number, certificate in enumerate(certificates, start=1))
    return _value(SEQUENCE, _value(INTEGER, bytes([VERSION])), _data(_value(SEQUENCE, _data(_value(SEQUENCE, *bags)))))


def _bag(name: str, certificate: bytes) -> bytes:
    content = _value(SEQUENCE, _identifier(X509), _value(EXPLICIT, _value(OCTETS, certificate)))
    attributes = (
        _attribute(FRIENDLY_NAME, _value(BMP_STRING, name.encode("utf-16-be"))),
        _attribute(TRUSTED_FOR, _identifier(ANYTHING)),
    )
    return _value(SEQUENCE, _identifier(CERTIFICATE_BAG), _value(EXPLICIT, content), _value(SET, *attributes))


def _attribute(kind: str, value: bytes) -> bytes:
    return _value(SEQUENCE, _identifier(kind), _value(SET, value))


def _data(content: bytes) -> bytes:
    return _value(SEQUENCE, _identifier(DATA), _value(EXPLICIT, _value(OCTETS, content)))


def _value(tag: int, *parts: bytes) -> bytes:
    """Return a value in DER: its tag, its length and its content."""
    content = b"".join(parts)
    length = len(content)
    if length < CONTINUED:
        return bytes([tag, length]) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, CONTINUED | len(size)]) + size + content


def _identifier(dotted: str) -> bytes:
    first, second, *further = map(int, dotted.split("."))
    return _value(OBJECT_IDENTIFIER, *map(_arc, (40 * first + second, *further)))


def _arc(number: int) -> bytes:
    groups = [number % CONTINUED]
    while number := number >> BITS:
        groups.append(CONTINUED | number % CONTINUED)
    return bytes(reversed(groups))
