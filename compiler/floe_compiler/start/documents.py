"""The documents that a mesh begins with: the manifest, environments, domains and data products, as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from floe_compiler.start.answers import Answers

YOURS = "# yours:"
"""Marks a line with a value that nobody can know yet, before what it has to be."""

PRODUCTION = "prod"
"""Environments whose names begin so are production."""

STORAGE_CLASS = f"storage_class: standard  {YOURS} one of `kubectl get storageclass`"

LONGEST = 63
"""The characters that the name of a cluster or a bucket may have."""

IN_CLUSTER = "seaweedfs"
"""The store that needs nothing outside the cluster."""


def manifest(answers: Answers) -> str:
    """Return the text of platform-manifest.yaml."""
    database = ("  database:", "    type: postgresql")
    head = _head("PlatformManifest", answers.name, answers.owner, version="1.0.0")
    head[-1] += _mark(answers, "owner", "a mail address, or a handle such as @acme/platform")
    return _text(
        _modeline("platform-manifest", 0),
        "# What the platform is made of, in every environment: see overlays/<env>/environment.yaml for what differs.",
        *head,
        "kubernetes:",
        f'  version: "1.34"  {YOURS} the oldest version among your clusters',
        "images:",
        f"  registry: {answers.registry}{_mark(answers, 'registry', 'the registry of your images')}",
        "orchestrator:",
        f"  type: {answers.orchestrator}",
        *(database if answers.has_server else ()),
        *(("catalog:", "  type: polaris", *database) if answers.has_catalog else ()),
        *(("storage:", f"  type: {IN_CLUSTER}") if answers.has_catalog else ()),
        "compute:",
        "  type: duckdb",
        "secrets:",
        *_below(_secrets(answers.secrets)),
        "delivery:",
        f"  type: {answers.delivery}",
        f"  repository: {answers.repository}{_mark(answers, 'repository', 'its URL, as the cluster reaches it')}",
    )


ONE: Mapping[str, tuple[str, ...]] = MappingProxyType({})


def environment(answers: Answers, name: str, clusters: Mapping[str, tuple[str, ...]] = ONE) -> str:
    """Return the text of overlays/<name>/environment.yaml.

    `clusters` are its clusters, each with what runs in it (default: one, in which everything runs).
    """
    is_production = name.startswith(PRODUCTION)
    is_small = name == answers.environments[0] and not is_production
    overrides = [
        *(("secrets: {type: generated}",) if is_small and answers.secrets == "external-secrets" else ()),
        *_storage_and_backups(answers, name, is_small=is_small),
    ]
    return _text(
        _modeline("environment", 2),
        *_head("Environment", name, answers.owner),
        *_clusters(clusters, answers, name, is_production=is_production),
        *(("production: true  # exact images, replicas, backups",) if is_production else ()),
        f"scale: {'light' if is_small else 'medium'}",
        *(() if clusters else (STORAGE_CLASS,)),
        *(("platform:  # what differs here from platform-manifest.yaml", *_below(overrides)) if overrides else ()),
    )


def _clusters(
    clusters: Mapping[str, tuple[str, ...]], answers: Answers, name: str, *, is_production: bool
) -> Iterator[str]:
    if not clusters:
        yield from ("cluster:", f"  name: {_joined(answers.name, name)}", *(("  nodes: 3",) if is_production else ()))
        return
    yield "clusters:"
    for cluster, runs in clusters.items():
        yield f"  - name: {cluster}"
        if answers.delivery == "argocd":  # Flux runs in each cluster itself
            yield f"    server: https://{cluster}.example:6443  {YOURS} its API server, as it is registered in Argo CD"
        yield f"    {STORAGE_CLASS}"
        yield f"    runs: [{', '.join(runs)}]"


def domain(name: str, owner: str) -> str:
    """Return the text of domains/<name>/domain.yaml."""
    return _text(_modeline("domain", 2), *_head("Domain", name, owner))


def product(name: str, domain: str, owner: str) -> str:
    """Return the text of domains/<domain>/products/<name>.yaml."""
    return _text(
        _modeline("data-product", 3),
        *_head("DataProduct", name, owner, version="1.0.0"),
        f"image: {domain}/{name}:1.0.0  {YOURS} the image with the product's dbt project",
        "schedule:",
        "  cron: 0 6 * * *",
        "  time_zone: Etc/UTC",
        "outputs:",
        f"  - name: {name}",
        "steps:",
        "  - name: transform",
        "    type: dbt",
    )


def _storage_and_backups(answers: Answers, name: str, *, is_small: bool) -> list[str]:
    """Return what an environment says of its store of tables, and of the one for backups."""
    lines: list[str] = []
    if answers.has_catalog and answers.storage != IN_CLUSTER and not is_small:
        products = "products: {type: secret}  # a key for each product: for its own files, and those of its inputs"
        lines += ["storage:", *_below([*_bucket(_joined(answers.name, "warehouse", name)), products])]
    if answers.has_databases:
        none = ["type: none", "reason: this is for trying things out"]
        in_cluster = [f"type: {IN_CLUSTER}"] if answers.has_catalog else none
        lines += ["databases:", "  backup:"]
        lines += _below(_below(in_cluster if is_small else _bucket(_joined(answers.name, "backups", name))))
    return lines


def _joined(platform: str, *words: str) -> str:
    """Return a name for what is outside the mesh, without the platform's if it would be too long (L105, R003)."""
    joined = "-".join((platform, *words))
    return joined if len(joined) <= LONGEST else "-".join(words)


def _bucket(name: str) -> list[str]:
    return [
        "type: s3",
        f"bucket: {name}  {YOURS} a bucket that exists",
        f"region: eu-central-1  {YOURS} its region",
        "credentials: {type: secret}  # or: {type: identity, role: arn:aws:iam::...}",
    ]


def _secrets(type_: str) -> list[str]:
    if type_ == "external-secrets":
        store = f"store: {{kind: ClusterSecretStore, name: vault}}  {YOURS} one of `kubectl get clustersecretstore`"
        return [f"type: {type_}", store]
    return [f"type: {type_}"]


def _modeline(schema: str, depth: int) -> str:
    """Return the line that tells editors the schema of a file that is so many folders below the root."""
    return f"# yaml-language-server: $schema={'../' * depth}schemas/{schema}.schema.json"


def _mark(answers: Answers, field: str, text: str) -> str:
    """Return what marks a line whose value nobody has given."""
    return f"  {YOURS} {text}" if field in answers.guessed else ""


def _head(kind: str, name: str, owner: str, version: str = "") -> list[str]:
    metadata = [f"name: {name}", *([f"version: {version}"] if version else []), f'owner: "{owner}"']
    return ["apiVersion: floe.dev/v1", f"kind: {kind}", "metadata:", *_below(metadata)]


def _below(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _text(*lines: str) -> str:
    return "\n".join(lines) + "\n"
