"""Values that people write: accepted, made canonical, or refused with a message that says how to fix them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from floe_compiler.model.fields import (
    canonical_duration,
    check_address_range,
    check_bytes,
    check_cidr,
    check_container_cpu,
    check_cpu,
    check_image,
    check_name,
    check_owner,
    check_pattern,
    check_registry,
    check_relative_path,
    check_revision,
    check_time,
    check_version,
)
from floe_compiler.model.inputs import Amounts
from tables import table

Check = Callable[[str], str]


@table(
    "check, text, canonical",
    [
        (check_name, "a" * 40, "a" * 40),
        (check_name, "customer-360", "customer-360"),
        (check_name, "a-b-c", "a-b-c"),
        (check_cpu, "1000m", "1"),
        (check_cpu, "1m", "1m"),
        (check_cpu, "1000", "1k"),
        (check_container_cpu, "256", "256"),
        (check_container_cpu, "500m", "500m"),
        (check_bytes, "1024Mi", "1Gi"),
        (check_bytes, "1.5Gi", "1536Mi"),
        (check_bytes, "1048576", "1048576"),
        (canonical_duration, "90s", "1m30s"),
        (check_time, "60m", "1h"),
        (check_image, "sales/orders:1.0.0", "sales/orders:1.0.0"),
        (check_image, "localhost:5000/orders:V1", "localhost:5000/orders:V1"),
        (check_image, f"orders@sha256:{'a' * 64}", f"orders@sha256:{'a' * 64}"),
        (check_cidr, "10.0.0.0/16", "10.0.0.0/16"),
        (check_cidr, "10.0.0.1", "10.0.0.1/32"),
        (check_cidr, "::/0", "::/0"),
        (check_owner, "@acme/data", "@acme/data"),
        (check_owner, "sales-data@acme.example", "sales-data@acme.example"),
        (check_version, "1.0.0-rc.1+build.5", "1.0.0-rc.1+build.5"),
        (check_revision, "release/1.2", "release/1.2"),
        (check_pattern, "floe-{scope}-dev", "floe-{scope}-dev"),
        (check_pattern, "{scope}", "{scope}"),
        (check_relative_path, "pipelines/load.py", "pipelines/load.py"),
        (check_relative_path, "./a..b", "./a..b"),
        (check_registry, "ghcr.io/acme", "ghcr.io/acme"),
        (check_registry, "localhost/acme", "localhost/acme"),
        (check_registry, "registry:5000", "registry:5000"),
    ],
)
def test_valid_values_are_accepted(check: Check, text: str, canonical: str) -> None:
    assert check(text) == canonical


@table(
    "check, text",
    [
        (check_name, "a" * 41),
        (check_name, "1st"),
        (check_name, "a--b"),
        (check_name, "Sales"),
        (check_name, "süd"),
        (check_name, "a.b"),
        (check_name, ""),
        (check_cpu, "-1"),
        (check_cpu, "0"),
        (check_cpu, "100u"),
        (check_container_cpu, "257"),
        (check_bytes, "1 Gi"),
        (check_bytes, "0.3Gi"),
        (canonical_duration, "1d"),
        (check_time, "0s"),
        (check_time, "0h0m"),
        (check_time, "now"),
        (check_image, "Sales/orders:1.0.0"),
        (check_image, "orders:"),
        (check_cidr, "10.0.0.1/16"),
        (check_cidr, "everywhere"),
        (check_cidr, "10.20.0.0"),
        (check_cidr, "fd00:1::"),
        (check_owner, "The Data Team"),
        (check_owner, ""),
        (check_version, "1.0"),
        (check_version, "v1.0.0"),
        (check_version, "1.0.0 "),
        (check_version, "01.0.0"),
        (check_revision, ""),
        (check_revision, "main "),
        (check_pattern, "floe"),
        (check_pattern, "{scope}-{scope}"),
        (check_pattern, "Floe-{scope}"),
        (check_pattern, "-{scope}"),
        (check_pattern, "{scope}-"),
        (check_relative_path, "/etc/passwd"),
        (check_relative_path, "a/../../b"),
        (check_relative_path, "./"),
        (check_relative_path, ""),
        (check_registry, "acme"),
        (check_registry, ""),
        (check_registry, "https://ghcr.io"),
    ],
)
def test_invalid_values_are_refused_with_a_fix(check: Check, text: str) -> None:
    with pytest.raises(ValueError) as refused:
        check(text)
    wrong, _, hint = str(refused.value).partition("; ")
    assert wrong
    assert hint


@pytest.mark.parametrize(
    ("check", "text", "expected"),
    [
        (check_registry, "ghcr.io/acme/", '"ghcr.io/acme/" ends with "/"; write "ghcr.io/acme"'),
        (check_registry, "https://ghcr.io/acme", '"https://ghcr.io/acme" is not a registry; leave out "https://"'),
        (check_registry, "ghcr.io/images/Image", '"ghcr.io/images/Image" is not a registry; write each part'),
        (check_registry, "ghcr.io/Acme", 'such as "acme"'),
        (check_pattern, "floe-${scope}", '"floe-${scope}" has a "$" in it; write "floe-{scope}"'),
        (check_pattern, "floe_{scope}", '"floe_{scope}" is not a namespace pattern; besides {scope}, use lower-case'),
    ],
)
def test_a_message_shows_only_the_written_value(check: Check, text: str, expected: str) -> None:
    with pytest.raises(ValueError) as refused:
        check(text)
    assert expected in str(refused.value)


@pytest.mark.parametrize(
    ("image", "better"),
    [
        ("Sales/orders:V1", "sales/orders:V1"),
        ("Ghcr.io:5000/sales/orders", "ghcr.io:5000/sales/orders"),
        (f"Sales/orders:V1@sha256:{'a' * 64}", f"sales/orders:V1@sha256:{'a' * 64}"),
    ],
)
def test_an_invalid_image_is_refused_with_a_valid_name(image: str, better: str) -> None:
    with pytest.raises(ValueError, match=f'write "{better}"'):
        check_image(image)


@pytest.mark.parametrize(
    ("check", "text", "suggestion"),
    [
        (check_container_cpu, "500", 'did you mean "500m"?'),
        (check_container_cpu, "1k", "may have 256"),
        (check_bytes, "512m", 'did you mean "512Mi" or "512Gi"?'),
        (check_bytes, "9999999999999m", '"m" is a suffix for CPU'),
        (check_bytes, "20", 'did you mean "20Mi" or "20Gi"?'),
        (check_bytes, "1023Ki", "1,047,552 bytes"),
        (check_bytes, "0", "write, for example, 512Mi"),
    ],
)
def test_an_amount_without_its_unit_is_refused_with_the_likely_unit(check: Check, text: str, suggestion: str) -> None:
    with pytest.raises(ValueError) as refused:
        check(text)
    assert suggestion in str(refused.value)


@pytest.mark.parametrize(("amount", "canonical"), [(2, "2"), (0.5, "500m"), ("2000m", "2")])
def test_amounts_may_be_numbers_as_in_kubernetes(amount: object, canonical: str) -> None:
    assert Amounts.model_validate({"cpu": amount, "memory": 1073741824}) == Amounts(cpu=canonical, memory="1073741824")


@pytest.mark.parametrize("amount", [True, None, [], "two"])
def test_invalid_amounts_are_refused(amount: object) -> None:
    with pytest.raises(ValidationError):
        Amounts.model_validate({"cpu": amount, "memory": "1Gi"})


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.0", "10.0.0.0/8"),
        ("10.20.0.0", "10.20.0.0/16"),
        ("10.1.2.0", "10.1.2.0/24"),
        ("0.0.0.0", "0.0.0.0/0"),
        ("::", "::/0"),
        ("fd00::", "fd00::/16"),
        ("2001:db8:aa00::", "2001:db8:aa00::/48"),
    ],
)
def test_a_network_without_its_prefix_length_is_refused(address: str, network: str) -> None:
    with pytest.raises(ValueError, match=f"has no length; write {re.escape(network)} for the network"):
        check_address_range(address)


@pytest.mark.parametrize("address", ["10.1.2.3", "10.0.0.1", "fd00::1"])
def test_a_single_address_is_a_range(address: str) -> None:
    assert check_address_range(address).startswith(f"{address}/")
