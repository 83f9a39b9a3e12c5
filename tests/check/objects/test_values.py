"""Values that fit their schema, and that the API server refuses."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from check.samples import resource, sample
from floe_compiler.check.objects.kubernetes.constraints import cidr
from floe_compiler.check.objects.kubernetes.enumerations import enumerations
from floe_compiler.check.objects.kubernetes.types import CONSTRAINTS
from floe_compiler.check.objects.values import check
from floe_compiler.model.kubernetes_schemas import known_versions, kubernetes_schemas
from floe_compiler.model.objects import Object
from tables import table

DATA = yaml.load((Path(__file__).parent / "values.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
CASES = [pytest.param(case, id=case["message"]) for case in DATA["cases"]]
POD = "spec.template.spec"


def built(kind: str, path: str, value: Any) -> Object:
    """Return an object of a kind with another value at a path."""
    api_version, spec = DATA["bodies"][kind]
    manifest = resource(api_version, kind, "x", spec=copy.deepcopy(spec))
    *above, last = (int(step) if step.isdecimal() else step for step in path.split("."))
    where: Any = manifest
    for step in above:
        where = where[step] if isinstance(step, int) else where.setdefault(step, {})
    where[last] = value
    return manifest


def messages(manifest: Object) -> list[str]:
    platform = sample()
    platform.objects.clear()
    platform.add(manifest)
    return [message for _, _, message in platform.findings(check)]


@table("case", CASES)
def test_values_that_the_api_server_refuses_are_refused(case: dict[str, Any]) -> None:
    assert messages(built(case["kind"], case["path"], case["good"])) == []
    assert messages(built(case["kind"], case["path"], case["bad"])) == [case["message"]]


@pytest.mark.parametrize(
    ("version", "word", "known"),
    [
        ("1.33", "PreferClose", ""),
        ("1.33", "PreferSameNode", "PreferClose"),
        ("1.34", "PreferSameNode", ""),
        ("1.34", "PreferNode", "PreferClose, PreferSameNode or PreferSameZone"),
    ],
)
def test_values_of_enums_follow_the_kubernetes_version(version: str, word: str, known: str) -> None:
    platform = sample()
    platform.objects.clear()
    platform.add(resource("v1", "Service", "x", spec={"ports": [{"port": 80}], "trafficDistribution": word}))
    platform.facts["kubernetes_version"] = version
    expected = [f"spec.trafficDistribution must be {known}"] if known else []
    assert [message for _, _, message in platform.findings(check)] == expected


def test_the_nearest_value_of_an_enum_is_suggested() -> None:
    platform = sample()
    platform["Deployment/polaris"]["spec"]["template"]["spec"]["dnsPolicy"] = "ClusterFrist"
    assert platform.hints(check) == ['did you mean "ClusterFirst"?']
    platform["Deployment/polaris"]["spec"]["template"]["spec"]["dnsPolicy"] = "NONE"
    assert platform.hints(check) == ['did you mean "None"?']


def test_a_decimal_file_mode_is_explained() -> None:
    platform = sample()
    volume = {"name": "v", "configMap": {"name": "x", "defaultMode": 644}}
    platform.add(built("Deployment", f"{POD}.volumes", [volume]))
    assert platform.hints(check) == ["the mode 644 is the number 420"]


def test_a_misspelt_key_is_not_reported_as_missing_too() -> None:
    probe = {"tcpsocket": {"port": 80}}
    assert messages(built("Deployment", f"{POD}.containers.0.livenessProbe", probe)) == []


def test_roles_are_bound_to_roles() -> None:
    binding = resource("rbac.authorization.k8s.io/v1", "RoleBinding", "x")
    binding["roleRef"] = {"apiGroup": "rbac.authorization.k8s.io", "kind": "role", "name": "x"}
    binding["subjects"] = [{"kind": "ServiceAccount", "name": "x"}]
    assert messages(binding) == [
        "roleRef.kind must be ClusterRole or Role",
    ]


@pytest.mark.parametrize(("version", "count"), [("1.34", 1), ("1.37", 0)])
def test_values_of_enums_are_those_of_the_version(version: str, count: int) -> None:
    platform = sample()
    platform.objects.clear()
    platform.add(built("StatefulSet", "spec.updateStrategy", {"type": "Recreate"}))
    platform.facts["kubernetes_version"] = version
    message = "spec.updateStrategy.type must be OnDelete or RollingUpdate"
    assert [text for _, _, text in platform.findings(check)] == [message] * count


def test_values_for_an_unknown_version_are_not_checked() -> None:
    platform = sample()
    platform["Deployment/polaris"]["spec"]["template"]["spec"]["dnsPolicy"] = "NewInLaterVersions"
    platform.facts["kubernetes_version"] = "1.99"
    assert platform.findings(check) == []


def test_every_type_with_constraints_exists() -> None:
    schemas = kubernetes_schemas(known_versions()[-1])
    assert schemas is not None
    assert not CONSTRAINTS.keys() - schemas.names.keys()
    for name, fields in enumerations().types.items():
        if name in schemas.names:  # the data also has older versions, and parts of other types
            assert not fields.keys() - schemas.names[name]["properties"].keys(), name


def test_constraints_have_the_values_of_the_newest_version() -> None:
    assert enumerations().version == known_versions()[-1], "run make kubernetes"


@pytest.mark.parametrize("text", ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/255.0.0.0", "x/8", "fe80::%1/64", "/8", ""])
def test_an_invalid_range_of_addresses_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        cidr(text)


@pytest.mark.parametrize(("kind", "missing"), [("RoleBinding", 0), ("ClusterRoleBinding", 1)])
def test_an_account_is_in_the_namespace_of_the_binding_if_that_has_one(kind: str, missing: int) -> None:
    binding = resource("rbac.authorization.k8s.io/v1", kind, "x")
    binding["roleRef"] = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    binding["subjects"] = [{"kind": "ServiceAccount", "name": "orders"}]
    assert len(messages(binding)) == missing


@pytest.mark.parametrize("family", ["IPv4", "IPv6", "FQDN"])
def test_every_family_of_addresses(family: str) -> None:
    slice_ = resource("discovery.k8s.io/v1", "EndpointSlice", "x")
    assert messages({**slice_, "addressType": family, "endpoints": [{"addresses": ["orders.example"]}]}) == []
