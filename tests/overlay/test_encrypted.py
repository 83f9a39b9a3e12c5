"""Files that SOPS has encrypted go through as they are, or not at all."""

from __future__ import annotations

import pytest

from encrypted_files import ENCRYPTED, SIGNATURE, encrypted_secret, encrypted_sops_secret
from floe_compiler.model.objects import ObjectId
from overlay.overlay_mesh import Mesh, config_map

FILE = "overlays/dev/kustomization.yaml"
CRM = "overlays/dev/crm.yaml"
SECRET = ObjectId("", "Secret", "sales", "crm")
NAMED = "apiVersion: v1, kind: Secret, metadata: {name: crm, namespace: sales}"
SPEC_OF_ANOTHER_SHAPE = f"""\
apiVersion: isindir.github.com/v1alpha3
kind: SopsSecret
metadata: {{name: crm, namespace: sales}}
spec:
    secretTemplates: {{a: {{stringData: {{api-key: hunter2hunter2}}}}}}
{SIGNATURE}"""


def test_an_encrypted_secret_keeps_its_text_and_shows_keys_without_values(mesh: Mesh) -> None:
    text = encrypted_secret("crm", "sales", "api-key", "user")
    rendered = mesh.write({FILE: "resources: [crm.yaml]\n", CRM: text}).apply()
    assert rendered.verbatim == {str(SECRET): text}
    assert rendered.objects.by_id[SECRET] == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "crm", "namespace": "sales"},
        "type": "Opaque",
        "stringData": {"api-key": "", "user": ""},
    }


def test_a_sops_secret_has_the_keys_of_its_templates(mesh: Mesh) -> None:
    text = encrypted_sops_secret()
    rendered = mesh.write({FILE: "resources: [crm.yaml]\n", CRM: text}).apply()
    (manifest,) = rendered.objects.by_id.values()
    assert manifest["spec"] == {"secretTemplates": [{"name": "crm", "stringData": {"api-key": ""}}]}
    assert "sops" not in manifest
    assert list(rendered.verbatim.values()) == [text]


def test_other_line_breaks_are_not_a_change(mesh: Mesh) -> None:
    text = encrypted_secret()
    mesh.write({FILE: "resources: [crm.yaml]\n"})
    (mesh.root / CRM).write_bytes(text.replace("\n", "\r\n").encode())
    assert list(mesh.apply().verbatim.values()) == [text]


def test_an_empty_value_is_not_encrypted_by_sops(mesh: Mesh) -> None:
    text = encrypted_secret().replace("stringData:\n", 'stringData:\n    empty: ""\n')
    rendered = mesh.write({FILE: "resources: [crm.yaml]\n", CRM: text}).apply()
    assert rendered.objects.by_id[SECRET]["stringData"] == {"empty": "", "api-key": ""}


def test_transformers_of_all_objects_do_not_change_it(mesh: Mesh) -> None:
    steps = "labels: [{pairs: {team: a}}]\npatches: [{target: {kind: .*}, patch: '[{op: add, path: /a, value: b}]'}]\n"
    mesh.write({FILE: f"resources: [crm.yaml]\n{steps}", CRM: encrypted_secret()})
    rendered = mesh.apply(config_map("a"))
    assert rendered.verbatim == {str(SECRET): encrypted_secret()}
    assert "labels" not in rendered.objects.by_id[SECRET]["metadata"]
    changed = rendered.objects.by_id[ObjectId("", "ConfigMap", "sales", "a")]
    assert (changed["a"], changed["metadata"]["labels"]) == ("b", {"team": "a"})


@pytest.mark.parametrize(
    "patch",
    [f"{{patch: '{{{NAMED}, type: a}}'}}", "{target: {name: crm}, patch: '[{op: add, path: /a, value: b}]'}"],
)
def test_a_patch_that_names_it_is_refused(mesh: Mesh, patch: str) -> None:
    mesh.write({FILE: f"resources: [crm.yaml]\npatches:\n  - {patch}\n", CRM: encrypted_secret()})
    (problem,) = mesh.messages()
    assert problem.startswith("K020 overlays/dev/kustomization.yaml:3:")
    assert "Secret sales/crm is signed by SOPS, so a patch would make it unreadable" in problem


def test_a_patch_may_delete_an_encrypted_secret_of_the_base(mesh: Mesh) -> None:
    patch = f"{{patch: '{{{NAMED}, $patch: delete}}'}}"
    mesh.write(
        {
            "base/kustomization.yaml": "resources: [crm.yaml]\n",
            "base/crm.yaml": encrypted_secret(),
            FILE: f"resources: [../../base]\npatches: [{patch}]\n",
        }
    )
    rendered = mesh.apply(config_map("a"))
    assert (list(map(str, rendered.objects.by_id)), rendered.verbatim) == (["ConfigMap sales/a"], {})


def test_another_text_has_another_digest(mesh: Mesh) -> None:
    mesh.write({FILE: "resources: [crm.yaml]\n", CRM: encrypted_secret()})
    before = mesh.overlay().digest_for("sales")
    tampered = encrypted_secret().replace("data:Js9xeV67ATA=", "data:AAAAeV67ATA=", 1)
    assert mesh.write({CRM: tampered}).overlay().digest_for("sales") != before


def test_units_with_encrypted_secrets_are_known(mesh: Mesh) -> None:
    files = {CRM: encrypted_secret(), "overlays/dev/b.yaml": encrypted_sops_secret("b", "finance")}
    mesh.write({FILE: "resources: [crm.yaml, b.yaml]\n", **files})
    assert mesh.overlay().encrypted_units() == {"sales"}


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        (encrypted_secret().replace(f"api-key: {ENCRYPTED}", "api-key: hunter2hunter2"), "K021", "8:14"),
        (encrypted_secret().replace(f"api-key: {ENCRYPTED}", "api-key: ENC[hunter2hunter2]"), "K021", "8:14"),
        (encrypted_secret().replace("type:str", "type:int", 1), "K020", "8:14"),
        (encrypted_secret().replace("name: crm", f"name: {ENCRYPTED}"), "K020", "4:11"),
        (encrypted_secret().replace("type: Opaque", f"type: {ENCRYPTED}"), "K020", "6:7"),
        (encrypted_secret().replace("kind: Secret", "kind: ConfigMap"), "K020", "2:7"),
        (encrypted_secret().replace(f"\n    api-key: {ENCRYPTED}", " hunter2hunter2"), "K020", "7:1"),
        (encrypted_secret().replace("stringData:\n", "data: [hunter2hunter2]\nstringData:\n"), "K020", "7:1"),
        (encrypted_secret().replace("stringData:\n", "stringData:\n    a: {b: hunter2hunter2}\n"), "K021", "8:8"),
        (encrypted_sops_secret().replace("    - name", "      x:\n        name"), "K020", "9:18"),
        (SPEC_OF_ANOTHER_SHAPE, "K020", "5:5"),
        (encrypted_secret().replace("    mac:", "    max:"), "K020", "9:1"),
        (encrypted_secret().replace("    age:", "    aga:"), "K020", "9:1"),
        (f"{encrypted_secret()}---\n{encrypted_secret('b')}", "K020", "21:1"),
        (encrypted_secret().replace("    name: crm\n", ""), "K012", "1:1"),
        (f"# AKIAIOSFODNN7EXAMPLE\n{encrypted_secret()}", "K021", "2:1"),
        (encrypted_sops_secret().replace(f"api-key: {ENCRYPTED}", "api-key: hunter2hunter2"), "K021", "8:18"),
        (encrypted_sops_secret().replace("- name: crm", f"- name: {ENCRYPTED}"), "K020", "6:13"),
    ],
)
def test_encrypted_files_that_cannot_be_delivered_are_errors(mesh: Mesh, text: str, code: str, place: str) -> None:
    assert SIGNATURE[:5] in text
    (problem,) = mesh.write({FILE: "resources: [crm.yaml]\n", CRM: text}).problems()
    assert (problem.rule.code, str(problem.span)) == (code, f"{CRM}:{place}")
    assert "hunter2" not in problem.message + problem.hint
    assert problem.secret or code != "K021", "its line must not be shown"


def test_encrypted_files_of_domains_are_read(mesh: Mesh) -> None:
    own, other_file = "domains/sales/secrets/dev/crm.yaml", "domains/sales/secrets/prod/crm.yaml"
    mesh.write({own: encrypted_secret(), other_file: encrypted_secret("other"), "domains/hr/secrets/dev/a.yaml": "a"})
    from floe_compiler.load.input_tree import read_inputs
    from floe_compiler.load.yaml_reader import read_documents
    from floe_compiler.overlay import read_overlay

    overlay, _ = read_overlay(read_inputs(mesh.root), "dev", read_documents, ("sales",))
    ((identity, manifest),) = overlay.written["sales"].items()
    assert (identity, manifest.domain, manifest.text) == (SECRET, "sales", encrypted_secret())
