"""What users of an S3 store may do, as access policies in the form of AWS, which MinIO and SeaweedFS understand.

A client must not manage buckets, which it could delete or make public. PyIceberg, dlt and dbt with DuckDB work with
these policies. Files of others are not listed, by a condition on the prefix. A client that asks for a file that does
not exist must still get 404, as Airflow and dlt do before they write: both stores answer so. AWS would say 403 under
such a condition (docs/components.md, S3).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from floe_compiler.model.data_access import ServedProduct
from floe_compiler.model.fields import matching
from floe_compiler.model.plan import Context, Refusal

Statement = dict[str, object]

Bucket = Annotated[
    str, matching(r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", '3 to 63 lower-case letters, digits and "-"', "warehouse")
]

_BUCKET_ACTIONS = ("GetBucketLocation", "ListBucket", "ListBucketMultipartUploads")
_OBJECT_ACTIONS = ("GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload", "ListMultipartUploadParts")


def allow(actions: Iterable[str], resources: Iterable[str]) -> Statement:
    """Return the statement that allows these actions on these resources."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def document(statements: Iterable[Statement]) -> str:
    """Return the policy with these statements, as JSON."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=2) + "\n"


def of_buckets(buckets: Iterable[str]) -> list[Statement]:
    """Return the statements that allow access to the objects of these buckets, and nothing else."""
    arns = [f"arn:aws:s3:::{bucket}" for bucket in buckets]
    return [allow(_s3(_BUCKET_ACTIONS), arns), allow(_s3(_OBJECT_ACTIONS), (f"{arn}/*" for arn in arns))]


def of_product(bucket: str, product: ServedProduct) -> list[Statement]:
    """Return the statements for a product: it may read and write its own folder, and read those of its inputs.

    What only reads has no folder. Folders besides those of tables are as `product.folders` says.
    """
    own = [] if product.only_reads else [product.namespace]
    read = [f"{table.namespace}/{table.name}/*" for table in product.reads]
    folders: dict[str, tuple[list[str], list[str]]] = {}
    if own or read or not product.folders:
        folders[bucket] = ([f"{folder}/*" for folder in own], read)
    for folder in product.folders:
        written, read = folders.setdefault(folder.bucket or bucket, ([], []))
        (written if folder.writes else read).append(f"{folder.path}*")
    return [
        statement
        for name, (written, read) in folders.items()
        for statement in _of_folders(name, own if name == bucket else [], written, read)
    ]


def missing_buckets(context: Context[Any]) -> Iterator[Refusal]:
    """Refuse files in buckets that a store with the setting `buckets` does not make."""
    users = reversed(context.instance.store_users)
    needed = {folder.bucket: user.domain for user in users for folder in user.folders if folder.bucket}
    for bucket in sorted(needed.keys() - set(context.config.buckets)):
        yield Refusal(
            f'makes no bucket "{bucket}", in which the domain {needed[bucket]} keeps files',
            f"add {bucket} to buckets, or leave the bucket out there: the files are then in that of the warehouse",
            ("buckets",),
        )


def _of_folders(bucket: str, own: list[str], written: list[str], read: list[str]) -> list[Statement]:
    arn, reading = f"arn:aws:s3:::{bucket}", [action for action in _OBJECT_ACTIONS if action.startswith("Get")]
    listed = sorted({*own, *written, *read})
    return [
        allow(["s3:GetBucketLocation"], [arn]),
        *([allow(["s3:ListBucket"], [arn]) | {"Condition": {"StringLike": {"s3:prefix": listed}}}] if listed else []),
        *([allow(_s3(_OBJECT_ACTIONS), (f"{arn}/{folder}" for folder in written))] if written else []),
        *([allow(_s3(reading), (f"{arn}/{folder}" for folder in read))] if read else []),
    ]


def _s3(names: Iterable[str]) -> list[str]:
    return [f"s3:{name}" for name in names]
