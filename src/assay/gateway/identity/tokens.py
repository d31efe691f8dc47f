"""Tokens of agents: Ed25519 JWTs for minutes, one agent and one session, with scopes that only ever get narrower (RFC 7519, RFC 8037)."""

from __future__ import annotations

import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from assay.gateway.identity.scopes import covers
from assay.gateway.identity.verify import AUDIENCE, ISSUER, Verifier, jwt_library
from assay.model.errors import UsageError
from assay.signing.keys import KeyFolder
from assay.store.database import Store

_LONGEST = 3600.0


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token is for. `scopes` are verbs or patterns (`file.read`, `git.*`); empty means everything the policy allows. `seconds` of life."""

    agent: str
    session: str = ""
    tenant: str = ""
    roles: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    audience: str = AUDIENCE
    seconds: float = 900.0
    once: bool = False


class Issuer:
    """Issues and revokes tokens with the keys of a folder."""

    def __init__(self, folder: Path, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._keys, self._store, self._clock = KeyFolder(folder), store, clock

    def issue(self, grant: Grant, parent: str = "") -> str:
        """A signed token; with the `parent`'s token, for an agent that works for that one.

        Raises:
            UsageError: no agent is named, the life is too long, or the grant is wider than the parent's.
            TokenError: the parent's token is not valid.
        """
        if not grant.agent:
            raise UsageError("a token needs an agent", "give --agent NAME")
        if not 0 < grant.seconds <= _LONGEST:
            raise UsageError(
                f"a token lives up to {_LONGEST / 60:g} minutes, not {grant.seconds / 60:g}",
                "issue a new one when it runs out",
            )
        now = self._clock()
        claims: dict[str, Any] = {
            "iss": ISSUER, "sub": grant.agent, "aud": grant.audience, "iat": int(now), "nbf": int(now), "exp": int(now + grant.seconds), "jti": token_hex(16),
            "sid": grant.session, "tenant": grant.tenant, "roles": list(grant.roles), "scope": " ".join(grant.scopes), "act": [],
        }  # fmt: skip
        if grant.once:
            claims["once"] = True
        if parent:
            _narrow(
                claims,
                Verifier(self.public_keys(), self._store, grant.audience, self._clock).claims_of(parent),
            )
        key = self._keys.signing()
        token: str = jwt_library().encode(claims, key.private, algorithm="EdDSA", headers={"kid": key.id})
        return token

    def revoke(self, token: str) -> None:
        """Refuse a token from now on; an id of a token (`jti`) will do.

        Raises:
            TokenError: the token is not valid.
        """
        if token.count(".") != 2:
            self._store.execute(
                "INSERT OR REPLACE INTO token_revoked VALUES (?, ?)", (token, self._clock() + _LONGEST)
            )
            return
        claims = Verifier(self.public_keys(), self._store, None, self._clock).claims_of(token)
        self._store.execute(
            "INSERT OR REPLACE INTO token_revoked VALUES (?, ?)", (claims["jti"], float(claims["exp"]))
        )

    def rotate(self) -> str:
        """Sign with a new key from now on; tokens of the old ones stay valid. Returns the new key's id."""
        return self._keys.rotate()

    def public_keys(self) -> dict[str, Ed25519PublicKey]:
        """Every public key by id."""
        return self._keys.public()

    def jwks(self) -> dict[str, Any]:
        """The public keys as a JWK set (RFC 7517)."""
        return {
            "keys": [
                {
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "use": "sig",
                    "alg": "EdDSA",
                    "kid": name,
                    "x": _encoded(public.public_bytes(Encoding.Raw, PublicFormat.Raw)),
                }
                for name, public in self.public_keys().items()
            ]
        }


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _narrow(claims: dict[str, Any], parent: dict[str, Any]) -> None:
    """Bind a token to its parent's: same tenant and session, no longer life, no scope and no role that the parent lacks."""
    scopes, held = claims["scope"].split(), parent["scope"].split()
    if held:
        wider = [scope for scope in scopes if not covers(held, scope)]
        if wider:
            raise UsageError(
                f"the scope {wider[0]} is wider than what {parent['sub']} has",
                "scopes of the parent: " + ", ".join(held),
            )
        claims["scope"] = " ".join(scopes or held)
    more = [role for role in claims["roles"] if role not in parent["roles"]]
    if more:
        raise UsageError(f"{parent['sub']} does not have the role {more[0]}", "leave it out")
    if claims["tenant"] and claims["tenant"] != parent["tenant"]:
        raise UsageError("a sub-agent works for the same tenant", "leave --tenant out")
    claims["tenant"], claims["sid"] = parent["tenant"], claims["sid"] or parent["sid"]
    claims["exp"] = min(claims["exp"], parent["exp"])
    claims["act"] = [*parent.get("act", []), parent["sub"]]
