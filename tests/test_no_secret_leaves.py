"""No credential leaves the program, wherever it was written: as a value, a key, a name, a patch or an argument."""

from __future__ import annotations

import json
from itertools import cycle, islice
from pathlib import Path

import pytest

from credential_samples import samples
from floe_compiler.cli import main
from floe_compiler.commands.bug_report import bug_report
from small_mesh import PRODUCT, small_mesh

# Those that may stand between quotes.
CREDENTIALS = [text for _, text in samples() if "\n" not in text and ": " not in text and not {*"'\""} & {*text}][::12]
OBJECT, KUSTOMIZATION = "base/a.yaml", "base/kustomization.yaml"
HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: floe-sales-domain}\n"
FILES = {
    "a value": (PRODUCT, "image: SECRET\n"),
    "an unknown key": (PRODUCT, "SECRET: 1\n"),
    "a value of the wrong kind": (PRODUCT, "schedule: {cron: SECRET}\n"),
    "a key that stands twice": (PRODUCT, '"SECRET": 1\n"SECRET": 2\n'),
    "an anchor": (PRODUCT, "description: &SECRET x\n"),
    "a tag": (PRODUCT, "description: !SECRET x\n"),
    "a name": (PRODUCT, "inputs: [{product: SECRET, output: a}]\n"),
    "a key of an environment": ("overlays/dev/environment.yaml", "SECRET: x\n"),
    "an object": (OBJECT, f"{HEAD}data: {{note: 'SECRET'}}\n"),
    "a key of an object": (OBJECT, f"{HEAD}data: {{'SECRET': [1]}}\n"),
    "a label": (OBJECT, HEAD.replace("name: a", "labels: {a: 'SECRET'}, name: 'SECRET'")),
    "a path": (KUSTOMIZATION, "resources: ['SECRET']\n"),
    "a field of a kustomization": (KUSTOMIZATION, "'SECRET': []\n"),
    "a patch": (KUSTOMIZATION, "patches: [{patch: '[{op: \"SECRET\", path: /a}]', target: {name: a}}]\n"),
    "a target": (KUSTOMIZATION, "patches: [{patch: '[]', target: {name: 'SECRET', kind: Job}}]\n"),
}
FORMATS = ("text", "json", "sarif", "github")


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("place", FILES)
def test_no_message_shows_a_secret(
    place: str, tmp_path: Path, *, every: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each place with each format and other credentials than the place before; or `every` credential at each place."""
    file, text = FILES[place]
    first = [*FILES].index(place) * len(FORMATS)
    tried = CREDENTIALS if every else [*islice(cycle(CREDENTIALS), first, first + len(FORMATS))]
    path = small_mesh(tmp_path, {}) / file
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if file == OBJECT:
        (tmp_path / KUSTOMIZATION).write_text("resources: [a.yaml]\n", encoding="utf-8")
    for form, credential in zip(cycle(FORMATS), tried, strict=False):
        path.write_text(before + text.replace("SECRET", credential), encoding="utf-8")
        assert main(["check", "--root", str(tmp_path), "--format", form]) == 1, credential
        output = "".join(capsys.readouterr())
        assert credential not in output
        assert json.dumps(credential)[1:-1] not in output


VERBS = (
    ["diff", "--from-output"],
    ["diff", "--from-output", "--format", "json"],
    ["diff", "--from-output", "--format", "markdown"],
    ["diff", "--from-output", "--format", "github"],
    ["explain", "output/dev/floe-sales-domain/configmap_a.yaml"],
    ["explain", "output/dev/floe-sales-domain/configmap_a.yaml", "--format", "json"],
    ["graph", "connections"],
    ["graph", "lineage", "--format", "json"],
    ["secrets"],
    ["secrets", "--format", "json"],
    ["codeowners"],
    ["doctor"],
    ["promote", "dev", "dev"],
)


PARTS = 3


@pytest.mark.parametrize(
    ("place", "part"),
    [
        pytest.param(place, part, marks=[pytest.mark.thorough] if (number + part) % PARTS else [])
        for number, place in enumerate(FILES)
        for part in range(PARTS)
    ],
)
def test_no_other_verb_shows_a_secret(
    place: str, part: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each verb with a third of the places: a message is the same whichever verb prints it, what it compiles is not."""
    file, text = FILES[place]
    path = small_mesh(tmp_path, {}) / file
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if file == OBJECT:
        (tmp_path / KUSTOMIZATION).write_text("resources: [a.yaml]\n", encoding="utf-8")
    for verb, credential in zip(VERBS[part::PARTS], cycle(CREDENTIALS[part:]), strict=False):
        path.write_text(before + text.replace("SECRET", credential), encoding="utf-8")
        main([*verb, "--root", str(tmp_path)])
        output = "".join(capsys.readouterr())
        assert credential not in output, verb
        assert json.dumps(credential)[1:-1] not in output, verb


@pytest.mark.parametrize("credential", CREDENTIALS[:6:2])
def test_init_and_new_do_not_show_refused_answers(
    credential: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = small_mesh(tmp_path / "mesh", {})
    for arguments in (
        *(
            ["init", str(tmp_path / "new"), "--yes", f"--{field}", credential]
            for field in ("name", "owner", "registry")
        ),
        *(["new", kind, credential, "--root", str(root)] for kind in ("domain", "environment")),
        ["new", "product", f"sales/{credential}", "--root", str(root)],
        ["vendor", credential, "--root", str(root)],
    ):
        main(arguments)
        assert credential not in "".join(capsys.readouterr()), arguments


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_no_message_about_arguments_or_a_bug_shows_a_secret(
    credential: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in ([credential], ["check", f"--{credential}"], ["check", credential], ["explain", credential]):
        main([*arguments])
        assert credential not in "".join(capsys.readouterr())
    assert credential not in bug_report(ValueError(f"cannot read {credential}"), ["diff", credential])
