"""ConfigMaps from the configuration files that containers declare, and the reasons for secrets in variables."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping

from floe_compiler.model.facts import Pod, containers_of


def config_data(pods: Iterable[Pod]) -> Mapping[str, Mapping[str, str]]:
    """Return the data of every ConfigMap that the pods read: name -> key -> text, sorted.

    Raises ValueError if two files of a ConfigMap have the same key but different text, which is a bug in a component.
    """
    contents: dict[str, dict[str, str]] = {}
    for file in (file for pod in pods for container in containers_of(pod) for file in container.config):
        data = contents.setdefault(file.config_map, {})
        key = posixpath.basename(file.path)
        if data.setdefault(key, file.text) != file.text:
            raise ValueError(f"ConfigMap {file.config_map} is given two different files {key}")
    return {name: dict(sorted(data.items())) for name, data in sorted(contents.items())}


def linked_hosts(pods: Iterable[Pod]) -> Mapping[str, list[str]]:
    """Return the hosts that the files of ConfigMaps have links to, for people: by the name of the ConfigMap, sorted."""
    hosts: dict[str, set[str]] = {}
    for file in (file for pod in pods for container in containers_of(pod) for file in container.config):
        if file.links:
            hosts.setdefault(file.config_map, set()).update(file.links)
    return {name: sorted(linked) for name, linked in hosts.items()}


def secret_reasons(pod: Pod) -> str:
    """Return the reasons for secrets in environment variables (REQ-614 asks for files), one line each."""
    reasons = {
        f"{variable.name}: {variable.reason}"
        for container in containers_of(pod)
        for variable in container.variables
        if variable.secret
    }
    return "\n".join(sorted(reasons))
