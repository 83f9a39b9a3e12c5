"""Labels that describe every object, and those by which selectors, policies and disruption budgets select pods."""

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
"""An annotation: owners are mail addresses, which labels cannot hold."""

ACCESS = "access.floe.dev/"
"""Prefix of the labels by which a server's policy knows its callers: `access.floe.dev/polaris: "true"`."""

LONGEST_VALUE = 63
HASH_LENGTH = 8

Labels = dict[str, str]


def common_labels(settings: Settings, part: str) -> Labels:
    """Return the labels of an object that belongs to a part of the platform instead of one workload."""
    return {NAME: settings.platform.name, INSTANCE: settings.environment.name, COMPONENT: part}


def chart_labels(settings: Settings) -> Labels:
    """Return the labels that all objects of an environment have in common: their charts give them."""
    return {"app.kubernetes.io/part-of": settings.platform.name, "app.kubernetes.io/managed-by": "floe-compile"}


def selector(instance: Instance[Any], workload: str) -> Labels:
    """Return the labels that identify this workload's pods; they must never change (immutable fields).

    `component` is part of it: without it a Service would also select the Jobs of the same application.
    """
    return {NAME: instance.name, INSTANCE: _value(f"{instance.scope}-{instance.name}"), COMPONENT: workload}


def _value(text: str) -> str:
    """Return the text as a label's value: a long text is cut and ends in a hash of the whole."""
    if len(text) <= LONGEST_VALUE:
        return text
    return f"{text[: LONGEST_VALUE - HASH_LENGTH - 1]}-{sha256_of(text)[:HASH_LENGTH]}"


def template_labels(instance: Instance[Any], workload: str) -> Labels:
    """Return the labels of a template of pods or Jobs, which gets none from the chart, as it is not an object."""
    return selector(instance, workload) | chart_labels(instance.settings)


def access_labels(calls: Iterable[Endpoint]) -> Labels:
    """Return the labels by which policies let a pod reach the servers it calls."""
    return {f"{ACCESS}{call.group.name}": "true" for call in calls if call.group}


def version_label(image: str) -> Labels:
    """Return the version label of a workload: its image's tag, as far as a label value can hold it."""
    value = parse_image(image).tag[:LONGEST_VALUE].strip("._-")
    return {VERSION: value} if value else {}
