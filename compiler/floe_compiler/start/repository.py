"""The files around a mesh: what checks its commits and pull requests, who owns what, and how to begin."""

from __future__ import annotations

import json
from collections.abc import Mapping

import msgspec

from floe_compiler.start.answers import Answers
from floe_compiler.start.documents import YOURS


class Compiler(msgspec.Struct, frozen=True):
    """Which compiler a mesh uses: its version and, if it was installed from Git, the URL and the commit."""

    version: str
    url: str = ""
    commit: str = ""

    @property
    def requirement(self) -> str:
        """What pip installs it by."""
        return f"floe-compile @ git+{self.url}@{self.commit}" if self.url else f"floe-compile=={self.version}"


def files(answers: Answers, compiler: Compiler) -> Mapping[str, str]:
    """Return the text of each file in the folder of the mesh, by its path."""
    return {
        ".gitattributes": GITATTRIBUTES,
        ".vscode/extensions.json": json.dumps({"recommendations": ["redhat.vscode-yaml"]}, indent=2) + "\n",
        ".vscode/settings.json": json.dumps({"yaml.schemas": EDITED}, indent=2) + "\n",
        "README.md": readme(answers),
        "requirements.txt": requirements(compiler),
    }


PRE_COMMIT = ".pre-commit-config.yaml"


def checks(answers: Answers, compiler: Compiler, folder: str) -> Mapping[str, str]:
    """Return what checks commits and pull requests, by its path from the top of the Git repository.

    The mesh is in `folder` of it (empty: at its top). There may be others, so the workflow has the platform's name.
    """
    return {
        f".github/workflows/{answers.name if folder else 'pull-request'}.yaml": workflow(folder),
        PRE_COMMIT: pre_commit(compiler, folder),
    }


EDITED = {
    "schemas/platform-manifest.schema.json": ["platform-manifest.yaml", "!vendor/*/platform-manifest.yaml"],
    "schemas/parent-manifest.schema.json": ["vendor/*/platform-manifest.yaml"],
    "schemas/environment.schema.json": ["overlays/*/environment.yaml"],
    "schemas/product-images.schema.json": ["overlays/*/images.yaml"],
    "schemas/domain.schema.json": ["domains/*/domain.yaml"],
    "schemas/data-product.schema.json": ["domains/*/products/*.yaml"],
    "schemas/semantic-model.schema.json": ["domains/*/semantic/*.yaml"],
}
"""The files that each schema is for, whether or not they name it in their first line. Patterns hold in any folder."""


GITATTRIBUTES = """\
* text=auto eol=lf
output/** linguist-generated
output/.floe/*.index merge=union
schemas/** linguist-generated
"""


def workflow(folder: str) -> str:
    """Return the workflow for pull requests."""
    if not folder:
        return WORKFLOW
    before, jobs, after = WORKFLOW.partition("jobs:\n")
    return f"{before}{_lines('defaults:', '  run:', f'    working-directory: {json.dumps(folder)}', '')}{jobs}{after}"


WORKFLOW = """\
# Is output/ what the inputs compile to, and what does the change do in which environment?
name: pull request

on: pull_request

permissions:
  contents: read
  pull-requests: write  # for the comment

jobs:
  compiled:
    runs-on: ubuntu-24.04
    timeout-minutes: 15
    steps:
      - uses: actions/checkout@v6
        with:
          fetch-depth: 0
          persist-credentials: false
      - uses: actions/setup-python@v6
        with:
          python-version: "3.12"
      - run: pip install -r requirements.txt
      - name: Check that output/ is what the inputs compile to
        run: floe-compile check --format github --summary "$GITHUB_STEP_SUMMARY"
      - name: Write the report
        if: ${{ !cancelled() }}
        run: floe-compile report --html "$RUNNER_TEMP/report.html" HEAD^1
      - uses: actions/upload-artifact@v7
        if: ${{ !cancelled() }}
        id: report
        with:
          name: report
          path: ${{ runner.temp }}/report.html
          if-no-files-found: ignore
      - name: Show what changes
        if: ${{ !cancelled() }}
        id: change
        env:
          LINK: ${{ steps.report.outputs.artifact-url }}
        run: |
          floe-compile diff HEAD^1 --format markdown ${LINK:+--link "$LINK"} > "$RUNNER_TEMP/change.md"
          cat "$RUNNER_TEMP/change.md" >> "$GITHUB_STEP_SUMMARY"
      - name: Comment on the pull request
        # Inputs with errors have no change. The token of a fork's pull request may write nothing.
        if: >-
          ${{ !cancelled() && steps.change.outcome == 'success'
          && github.event.pull_request.head.repo.full_name == github.repository }}
        env:
          GITHUB_TOKEN: ${{ github.token }}
          NUMBER: ${{ github.event.pull_request.number }}
        run: floe-compile comment "$RUNNER_TEMP/change.md" --on github --number "$NUMBER"
"""


def pre_commit(compiler: Compiler, folder: str) -> str:
    """Return .pre-commit-config.yaml: no commit has inputs without their output."""
    where = [f"        args: [--root, {json.dumps(folder)}]"] if folder else []
    if compiler.url:
        return _lines("repos:", f"  - repo: {compiler.url}", f"    rev: {compiler.commit}", "    hooks:", _HOOK, *where)
    return _lines(
        "# The hook runs the floe-compile that is installed: pip install -r requirements.txt",
        "repos:",
        "  - repo: local",
        "    hooks:",
        _HOOK,
        "        name: floe-compile",
        "        entry: floe-compile hook",
        "        language: system",
        "        always_run: true",
        "        pass_filenames: false",
        *where,
    )


_HOOK = "      - id: floe-compile"


def requirements(compiler: Compiler) -> str:
    """Return requirements.txt."""
    mark = "" if compiler.url else f"  {YOURS} where pip gets it from, such as git+https://...@<commit>"
    return f"{compiler.requirement}{mark}\n"


def readme(answers: Answers) -> str:
    """Return README.md."""
    environments = ", ".join(answers.environments)
    tool = {"argocd": "Argo CD", "flux": "Flux"}[answers.delivery]
    return f"""\
# {answers.name}

A data mesh, declared in a few files. `floe-compile` turns them into the Kubernetes YAML in `output/`, and {tool}
applies it.

```console
pip install -r requirements.txt
floe-compile          # compile into output/; commit both
floe-compile diff     # what do my edits change?
```

| file | says |
|---|---|
| `platform-manifest.yaml` | what the platform is made of |
| `overlays/<env>/environment.yaml` | where it runs, and what differs there ({environments}) |
| `domains/<domain>/domain.yaml` | a domain |
| `domains/<domain>/products/<product>.yaml` | a data product: its image, schedule, steps, inputs and outputs |
| `output/` | the compiled objects; never edit them |

Add more with `floe-compile new domain NAME`, `new product DOMAIN/NAME` and `new environment NAME`. A line with
`{YOURS}` has a value that only you know.

To keep a commit from having inputs without their output: `pip install pre-commit && pre-commit install`.
"""


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"
