"""Whether names are accepted as Kubernetes accepts them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floe_compiler.model import names
from tables import table

ACCEPTED: list[tuple[Callable[[str], str], list[str]]] = [
    (names.check_dns_label, ["a", "0", "customer-360", "3d", "a--b", "a" * 63]),
    (names.check_service_name, ["a", "customer-360", "a" * 63]),
    (names.check_dns_subdomain, ["a", "0.1", "floe.dev", "a-b.c-d", "a" * 253]),
    (names.check_label_key, ["a", "A_b.c-d", "floe.dev/Scale", "a" * 63, f"{'a' * 253}/{'b' * 63}"]),
    (names.check_label_value, ["", "a", "A_b.c-1", "1.2.3", "a" * 63]),
    (names.check_path_segment, ["a", "system:controller:x", "A b", "...", "a.."]),
    (names.check_variable_name, ["A", "_a", "AWS_REGION", "a.b-c", ".a", "a" * 300]),
    (names.check_data_key, ["a", "dagster.yaml", "_", "-", ".hidden", "1", "a" * 253]),
]
REFUSED: list[tuple[Callable[[str], str], list[str]]] = [
    (names.check_dns_label, ["", "A", "a_b", "-a", "a-", "a.b", "a\n", "é", "a b", "a" * 64]),
    (names.check_service_name, ["", "3d", "-a", "a-", "A", "a.b", "a" * 64]),
    (names.check_dns_subdomain, ["", ".a", "a.", "a..b", "a.-b", "A.b", "a_b", "a\n", "a" * 254]),
    (names.check_label_key, ["", "/a", "a/", "a/b/c", "A.dev/b", "-a", "a-", "a b", "é", "a" * 64, f"a/{'b' * 64}"]),
    (names.check_label_value, ["-a", "a-", "_", "a b", "a/b", "a\n", "é", "a" * 64]),
    (names.check_path_segment, ["", ".", "..", "a/b", "a%2f"]),
    (names.check_variable_name, ["", "1A", "A B", "A=B", ".", "..", "..a", "A\n", "é"]),
    (names.check_data_key, ["", "a/b", "a b", ".", "..", "..data", "é", "a\n", "a" * 254]),
]
ALL = [check for check, _ in ACCEPTED]


@table("check, name", [(check, name) for check, good in ACCEPTED for name in good])
def test_valid_names_are_accepted(check: Callable[[str], str], name: str) -> None:
    assert check(name) == name


@table("check, name", [(check, name) for check, bad in REFUSED for name in bad])
def test_invalid_names_are_refused_with_a_fix(check: Callable[[str], str], name: str) -> None:
    with pytest.raises(ValueError, match=r"; use "):
        check(name)


@pytest.mark.parametrize(
    ("check", "name", "message"),
    [
        (
            names.check_dns_label,
            "Customer_360",
            '"Customer_360" is not a DNS label; use lower-case letters, digits and "-", with a letter or digit at',
        ),
        (names.check_dns_label, "a" * 70, f'"{"a" * 63}..." has 70 characters; use at most 63'),
        (
            names.check_label_key,
            "Floe.dev/x",
            '"Floe.dev/x" is not a label key: before the "/", "Floe.dev" is not a DNS name',
        ),
        (names.check_data_key, "..data", '"..data" stands for a folder; use a name that is not "." and does not begin'),
    ],
)
def test_messages_explain_the_error(check: Callable[[str], str], name: str, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        check(name)
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    ("check", "name", "better"),
    [
        (names.check_dns_label, "Customer_360", "customer-360"),
        (names.check_service_name, "360 Sales", "sales"),
        (names.check_dns_subdomain, "Polaris.Acme Example", "polaris.acme-example"),
        (names.check_variable_name, "my var", "my_var"),
        (names.check_data_key, "a/b", "a_b"),
    ],
)
def test_a_valid_name_is_suggested(check: Callable[[str], str], name: str, better: str) -> None:
    with pytest.raises(ValueError, match=f'such as "{better}"$'):
        check(name)


@given(st.sampled_from(ALL), st.text("aZ0-._/ :é\n", max_size=8))
def test_a_name_is_returned_or_refused(check: Callable[[str], str], name: str) -> None:
    try:
        assert check(name) == name
    except ValueError as error:
        assert "; " in str(error)  # noqa: PT017 - either outcome is right; the message must have a remedy
