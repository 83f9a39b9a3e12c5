"""Encrypted files must be there, and something must be able to decrypt them."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import NAMESPACE, Platform, resource, sample
from floe_compiler.check.references.config_references import check as references
from floe_compiler.check.secrets.encrypted import check
from floe_compiler.model.rendered import ExistingSecret

SOPS = ExistingSecret(NAMESPACE, "crm", ("api-key",), way="sops")
SEALED = ExistingSecret(NAMESPACE, "crm", ("api-key",), way="sealed-secrets")


def platform(*expected: ExistingSecret, tool: str = "flux", **facts: Any) -> Platform:
    platform_ = sample()
    platform_.facts |= {"encrypted_secrets": frozenset(expected), "delivery_tool": tool, **facts}
    return platform_


def encrypted(name: str = "crm") -> dict[str, Any]:
    return {"verbatim": {f"Secret {NAMESPACE}/{name}": "sops: {}"}}


def sealed(name: str = "crm", namespace: str = NAMESPACE, **annotations: str) -> dict[str, Any]:
    """Return a SealedSecret that was sealed for a name and a namespace, and is now another one."""
    template = {"metadata": {"name": name, "namespace": namespace}}
    manifest = resource("bitnami.com/v1alpha1", "SealedSecret", "crm")
    manifest["spec"] = {"encryptedData": {"api-key": "AgA="}, "template": template}
    manifest["metadata"]["annotations"] = {f"sealedsecrets.bitnami.com/{key}": "true" for key in annotations}
    return manifest


@pytest.mark.parametrize(
    ("expected", "tool", "kind"),
    [
        (SOPS, "flux", "Secret encrypted by SOPS"),
        (SOPS, "argocd", "SopsSecret"),
        (SEALED, "argocd", "SealedSecret"),
    ],
)
def test_a_secret_without_its_encrypted_file_is_reported(expected: ExistingSecret, tool: str, kind: str) -> None:
    platform_ = platform(expected, tool=tool)
    platform_.container("Deployment/polaris")["envFrom"] = [{"secretRef": {"name": "crm"}}]
    message = f"the Secret crm is to come from {expected.way} in {NAMESPACE}, but there is no {kind}"
    assert platform_.findings(check, references) == [("C205", f"Secret {NAMESPACE}/crm", message)], (
        "one mistake, one error"
    )
    (hint,) = platform_.hints(check)
    assert hint.startswith(f"write a {kind} for {NAMESPACE}/crm with the keys api-key in overlays/prod/ or ")


def test_a_secret_from_another_source_than_configured_is_reported() -> None:
    platform_ = platform(SOPS, tool="argocd")
    platform_.add(sealed())
    actual_source = f"SealedSecret.bitnami.com {NAMESPACE}/crm creates it"
    message = f"the Secret crm is to come from sops in {NAMESPACE}, but {actual_source}"
    assert platform_.findings(check) == [("C205", f"Secret {NAMESPACE}/crm", message)]


def test_existing_encrypted_files_are_accepted() -> None:
    platform_ = platform(SOPS, decrypts=True, **encrypted())
    platform_.add(resource("v1", "Secret", "crm", stringData={"api-key": ""}))
    assert platform_.findings(check, references) == []
    platform_ = platform(SOPS, tool="argocd")
    operator = resource("isindir.github.com/v1alpha3", "SopsSecret", "all")
    operator["spec"] = {"secretTemplates": [{"name": "crm", "stringData": {"api-key": ""}}]}
    platform_.add(operator)
    assert platform_.findings(check, references) == []
    platform_ = platform(SEALED)
    platform_.add(sealed())
    assert platform_.findings(check, references) == []


@pytest.mark.parametrize(
    ("tool", "ending"), [("argocd", "Argo CD applies it as it is"), ("flux", "Flux applies it as it is")]
)
def test_a_secret_that_nothing_decrypts_is_reported(tool: str, ending: str) -> None:
    platform_ = platform(tool=tool, **encrypted())
    platform_.add(resource("v1", "Secret", "crm", stringData={"api-key": ""}))
    ((code, subject, message),) = platform_.findings(check)
    assert (code, subject, message.partition(",")[0]) == ("C205", f"Secret {NAMESPACE}/crm", ending)


def test_a_file_for_an_operator_that_flux_would_decrypt_is_reported() -> None:
    operator = resource("isindir.github.com/v1alpha3", "SopsSecret", "crm")
    for decrypts, expected in ((True, ["C205"]), (False, [])):
        platform_ = platform(decrypts=decrypts)
        platform_.add(operator)
        assert [code for code, _, _ in platform_.findings(check)] == expected


@pytest.mark.parametrize(
    ("manifest", "field"),
    [
        (sealed("crn"), "name is crn"),
        (sealed(namespace="sales"), "namespace is sales"),
        (sealed("crn", "sales", **{"namespace-wide": ""}), "namespace is sales"),
        (sealed("crn", **{"namespace-wide": ""}), ""),
        (sealed("crn", "sales", **{"cluster-wide": ""}), ""),
        (sealed(), ""),
    ],
)
def test_a_sealed_secret_under_another_name_is_reported(manifest: dict[str, Any], field: str) -> None:
    platform_ = platform()
    platform_.add(manifest)
    messages = [message.partition(",")[0] for _, _, message in platform_.findings(check)]
    assert messages == ([f"spec.template.metadata.{field}"] if field else [])


def test_keys_of_the_copies_of_the_csi_driver() -> None:
    platform_ = platform()
    provided = resource("secrets-store.csi.x-k8s.io/v1", "SecretProviderClass", "news")
    copy = {"secretName": "news", "type": "Opaque", "data": [{"objectName": "a", "key": "a"}]}
    provided["spec"] = {"provider": "vault", "parameters": {}, "secretObjects": [copy]}
    platform_.add(provided)
    variable = {"name": "A", "valueFrom": {"secretKeyRef": {"name": "news", "key": "a"}}}
    platform_.container("Deployment/polaris")["env"].append(variable)
    assert platform_.findings(references) == []
    variable["valueFrom"]["secretKeyRef"]["key"] = "b"  # type: ignore[index]
    assert [code for code, _, _ in platform_.findings(references)] == ["C041"]
