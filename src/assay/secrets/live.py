"""Ask the issuer whether a secret still works. Never done by itself: only where the user asked for it.

One read request that changes nothing, to the provider's own API or to an endpoint that the user names. The secret is sent in the header that
the provider prescribes and appears in no result, log or error text.
"""

from __future__ import annotations

import base64
import http.client
import os
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from assay.secrets.redact import identity_of
from assay.secrets.report import Answer

_SECONDS = 5.0
_SECONDS_A_FILE = 15.0
_MOST_BYTES = 65536


class Liveness(Enum):
    """ACTIVE: the issuer accepted it. INACTIVE: it refused. UNKNOWN: no answer that says either."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Provider:
    """How one issuer is asked. `header` and `value` form the credential (`{}` is the secret); `proof` must stand in the body of a 200 where
    the issuer answers 200 to bad credentials too.
    """

    rules: tuple[str, ...]
    url: str
    header: str = "Authorization"
    value: str = "Bearer {}"
    proof: bytes = b""
    more: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LiveResult:
    """The answer and, in words without the secret, why."""

    state: Liveness
    reason: str


PROVIDERS = (
    Provider(("github-",), "https://api.github.com/user", value="token {}"),
    Provider(("gitlab-",), "https://gitlab.com/api/v4/user", header="PRIVATE-TOKEN", value="{}"),
    Provider(
        ("slack-bot", "slack-user", "slack-token"), "https://slack.com/api/auth.test", proof=b'"ok":true'
    ),
    Provider(("stripe-secret", "stripe-restricted", "stripe-live"), "https://api.stripe.com/v1/balance"),
    Provider(("openai-",), "https://api.openai.com/v1/models"),
    Provider(
        ("anthropic-",),
        "https://api.anthropic.com/v1/models",
        header="x-api-key",
        value="{}",
        more=(("anthropic-version", "2023-06-01"),),
    ),
    Provider(("sendgrid-",), "https://api.sendgrid.com/v3/scopes"),
    Provider(("huggingface-",), "https://huggingface.co/api/whoami-v2"),
    Provider(("digitalocean-",), "https://api.digitalocean.com/v2/account"),
    Provider(("groq-",), "https://api.groq.com/openai/v1/models"),
    Provider(("mistral-",), "https://api.mistral.ai/v1/models"),
    Provider(("replicate-",), "https://api.replicate.com/v1/account"),
    Provider(
        ("npm-",), ""
    ),  # a package registry is asked only at an address that the user's configuration names
)


def provider_of(rule_id: str) -> Provider | None:
    """Who is asked about the findings of a rule, or None where no harmless question is known."""
    name = rule_id.rpartition("/")[2]
    return next((provider for provider in PROVIDERS if name.startswith(provider.rules)), None)


def verify(
    rule_id: str, secret: str, endpoints: Mapping[str, str] | None = None, seconds: float = _SECONDS
) -> LiveResult:
    """Whether the issuer still accepts `secret`. `endpoints` maps rule ids (or their beginnings) to addresses that replace the provider's.

    Never raises for a network's or an issuer's fault: that is UNKNOWN.
    """
    provider = provider_of(rule_id)
    if provider is None:
        return LiveResult(Liveness.UNKNOWN, "no harmless question is known for this kind of secret")
    name = rule_id.rpartition("/")[2]
    url = next(
        (
            address
            for start, address in (endpoints or {}).items()
            if name.startswith(start.rpartition("/")[2])
        ),
        provider.url,
    )
    if not url:
        return LiveResult(Liveness.UNKNOWN, "no endpoint is configured")
    if not (secret.isascii() and secret.isprintable()):
        return LiveResult(Liveness.UNKNOWN, "the value cannot be sent in a header")
    try:
        status, body = _ask(
            url, {provider.header: _credential(provider, secret), **dict(provider.more)}, seconds
        )
    except (OSError, http.client.HTTPException, ValueError) as error:
        return LiveResult(Liveness.UNKNOWN, f"no answer: {type(error).__name__}")
    return _answer(status, body, provider.proof)


class LiveVerifier:
    """Asks about each secret once: answers are remembered under the secret's identity, never under the secret.

    Only built-in rules are asked about: what a project's own rule matches is nobody's to send anywhere. `endpoints`: see `verify`.
    """

    def __init__(self, endpoints: Mapping[str, str]) -> None:
        self._endpoints = dict(endpoints)
        self._answers: dict[tuple[str, str], Answer] = {}
        self._key = os.urandom(16)
        self._spent = 0.0

    def begin_file(self) -> None:
        """The next file has its own share of time."""
        self._spent = 0.0

    def __call__(self, rule_id: str, value: bytes) -> Answer:
        """The issuer's answer, or why there is none."""
        key = (rule_id, identity_of(value, self._key))
        answer = self._answers.get(key)
        if answer is None:
            answer = self._ask(rule_id, value)
            if not answer.said.endswith(_NO_TIME):
                self._answers[key] = answer
        return answer

    def _ask(self, rule_id: str, value: bytes) -> Answer:
        left = _SECONDS_A_FILE - self._spent
        if left <= 0:
            return Answer(False, "", _NO_TIME)
        since = time.monotonic()
        known = rule_id.startswith("secrets/")
        result = (
            verify(rule_id, value.decode("utf-8", "replace"), self._endpoints, min(_SECONDS, left))
            if known
            else LiveResult(Liveness.UNKNOWN, "a project's own rules are not asked about")
        )
        self._spent += time.monotonic() - since
        return _answer_of(result)


_NO_TIME = "not verified: the time for asking about secrets of one file is used up"


def _answer_of(result: LiveResult) -> Answer:
    if result.state is Liveness.ACTIVE:
        return Answer(True, "asked the issuer", f"active: {result.reason}")
    word = "inactive" if result.state is Liveness.INACTIVE else "not verified"
    return Answer(False, "", f"{word}: {result.reason}")


def _credential(provider: Provider, secret: str) -> str:
    if provider.value == "Basic {}":
        return "Basic " + base64.b64encode(f"{secret}:".encode()).decode()
    return provider.value.format(secret)


def _ask(url: str, headers: dict[str, str], seconds: float) -> tuple[int, bytes]:
    """One GET without redirects (a redirect would carry the credential to another host)."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(
            host, parts.port, timeout=seconds, context=ssl.create_default_context()
        )
    elif parts.scheme == "http" and host in ("127.0.0.1", "::1", "localhost"):
        connection = http.client.HTTPConnection(host, parts.port, timeout=seconds)
    else:
        raise ValueError("only https is asked")
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(
            "GET", path, headers={"User-Agent": "assay", "Accept": "application/json", **headers}
        )
        response = connection.getresponse()
        return response.status, response.read(_MOST_BYTES)
    finally:
        connection.close()


def _answer(status: int, body: bytes, proof: bytes) -> LiveResult:
    if status == 200:
        accepted = not proof or proof in body.replace(b" ", b"")
        return LiveResult(
            Liveness.ACTIVE if accepted else Liveness.INACTIVE, "accepted" if accepted else "refused"
        )
    if status == 401:
        return LiveResult(Liveness.INACTIVE, "refused with 401")
    if status == 403:
        return LiveResult(Liveness.ACTIVE, "accepted, but not allowed to ask (403)")
    return LiveResult(Liveness.UNKNOWN, f"answered {status}")
