"""Conventions of the mesh's own MinIO: its address, its secrets, and the task that creates buckets and their user.

Sources: minio/minio `Dockerfile.release` (bash, `minio` and `mc`; no USER); minio/mc `cmd/alias-set.go` and
`cmd/admin-user-add.go` (keys from standard input).
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from floe_compiler.kit import deadlines
from floe_compiler.kit.scripts import script
from floe_compiler.model.endpoint import Endpoint, Port, service_endpoint
from floe_compiler.model.facts import ConfigFile, Container, Identity, Pod, Resources, SecretFile, Task, Variable
from floe_compiler.model.fields import matching
from floe_compiler.model.plan import Instance
from floe_compiler.model.secrets import Secret, SecretKey

NAME = "minio"
# The last image of the project: since October 2025 it publishes source code only (minio/minio#21647), and the security
# release of that month has no official image. An overlay can replace it with a community build.
IMAGE = "quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z"
# The image sets no user, so it would run as root.
IDENTITY = Identity(1000, 1000, 1000)
REGION = "us-east-1"
API = Port("api", 9000, health="/minio/health/ready")
ADMINISTRATOR_KEYS = "/run/secrets/administrator"

_CLIENT_KEYS = "/run/secrets/client"
_SCRIPT = "/scripts/minio-buckets.sh"
_BUCKET_ACTIONS = ("GetBucketLocation", "ListBucket", "ListBucketMultipartUploads")
_OBJECT_ACTIONS = ("GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload", "ListMultipartUploadParts")
_TASK_RESOURCES = Resources(cpu="50m", memory="64Mi", cpu_limit="500m", memory_limit="256Mi")
_TASK_RETRIES = 3

Bucket = Annotated[
    str, matching(r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", '3 to 63 lower-case letters, digits and "-"', "warehouse")
]


def _namespace(instance: Instance[Any]) -> str:
    return instance.settings.environment.platform_namespace


def endpoint(instance: Instance[Any]) -> Endpoint:
    """Return the endpoint of the S3 API, for an instance of any namespace."""
    return service_endpoint(NAME, _namespace(instance), instance.settings.cluster.domain, (API,))


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


def policy(buckets: tuple[str, ...]) -> str:
    """Return the client's access policy as JSON: it allows access to the objects of these buckets, and nothing else.

    The client must not manage the buckets, which it could delete or make public, nor create its own keys, which would
    stay valid after a rotation of its secret. PyIceberg, dlt and dbt with DuckDB work with this policy.
    """
    arns = [f"arn:aws:s3:::{bucket}" for bucket in buckets]
    statements = [
        {"Effect": "Allow", "Action": [f"s3:{action}" for action in _BUCKET_ACTIONS], "Resource": arns},
        {
            "Effect": "Allow",
            "Action": [f"s3:{action}" for action in _OBJECT_ACTIONS],
            "Resource": [f"{arn}/*" for arn in arns],
        },
        {"Effect": "Deny", "Action": ["admin:*"]},
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2) + "\n"
