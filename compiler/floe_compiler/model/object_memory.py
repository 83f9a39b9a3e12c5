"""What is known of objects, for a program that compiles again and again: most objects are the same after an edit.

While a program remembers, equal objects are one object (`same_object`), and what a pure function has answered about one
(`remembered`), or from equal facts (`remembered_from_facts`), is not computed again. Nobody may change an object in
place.
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

from floe_compiler.model.codec import digest_of, encode
from floe_compiler.model.objects import Object

MOST = 8192
"""The most objects that are remembered; the least recently used go first. One takes about 10 KB."""

MOST_ANSWERS = 64
"""The most answers that are remembered of one object: each question has one for each combination of settings."""

MOST_FROM_FACTS = 4096
"""The most answers from facts that are remembered. Most hold objects that are remembered anyway."""

MOST_FACTS = 512
"""Of so many facts, the digest is remembered with the very value: one compilation asks for many answers from some."""

_MARSHAL = 2
"""The last version of this format in which equal data of the same types has the same bytes, however it is shared."""

Arguments = ParamSpec("Arguments")
Facts = ParamSpec("Facts")
Owner = TypeVar("Owner")
Answer = TypeVar("Answer")

Question = tuple[Hashable, str]
"""What is asked, such as a function, and the digest of the facts that the answer follows from."""


def content_of(manifest: Object) -> bytes:
    """Return a digest of what is in an object, in this order of keys. Raises ValueError if it is not plain data."""
    return hashlib.sha256(marshal.dumps(manifest, _MARSHAL)).digest()


class ObjectMemory:
    """Objects by their content, the answers about each, and the answers that follow from facts."""

    def __init__(self, most: int = MOST, most_from_facts: int = MOST_FROM_FACTS) -> None:
        self._most, self._most_from_facts = most, most_from_facts
        self.objects: OrderedDict[bytes, Object] = OrderedDict()
        self.from_facts: OrderedDict[Question, Any] = OrderedDict()
        self._answers: dict[int, dict[Hashable, Any]] = {}
        self._digests: OrderedDict[int, tuple[object, str]] = OrderedDict()
        self._lock = Lock()

    def same(self, manifest: Object) -> Object:
        """Return the object that is remembered with this content, or from now on this one."""
        with self._lock:
            if id(manifest) in self._answers:  # a number that is only its own, as it is kept
                return manifest
            try:
                content = content_of(manifest)
            except ValueError:  # not plain data: a later stage reports it
                return manifest
            remembered = self.objects.setdefault(content, manifest)
            self.objects.move_to_end(content)
            self._answers.setdefault(id(remembered), {})
            if len(self.objects) > self._most:
                _, oldest = self.objects.popitem(last=False)
                del self._answers[id(oldest)]
            return remembered

    def answers(self, manifest: Object) -> dict[Hashable, Any] | None:
        """Return the answers about an object, by the question; None if it is not remembered."""
        return self._answers.get(id(manifest))

    def digest(self, fact: object) -> str:
        """Return the digest of frozen data, and of what kinds of data it is: other kinds may have the same fields.

        That of the very same value is not computed twice.
        """
        known = self._digests.get(id(fact))  # a number that is only its own, as it is kept
        if known is None:
            kinds = [*map(type, fact)] if isinstance(fact, tuple) else type(fact)
            known = self._digests[id(fact)] = fact, digest_of(encode([kinds, fact]))
            if len(self._digests) > MOST_FACTS:
                self._digests.popitem(last=False)
        self._digests.move_to_end(id(fact))
        return known[1]

    def has_answer(self, question: Question) -> bool:
        """Return whether the answer to a question is remembered."""
        return question in self.from_facts

    def answer(self, question: Question) -> Any:
        """Return the answer to a question that is remembered, or raise KeyError."""
        self.from_facts.move_to_end(question)
        return self.from_facts[question]

    def keep(self, question: Question, answer: object) -> None:
        """Remember the answer to a question."""
        self.from_facts[question] = answer
        if len(self.from_facts) > self._most_from_facts:
            self.from_facts.popitem(last=False)


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
    function: Callable[Concatenate[Object, Arguments], Answer],
) -> Callable[Concatenate[Object, Arguments], Answer]:
    """Return a function that answers as a pure one does, but not twice about an object that is remembered.

    Its first argument is the object, and the others, which are hashable, tell apart what may be asked. Answers are
    shared, so they must not be mutable, nor an iterator, which can be read only once.
    """

    @wraps(function)
    def remembering_function(manifest: Object, /, *arguments: Arguments.args, **named: Arguments.kwargs) -> Answer:
        answers = _memory.answers(manifest) if _memory else None
        if answers is None:
            return function(manifest, *arguments, **named)
        question = function, arguments, *named.items()
        if question not in answers:
            if len(answers) >= MOST_ANSWERS:
                answers.clear()
            answers[question] = function(manifest, *arguments, **named)
        answer: Answer = answers[question]
        return answer

    return remembering_function


def remembered_from_facts(function: Callable[Facts, Answer]) -> Callable[Facts, Answer]:
    """Return a function that answers as a pure one does, but not twice from equal facts.

    Its arguments are frozen data (`encode`), of the types that are declared. Answers are shared: nobody changes one.
    """

    @wraps(function)
    def remembering_function(*facts: Facts.args, **named: Facts.kwargs) -> Answer:
        if _memory is None:
            return function(*facts, **named)
        question = function, digest_of(*map(_memory.digest, facts), encode(named))
        if not _memory.has_answer(question):
            _memory.keep(question, function(*facts, **named))
        answer: Answer = _memory.answer(question)
        return answer

    return remembering_function


def known_answer(question: Question) -> Any | None:
    """Return the answer to a question; None if it is not remembered."""
    return _memory.answer(question) if _memory and _memory.has_answer(question) else None


def keep_answer(question: Question, answer: object) -> None:
    """Remember the answer to a question, if anything is remembered."""
    if _memory:
        _memory.keep(question, answer)


def answer_to(question: Question, make: Callable[[], Answer]) -> Answer:
    """Return the answer to a question, which is not made twice if it is remembered."""
    answer: Answer | None = known_answer(question)
    if answer is None:
        answer = make()
        keep_answer(question, answer)
    return answer


def once(function: Callable[[Owner], Answer]) -> Callable[[Owner], Answer]:
    """Return a function that keeps its answer with its argument, as a `cached_property` of another module would.

    The argument is frozen, and has a `__dict__`.
    """
    name = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def keeping_function(owner: Owner) -> Answer:
        values = owner.__dict__
        if name not in values:
            values[name] = function(owner)
        answer: Answer = values[name]
        return answer

    return keeping_function
