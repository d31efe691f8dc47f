"""Which functions have to be analysed: those where data may enter or a rule may look, and those that call them.

Everything else is analysed only when one of these calls it. A finding needs a source in some function and a common caller, so starting
from the sources loses nothing but what names cannot tell.
"""

from __future__ import annotations

from collections.abc import Iterable

from assay.code.model_rows import Models
from assay.code.values import Source
from assay.code.world import FunctionInfo, World


class Demand:
    """The work list: `take` gives what is to be analysed next, `learned` adds the callers of functions that hand out data."""

    def __init__(self, world: World, models: dict[str, Models], wanted: Iterable[str]) -> None:
        self.world = world
        self.mentions: dict[str, list[FunctionInfo]] = {}
        self.seen: set[FunctionInfo] = set()
        self.queue: list[FunctionInfo] = []
        self._asked: set[str] = set()
        self.aliases: dict[str, set[str]] = {}
        for info in world.modules:
            for made in info.module.imports:
                if made.name and made.alias not in ("", made.name):
                    self.aliases.setdefault(made.name, set()).add(made.alias)
        for info in world.modules:
            for function in info.functions:
                self.mentions[f"{info.number}:{function.function.index}"] = [function]
                for name in function.function.names:
                    self.mentions.setdefault(name, []).append(function)
        imported = _imported(world)
        for known in models.values():
            for name in _source_names(known, imported, self.mentions):
                self.ask(name)
        for name in wanted:
            self.ask(name)

    def ask(self, name: str) -> None:
        """Everything that mentions a name."""
        if name in self._asked:
            return
        self._asked.add(name)
        for function in self.mentions.get(name, ()):
            self.add(function)
        for alias in self.aliases.get(name, ()):
            self.ask(alias)

    def add(self, function: FunctionInfo) -> None:
        """One function."""
        if function not in self.seen:
            self.seen.add(function)
            if function.function.kind not in ("class", "module"):
                self.queue.append(function)

    def learned(self, function: FunctionInfo) -> None:
        """Data of a source comes out of this function: its callers matter."""
        name = function.function.name
        self.ask(function.owner.name if function.function.kind == "constructor" and function.owner else name)


def hands_out(labels: Iterable[object]) -> bool:
    """Whether labels hold a concrete source."""
    return any(isinstance(origin, Source) and origin.kind != "exception" for origin in labels)


def _source_names(models: Models, imported: set[str], mentions: dict[str, list[FunctionInfo]]) -> set[str]:
    """Last parts of the names of sources whose library the project imports."""
    found: set[str] = set()
    for name, rows in models.by_name.items():
        if any(row.raw.source or row.raw.entry or row.raw.callback for row in rows):
            parts = name.removesuffix("[]").split(".")
            if (
                len(parts) == 1
                or parts[0][:1].isupper()
                or parts[0] in imported
                or parts[0].split("/")[0] in imported
                or not imported
            ):
                found.add(_telling(parts, mentions))
    for name, rows in models.by_member.items():
        if any(row.raw.source or row.raw.entry or row.raw.callback for row in rows):
            found.add(name)
    return found


def _telling(parts: list[str], mentions: dict[str, list[FunctionInfo]]) -> str:
    """The part of a qualified name that a function that uses it must mention: of two such parts the rarer one."""
    last = parts[-1]
    if len(parts) < 2:
        return last
    before = parts[-2]
    if last.startswith("__"):
        return before
    # A type (upper case) or a top module need not be mentioned where a value of it is used.
    needed = len(parts) > 2 and before[:1].islower()
    return before if needed and len(mentions.get(before, ())) < len(mentions.get(last, ())) else last


def _imported(world: World) -> set[str]:
    found: set[str] = set()
    for info in world.modules:
        for made in info.module.imports:
            found.update((made.module, made.module.split(".")[0], made.module.split("/")[0]))
    return found
