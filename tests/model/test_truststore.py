"""A PKCS #12 file without a password: the same bytes each time, and one that OpenSSL reads.

That Java trusts its certificates is shown by `kit/test_trust.py`.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certificates import authority
from floe_compiler.model.truststore import truststore

FIRST, SECOND = authority("First"), authority("Second")
DER = [ca.certificate.public_bytes(Encoding.DER) for ca in (FIRST, SECOND)]


def test_the_same_certificates_give_the_same_bytes() -> None:
    assert truststore(DER) == truststore(DER)
    assert truststore(DER) != truststore(DER[::-1])


@pytest.mark.parametrize("number", [1, 2, 40])
def test_openssl_reads_each_certificate(number: int, tmp_path: Path) -> None:
    """With one, two and many certificates, lengths take one, two and three bytes."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    (tmp_path / "trust.p12").write_bytes(truststore(DER[:number] if number <= 2 else DER * 20))
    command = [openssl, "pkcs12", "-in", str(tmp_path / "trust.p12"), "-nokeys", "-nomacver", "-passin", "pass:"]
    read = subprocess.run(command, capture_output=True, text=True, check=True)
    assert read.stdout.count("BEGIN CERTIFICATE") == number
    assert ("Second" in read.stdout) == (number > 1)
