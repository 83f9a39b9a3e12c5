"""Signs a statement without a key, as whoever runs this, by Sigstore (docs.sigstore.dev/about/overview).

The identity is the token that a CI system has for its jobs, or a login in the browser. The signature is written into
Sigstore's public log, with the identity and the statement.
"""

from __future__ import annotations

import sys

NOBODY = "there is no identity to sign as; in a job of GitHub Actions, give it `permissions: {id-token: write}`"


class NoIdentity(Exception):
    """A statement could not be signed as somebody; the message says why, without a part of a token."""


def bundle_by_identity(statement: bytes) -> bytes:
    """Return a bundle: a statement signed with the identity of whoever runs this.

    Raises:
        NoIdentity: if the extra is not installed, nobody logs in, or Sigstore cannot be reached.
    """
    try:
        from sigstore import dsse
        from sigstore.errors import Error
        from sigstore.models import ClientTrustConfig
        from sigstore.oidc import ExpiredIdentity, IdentityError, IdentityToken, Issuer, detect_credential
        from sigstore.sign import SigningContext
    except ImportError:
        raise NoIdentity("install the extra: pip install 'floe-compile[sign]'") from None
    try:
        credential = detect_credential()
        if not credential and not sys.stdin.isatty():  # nobody is there to log in
            raise NoIdentity(NOBODY)
        trust = ClientTrustConfig.production()
        token = (
            IdentityToken(credential) if credential else Issuer(trust.signing_config.get_oidc_url()).identity_token()
        )
        with SigningContext.from_trust_config(trust).signer(token) as signer:
            bundle: str = signer.sign_dsse(dsse.Statement(statement)).to_json()
            return bundle.encode()
    except (IdentityError, ExpiredIdentity):
        raise NoIdentity(NOBODY) from None
    except (Error, OSError) as error:
        raise NoIdentity(f"Sigstore did not sign it: {type(error).__name__}") from None
