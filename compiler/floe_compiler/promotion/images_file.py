"""Edits the text of an images.yaml: comments, quotes and the order of lines stay as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import StringIO
from typing import TYPE_CHECKING, Any

from floe_compiler.model.inputs import Metadata

if TYPE_CHECKING:
    from ruamel.yaml.comments import CommentedMap

_AFTER = 2
"""Where ruamel.yaml keeps the comment after a value, with all lines of comments up to the next key."""
_WIDEST = 1_000_000
"""No line is broken."""


def new_text(metadata: Metadata) -> str:
    """Return the text of a file without images; `metadata` is that of the environment."""
    return (
        "# yaml-language-server: $schema=../../schemas/product-images.schema.json\n"
        "apiVersion: floe.dev/v1\n"
        "kind: ProductImages\n"
        f"metadata:\n  name: {metadata.name}\n  owner: {_quoted(metadata.owner)}\n"
        "images: {}\n"
    )


def with_images(text: str, images: Mapping[tuple[str, str], str]) -> str:
    """Return the text of a valid file with these images, by domain and product; new lines come last.

    Args:
        text: The text so far.
        images: The images to set.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _WIDEST
    yaml.indent(mapping=_indent(text))
    yaml.explicit_start = bool(re.search(r"^---", text, re.MULTILINE))
    document = yaml.load(text.replace("\r\n", "\n"))
    domains = document["images"]
    for (domain, product), image in images.items():
        if domain not in domains:
            _append(domains, domain, CommentedMap({product: image}))
        elif product not in domains[domain]:
            _append(domains[domain], product, image)
        else:
            domains[domain][product] = _in_quotes_of(domains[domain][product], image)
    written = StringIO()
    yaml.dump(document, written)
    return written.getvalue().replace("\n", "\r\n") if "\r\n" in text else written.getvalue()


def _indent(text: str) -> int:
    """Return by how many columns the text indents."""
    indent = re.search(r"^( +)[^\s#]", text, re.MULTILINE)
    return len(indent[1]) if indent else 2


def _in_quotes_of(old: str, image: str) -> str:
    return type(old)(image)


def _quoted(text: str) -> str:
    return text if text[0].isalnum() else f'"{text}"'


def _append(mapping: CommentedMap, key: str, value: Any) -> None:
    """Add a key at the end of a mapping. The lines of comments that follow the mapping stay behind it."""
    from ruamel.yaml.tokens import CommentToken

    if not mapping:
        mapping.fa.set_block_style()
    above, last = _last(mapping)
    comment = above.ca.items[last][_AFTER] if last in above.ca.items else None
    mapping[key] = value
    if comment is None:
        return
    own, line_break, behind = comment.value.partition("\n")
    if behind:
        comment.value = own + line_break
        below, end = _last(mapping)
        below.ca.items[end] = [None, None, CommentToken(line_break + behind, comment.start_mark, None), None]


def _last(mapping: Any) -> tuple[CommentedMap, Any]:
    """Return the last key in a mapping, or in the mappings at its end, and the mapping that it is in."""
    last: Any = next(reversed(mapping), None)
    below: Any = mapping[last] if last is not None else None
    return _last(below) if isinstance(below, dict) and below else (mapping, last)
