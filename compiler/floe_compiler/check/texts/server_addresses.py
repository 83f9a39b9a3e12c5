"""The servers that programs are configured with: in free text, under keys, in variables and in options."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from floe_compiler.check.texts.addresses import Address, addresses
from floe_compiler.check.texts.host_keys import document_addresses, hosts_in
from floe_compiler.check.texts.host_options import option_addresses
from floe_compiler.check.texts.texts import Text, pod_texts
from floe_compiler.model.comments import without_comments
from floe_compiler.model.object_memory import once
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.workloads import Container, Workload


def server_addresses(
    texts: Iterable[Text], workloads: Iterable[Workload], config_maps: Iterable[tuple[ObjectId, Object]]
) -> Iterator[tuple[Text, Address]]:
    """Yield the addresses in the objects, each with its text; some are yielded more than once."""
    for text in texts:
        for address in _addresses_in(text.text):
            yield text, address
    for workload in workloads:
        yield from _of_workload(workload)
    for identity, manifest in config_maps:  # its keys may become variables (`envFrom`)
        for key, address in hosts_in(manifest.get("data", {})):
            yield Text(identity, f"data[{key}]", address.host), address


@once
def texts_with_addresses(workload: Workload) -> tuple[tuple[str, Text], ...]:
    """Return those of a workload's `pod_texts` that have an address."""
    return tuple((container, text) for container, text in pod_texts(workload) if _addresses_in(text.text))


@lru_cache(maxsize=1024)  # the same scripts, settings and variables are in every domain's objects; others are large
def _addresses_in(text: str) -> tuple[Address, ...]:
    plain = without_comments(text)
    below_keys = (address._replace(beside="") for address in document_addresses(text))
    return (*addresses(plain), *option_addresses(plain), *below_keys)


@lru_cache(maxsize=16384)  # the same commands are in every domain's objects
def _addresses_in_words(words: tuple[str, ...]) -> tuple[Address, ...]:
    return option_addresses(without_comments(" ".join(words)))


@once
def _of_workload(workload: Workload) -> tuple[tuple[Text, Address], ...]:
    return tuple(address for container in workload.containers for address in _of_container(workload.id, container))


def _of_container(owner: ObjectId, container: Container) -> Iterator[tuple[Text, Address]]:
    """Yield addresses that are spread over several words of a command, or several variables."""
    words = (*container.data.get("command", ()), *container.data.get("args", ()))
    field = "command" if "command" in container.data else "args"
    for address in _addresses_in_words(words):
        yield Text(owner, f"{container.place}.{field}", address.host), address
    variables = {variable.get("name", ""): variable.get("value") for variable in container.data.get("env", ())}
    for key, address in hosts_in(variables):
        yield Text(owner, f"{container.place}.env[{key}]", address.host, key), address
