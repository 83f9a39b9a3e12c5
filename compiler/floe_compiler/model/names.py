"""Names that Kubernetes accepts, for each kind of name.

The rules are those of k8s.io/apimachinery, `pkg/util/validation/validation.go` (labels, DNS names, environment
variables, keys of ConfigMaps) and `pkg/api/validation/path/name.go` (path segments). Each `check_*` function returns
its argument, or raises ValueError with a message that says what is allowed and, if possible, suggests a valid name.
"""

from __future__ import annotations

import re

_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_DNS_LABEL = re.compile(_LABEL)
_DNS_SUBDOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_SERVICE = re.compile(r"[a-z](?:[-a-z0-9]*[a-z0-9])?")
_QUALIFIED = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?")
_VARIABLE = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
_DATA_KEY = re.compile(r"[-._a-zA-Z0-9]+")

_ANY_CASE = 'letters, digits, "-", "_" and ".", with a letter or digit at both ends'
_LOWER = 'lower-case letters, digits and "-", with a letter or digit at both ends'


def check_dns_label(text: str) -> str:
    """Accept the name of a namespace, a container or a part of a host name."""
    return _check(text, _DNS_LABEL, 63, "a DNS label", _LOWER, _nearest_label(text, ""))


def check_service_name(text: str) -> str:
    """Accept the name of a Service: a DNS label that begins with a letter (RFC 1035)."""
    rule = 'lower-case letters, digits and "-", beginning with a letter and not ending with "-"'
    return _check(text, _SERVICE, 63, "the name of a Service", rule, _nearest_label(text, "").lstrip("0123456789-"))


def check_dns_subdomain(text: str) -> str:
    """Accept the name of most objects, a host name, or the group of an API."""
    rule = f'parts joined by ".", each of {_LOWER}'
    return _check(text, _DNS_SUBDOMAIN, 253, "a DNS name", rule, _nearest_label(text, "."))


def check_label_key(text: str) -> str:
    """Accept the key of a label or annotation: a name, or a DNS name, "/" and a name."""
    prefix, separator, name = text.rpartition("/")
    if separator:
        try:
            check_dns_subdomain(prefix)
        except ValueError as error:
            raise ValueError(f'"{text}" is not a label key: before the "/", {error}') from None
    _check(name, _QUALIFIED, 63, "a label key", _ANY_CASE)
    return text


def check_extended_resource(text: str) -> str:
    """Accept the name of what a device plugin offers on nodes (`nvidia.com/gpu`), not a resource of Kubernetes' own."""
    prefix, separator, name = text.rpartition("/")
    if not (separator and name) or f".{prefix}".endswith(".kubernetes.io"):
        raise ValueError(
            f'"{text}" is not the name of a device; write a DNS name, "/" and a name, such as "nvidia.com/gpu"'
        )
    return check_label_key(text)


def check_label_value(text: str) -> str:
    """Accept the value of a label, which may be empty."""
    return _check(text, _QUALIFIED, 63, "a label value", _ANY_CASE) if text else text


def check_path_segment(text: str) -> str:
    """Accept the name of an object that only has to be valid in a URL, such as a Role (`system:controller:x`)."""
    if text in ("", ".", "..") or "/" in text or "%" in text:
        raise ValueError(f'"{text}" is not a name; use any text but "." and "..", without "/" and "%"')
    return text


def check_variable_name(text: str) -> str:
    """Accept the name of an environment variable."""
    rule = 'letters, digits, "_", "-" and ".", and no digit first'
    _check(text, _VARIABLE, None, "the name of an environment variable", rule, re.sub(r"[^A-Za-z0-9_]", "_", text))
    return _not_a_folder(text)


def check_data_key(text: str) -> str:
    """Accept a key of a ConfigMap or Secret."""
    rule = 'letters, digits, "-", "_" and "."'
    _check(text, _DATA_KEY, 253, "a key of a ConfigMap or Secret", rule, re.sub(r"[^-._a-zA-Z0-9]", "_", text))
    return _not_a_folder(text)


def _check(text: str, pattern: re.Pattern[str], longest: int | None, noun: str, rule: str, nearest: str = "") -> str:
    if longest and len(text) > longest:
        raise ValueError(f'"{text[:longest]}..." has {len(text)} characters; use at most {longest}')
    if not pattern.fullmatch(text):
        better = f', such as "{nearest}"' if pattern.fullmatch(nearest) else ""
        raise ValueError(f'"{text}" is not {noun}; use {rule}{better}')
    return text


def _nearest_label(text: str, also: str) -> str:
    return re.sub(rf"[^a-z0-9{also}]+", "-", text.lower()).strip("-.")


def _not_a_folder(text: str) -> str:
    """Refuse names that a volume or a shell treats as a folder; Kubernetes reserves `..data`."""
    if text == "." or text.startswith(".."):
        raise ValueError(f'"{text}" stands for a folder; use a name that is not "." and does not begin with ".."')
    return text
