"""The free text in objects, which programs read and the API server does not validate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from floe_compiler.model.login_forms import WORDS_BEFORE
from floe_compiler.model.object_memory import once
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.rendered import JobVariable, LaunchedPods, PodFile, launched_id
from floe_compiler.model.workloads import Container, Workload


class Text(NamedTuple):
    """A text, with its object and data path.

    `variable` is the environment variable with this value, if any. `before` are the words before it in a command.
    """

    owner: ObjectId
    place: str
    text: str
    variable: str = ""
    before: tuple[str, ...] = ()


def texts_of(
    workloads: Mapping[ObjectId, Workload],
    config_maps: Iterable[tuple[ObjectId, Object]],
    launched: Iterable[LaunchedPods],
) -> Iterator[Text]:
    """Yield the values of environment variables, the commands and arguments of containers, and ConfigMaps' data.

    A text that describes launched pods is left out, as the workload of these pods has these texts.
    """
    descriptions = [pods.description for pods in launched if launched_id(pods.group) in workloads]
    variables = {
        (description.by, description.container, description.variable)
        for description in descriptions
        if isinstance(description, JobVariable)
    }
    files = {(description.by, description.key) for description in descriptions if isinstance(description, PodFile)}
    for workload in workloads.values():
        for container, text in _of_workload(workload):
            if (text.owner, container, text.variable) not in variables:
                yield text
    for identity, manifest in config_maps:
        for key, text in manifest.get("data", {}).items():
            if (identity, key) not in files:
                yield Text(identity, f"data[{key}]", text)


@once
def _of_workload(workload: Workload) -> tuple[tuple[str, Text], ...]:
    """Return the texts of a workload's containers, each with the name of its container."""
    return tuple(
        (container.name, text) for container in workload.containers for text in container_texts(workload.id, container)
    )


def container_texts(owner: ObjectId, container: Container) -> Iterator[Text]:
    """Yield the texts of one container."""
    before: tuple[str, ...] = ()
    for field in ("command", "args"):
        for text in container.data.get(field, ()):
            yield Text(owner, f"{container.place}.{field}", text, before=before)
            before = (*before[1 - WORDS_BEFORE :], text)
    for variable in container.data.get("env", ()):
        if variable.get("value"):
            name = variable.get("name", "")
            yield Text(owner, f"{container.place}.env[{name}]", variable["value"], name)
