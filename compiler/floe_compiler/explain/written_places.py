"""The written value that one value of a rendered object follows from, for the place of an error about it.

`explain` varies all that is written, which takes long. Here, only written values equal to the rendered one are varied:
an input that is rendered as it is, such as a number of replicas, an amount or an image. Whether the rendered value does
follow from one is seen by varying it, so that none is blamed by its looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from floe_compiler.explain.attempts import Valid
from floe_compiler.explain.documents import of_domain, of_platform
from floe_compiler.explain.effects import effects
from floe_compiler.explain.question import Question, Schemas
from floe_compiler.explain.settings import Setting, written
from floe_compiler.explain.variations import scalars
from floe_compiler.model.data_paths import show_place
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.document import DataPath
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.sources import Sources
from floe_compiler.model.span import Span
from floe_compiler.model.value_spans import path_in
from floe_compiler.resolve.slots import Registry

_MOST = 6
"""Values that are varied; more equal ones are words such as `true`."""


def written_place(
    sources: Sources,
    registry: Registry,
    site: str,
    identity: ObjectId,
    message: str,
    schemas: Schemas | None = None,
    valid: Valid | None = None,
) -> Span | None:
    """Return where the value of an object is written; None if the object or the value is not known, or no input is.

    Args:
        sources: The documents.
        registry: The components.
        site: The name of the object's environment, in its cluster.
        identity: The object.
        message: What is wrong with the object. It names the path of the value, or of an item that has the value.
        schemas: The schemas of the documents, by kind (default: they are made).
        valid: The site as the documents have it, if several objects are asked about (default: it is resolved).
    """
    try:
        question = Question(sources, registry, site, identity, schemas, valid=valid)
    except (StageFailed, ValueError):
        return None
    baseline = question.baseline
    if baseline is None or (path := _path_of(baseline, message)) is None:
        return None
    causes = (
        setting.cause for setting in _equal(question, baseline, path) if path in effects(question, setting, baseline)
    )
    return next((cause.span for cause in causes), None)


def _path_of(manifest: Object, message: str) -> DataPath | None:
    """Return the path of the value that a message is about: the one that it names, or one below that it repeats.

    Of an environment variable, and of a volume, messages name the item.
    """
    place = path_in(message)
    values = [(show_place(path, manifest), path, value) for path, value in scalars(manifest)]
    words = re.split(r"[\s,;:]+", message.partition(place)[2])
    named = [path for shown, path, _ in values if shown in (place, f"{place}.value")]
    below = [
        (words.index(str(value)), path)
        for shown, path, value in values
        if shown.startswith(f"{place}.") and str(value) in words
    ]
    return named[0] if named else min(below, default=(0, None))[1]


def _equal(question: Question, manifest: Object, path: DataPath) -> Iterator[Setting]:
    """Yield the written values that are equal to the rendered one; few, those of the same key first."""
    rendered = next(value for at, value in scalars(manifest) if at == path)
    documents = (*of_platform(question.sources, question.environment), *of_domain(question.sources, question.scope))
    equal = [setting for setting in written(question, documents) if str(setting.value) == str(rendered)]
    yield from sorted(equal, key=lambda setting: setting.path[-1] != path[-1])[:_MOST]
