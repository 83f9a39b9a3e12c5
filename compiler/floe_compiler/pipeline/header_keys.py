"""The key of each unit's header in the cache: the digest of everything that the header depends on.

The header of a domain in an environment depends on the domain's documents, on what the environment says of the domain,
and on the *frame*: everything that all domains of the environment share.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from floe_compiler.model.capabilities import Capability
from floe_compiler.model.codec import digest_of, encode
from floe_compiler.model.document import DataPath, Document
from floe_compiler.model.object_memory import answer_to
from floe_compiler.model.plan import NODES, PLATFORM
from floe_compiler.resolve.frame import Frame
from floe_compiler.resolve.presence import domains_served
from floe_compiler.resolve.product_overrides import IMAGES

DOMAINS = "domains"
"""The key of an environment's document under which it overrides single domains."""


def header_keys(frame: Frame, compiler: str) -> Mapping[str, str]:
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
    all_capabilities = tuple(capabilities)
    differing = [capability for capability in all_capabilities if type(capability).about is not Capability.about]
    common = digest_of(*(encode(capability) for capability in all_capabilities if capability not in differing))

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
    by_domain = document.data.get(domains) or {}
    return digest_of(encode([data, common])), {
        name: digest_of(encode([by_domain.get(name), places])) for name, places in own.items()
    }


def _is_below(path: DataPath, key: str) -> bool:
    return len(path) > 1 and path[0] == key
