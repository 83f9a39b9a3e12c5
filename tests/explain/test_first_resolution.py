"""Results of the first resolution are used again only where a new resolution would give the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import pytest
from msgspec.structs import replace

from explain.test_explain import ENVIRONMENT, MANIFEST, REGISTRY, SOURCES
from floe_compiler.explain.attempts import Valid
from floe_compiler.explain.documents import MODELS, documents_of, with_document
from floe_compiler.explain.first_resolution import FirstResolution
from floe_compiler.explain.unwritten import examples, unwritten
from floe_compiler.explain.variations import closed_words, scalars, variations
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.nested_fields import with_value
from floe_compiler.model.sources import Sources
from floe_compiler.resolve.schemas import plain_schemas
from resolve.samples import document

CLOSED = closed_words(plain_schemas(REGISTRY))
OTHERS: Mapping[str, Mapping[str, Any]] = {
    # Each is of the platform or of one domain, and no setting that SOURCES write.
    "m.yaml": {
        "observability": {"collector": {"type": "opentelemetry"}},
        "placement": {"services": {"priority_class": "x"}},
    },
    "e.yaml": {"scale": "medium", "namespaces": {"pattern": "x-{scope}"}, "domains": {"sales": {"quota": {"pods": 9}}}},
}


@pytest.fixture(params=[4, pytest.param(1, marks=pytest.mark.thorough)])
def every(request: pytest.FixtureRequest) -> int:
    """Return 4 in the gate, where one in so many settings is varied, and 1 in the thorough tests."""
    return int(request.param)


def varied(every: int) -> Iterator[tuple[str, Sources]]:
    """Yield the documents with another value of one in `every` settings, and what is another one."""
    yield from islice(_other_values(), 0, None, every)
    yield from _other_settings()


def _other_values() -> Iterator[tuple[str, Sources]]:
    for document_ in documents_of(SOURCES):
        _, model = MODELS[document_.data["kind"]]
        missing = ((path, value, tuple(examples(model, path))) for path, value in unwritten(model, document_.data))
        for path, value, alternatives in (*((path, value, ()) for path, value in scalars(document_.data)), *missing):
            for variation in [*(variations(value, CLOSED) if value is not None else alternatives)][:1]:
                name = f"{document_.file} {path}: {variation}"
                yield name, with_document(SOURCES, replace(document_, data=with_value(document_.data, path, variation)))


def _other_settings() -> Iterator[tuple[str, Sources]]:
    for document_ in (MANIFEST, ENVIRONMENT):
        for key, value in OTHERS[document_.file].items():
            yield (
                f"{document_.file} {key}",
                with_document(SOURCES, document(document_.file, {**document_.data, key: value})),
            )


def resolved(sources: Sources, known: FirstResolution | None = None) -> object:
    """Return what an environment is resolved to; the errors if it is wrong."""
    try:
        return Valid(sources, REGISTRY, "dev", known).plan
    except (StageFailed, ValueError) as error:
        return type(error)


def first() -> FirstResolution:
    known = FirstResolution()
    Valid(SOURCES, REGISTRY, "dev", known)
    known.end()
    return known


def test_the_shortcut_resolves_variations_to_the_same(every: int) -> None:
    known, wrong = first(), 0
    for name, sources in varied(every):
        anew = resolved(sources)
        assert resolved(sources, known) == anew, name
        wrong += isinstance(anew, type)
    assert wrong > 20 // every, "wrong documents are, too"


@pytest.mark.parametrize(
    ("file", "keys", "resolved_parts"),
    [
        ("e.yaml", {"domains": {"sales": {"quota": {"pods": 9}}}}, {"environment", "sales"}),
        ("m.yaml", {"observability": {"collector": {"type": "opentelemetry"}}}, {"merged", "shared"}),
        ("m.yaml", {"compute": {"type": "duckdb", "threads": 8}}, {"merged", "shared", "sales", "other", "third"}),
    ],
)
def test_only_affected_parts_of_a_variation_are_resolved(
    file: str, keys: Mapping[str, Any], resolved_parts: set[str]
) -> None:
    known, again = first(), set[str]()

    class Recorded(FirstResolution):
        def get(self, name: Any, follows: Any, make: Any) -> Any:
            def recorded() -> Any:
                again.add(name[0])
                return make()

            return super().get(name, follows, recorded)

    recorded = Recorded()
    recorded._parts, recorded._is_over = known._parts, True
    own = MANIFEST if file == "m.yaml" else ENVIRONMENT
    domains = {**ENVIRONMENT.data["domains"], **keys.get("domains", {})}
    environment = {**own.data, **keys, **({"domains": domains} if "domains" in keys else {})}
    Valid(with_document(SOURCES, document(file, environment)), REGISTRY, "dev", recorded)
    assert again == resolved_parts
