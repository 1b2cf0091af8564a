"""Access tokens that say who is signed in, and refresh tokens that say nothing. Pure: no database, no clock."""

import base64
import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from lexora_gql.accounts.models import Role
from lexora_gql.signing import Signer

ALGORITHM = "HS256"
TYPE = "at+jwt"  # RFC 9068
# The same on every server of an installation, whatever address it is reached by; SECRET_KEY tells installations apart.
ISSUER = "lexora"
AUDIENCE = "lexora-api"
PURPOSE = "access token"
SUCCESSOR_PURPOSE = "refresh token's successor"
# Between the clocks of two servers. Expiry has none: a token never lives longer than it says.
LEEWAY = timedelta(seconds=5)
ACCESS_TOKEN_CHARACTERS_MAX = 2_048
SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
KNOWN_MAX = 10_000
"""Tokens whose signature was found right are not checked again, but for their times: each comes with every request."""
REFRESH_TOKEN_BYTES = 32
REFRESH_PREFIX = "lxr_"
REFRESH_SHAPE = re.compile(REFRESH_PREFIX + r"[A-Za-z0-9_-]{43}")


class BadToken(ValueError):
    """This is no access token of this server, or no longer."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What an access token says; whether it still holds is for the database to tell."""

    user_id: UUID
    session_id: UUID
    role: Role
    token_id: str
    issued_at: datetime
    expires_at: datetime


class AccessTokens:
    """JSON Web Tokens of one algorithm, under a key derived from SECRET_KEY."""

    def __init__(self, signer: Signer, lifetime: timedelta) -> None:
        self.lifetime = lifetime
        keys = [OctKey.import_key(key) for key in signer.keys(PURPOSE)]
        self._headers = [{"alg": ALGORITHM, "typ": TYPE, "kid": key.thumbprint()[:16]} for key in keys]
        self._keys = keys
        self._known: dict[str, Claims] = {}

    def issue(self, user_id: UUID, session_id: UUID, role: Role, *, at: datetime) -> tuple[str, Claims]:
        """Return a new token and what it says."""
        issued_at = at.replace(microsecond=0)
        claims = Claims(user_id, session_id, role, uuid4().hex, issued_at, issued_at + self.lifetime)
        payload = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "sid": str(session_id),
            "role": role.value,
            "jti": claims.token_id,
            "iat": int(issued_at.timestamp()),
            "nbf": int(issued_at.timestamp()),
            "exp": int(claims.expires_at.timestamp()),
        }
        return jwt.encode(self._headers[0], payload, self._keys[0], algorithms=[ALGORITHM]), claims

    def read(self, token: str, *, at: datetime) -> Claims:
        """Return what a token says.

        Raises:
            BadToken: It is not ours, was changed, is not valid yet or has expired.
        """
        known = self._known.get(token)
        if known is not None:
            _check_times(known, at)
            return known
        claims = self._read(token, at)
        self._known[token] = claims
        while len(self._known) > KNOWN_MAX:
            del self._known[next(iter(self._known))]
        return claims

    def _read(self, token: str, at: datetime) -> Claims:
        if len(token) > ACCESS_TOKEN_CHARACTERS_MAX or not SHAPE.fullmatch(token):
            raise BadToken(BadToken.__doc__)
        try:
            claims = jwt.decode(token, self._key_of(token), algorithms=[ALGORITHM]).claims
            _check(claims, at)
            return Claims(
                user_id=UUID(claims["sub"]),
                session_id=UUID(claims["sid"]),
                role=Role(claims["role"]),
                token_id=claims["jti"],
                issued_at=datetime.fromtimestamp(claims["iat"], UTC),
                expires_at=datetime.fromtimestamp(claims["exp"], UTC),
            )
        except (JoseError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise BadToken(BadToken.__doc__) from error

    def _key_of(self, token: str) -> OctKey:
        segment = token.partition(".")[0]
        written = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
        # Only the headers that we write are taken: no other algorithm, type, key or extension is ever looked at.
        for key, header in zip(self._keys, self._headers, strict=True):
            if header == written:
                return key
        raise BadToken(BadToken.__doc__)


def _check(claims: jwt.Claims, at: datetime) -> None:
    required: dict[str, jwt.ClaimsOption] = {name: {"essential": True} for name in ("sub", "sid", "role", "jti")}
    jwt.JWTClaimsRegistry(
        now=int(at.timestamp()),
        leeway=int(LEEWAY.total_seconds()),
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": AUDIENCE},
        iat={"essential": True},
        nbf={"essential": True},
        exp={"essential": True},
        **required,
    ).validate(claims)
    if claims["exp"] <= at.timestamp():
        raise BadToken(BadToken.__doc__)


def _check_times(claims: Claims, at: datetime) -> None:
    if not claims.issued_at - LEEWAY <= at < claims.expires_at:
        raise BadToken(BadToken.__doc__)


def new_refresh_token() -> str:
    """Return a new refresh token: 32 random bytes behind a prefix that secret scanners can look for."""
    return _refresh_token(secrets.token_bytes(REFRESH_TOKEN_BYTES))


def refresh_successors(signer: Signer, token: str) -> tuple[str, ...]:
    """Return what a refresh token is exchanged for: under today's key, then under the previous one.

    Derived, so that a retry can be given the same one while only hashes are stored.
    """
    return tuple(_refresh_token(digest) for digest in signer.digests(SUCCESSOR_PURPOSE, token.encode()))


def refresh_hash(token: str) -> bytes:
    """Return what is stored of a refresh token; 256 bits of chance need no salt and no slowness."""
    return hashlib.sha256(token.encode()).digest()


def is_refresh_token(text: str) -> bool:
    """Return whether a text has the shape of a refresh token."""
    return REFRESH_SHAPE.fullmatch(text) is not None


def _refresh_token(raw: bytes) -> str:
    return REFRESH_PREFIX + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
