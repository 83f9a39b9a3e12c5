"""Conventions of the mesh's own SeaweedFS: its address, its secrets, and the tasks that create buckets and users.

Sources: seaweedfs/seaweedfs `docker/Dockerfile.go_build` (busybox, curl, user 1000), `weed/s3api/s3api_embedded_iam.go`
(actions of the IAM API), `weed/iam/validation.go` (keys), `weed/s3api/s3api_sts.go` (temporary credentials).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from floe_compiler.kit import deadlines
from floe_compiler.kit.own_store import OwnStore
from floe_compiler.kit.scripts import script
from floe_compiler.kit.store_policies import document, of_buckets, of_product
from floe_compiler.kit.tls import secured
from floe_compiler.model.data_access import ServedProduct, StoreClient
from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint
from floe_compiler.model.facts import ConfigFile, Container, Identity, Pod, Resources, SecretFile, Task, Variable
from floe_compiler.model.joined_names import joined
from floe_compiler.model.plan import Instance
from floe_compiler.model.secrets import Secret, SecretKey
from floe_compiler.model.settings import Settings

NAME = "seaweedfs"
IMAGE = "docker.io/chrislusf/seaweedfs:4.48"
IDENTITY = Identity(1000, 1000, 1000)
REGION = "us-east-1"
_API = Port("api", 8333, health="/healthz")

ROLE = "arn:aws:iam::000000000000:role/catalog"
"""What the catalog becomes to issue temporary credentials. SeaweedFS has one account, with this number."""

PRODUCTS = "product-"
"""How the names of the products' users begin, which tells them from what others create."""

_ADMINISTRATOR = "/run/secrets/administrator"
_CLIENTS = "/run/secrets/clients"
_SCRIPT = "/scripts/seaweedfs-users.sh"
_POLICIES = "/scripts/policies"
_RESOURCES = Resources(cpu="50m", memory="32Mi", cpu_limit="500m", memory_limit="128Mi")
_RETRIES = 3
_SECRET_LENGTH = 40


def _namespace(instance: Instance[Any]) -> str:
    return instance.settings.environment.platform_namespace


def api(settings: Settings) -> Port:
    """Return the port of the S3 API."""
    return secured(_API, settings)


def endpoint(instance: Instance[Any]) -> Endpoint:
    """Return the endpoint of the S3 API, which is that of IAM and STS, too, for an instance of any namespace."""
    return service_endpoint(NAME, _namespace(instance), instance.settings.cluster.domain, (api(instance.settings),))


def administrator(instance: Instance[Any]) -> Secret:
    """Return the administrator's credentials, which only the server and the tasks that create buckets read."""
    keys = (SecretKey("username", literal="seaweedfs-admin"), SecretKey("password", generated=_SECRET_LENGTH))
    return Secret(f"{NAME}-admin", _namespace(instance), keys)


def client(instance: Instance[Any], user: str) -> Secret:
    """Return the credentials of a user. The ID of a key may have letters and digits only; names have no capitals."""
    keys = (SecretKey("access-key", literal=user.replace("-", "X")), SecretKey("secret-key", generated=_SECRET_LENGTH))
    return Secret(f"{NAME}-{user}", _namespace(instance), keys)


def product_user(product: ServedProduct) -> str:
    """Return the name of a product's user."""
    return PRODUCTS + joined(product.domain, product.name)


def product_client(instance: Instance[Any], product: ServedProduct) -> StoreClient:
    """Return the keys of a product's own user."""
    secret = client(instance, product_user(product))
    return StoreClient(product.name, secret.key("access-key"), secret.key("secret-key"))


def policy(buckets: Iterable[str]) -> str:
    """Return the policy for these buckets, as JSON."""
    return document(of_buckets(buckets))


def buckets(instance: Instance[Any], name: str, names: tuple[str, ...], user: str) -> Task:
    """Return the task that creates the buckets, and the user that may read and write them.

    Args:
        instance: The component, in the platform's namespace or that of a domain.
        name: The name of the task.
        names: The buckets.
        user: The user, whose keys are in the secret `client(instance, user)`.
    """
    return _task(instance, name, {user: policy(names)}, names)


def product_users(instance: Instance[Any], bucket: str, products: Iterable[ServedProduct]) -> Task:
    """Return the task that makes a user for each of these products, and removes those of others that it made earlier.

    Args:
        instance: The component, in the platform's namespace.
        bucket: The bucket of the warehouse.
        products: The products.
    """
    policies = {product_user(product): document(of_product(bucket, product)) for product in products}
    return _task(instance, f"{NAME}-products", policies, removed=PRODUCTS)


def _task(
    instance: Instance[Any], name: str, policies: Mapping[str, str], names: tuple[str, ...] = (), removed: str = ""
) -> Task:
    store, owner = endpoint(instance), administrator(instance)
    secrets = {user: client(instance, user) for user in policies}
    container = Container(
        name="users",
        image=IMAGE,
        resources=_RESOURCES,
        command=("sh", _SCRIPT),
        arguments=names,
        variables=(
            Variable("STORE_URL", store.url()),
            Variable("REGION", REGION),
            Variable("ADMINISTRATOR", _ADMINISTRATOR),
            Variable("POLICIES", _POLICIES),
            Variable("CLIENTS", _CLIENTS),
            Variable("REMOVED", removed),
        ),
        config=(
            ConfigFile(_SCRIPT, script(__name__, "seaweedfs-users.sh"), name),
            *(ConfigFile(f"{_POLICIES}/{user}.json", text, name) for user, text in policies.items()),
        ),
        secret_files=(
            SecretFile(f"{_ADMINISTRATOR}/username", owner.key("username")),
            SecretFile(f"{_ADMINISTRATOR}/password", owner.key("password")),
            *(
                SecretFile(f"{_CLIENTS}/{user}.{key}", secret.key(key))
                for user, secret in secrets.items()
                for key in ("access-key", "secret-key")
            ),
        ),
    )
    pod = Pod((container,), IDENTITY, calls=(store,))
    return Task(name, pod, deadlines.PREPARATION, retries=_RETRIES, prepares=(store,))


OWN = OwnStore(NAME, "SeaweedFS", REGION, endpoint, client, product_client, buckets, product_users, ROLE)
