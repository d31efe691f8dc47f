"""What a value is by itself: a placeholder, a reference to code, an identifier, words, or something that looks drawn at random."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from itertools import pairwise
from math import log2

from assay.secrets.words import letter_runs, surprise, word_share

# Placeholder words: a value that holds one of them as a word stands for a secret and is none.
_PLACEHOLDER_WORD = re.compile(
    r"example|sample|placeholder|dummy|change[\s_.-]?(?:me|this|it)|replace|your|insert|redacted|removed|hidden|masked|encrypted|"
    r"put[\s_-]|fill[\s_-]?in|todo|fixme|x{4}|\bfoo\b|foobar|\bbar\b|lorem|not[\s_-]?a[\s_-]?(?:real|secret)|not[\s_-]?real|fake|mock|\bnone\b|\bnull\b|"
    r"undefined|_here\b|-here\b|goes[\s_-]here|some[\s_-]?(?:secret|password|token|key|value)|my[\s_-]?(?:secret|password|token|api|key)|"
    r"test[\s_-]?(?:key|token|secret|password|value)|default|notasecret|s3kr3t|generate|supersecret_?key_?here|"
    r"(?:api|secret|access|auth)[\s_-]?(?:key|token)$|^(?:the|a|an|this|enter|use|set|add|provide)[\s_-]",
    re.IGNORECASE,
)
_TEMPLATE = re.compile(
    r"\$\{|\$\(|\{\{|\}\}|<%|%>|#\{|%\(|@@|\[\[|^\$[A-Za-z_]|^%[A-Za-z_]+%$|^%[sdvqr]$|^\{[\w.:]*\}$|^<[^<>]*>$|^\[[\w -]*\]$|^__\w+__$|^@[\w.]+@$|^\{\w|"
    r"^\$\$|\{[\w.]+\}|^!|^&|\$[A-Z_]{3,}|%s(?![A-Za-z0-9])"
)
_CODE = re.compile(
    r"^(?:os\.|process\.|env\.|settings\.|config\.|self\.|this\.|var\.|local\.|data\.|module\.|secrets?\.|vars\.|params\.|options\.|args\.|"
    r"request\.|req\.|ctx\.|import\.meta|System\.|Environment\.|ENV\[|getenv|Deno\.|Bun\.|std::|vault:|ssm:|secretsmanager:|arn:|op://|"
    r"file:|env:|ref\+|sops|keyring:|pass:|projects/)",
    re.IGNORECASE,
)
_CALL = re.compile(r"^[A-Za-z_$][\w$.:>-]*[\[(]|^[a-z_$][\w$]*(?:(?:\.|->|::)[A-Za-z_$][\w$]*)+(?:\(|$)")
_IDENTIFIER = re.compile(r"^[A-Za-z_][A-Za-z_]*$|^[A-Za-z]+(?:[-_.:/][A-Za-z]+)+$")
_NUMBERED = re.compile(r"^[A-Za-z]+\d{0,3}(?:[-_.:][A-Za-z]+\d{0,3})*$")
_UUID = re.compile(r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$")
_URL = re.compile(r"^[a-z][a-z0-9+.-]{1,20}://|^mailto:|^www\.", re.IGNORECASE)
_PATH = re.compile(
    r"^(?:~|\.{1,2}|[A-Za-z]:)?[/\\][\w. @/\\{}$-]*$|^[\w.@-]+(?:/[\w.@-]+)*\.(?:[a-z]{1,5}\d?|config|properties|html)$|^[\w-]+(?:/[\w.-]+){2,}$"
)
_BASE64_KEY = re.compile(r"^[A-Za-z0-9+/]{24,}={0,2}$")
_HEX = re.compile(r"^(?:0x)?[0-9a-fA-F]+$")
_EMBEDDED = re.compile(r"^data:|^(?:iVBOR|R0lGOD|/9j/|AGFzb|d09GM|UEsDB|AAEAAAA|JVBERi|PHN2Zy|T1RUTw)")
_HASHED = re.compile(
    r"^(?:[\w.@-]{1,64}:)?(?:\$(?:1|2[abxy]?|5|6|argon2[id]{1,2}|pbkdf2|y|apr1|scrypt)\$|\{(?:SHA|SSHA|CRYPT|bcrypt|noop)\}|pbkdf2[_:]|scrypt:|sha(?:1|256|384|512)[-:$]|md5[-:$])",
    re.IGNORECASE,
)
_SEALED = re.compile(
    r"^(?:ENC\[|ENC\(|AgA|AgB|\$ANSIBLE_VAULT|vault:v\d:|!vault|gAAAAA|AQICAH|kms:|\{cipher\})"
)
_TYPE_WORD = re.compile(
    r"^(?:string|str|bytes?|int|bool(?:ean)?|char|optional|object|any|true|false|yes|no|on|off|null|nil|none|void|undefined|required|text|password|number|token|secret|auto|default|disabled?|enabled?)$",
    re.IGNORECASE,
)
_WEAK = frozenset(
    ["admin", "root", "guest", "user", "postgres", "mysql", "oracle", "mongo", "redis", "sa", "rabbitmq", "letmein", "welcome", "qwerty", "monkey", "dragon", "master", "login", "access", "sunshine", "princess", "football", "shadow", "superman", "batman", "trustno", "iloveyou", "starwars", "passw", "password", "passwort", "changeit", "toor", "administrator", "manager", "minio", "minioadmin", "sysadmin", "system", "nagios", "zabbix", "grafana", "hunter"]
)  # fmt: skip
_SEQUENCES = ("0123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm")


def entropy(text: str) -> float:
    """Shannon entropy in bits a character."""
    if not text:
        return 0.0
    size = len(text)
    return -sum(n / size * log2(n / size) for n in Counter(text).values())


@lru_cache(maxsize=4096)
def is_placeholder(text: str) -> bool:
    """Whether the value stands for a secret instead of being one: a marker word, a template, a run, a repetition."""
    return bool(_PLACEHOLDER_WORD.search(text)) or is_template(text) or is_filler(text)


def is_template(text: str) -> bool:
    """`${X}`, `{{ x }}`, `%s`, `<key>` and other forms that are filled in later."""
    return bool(_TEMPLATE.search(text)) or text.endswith(("...", "\u2026"))


def is_filler(text: str) -> bool:
    """Few distinct characters, one repeated piece, or a sequence as on a keyboard."""
    distinct = len(set(text.lower()))
    if len(text) >= 6 and distinct <= 3:
        return True
    if len(text) >= 16 and distinct <= 5:
        return True
    return _repeats(text) or _sequence_share(text.lower()) > 0.6


def _repeats(text: str) -> bool:
    size = len(text)
    return any(
        size % n == 0 and text == text[:n] * (size // n)
        for n in (2, 3, 4, 5, 8, 10, 16)
        if size >= max(6, 2 * n)
    )


def _sequence_share(text: str) -> float:
    """The share of neighbours that follow one another in the alphabet, the digits or a keyboard row; hexadecimal 0-9a-f counts."""
    if len(text) < 8:
        return 0.0
    steps = sum(
        1
        for a, b in pairwise(text)
        if ord(b) - ord(a) == 1
        or (a, b) in (("9", "0"), ("9", "a"), ("f", "0"))
        or any(a + b in row for row in _SEQUENCES[2:])
    )
    return steps / (len(text) - 1)


def is_reference(text: str) -> bool:
    """A path, URL, variable, call or key of a secret store: where the secret is, and not the secret."""
    return bool(_CODE.search(text) or _CALL.search(text) or _URL.search(text) or _PATH.search(text))


def is_encoded_key(text: str) -> bool:
    """Base64 of a key, whose slashes make it look like a path."""
    return (
        bool(_BASE64_KEY.search(text))
        and any(c.isdigit() for c in text)
        and not text.islower()
        and is_random(text)
    )


def is_public_form(text: str) -> bool:
    """A hash of a password, a sealed value, embedded media, a UUID or a type's name."""
    return bool(
        _HASHED.search(text)
        or _SEALED.search(text)
        or _EMBEDDED.search(text)
        or _TYPE_WORD.search(text)
        or _UUID.search(text)
    )


def is_uuid(text: str) -> bool:
    """A UUID in its usual form, not one that somebody filled in by hand."""
    return bool(_UUID.search(text)) and entropy(text.lower()) > 3 and _sequence_share(text.lower()) < 0.4


def is_numbered(text: str) -> bool:
    """Words with short numbers: `token2`, `node1-token`, `abc123`, `token1data`."""
    return bool(_NUMBERED.search(text)) or (text.isalnum() and word_share(text) >= 0.8)


def is_composed(text: str) -> bool:
    """Numbered words, a path or a format: a name of something rather than what a person would choose as a password."""
    return is_numbered(text) or "%" in text or "/" in text


def is_identifier(text: str) -> bool:
    """Words joined as programmers join them, without a digit: a name of something."""
    return bool(_IDENTIFIER.search(text)) and _reads_as_words(text)


def _reads_as_words(text: str) -> bool:
    runs = [run for run in letter_runs(text) if len(run) > 2]
    return not runs or sum(len(run) for run in runs if surprise(run) < 5.2) >= 0.6 * sum(map(len, runs))


@lru_cache(maxsize=4096)
def is_random(text: str) -> bool:
    """Whether the value looks drawn at random: enough characters, spread over its alphabet, and not words."""
    if len(text) < 12 or text.isdigit():
        return False
    if _HEX.search(text):
        return (
            len(text) >= 16
            and entropy(text.lower()) >= 2.9
            and any(c.isdigit() for c in text)
            and _sequence_share(text.lower()) < 0.3
        )
    kinds = _kinds(text)
    least = 2.9 if len(text) < 16 else 3.2 if len(text) < 24 else 3.6
    if entropy(text) < least or _sequence_share(text.lower()) > 0.35:
        return False
    if kinds == 1 or not any(c.isdigit() for c in text):
        runs = [run for run in letter_runs(text) if len(run) > 2]
        long_runs = sum(map(len, runs))
        surprised = sum(surprise(run) * len(run) for run in runs) / long_runs if long_runs else 9.0
        return len(text) >= 16 and surprised > 5.2 and word_share(text) < 0.35
    if len(text) >= 24 and text.isalnum() and sum(c.isdigit() for c in text) >= 2:
        return word_share(text) < 0.5
    return word_share(text) < (0.34 if len(text) >= 20 else 0.3)


def is_weak_password(text: str) -> bool:
    """One of the passwords that everybody tries, with or without digits and signs after it."""
    bare = text.lower().translate(str.maketrans("@0$13!", "aosiei")).strip("0123456789!#.@_-i")
    return bare in _WEAK or text.lower().rstrip("0123456789!#.@_-") in _WEAK


def looks_typed(text: str) -> bool:
    """A password as people make them: letters with digits or signs, not a version, size, date or list."""
    if (
        len(text) < 5
        or len(text) > 64
        or re.fullmatch(r"[\d.,:/ _-]+|v?\d+(?:\.\d+)+[\w.-]*|\d+[a-zA-Z]{1,5}", text)
    ):
        return False
    letters = sum(c.isalpha() for c in text)
    others = sum(not c.isalnum() and c not in "_-./: " for c in text)
    return letters >= 3 and (any(c.isdigit() for c in text) or others > 0)


def _kinds(text: str) -> int:
    return sum(
        (
            any(c.islower() for c in text),
            any(c.isupper() for c in text),
            any(c.isdigit() for c in text),
            not text.isalnum(),
        )
    )
