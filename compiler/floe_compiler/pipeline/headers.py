"""The header of each unit: taken from the cache if nothing that it depends on has changed, or made anew.

The header of a domain in an environment depends on the domain's documents, on what the environment says of the domain,
and on the *frame*: everything that all domains of the environment share.
"""

from __future__ import annotations

import pickle
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from floe_compiler.cache.store import Cache
from floe_compiler.declare import declare
from floe_compiler.declare.completion import completed
from floe_compiler.derive import mesh_facts
from floe_compiler.derive.linked import linked_servers as derived_servers
from floe_compiler.model.capabilities import Capability
from floe_compiler.model.codec import decode, digest_of, encode
from floe_compiler.model.diagnostics import Findings
from floe_compiler.model.document import DataPath, Document
from floe_compiler.model.links import LinkedServers
from floe_compiler.model.mesh_facts import MeshFacts
from floe_compiler.model.object_memory import answer_to
from floe_compiler.model.plan import NODES, PLATFORM, SHARED, DeclaredUnit, Product
from floe_compiler.model.sites import environment_of
from floe_compiler.model.unit_facts import UnitFacts, unit_facts
from floe_compiler.model.unit_header import UnitHeader
from floe_compiler.pipeline.workers import Workers
from floe_compiler.resolve.connecting import connect
from floe_compiler.resolve.domain import resolve_domain
from floe_compiler.resolve.frame import Frame
from floe_compiler.resolve.presence import domains_served
from floe_compiler.resolve.product_overrides import IMAGES
from floe_compiler.resolve.products import Key, WrittenProduct, domain_products
from floe_compiler.synthesize.python_constructs import objects_of

KIND = "headers"
FEW = 8
"""So few units are declared and compiled in this process: starting others would take longer. They are not packed."""

CHUNK = 16
"""Scopes that one process resolves at a time, in all environments: about 0.1 s."""

DOMAINS = "domains"
"""The key of an environment's document under which it overrides single domains."""

Scope = tuple[str, str]
"""Environment and scope. Here and elsewhere in the pipeline, an environment is a site: in one of its clusters."""

Known = tuple[Mapping[str, Frame], Mapping[str, MeshFacts], bool]
"""The environments, the facts of their namespaces as far as these are known, and whether units are to be packed."""

Declared = DeclaredUnit | bytes
"""What a unit declares. For other processes, and if there are many, it is packed."""


class NotResolved(Exception):
    """A scope has errors. Resolving everything at once reports them, together with those of all other scopes."""


class Header(msgspec.Struct, frozen=True):
    """A unit's header; and what the unit declares, if the header was made anew: packed, unless there are few."""

    header: UnitHeader
    declared: Declared | None = None
    key: str = ""
    """The digest of everything that the unit declares follows from; empty if it is not known."""

    def unit(self) -> DeclaredUnit | None:
        """Return what the unit declares; None if the header came from the cache."""
        return None if self.declared is None else declared_unit(self.declared)


def _packed(declared: DeclaredUnit) -> bytes:
    """Return a unit for other processes. Those of all environments are in memory at once, so each is compressed."""
    return zlib.compress(pickle.dumps(declared, protocol=pickle.HIGHEST_PROTOCOL), zlib.Z_BEST_SPEED)


def declared_unit(declared: Declared) -> DeclaredUnit:
    """Return a unit that a process of the same run has declared."""
    if isinstance(declared, DeclaredUnit):
        return declared
    unit: DeclaredUnit = pickle.loads(zlib.decompress(declared))  # noqa: S301 -- never read from disk
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
        for scope, key in _keys(frame, compiler).items()
    }
    first = _kept_or_made(frames, keys, {}, store, workers)
    facts = environment_facts(first, frames)
    digests = {environment: digest_of(encode(mesh)) for environment, mesh in facts.items()}
    # Some components add objects that depend on the facts of all units, which are known only now.
    incomplete = {
        unit: digest_of(keys[unit], digests[unit[0]])
        for unit, header in first.items()
        if header.header.facts.incomplete
    }
    return {**first, **_kept_or_made(frames, incomplete, facts, store, workers)}


def environment_facts(headers: Mapping[Scope, Header], frames: Mapping[str, Frame]) -> Mapping[str, MeshFacts]:
    """Return, for each environment, the facts of all its namespaces that components may ask for."""
    units: dict[str, list[UnitFacts]] = defaultdict(list)
    for (environment, _), header in headers.items():
        units[environment].append(header.header.facts)
    return {
        environment: mesh_facts(own, frames[environment].ingress, linked_servers(headers, frames, frames[environment]))
        for environment, own in units.items()
    }


def linked_servers(headers: Mapping[Scope, Header], frames: Mapping[str, Frame], frame: Frame) -> LinkedServers | None:
    """Return what a cluster opens to other clusters of its environment; None if it does not."""

    def facts() -> Iterator[tuple[UnitFacts, str]]:
        for (site, _), header in headers.items():
            if environment_of(site) == frame.site.environment:
                reached_at = frames[site].environment.cluster.reached_at
                yield header.header.facts, reached_at.cidr if reached_at else ""

    return derived_servers(frame.linking, frame.settings.cluster.name, facts())


def _kept_or_made(
    frames: Mapping[str, Frame],
    keys: Mapping[Scope, str],
    facts: Mapping[str, MeshFacts],
    store: Cache,
    workers: Workers,
) -> Mapping[Scope, Header]:
    """Return the headers of units in the order of `keys`, their keys in the cache."""
    kept: dict[Scope, Header] = {}
    for unit, key in keys.items():
        data = store.get(KIND, key)
        header = decode(data, UnitHeader) if data else None
        if header is not None:
            kept[unit] = Header(header, key=key)
    made = made_headers(frames, [unit for unit in keys if unit not in kept], facts, workers)
    for unit, new in made.items():
        store.put(KIND, keys[unit], encode(new.header))
    return {unit: kept.get(unit) or replace(made[unit], key=keys[unit]) for unit in keys}


def made_headers(
    frames: Mapping[str, Frame], units: Sequence[Scope], facts: Mapping[str, MeshFacts], workers: Workers
) -> Mapping[Scope, Header]:
    """Return the headers of these units, with what the units declare. Raises NotResolved.

    Without the `facts` of its environment, a unit lacks the objects that its components derive from these.
    """
    environments: dict[str, list[str]] = defaultdict(list)
    for environment, scope in units:
        environments[scope].append(environment)
    items = [(scope, tuple(names)) for scope, names in environments.items()]
    chunks = [tuple(items[start : start + CHUNK]) for start in range(0, len(items), CHUNK)]
    known = frames, facts, len(units) > FEW
    return {unit: header for made in workers.map(_make, known, chunks) for unit, header in made}


def _make(known: Known, items: Sequence[tuple[str, tuple[str, ...]]]) -> list[tuple[Scope, Header]]:
    return [made for scope, environments in items for made in _scope(known, scope, environments)]


def _scope(known: Known, name: str, environments: Iterable[str]) -> Iterator[tuple[Scope, Header]]:
    findings = Findings()
    frames, facts, is_packed = known
    valid: Mapping[Key, WrittenProduct] = {}
    if name not in SHARED:
        sources = next(iter(frames.values())).inputs.sources
        valid = domain_products(name, sources.domains[name], findings)
    for environment in environments:
        own, frame = Findings([*findings.diagnostics]), frames[environment]
        scope = frame.shared.get(name) if name in SHARED else resolve_domain(frame, name, valid, own)
        if scope is None or own.failed:
            raise NotResolved
        unit = connect(frame, scope, frame.provided, own)
        if own.failed:
            raise NotResolved
        declared = declare(unit, objects_of)
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
        yield (environment, name), Header(header, _packed(declared) if is_packed else declared)


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


def _keys(frame: Frame, compiler: str) -> Mapping[str, str]:
    """Return, for each scope of an environment, the digest of everything that its header depends on."""
    sources = frame.inputs.sources
    common, overrides = _parts(frame.document, frame.site.name)
    images = _parts(frame.overrides.images, frame.site.name, IMAGES)[1] if frame.overrides.images else {}
    manifests = (manifest.digest for manifest in sources.manifests)
    start = digest_of(compiler, frame.site.name, *manifests, common, encode(frame.settings.trust))
    provided = _capability_digest(frame.provided)
    domains = domains_served(sources, frame.all_domains, frame.overrides)
    elsewhere = encode(frame.elsewhere) if frame.elsewhere else ""
    keys = {PLATFORM: digest_of(start, elsewhere, encode(frame.served), *domains)}
    if frame.nodes:
        keys[NODES] = digest_of(start, NODES, provided(NODES), *domains)
    for name in frame.domains:
        keys[name] = digest_of(
            start,
            name,
            overrides.get(name, ""),
            images.get(name, ""),
            provided(name),
            *(document.digest for document in sources.domains[name].documents()),
        )
    return keys


def _capability_digest(capabilities: Iterable[Capability]) -> Callable[[str], str]:
    """Return a function that returns the digest of the capabilities as seen by a domain.

    Most capabilities are the same for all scopes, and are encoded only once.
    """
    known = tuple(capabilities)
    differing = [capability for capability in known if type(capability).about is not Capability.about]
    common = digest_of(*(encode(capability) for capability in known if capability not in differing))

    def digest(domain: str) -> str:
        return digest_of(common, *(encode(capability.about(domain)) for capability in differing))

    return digest


def _parts(document: Document, site: str, domains: str = DOMAINS) -> tuple[str, Mapping[str, str]]:
    """Return the digest of a document of an environment without its domains, and that of each domain in it.

    Lines and columns count, since errors and `explain` show them. `domains` is the key that the domains are below. In
    each of its clusters (`site`), an environment is a document of its own, with the digest of the same file.
    """
    return answer_to(((_parts, site, domains), document.digest), lambda: _made_parts(document, domains))


def _made_parts(document: Document, domains: str) -> tuple[str, Mapping[str, str]]:
    common: list[Any] = []
    own: dict[str, list[Any]] = defaultdict(list)
    for kind, places in (("key", document.keys), ("value", document.values)):
        for path, span in places.items():
            (own[str(path[1])] if _is_below(path, domains) else common).append((kind, path, span.line, span.column))
    for path, text in document.raw.items():
        (own[str(path[1])] if _is_below(path, domains) else common).append(("raw", path, text))
    data = {key: value for key, value in document.data.items() if key != domains}
    said = document.data.get(domains) or {}
    return digest_of(encode([data, common])), {
        name: digest_of(encode([said.get(name), places])) for name, places in own.items()
    }


def _is_below(path: DataPath, key: str) -> bool:
    return len(path) > 1 and path[0] == key
