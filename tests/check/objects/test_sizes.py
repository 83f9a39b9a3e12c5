"""Sizes."""

from __future__ import annotations

from check.samples import resource, sample
from floe_compiler.check.objects.sizes import check


def test_annotations_have_256_kibibytes_at_most() -> None:
    platform = sample()
    metadata = platform["Service/dagster"]["metadata"]
    metadata["annotations"] = {"note": "x" * (262144 - 4)}
    assert platform.findings(check) == []
    metadata["annotations"]["b"] = ""
    message = "metadata.annotations has 262145 bytes"
    assert platform.findings(check) == [("C163", "Service floe-platform/dagster", message)]


def test_config_maps_have_one_mebibyte_at_most() -> None:
    platform = sample()
    platform["ConfigMap/polaris"]["data"] = {"a": "x" * 1024 * 512, "b": "é" * 1024 * 256}
    assert platform.findings(check) == []
    platform["ConfigMap/polaris"]["data"]["c"] = "x"
    message = "its data has 1048577 bytes"
    assert platform.findings(check) == [("C164", "ConfigMap floe-platform/polaris", message)]


def test_namespaces_stay_below_the_limit_of_argo_cd() -> None:
    platform = sample()
    for number in range(8):
        platform.add(resource("v1", "ConfigMap", f"large-{number}", data={"a": "x" * 1_000_000}))
    ((code, subject, message),) = platform.findings(check)
    assert (code, subject) == ("C165", "Namespace floe-platform")
    assert message.startswith("its manifests have about 9.")
    platform["ConfigMap/large-0"]["metadata"]["namespace"] = "elsewhere"
    platform["ConfigMap/large-1"]["metadata"]["namespace"] = "elsewhere"
    assert platform.findings(check) == []
