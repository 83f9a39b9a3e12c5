"""The header of each unit: taken from the cache if nothing that it depends on has changed, or made anew."""

from __future__ import annotations

import pickle
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter

import msgspec
from msgspec.structs import replace

from floe_compiler.cache.store import Cache
from floe_compiler.declare import declare
from floe_compiler.declare.completion import completed
from floe_compiler.derive import mesh_facts
from floe_compiler.derive.linked import linked_servers as derived_servers
from floe_compiler.model.codec import decode, decode_own, digest_of, encode
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.links import LinkedServers
from floe_compiler.model.mesh_facts import MeshFacts
from floe_compiler.model.plan import SHARED, DeclaredUnit, Product
from floe_compiler.model.sites import environment_of
from floe_compiler.model.spill import Kept, Spill, content
from floe_compiler.model.unit_facts import UnitFacts, unit_facts
from floe_compiler.model.unit_header import UnitHeader
from floe_compiler.pipeline.header_keys import header_keys
from floe_compiler.pipeline.turns import in_turns
from floe_compiler.pipeline.workers import Workers
from floe_compiler.resolve.connecting import connect
from floe_compiler.resolve.domain import resolve_domain
from floe_compiler.resolve.frame import Frame
from floe_compiler.resolve.products import Key, WrittenProduct, domain_products
from floe_compiler.synthesize.python_constructs import objects_of

KIND = "headers"
FEW = 8
"""Up to this many units are declared and compiled in this process, and not packed: starting others takes longer."""

CHUNK = 16
"""Scopes that one process resolves at a time, in all environments: about 0.1 s."""

Scope = tuple[str, str]
"""Environment and scope. Here and elsewhere in the pipeline, an environment is a site: in one of its clusters."""

SharedInputs = tuple[Mapping[str, Frame], Mapping[str, MeshFacts], bool]
"""The environments, the facts of their namespaces as far as these are known, and whether units are to be packed."""

Declared = DeclaredUnit | Kept
"""What a unit declares. For other processes, and if there are many, it is packed."""

ScopeOf = tuple[str, Mapping[str, Declared | None]]
"""A scope, with what it has declared in each environment so far: None if its components are still to be built."""

NOTHING: Mapping[Scope, Declared | None] = {}


class NotResolved(Exception):
    """A scope has errors. Resolving everything at once reports them, together with those of all other scopes."""


class Header(msgspec.Struct, frozen=True):
    """A unit's header; and what the unit declares, if the header was made anew: packed, unless there are few.

    Those of all environments are in memory at once, so they are encoded: decoded, they are four times as large.
    """

    encoded: bytes
    incomplete: bool = False
    """Whether more may follow from the facts of all namespaces."""

    definitions: tuple[str, ...] = ()
    """The CustomResourceDefinitions that its components render, as YAML."""

    has_charts: bool = False
    declared: Declared | None = None
    key: str = ""
    """The digest of everything that the unit declares follows from; empty if it is not known."""

    @classmethod
    def of(cls, header: UnitHeader, encoded: bytes, declared: Declared | None = None, key: str = "") -> Header:
        """Return a header, given its encoded form, too."""
        return cls(encoded, header.facts.incomplete, header.facts.definitions, bool(header.charts), declared, key)

    @property
    def header(self) -> UnitHeader:
        """The header, decoded each time."""
        return decode_own(self.encoded, UnitHeader)

    def unit(self) -> DeclaredUnit | None:
        """Return what the unit declares; None if the header came from the cache."""
        return None if self.declared is None else declared_unit(self.declared)


def _packed(declared: DeclaredUnit) -> bytes:
    """Return a unit for other processes."""
    return zlib.compress(pickle.dumps(declared, protocol=pickle.HIGHEST_PROTOCOL), zlib.Z_BEST_SPEED)


def declared_unit(declared: Declared) -> DeclaredUnit:
    """Return a unit that a process of the same run has declared."""
    if isinstance(declared, DeclaredUnit):
        return declared
    data = zlib.decompress(content(declared))
    unit: DeclaredUnit = pickle.loads(data)  # noqa: S301 -- from this run: nobody else can write where it was kept
    return unit


def headers(frames: Mapping[str, Frame], compiler: str, store: Cache, workers: Workers) -> Mapping[Scope, Header]:
    """Return the header of each unit of these environments.

    Args:
        frames: The environments.
        compiler: The digest of the compiler.
        store: The headers of earlier runs.
        workers: Make the others.

    Raises NotResolved if a scope has errors.
    """
    keys = {
        (environment, scope): key
        for environment, frame in frames.items()
        for scope, key in header_keys(frame, compiler).items()
    }
    first = _cached_or_declared(frames, keys, {}, store, workers)
    # Some components add objects that depend on the facts of all units, which are known only now.
    incomplete = [unit for unit, header in first.items() if header.incomplete]
    facts = {environment: facts_of(first, frames, environment) for environment in sorted({of for of, _ in incomplete})}
    digests = {environment: digest_of(encode(mesh)) for environment, mesh in facts.items()}
    completed_keys = {unit: digest_of(keys[unit], digests[unit[0]]) for unit in incomplete}
    declared = {unit: first[unit].declared for unit in incomplete}
    return {**first, **_cached_or_declared(frames, completed_keys, facts, store, workers, declared)}


def headers_in(headers: Mapping[Scope, Header], environment: str) -> list[UnitHeader]:
    """Return the headers of the units of an environment, decoded."""
    return [header.header for (of, _), header in headers.items() if of == environment]


def facts_of(headers: Mapping[Scope, Header], frames: Mapping[str, Frame], environment: str) -> MeshFacts:
    """Return the facts of all namespaces of an environment that components may ask for."""
    frame = frames[environment]
    facts = (header.facts for header in headers_in(headers, environment))
    return mesh_facts(facts, frame.ingress, linked_servers(headers, frames, frame))


def linked_servers(headers: Mapping[Scope, Header], frames: Mapping[str, Frame], frame: Frame) -> LinkedServers | None:
    """Return what a cluster opens to other clusters of its environment; None if it does not."""

    def facts() -> Iterator[tuple[UnitFacts, str]]:
        for (site, _), header in headers.items():
            if environment_of(site) == frame.site.environment:
                reached_at = frames[site].environment.cluster.reached_at
                yield header.header.facts, reached_at.cidr if reached_at else ""

    return derived_servers(frame.linking, frame.settings.cluster.name, facts())


def _cached_or_declared(
    frames: Mapping[str, Frame],
    keys: Mapping[Scope, str],
    facts: Mapping[str, MeshFacts],
    store: Cache,
    workers: Workers,
    declared: Mapping[Scope, Declared | None] = NOTHING,
) -> Mapping[Scope, Header]:
    """Return the headers of units in the order of `keys`, their keys in the cache."""
    found: dict[Scope, Header] = {}
    for units in in_turns(keys, itemgetter(0)):
        for unit in units:
            data = store.get(KIND, keys[unit])
            header = decode(data, UnitHeader) if data else None
            if data and header is not None:
                found[unit] = Header.of(header, data, key=keys[unit])
        missing = [unit for unit in units if unit not in found]
        for unit, new in declared_headers(frames, missing, facts, workers, declared).items():
            store.put(KIND, keys[unit], new.encoded)
            found[unit] = replace(new, key=keys[unit])
    return {unit: found[unit] for unit in keys}


def declared_headers(
    frames: Mapping[str, Frame],
    units: Sequence[Scope],
    facts: Mapping[str, MeshFacts],
    workers: Workers,
    declared: Mapping[Scope, Declared | None] = NOTHING,
) -> Mapping[Scope, Header]:
    """Return the headers of these units, with what the units declare. Raises NotResolved.

    Without the `facts` of its environment, a unit lacks the objects that its components derive from these. The
    components of units that have `declared` what does not depend on these are not built again.
    """
    environments: dict[str, dict[str, Declared | None]] = defaultdict(dict)
    for environment, scope in units:
        environments[scope][environment] = declared.get((environment, scope))
    items = [*environments.items()]
    chunks = [tuple(items[start : start + CHUNK]) for start in range(0, len(items), CHUNK)]
    shared, spill = (frames, facts, len(units) > FEW), Spill()
    results = (result for chunk in workers.map(_make, shared, chunks) for result in chunk)
    return {unit: _kept(header, spill) for unit, header in results}


def _kept(header: Header, spill: Spill) -> Header:
    """Return a header with what the unit declares in a file, if it is packed."""
    return replace(header, declared=spill.put(header.declared)) if isinstance(header.declared, bytes) else header


def _make(shared: SharedInputs, items: Sequence[ScopeOf]) -> list[tuple[Scope, Header]]:
    return [result for scope, environments in items for result in _scope(shared, scope, environments)]


def _scope(
    shared: SharedInputs, name: str, environments: Mapping[str, Declared | None]
) -> Iterator[tuple[Scope, Header]]:
    findings = Findings()
    frames, facts, is_packed = shared
    valid: Mapping[Key, WrittenProduct] = {}
    if name not in SHARED:
        sources = next(iter(frames.values())).inputs.sources
        valid = domain_products(name, sources.domains[name], findings)
    for environment, known in environments.items():
        own, frame = Findings([*findings.diagnostics]), frames[environment]
        scope = frame.shared.get(name) if name in SHARED else resolve_domain(frame, name, valid, own)
        if scope is None or own.failed:
            raise NotResolved
        unit = connect(frame, scope, frame.provided, own)
        if own.failed:
            raise NotResolved
        declared = declare(unit, objects_of) if known is None else declared_unit(known)
        if environment in facts:
            declared = completed(unit, declared, facts[environment])
        header = UnitHeader(
            scope=unit.scope,
            namespace=unit.namespace,
            owner=unit.owner,
            content=digest_of(encode(without_places(declared))),
            facts=unit_facts(declared),
            external_databases=unit.external_databases,
            warnings=own.finish(),
            charts=unit.charts,
        )
        yield (environment, name), Header.of(header, encode(header), _packed(declared) if is_packed else declared)


def without_places(declared: DeclaredUnit) -> DeclaredUnit:
    """Return what a unit declares without the places where an environment names images and secrets of products.

    Only errors name these, and a unit with an error is never kept. So a line that moves in a file of all domains, such
    as images.yaml, compiles nothing.
    """
    return replace(
        declared,
        instances=tuple(
            replace(
                declared_instance,
                instance=replace(
                    declared_instance.instance,
                    products=tuple(
                        _without_places_elsewhere(product) for product in declared_instance.instance.products
                    ),
                ),
            )
            if declared_instance.instance.products
            else declared_instance
            for declared_instance in declared.instances
        ),
    )


def _without_places_elsewhere(product: Product) -> Product:
    file = product.origin.file if product.origin else ""
    image = product.image_origin
    return replace(
        product,
        image_origin=image if image and image.file == file else None,
        secret_origins=tuple(origin for origin in product.secret_origins if origin[1].file == file),
    )
