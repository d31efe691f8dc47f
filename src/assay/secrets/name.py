"""What the name of an assigned value promises: a password, a key, or (most often) something about one."""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PASSWORD = frozenset(["password", "passwd", "pwd", "passphrase", "passwrd", "passcode", "pass", "passw"])
_SECRET = frozenset(["secret"])
_KEY_BEFORE = frozenset(
    ["api", "access", "account", "private", "encryption", "encrypt", "signing", "sign", "master", "shared", "session", "service", "license", "admin", "hmac", "aes", "crypto", "cipher", "jwt", "client", "app", "application", "subscription", "storage", "deploy", "webhook", "secret", "consumer", "integration", "management", "auth", "server", "sas"]
)  # fmt: skip
_RUN_TOGETHER = re.compile(
    r"^(?:api|access|secret|private|auth|encryption|signing|master|account|shared)(?:key|token|secret)$"
)
# The last word says that the value is about the secret, and is not it.
_ABOUT = frozenset(
    ["field", "name", "names", "label", "placeholder", "help", "hint", "regex", "pattern", "prompt", "message", "msg", "error", "errors", "title", "text", "class", "prefix", "suffix", "header", "headers", "param", "params", "parameter", "var", "variable", "env", "type", "types", "format", "policy", "column", "attribute", "attr", "input", "version", "expiry", "ttl", "timeout", "count", "size", "max", "min", "age", "lifetime", "date", "time", "status", "store", "provider", "manager", "service", "services", "generator", "algorithm", "alg", "method", "scope", "scopes", "url", "uri", "endpoint", "path", "file", "filename", "filepath", "dir", "directory", "hash", "hashed", "digest", "length", "len", "strength", "id", "ids", "ref", "refs", "reference", "location", "source", "arn", "value", "values", "required", "valid", "invalid", "visible", "enabled", "disabled", "confirm", "confirmation", "again", "reset", "change", "changed", "update", "updated", "forgot", "forgotten", "show", "hide", "toggle", "link", "page", "view", "form", "template", "dialog", "screen", "button", "icon", "tooltip", "description", "desc", "info", "note", "comment", "documentation", "docs", "warning", "validator", "validation", "validators", "rule", "rules", "check", "checker", "verify", "verifier", "verification", "handler", "hasher", "encoder", "decoder", "backend", "engine", "callback", "func", "function", "fn", "factory", "builder", "helper", "mixin", "model", "schema", "dto", "entity", "table", "index", "event", "action", "state", "reducer", "selector", "context", "hook", "mode", "option", "options", "config", "configuration", "settings", "setting", "property", "properties", "group", "role", "user", "username", "login", "email", "host", "port", "domain", "server", "issuer", "audience", "subject", "bucket", "region", "zone", "namespace", "scheme", "kind", "category", "plural", "limit", "threshold", "rotation", "expired", "expires", "expiration", "created", "modified", "at", "by", "for", "from", "to", "of", "is", "has", "in", "not", "only", "key", "keys", "salt", "iv", "nonce", "cost", "rounds", "iterations", "encoding", "charset", "separator", "delimiter", "selector", "xpath", "css", "locator", "element", "box", "area", "tag", "token_type", "public", "manager", "mask", "masked", "char", "chars", "character", "characters"]
)  # fmt: skip
_KEEP_KEY = frozenset(("key", "keys"))
_NOT_BEFORE = frozenset(
    ["csrf", "xsrf", "authenticity", "antiforgery", "request_verification", "nonce", "public", "next", "prev", "previous", "page", "continuation", "cancel", "cancellation", "cancelation", "design", "css", "max", "min", "num", "number", "has", "is", "no", "without", "invalid", "wrong", "bad", "missing", "forgot", "reset", "change", "show", "hide", "lexer", "parser", "syntax", "string", "unexpected", "eof", "end", "start", "begin", "sync", "idempotency", "cache", "partition", "primary", "foreign", "sort", "hash", "row", "column", "i18n", "translation", "label", "get", "find", "delete", "remove", "list", "update", "create", "validate", "check", "verify", "hashed", "encrypted", "mock", "fake", "dummy", "example", "sample", "test", "expected", "bypass", "compare"]
)  # fmt: skip


class Promise(Enum):
    """PASSWORD: chosen by a person. SECRET: a shared secret that may be weak. KEY: issued or generated, so it looks random. NOTHING: no secret."""

    PASSWORD = "password"  # noqa: S105 - a kind of name
    SECRET = "secret"  # noqa: S105 - a kind of name
    KEY = "key"
    NOTHING = "nothing"


@lru_cache(maxsize=8192)
def promise_of(name: str) -> Promise:
    """What the name promises; the last part of a dotted name counts most."""
    last = re.split(r"[.\[\]:/]", name.strip("\"'`.-[]:"))[-1] or name
    words = [word.lower() for word in _WORD.findall(last)]
    while words and (words[-1].isdigit() or len(words[-1]) == 1):
        words.pop()
    words = _joined(words)
    if not words or len(words) > 8:
        return Promise.NOTHING
    return _of_words(words)


def _joined(words: list[str]) -> list[str]:
    """`pass word` and `api keys` as the words that are meant."""
    out: list[str] = []
    for word in words:
        if out and out[-1] == "pass" and word in ("word", "phrase", "code", "wd"):
            out[-1] = "passphrase" if word == "phrase" else "password"
        else:
            out.append(word)
    return out


def _of_words(words: list[str]) -> Promise:
    last = words[-1]
    before = words[:-1]
    if last == "auth" and not before:
        return Promise.NOTHING  # a login in base64: read by `carriers`
    if any(word in _NOT_BEFORE for word in before[-2:]):
        return Promise.NOTHING
    if last in _PASSWORD or last.endswith(("password", "passwd", "passphrase", "pwd")):
        return Promise.PASSWORD
    if last == "secret" or last.endswith("secret"):
        return Promise.SECRET
    if last in _KEEP_KEY or last in ("base64", "b64", "hex", "pem"):
        before_words = (
            before if last in _KEEP_KEY else before[:-1] if before and before[-1] in _KEEP_KEY else before
        )
        if "secret" in before_words or "jwt" in before_words:
            return Promise.SECRET
        return Promise.KEY if any(word in _KEY_BEFORE for word in before_words[-2:]) else Promise.NOTHING
    if last in (
        "token",
        "credential",
        "credentials",
        "creds",
        "apikey",
        "auth",
        "bearer",
        "sas",
    ) or _RUN_TOGETHER.search(last):
        return Promise.KEY
    if last.endswith(("token", "apikey", "secretkey", "accesskey", "authkey")):
        return Promise.KEY
    if last in _ABOUT:
        return Promise.NOTHING
    # A qualifier after the word: PASSWORD_PROD, api_key_stripe, token_v2
    if any(word in _PASSWORD for word in before):
        return Promise.PASSWORD
    joined = "".join(words)
    if re.search(r"(?:api|access|secret|auth|private)key|secret|token", joined):
        return Promise.KEY
    return Promise.NOTHING
