"""`floe-compile new`: add a domain, a data product or an environment to a mesh, or begin a component."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from floe_compiler.commands.codeowners import write_owners
from floe_compiler.commands.exit_codes import DONE, UsageError
from floe_compiler.commands.new_files import show_values, write_new
from floe_compiler.commands.options import add_repository, find_root
from floe_compiler.model.layout import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EXAMPLES = """\
examples:
  floe-compile new domain finance
  floe-compile new product finance/revenue    a domain that is missing is added, too
  floe-compile new environment staging
  floe-compile new environment prod --cluster shared=platform --cluster us=sales,finance
  floe-compile new component backstage --slot portal    a Python package, in the folder portal-backstage
"""

COMPONENT = "component"
KINDS = ("domain", "product", "environment", COMPONENT)


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = EXAMPLES
    parser.add_argument("kind", choices=KINDS, metavar="KIND", help=f"what to add: {', '.join(KINDS)}")
    parser.add_argument("name", metavar="NAME", help="its name; of a product: DOMAIN/NAME; of a component: its type")
    parser.add_argument("--owner", help="its owner: a mail address or a handle (default: that of the platform)")
    parser.add_argument(
        "--cluster",
        action="append",
        default=[],
        metavar="NAME=RUNS",
        help="of an environment: one of several clusters, and what runs in it (repeatable; default: one for all)",
    )
    parser.add_argument("--slot", help="of a component: what it fills, new or not, such as portal or catalog")
    add_repository(parser)
    parser.set_defaults(format="text")


def run(options: Namespace) -> int:
    """Write the files, and list the fields to fill in."""
    if options.kind == COMPONENT:
        return _component(options)
    if options.slot:
        raise UsageError(f"--slot is for a new component, not for a new {options.kind}")
    root = find_root(options.root)
    if not (root / MANIFEST).is_file():
        raise UsageError(f"there is no {MANIFEST} here; begin with: floe-compile init")
    files = _files(root, options)
    *_, file = files
    if (root / file).exists():
        raise UsageError(f"{file} exists")
    written = write_new(root, files)
    write_owners(root, root, only_anew=True)
    show_values({path: files[path] for path in written})
    sys.stdout.write("Then: floe-compile diff shows what it compiles to, and floe-compile writes that.\n")
    return DONE


def _component(options: Namespace) -> int:
    """Write the package of a component into a folder of its own, in this folder or that of `--root`."""
    from floe_compiler.commands.new_component import component_files

    if not options.slot:
        raise UsageError(f"new component {options.name}: say what it fills, such as --slot portal")
    _check("name", options.name)
    root = options.root or Path()
    files = component_files(options.name, options.slot)
    folder = next(iter(files)).partition("/")[0]
    if (root / folder).exists():
        raise UsageError(f"{folder} exists")
    write_new(root, files)
    show_values(files)
    sys.stdout.write(f"Then: cd {folder}, pip install --editable '.[dev]', pytest. See README.md there.\n")
    return DONE


def _files(root: Path, options: Namespace) -> Mapping[str, str]:
    """Return the texts of the files, that of what is asked for last. Raises UsageError for a wrong name or owner."""
    from floe_compiler.start import documents

    manifest = _manifest(root)
    owner = str(options.owner or manifest["metadata"]["owner"])
    _check("owner", owner)
    if options.kind == "environment":
        _check("name", options.name)
        clusters = _clusters(options.cluster)
        return {f"overlays/{options.name}/environment.yaml": _environment(manifest, options.name, owner, clusters)}
    if options.cluster:
        raise UsageError(f"--cluster is for a new environment, not for a new {options.kind}")
    domain, _, product = options.name.partition("/")
    if (options.kind == "product") != bool(product):
        form = "DOMAIN/NAME, such as sales/orders" if options.kind == "product" else "its name alone"
        raise UsageError(f"new {options.kind} {options.name}: write {form}")
    _check("domain", domain)
    files = {f"domains/{domain}/domain.yaml": documents.domain(domain, owner)}
    if product:
        _check("name", product)
        files[f"domains/{domain}/products/{product}.yaml"] = documents.product(product, domain, owner)
    return files


def _clusters(texts: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Return what runs in each cluster, by its name. Raises UsageError for a text that is wrong, or a name twice."""
    clusters: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, runs = _cluster(text)
        if name in clusters:
            both = ",".join((*clusters[name], *runs))
            raise UsageError(f"--cluster {text}: {name} is named before; write it once: --cluster {name}={both}")
        clusters[name] = runs
    return clusters


def _cluster(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the name of a cluster, and what runs in it. Raises UsageError if the text says something else."""
    name, equals, runs = text.partition("=")
    words = tuple(filter(None, runs.split(",")))
    if not equals or not words:
        raise UsageError(f"--cluster {text}: write its name and what runs in it, such as us=sales,finance")
    for word in (name, *words):
        _check("name", word)
    return name, words


def _check(field: str, text: str) -> None:
    from floe_compiler.start.answers import QUESTIONS

    question = next(known for known in QUESTIONS if known.field == field)
    if wrong := question.wrong(text):
        raise UsageError(wrong)


def _manifest(root: Path) -> Mapping[str, Any]:
    """Return what the manifest says. Raises StageFailed if a document is wrong."""
    from floe_compiler.components import registry
    from floe_compiler.load.input_tree import read_inputs
    from floe_compiler.load.mesh import load
    from floe_compiler.resolve.schemas import plain_schemas

    sources, _ = load(read_inputs(root), plain_schemas(registry()))
    return dict(sources.manifest.data)


def _environment(manifest: Mapping[str, Any], name: str, owner: str, clusters: Mapping[str, tuple[str, ...]]) -> str:
    """Return the document of an environment that has what the manifest says, and backups if it says nothing of them."""
    from floe_compiler.start import documents
    from floe_compiler.start.answers import answers_of

    answers = {
        "name": manifest["metadata"]["name"],
        "owner": owner,
        "orchestrator": manifest["orchestrator"]["type"],
        "delivery": manifest["delivery"]["type"],
        "storage": documents.IN_CLUSTER if "catalog" in manifest else "none",
    }
    return documents.environment(answers_of(answers), name, clusters)
