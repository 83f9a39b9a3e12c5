"""What changes in an object with the settings that it may follow from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from floe_compiler.explain.question import Question
from floe_compiler.explain.settings import Setting
from floe_compiler.explain.variations import differences
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.document import DataPath
from floe_compiler.model.objects import Object
from floe_compiler.model.sources import Sources

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
    sources = question.sources
    for setting in settings:
        sources = setting.varied(sources, next(setting.others(question.closed), setting.value))
    if _same(question, sources, baseline):
        return
    middle = len(settings) // 2
    for half in (settings[:middle], settings[middle:]):
        yield from relevant(question, half, baseline)


def _same(question: Question, sources: Sources, baseline: Object) -> bool:
    try:
        return question.render(sources) == baseline
    except (StageFailed, ValueError):
        return False
