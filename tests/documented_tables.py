"""Writes the tables of the README and of pages in docs/ anew from what they are about: `make docs`.

A table lies between `<!-- table: NAME -->` and `<!-- end of table -->`; `TABLES` has the names. `python
tests/documented_tables.py` writes the pages, with `--check` it shows what would change instead, and fails if anything
would.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from difflib import unified_diff
from functools import cache
from itertools import groupby
from pathlib import Path

import yaml

import documented_verbs
from component_facts import facts_table
from floe_compiler.commands.component_tables import choices_table, numbers_table, quotas_table
from floe_compiler.commands.components import Choice, choices
from floe_compiler.components import built_in
from floe_compiler.kit.ingress import ingress_instance
from floe_compiler.model.accounts import AS_ITSELF
from floe_compiler.model.demand import demand
from floe_compiler.model.facts import named_pods
from floe_compiler.model.objects import Object, ObjectSet
from floe_compiler.model.plan import DeclaredInstance
from floe_compiler.model.quantities import ZERO, Quantity
from floe_compiler.model.workloads import workload
from floe_compiler.report.dangers import WORDS
from floe_compiler.report.markdown_table import code, markdown_table
from plans import plan_environment, plan_mesh

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", *(DOCS / f"{name}.md" for name in ("commands", "components", "delivery", "clouds")))
CLOUDS = ROOT / "tests/meshes/clouds"
MESHES = (ROOT, ROOT / "tests/meshes/operators", CLOUDS)
OUTPUT = ROOT / "output"

TABLE = re.compile(r"(<!-- table: ([^\n]*) -->\n)(.*?)(<!-- end of table -->\n)", re.DOTALL)
SECTION = re.compile(r"^## ([^\n]*)\n\n<!-- about ([^\n]*) -->$", re.MULTILINE)
"""The heading of a section, and the components that it is about: `catalog polaris, catalog rest`."""

HEADING = re.compile(r"^(##|###) ([^\n]*)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
UNREAD = ("configmap_", "networkpolicy.", "role", "service")
"""How the names of files begin that say nothing of what is requested or read from a store."""

COUNTED = ("requests.cpu", "requests.memory", "requests.storage")

Table = Callable[[str, str], str]
"""Returns a table, given the text of its page, and what follows its name in the marker."""


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` show how they differ from what they should be."""
    stale = False
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        current = rewritten(text)
        if arguments == ["--check"]:
            lines = (text.splitlines(keepends=True), current.splitlines(keepends=True))
            sys.stdout.writelines(unified_diff(*lines, str(page.relative_to(ROOT)), "what it should be"))
            stale = stale or text != current
        else:
            page.write_text(current, encoding="utf-8")
    return int(stale)


def rewritten(page: str) -> str:
    """Return a page with its tables made anew. Raises SystemExit with what is wrong with a marker."""

    def replaced(match: re.Match[str]) -> str:
        name, _, about = match[2].partition(" ")
        if name not in TABLES:
            raise SystemExit(f"there is no table {name}; there are {', '.join(TABLES)}")
        return f"{match[1]}{TABLES[name](page, about)}{match[4]}"

    return TABLE.sub(replaced, page)


def contents(page: str, _about: str) -> str:
    """Return a list of the sections of a page."""
    headings = HEADING.findall(FENCED.sub("", page))
    return "".join(f"- [{title}](#{anchor(title)})\n" for level, title in headings if level == "##")


def anchor(title: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def sections(page: str) -> Mapping[tuple[str, str], str]:
    """Return the heading of each component's section, by slot and type."""
    tables: dict[tuple[str, str], str] = {}
    for title, about in SECTION.findall(page):
        for component in about.split(", "):
            slot, kind = component.split()
            tables[slot, kind] = title
    return tables


def components(page: str, _about: str) -> str:
    """Return the table of all components, with links to their sections. Raises SystemExit if one has none."""
    titles = sections(page)

    def linked(choice: Choice) -> str:
        if (choice.slot, choice.type) not in titles:
            about = f"<!-- about {choice.slot} {choice.type} -->"
            raise SystemExit(f"docs/components.md has no section with {about} below its heading")
        return f"[{code(choice.type)}](#{anchor(titles[choice.slot, choice.type])})"

    return choices_table(listed(), linked)


def listed() -> tuple[Choice, ...]:
    """Return the choices that are components of this repository."""
    known = {component.key for component in built_in()}
    return tuple(choice for choice in choices() if (choice.slot, choice.type) in known)


def facts(_page: str, about: str) -> str:
    """Return the table of a component's facts: `catalog polaris in dev/floe-platform`."""
    component, _, namespace = about.partition(" in ")
    slot, kind = component.split()
    environment, _, name = namespace.partition("/")
    if (environment, name, slot, kind) not in declared():
        raise SystemExit(
            f"there is no {slot} {kind} in {namespace}, an environment and a namespace of the meshes of this script"
        )
    mesh = next(root for root in MESHES if (root / "overlays" / environment).is_dir())
    where = f"output/{namespace}" if mesh == ROOT else mesh.relative_to(ROOT).as_posix()
    return facts_table(declared()[environment, name, slot, kind], f"in {code(where)}")


@cache
def declared(*meshes: Path) -> Mapping[tuple[str, str, str, str], DeclaredInstance]:
    """Return what each component of the meshes (default: all) declares, by environment, namespace, slot and type.

    If there are several in a namespace, it is the first one. What follows from `ingress` has this as its slot.
    """
    instances: dict[tuple[str, str, str, str], DeclaredInstance] = {}
    for root in meshes or MESHES:
        for environment in plan_mesh(root):
            for plan in plan_environment(environment):
                extra = (ingress_instance(plan.unit, plan.ingress),) if plan.ingress else ()
                for instance in (*plan.unit.instances, *extra):
                    name = environment.settings.environment.name
                    instances.setdefault(
                        (name, plan.unit.namespace, instance.instance.slot, instance.instance.type), instance
                    )
    return instances


def identities(_page: str, environment: str) -> str:
    """Return the table of the accounts of an environment of `CLOUDS` whose pods have an identity there."""
    rows_: dict[tuple[str, str], tuple[str, set[str]]] = {}
    for (name, namespace, _, _), instance in declared(CLOUDS).items():
        for workload_name, pod in named_pods(instance.parts) if name == environment else ():
            if identity := pod.workload_identity:
                account = (namespace, pod.account or workload_name)
                role = next((value for _, value in identity.annotations), AS_ITSELF)
                servers = {server.host for server in pod.servers() if server.group is None}
                rows_.setdefault(account, (role, set()))[1].update(servers)
    rows = [
        [code(f"{namespace}/{account}"), code(role) if role else "itself", ", ".join(map(code, sorted(servers)))]
        for (namespace, account), (role, servers) in sorted(rows_.items())
    ]
    return markdown_table(["ServiceAccount", "acts as", "calls in the cloud"], rows)


def requests(_page: str, _about: str) -> str:
    """Return the table of what each namespace in output/ requests: its servers, and these with all Jobs at once."""
    nodes = {plan.settings.environment.name: plan.cluster.nodes for plan in plan_mesh(ROOT)}
    rows = []
    for environment, folders in groupby(sorted(OUTPUT.glob("*/*/")), lambda folder: folder.parent.name):
        count = nodes[environment]
        sums = [ZERO] * 5
        for folder in folders:
            servers, everything = (requested(folder, count, tasks=tasks) for tasks in (False, True))
            amounts = [*servers.values(), everything["requests.cpu"], everything["requests.memory"]]
            if any(amount.amount for amount in amounts):
                rows.append([environment, code(folder.name), *map(str, amounts)])
            sums = [total + amount for total, amount in zip(sums, amounts, strict=True)]
        on_all = f"all, on {count} {'node' if count == 1 else 'nodes'}"
        rows.append([f"**{cell}**" for cell in (environment, on_all, *sums)])
    head = ["environment", "namespace", "CPU", "memory", "volumes", "CPU with all Jobs", "memory with all Jobs"]
    return markdown_table(head, rows)


def requested(folder: Path, nodes: int, *, tasks: bool) -> Mapping[str, Quantity]:
    """Return what the servers of a namespace request at their most.

    With `tasks`, it includes all Jobs and CronJobs at once, and the extra pod of a rollout. Runs that a server starts
    are not in the objects, so they are never included.
    """
    objects = compiled(folder).by_id
    workloads = [workload_ for identity, manifest in objects.items() if (workload_ := workload(identity, manifest))]
    needed = demand((workload_ for workload_ in workloads if tasks or not workload_.is_task), objects, (), nodes)
    counted = [amounts for consumer, amounts in needed.needs.items() if tasks or consumer.about]
    return {name: sum((amounts.get(name, ZERO) for amounts in counted), ZERO) for name in COUNTED}


@cache
def compiled(folder: Path) -> ObjectSet:
    """Return the objects in a folder of output/."""
    return ObjectSet.of(manifests(folder))


@cache
def manifests(folder: Path) -> Sequence[Object]:
    """Return the objects in a folder of output/, without those of kinds that request nothing: most of the text."""
    files = sorted(file for file in folder.glob("*.yaml") if not file.name.startswith(UNREAD))
    return [yaml.load(file.read_bytes(), yaml.CSafeLoader) for file in files]


def secrets(_page: str, environment: str) -> str:
    """Return the table of the secrets that an environment reads from its store."""
    keys_: dict[str, set[str]] = {}
    for folder in (OUTPUT / environment).iterdir():
        for manifest in manifests(folder):
            if manifest["kind"] == "ExternalSecret":
                for entry in manifest["spec"].get("data", ()):
                    keys_.setdefault(entry["remoteRef"]["key"], set()).add(entry["remoteRef"]["property"])
    rows = [[code(path), ", ".join(map(code, sorted(keys)))] for path, keys in sorted(keys_.items())]
    return markdown_table(["path in the store", "keys"], rows)


TABLES: Mapping[str, Table] = {
    "contents": contents,
    "components": components,
    "numbers": lambda _page, _about: numbers_table(listed()),
    "quotas": lambda _page, _about: quotas_table(),
    "requests": requests,
    "facts": facts,
    "identities": identities,
    "secrets": secrets,
    "groups": documented_verbs.groups,
    "verbs": documented_verbs.reference,
    "shared-options": documented_verbs.shared,
    "dangers": lambda _page, _about: markdown_table(
        ["word", "means"], [[code(word), meaning] for word, meaning in WORDS.items()]
    ),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
