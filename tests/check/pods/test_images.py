"""Images and when they are pulled."""

from __future__ import annotations

import pytest

from check.samples import container, sample
from floe_compiler.check.pods.images import check

NAME = "Deployment.apps floe-platform/dagster"
MAIN = "spec.template.spec.containers[dagster]"


@pytest.mark.parametrize(
    "image",
    ["ghcr.io/acme/dagster:1.2", "ghcr.io/acme/x/dagster:1.2", f"ghcr.io/acme/dagster@sha256:{'0' * 64}"],
)
def test_pinned_images_of_an_allowed_registry_are_accepted(image: str) -> None:
    platform = sample()
    platform.container("Deployment/dagster")["image"] = image
    assert platform.findings(check) == []


@pytest.mark.parametrize(
    ("image", "verdict"),
    [
        ("ghcr.io/acme/dagster", "has no tag"),
        ("ghcr.io/acme/dagster:latest", 'has the tag "latest", which moves'),
        ("ghcr.io/acme/dagster:stable", 'has the tag "stable", which moves'),
    ],
)
def test_mutable_images_are_reported(image: str, verdict: str) -> None:
    platform = sample()
    platform.container("Deployment/dagster")["image"] = image
    assert platform.findings(check) == [("C150", NAME, f"{MAIN}.image is {image}, which {verdict}")]


def test_invalid_images_are_reported() -> None:
    platform = sample()
    platform.container("Deployment/dagster")["image"] = "ghcr.io/acme/Dagster:1"
    ((code, _, message),) = platform.findings(check)
    assert code == "C150"
    assert message.startswith(f'{MAIN}.image: "ghcr.io/acme/Dagster:1" is not an image')


@pytest.mark.parametrize(
    "image", ["ghcr.io/other/dagster:1", "ghcr.io/acme-evil/x:1", "postgres:16", "docker.io/acme/x:1"]
)
def test_images_of_another_registry_are_reported(image: str) -> None:
    platform = sample()
    platform.container("Deployment/dagster")["image"] = image
    assert platform.findings(check) == [
        ("C151", NAME, f"{MAIN}.image is {image}, which is not from an allowed registry")
    ]
    assert platform.hints(check) == ["allowed: ghcr.io/acme"]
    platform.facts["image_registries"] = ()
    assert platform.findings(check) == []


def test_images_of_init_containers_and_volumes() -> None:
    platform = sample()
    pod = platform.pod("CronJob/backup")
    pod["initContainers"] = [container("first") | {"image": "ghcr.io/acme/first"}]
    pod["volumes"] = [{"name": "models", "image": {"reference": "ghcr.io/acme/models:latest"}}]
    place = "spec.jobTemplate.spec.template.spec"
    moving = 'which has the tag "latest", which moves'
    assert [message for _, _, message in platform.findings(check)] == [
        f"{place}.initContainers[first].image is ghcr.io/acme/first, which has no tag",
        f"{place}.volumes[models].image.reference is ghcr.io/acme/models:latest, {moving}",
    ]


@pytest.mark.parametrize(
    ("production", "policy", "hint"),
    [
        (True, "Always", None),
        (True, "IfNotPresent", "set Always"),
        (True, None, "set Always"),
        (False, "IfNotPresent", None),
        (False, "Always", "set IfNotPresent"),
        (False, "Alwys", None),  # which is no policy at all (C167)
    ],
)
def test_the_pull_policy_of_the_environment(production: bool, policy: str | None, hint: str | None) -> None:
    platform = sample()
    platform.facts["production"] = production
    for key, manifest in platform.objects.items():
        if manifest["kind"] in ("Deployment", "StatefulSet", "Job", "CronJob"):
            for container_ in (*platform.pod(key)["containers"], *platform.pod(key).get("initContainers", ())):
                container_["imagePullPolicy"] = "Always" if production else "IfNotPresent"
    main = platform.container("Deployment/dagster")
    del main["imagePullPolicy"]
    if policy:
        main["imagePullPolicy"] = policy
    message = f"{MAIN}.imagePullPolicy is {policy or 'missing'}"
    assert platform.findings(check) == ([("C152", NAME, message)] if hint else [])
    assert platform.hints(check) == ([hint] if hint else [])
