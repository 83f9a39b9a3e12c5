"""Names of the environment variables that the platform gives to a data product's steps: a contract with their images.

`POLARIS_HOST`, `OTLP_ENDPOINT` and `OPENLINEAGE_URL` are the names of the deployment view. Profiles (`Compute.profile`)
read these variables with dbt's `env_var`; what a step is given without asking is set in one place from these names.
"""

from __future__ import annotations

POLARIS_HOST = "POLARIS_HOST"
"""The catalog's host: `polaris.floe-platform.svc.cluster.local`."""

POLARIS_URI = "POLARIS_URI"
"""The Iceberg REST catalog's base URL."""

POLARIS_TOKEN_URI = "POLARIS_TOKEN_URI"  # noqa: S105 - the name of a variable
"""Where a client's id and secret are exchanged for a token."""

POLARIS_SCOPE = "POLARIS_SCOPE"
"""The OAuth2 scope to ask for: all roles of the client."""

POLARIS_WAREHOUSE = "POLARIS_WAREHOUSE"
"""The catalog's name, which Iceberg clients call the warehouse."""

POLARIS_NAMESPACE = "POLARIS_NAMESPACE"
"""The domain's own namespace in the catalog: the one that it may write to."""

POLARIS_CLIENT_ID = "POLARIS_CLIENT_ID"
"""The client that the domain logs in as."""

POLARIS_CLIENT_SECRET = "POLARIS_CLIENT_SECRET"  # noqa: S105 - the name of a variable
"""The client's secret."""

POLARIS_CREDENTIAL = "POLARIS_CREDENTIAL"
"""Id and secret in one, `id:secret`, as PyIceberg wants them."""

WAREHOUSE_URL = "WAREHOUSE_URL"
"""The URL under which the warehouse lies in the object store: `s3://warehouse/`."""

AWS_REGION = "AWS_REGION"
"""The object store's region; the AWS SDKs' own name, like the next three."""

AWS_ACCESS_KEY_ID = "AWS_ACCESS_KEY_ID"
"""The key that the object store is read and written with; not set where a workload identity does it."""

AWS_SECRET_ACCESS_KEY = "AWS_SECRET_ACCESS_KEY"  # noqa: S105 - the name of a variable
"""The secret of that key."""

AWS_ENDPOINT_URL_S3 = "AWS_ENDPOINT_URL_S3"
"""The URL of an object store other than AWS."""

S3_ENDPOINT = "S3_ENDPOINT"
"""The object store as `host:port`, which is how DuckDB wants it."""

S3_URL_STYLE = "S3_URL_STYLE"
"""`path` or `vhost`: whether the bucket stands in the URL's path or host."""

S3_USE_SSL = "S3_USE_SSL"
"""`true` or `false`: whether the object store speaks TLS."""

OTLP_ENDPOINT = "OTLP_ENDPOINT"
"""The telemetry collector's OTLP/gRPC URL."""

OPENLINEAGE_URL = "OPENLINEAGE_URL"
"""The lineage server's URL."""

OPENLINEAGE_NAMESPACE = "OPENLINEAGE_NAMESPACE"
"""The namespace of lineage events."""


def env_var(name: str, default: str | None = None) -> str:
    """Return the Jinja expression with which a dbt profile reads an environment variable."""
    fallback = "" if default is None else f", '{default}'"
    return f"{{{{ env_var('{name}'{fallback}) }}}}"
