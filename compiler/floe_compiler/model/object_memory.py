"""What is known of objects, for a program that compiles again and again: most objects are the same after an edit.

While a program remembers, equal objects are one object (`same_object`), and what a pure function has answered about one
(`remembered`) is not computed again. Nobody may change an object in place.
"""

from __future__ import annotations

import hashlib
import marshal
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import Lock
from typing import Any, Concatenate, ParamSpec, TypeVar

from floe_compiler.model.objects import Object

MOST = 8192
"""So many objects are remembered; those that were not met for longest go first. One takes about 10 KB."""

MOST_ANSWERS = 64
"""So many answers are remembered of one object: each question has one, and another with other settings."""

_MARSHAL = 2
"""The last version of this format in which equal data of the same types has the same bytes, however it is shared."""

Rest = ParamSpec("Rest")
Owner = TypeVar("Owner")
Answer = TypeVar("Answer")


def content_of(manifest: Object) -> bytes:
    """Return a digest of what is in an object, in this order of keys. Raises ValueError if it is not plain data."""
    return hashlib.sha256(marshal.dumps(manifest, _MARSHAL)).digest()


class ObjectMemory:
    """Objects by their content, and the answers about each."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self.objects: OrderedDict[bytes, Object] = OrderedDict()
        self._answers: dict[int, dict[Hashable, Any]] = {}
        self._lock = Lock()

    def same(self, manifest: Object) -> Object:
        """Return the object that is remembered with this content, or from now on this one."""
        with self._lock:
            if id(manifest) in self._answers:  # a number that is only its own, as it is kept
                return manifest
            try:
                content = content_of(manifest)
            except ValueError:  # no plain data: an error that is to come
                return manifest
            known = self.objects.setdefault(content, manifest)
            self.objects.move_to_end(content)
            self._answers.setdefault(id(known), {})
            if len(self.objects) > self._most:
                _, oldest = self.objects.popitem(last=False)
                del self._answers[id(oldest)]
            return known

    def answers(self, manifest: Object) -> dict[Hashable, Any] | None:
        """Return the answers about an object, by the question; None if it is not remembered."""
        return self._answers.get(id(manifest))


_memory: ObjectMemory | None = None


@contextmanager
def remembering(memory: ObjectMemory | None = None) -> Iterator[ObjectMemory]:
    """Remember objects and answers until the end of the context."""
    global _memory
    before, _memory = _memory, memory or ObjectMemory()
    try:
        yield _memory
    finally:
        _memory = before


def is_remembering() -> bool:
    """Return whether objects are remembered."""
    return _memory is not None


def same_object(manifest: Object) -> Object:
    """Return the object that is remembered with this content; this one if nothing is remembered."""
    return _memory.same(manifest) if _memory else manifest


def remembered(
    function: Callable[Concatenate[Object, Rest], Answer],
) -> Callable[Concatenate[Object, Rest], Answer]:
    """Return a function that answers as a pure one does, but not twice about an object that is remembered.

    Its first argument is the object, and the others, which are hashable, tell apart what may be asked. Answers are
    shared, so they are nothing that can be changed, or used up as an iterator is.
    """

    @wraps(function)
    def remembering_function(manifest: Object, /, *rest: Rest.args, **named: Rest.kwargs) -> Answer:
        answers = _memory.answers(manifest) if _memory else None
        if answers is None:
            return function(manifest, *rest, **named)
        question = function, rest, *named.items()
        if question not in answers:
            if len(answers) >= MOST_ANSWERS:
                answers.clear()
            answers[question] = function(manifest, *rest, **named)
        answer: Answer = answers[question]
        return answer

    return remembering_function


def once(function: Callable[[Owner], Answer]) -> Callable[[Owner], Answer]:
    """Return a function that keeps its answer with its argument, as a `cached_property` of another module would.

    The argument is frozen, and has a `__dict__`.
    """
    name = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def keeping_function(owner: Owner) -> Answer:
        kept = owner.__dict__
        if name not in kept:
            kept[name] = function(owner)
        answer: Answer = kept[name]
        return answer

    return keeping_function
