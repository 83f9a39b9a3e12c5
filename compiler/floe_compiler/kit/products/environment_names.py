"""Names of the environment variables that the platform gives to a data product's steps: a contract with their images.

`OTLP_ENDPOINT` and `OPENLINEAGE_URL` are names from the deployment view. Names for a catalog begin with its prefix
(`Catalog.prefix`): `POLARIS_URI`.
"""

from __future__ import annotations

URI = "URI"
"""After the prefix: the Iceberg REST catalog's base URL."""

TOKEN_URI = "TOKEN_URI"  # noqa: S105 - the name of a variable
"""After the prefix: the token endpoint for a client's ID and secret."""

SCOPE = "SCOPE"
"""After the prefix: the OAuth2 scope to request."""

SIGNING_SERVICE = "SIGNING_SERVICE"
"""After the prefix: the AWS service for which requests are signed, if the catalog wants that."""

SIGNING_REGION = "SIGNING_REGION"
"""After the prefix: the AWS region for which requests are signed."""

WAREHOUSE = "WAREHOUSE"
"""After the prefix: the catalog's name. Iceberg clients call it the warehouse."""

NAMESPACE = "NAMESPACE"
"""After the prefix: the product's namespace in the catalog, which it may write to."""

CLIENT_ID = "CLIENT_ID"
"""After the prefix: the product's client ID."""

CLIENT_SECRET = "CLIENT_SECRET"  # noqa: S105 - the name of a variable
"""After the prefix: the client's secret."""

CREDENTIAL = "CREDENTIAL"
"""After the prefix: ID and secret as `id:secret`, the form of PyIceberg."""

TOKEN = "TOKEN"  # noqa: S105 - the name of a variable
"""After the prefix: the static token, if there are no client credentials."""

WAREHOUSE_URL = "WAREHOUSE_URL"
"""The URL of the warehouse in the object store: `s3://warehouse/`."""

AWS_REGION = "AWS_REGION"
"""The object store's region. This name and the next three are those of the AWS SDKs."""

AWS_ACCESS_KEY_ID = "AWS_ACCESS_KEY_ID"
"""The access key ID for the object store; not set with an identity, or if the catalog issues all credentials."""

AWS_SECRET_ACCESS_KEY = "AWS_SECRET_ACCESS_KEY"  # noqa: S105 - the name of a variable
"""The secret access key."""

AWS_ENDPOINT_URL_S3 = "AWS_ENDPOINT_URL_S3"
"""The URL of an object store other than AWS."""

S3_ENDPOINT = "S3_ENDPOINT"
"""The object store as `host:port`, the form of DuckDB."""

S3_URL_STYLE = "S3_URL_STYLE"
"""`path` or `vhost`: whether the bucket is in the URL's path or host."""

S3_USE_SSL = "S3_USE_SSL"
"""`true` or `false`: whether the object store uses TLS."""

CACHE_URL = "FLOE_CACHE_URL"
"""The URL of the domain's cache, without its password; only for products that ask for a cache."""

CACHE_PASSWORD_FILE = "FLOE_CACHE_PASSWORD_FILE"  # noqa: S105 - the name of a variable
"""The file with the password of the cache."""

SEMANTIC_LAYER_URL = "FLOE_SEMANTIC_LAYER_URL"
"""The URL of the domain's semantic layer, with the user and without the password; only for products that ask for it."""

SEMANTIC_LAYER_PASSWORD_FILE = "FLOE_SEMANTIC_LAYER_PASSWORD_FILE"  # noqa: S105 - the name of a variable
"""The file with the password of that user."""

OTLP_ENDPOINT = "OTLP_ENDPOINT"
"""The telemetry collector's OTLP/gRPC URL."""

OPENLINEAGE_URL = "OPENLINEAGE_URL"
"""The lineage server's URL."""

OPENLINEAGE_NAMESPACE = "OPENLINEAGE_NAMESPACE"
"""The namespace of lineage events."""
