"""Texts with placeholders to texts with made-up secrets, so that no realistic token stands in a file.

`<<alnum:36>>`, `<<hex:20-40>>`, `<<uuid>>` are random characters; `<<github-crc32:ghp_>>` is a whole valid token of a check and
`<<!github-crc32:ghp_>>` one with a wrong checksum; `<<k=alnum:20>>` names a value for `<<k>>`; `<<base64(a:<<hex:8>>)>>` encodes.
The same text and seed always give the same result.
"""

from __future__ import annotations

import base64
import re
import string
from hashlib import sha256
from random import Random

from assay.model.errors import RuleError
from assay.secrets.checks.registry import NAMES, check_named, mint_named
from assay.secrets.checks.result import State

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ALPHABETS = {
    "alnum": string.digits + string.ascii_letters,
    "letters": string.ascii_letters,
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "digits": string.digits,
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "base32": string.ascii_uppercase + "234567",
    "base58": _BASE58,
    "base64": string.ascii_letters + string.digits + "+/",
    "base64url": string.ascii_letters + string.digits + "-_",
    "loweralnum": string.ascii_lowercase + string.digits,
    "upperalnum": string.ascii_uppercase + string.digits,
    "password": string.ascii_letters + string.digits + "!#%*-_",
}
_PLACEHOLDER = re.compile(r"<<(?:(\w{1,20})=)?(!?)([A-Za-z0-9-]{1,40})(?::([^<>()]{0,60}))?>>")
_ENCODED = re.compile(r"<<(base64|base64url|hex)\(((?:[^<>()]|<[^<>]|>[^<>])*)\)>>")


def expand(text: str, seed: str) -> str:
    """`text` with every placeholder replaced, always the same for the same seed.

    Raises:
        RuleError: a placeholder names no kind and no check.
    """
    random = Random(sha256(seed.encode()).digest())  # noqa: S311 - made-up values, not keys
    named: dict[str, str] = {}

    def value(match: re.Match[str]) -> str:
        name, wrong, kind, argument = match[1], bool(match[2]), match[3], match[4] or ""
        if kind in named and not name:
            return named[kind]
        made = _made(kind, argument, wrong, random)
        if name:
            named[name] = made
        return made

    expanded = _PLACEHOLDER.sub(value, text)
    return _ENCODED.sub(lambda match: _encode(match[1], match[2]), expanded)


def expand_example(text: str, rule_id: str, kind: str, index: int) -> str:
    """An example of a rule: `kind` is bad or good, `index` its place in the list."""
    return expand(text, f"{rule_id}/{kind}/{index}")


def characters(kind: str, length: int, random: Random) -> str:
    """Random characters of a kind, with at least one digit and one letter where the alphabet has both."""
    alphabet = _ALPHABETS[kind]
    while True:
        made = "".join(random.choice(alphabet) for _ in range(length))
        if _is_mixed(made, alphabet) and not _looks_made_up(made):
            return made


def _is_mixed(made: str, alphabet: str) -> bool:
    wants_both = any(c.isdigit() for c in alphabet) and any(c.isalpha() for c in alphabet) and len(made) > 5
    return not wants_both or (any(c.isdigit() for c in made) and any(c.isalpha() for c in made))


def _looks_made_up(made: str) -> bool:
    return len(made) > 8 and len(set(made)) < 4


def _made(kind: str, argument: str, wrong: bool, random: Random) -> str:
    if kind == "uuid":
        digits = random.randbytes(16).hex()
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
    if kind in _ALPHABETS:
        low, _, high = argument.partition("-")
        if not low.isdigit() or (high and not high.isdigit()):
            raise RuleError(
                f"<<{kind}:{argument}>> names no length", "write it as <<alnum:36>> or <<alnum:20-40>>"
            )
        return characters(kind, random.randint(int(low), int(high or low)), random)
    if kind not in NAMES:
        raise RuleError(
            f"<<{kind}>> is no kind of characters and no check", "see the module `secrets/specimen.py`"
        )
    made = mint_named(kind)(random, argument)
    return _spoilt(made, kind) if wrong else made


def _spoilt(token: str, kind: str) -> str:
    """The token with one character changed so that its own check refuses it.

    Raises:
        RuleError: the format has nothing that one changed character could break.
    """
    check = check_named(kind)
    for place in (len(token.rstrip("=")) - 3, len(token) - 1, len(token) // 3, 8, len(token) // 2, 0, 3):
        # Characters of the token's own end keep it within its alphabet.
        for other in (*sorted(set(token.rstrip("=")[-8:])), "b", "0", "!"):
            wrong = token[:place] + other + token[place + 1 :]
            if other != token[place] and check(wrong).state is State.INVALID:
                return wrong
    raise RuleError(f"<<!{kind}>>: no single wrong character breaks this format", "write the wrong value out")


def _encode(how: str, text: str) -> str:
    data = text.encode()
    if how == "hex":
        return data.hex()
    return (base64.b64encode if how == "base64" else base64.urlsafe_b64encode)(data).decode()
