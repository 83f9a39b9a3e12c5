"""What is compiled again when an encrypted file changes, or when a secret gets into the cluster in another way."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from encrypted_files import encrypted_secret
from floe_compiler.cache.store import Cache
from floe_compiler.pipeline import compile_mesh
from pipeline.mesh_of_three import (
    DELIVERY,
    DEV_NOTE,
    DEV_OVERLAY,
    DEV_PATCH,
    MANIFEST,
    ORDERS,
    Recorder,
    files,
    manifest,
    namespace,
    product,
    write,
)

SALES, FINANCE = namespace("sales"), namespace("finance")
CRM = "domains/sales/secrets/dev/crm.yaml"
PAY = "domains/finance/secrets/dev/pay.yaml"
FLUX = {"type": "flux", "repository": "https://github.com/acme/data.git", "path": ".", "decryption": {"secret": "age"}}
RULES = [{"names": ["crm", "pay"], "scopes": ["sales", "finance"], "use": {"type": "sops"}}]
STEP = {"name": "transform", "type": "dbt", "secrets": {"CRM_KEY": {"secret": "crm", "key": "api-key"}}}
FILES = {
    **{path: text for path, text in files().items() if path not in (DEV_NOTE, DEV_OVERLAY, DEV_PATCH)},
    MANIFEST: manifest(delivery=FLUX, secret_rules=RULES),
    ORDERS: product("orders", steps=[STEP]),
    CRM: encrypted_secret(namespace=SALES),
}


def compiled(root: Path, known: Cache, changes: Mapping[str, Any]) -> tuple[set[str], Recorder]:
    """Return the units that are compiled again after a change, and what is known then."""
    recorder = Recorder(known)
    compile_mesh(write(root, changes), ("dev",), cache=recorder)
    return recorder.compiled, recorder


def test_an_encrypted_file_affects_its_namespace_and_the_first_one_also_delivery(tmp_path: Path) -> None:
    _, known = compiled(tmp_path, Recorder(), FILES)
    edited = encrypted_secret(namespace=SALES).replace("data:Js9xeV67ATA=", "data:AAAAeV67ATA=", 1)
    again, known = compiled(tmp_path, known, {CRM: edited})
    assert again == {f"dev/{SALES}"}
    again, known = compiled(tmp_path, known, {PAY: encrypted_secret("pay", FINANCE)})
    assert again == {f"dev/{FINANCE}", f"dev/{DELIVERY}"}, "Flux must decrypt it from now on"
    assert compiled(tmp_path, known, {})[0] == set()
