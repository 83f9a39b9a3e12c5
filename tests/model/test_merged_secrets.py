"""Secrets with the same name become one Secret with all keys; different secrets must not share a name."""

from __future__ import annotations

import pytest

from floe_compiler.model.secrets import Secret, SecretConflict, SecretKey, merged


def test_keys_of_secrets_with_one_name_are_joined() -> None:
    first = Secret("crm", "sales", (SecretKey("token"),))
    second = Secret("crm", "sales", (SecretKey("user"),))
    assert merged([first, second]) == (Secret("crm", "sales", (SecretKey("token"), SecretKey("user"))),)


def test_the_order_does_not_matter_and_a_generated_key_wins() -> None:
    named = Secret("db", "sales", (SecretKey("password"),))
    generated = Secret("db", "sales", (SecretKey("password", generated=32), SecretKey("username", literal="dagster")))
    assert merged([named, generated]) == merged([generated, named]) == (generated,)


@pytest.mark.parametrize("other", [Secret("crm", "platform", ()), Secret("crm", "sales", (), type="kubernetes.io/tls")])
def test_different_secrets_with_one_name_are_refused(other: Secret) -> None:
    with pytest.raises(SecretConflict):
        merged([Secret("crm", "sales", ()), other])


def test_a_value_remembered_by_one_declaration_is_remembered() -> None:
    stand_in = Secret("crm", "sales", (SecretKey("token", generated=32),), remembered=False)
    remembered = Secret("crm", "sales", (SecretKey("password", generated=32),))
    assert [secret.remembered for secret in merged([stand_in, remembered])] == [True]
    assert [secret.remembered for secret in merged([stand_in, stand_in])] == [False]
