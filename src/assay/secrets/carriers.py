"""Credentials that a format carries without naming them: user:password in URLs, Authorization headers, curl's -u, logins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from assay.model.severity import Confidence, Severity
from assay.secrets.checks.encodings import base64_bytes
from assay.secrets.detector import compiled
from assay.secrets.judgement import Judgement, Strength, judge, reason_against, strength_of, weak_elsewhere
from assay.secrets.logins import Login, logins
from assay.secrets.place import Form, Place, Setting
from assay.secrets.value import is_numbered

_URL = r"(?P<scheme>[A-Za-z][\w+.-]{1,20})://(?P<user>[^\s/:@\"'`<>]*):(?P<password>[^\s/@\"'`<>]{2,})@(?P<host>[\w.\[{$%-][\w.-]*)"
_HEADER = r"(?i:(?P<scheme>basic|bearer|\btoken)[ \t]{1,4}(?P<value>[\w+/.~-]{12,400}={0,2}))"
_CURL = r"(?i:curl|wget)[^\n]*[ \t](?:-u|--user)[ \t=]{0,2}[\"']?(?P<user>[^\s:\"'$]{1,64}):(?P<value>[^\s\"'$]{4,100})"
_SAMPLE_HOSTS = (
    "example.",
    "example-",
    "host",
    "hostname",
    "server",
    "your",
    "my-",
    "foo",
    "bar",
    "domain",
    "<",
    "{",
    "$",
    "%",
)


@dataclass(frozen=True, slots=True)
class Carried:
    """A carried credential: byte offsets, its decoded value, and the judgement, or the reason against."""

    start: int
    end: int
    value: bytes
    judgement: Judgement | str


def carried(content: bytes, start: int, end: int, place: Place) -> Iterator[Carried]:
    """The credentials that the span of one line carries."""
    line = content[start:end]
    if b"://" in line:
        yield from _urls(content, start, end, place)
    lowered = line.lower()
    if b"basic" in lowered or b"bearer" in lowered or b"token" in lowered:
        for match in compiled(_HEADER).finditer(content, start, end):
            low, high = match.span(2)
            yield _judge_header(content, low, high, match.group(1).lower(), start, place)
    if b"curl" in lowered or b"wget" in lowered:
        for match in compiled(_CURL).finditer(content, start, end):
            low, high = match.span(2)
            value = content[low:high]
            why = "given to curl on the command line"
            yield Carried(low, high, value, _judged("generic-authorization", _decoded(value), place, why))
    for login in logins(content, start, end):
        value = content[login.start : login.end]
        yield Carried(login.start, login.end, value, _judge_login(login, _decoded(value), place))


def _judge_login(login: Login, password: str, place: Place) -> Judgement | str:
    if login.name:
        return judge(login.name, password, "=", True, place)
    if "@" in password[1:] and "." in password.rpartition("@")[2]:
        return "an address"
    return "words" if is_numbered(password) else _judged("generic-password", password, place, login.how)


def _urls(content: bytes, start: int, end: int, place: Place) -> Iterator[Carried]:
    for match in compiled(_URL).finditer(content, start, end):
        low, high = match.span(3)
        value = unquote_to_bytes(content[low:high])
        host, user = _decoded(match.group(4)), _decoded(match.group(2))
        yield Carried(low, high, value, _judge_url(user, _decoded(value), host, place))


def _judge_url(user: str, password: str, host: str, place: Place) -> Judgement | str:
    if password.startswith(("//", "$", "{", "<", "%", "*", "[")) or "{" in password or "$" in user[:1]:
        return "placeholder"
    lowered = host.lower()
    sample_host = (
        lowered.startswith(_SAMPLE_HOSTS) or ".example" in lowered or lowered in ("a", "b", "c", "x")
    )
    if (
        user.lower() in ("user", "username", "foo", "a", "<user>", "usr", "name", "x")
        and strength_of(password) is not Strength.RANDOM
    ):
        return "placeholder"
    if sample_host and strength_of(password) is not Strength.RANDOM:
        return "placeholder"
    if (
        password == user
        and strength_of(password) is not Strength.RANDOM
        and place.form is not Form.ENVIRONMENT
    ):
        return "placeholder"
    return _judged("generic-url-credentials", password, place, "a password in a URL")


def _judge_header(
    content: bytes, low: int, high: int, scheme: bytes, line_start: int, place: Place
) -> Carried:
    if scheme == b"basic":
        return _judge_pair(content, low, high, "generic-authorization", place)
    before = content[max(line_start, low - 60) : low].lower()
    value = content[low:high]
    if b"auth" not in before and b"bearer" not in before[-9:-6] + before[-8:]:
        return Carried(low, high, value, "text")
    text = _decoded(value)
    if strength_of(text) is not Strength.RANDOM or len(text) < 16:
        return Carried(low, high, value, "not random")
    return Carried(
        low, high, value, _judged("generic-authorization", text, place, "a bearer token in a header")
    )


def _judge_pair(content: bytes, low: int, high: int, kind: str, place: Place) -> Carried:
    """base64 of `user:password`."""
    raw = content[low:high]
    decoded = base64_bytes(raw.decode("ascii", "replace"))
    user, colon, password = (decoded or b"").partition(b":")
    text = _decoded(password)
    if not colon or not user or not text.isprintable() or not _decoded(user).isprintable():
        return Carried(low, high, raw, "not user and password")
    return Carried(low, high, password, _judged(kind, text, place, "base64 of user and password"))


def _judged(kind: str, value: str, place: Place, why: str) -> Judgement | str:
    reason = reason_against("", value)
    if reason and reason != "reference":
        return reason
    strength = strength_of(value)
    if strength is Strength.RANDOM:
        product = place.setting is Setting.PRODUCT
        return Judgement(
            kind,
            Severity.HIGH if product else Severity.MEDIUM,
            Confidence.MEDIUM if product else Confidence.LOW,
            why,
        )
    if place.setting is not Setting.PRODUCT or place.form is Form.PROSE:
        return weak_elsewhere(kind, strength, value, place)
    if strength is Strength.TYPED:
        return Judgement(kind, Severity.HIGH, Confidence.MEDIUM, why)
    if strength is Strength.WEAK or (place.form is Form.ENVIRONMENT and kind == "generic-url-credentials"):
        return Judgement(kind, Severity.MEDIUM, Confidence.LOW, f"{why}, that everybody tries")
    return "words"


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace")
