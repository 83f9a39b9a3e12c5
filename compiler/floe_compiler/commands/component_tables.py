"""`floe-compile components --format markdown`: components, and their defaults by scale, as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from floe_compiler.commands.components import Choice
from floe_compiler.model.plan import ComponentScope
from floe_compiler.report.markdown_table import code, markdown_table
from floe_compiler.report.scaled_settings import SCALES, ScaledSetting, scaled_settings

NAMESPACES: Mapping[ComponentScope, str] = {
    "platform": "the platform",
    "domain": "each domain",
    "each": "the platform and each domain",
    "nodes": "the namespace of the nodes",
}
"""Where the components of a scope run."""

Shown: TypeAlias = Callable[[Choice], str]


def render_markdown(choices: Iterable[Choice]) -> str:
    """Return the tables of some choices: what they are, and their numbers if they have any."""
    listed = tuple(choices)
    numbers = tuple(_by_setting(listed))
    return choices_table(listed) + (f"\n{numbers_table(listed)}" if numbers else "")


def type_as_code(choice: Choice) -> str:
    """Return the type of a choice as code."""
    return code(choice.type)


def choices_table(choices: Iterable[Choice], shown: Shown = type_as_code) -> str:
    """Return the table of choices, with where each runs; `shown` returns how a type is written."""
    rows = [[code(choice.slot), shown(choice), choice.summary, _namespace_of(choice)] for choice in choices]
    return markdown_table(["slot", "type", "what it is", "runs in"], rows)


def numbers_table(choices: Iterable[Choice]) -> str:
    """Return the table of resources, replicas, volumes and whatever else differs between the scales."""
    rows = [[code(setting.path), ", ".join(types), *setting.values] for setting, types in _by_setting(choices).items()]
    return markdown_table(["setting", "type", *SCALES], rows)


def quotas_table() -> str:
    """Return the table of the quotas of namespaces."""
    from floe_compiler.model.inputs import LargestQuota, Quota
    from floe_compiler.resolve.scopes import LARGEST, QUOTAS

    least = scaled_settings(Quota, QUOTAS, prefix="quota", with_unscaled=True)
    most = scaled_settings(LargestQuota, LARGEST, prefix="domain_policy.quota", with_unscaled=True)
    return markdown_table(["setting", *SCALES], [[code(setting.path), *setting.values] for setting in (*least, *most)])


def _namespace_of(choice: Choice) -> str:
    return "the namespace of what uses it" if choice.written_in else NAMESPACES[choice.scope]


def _by_setting(choices: Iterable[Choice]) -> Mapping[ScaledSetting, list[str]]:
    """Return the types that have each setting with the same values."""
    types: dict[ScaledSetting, list[str]] = {}
    for choice in choices:
        for setting in scaled_settings(choice.settings, choice.profiles, prefix=choice.slot):
            types.setdefault(setting, []).append(code(choice.type))
    return types
