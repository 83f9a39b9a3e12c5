"""Facts about objects that a long-running program remembers."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from floe_compiler.model.object_memory import (
    MOST_ANSWERS,
    MOST_FACTS,
    ObjectMemory,
    answer_to,
    is_remembering,
    keep_answer,
    known_answer,
    once,
    remembered,
    remembered_from_facts,
    remembering,
    same_object,
)
from floe_compiler.model.objects import Object

questions: list[tuple[str, str]] = []


@remembered
def described(manifest: Object, how: str, mark: str = "") -> str:
    questions.append((manifest["kind"], how))
    return f"{manifest['kind']} {how}{mark}"


def test_equal_objects_are_one_and_evaluated_once() -> None:
    questions.clear()
    with remembering():
        first, second = same_object({"kind": "A", "n": [1]}), same_object({"kind": "A", "n": [1]})
        assert first is second is same_object(first)
        assert [described(manifest, "short") for manifest in (first, second)] == ["A short"] * 2
        assert (described(first, "long"), described(first, "long", mark="!")) == ("A long", "A long!")
    assert questions == [("A", "short"), ("A", "long"), ("A", "long")]


def test_values_that_only_python_takes_for_equal_differ() -> None:
    with remembering():
        kinds = [same_object({"v": value}) for value in (1, True, 1.0, "1", [1], (1,), None, {"1": 1})]
        assert [type(value["v"]) for value in kinds] == [int, bool, float, str, list, tuple, type(None), dict]
        assert list(same_object({"a": 1, "b": 2})) == ["a", "b"]
        assert list(same_object({"b": 2, "a": 1})) == ["b", "a"], "their order is part of it"


def test_values_that_are_not_plain_data_are_not_remembered() -> None:
    questions.clear()
    with remembering() as memory:
        odd: Object = {"kind": "odd", "value": object()}
        assert same_object(odd) is odd
        assert [described(odd, "x"), described(odd, "x")] == ["odd x"] * 2
        assert not memory.objects
    assert len(questions) == 2


def test_without_a_memory_nothing_is_remembered() -> None:
    questions.clear()
    first, second = {"kind": "A"}, {"kind": "A"}
    assert not is_remembering()
    assert same_object(second) is second
    assert [described(first, "x"), described(first, "x")] == ["A x"] * 2
    assert len(questions) == 2


def test_a_memory_is_bounded() -> None:
    questions.clear()
    with remembering(ObjectMemory(most=2)) as memory:
        first, second = same_object({"kind": "1"}), same_object({"kind": "2"})
        described(first, "x"), described(second, "x")
        assert same_object({"kind": "1"}) is first, "the most recent one stays"
        third = same_object({"kind": "3"})
        assert [*memory.objects.values()] == [first, third]
        assert memory.answers(second) is None
        for number in range(MOST_ANSWERS * 2):
            described(third, str(number))
        assert 0 < len(memory.answers(third) or ()) <= MOST_ANSWERS
    assert not is_remembering()


class Facts(msgspec.Struct, frozen=True):
    name: str
    replicas: object = 1


def test_equal_facts_are_evaluated_once() -> None:
    calls: list[Facts] = []

    @remembered_from_facts
    def rendered(facts: Facts, mark: str = "") -> str:
        calls.append(facts)
        return f"{facts.name} {facts.replicas}{mark}"

    with remembering():
        assert [rendered(Facts("a")), rendered(Facts("a")), rendered(Facts("a"), mark="!")] == ["a 1", "a 1", "a 1!"]
        assert [rendered(Facts("a", value)) for value in (1, True, 1.0, "1")] == ["a 1", "a True", "a 1.0", "a 1"]
    assert [rendered(Facts("a")), rendered(Facts("a"))] == ["a 1", "a 1"]
    assert calls == [Facts("a")] * 2 + [Facts("a", value) for value in (True, 1.0, "1")] + [Facts("a")] * 2


class Others(msgspec.Struct, frozen=True):
    name: str
    replicas: object = 1


def test_facts_of_other_types_differ_and_identical_ones_are_read_once() -> None:
    memory, first = ObjectMemory(), Facts("a")
    digests = [memory.digest(fact) for fact in (first, Facts("a"), Others("a"), (first,), (Others("a"),))]
    assert digests[0] == digests[1] == memory.digest(first)
    assert len({*digests}) == 4


def test_digests_of_facts_are_bounded() -> None:
    memory, facts = ObjectMemory(), [Facts(str(number)) for number in range(MOST_FACTS + 1)]
    for fact in facts:
        memory.digest(fact)
        assert id(facts[0]) in memory._digests, "the one used last stays"
        memory.digest(facts[0])
    assert len(memory._digests) == MOST_FACTS
    assert id(facts[1]) not in memory._digests


def _count(calls: list[int]) -> int:
    calls.append(1)
    return len(calls)


def test_an_answer_is_computed_once() -> None:
    calls: list[int] = []
    with remembering():
        assert [answer_to(("size", "a"), lambda: _count(calls)) for _ in range(2)] == [1, 1]
    assert answer_to(("size", "a"), lambda: _count(calls)) == 2


def test_answers_from_facts_are_bounded() -> None:
    with remembering(ObjectMemory(most_from_facts=2)):
        keep_answer(("size", "a"), 1)
        keep_answer(("size", "b"), 2)
        assert known_answer(("size", "a")) == 1, "the one used last stays"
        keep_answer(("size", "c"), 3)
        assert [known_answer(("size", name)) for name in "abc"] == [1, None, 3]
    keep_answer(("size", "a"), 1)
    assert known_answer(("size", "a")) is None


@dataclass(frozen=True)
class Owner:
    name: str


def test_an_answer_is_kept_with_its_object() -> None:
    calls: list[str] = []

    @once
    def upper_name(owner: Owner) -> str:
        calls.append(owner.name)
        return owner.name.upper()

    first, second = Owner("a"), Owner("b")
    assert [upper_name(first), upper_name(second), upper_name(first)] == ["A", "B", "A"]
    assert calls == ["a", "b"]
