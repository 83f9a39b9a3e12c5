"""Compares the files of a mesh with a receipt, by digests only: nothing is compiled, and no cache is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.files import sha256
from floe_compiler.model.output_paths import OUTPUT
from floe_compiler.model.plain_files import read_if_plain
from floe_compiler.model.span import Span
from floe_compiler.write.commit import reporting_refusals
from floe_compiler.write.index import Entry, index_path, parse_index
from floe_compiler.write.receipt import Receipt
from floe_compiler.write.snapshot import take_snapshot

OTHER_OUTPUT = Rule(
    "W023",
    "output that the receipt does not name",
    "A file under output/ is not one that the receipt names: it was changed, added or deleted. Check out the commit "
    "that the receipt is of, or find out who has changed the file.",
)
OTHER_INPUTS = Rule(
    "W024",
    "inputs that the receipt does not name",
    "A file among the inputs is not one that the receipt names: it was changed, added or deleted. Check out the commit "
    "that the receipt is of, or find out who has changed the file.",
)

_HINT = "check out the commit that the receipt is of, or write a new one: floe-compile receipt > FILE"


def compare_with_receipt(root: Path, receipt: Receipt, inputs: Mapping[str, str], path: str | None) -> int:
    """Return the number of output files, all of which the receipt names.

    Args:
        root: the repository's root.
        receipt: the receipt.
        inputs: the digest of each input file that counts in the receipt's environments, by path from the root.
        path: the path of the mesh in its Git repository; None outside of Git, where it is not compared.

    Raises:
        StageFailed: with each output file (W023) and input file (W024) that differs, links in the output (W010), and
            output that cannot be read (W011).
    """
    findings = Findings()
    if path is not None and path != receipt.predicate.path:
        message = f'the mesh is in "{path or "."}" of its Git repository, and in the receipt in'
        findings.add(OTHER_INPUTS, f'{message} "{receipt.predicate.path or "."}"', hint=_HINT)
    for file, difference in _differences(receipt.inputs.items(), inputs.items()):
        findings.add(OTHER_INPUTS, difference, Span(file), hint=_HINT)
    with reporting_refusals(root):
        hashes = take_snapshot(root, receipt.outputs, findings).hashes
        for environment, digest in receipt.outputs.items():
            _compare_output(root, environment, digest, hashes, findings)
    findings.finish()
    return sum(file.split("/")[1] in receipt.outputs for file in hashes)


def _compare_output(root: Path, environment: str, digest: str, hashes: Mapping[str, str], findings: Findings) -> None:
    """Hold the index against its digest, and then the files against the index."""
    index = index_path(environment)
    text = read_if_plain(root, index)
    if text is None or sha256(text) != digest:
        problem = "is missing" if text is None else "is another one than the receipt names, so it lists other files"
        findings.add(OTHER_OUTPUT, f"the index of {environment} {problem}", Span(index), hint=_HINT)
        return
    named = parse_index(environment, text.decode("utf-8", "replace"), findings)
    own = {(file, content_hash) for file, content_hash in hashes.items() if file.startswith(f"{OUTPUT}/{environment}/")}
    for file, difference in _differences(named, own):
        findings.add(OTHER_OUTPUT, difference, Span(file), hint=_HINT)


def _differences(named: AbstractSet[Entry], in_output: AbstractSet[Entry]) -> Iterator[tuple[str, str]]:
    """Yield each file that differs, with what differs."""
    in_receipt, here = {path for path, _ in named}, {path for path, _ in in_output}
    for file in sorted({path for path, _ in named ^ in_output}):
        if file not in here:
            yield file, "the receipt names this file, and it is missing"
        elif file not in in_receipt:
            yield file, "the receipt does not name this file"
        else:
            yield file, "this file has another content than the receipt names"
