"""Whether a text in a document is a credential in clear. Names decide first, then the text itself."""

from __future__ import annotations

import math
from collections import Counter
from functools import lru_cache

import re2

_NAME = re2.compile(
    r"(?i)(^|[_\-.\s])(pass(word|wd|phrase|code)?|pwd|secret|secret_?key|token|api_?key|apikey|access_?key|auth_?key|private_?key|"
    r"encryption_?key|signing_?key|client_?secret|credentials?|connection_?string|account_?key|[a-z0-9]*password|[a-z0-9]*secret|"
    r"[a-z0-9]*token|[a-z0-9]*apikey)([_\-.]?[0-9]+)?$"
)
_NOT_NAME = re2.compile(
    r"(?i)(_?(file|path|dir|name|url|uri|arn|id|length|size|ttl|expir\w*|policy|type|mode|enabled|rotation|header|field|param)$|"
    r"^(allow|disable|enable|require|use|has|is|no|skip)_|^next_public_|public_?(key|token)|max_?tokens?)"
)
_REFERENCE = re2.compile(
    r"^\s*[\$%<{(\[]|\$\{|\{\{|%\(|^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$|^(arn:|vault:|ssm:|secretsmanager:|op://|/run/|file:|env:)"
)
_PLACEHOLDER = re2.compile(
    r"(?i)change[-_ ]?(me|it|this)|replace|placeholder|your[-_ ]|^your|example|dummy|sample|todo|fixme|insert|xxx+|\*\*\*+|\.\.\.|"
    r"^(none|null|nil|true|false|yes|no|on|off|disabled?|enabled?|unset|empty|n/?a|undefined|default|required|optional|string|redacted|"
    r"file|auto|generate[d]?|random|inherit|read|write)$|<.*>"
)
_PREFIXES = re2.compile(
    r"^(AKIA|ASIA)[A-Z0-9]{16}$|^gh[pousr]_[A-Za-z0-9]{36,}$|^github_pat_[A-Za-z0-9_]{22,}$|^xox[abprs]-[A-Za-z0-9-]{10,}$|^sk-[A-Za-z0-9_-]{20,}$|"
    r"^AIza[A-Za-z0-9_-]{35}$|^glpat-[A-Za-z0-9_-]{20,}$|^npm_[A-Za-z0-9]{36}$|^-----BEGIN [A-Z ]*PRIVATE KEY|^(sk|rk)_live_[A-Za-z0-9]{20,}$|"
    r"^eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.|^hf_[A-Za-z0-9]{30,}$|^SG\.[A-Za-z0-9_-]{20,}\."
)
_LOCAL = re2.compile(r"@(localhost|127\.|\[::1\]|0\.0\.0\.0)")
_URL_WITH_PASSWORD = re2.compile(r"^[a-z][a-z0-9+.-]*://[^\s:/@]*:([^\s@/]+)@")


@lru_cache(maxsize=8192)
def names_secret(name: str) -> bool:
    """Whether a setting of this name holds a credential: `DB_PASSWORD` does, `PASSWORD_FILE` does not."""
    snake = _snake(name)
    return _NAME.search(snake) is not None and _NOT_NAME.search(snake) is None


@lru_cache(maxsize=8192)
def is_literal_secret(text: str) -> bool:
    """Whether the value of a secret setting is a credential in clear, not a reference, a placeholder or nothing."""
    value = text.strip()
    if len(value) < 3 or len(value) > 8192 or _REFERENCE.search(value) is not None:
        return False
    return _PLACEHOLDER.search(value) is None


@lru_cache(maxsize=8192)
def is_token(text: str) -> bool:
    """Whether a text is a credential whatever its name: a known token format, or a URL with a password in it."""
    value = text.strip()
    if _PREFIXES.search(value) is not None:
        return _PLACEHOLDER.search(value) is None
    match = _URL_WITH_PASSWORD.search(value)
    return match is not None and _LOCAL.search(value) is None and is_literal_secret(match.group(1))


def is_secret_setting(name: str, value: object) -> bool:
    """Whether a setting is a credential in clear."""
    if not isinstance(value, str):
        return False
    return is_token(value) or (names_secret(name) and is_literal_secret(value))


def entropy(text: str) -> float:
    """Shannon entropy, bits a character."""
    counts = Counter(text)
    return (
        -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values()) if text else 0.0
    )


def _snake(name: str) -> str:
    out: list[str] = []
    for before, char in zip(" " + name, name):
        if char.isupper() and before.islower():
            out.append("_")
        out.append(char)
    return "".join(out)
