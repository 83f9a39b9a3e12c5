"""The owners that the documents name, as CODEOWNERS of GitHub and GitLab has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from floe_compiler.model.output_paths import OUTPUT
from floe_compiler.model.sources import Sources

BEGIN = "# Written by `floe-compile codeowners --write` from the owners that the documents name:"
END = "# Written by floe-compile until here."


def block(sources: Sources) -> str:
    """Return the lines for all documents, from `BEGIN` to `END`; of two that match a file, the later one counts.

    An owner of a domain has its whole folder, that of a product the product's document. Nobody needs to approve the
    output: it is what the inputs compile to, which `floe-compile check` proves.
    """
    return "".join(f"{line}\n" for line in (BEGIN, *_lines(sources), END))


def output_block(sources: Sources, index_path: Callable[[str], str]) -> str:
    """Return the lines for an output in a repository of its own, from `BEGIN` to `END`.

    The inputs are approved elsewhere. Here, an environment's owner approves what reaches it. `index_path` returns the
    path of its index.
    """
    top = _top(sources)
    lines = (
        f"{top}{path} {_owner(environment.data)}"
        for name, environment in sorted(sources.environments.items())
        for path in (f"{OUTPUT}/{name}/", index_path(name))
    )
    return "".join(f"{line}\n" for line in (BEGIN, *lines, END))


def replaced(text: str, lines: str) -> str:
    """Return the text of a CODEOWNERS file with a new block in the place of the old one, or at its end."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(f"{END}\n")
    if begin and end:
        return f"{before}{lines}{after}"
    gap = "\n" if text and not text.endswith("\n\n") else ""
    return f"{text}{gap}{lines}"


def _lines(sources: Sources) -> Iterator[str]:
    top = _top(sources)
    platform = _owner(sources.manifest.data)
    yield f"{top if sources.path else '*'} {platform}"
    for name, environment in sorted(sources.environments.items()):
        yield f"{top}overlays/{name}/ {_owner(environment.data)}"
    for name, domain in sorted(sources.domains.items()):
        owner = _owner(domain.document.data)
        yield f"{top}domains/{name}/ {owner}"
        for product, document in sorted(domain.products.items()):
            if (own := _owner(document.data)) != owner:
                yield f"{top}domains/{name}/products/{product}.yaml {own}"
    yield f"{top}{OUTPUT}/"


def _top(sources: Sources) -> str:
    return f"/{sources.path}/" if sources.path and sources.path != "." else "/"


def _owner(data: object) -> str:
    """Return a document's owner, as a mail address or with the `@` of a handle."""
    owner = str(data["metadata"]["owner"])  # type: ignore[index]  # the schema has been checked
    return owner if "@" in owner else f"@{owner}"
