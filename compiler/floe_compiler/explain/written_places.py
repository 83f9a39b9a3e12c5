"""The written value that one value of a rendered object follows from, for the place of an error about it.

`explain` varies all that is written, which takes long. Here, only written values equal to the rendered one are varied:
an input that is rendered as it is, such as a number of replicas, an amount or an image. Whether the rendered value does
follow from one is seen by varying it, so that none is blamed by its looks.
"""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.explain.documents import of_domain, of_platform
from floe_compiler.explain.effects import effects
from floe_compiler.explain.question import Question
from floe_compiler.explain.settings import Setting, written
from floe_compiler.explain.variations import scalars
from floe_compiler.model.data_paths import show_place
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.document import DataPath
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.sources import Sources
from floe_compiler.model.span import Span
from floe_compiler.resolve.slots import Registry

_MOST = 6
"""Values that are varied; more equal ones are words such as `true`."""


def written_place(sources: Sources, registry: Registry, site: str, identity: ObjectId, place: str) -> Span | None:
    """Return where the value of an object is written; None if the object or the value is not known, or no input is.

    Args:
        sources: The documents.
        registry: The components.
        site: The name of the object's environment, in its cluster.
        identity: The object.
        place: The path of the value, as messages show it.
    """
    try:
        question = Question(sources, registry, site, identity)
    except (StageFailed, ValueError):
        return None
    baseline = question.baseline
    if baseline is None or (path := _path_of(baseline, place)) is None:
        return None
    causes = (one.cause for one in _equal(question, baseline, path) if path in effects(question, one, baseline))
    return next((cause.span for cause in causes), None)


def _path_of(manifest: Object, place: str) -> DataPath | None:
    """Return the path of the value that messages show so; of an environment variable, they show the whole item."""
    shown = (place, f"{place}.value")
    return next((path for path, _ in scalars(manifest) if show_place(path, manifest) in shown), None)


def _equal(question: Question, manifest: Object, path: DataPath) -> Iterator[Setting]:
    """Yield the written values that are equal to the rendered one; few, those of the same key first."""
    rendered = next(value for at, value in scalars(manifest) if at == path)
    documents = (*of_platform(question.sources, question.environment), *of_domain(question.sources, question.scope))
    equal = [one for one in written(question, documents) if str(one.value) == str(rendered)]
    yield from sorted(equal, key=lambda one: one.path[-1] != path[-1])[:_MOST]
