"""What domains may give to their pods: labels and annotations with the prefixes that the platform allows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.pipeline import compile_mesh
from small_mesh import DOMAIN, ENVIRONMENT, MANIFEST, PRODUCT, small_mesh

QUEUE = {"labels": {"kueue.x-k8s.io/queue-name": "batch"}}
ALLOWED: dict[str, Any] = {"domain_policy": {"prefixes": ["kueue.x-k8s.io"]}}
CRON_JOB = "output/dev/floe-sales-domain/cronjob.batch_orders.yaml"


def errors(root: Path, **changes: Any) -> list[str]:
    files = {"manifest": MANIFEST, "environment": ENVIRONMENT, "domain": DOMAIN, "product": PRODUCT}
    try:
        text = compile_mesh(small_mesh(root, {files[name]: keys for name, keys in changes.items()})).files[CRON_JOB]
    except StageFailed as failed:
        return [diagnostic.rule.code for diagnostic in failed.diagnostics]
    return [] if text.count("kueue.x-k8s.io/queue-name: batch") == 1 else ["not there"]


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"manifest": ALLOWED, "product": {"placement": QUEUE}}, []),
        ({"manifest": ALLOWED, "domain": {"placement": {"jobs": QUEUE}}}, []),
        ({"product": {"placement": QUEUE}}, ["R022"]),
        ({"domain": {"placement": {"jobs": QUEUE}}}, ["R022"]),
        ({"manifest": {"placement": {"jobs": QUEUE}}}, []),
        ({"environment": {"domains": {"sales": {"placement": {"jobs": QUEUE}}}}}, []),
        ({"environment": {"domains": {"sales": {"products": {"orders": {"placement": QUEUE}}}}}}, []),
        (
            {
                "manifest": {"domain_policy": {"may_set": ["quota"], "prefixes": ["kueue.x-k8s.io"]}},
                "product": {"placement": QUEUE},
            },
            ["R022"],
        ),
        (
            {"manifest": {**ALLOWED, "locks": ["placement.jobs.labels"]}, "product": {"placement": QUEUE}},
            ["R005"],
        ),
    ],
)
def test_labels_need_an_allowed_prefix(changes: dict[str, Any], codes: list[str], tmp_path: Path) -> None:
    assert errors(tmp_path, **changes) == codes
