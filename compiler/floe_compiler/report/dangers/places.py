"""Data locations: the databases, buckets, catalogs and tables that an object names.

A new location does not have the old data. The program that reads a setting does not matter: the address of a database
or a bucket is recognized by its scheme, and other settings by the last word of their names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

from floe_compiler.model.nested_fields import at
from floe_compiler.model.object_memory import remembered
from floe_compiler.model.objects import Object
from floe_compiler.model.read_texts import read_only
from floe_compiler.report.dangers.danger import Change, Danger
from floe_compiler.report.secrecy import hide_in_text

_ADDRESS = re.compile(r"\b(?:jdbc:\w+|postgres(?:ql)?|mysql|mongodb|s3a?|gs|abfss?|wasbs?)://[^\s\"'<>,;]+")
_SETTING = re.compile(
    r"""(?im)^[ \t"'-]*(?:[\w.-]*[_.-])?(account|bucket|database|db_name|hostname|realm|s3_endpoint|warehouse)s?"""
    r"""["']?[ \t]*[:=][ \t]*["']?([^\s"',{}\[\]]+)"""
)
# The tables that a data product writes, and the domain whose name is in that of its namespace: see kit/products/.
_TABLE = re.compile(r"""(?m)^[ \t"'-]*FLOE_OUTPUT_(\w+)["']?[ \t]*[:=][ \t]*["']?([^\s"',{}\[\]]+)""")
_DOMAIN = re.compile(r"""(?m)^[ \t"'-]*FLOE_DOMAIN["']?[ \t]*[:=][ \t]*["']?([^\s"',{}\[\]]+)""")
# The store behind a catalog, in the words of Polaris: see components/catalog_polaris/management.py.
_STORE = re.compile(r"""(?m)^[ \t"'-]*endpointInternal["']?[ \t]*[:=][ \t]*["']?([^\s"',{}\[\]]+)""")
_PRODUCT = re.compile(r"""(?m)^[ \t"'-]*FLOE_PRODUCT["']?[ \t]*[:=][ \t]*["']?([^\s"',{}\[\]]+)""")
_LINEAGE = re.compile(r"""(?m)^[ \t"'-]*OPENLINEAGE_NAMESPACE["']?[ \t]*[:=][ \t]*["']?([^\s"',{}\[\]]+)""")
_IMAGE = re.compile(r"""(?m)^[ \t"'-]*image(?:Name)?["']?[ \t]*[:=][ \t]*["']?([^\s"',{}\[\]]+)""")
# How pods wait for a database, see kit/waits.py.
_WAIT = re.compile(r"\bpg_isready\b.*? -h (\S+)")
_CARRIERS = frozenset({"Cluster", "ConfigMap", "CronJob", "DaemonSet", "Deployment", "Job", "StatefulSet"})


def data_moved(change: Change) -> Iterator[Danger]:
    """Yield a danger if an object, or the one that it replaces, named a data location and now names another one."""
    former = change.before or change.former
    if change.kind not in _CARRIERS or not former or not change.after:
        return
    if not (_volumes(former) or _volumes(change.after) or _name_places(_differing_texts(former, change.after))):
        return  # what both say alike moves nothing
    before, after = (frozenset(_places(manifest, _texts(manifest))) for manifest in (former, change.after))
    gone, new = sorted(before - after), sorted(after - before)
    if gone and new:
        yield Danger("data-moved", f"uses {', '.join(new)}, but the data stays in {', '.join(gone)}")


def output_names(manifest: Object) -> frozenset[str]:
    """Return the names of the outputs that a data product's object writes, as in its variables."""
    return frozenset(name for text in _texts(manifest) for name, _ in _TABLE.findall(text))


def products(manifest: Object) -> frozenset[str]:
    """Return the names of the data products that an object runs."""
    return frozenset(name for text in _texts(manifest) for name in _PRODUCT.findall(text))


def images(manifest: Object) -> frozenset[str]:
    """Return the images that an object names, also in files of a ConfigMap."""
    return frozenset(name for text in _texts(manifest) for name in _IMAGE.findall(text))


def _volumes(manifest: Object) -> bool:
    return bool(at(manifest, ("spec", "volumeClaimTemplates")) or at(manifest, ("spec", "storage", "size")))


def _name_places(texts: Iterable[str]) -> bool:
    """Return whether texts say where data is: a product without tables says it, too."""
    return any(_PRODUCT.search(text) or next(_named_in((text,)), "") for text in texts)


def _places(manifest: Object, texts: Sequence[str]) -> Iterator[str]:
    if _volumes(manifest):
        yield "volumes of " + "/".join(str(at(manifest, ("metadata", key))) for key in ("namespace", "name"))
    if not any(_TABLE.search(text) for text in texts):
        yield from (f"tables of product {product}" for text in texts for product in _PRODUCT.findall(text))
    yield from _named_in(texts)


def _named_in(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from (f"table {table}" for _, table in _TABLE.findall(text))
        yield from (f"tables of domain {domain}" for domain in _DOMAIN.findall(text))
        yield from (f"lineage of {namespace}" for namespace in _LINEAGE.findall(text))
        yield from (hide_in_text(address) for address in _ADDRESS.findall(text))
        yield from (f"store {address}" for address in _STORE.findall(text))
        yield from (f"host {host}" for host in _WAIT.findall(text))
        for word, value in _SETTING.findall(text):
            if "://" not in value:  # found above
                yield f"{word.lower().removesuffix('name')} {value}"


@remembered
def _texts(manifest: Object) -> tuple[str, ...]:
    """Return all texts in an object, other than its metadata, each with its key on the same line, as in a file."""
    texts: list[str] = []
    _add_texts({key: value for key, value in manifest.items() if key != "metadata"}, texts)
    return tuple(texts)


def _add_texts(value: Any, texts: list[str]) -> None:
    if isinstance(value, dict):
        if _is_variable(value):
            value = {str(value["name"]): value["value"]}
        for key, item in value.items():
            document = _document(item)
            if isinstance(document, str):
                texts.append(document if "\n" in document else f"{key}={document}")
            elif isinstance(document, dict | list):
                _add_texts(document, texts)
    elif isinstance(value, list):
        for item in value:
            _add_texts(item if isinstance(item, dict | list) else {"": item}, texts)


def _differing_texts(before: Any, after: Any) -> set[str]:
    """Return the texts (`_texts`) that one of two objects has, and the other one not in the parts that differ."""
    before, after = ({key: item for key, item in value.items() if key != "metadata"} for value in (before, after))
    ours: list[str] = []
    theirs: list[str] = []
    _add_differing(before, after, ours, theirs)
    return {*ours} ^ {*theirs}


def _add_differing(before: Any, after: Any, ours: list[str], theirs: list[str]) -> None:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict) and not _is_variable(before) and not _is_variable(after):
        for key in before.keys() | after.keys():
            one, other = (_document(value.get(key)) for value in (before, after))
            if isinstance(one, str) or isinstance(other, str):
                _add_texts({key: one}, ours)
                _add_texts({key: other}, theirs)
            else:
                _add_differing(one, other, ours, theirs)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for one, other in zip(before, after, strict=True):
            _add_differing(one, other, ours, theirs)
    else:
        _add_texts([before], ours)
        _add_texts([after], theirs)


def _is_variable(value: dict[str, Any]) -> bool:
    return "name" in value and "value" in value


def _document(value: Any) -> Any:
    """Return the value, parsed if it is a JSON document, or an object in YAML, as Airflow's pods are."""
    return _parsed(value) if isinstance(value, str) and value.startswith(("{", "apiVersion:")) else value


@lru_cache(maxsize=1024)  # most are the same before and after a change, and several questions are asked of each
def _parsed(text: str) -> Any:
    """Return the data of a document, which nobody may change; the text itself if it is not a document."""
    if text.startswith("{"):
        with suppress(ValueError):
            return json.loads(text)
        return text
    data = read_only(text)
    return text if data is None else data
