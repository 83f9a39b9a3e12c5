"""S3: where the store is, and how clients log in."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError
from syrupy.assertion import SnapshotAssertion

from floe_compiler.components import storage_s3
from floe_compiler.components.storage_s3 import COMPONENT, S3Config
from floe_compiler.model.capabilities import ObjectStore
from floe_compiler.model.facts import Parts
from products import contributed_to_product
from support import context_of
from tables import table

ROLE = "arn:aws:iam::123456789012:role/floe"
LAKE = "arn:aws:iam::123456789012:role/lake"
IDENTITY = {"type": "identity", "role": ROLE}
SECRET = {"type": "secret"}


def _store(**config: Any) -> ObjectStore:
    values = {"bucket": "acme-lake", "region": "eu-west-1", "credentials": IDENTITY, **config}
    return storage_s3.provides(context_of(COMPONENT, values).instance)[0]


def test_nothing_is_rendered() -> None:
    context = context_of(COMPONENT, {"bucket": "acme-lake", "region": "eu-west-1", "credentials": IDENTITY})
    assert COMPONENT.build(context) == Parts()


def test_aws_is_found_by_its_region() -> None:
    store = _store()
    assert store.endpoint.address() == "s3.eu-west-1.amazonaws.com:443"
    assert (store.url, store.path_style, store.warehouse) == ("", False, "s3://acme-lake/")


def test_regions_in_china_have_their_own_domain() -> None:
    assert _store(region="cn-north-1").endpoint.host == "s3.cn-north-1.amazonaws.com.cn"


@pytest.mark.parametrize("prefix", ["lake/tables", "/lake/tables/"])
def test_the_warehouse_is_below_the_prefix(prefix: str) -> None:
    assert _store(prefix=prefix).warehouse == "s3://acme-lake/lake/tables/"


def test_a_role_for_the_account_needs_no_keys_but_access_to_sts() -> None:
    store = _store()
    assert store.identity
    assert store.identity.annotations == (("eks.amazonaws.com/role-arn", ROLE),)
    assert store.access_key is None
    assert [endpoint.host for endpoint in store.identity.endpoints] == ["sts.eu-west-1.amazonaws.com"]


def test_pod_identity_needs_no_annotation_but_access_to_the_agent_on_the_node() -> None:
    store = _store(credentials={"type": "pod-identity"})
    assert store.identity
    assert (store.identity.notes, store.identity.as_itself) == ({}, True)
    assert [(endpoint.cidr, endpoint.port().number) for endpoint in store.identity.endpoints] == [
        ("169.254.170.23/32", 80)
    ]
    lending = _store(credentials={"type": "pod-identity"}, catalog_role=LAKE)
    assert lending.identity
    assert "sts.eu-west-1.amazonaws.com" in [endpoint.host for endpoint in lending.identity.endpoints]


def test_a_secret_gives_keys_and_no_identity() -> None:
    store = _store(credentials={**SECRET, "name": "lake-keys", "keys": {"access_key": "id"}})
    assert store.access_key
    assert store.secret_key
    assert (store.access_key.secret.name, store.access_key.key) == ("lake-keys", "id")
    assert store.secret_key.key == "secret-key"
    assert store.secret_key.secret.owner == "floe-platform"
    assert store.identity is None


def test_the_catalog_needs_sts_to_vend_credentials() -> None:
    store = _store(credentials=SECRET, catalog_role=LAKE)
    assert store.role == LAKE
    assert store.identity
    assert (store.identity.annotations, len(store.identity.endpoints)) == ((), 1)


@pytest.mark.parametrize(
    ("url", "address", "scheme"),
    [
        ("https://storage.example.com", "storage.example.com:443", "https"),
        ("http://storage.example.com:9000", "storage.example.com:9000", "http"),
    ],
)
def test_another_store_has_the_url_that_is_configured(url: str, address: str, scheme: str) -> None:
    store = _store(endpoint=url, credentials=SECRET, cidr="203.0.113.0/24")
    assert (store.endpoint.address(), store.endpoint.port().scheme, store.url) == (address, scheme, url)
    assert store.endpoint.cidr == "203.0.113.0/24"
    assert store.path_style


@table(
    "config, hint",
    [
        ({"endpoint": "https://storage.example.com"}, "use credentials of type secret"),
        (
            {"endpoint": "https://storage.example.com", "credentials": {"type": "pod-identity"}},
            "use credentials of type secret",
        ),
        (
            {"endpoint": "https://storage.example.com", "credentials": SECRET, "catalog_role": LAKE},
            "leave catalog_role",
        ),
        ({"endpoint": "storage.example.com"}, "write, for example, https"),
        ({"endpoint": "https://storage.example.com/path"}, "write, for example, https"),
        ({"endpoint": "https://user:key@storage.example.com"}, "write, for example, https"),
        ({"endpoint": "https://storage.example.com:99999"}, "write, for example, https"),
        ({"endpoint": "http://localhost:9000"}, "the pod itself"),
        ({"endpoint": "http://127.0.0.1:9000"}, "the pod itself"),
        ({"endpoint": "http://169.254.169.254"}, "serves the credentials of the node"),
        ({"endpoint": "https://storage_1.example.com"}, "storage_1.example.com"),
        ({"prefix": "a b"}, "write, for example, lake/warehouse"),
        ({"credentials": {"type": "identity", "role": "floe"}}, "pattern"),
        ({"credentials": {"type": "secret", "access_key": "AKIA"}}, "Extra inputs"),
    ],
)
def test_settings_that_cannot_work_are_refused(config: dict[str, Any], hint: str) -> None:
    with pytest.raises(ValidationError, match=hint):
        S3Config.model_validate({"bucket": "acme-lake", "region": "eu-west-1", "credentials": IDENTITY, **config})


CONTRIBUTED: dict[str, dict[str, Any]] = {
    "identity": {},
    "secret": {"credentials": SECRET},
    "elsewhere": {"credentials": SECRET, "endpoint": "http://storage.example.com:9000", "cidr": "203.0.113.0/24"},
}


@pytest.mark.parametrize("variant", CONTRIBUTED)
def test_contributed(variant: str, snapshot: SnapshotAssertion) -> None:
    assert contributed_to_product(_store(**CONTRIBUTED[variant])) == snapshot
