"""What a program's description may do with the script that is being followed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from assay.shell.value import Command, Value, Word


class Shell(Protocol):
    """The script being followed, as seen by one command of it."""

    cwd: str
    home: str
    files: dict[str, Value]
    variables: dict[str, Value]
    aliases: dict[str, str]
    raised: bool
    hidden: list[tuple[str, str, str]]

    def emit(self, verb: str, target: str = "", *flags: str, detail: str = "") -> None:
        """Record an effect of the command that is being looked at."""
        ...

    def doubt(self, why: str) -> None:
        """Record that something cannot be determined."""
        ...

    def path(self, text: str) -> str:
        """The absolute path for a text, `..` resolved."""
        ...

    def read(self, word: Word | str, *flags: str) -> Value:
        """Record that a file is read and return what is known of its text."""
        ...

    def write(self, word: Word | str, value: Value, *flags: str) -> None:
        """Record that a file is written with this text."""
        ...

    def script(self, text: Value, interpreter: str, origin: str = "") -> Value:
        """Follow a text as a shell script in this same environment and return its output."""
        ...

    def run(self, words: list[Word], stdin: Value | None, *, remote: str = "") -> Value:
        """Follow a command given as words; `remote` names the host that it runs on."""
        ...


Handler = Callable[[Command, Shell], Value]
