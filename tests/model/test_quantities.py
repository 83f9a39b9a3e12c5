"""Whether quantities are exact, and printed as Kubernetes prints them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sysconfig
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import FEW
from floe_compiler.model.quantities import ZERO, Quantity, added, parse_quantity
from tables import table

KUBECTL = shutil.which("kubectl", path=sysconfig.get_path("scripts")) or shutil.which("kubectl")

# As printed by `kubectl create quota --dry-run=client`.
CANONICAL = {
    "1000m": "1",
    "1500m": "1500m",
    "3072Mi": "3Gi",
    "1Gi": "1Gi",
    "1000Gi": "1000Gi",
    "1025Ki": "1025Ki",
    "1.5Gi": "1536Mi",
    "0.5Ki": "512",
    "1.5Ki": "1536",
    "0.9765625Ki": "1k",
    "1.0001Ki": "1024102400u",
    "0.1": "100m",
    ".5": "500m",
    "1.5": "1500m",
    "0": "0",
    "0Mi": "0",
    "0.0": "0",
    "100": "100",
    "1000": "1k",
    "2000": "2k",
    "1536": "1536",
    "1e3": "1e3",
    "12e4": "120e3",
    "1e1": "10",
    "1e-3": "1e-3",
    "1n": "1n",
    "1u": "1u",
    "7Ei": "7Ei",
    "9E": "9E",
    "1E": "1E",
}
AMOUNTS = {
    "500m": Fraction(1, 2),
    "1Ki": Fraction(1024),
    "1k": Fraction(1000),
    "0.1": Fraction(1, 10),
    "1e3": Fraction(1000),
    "1E-3": Fraction(1, 1000),
    "1n": Fraction(1, 10**9),
    "2Ti": Fraction(2 * 1024**4),
}

digits = st.integers(0, 10**6).map(str)
suffixes = st.sampled_from(["n", "u", "m", "", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti", "e3", "e-3", "E6"])
quantity_texts = st.builds(lambda number, suffix: f"{number}{suffix}", digits, suffixes)


@table("text, canonical", CANONICAL.items())
def test_quantities_have_a_canonical_text(text: str, canonical: str) -> None:
    assert str(parse_quantity(text)) == canonical


@pytest.mark.real
@pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed")
def test_canonical_text_is_that_of_kubectl(tmp_path: Path) -> None:
    texts = list(CANONICAL)
    hard = ",".join(f"example.com/r{number}={text}" for number, text in enumerate(texts))
    command = [str(KUBECTL), "create", "quota", "q", f"--hard={hard}", "--dry-run=client", "--output=json"]
    environment = {"HOME": str(tmp_path), "KUBECONFIG": "/dev/null"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    quantities = json.loads(done.stdout)["spec"]["hard"]
    assert [quantities[f"example.com/r{number}"] for number in range(len(texts))] == [CANONICAL[text] for text in texts]


@pytest.mark.parametrize(("text", "amount"), AMOUNTS.items())
def test_amounts_are_exact(text: str, amount: Fraction) -> None:
    assert parse_quantity(text).amount == amount


@given(quantity_texts)
def test_canonical_text_means_the_same_and_is_final(text: str) -> None:
    quantity = parse_quantity(text)
    assert parse_quantity(str(quantity)) == quantity
    assert str(parse_quantity(str(quantity))) == str(quantity)


@given(st.lists(quantity_texts))
@FEW
def test_sums_are_exact(texts: list[str]) -> None:
    quantities = [parse_quantity(text) for text in texts]
    assert added(quantities).amount == sum(quantity.amount for quantity in quantities)


def test_a_sum_has_the_notation_of_the_first_amount() -> None:
    amounts = [parse_quantity(text) for text in ("0", "512Mi", "512Mi", "0k")]
    assert str(added(amounts)) == str(amounts[0] + amounts[1] + amounts[2]) == "1Gi"
    assert [added(()), added(amounts[:1]), added(amounts[:2])] == [ZERO, ZERO, amounts[1]]


def test_arithmetic_keeps_the_notation() -> None:
    assert str(parse_quantity("512Mi") + parse_quantity("512Mi")) == "1Gi"
    assert str(ZERO + parse_quantity("1Gi")) == "1Gi"
    assert str(parse_quantity("1Gi") + parse_quantity("1")) == "1073741825"
    assert str(parse_quantity("250m") * 3) == "750m"
    assert str(parse_quantity("512Mi") * 4) == "2Gi"


def test_comparison_is_by_amount() -> None:
    assert parse_quantity("1Gi") == parse_quantity("1073741824")
    assert hash(parse_quantity("1000m")) == hash(parse_quantity("1"))
    assert parse_quantity("1G") < parse_quantity("1Gi")
    assert max(parse_quantity("900m"), parse_quantity("1")) == Quantity(Fraction(1))


@table("text", ["", "-1", "+1", "1 Gi", "Mi", "1.2.3", "1_000", "0x10", "5.", ".", "1e1.5", "1\n", "\u0661", "1e100"])
def test_invalid_quantities_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a quantity; (?:write a number and a suffix|did you mean)"):
        parse_quantity(text)


@table(
    "text, message",
    [
        ("512mi", 'did you mean "512Mi"?'),
        ("10GB", 'did you mean "10Gi", or "10G" in powers of 1000?'),
        ("4kb", 'did you mean "4Ki", or "4k" in powers of 1000?'),
        ("1,5Gi", 'did you mean "1.5Gi"?'),
        ("2 Gi", 'did you mean "2Gi"?'),
        ("2 cores", 'did you mean "2"?'),
        ("1K", 'did you mean "1Ki", or "1k" in powers of 1000?'),
        ("1Zi", "known: n, u, m, k"),
        ("1e", 'did you mean "1Ei", or "1E" in powers of 1000?'),
        ("8Ei", "is too large"),
        ("1e99", "is too large"),
        ("0.1n", "is too precise"),
        ("1e-10", "is too precise"),
    ],
)
def test_messages_explain_invalid_quantities(text: str, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        parse_quantity(text)
    assert message in str(raised.value)
    assert text in str(raised.value)
