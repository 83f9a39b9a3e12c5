"""What changes in an object with the settings that it may follow from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from floe_compiler.explain.question import Question
from floe_compiler.explain.settings import Setting
from floe_compiler.explain.text_lines import changed_lines
from floe_compiler.explain.variations import differences
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.document import DataPath
from floe_compiler.model.objects import Object
from floe_compiler.model.sources import Sources

_WHOLE: frozenset[DataPath] = frozenset({("kind",)})


def effects(question: Question, setting: Setting, baseline: Object) -> frozenset[DataPath]:
    """Return the paths of an object's values, and of the lines of its texts, that change with others of a setting.

    All words of a closed list are tried, as some may do the same, and each layer that could say another type. Of other
    values, the first that is valid is enough.
    """
    words = _words(question, setting)
    paths: frozenset[DataPath] = frozenset()
    is_valid = False
    for other in setting.other_values(question.closed):
        if is_valid and other not in words:
            break
        for sources in setting.variants(question.sources, other):
            try:
                after = question.render(sources, str(setting.value), str(other))
            except (StageFailed, ValueError):
                continue
            is_valid = True
            # If the object disappears, the setting determines whether it exists.
            changed = differences(baseline, after) if after is not None else _WHOLE
            paths |= changed.union(changed_lines(baseline, after, changed))
    return paths


def relevant(question: Question, settings: Sequence[Setting]) -> Iterator[Setting]:
    """Yield the settings that may change an object: groups of them are changed at once, as most change nothing.

    A group that changes the object, or that has no sound result, is parted into halves. Switches (words, and what is
    true) are in no group: other values count only while what they belong to is on, and one switch may hide another.
    """
    switches = [setting for setting in settings if _is_switch(question, setting)]
    for switch in switches:
        if any(question.is_fit(sources) and question.may_change(sources) for sources in _varied(question, switch)):
            yield switch
    yield from _parted(question, [setting for setting in settings if setting not in switches])


def _words(question: Question, setting: Setting) -> list[str]:
    """Return the words of the closed lists that a setting is of."""
    if setting.is_passed_on:
        return []
    return [word for group in question.closed if setting.value in group for word in group]


def _is_switch(question: Question, setting: Setting) -> bool:
    """Return whether other settings may count only while a setting is as it is."""
    return bool((not setting.is_passed_on and setting.value is True) or _words(question, setting))


def _varied(question: Question, setting: Setting) -> Iterator[Sources]:
    """Yield the documents with each other value of a setting: of words with all other words, if there are any."""
    words, others = _words(question, setting), list(setting.other_values(question.closed))
    for other in [word for word in others if word in words] or others:
        yield from setting.variants(question.sources, other)


def _parted(question: Question, settings: Sequence[Setting], *, may_change: bool = False) -> Iterator[Setting]:
    """Yield those of some settings that may change an object. `may_change` says that they do so together."""
    if not settings or not (may_change or _may_change(question, settings)):
        return
    if len(settings) == 1:
        yield from settings
        return
    middle = len(settings) // 2
    first = list(_parted(question, settings[:middle]))
    yield from first
    yield from _parted(question, settings[middle:], may_change=not first)


def _may_change(question: Question, settings: Sequence[Setting]) -> bool:
    """Return whether other values of all settings at once may change an object.

    One other value each would not do: where one number is divided by another, twice as much of both changes nothing.
    """
    tries = [_tries(question, setting) for setting in settings]
    for attempt in range(max(map(len, tries), default=0)):
        sources = question.sources
        for setting, values in zip(settings, tries, strict=True):
            if attempt < len(values):
                value, variant = values[attempt]
                sources = next(islice(setting.variants(sources, value), variant, None))
        if question.may_change(sources):
            return True
    return False


def _tries(question: Question, setting: Setting) -> list[tuple[Any, int]]:
    """Return the other values of a setting that are tried together with those of others, and which variant of each.

    They are sound by themselves: a wrong one might hide what the others change.
    """
    sound = (
        (other, number)
        for other in setting.other_values(question.closed)
        for number, sources in enumerate(setting.variants(question.sources, other))
        if question.is_sound(sources)
    )
    return list(islice(sound, 2 if isinstance(setting.value, int) else 1))
