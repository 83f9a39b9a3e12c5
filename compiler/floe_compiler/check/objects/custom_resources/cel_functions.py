"""The functions that Kubernetes adds to CEL, on plain values: an address, an amount or a format is a text.

They raise ValueError where those of Kubernetes return an error.
Source: k8s.io/apiserver, `pkg/cel/library`.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from urllib.parse import SplitResult, parse_qs, quote, urlsplit

from floe_compiler.model import names
from floe_compiler.model.quantities import parse_quantity

_AUTHORITY = re.compile(r"(?:[^@\s]*@)?(?:\[[^\]\s]*\]|[^\[\]:\s<>\"\\^`{|}]*)(?::[0-9]*)?")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NUMBER = re.compile(r"(-?)([0-9]+)(?:/([0-9]+))?")
_UUID = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?(?:z|[-+][0-9]{2}:[0-9]{2})")
_PORT = re.compile(r":([0-9]*)$")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def url(text: str) -> SplitResult:
    """Return the parts of an absolute URL or path, as Go reads one (`net/url`, ParseRequestURI)."""
    if not text or text[0] == " " or _CONTROL.search(text):
        raise ValueError("is empty, or has a control character")
    parts = urlsplit(text)
    if not parts.scheme and text[0] != "/" and text != "*":
        raise ValueError("is neither absolute nor a path from the root")
    if not _AUTHORITY.fullmatch(parts.netloc) or _BROKEN_ESCAPE.search(parts.netloc + parts.path):
        raise ValueError("has a wrong host, port or escape")
    return parts


def host(text: str) -> str:
    """Return the host of a URL with its port."""
    return url(text).netloc.rpartition("@")[2]


def hostname(text: str) -> str:
    """Return the host of a URL without its port, and without the brackets of an IPv6 address."""
    return _PORT.sub("", host(text)).strip("[]")


def port(text: str) -> str:
    """Return the port of a URL; empty if it has none."""
    number = _PORT.search(host(text))
    return number[1] if number else ""


def escaped_path(text: str) -> str:
    """Return the path of a URL with its escapes."""
    return quote(url(text).path, safe="/%!$&'()*+,;=:@~")


def query(text: str) -> dict[str, list[str]]:
    """Return the parameters of a URL."""
    return parse_qs(url(text).query, keep_blank_values=True)


def quantity(text: str) -> Fraction:
    """Return the amount that a quantity, or a result of arithmetic with quantities, stands for."""
    number = _NUMBER.fullmatch(text)
    if number:
        amount = Fraction(int(number[2]), int(number[3] or 1))
        return -amount if number[1] else amount
    amount = parse_quantity(text.lstrip("+-")).amount
    return -amount if text.startswith("-") else amount


def integer(text: str) -> int:
    """Return a quantity that is a whole number of 64 bits."""
    amount = quantity(text)
    if amount.denominator != 1 or not -(2**63) <= amount < 2**63:
        raise ValueError("cannot convert value to integer")
    return int(amount)


def ip(text: str) -> Address:
    """Return an address: without a zone, and not an IPv4 address that is written as IPv6."""
    address = ipaddress.ip_address(text)
    if "%" in text or getattr(address, "ipv4_mapped", None):
        raise ValueError("has a zone, or is an IPv4 address")
    return address


def cidr(text: str) -> Network:
    """Return the network of an address range."""
    address, slash, length = text.partition("/")
    if not slash or not length.isdecimal() or not ip(address):
        raise ValueError("has no length")
    return ipaddress.ip_network(text, strict=False)


def contains(text: str, other: str) -> bool:
    """Return whether an address range contains another one."""
    outer, inner = cidr(text), cidr(other)
    return outer.version == inner.version and inner.network_address in outer and inner.prefixlen >= outer.prefixlen


def validate(form: str, text: str) -> list[str]:
    """Return the errors of a text that should have a named format; none if it has this format."""
    try:
        FORMATS[form](text)
    except ValueError as error:
        return [str(error)]
    return []


def _prefix(check: Callable[[str], str]) -> Callable[[str], str]:
    """Return the check of a name to which something is appended, so that it may end with a dash."""
    return lambda text: check(f"{text[:-2]}a" if len(text) > 1 and text.endswith("-") else text)


def _uuid(text: str) -> None:
    if not _UUID.fullmatch(text):
        raise ValueError("does not match the UUID format")


def _date(text: str) -> None:
    if not _DATE.fullmatch(text):
        raise ValueError("invalid date")
    date.fromisoformat(text)


def _date_time(text: str) -> None:
    day, _, time = text.lower().partition("t")
    _date(day)
    if not _TIME.fullmatch(time):
        raise ValueError("invalid datetime")


FORMATS: Mapping[str, Callable[[str], object]] = {
    "byte": lambda text: base64.b64decode(text, validate=True),
    "date": _date,
    "datetime": _date_time,
    "dns1035Label": names.check_service_name,
    "dns1035LabelPrefix": _prefix(names.check_service_name),
    "dns1123Label": names.check_dns_label,
    "dns1123LabelPrefix": _prefix(names.check_dns_label),
    "dns1123Subdomain": names.check_dns_subdomain,
    "dns1123SubdomainPrefix": _prefix(names.check_dns_subdomain),
    "labelValue": names.check_label_value,
    "qualifiedName": names.check_label_key,
    "uri": url,
    "uuid": _uuid,
}
"""The formats by name, each with a function that raises ValueError for a text that does not have it."""
