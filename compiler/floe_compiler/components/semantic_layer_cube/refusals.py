"""Where Cube cannot work as it is configured, and the fixes."""

from __future__ import annotations

from collections.abc import Iterator

from floe_compiler.components.semantic_layer_cube.engines import ENGINES
from floe_compiler.components.semantic_layer_cube.settings import CubeConfig
from floe_compiler.components.semantic_layer_cube.store import login_of
from floe_compiler.model.capabilities import Catalog, Compute, ObjectStore
from floe_compiler.model.plan import Context, Refusal

EXTENSIONS = (
    "build an image on docker.io/cubejs/cube that has DuckDB's extensions in its compute.extension_directory, and name "
    "it as semantic_layer.image"
)
WITHOUT_WORKERS = "set store.workers to 0: one Cube Store keeps its data on a volume"


def refuses(context: Context[CubeConfig]) -> Iterator[Refusal]:
    """Yield why Cube cannot work here."""
    yield from _models(context)
    yield from _engine(context)
    yield from _store(context)


def _models(context: Context[CubeConfig]) -> Iterator[Refusal]:
    config, domain = context.config, context.instance.scope
    folder = f"domains/{domain}/semantic"
    if config.models == "image" and context.instance.models:
        yield Refusal(
            f"takes its models from its image, so nothing reads those in {folder}",
            hint=f"remove {folder}, or leave out `models: image`",
            path=("models",),
        )
    elif config.models == "image" and config.image is None:
        yield Refusal(
            "takes its models from its image, but Cube's own image has none",
            hint="name an image that has them in /cube/conf/model: semantic_layer.image",
            path=("models",),
        )
    elif config.models == "domain" and not context.instance.models:
        yield Refusal(
            f"has no models in the domain {domain}",
            hint=f"write {folder}/<model>.yaml, or take them from an image: {{models: image, image: ...}}",
        )


def _engine(context: Context[CubeConfig]) -> Iterator[Refusal]:
    compute, catalog = context.required(Compute), context.optional(Catalog)
    place = ("compute", "type")
    if compute.engine not in ENGINES:
        known = ", ".join(ENGINES)
        yield Refusal(
            f"is not connected to the engine {compute.engine}",
            hint=f"choose another one for the domain: {known}",
            scope_path=place,
        )
    elif compute.engine == "snowflake" and "private_key_file" not in dict(compute.connection):
        yield Refusal(
            "logs in to Snowflake with a key pair only: its driver has no setting for an identity, and renews no token",
            hint="give the domain's compute the credentials {type: key-pair}",
            scope_path=("compute", "credentials", "type"),
        )
    elif compute.engine == "duckdb" and catalog is None:
        yield Refusal(
            "would find no tables: without a catalog, those of DuckDB end with the step that makes them",
            hint="choose a catalog, or an engine that keeps its tables",
            scope_path=place,
        )
    elif compute.engine == "duckdb" and not context.instance.served:
        yield Refusal(
            "would find no tables in the catalog, as the domain has no data products",
            hint=f"write a data product of the domain {context.instance.scope}",
        )
    elif compute.engine == "duckdb" and context.config.image is None:
        yield Refusal(
            "needs DuckDB's extensions for the catalog, which Cube's image does not have",
            hint=EXTENSIONS,
            scope_path=place,
        )


def _store(context: Context[CubeConfig]) -> Iterator[Refusal]:
    store = context.optional(ObjectStore)
    if not context.config.store.workers:
        return
    path = ("store", "workers")
    login = login_of(store, context.instance.scope) if store else None
    if store is None or login is None:
        yield Refusal(
            "has workers of Cube Store, which share an object store, but the platform has none",
            hint=f"fill the slot storage, or {WITHOUT_WORKERS}",
            path=path,
        )
    elif store.kind == "adls":
        yield Refusal(
            "has workers of Cube Store, which share an object store: S3 or GCS, but not Azure's in the open version",
            hint=WITHOUT_WORKERS,
            path=path,
        )
    elif store.kind == "gcs" and not login.secret_key:
        yield Refusal(
            "has workers of Cube Store, which log in to Google Cloud Storage with a key only, and stop without one",
            hint=f"let it have a key (storage.products, or storage.credentials, of type secret), or {WITHOUT_WORKERS}",
            path=path,
        )
    elif store.url and not store.path_style:
        yield Refusal(
            "has workers of Cube Store, which have the bucket in the path of a URL; this store wants it in the host",
            hint=WITHOUT_WORKERS,
            path=path,
        )
    elif login.identity and login.identity.as_itself:
        yield Refusal(
            "has workers of Cube Store, which know roles by IRSA, but not EKS Pod Identity",
            hint=f"let it have a role or a key (type identity or secret), or {WITHOUT_WORKERS}",
            path=path,
        )
    elif login.identity and store.region.startswith("cn-"):
        yield Refusal(
            "has workers of Cube Store, which get the login of an identity from sts.amazonaws.com, not in China",
            hint=f"let it have a key (storage.products, or storage.credentials, of type secret), or {WITHOUT_WORKERS}",
            path=path,
        )
