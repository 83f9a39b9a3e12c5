"""Conventions of the mesh's own MinIO: its address, its secrets, and the tasks that create buckets and users.

Sources: minio/minio `Dockerfile.release` (bash, `minio` and `mc`; no USER); minio/mc `cmd/alias-set.go` and
`cmd/admin-user-add.go` (keys from standard input).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from floe_compiler.kit import deadlines
from floe_compiler.kit.own_store import OwnStore
from floe_compiler.kit.scripts import script
from floe_compiler.kit.store_policies import Statement, document, of_buckets, of_product
from floe_compiler.kit.tls import secured
from floe_compiler.model.data_access import ServedProduct, StoreClient
from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint
from floe_compiler.model.facts import ConfigFile, Container, Identity, Pod, Resources, SecretFile, Task, Variable
from floe_compiler.model.joined_names import joined
from floe_compiler.model.plan import Instance
from floe_compiler.model.secrets import Secret, SecretKey
from floe_compiler.model.settings import Settings

NAME = "minio"
# The last image of the project: since October 2025 it publishes source code only (minio/minio#21647), and the security
# release of that month has no official image. An overlay can replace it with a community build.
IMAGE = "quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z"
# The image sets no user, so it would run as root.
IDENTITY = Identity(1000, 1000, 1000)
REGION = "us-east-1"
_API = Port("api", 9000, health="/minio/health/ready")
ADMINISTRATOR_KEYS = "/run/secrets/administrator"

_CLIENT_KEYS = "/run/secrets/client"
_SCRIPT = "/scripts/minio-buckets.sh"
_PRODUCTS_SCRIPT = "/scripts/minio-products.sh"
# A user could create keys of its own, which would stay valid after a rotation of its secret.
_NO_ADMINISTRATION: Statement = {"Effect": "Deny", "Action": ["admin:*"]}
_TASK_RESOURCES = Resources(cpu="50m", memory="64Mi", cpu_limit="500m", memory_limit="256Mi")
_TASK_RETRIES = 3


def _namespace(instance: Instance[Any]) -> str:
    return instance.settings.environment.platform_namespace


def api(settings: Settings) -> Port:
    """Return the port of the S3 API."""
    return secured(_API, settings)


def endpoint(instance: Instance[Any]) -> Endpoint:
    """Return the endpoint of the S3 API, for an instance of any namespace."""
    return service_endpoint(NAME, _namespace(instance), instance.settings.cluster.domain, (api(instance.settings),))


def administrator(instance: Instance[Any]) -> Secret:
    """Return the administrator's credentials, which only the server and the tasks that create buckets read."""
    keys = (SecretKey("username", literal="minio-admin"), SecretKey("password", generated=32))
    return Secret(f"{NAME}-admin", _namespace(instance), keys)


def client(instance: Instance[Any], user: str) -> Secret:
    """Return the credentials of a user of some buckets."""
    keys = (SecretKey("access-key", literal=user), SecretKey("secret-key", generated=40))
    return Secret(f"{NAME}-{user}", _namespace(instance), keys)


def buckets(instance: Instance[Any], name: str, names: tuple[str, ...], user: str) -> Task:
    """Return the task that creates the buckets, and the user that may read and write them.

    Args:
        instance: The component, in the namespace of MinIO.
        name: The name of the task.
        names: The buckets.
        user: The user, whose keys are in the secret `client(instance, user)`.
    """
    store, owner, keys = endpoint(instance), administrator(instance), client(instance, user)
    policy_file = f"/scripts/{user}-policy.json"
    container = Container(
        name="buckets",
        image=IMAGE,
        resources=_TASK_RESOURCES,
        command=("bash", _SCRIPT),
        arguments=names,
        variables=(
            Variable("HOME", "/tmp"),  # noqa: S108 - the path in the container
            Variable("STORE_URL", store.url()),
            Variable("ADMINISTRATOR", ADMINISTRATOR_KEYS),
            Variable("CLIENT", _CLIENT_KEYS),
            Variable("POLICY", policy_file),
        ),
        config=(
            ConfigFile(_SCRIPT, script(__name__, "minio-buckets.sh"), name),
            ConfigFile(policy_file, policy(names), name),
        ),
        secret_files=(
            SecretFile(f"{ADMINISTRATOR_KEYS}/username", owner.key("username")),
            SecretFile(f"{ADMINISTRATOR_KEYS}/password", owner.key("password")),
            SecretFile(f"{_CLIENT_KEYS}/username", keys.key("access-key")),
            SecretFile(f"{_CLIENT_KEYS}/password", keys.key("secret-key")),
        ),
    )
    pod = Pod((container,), IDENTITY, calls=(store,))
    return Task(name, pod, deadlines.PREPARATION, retries=_TASK_RETRIES, prepares=(store,))


def product_name(domain: str, product: str) -> str:
    """Return the name of a product's user, and of its policy. Its prefix tells it from what others create."""
    return f"product-{joined(domain, product)}"


def product_client(instance: Instance[Any], product: ServedProduct) -> StoreClient:
    """Return the keys of a product's own user."""
    name = product_name(product.domain, product.name)
    keys = (SecretKey("access-key", literal=name), SecretKey("secret-key", generated=40))
    secret = Secret(f"{NAME}-{name}", _namespace(instance), keys)
    return StoreClient(product.name, secret.key("access-key"), secret.key("secret-key"))


def product_users(instance: Instance[Any], bucket: str, products: Iterable[ServedProduct]) -> Task:
    """Return the task that makes a user for each of these products, and removes those of others that it made earlier.

    Args:
        instance: The component, in the namespace of MinIO.
        bucket: The bucket of the warehouse.
        products: The products.
    """
    store, owner, name = endpoint(instance), administrator(instance), f"{NAME}-products"
    policies, keys = [], []
    for product in products:
        user = product_name(product.domain, product.name)
        policies.append(ConfigFile(f"/scripts/policies/{user}.json", product_policy(bucket, product), name))
        secret = product_client(instance, product).secret_key
        keys += [SecretFile(f"{_CLIENT_KEYS}/{user}", secret)] if secret else []
    container = Container(
        name="products",
        image=IMAGE,
        resources=_TASK_RESOURCES,
        command=("bash", _PRODUCTS_SCRIPT),
        variables=(
            Variable("HOME", "/tmp"),  # noqa: S108 - the path in the container
            Variable("STORE_URL", store.url()),
            Variable("ADMINISTRATOR", ADMINISTRATOR_KEYS),
            Variable("CLIENTS", _CLIENT_KEYS),
            Variable("POLICIES", "/scripts/policies"),
        ),
        config=(ConfigFile(_PRODUCTS_SCRIPT, script(__name__, "minio-products.sh"), name), *policies),
        secret_files=(
            SecretFile(f"{ADMINISTRATOR_KEYS}/username", owner.key("username")),
            SecretFile(f"{ADMINISTRATOR_KEYS}/password", owner.key("password")),
            *keys,
        ),
    )
    pod = Pod((container,), IDENTITY, calls=(store,))
    return Task(name, pod, deadlines.PREPARATION, retries=_TASK_RETRIES, prepares=(store,))


def product_policy(bucket: str, product: ServedProduct) -> str:
    """Return a product's access policy as JSON: it may write below its namespace, and read the tables of its inputs.

    The folders are those that the catalog gives to namespaces and tables.
    """
    return document([*of_product(bucket, product), _NO_ADMINISTRATION])


def policy(buckets: tuple[str, ...]) -> str:
    """Return the client's access policy as JSON: it allows access to the objects of these buckets, and nothing else."""
    return document([*of_buckets(buckets), _NO_ADMINISTRATION])


OWN = OwnStore(NAME, "MinIO", REGION, endpoint, client, product_client, buckets, product_users)
