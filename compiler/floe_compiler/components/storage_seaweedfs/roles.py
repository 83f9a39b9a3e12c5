"""The settings of SeaweedFS' temporary credentials: what the catalog may become, and what that may do at most.

Source: seaweedfs/seaweedfs `weed/s3api/s3api_server.go`.
"""

from __future__ import annotations

import json

from floe_compiler.kit.own_store import CLIENT
from floe_compiler.kit.seaweedfs import NAME, ROLE
from floe_compiler.kit.store_policies import of_buckets


def roles(buckets: tuple[str, ...]) -> str:
    """Return the file with the role that the catalog assumes for these buckets, as JSON."""
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::000000000000:user/{CLIENT}"},
        "Action": ["sts:AssumeRole"],
    }
    catalog = {
        "roleName": "catalog",
        "roleArn": ROLE,
        "attachedPolicies": ["catalog"],
        "trustPolicy": {"Version": "2012-10-17", "Statement": [trust]},
    }
    document = {"Version": "2012-10-17", "Statement": of_buckets(buckets)}
    settings = {
        "sts": {"issuer": NAME, "tokenDuration": "1h", "maxSessionLength": "12h"},
        "policy": {"storeType": "memory", "defaultEffect": "Deny"},
        "policies": [{"name": "catalog", "document": document}],
        "roles": [catalog],
    }
    return json.dumps(settings, indent=2) + "\n"
