"""Files as SOPS and kubeseal write them, of the shape that matters; nobody has a key for them."""

from __future__ import annotations

from base64 import b64encode

ENCRYPTED = "ENC[AES256_GCM,data:Js9xeV67ATA=,iv:Mb+nFBk1f3A4=,tag:ppoffWR3A4Q=,type:str]"
SIGNATURE = f"""\
sops:
    age:
        - recipient: age1plp4slq58vvy5g9sj7cs8w5lzgwacwrcmyzaaujqqknp4hccs54q67pcqp
          enc: |
            -----BEGIN AGE ENCRYPTED FILE-----
            YWdlLWVuY3J5cHRpb24=
            -----END AGE ENCRYPTED FILE-----
    lastmodified: "2026-11-27T10:07:53Z"
    mac: {ENCRYPTED}
    encrypted_regex: ^(data|stringData)$
    version: 3.11.0
"""
SEALED = b64encode(b"\x02\x00" + bytes(512 + 16 + 8)).decode()
"""A value as kubeseal writes it: the length of the encrypted key, that key, and the encrypted value."""


def encrypted_secret(name: str = "crm", namespace: str = "sales", *keys: str) -> str:
    """Return a Secret that SOPS has encrypted, in the style of SOPS, which is not that of the compiler."""
    values = "".join(f"    {key}: {ENCRYPTED}\n" for key in keys or ("api-key",))
    head = f"apiVersion: v1\nkind: Secret\nmetadata:\n    name: {name}\n    namespace: {namespace}\ntype: Opaque\n"
    return f"{head}stringData:\n{values}{SIGNATURE}"


def encrypted_sops_secret(name: str = "crm", namespace: str = "sales", key: str = "api-key") -> str:
    """Return a SopsSecret that SOPS has encrypted, with one template of the same name."""
    metadata = f"metadata: {{name: {name}, namespace: {namespace}}}\n"
    head = f"apiVersion: isindir.github.com/v1alpha3\nkind: SopsSecret\n{metadata}"
    template = f"    - name: {name}\n      stringData:\n        {key}: {ENCRYPTED}\n"
    return f"{head}spec:\n    secretTemplates:\n{template}{SIGNATURE}"
