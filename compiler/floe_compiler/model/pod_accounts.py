"""The ServiceAccounts of pods, which are their identities in a service mesh."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.facts import Parts, named_pods


def accounts_calling(all_parts: Iterable[Parts]) -> Iterator[tuple[str, tuple[Endpoint, ...]]]:
    """Yield the ServiceAccounts of the pods of instances, each with the servers that its pods call.

    An operator gives its pods an account with their name, as CloudNativePG does.
    """
    for parts in all_parts:
        yield from ((pod.account or name, pod.servers()) for name, pod in named_pods(parts))
        yield from ((pods.name, pods.calls) for pods in parts.operated)
