"""What changes in an object with the settings that it may follow from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from floe_compiler.explain.question import Question
from floe_compiler.explain.settings import Setting
from floe_compiler.explain.variations import differences
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.document import DataPath
from floe_compiler.model.objects import Object

_WHOLE: frozenset[DataPath] = frozenset({("kind",)})


def effects(question: Question, setting: Setting, baseline: Object) -> frozenset[DataPath]:
    """Return the paths of an object's values that change with other values of a setting.

    All words of a closed list are tried, as some may do the same, and each layer that could say another type. Of other
    values, the first that is valid is enough.
    """
    words = [word for group in question.closed if setting.value in group for word in group]
    found: frozenset[DataPath] = frozenset()
    is_valid = False
    for other in setting.others(question.closed):
        if is_valid and other not in words:
            break
        for sources in setting.variants(question.sources, other):
            try:
                after = question.render(sources, str(setting.value), str(other))
            except (StageFailed, ValueError):
                continue
            is_valid = True
            # If the object disappears, the setting determines whether it exists.
            found |= differences(baseline, after) if after is not None else _WHOLE
    return found


def relevant(question: Question, settings: Sequence[Setting], baseline: Object) -> Iterator[Setting]:
    """Yield the settings that may change an object: halves of them are changed at once, as most change nothing."""
    if len(settings) <= 1:
        yield from settings
        return
    if not any(_changes(question, baseline, settings, attempt) for attempt in (0, 1)):
        return
    middle = len(settings) // 2
    for half in (settings[:middle], settings[middle:]):
        yield from relevant(question, half, baseline)


def _changes(question: Question, baseline: Object, settings: Sequence[Setting], attempt: int) -> bool:
    """Return whether the first values, or the second ones of numbers, change an object, or may not be together.

    The first ones alone would not do: where one number is divided by another, twice as much of both changes nothing.
    """
    varied = [one for one in settings if isinstance(one.value, int) and not isinstance(one.value, bool)]
    if attempt and len(varied) < 2:
        return False
    sources = question.sources
    for setting in varied if attempt else settings:
        others = islice(setting.others(question.closed), attempt, None)
        sources = setting.varied(sources, next(others, setting.value))
    try:
        return question.render(sources) != baseline
    except (StageFailed, ValueError):
        return True
