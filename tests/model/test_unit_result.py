"""The result of a unit: what is cached, and how damage is detected."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from floe_compiler.model.codec import decode, encode
from floe_compiler.model.diagnostics import Diagnostic, Related, Rule
from floe_compiler.model.files import File
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.places import Places
from floe_compiler.model.plan import ExternalDatabase
from floe_compiler.model.span import Span
from floe_compiler.model.unit_facts import UnitFacts
from floe_compiler.model.unit_header import UnitHeader
from floe_compiler.model.unit_result import UnitBody, UnitHead, body_of, file_digests, is_sound
from floe_compiler.model.units import UnitKey
from floe_compiler.model.value_spans import Patch

TEXTS = ("kind: A\n", "kind: Bä\n")
WARNING = Diagnostic(
    Rule("C999", "odd", "It is odd.", "warning"),
    "odd",
    Span("a.yaml", 3, 4),
    "dev: ConfigMap a/b",
    "mend it",
    (Related(Span("b.yaml"), "here"),),
)
PLACES = Places(
    "dev",
    {"ConfigMap a/b": Span("a.yaml", 1, 2)},
    {"ConfigMap a/b": (Patch(Span("b.yaml"), {"data.k": Span("b.yaml", 7, 6)}),)},
    {ObjectId("apps", "Deployment", "a", "gone"): (Span("d.yaml"),)},
    {"ConfigMap a/c": {"data.k": Span("e.yaml", 5, 6)}},
)


def head() -> UnitHead:
    files = file_digests(File(f"output/dev/a/{index}.yaml", text, "dev: A") for index, text in enumerate(TEXTS))
    return UnitHead("a", files, "0" * 64, {"check": (WARNING,), "overlay": ()}, ("1" * 64,), ("kind: C\n",))


def test_a_head_is_decoded_equal() -> None:
    assert decode(encode(head()), UnitHead) == head()


def test_a_body_is_decoded_with_its_places() -> None:
    body = decode(encode(body_of(TEXTS, PLACES)), UnitBody)
    assert body is not None
    assert body.texts == TEXTS
    assert body.places("dev") == PLACES


def test_a_header_is_decoded_equal() -> None:
    facts = UnitFacts(UnitKey("dev", "kind", "a"), definitions=("kind: C\n",), cluster_scoped=True)
    databases = (ExternalDatabase("db.example", 5432, "app", "Dagster", Span("a.yaml")),)
    header = UnitHeader("sales", "a", "@acme/sales", "0" * 64, facts, databases, (WARNING,))
    assert decode(encode(header), UnitHeader) == header


def test_a_file_has_the_name_that_git_gives_its_text(tmp_path: Path) -> None:
    files = file_digests([File("output/dev/a/b.yaml", TEXTS[1], "dev: A")])
    (tmp_path / "file").write_text(TEXTS[1], encoding="utf-8")
    run = subprocess.run(["git", "hash-object", "file"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert [*files.blobs()] == [("output/dev/a/b.yaml", run.stdout.strip())]
    assert [*files.hashes()] == [("output/dev/a/b.yaml", hashlib.sha256(TEXTS[1].encode()).hexdigest())]


@pytest.mark.parametrize("texts", [(), TEXTS[:1], TEXTS[::-1], (*TEXTS, ""), ("kind: A\n", "kind: B\n")])
def test_a_body_with_other_texts_is_not_sound(texts: tuple[str, ...]) -> None:
    assert is_sound(head(), body_of(TEXTS, PLACES))
    assert not is_sound(head(), body_of(texts, PLACES))
