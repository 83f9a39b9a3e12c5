"""Labels of all objects, and labels by which Services, policies and disruption budgets select pods."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from floe_compiler.model.endpoint import Endpoint
from floe_compiler.model.images import parse_image
from floe_compiler.model.plan import Instance
from floe_compiler.model.settings import Settings
from floe_compiler.model.yaml_text import sha256_of

NAME = "app.kubernetes.io/name"
INSTANCE = "app.kubernetes.io/instance"
COMPONENT = "app.kubernetes.io/component"
VERSION = "app.kubernetes.io/version"
SCOPE = "floe.dev/scope"
DOMAIN = "floe.dev/domain"
PRODUCT = "floe.dev/product"
OWNER = "floe.dev/owner"
"""An annotation, as owners are mail addresses, which are not valid label values."""

BACKUP = "floe.dev/backup"
"""A label of CronJobs that back something up."""

ELECTOR = "floe.dev/elector"
"""A label of pods of which only one works at a time: the one that holds the Lease with this name."""

ACCESS = "access.floe.dev/"
"""Prefix of the labels by which a server's policy selects its callers: `access.floe.dev/polaris: "true"`."""

LONGEST_VALUE = 63
HASH_LENGTH = 8

Labels = dict[str, str]


def common_labels(settings: Settings, part: str) -> Labels:
    """Return the labels of an object that belongs to a part of the platform, not to one workload."""
    return {NAME: settings.platform.name, INSTANCE: settings.environment.name, COMPONENT: part}


def chart_labels(settings: Settings) -> Labels:
    """Return the labels of all objects of an environment, which their charts add."""
    return {"app.kubernetes.io/part-of": settings.platform.name, "app.kubernetes.io/managed-by": "floe-compile"}


def selector(instance: Instance[Any], workload: str) -> Labels:
    """Return the labels that identify a workload's pods. They must never change, as selectors are immutable.

    They include `component`: without it, a Service would also select the Jobs of the same application.
    """
    return {NAME: instance.name, INSTANCE: shortened(f"{instance.scope}-{instance.name}"), COMPONENT: workload}


def shortened(text: str, longest: int = LONGEST_VALUE) -> str:
    """Return the text, by default as a label value; a long text is cut and ends in a hash of the whole text."""
    if len(text) <= longest:
        return text
    return f"{text[: longest - HASH_LENGTH - 1]}-{sha256_of(text)[:HASH_LENGTH]}"


def template_labels(instance: Instance[Any], workload: str) -> Labels:
    """Return all labels of a pod or Job template. The chart adds no labels to it, as it is not an object."""
    return selector(instance, workload) | chart_labels(instance.settings)


def access_labels(calls: Iterable[Endpoint]) -> Labels:
    """Return the labels by which policies let a pod reach the servers it calls."""
    return {f"{ACCESS}{call.group.name}": "true" for call in calls if call.group}


def version_label(image: str) -> Labels:
    """Return the version label of a workload: its image's tag, shortened to a valid label value."""
    value = parse_image(image).tag[:LONGEST_VALUE].strip("._-")
    return {VERSION: value} if value else {}
