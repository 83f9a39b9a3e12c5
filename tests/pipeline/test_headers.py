"""The header of each unit is created once, then cached, and created again if its inputs change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from floe_compiler import declare
from floe_compiler.cache.store import Cache, Memory
from floe_compiler.components import registry
from floe_compiler.load.input_tree import read_inputs
from floe_compiler.load.mesh import load
from floe_compiler.model.codec import digest_of, encode
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.plan import Component, Context, DeclaredInstance
from floe_compiler.pipeline.headers import Header, NotResolved, Scope, declared_headers, headers, without_places
from floe_compiler.pipeline.workers import Processes, ThisProcess
from floe_compiler.resolve import resolve_frames
from floe_compiler.resolve.frame import Frame
from floe_compiler.resolve.schemas import plain_schemas
from pipeline.mesh_of_three import (
    DEV,
    DEV_IMAGES,
    DOMAINS,
    MANIFEST,
    ORDERS,
    Recorder,
    dev,
    files,
    images,
    manifest,
    product,
    write,
)

SCOPES = [("dev", scope) for scope in ("platform", *DOMAINS)]


def frames(root: Path, changes: Mapping[str, Any] | None = None) -> Mapping[str, Frame]:
    """Return what the domains of dev have in common, with these changes of the mesh."""
    components = registry()
    sources, _ = load(read_inputs(write(write(root, files()), changes or {})), plain_schemas(components))
    findings = Findings()
    resolved = resolve_frames(sources, components, ("dev",), findings)
    findings.finish()
    return resolved


def headers_of(env_frames: Mapping[str, Frame], cache: Cache, compiler: str = "1") -> Mapping[Scope, Header]:
    return headers(env_frames, compiler, cache, ThisProcess())


def test_cached_headers_equal_computed_ones(tmp_path: Path) -> None:
    cache, env_frames = Memory(), frames(tmp_path)
    first, again = headers_of(env_frames, cache), headers_of(env_frames, cache)
    assert [*first] == [*again] == SCOPES
    assert [header.header for header in first.values()] == [header.header for header in again.values()]
    assert all(header.declared is None for header in again.values()), "nothing was declared again"
    for (environment, scope), header in first.items():
        unit = header.unit()
        assert unit is not None
        assert (unit.settings.environment.name, unit.scope, unit.namespace) == (
            environment,
            scope,
            header.header.namespace,
        )
        assert header.header.content == digest_of(encode(without_places(unit)))


def test_a_component_that_completes_its_parts_is_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: Counter[int] = Counter()

    def counted(component: Component[Any], context: Context[Any], run: declare.RunConstructs) -> DeclaredInstance:
        built[id(context.instance)] += 1
        return build(component, context, run)

    build = declare.declare_instance
    monkeypatch.setattr(declare, "declare_instance", counted)
    metrics = {"type": "prometheus", "runbooks": "https://pages.acme.example/runbooks"}
    observability = {"collector": {"type": "opentelemetry"}, "metrics": metrics}
    env_frames = frames(tmp_path, {MANIFEST: manifest(observability=observability)})
    declared = {scope: header.unit() for scope, header in headers_of(env_frames, Memory()).items()}
    instances = [instance for unit in declared.values() if unit for instance in unit.instances]
    assert any(part.scraper for part in (instance.parts for instance in instances)), "one completes its parts"
    assert {*built.values()} == {1}
    assert built.total() == len(instances)


def test_another_compiler_recalls_nothing(tmp_path: Path) -> None:
    cache, env_frames = Recorder(), frames(tmp_path)
    headers_of(env_frames, cache, "1")
    again = Recorder(cache)
    headers_of(env_frames, again, "2")
    assert len(again.put_entries) == len(SCOPES)


def contents(root: Path, changes: Mapping[str, Any]) -> set[str]:
    """Return the scopes whose content is another one with these changes."""
    before, after = headers_of(frames(root / "before"), Memory()), headers_of(frames(root / "after", changes), Memory())
    return {scope for _, scope in SCOPES if before["dev", scope].header.content != after["dev", scope].header.content}


@pytest.mark.parametrize(
    ("changes", "changed"),
    [
        ({DEV_IMAGES: images(sales="{orders: acme/orders:2.0.0}")}, {"sales"}),
        ({DEV_IMAGES: f"# moved\n{images()}"}, set()),
        ({DEV: dev(sales="{pods: 81}")}, {"sales"}),
        ({MANIFEST: manifest(compute={"type": "duckdb", "threads": 3})}, {"platform", *DOMAINS}),
        ({ORDERS: "# moved\n" + "".join(f"{key}: {value}\n" for key, value in product("orders").items())}, {"sales"}),
    ],
    ids=["image", "moved image", "override", "compute", "lines"],
)
def test_the_content_is_the_digest_of_the_declaration(
    changes: Mapping[str, Any], changed: set[str], tmp_path: Path
) -> None:
    assert contents(tmp_path, changes) == changed


def test_any_number_of_processes_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("floe_compiler.pipeline.headers.CHUNK", 1)
    env_frames = frames(tmp_path)
    alone, apart = (
        declared_headers(env_frames, scopes, {}, workers)
        for scopes, workers in ((SCOPES, ThisProcess()), (SCOPES[::-1], Processes(2)))
    )
    assert {scope: header.header for scope, header in alone.items()} == {
        scope: header.header for scope, header in apart.items()
    }


def test_a_domain_with_an_error_has_no_header_and_is_not_cached(tmp_path: Path) -> None:
    cache = Recorder()
    with pytest.raises(NotResolved):
        headers_of(
            frames(tmp_path, {DEV: dev(sales="{pods: 80}, orchestrator: {database: {server: x}}")}),
            cache,
        )
    assert cache.put_entries == []
