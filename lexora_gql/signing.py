"""What this server says about itself and can recognise later: cursors, links, successors, keyed hashes.

Each purpose has a key of its own, derived from SECRET_KEY: what is signed for one purpose says nothing for another.
"""

import base64
import binascii
import hashlib
import hmac

KEY_BYTES_MIN = 32
# 128 bits: nobody tries out that many against a server, and links stay short.
TAG_BYTES = 16
TOKEN_CHARACTERS_MAX = 8_192


class BadSignature(ValueError):
    """This was not signed by this server for this purpose, or was changed since."""


class Signer:
    """Signs under SECRET_KEY; recognises what SECRET_KEY_PREVIOUS signed, too."""

    def __init__(self, key: str, previous: str | None = None) -> None:
        """Take the keys.

        Args:
            key: At least 32 bytes in UTF-8.
            previous: As long; what it signed is still accepted.

        Raises:
            ValueError: A key is too short.
        """
        self._keys = tuple(_checked(each) for each in (key, previous) if each is not None)

    def __repr__(self) -> str:
        return f"Signer({len(self._keys)} keys)"

    def keys(self, purpose: str) -> tuple[bytes, ...]:
        """Return the purpose's keys of 32 bytes: the one to sign with, then those still accepted."""
        return tuple(hmac.digest(key, b"lexora\x00" + purpose.encode(), hashlib.sha256) for key in self._keys)

    def digests(self, purpose: str, payload: bytes) -> tuple[bytes, ...]:
        """Return the 32 bytes that stand for a payload, under each key, today's first."""
        return tuple(hmac.digest(key, payload, hashlib.sha256) for key in self.keys(purpose))

    def digest(self, purpose: str, payload: bytes) -> bytes:
        """Return the 32 bytes that stand for a payload under today's key: nobody else can tell them."""
        return self.digests(purpose, payload)[0]

    def sign(self, purpose: str, payload: bytes) -> str:
        """Return a token of URL-safe characters; the payload can be read by anyone, and changed by nobody."""
        return _encode(self.digest(purpose, payload)[:TAG_BYTES] + payload)

    def verify(self, purpose: str, token: str) -> bytes:
        """Return the payload of a token.

        Raises:
            BadSignature: It was not signed for this purpose under a key that is still accepted.
        """
        signed = _decode(token)
        tag, payload = signed[:TAG_BYTES], signed[TAG_BYTES:]
        matches = [hmac.compare_digest(tag, digest[:TAG_BYTES]) for digest in self.digests(purpose, payload)]
        if not any(matches):
            raise BadSignature(BadSignature.__doc__)
        return payload


def _checked(key: str) -> bytes:
    raw = key.encode()
    if len(raw) < KEY_BYTES_MIN:
        message = f"A secret key has {len(raw)} bytes; at least {KEY_BYTES_MIN} are needed."
        raise ValueError(message)
    return raw


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(token: str) -> bytes:
    try:
        if len(token) > TOKEN_CHARACTERS_MAX:
            raise BadSignature(BadSignature.__doc__)
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise BadSignature(BadSignature.__doc__) from error
    # One spelling each: the last character has bits to spare, and a padded token is another string.
    if _encode(raw) != token:
        raise BadSignature(BadSignature.__doc__)
    return raw
