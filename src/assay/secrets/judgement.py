"""Whether a named value is a secret: name and value are judged apart, then the place of the file says how much it counts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from assay.model.severity import Confidence, Severity
from assay.secrets.known import is_known_sample
from assay.secrets.name import Promise, promise_of
from assay.secrets.place import Form, Place, Setting
from assay.secrets.value import (
    is_composed,
    is_encoded_key,
    is_identifier,
    is_numbered,
    is_placeholder,
    is_public_form,
    is_random,
    is_reference,
    is_uuid,
    is_weak_password,
    looks_typed,
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A value that counts as a secret: which generic rule names it, how bad and how sure, and why."""

    kind: str
    severity: Severity
    confidence: Confidence
    why: str


_ENDED = re.compile(r"(?:\\[rnt0])+$")  # a text as a program types it, with the key behind it
_LINES = re.compile(r"\\n[^\\]")


class Strength(Enum):
    """RANDOM: drawn by a machine. TYPED: made by a person. WEAK: everybody tries it. WORDS: letters that read like words."""

    RANDOM = "random"
    TYPED = "typed"
    WEAK = "weak"
    WORDS = "words"


def judge(name: str, value: str, op: str, quoted: bool, place: Place) -> Judgement | str:
    """The judgement, or the reason (a short fixed phrase) why it is no secret."""
    promise = promise_of(name)
    if promise is Promise.NOTHING:
        return "not a secret's name"
    reason = reason_against(name, value)
    if reason:
        return reason
    strength = strength_of(_ENDED.sub("", value))
    if op == "(" and (
        strength is not Strength.RANDOM
        and not name.lower().lstrip(".").split(".")[-1].startswith(("set", "with", "password"))
    ):
        return "argument of a call"
    if op == ">" and quoted:
        return "text"
    if op in ("==", "===", "!=", "!==") and strength in (Strength.WORDS, Strength.WEAK):
        return "comparison"
    if op == "," and not _is_pair(promise, strength, name, value):
        return "list"
    return _placed(promise, strength, name, value, place)


def _is_pair(promise: Promise, strength: Strength, name: str, value: str) -> bool:
    """Whether two texts in a row are a name and its value, as in `put("password", "x")` and `getenv("DB_PASSWORD", "x")`, and not a list."""
    if strength is Strength.RANDOM or name.isupper() or name.startswith("--"):
        return True
    return promise is Promise.PASSWORD and strength is Strength.TYPED and not is_composed(value)


def reason_against(name: str, value: str) -> str:
    """Why the value is none by itself, or an empty text."""
    if not 4 <= len(value) <= 512:
        return "length"
    if any(c.isspace() for c in value) or _LINES.search(value):
        return "text"
    if is_known_sample(value):
        return "documented sample"
    if is_reference(value) and not is_encoded_key(value):
        return "reference"
    if is_public_form(value) and not (is_uuid(value) and _KEPT_AS_UUID.search(name)):
        return "public form"
    if is_placeholder(value):
        return "placeholder"
    if any(value.count(c) > 2 for c in "\u2022*"):
        return "placeholder"
    return "names itself" if _says_its_name(name, value) else ""


def _says_its_name(name: str, value: str) -> bool:
    """`client_secret: "client-secret"`, `passwordField = "user_password"`: the value is a name too."""
    said, named = (_letters(value), _letters(name))
    if not named:
        return False
    if any(c.isdigit() for c in value) and not is_numbered(value):
        return bool(said) and said == named
    ends = ("password", "passwd", "secret", "token", "key", "pass", "passphrase", "pwd", "credentials")
    return bool(said) and (said in named or named in said or said.endswith(ends))


# Names whose values issuers draw as UUIDs; other UUIDs are mostly ids of things.
_KEPT_AS_UUID = re.compile(
    r"(?i)secret$|passw(?:or)?d$|pwd$|(?:api|access|auth|secret|subscription)[_.-]?key$"
)


def _letters(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalpha())


def strength_of(value: str) -> Strength:
    """How strong a value that is no placeholder looks."""
    if is_random(value) or is_uuid(value):
        return Strength.RANDOM
    if is_weak_password(value):
        return Strength.WEAK
    return Strength.TYPED if looks_typed(value) and not is_identifier(value) else Strength.WORDS


def _placed(promise: Promise, strength: Strength, name: str, value: str, place: Place) -> Judgement | str:
    kind = "generic-password" if promise is Promise.PASSWORD else "generic-secret"
    if place.lock:
        return "lock file"
    if strength is Strength.RANDOM:
        return _random(kind, promise, value, place)
    if place.setting is not Setting.PRODUCT or place.form is Form.PROSE:
        if promise is Promise.KEY:
            return f"no strong value in a {place.setting.value} file"
        return weak_elsewhere(kind, strength, value, place)
    if promise is Promise.PASSWORD:
        return _weak_password(kind, strength, value, place)
    return _weak_secret(kind, promise, strength, name, value, place)


def _random(kind: str, promise: Promise, value: str, place: Place) -> Judgement | str:
    why = "the value looks drawn at random"
    is_short = promise is not Promise.PASSWORD and len(value) < 16
    if place.setting is Setting.PRODUCT and is_short:
        return Judgement(kind, Severity.MEDIUM, Confidence.LOW, f"{why}, short for a key")
    if place.setting is Setting.PRODUCT:
        return Judgement(kind, Severity.HIGH, Confidence.MEDIUM, why)
    if place.setting is Setting.LANGUAGE or len(value) < 16:
        return weak_elsewhere(kind, Strength.TYPED, value, place)
    return Judgement(kind, Severity.MEDIUM, Confidence.LOW, f"{why}, in a {place.setting.value} file")


def weak_elsewhere(kind: str, strength: Strength, value: str, place: Place) -> Judgement | str:
    """Tests and examples are full of words for passwords; what a person would really choose is told, as the least of findings."""
    counts = place.setting in (Setting.TEST, Setting.DOCUMENT) and place.form in (Form.CODE, Form.CONFIG)
    if counts and strength is Strength.TYPED and not is_composed(value):
        why = f"a password written out, in a {place.setting.value} file"
        return Judgement(kind, Severity.LOW, Confidence.LOW, why)
    return f"no strong value in a {place.setting.value} file"


def _weak_password(kind: str, strength: Strength, value: str, place: Place) -> Judgement | str:
    if strength is Strength.TYPED:
        return Judgement(kind, Severity.HIGH, Confidence.MEDIUM, "a password written out")
    if strength is Strength.WEAK:
        return Judgement(kind, Severity.MEDIUM, Confidence.LOW, "a password that everybody tries")
    if place.form is Form.ENVIRONMENT and value.isalpha() and value.islower():
        return Judgement(kind, Severity.MEDIUM, Confidence.LOW, "a word as the password of an installation")
    return "words"


def _weak_secret(
    kind: str, promise: Promise, strength: Strength, name: str, value: str, place: Place
) -> Judgement | str:
    """A secret that a person made up, as in JWT_SECRET = "blue-horse-42": it can be guessed, and is in the history anyway."""
    mixed = strength is Strength.TYPED and len(value) >= 8 and not is_composed(value)
    if mixed and any(c.isdigit() for c in value):
        return Judgement(kind, Severity.MEDIUM, Confidence.LOW, "a secret made up by a person")
    if promise is Promise.KEY:
        return "not random"
    signs = (
        any(
            word in name.lower()
            for word in ("jwt", "secret_key", "secretkey", "session", "signing", "cookie")
        )
        or name.isupper()
    )
    if not signs or len(value) < 6:
        return "not random"
    if strength is Strength.TYPED or (place.form is not Form.CONFIG and not is_identifier(value)):
        return Judgement(kind, Severity.MEDIUM, Confidence.LOW, "a signing secret made up by a person")
    return "not random"
