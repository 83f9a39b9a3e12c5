"""The YAML files of base/ and overlays/, kept between runs."""

from __future__ import annotations

import pytest

from floe_compiler.cache.store import Memory
from floe_compiler.model.codec import digest_of, encode
from floe_compiler.pipeline.reading import CachedReader
from pipeline.mesh_of_three import Recorder

TEXT = "kind: ConfigMap\ndata:\n  port: 1.10\n---\nkind: Other\n"
FILE = "base/a.yaml"

SECRETS = {
    "a Secret": "kind: Secret\nstringData: {a: hunter-two}\n",
    "a patch of a variable": "spec:\n  env:\n  - name: DB_PASSWORD\n    value: hunter-two\n",
    "a key": "data: {api-key: hunter-two}\n",
    "a patch within a kustomization": "patches:\n- patch: |-\n    - name: DB_PASSWORD\n      value: hunter-two\n",
    "a JSON patch": 'patches:\n- patch: \'[{"path": "/data/password/0", "value": "hunter-two"}]\'\n',
    "a Secret within a text": "patches:\n- patch: |-\n    kind: Secret\n    data: {a: hunter-two}\n",
    "an option": "args: [--password, hunter-two]\n",
    "an option with its value": "args: [--token=hunter-two]\n",
    "a sentence": "note: The password. It is hunter-two\n",
    "a name in escapes": 'data: {"pass\\u0077ord": hunter-two}\n',
    "a URL": "url: https://user:hunter-two@acme.example/\n",
}


def test_a_text_is_read_once_and_is_decoded_with_its_places() -> None:
    cache = Recorder()
    documents, problems = CachedReader(cache, "1")(TEXT, FILE)
    again, none = CachedReader(cache, "1")(TEXT, FILE)
    assert cache.read == 1
    assert (problems, none) == ([], [])
    assert [
        (document.file, document.data, dict(document.keys), dict(document.values), dict(document.raw))
        for document in again
    ] == [
        (document.file, document.data, dict(document.keys), dict(document.values), dict(document.raw))
        for document in documents
    ]
    assert again[0].raw == {("data", "port"): "1.10"}


@pytest.mark.parametrize(
    ("text", "file", "compiler"), [(TEXT + "#\n", FILE, "1"), (TEXT, "base/b.yaml", "1"), (TEXT, FILE, "2")]
)
def test_another_text_file_or_compiler_is_another_entry(text: str, file: str, compiler: str) -> None:
    cache = Recorder()
    CachedReader(cache, "1")(TEXT, FILE)
    documents, _ = CachedReader(cache, compiler)(text, file)
    assert cache.read == 2
    assert documents[0].file == file


def test_errors_are_reported_every_time() -> None:
    cache = Recorder()
    first, second = (CachedReader(cache, "1")("a: 1\na: 2\n", FILE) for _ in range(2))
    assert first[1]
    assert first[1] == second[1]
    assert cache.read == 0


@pytest.mark.parametrize("name", SECRETS)
def test_documents_that_may_have_a_secret_are_not_cached(name: str) -> None:
    cache = Recorder()
    documents, problems = CachedReader(cache, "1")(SECRETS[name], FILE)
    assert documents
    assert not problems
    assert cache.put_entries == []


def test_an_entry_without_documents_is_ignored() -> None:
    cache = Memory()
    cache.put("documents", digest_of("1 plain", FILE, TEXT), encode([]))
    documents, _ = CachedReader(cache, "1")(TEXT, FILE)
    assert len(documents) == 2
