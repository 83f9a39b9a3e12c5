"""The annotations with which hand-written objects declare what the checks cannot see."""

from __future__ import annotations

from floe_compiler.model.nested_fields import mapping
from floe_compiler.model.objects import Object

EXTERNAL_HOSTS = "floe.dev/external-hosts"
"""Hosts that an object's text names and no input declares: `host1, host2`."""

EXTERNAL_REFERENCES = "floe.dev/external-references"
"""Objects that an object refers to and that are created outside the output: `Secret/name, PriorityClass/name`."""

USED_BY = "floe.dev/used-by"
"""What reads a ConfigMap that no pod mounts."""

EXCEPTION = "floe.dev/exception-"
"""Followed by a field's name: why a workload breaks a rule (`floe.dev/exception-readOnlyRootFilesystem`)."""

ACCEPTANCE = "floe.dev/accept-"
"""Followed by the code of a rule: why a warning about the object is accepted (`floe.dev/accept-C002`)."""

FILE = "floe.dev/file"
"""The file in `crds/` that a definition comes from; only the compiler sets it, in what it keeps of the definition."""

CREDENTIAL = "credential"
"""The field of the exception for values that look like credentials, but are not."""

LOGIN = "login"
"""The field of the exception for a route to an interface that asks nobody for a login."""


HOOK = "argocd.argoproj.io/hook"
"""On an object: Argo CD creates it in a phase of each sync, and does not compare it."""

HOOK_DELETION = "argocd.argoproj.io/hook-delete-policy"
"""On such an object: when Argo CD deletes it."""

AFTER_SYNC = "floe.dev/after-sync"
"""On a Job: it runs after each sync, which fails if the Job does. Flux applies it from a folder of its own."""


def annotation(manifest: Object, name: str) -> str:
    """Return the value of an object's annotation; empty if the object does not have it."""
    return str(manifest.get("metadata", {}).get("annotations", {}).get(name, ""))


def has_exception(manifest: Object, field: str) -> bool:
    """Return whether an object declares an exception to a rule, with the reason."""
    return bool(str(mapping(manifest, ("metadata", "annotations")).get(f"{EXCEPTION}{field}") or "").strip())


def listed(manifest: Object, name: str) -> frozenset[str]:
    """Return the items of an annotation with a comma-separated list."""
    return frozenset(word.strip() for word in annotation(manifest, name).split(",") if word.strip())


def is_external(manifest: Object, kind: str, name: str) -> bool:
    """Return whether an object's annotation says that this object it refers to is created outside the output."""
    return f"{kind}/{name}" in listed(manifest, EXTERNAL_REFERENCES)
