"""Names of the environment variables that the platform gives to a data product's steps: a contract with their images.

`OTLP_ENDPOINT` and `OPENLINEAGE_URL` are the names of the deployment view. Those of a catalog begin with its own prefix
(`Catalog.prefix`): `POLARIS_URI`.
"""

from __future__ import annotations

URI = "URI"
"""After the prefix: the Iceberg REST catalog's base URL."""

TOKEN_URI = "TOKEN_URI"  # noqa: S105 - the name of a variable
"""After the prefix: where a client's id and secret are exchanged for a token."""

SCOPE = "SCOPE"
"""After the prefix: the OAuth2 scope to ask for."""

WAREHOUSE = "WAREHOUSE"
"""After the prefix: the catalog's name, which Iceberg clients call the warehouse."""

NAMESPACE = "NAMESPACE"
"""After the prefix: the domain's own namespace in the catalog, the one that it may write to."""

CLIENT_ID = "CLIENT_ID"
"""After the prefix: the client that the domain logs in as."""

CLIENT_SECRET = "CLIENT_SECRET"  # noqa: S105 - the name of a variable
"""After the prefix: the client's secret."""

CREDENTIAL = "CREDENTIAL"
"""After the prefix: id and secret in one, `id:secret`, the form of PyIceberg."""

TOKEN = "TOKEN"  # noqa: S105 - the name of a variable
"""After the prefix: the domain's static token, where there are no client credentials."""

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
"""The object store as `host:port`, the form of DuckDB."""

S3_URL_STYLE = "S3_URL_STYLE"
"""`path` or `vhost`: whether the bucket is in the URL's path or host."""

S3_USE_SSL = "S3_USE_SSL"
"""`true` or `false`: whether the object store speaks TLS."""

OTLP_ENDPOINT = "OTLP_ENDPOINT"
"""The telemetry collector's OTLP/gRPC URL."""

OPENLINEAGE_URL = "OPENLINEAGE_URL"
"""The lineage server's URL."""

OPENLINEAGE_NAMESPACE = "OPENLINEAGE_NAMESPACE"
"""The namespace of lineage events."""
