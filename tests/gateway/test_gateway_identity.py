"""Tokens: every way of being false is refused; sub-agents only get narrower."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assay.gateway.assemble import assemble
from assay.gateway.decide import decide
from assay.gateway.identity.scopes import covers
from assay.gateway.identity.tokens import Grant, Issuer
from assay.gateway.identity.verify import TokenError, Verifier
from assay.model.decision import Call, Effect
from assay.model.errors import UsageError
from assay.store.database import open_store

jwt = pytest.importorskip("jwt")


class Desk:
    def __init__(self, folder: Path) -> None:
        self.now = 1_000_000.0
        self.store = open_store(folder / "gateway.db")
        self.issuer = Issuer(folder / "keys", self.store, lambda: self.now)

    def verifier(self, audience: str = "assay-gateway") -> Verifier:
        return Verifier(self.issuer.public_keys(), self.store, audience, lambda: self.now)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def part(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_a_good_token(desk: Desk) -> None:
    subject = desk.verifier().subject_of(desk.issuer.issue(Grant("bot", "s1", "t1", ("dev",), ("git.*",))))
    assert (subject.agent, subject.session, subject.tenant, subject.roles, subject.scopes) == (
        "bot",
        "s1",
        "t1",
        ("dev",),
        ("git.*",),
    )


def test_it_runs_out(desk: Desk) -> None:
    token, verifier = desk.issuer.issue(Grant("bot", seconds=60)), desk.verifier()
    verifier.subject_of(token)
    desk.now += 70
    with pytest.raises(TokenError, match="run out"):
        verifier.subject_of(token)


def test_another_audience(desk: Desk) -> None:
    with pytest.raises(TokenError, match=r"[Aa]udience"):
        desk.verifier("other").subject_of(desk.issuer.issue(Grant("bot")))


def test_revoked(desk: Desk) -> None:
    token, verifier = desk.issuer.issue(Grant("bot")), desk.verifier()
    verifier.subject_of(token)
    desk.issuer.revoke(token)
    with pytest.raises(TokenError, match="revoked"):
        verifier.subject_of(token)


def test_rotation_keeps_old_tokens(desk: Desk) -> None:
    old = desk.issuer.issue(Grant("bot"))
    before = len(desk.issuer.jwks()["keys"])
    desk.issuer.rotate()
    new = desk.issuer.issue(Grant("bot"))
    assert jwt.get_unverified_header(old)["kid"] != jwt.get_unverified_header(new)["kid"]
    assert len(desk.issuer.jwks()["keys"]) == before + 1
    for token in (old, new):
        assert desk.verifier().subject_of(token).agent == "bot"


def test_forged_tokens(desk: Desk) -> None:
    token = desk.issuer.issue(Grant("bot"))
    header, body, signature = token.split(".")
    kid = jwt.get_unverified_header(token)["kid"]
    claims = json.loads(jwt.utils.base64url_decode(body))
    none = f"{part({'alg': 'none', 'kid': kid})}.{body}."
    hs_header = part({"alg": "HS256", "kid": kid, "typ": "JWT"})
    raw = jwt.utils.base64url_decode(desk.issuer.jwks()["keys"][0]["x"])
    hs = (
        f"{hs_header}.{body}."
        + urlsafe_b64encode(hmac.new(raw, f"{hs_header}.{body}".encode(), sha256).digest())
        .rstrip(b"=")
        .decode()
    )
    wider = f"{header}.{part({**claims, 'scope': '*', 'sub': 'root'})}.{signature}"
    other = jwt.encode(claims, Ed25519PrivateKey.generate(), algorithm="EdDSA", headers={"kid": kid})
    stranger = jwt.encode(claims, Ed25519PrivateKey.generate(), algorithm="EdDSA", headers={"kid": "0" * 16})
    for forged in (none, hs, wider, other, stranger, "", "a.b", "a.b.c", token[:-2], "x" * 9000, token + "."):
        with pytest.raises(TokenError):
            desk.verifier().subject_of(forged)


def test_a_token_for_one_use(desk: Desk) -> None:
    token = desk.issuer.issue(Grant("bot", once=True))
    assert desk.verifier().subject_of(token).agent == "bot"
    with pytest.raises(TokenError, match="used before"):
        desk.verifier().subject_of(token)


def test_an_id_seen_with_other_content(desk: Desk) -> None:
    token, verifier = desk.issuer.issue(Grant("bot")), desk.verifier()
    verifier.subject_of(token)
    desk.store.execute("UPDATE token_seen SET digest = 'x'")
    with pytest.raises(TokenError, match="used before"):
        desk.verifier().subject_of(token)


def test_sub_agents_get_narrower(desk: Desk) -> None:
    parent = desk.issuer.issue(Grant("lead", "s", "t", ("dev",), ("git.*", "file.read"), seconds=100))
    child = desk.verifier().claims_of(
        desk.issuer.issue(Grant("helper", scopes=("git.push",), seconds=900), parent=parent)
    )
    assert child["act"] == ["lead"]
    assert (child["tenant"], child["sid"], child["exp"]) == ("t", "s", desk.now + 100)
    for wider in (
        Grant("helper", scopes=("file.write",)),
        Grant("helper", scopes=("*",)),
        Grant("helper", roles=("admin",)),
        Grant("helper", tenant="other"),
    ):
        with pytest.raises(UsageError):
            desk.issuer.issue(wider, parent=parent)


def test_scopes_cover() -> None:
    assert covers(["git.*"], "git.push")
    assert covers(["*"], "x")
    assert not covers(["git.push"], "git.*")
    assert not covers(["git.*"], "*")
    assert not covers(["git.*"], "gitx.push")


def test_tokens_and_scopes_in_decisions(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path / "keys", open_store(tmp_path / "gateway.db"))
    token = issuer.issue(Grant("bot", scopes=("file.read",)))
    gateway = assemble("/nonexistent", ["default"], str(tmp_path), identity=True)
    read = Call("1", "Read", {"file_path": "/w/a"}, workspace="/w", cwd="/w", home="/h")
    write = Call("2", "Write", {"file_path": "/w/a", "content": "x"}, workspace="/w", cwd="/w", home="/h")
    assert decide(gateway, read, token).effect is Effect.ALLOW
    assert decide(gateway, write, token).reasons[0].statement == "scope"
    assert decide(gateway, read, "").effect is Effect.DENY


def test_limits_of_a_grant(desk: Desk) -> None:
    for bad in (Grant(""), Grant("a", seconds=0), Grant("a", seconds=86_400)):
        with pytest.raises(UsageError):
            desk.issuer.issue(bad)
