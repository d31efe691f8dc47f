"""Asks a registry whether a name exists, through the user's own package client: its settings say which registry that is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import re2

# Runs a program with a time limit in seconds: (exit code, stdout, stderr), None where it is missing or did not end.
Runner = Callable[[list[str], float], tuple[int, str, str] | None]
_SECONDS = 20.0
_SAFE = re2.compile(r"^@?[A-Za-z0-9][A-Za-z0-9._~/@-]{0,213}$")
# What clients say for a name that is not there. Anything else that fails (no network, no permission) proves nothing.
_ABSENT = {
    "PyPI": ("no matching distribution found", "could not find a version"),
    "npm": ("e404", "404 not found", "is not in this registry"),
    "crates.io": ("could not find", "no crate"),
    "RubyGems": ("could not find a valid gem", "no gems"),
    "Go": ("not found", "404", "410", "unrecognized import path"),
    "Packagist": ("package not found", "no packages found", "could not find package"),
}
_NO_NETWORK = (
    "name resolution", "getaddrinfo", "enotfound", "eai_again", "econnrefused", "etimedout", "network is unreachable", "connection refused",
    "timed out", "temporary failure", "proxyerror", "could not resolve", "no such host", "ssl", "401", "403", "newconnectionerror", "retrying",
)  # fmt: skip


class Lookup(Protocol):
    """Answers whether a name exists."""

    def exists(self, ecosystem: str, name: str) -> bool | None:
        """True or False where the registry said so, None where it could not be asked."""
        ...


class ClientLookup:
    """Asks pip, npm, cargo, gem, go or composer. Each name once."""

    def __init__(self, runner: Runner, seconds: float = _SECONDS) -> None:
        self._runner = runner
        self._seconds = seconds
        self._answers: dict[tuple[str, str], bool | None] = {}

    def exists(self, ecosystem: str, name: str) -> bool | None:
        """True or False where the registry said so, None where the client is missing, offline or says something else."""
        key = (ecosystem, name)
        if key not in self._answers:
            self._answers[key] = self._ask(ecosystem, name)
        return self._answers[key]

    def _ask(self, ecosystem: str, name: str) -> bool | None:
        if not _SAFE.match(name) or name.startswith("-"):
            return None
        for argv in _commands(ecosystem, name):
            done = self._runner(argv, self._seconds)
            if done is None:
                continue
            code, out, error = done
            return _read_answer(ecosystem, name, code, out, error)
        return None


def _commands(ecosystem: str, name: str) -> list[list[str]]:
    """The clients to try, in order. None of them installs or runs anything of the package."""
    commands = {
        "PyPI": [
            ["pip", "index", "versions", "--disable-pip-version-check", "--", name],
            ["pip3", "index", "versions", "--", name],
        ],
        "npm": [["npm", "view", "--json", name, "name"], ["pnpm", "view", "--json", name, "name"]],
        "crates.io": [["cargo", "info", "--quiet", name], ["cargo", "search", "--limit", "5", name]],
        "RubyGems": [["gem", "list", "--remote", "--exact", name]],
        "Go": [["go", "list", "-m", "-versions", f"{name}@latest"]],
        "Packagist": [["composer", "show", "--all", "--no-interaction", name]],
    }
    return commands.get(ecosystem, [])


def _read_answer(ecosystem: str, name: str, code: int, out: str, error: str) -> bool | None:
    said = f"{out}\n{error}".lower()
    if code == 0:
        # `gem list` and `cargo search` succeed with an empty list.
        return name.lower() in out.lower() or ecosystem in {"PyPI", "npm"}
    if any(word in said for word in _NO_NETWORK):
        return None
    return False if any(word in said for word in _ABSENT.get(ecosystem, ())) else None
