"""`floe-compile init`: begin a mesh in a folder, and compile it."""

from __future__ import annotations

import json
import shlex
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING

from floe_compiler.commands.codeowners import write_owners
from floe_compiler.commands.exit_codes import DONE, UsageError
from floe_compiler.commands.new_files import show_values, write_new
from floe_compiler.model.diagnostics import StageFailed
from floe_compiler.model.layout import MANIFEST
from floe_compiler.model.output_paths import OUTPUT

if TYPE_CHECKING:
    from floe_compiler.start.answers import Question
    from floe_compiler.start.repository import Compiler

NOTES = """\
On a terminal, it asks for what no option gives; with --yes, or without a terminal, it takes the defaults.
Existing files are left as they are. Then the mesh is compiled. In a folder of a larger Git repository, what checks
commits and pull requests goes to the top of that, where Git's tools look for it.

examples:
  floe-compile init                                begin in this folder
  floe-compile init data-platform --name acme      begin in a new folder
  floe-compile init --yes --storage seaweedfs --delivery flux
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    from floe_compiler.start.answers import QUESTIONS

    parser.epilog = NOTES
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="FOLDER", help="where (default: here)")
    for question in QUESTIONS:
        parser.add_argument(
            f"--{question.field}", metavar="|".join(question.choices) or question.field.upper(), help=question.text
        )
    parser.add_argument("-y", "--yes", action="store_true", help="ask nothing")
    parser.set_defaults(format="text")


def run(options: Namespace) -> int:
    """Ask, write the files, and compile them."""
    from floe_compiler.commands.schema import FOLDER, schema_files
    from floe_compiler.load.git_folder import path_in_git, top_of
    from floe_compiler.start import documents, repository
    from floe_compiler.start.answers import answers_of

    root = options.folder.absolute()
    if (root / MANIFEST).exists():
        raise UsageError(f"{options.folder / MANIFEST} exists; to add to the mesh there: floe-compile new --help")
    answers, compiler = answers_of(_answers(options, root)), _compiler()
    owner = answers.owner
    files = {
        MANIFEST: documents.manifest(answers),
        **{f"overlays/{name}/environment.yaml": documents.environment(answers, name) for name in answers.environments},
        f"domains/{answers.domain}/domain.yaml": documents.domain(answers.domain, owner),
        f"domains/{answers.domain}/products/{answers.product}.yaml": documents.product(
            answers.product, answers.domain, owner
        ),
        **repository.files(answers, compiler),
        **{f"{FOLDER}/{name}": text for name, text in schema_files().items()},
    }
    _make(root, options.folder)
    top, path = top_of(root) or root, path_in_git(root)
    checks = repository.checks(answers, compiler, path or "")
    written = write_new(root, files)
    checked = write_new(top, checks, seen_from=root)
    _finish(root)
    sys.stdout.write(f"{MANIFEST} and what belongs to it compile to {OUTPUT}/.\n")
    show_values({file: files[file] for file in written})
    if repository.PRE_COMMIT not in checked:
        sys.stdout.write(
            f"{repository.PRE_COMMIT} was there. For each commit to be checked, add what is below `repos:`\n"
        )
        sys.stdout.write(indent(checks[repository.PRE_COMMIT], "  "))
    here = "" if options.folder == Path() else f"cd {shlex.quote(str(options.folder))}, "
    if path is None:
        here += "git init, "
    readme = ", and see README.md" if "README.md" in written else ""
    sys.stdout.write(f"Then: {here}commit everything{readme}.\n")
    return DONE


def _finish(root: Path) -> None:
    """Write who owns what, and compile. Raises StageFailed if an input is wrong, such as one that was there before."""
    try:
        write_owners(root, root)
        _compile(root)
    except StageFailed:
        sys.stdout.write("Not compiled yet. Correct this; then: floe-compile, and floe-compile codeowners --write\n")
        raise


def _make(root: Path, folder: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be made: {error.strerror}; name another folder") from error


def _answers(options: Namespace, root: Path) -> Mapping[str, str]:
    """Return the name, and what options or people answer beside it. Raises UsageError for a wrong option."""
    from floe_compiler.start.answers import QUESTIONS

    answers: dict[str, str] = {}
    is_asking = sys.stdin is not None and sys.stdin.isatty() and not options.yes
    for question in QUESTIONS:
        answer: str | None = getattr(options, question.field)
        if answer is not None and (wrong := question.wrong(answer)):
            raise UsageError(f"--{question.field}: {wrong}")
        default = question.default(answers)
        if question.field == "name" and not question.wrong(root.name):
            default = root.name
        if answer is None and is_asking:
            answer = _ask(question, default)
        if answer is None and question.field == "name":
            answer = default
        if answer is not None:
            answers[question.field] = answer
    return answers


def _ask(question: Question, default: str) -> str:
    choices = f" ({', '.join(question.choices)})" if question.choices else ""
    while True:
        sys.stderr.write(f"{question.text}{choices} [{default}]: ")
        sys.stderr.flush()
        try:
            line = sys.stdin.readline()
        except KeyboardInterrupt:
            sys.stderr.write("\n")  # what comes next is no answer
            raise
        if not line:
            sys.stderr.write("\n")
            raise KeyboardInterrupt
        answer = line.strip() or default
        wrong = question.wrong(answer)
        if not wrong:
            return answer
        sys.stderr.write(f"  {wrong}\n")


def _compiler() -> Compiler:
    """Return which compiler this is, and where pip got it from if that was a Git repository (PEP 610)."""
    from importlib import metadata

    from floe_compiler.start.repository import Compiler

    installed = metadata.distribution("floe-compile")
    origin = json.loads(installed.read_text("direct_url.json") or "{}")
    commit = origin.get("vcs_info", {}).get("commit_id", "")
    return Compiler(installed.version, origin["url"] if commit else "", commit)


def _compile(root: Path) -> int:
    """Compile as `floe-compile` does, with what it prints."""
    from floe_compiler.commands import compile as compile_

    parser = ArgumentParser()
    compile_.configure(parser)
    return compile_.run(parser.parse_args(["--root", str(root), "--quiet"]))
