"""Types of values in the inputs, such as names, durations and quantities.

A wrong value raises ValueError with a message of the form `what is wrong; how to fix it`.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from floe_compiler.model.addresses import why_never
from floe_compiler.model.contract import check_own_variable
from floe_compiler.model.durations import format_duration, parse_duration
from floe_compiler.model.hosts import check_outside_server, check_server, instead_of
from floe_compiler.model.images import parse_image
from floe_compiler.model.joined_names import SEPARATOR, TWICE
from floe_compiler.model.mount_paths import check_mount_path
from floe_compiler.model.names import (
    check_data_key,
    check_dns_label,
    check_dns_subdomain,
    check_extended_resource,
    check_label_key,
    check_label_value,
)
from floe_compiler.model.pod_metadata import check_free_key
from floe_compiler.model.quantities import parse_quantity, wrong_bytes
from floe_compiler.model.schedules import check_schedule, check_time_zone
from floe_compiler.model.schema_words import NOT_A_MAPPING, PATTERN_HINT

LONGEST_NAME = 40
"""Names become parts of longer Kubernetes names, which may have 63 characters."""
LONGEST_SHOWN = 63
"""A longer name is cut in messages."""
MOST_CORES = 256
"""More cores than any node has: a larger number for one container was probably meant in millicores."""

_LABEL_PARTS = re.compile(r"(?:[a-z0-9][-a-z0-9]*)?\{scope\}(?:[-a-z0-9]*[a-z0-9])?")
_OWNER = re.compile(r"@?[A-Za-z0-9][A-Za-z0-9._+/@-]*")
_SEMANTIC_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")


def check_name(text: str) -> str:
    """Accept a DNS label that begins with a letter, leaves room for a prefix and a suffix, and can be joined."""
    if len(text) > LONGEST_NAME:
        shown = text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
        raise ValueError(f'"{shown}" has {len(text)} characters; use at most {LONGEST_NAME}')
    check_dns_label(text)
    if TWICE in text:
        nearest = re.sub(f"{TWICE}+", SEPARATOR, text)
        raise ValueError(f'"{text}" has two hyphens in a row, which show where joined names end; write "{nearest}"')
    if not text[0].isalpha():
        raise ValueError(f'"{text}" begins with a digit; begin it with a letter')
    return text


def number_as_text(value: object) -> object:
    """Return a number as text: Kubernetes, too, takes `cpu: 2`."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def check_cpu(text: str) -> str:
    """Return an amount of CPU as Kubernetes writes it (`1000m` -> `1`); delivery tools report other forms as drift."""
    quantity = parse_quantity(text)
    if not quantity.amount:
        raise ValueError(f'"{text}" is zero; write, for example, 100m')
    if (quantity.amount * 1000).denominator != 1:
        raise ValueError(f'"{text}" is too precise; Kubernetes counts CPU in steps of 1m, a thousandth of a core')
    return str(quantity)


def check_container_cpu(text: str) -> str:
    """Return an amount of CPU for one container, in the form of Kubernetes; refuse more cores than a node can have."""
    quantity = parse_quantity(text)
    if quantity.amount > MOST_CORES:
        meant = f'did you mean "{text}m"?' if text.isdigit() else f"a container may have {MOST_CORES}"
        raise ValueError(f'"{text}" is {float(quantity.amount):,.15g} whole cores; {meant}')
    return check_cpu(text)


def check_bytes(text: str) -> str:
    """Return an amount of memory or storage in the form of Kubernetes; refuse a few bytes, due to a missing suffix."""
    quantity = parse_quantity(text)
    if not quantity.amount:
        raise ValueError(f'"{text}" is 0 bytes, which is too small; write, for example, 512Mi or 10Gi')
    if problem := wrong_bytes(text):
        raise ValueError(problem)
    return str(quantity)


def canonical_duration(text: str) -> str:
    """Return the shortest text of a duration (`90s` -> `1m30s`)."""
    return format_duration(parse_duration(text))


def check_time(text: str) -> str:
    """Return a duration in its shortest form; raise ValueError if it is zero."""
    if not parse_duration(text):
        raise ValueError(f'"{text}" is zero; write a duration, such as 1h')
    return canonical_duration(text)


def check_image(text: str) -> str:
    """Accept an image reference. For simplicity, refuse capital letters in the host, too, where they are valid."""
    parse_image(text)
    name = re.sub(r":[^/]*$", "", text.partition("@")[0])
    if name != name.lower():
        raise ValueError(f'"{text}" has capital letters in its name; write "{name.lower()}{text[len(name) :]}"')
    return text


def check_address_range(text: str) -> str:
    """Accept a range of IP addresses, or a single address unless it looks like a network without its length."""
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError(f"{error}; write a network, such as 10.0.0.0/16") from None
    if "%" in text:
        raise ValueError(f'"{text}" has the zone of one machine in it; write "{re.sub("%[^/]*", "", text)}"')
    likely = _likely_length(network.network_address)
    if "/" not in text and likely < network.prefixlen:
        raise ValueError(
            f'"{text}" has no length; write {text}/{likely} for the network, or {network} for the one address'
        )
    return str(network)


def _likely_length(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> int:
    """Return the length of the network that an address with zeros at its end stands for, in whole parts of it."""
    part = 1 if address.version == 4 else 2
    used = len(address.packed.rstrip(b"\0"))
    return -(-used // part) * part * 8


def check_cidr(text: str) -> str:
    """Accept a range of IP addresses of servers: neither the pod itself nor servers of its node."""
    network = ipaddress.ip_network(check_address_range(text))
    if why := why_never(network):
        raise ValueError(f'"{text}" {why}; {instead_of(network)}')
    return str(network)


def check_owner(text: str) -> str:
    """Accept a mail address or the handle of a team."""
    if not _OWNER.fullmatch(text):
        raise ValueError(f'"{text}" is not an owner; write a mail address or a handle, such as @acme/data')
    return text


def check_version(text: str) -> str:
    """Accept a semantic version (semver.org 2.0.0)."""
    if not _SEMANTIC_VERSION.fullmatch(text):
        raise ValueError(f'"{text}" is not a semantic version; write three numbers, such as 1.4.2')
    return text


def check_revision(text: str) -> str:
    """Accept a branch, tag or commit."""
    if not text or text != text.strip():
        raise ValueError(f'"{text}" is not a branch, tag or commit; write, for example, main')
    return text


def check_pattern(text: str) -> str:
    """Accept the pattern of a namespace's name."""
    if text.count("{scope}") != 1:
        raise ValueError(f'"{text}" must have {{scope}} in it once; write, for example, "floe-{{scope}}"')
    if "${scope}" in text:
        raise ValueError(f'"{text}" has a "$" in it; write "{text.replace("${scope}", "{scope}")}"')
    if not _LABEL_PARTS.fullmatch(text):
        raise ValueError(
            f'"{text}" is not a namespace pattern; besides {{scope}}, use lower-case letters, digits and "-"'
        )
    return text


def check_relative_path(text: str) -> str:
    """Accept a path inside an image, from its working directory."""
    if text.startswith("/") or ".." in text.split("/") or not text.strip("./"):
        raise ValueError(f'"{text}" must be a path below the working directory; write, for example, pipelines/load.py')
    return text


def check_repository_path(text: str) -> str:
    """Accept the path of a folder from the top of its Git repository, and "." for the top itself."""
    parts = text.split("/")
    if text != "." and ({"", ".", ".."} & {*parts} or "\\" in text):
        raise ValueError(
            f'"{text}" must be a path from the top of the Git repository; write, for example, platform/mesh'
        )
    return text


def check_registry(text: str) -> str:
    """Accept a registry, with a path or without (`ghcr.io/acme`)."""
    if text.endswith("/"):
        raise ValueError(f'"{text}" ends with "/"; write "{text.rstrip("/")}"')
    try:
        parse_image(f"{text}/image")
    except ValueError as error:
        # The message must not show the name that was appended.
        raise ValueError(str(error).replace('/image"', '"').replace("is not an image", "is not a registry")) from None
    host = text.partition("/")[0]
    if "." not in host and ":" not in host and host != "localhost":
        raise ValueError(f'"{text}" has no registry; begin with its host, such as ghcr.io/acme')
    return text


def matching(pattern: str, form: str, example: str) -> Any:
    """Return the constraint for text that matches a pattern, with a description for messages and editors."""
    hint = f'write {form}, such as "{example}"'
    return Field(pattern=pattern, examples=[example], json_schema_extra={PATTERN_HINT: hint})


def check_reader(text: str) -> str:
    """Accept the name of a domain, or a domain and a product: `finance/revenue-metrics`."""
    try:
        for name in text.split("/", 1):
            check_name(name)
    except ValueError:
        form = "write a domain, such as finance, or one of its products, such as finance/revenue-metrics"
        raise ValueError(f'"{text}" is neither a domain nor a product; {form}') from None
    return text


Name = Annotated[str, AfterValidator(check_name)]
Reason = Annotated[str, matching(r"\S", "the reason", "a cluster on a laptop")]
"""The reason for going without what is usual. Blanks are not a reason."""
Reader = Annotated[str, AfterValidator(check_reader)]
StepName = Name
ObjectName = Annotated[str, AfterValidator(check_dns_subdomain)]
"""The name of an object that is created outside the compiler: any name that Kubernetes accepts."""
NamespaceName = Annotated[str, AfterValidator(check_dns_label)]
"""The name of a namespace that is created outside the compiler."""
Owner = Annotated[str, AfterValidator(check_owner)]
SemanticVersion = Annotated[str, AfterValidator(check_version), Field(examples=["1.4.2"])]
LabelKey = Annotated[str, AfterValidator(check_label_key)]
FreeKey = Annotated[LabelKey, AfterValidator(check_free_key)]
"""The key of a label or an annotation that the compiler leaves to people."""
ExtendedResource = Annotated[str, AfterValidator(check_extended_resource)]
LabelValue = Annotated[str, AfterValidator(check_label_value)]
VariableName = Annotated[str, AfterValidator(check_own_variable)]
VariableText = Annotated[
    str,
    Field(json_schema_extra={NOT_A_MAPPING: "write its text here; a value from a secret stands under `secrets:`"}),
]
"""The value of an environment variable."""
SecretKeyName = Annotated[str, AfterValidator(check_data_key)]
HostName = Annotated[str, AfterValidator(check_dns_subdomain)]
ServerHost = Annotated[str, AfterValidator(check_server)]
OutsideHost = Annotated[str, AfterValidator(check_outside_server)]
PortNumber = Annotated[int, Field(ge=1, le=65535)]
Cidr = Annotated[str, AfterValidator(check_cidr)]
AddressRange = Annotated[str, AfterValidator(check_address_range)]
_Amount = Annotated[str, BeforeValidator(number_as_text, json_schema_input_type=str | float)]
Cpu = Annotated[_Amount, AfterValidator(check_cpu), Field(examples=["500m", "2"])]
"""CPU of several containers in total."""
ContainerCpu = Annotated[_Amount, AfterValidator(check_container_cpu), Field(examples=["500m", "2"])]
Memory = Annotated[_Amount, AfterValidator(check_bytes), Field(examples=["512Mi", "2Gi"])]
Storage = Annotated[_Amount, AfterValidator(check_bytes), Field(examples=["10Gi", "1Ti"])]
Duration = Annotated[str, AfterValidator(canonical_duration), Field(examples=["90s", "1h30m"])]
Timeout = Annotated[str, AfterValidator(check_time), Field(examples=["90s", "1h30m"])]
Revision = Annotated[str, AfterValidator(check_revision)]
Schedule = Annotated[str, AfterValidator(check_schedule), Field(examples=["30 5 * * *"])]
TimeZone = Annotated[str, AfterValidator(check_time_zone), Field(examples=["Europe/Berlin"])]
ImageReference = Annotated[str, AfterValidator(check_image)]
RegistryPrefix = Annotated[str, AfterValidator(check_registry)]
SqlName = Annotated[
    str,
    matching(
        r"^[a-z_][a-z0-9_]{0,62}$",
        'lower-case letters, digits and "_", beginning with a letter',
        "sales_dagster",
    ),
]
"""The name of a database or user in PostgreSQL that needs no quotes."""
MountPath = Annotated[str, AfterValidator(check_mount_path), Field(examples=["/data/reference"])]
RelativePath = Annotated[str, AfterValidator(check_relative_path)]
RepositoryPath = Annotated[str, AfterValidator(check_repository_path)]
NamespacePattern = Annotated[str, AfterValidator(check_pattern)]
