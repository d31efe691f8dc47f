"""Whose token this is. Every way in which a token can be false has its own message; nothing but our own signature algorithm is accepted."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from types import ModuleType
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from assay.model.decision import Subject
from assay.model.errors import AssayError, MissingExtraError
from assay.store.database import Store

ISSUER = "assay"
AUDIENCE = "assay-gateway"
_LEEWAY = 5.0
_MAX_TOKEN = 8_192
_MAX_CACHED = 4_096


class TokenError(AssayError):
    """A token is not valid."""

    exit_code = 1


def jwt_library() -> ModuleType:
    """PyJWT, or an error with the install command.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import jwt
    except ImportError as error:
        raise MissingExtraError("a token", "gateway") from error
    return jwt


class Verifier:
    """Verifies tokens against public keys; remembers good ones until they run out, and asks the store for revoked ones each time."""

    def __init__(
        self,
        keys: Mapping[str, Ed25519PublicKey],
        store: Store,
        audience: str | None = AUDIENCE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys, self._store, self._audience, self._clock = keys, store, audience, clock
        self._cache: dict[str, dict[str, Any]] = {}
        self._subjects: dict[str, Subject] = {}

    def subject_of(self, token: str) -> Subject:
        """The subject of a valid token.

        Raises:
            TokenError: the token is not valid.
        """
        claims = self.claims_of(token)
        subject = self._subjects.get(token)
        if subject is None:
            subject = Subject(
                agent=claims["sub"],
                roles=tuple(claims["roles"]),
                session=claims["sid"],
                tenant=claims["tenant"],
                on_behalf_of=tuple(claims["act"]),
                scopes=tuple(claims["scope"].split()),
            )
            if token in self._cache:
                self._subjects[token] = subject
        return subject

    def claims_of(self, token: str) -> dict[str, Any]:
        """The claims of a valid token.

        Raises:
            TokenError: the token is not valid.
        """
        now = self._clock()
        claims = self._cache.get(token)
        if claims is None:
            claims = self._verified(token)
            if len(self._cache) >= _MAX_CACHED:
                self._cache.clear()
                self._subjects.clear()
            if not claims.get("once"):
                self._cache[token] = claims
        if claims["exp"] + _LEEWAY <= now:
            self._cache.pop(token, None)
            raise TokenError("the token has run out", "issue a new one")
        if claims["nbf"] - _LEEWAY > now:
            raise TokenError("the token is not valid yet", "check the clocks")
        if self._store.one("SELECT 1 FROM token_revoked WHERE jti = ?", (claims["jti"],)) is not None:
            raise TokenError("the token was revoked", "issue a new one")
        return claims

    def _verified(self, token: str) -> dict[str, Any]:
        """1. form, 2. algorithm, 3. key, 4. signature, issuer, audience, 5. claims, 6. not seen with other content, or before."""
        jwt = jwt_library()
        if not token or len(token) > _MAX_TOKEN or token.count(".") != 2:
            raise TokenError(
                "there is no token, or not one of ours", "issue one with `assay gateway token issue`"
            )
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError as error:
            raise TokenError("the token's header is broken", "issue a new one") from error
        if header.get("alg") != "EdDSA":
            raise TokenError(
                f"the algorithm {str(header.get('alg'))[:20]!r} is not accepted",
                "only EdDSA signatures by this gateway's keys are",
            )
        key = self._keys.get(str(header.get("kid")))
        if key is None:
            raise TokenError("the token is signed by an unknown key", "issue a new one")
        options = {
            "require": ["exp", "iat", "nbf", "iss", "sub", "aud", "jti"],
            "verify_exp": False,
            "verify_nbf": False,
            "verify_iat": False,
            "verify_aud": self._audience is not None,
        }
        try:
            claims: dict[str, Any] = jwt.decode(
                token, key, algorithms=["EdDSA"], audience=self._audience, issuer=ISSUER, options=options
            )
        except jwt.PyJWTError as error:
            raise TokenError(f"the token is not valid: {error}", "issue a new one") from error
        _check_shapes(claims)
        self._not_replayed(token, claims)
        return claims

    def _not_replayed(self, token: str, claims: Mapping[str, Any]) -> None:
        digest = sha256(token.encode()).hexdigest()
        with self._store.transaction() as store:
            seen = store.one("SELECT digest FROM token_seen WHERE jti = ?", (claims["jti"],))
            if seen is not None and (claims.get("once") or seen[0] != digest):
                raise TokenError("the token was used before", "issue a new one")
            if seen is None:
                store.execute(
                    "INSERT INTO token_seen VALUES (?, ?, ?)", (claims["jti"], digest, float(claims["exp"]))
                )
                store.execute("DELETE FROM token_seen WHERE expires < ?", (self._clock() - 3600,))


def _check_shapes(claims: Mapping[str, Any]) -> None:
    texts = all(isinstance(claims.get(name), str) for name in ("sub", "jti", "sid", "tenant", "scope"))
    lists = all(
        isinstance(claims.get(name), list) and all(isinstance(item, str) for item in claims[name])
        for name in ("roles", "act")
    )
    numbers = all(
        isinstance(claims.get(name), (int, float)) and not isinstance(claims.get(name), bool)
        for name in ("exp", "nbf", "iat")
    )
    if not (texts and lists and numbers):
        raise TokenError("the token's claims are not ours", "issue a new one")
