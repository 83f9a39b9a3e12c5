"""References to variables in variables, commands and arguments."""

from __future__ import annotations

from typing import Any

import pytest

from check.samples import resource, sample
from floe_compiler.check.pods.variables import check

POLARIS = "Deployment.apps floe-platform/polaris"
PLACE = "spec.template.spec.containers[polaris]"


def messages(**fields: Any) -> list[str]:
    """Return the findings about a container with these fields, and their hints."""
    platform = sample()
    platform.container("Deployment/polaris").update(fields)
    platform.add(resource("v1", "ConfigMap", "colors", data={"RED": "1"}))
    hints = platform.hints(check)
    return [f"{message} ({hint})" for (_, _, message), hint in zip(platform.findings(check), hints, strict=True)]


def variables(**values: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def test_a_reference_to_a_later_variable_is_reported() -> None:
    assert messages(env=variables(URL="http://$(HOST)/", HOST="a")) == [
        f"{PLACE}.env[URL] refers to $(HOST), which is defined after it (define HOST before it)"
    ]


def test_a_reference_of_a_variable_to_itself_is_reported() -> None:
    assert messages(env=variables(A="$(A)")) == [
        f"{PLACE}.env[A] refers to $(A), which is defined after it (define A before it)"
    ]


def test_a_reference_to_a_missing_variable_is_reported() -> None:
    assert messages(env=variables(HOST="a", URL="http://$(HOTS)/")) == [
        f'{PLACE}.env[URL] refers to $(HOTS), which is not defined (did you mean "HOST"?)'
    ]


@pytest.mark.parametrize("field", ["command", "args"])
def test_references_in_commands_and_arguments_are_checked(field: str) -> None:
    assert messages(env=variables(HOST="a"), **{field: ["$(HOST)", "$(HOTS)"]}) == [
        f'{PLACE}.{field} refers to $(HOTS), which is not defined (did you mean "HOST"?)'
    ]


@pytest.mark.parametrize("text", ["$$(HOST)", "$$$$(HOST)", "$HOST", "${HOST}", "$()", "$(a b)", "$$(A)$$(B)"])
def test_shell_syntax_is_not_a_reference(text: str) -> None:
    assert messages(env=variables(A=text), args=[text]) == []


def test_an_escaped_dollar_before_a_reference_is_understood() -> None:
    assert len(messages(args=["$$$(HOST)"])) == 1


def test_a_script_may_call_commands() -> None:
    script = "echo $(date) $(hostname -f)"
    assert messages(command=["sh", "-ec", script]) == []
    for option in ("-c", "-ec", "-ecx"):
        assert messages(command=["bash", option], args=[script]) == []
    assert len(messages(command=["program", "-config", "$(date)"])) == 1
    assert len(messages(command=["sh", "-c", "echo $(HOST)"])) == 1
    assert len(messages(command=["echo", "$(date)"])) == 1


@pytest.mark.parametrize(
    ("source", "defined"),
    [
        ({"configMapRef": {"name": "colors"}}, False),
        ({"configMapRef": {"name": "colors"}, "prefix": "LIGHT_"}, True),
        ({"configMapRef": {"name": "elsewhere", "optional": True}}, True),
        ({"secretRef": {"name": "elsewhere"}}, True),
    ],
)
def test_imported_variables_count(source: dict[str, Any], defined: bool) -> None:
    assert (messages(envFrom=[source], args=["$(LIGHT_RED)"]) == []) == defined


@pytest.mark.parametrize(("links", "missing"), [(True, 0), (False, 1)])
def test_variables_of_services_count(links: bool, missing: int) -> None:
    platform = sample()
    platform.pod("Deployment/polaris")["enableServiceLinks"] = links
    platform.container("Deployment/polaris")["args"] = ["$(DAGSTER_SERVICE_HOST)", "$(KUBERNETES_SERVICE_HOST)"]
    assert [(code, name) for code, name, _ in platform.findings(check)] == [("C117", POLARIS)] * missing


def test_init_containers_count_and_values_from_elsewhere_are_defined() -> None:
    field = {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
    assert messages(env=[field, *variables(URL="$(IP)")]) == []
    platform = sample()
    platform.pod("Deployment/polaris")["initContainers"] = [{"name": "wait", "image": "a:1", "args": ["$(NO)"]}]
    assert [message for _, _, message in platform.findings(check)] == [
        "spec.template.spec.initContainers[wait].args refers to $(NO), which is not defined"
    ]


def test_custom_resources_with_a_pod_template() -> None:
    platform = sample()
    container = {"name": "web", "image": "a:1", "args": ["$(NO)"]}
    spec = {"template": {"spec": {"containers": [container]}}}
    platform.add(resource("argoproj.io/v1alpha1", "Rollout", "web", spec=spec))
    message = "spec.template.spec.containers[web].args refers to $(NO), which is not defined"
    assert platform.findings(check) == [("C117", "Rollout.argoproj.io floe-platform/web", message)]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("HOSTS", 'did you mean "HOST"?'),
        ("QUEUE", "define QUEUE under env before it is referred to, or write $$(QUEUE) for the text itself"),
    ],
)
def test_the_hint_for_a_variable_that_is_not_defined(name: str, hint: str) -> None:
    assert messages(env=variables(HOST="a"), args=[f"$({name})"]) == [
        f"{PLACE}.args refers to $({name}), which is not defined ({hint})"
    ]
