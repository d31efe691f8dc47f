"""Which functions have to be analysed: those where data may enter or a rule may look, and those that call them.

Everything else is analysed only when one of these calls it. A finding needs a source in some function and a common caller, so starting
from the sources loses nothing but what names cannot tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple

from assay.code.model_rows import Models, Row
from assay.code.values import Source
from assay.code.world import FunctionInfo, ModuleInfo, World

_FEW = 30
_MANY = 60


class Wanted(NamedTuple):
    """Where rules look: names by the numbers of the files that some rule looks for them in, and functions."""

    names: Mapping[str, Set[int]] = {}
    functions: Sequence[FunctionInfo] = ()


NOTHING = Wanted()


class Demand:
    """The work list: `take` gives what is to be analysed next, `learned` adds the callers of functions that hand out data."""

    def __init__(self, world: World, models: dict[str, Models], wanted: Wanted) -> None:
        self.world = world
        self.mentions: dict[str, list[FunctionInfo]] = {}
        self.seen: set[FunctionInfo] = set()
        self.queue: list[FunctionInfo] = []
        # Java names types in full where it does not import them, and java.lang needs no import.
        self._java = any(info.language == "java" for info in world.modules)
        self._asked: set[str] = set()
        self.aliases: dict[str, set[str]] = {}
        self._read(world)
        self._imports = {info.number: _imported(info) for info in world.modules}
        self._all_imports = set().union(*self._imports.values())
        # Types that a parameter's name tells, whatever the file imports: a handler's `req`.
        self._called: dict[str, set[str]] = {}
        for known in models.values():
            for parameter, kind in known.typed_parameters():
                self._called.setdefault(kind, set()).add(parameter)
        for language, known in models.items():
            own = {info.number for info in world.modules if info.language == language}
            for name, rows in known.by_name.items():
                if _brings_data(rows):
                    self.ask_for(name.removesuffix("[]"), own)
            for name, rows in known.by_member.items():
                if _brings_data(rows):
                    self._ask_hinted(name, rows, own)
        for name, files in sorted(wanted.names.items()):
            self.ask_for(name, files)
        for function in wanted.functions:
            self.add(function)

    def _read(self, world: World) -> None:
        """Which function mentions which name, and under which names files import others'."""
        for info in world.modules:
            for made in info.module.imports:
                if made.name and made.alias not in ("", made.name):
                    self.aliases.setdefault(made.name, set()).add(made.alias)
            for function in info.functions:
                for name in function.function.names:
                    self.mentions.setdefault(name, []).append(function)

    def ask_for(self, name: str, files: Set[int]) -> None:
        """Everything in these files that may use a qualified name or `*.name`."""
        parts = name.split(".")
        if len(parts) == 1 or parts[0] == "*":
            self._ask_in(parts[-1], files)
            return
        made = self._java and parts[-1][:1].isupper()  # a constructor: the name of the type is written
        telling = parts[-1] if made else _telling(parts, self.mentions)
        if _is_type(parts) and (self._java or len(self.mentions.get(telling, ())) <= _MANY):
            if self._java or _fits(name, self._all_imports):
                self._ask_in(telling, files)
            return
        called = self._called.get(".".join(parts[:2]), set())
        for function in self.mentions.get(telling, ()):
            if function.module.number not in files:
                continue
            known = function.module.language == "java" or _fits(name, self._imports[function.module.number])
            if function not in self.seen and (known or _names_one(function, called)):
                self.add(function)
        for alias in sorted(self.aliases.get(telling, ())):
            if _fits(name, self._all_imports):
                self._ask_in(alias, files)

    def _ask_in(self, name: str, files: Set[int]) -> None:
        """What mentions a name, or an alias of it, in these files."""
        for one in (name, *sorted(self.aliases.get(name, ()))):
            for function in self.mentions.get(one, ()):
                if function.module.number in files:
                    self.add(function)

    def ask(self, name: str) -> None:
        """Everything that mentions a name."""
        if name in self._asked:
            return
        self._asked.add(name)
        for function in self.mentions.get(name, ()):
            self.add(function)
        for alias in sorted(self.aliases.get(name, ())):
            self.ask(alias)

    def add(self, function: FunctionInfo) -> None:
        """One function."""
        if function not in self.seen:
            self.seen.add(function)
            if function.function.kind not in ("class", "module"):
                self.queue.append(function)

    def learned(self, function: FunctionInfo) -> None:
        """Data of a source comes out of this function: its callers matter."""
        owner = function.owner
        name = owner.name if function.function.kind == "constructor" and owner else function.function.name
        self.ask_near(name, function)

    def ask_near(self, name: str, function: FunctionInfo) -> set[FunctionInfo]:
        """What mentions a name of this function's or of its object; of a common name, only what knows the file or class."""
        mentions = self.mentions.get(name, [])
        if len(mentions) <= _FEW:
            self.ask(name)
            return set(mentions)
        owner = function.owner
        family = (
            {owner.name, *(c.name for c in owner.lineage), *(c.name for c in owner.children)}
            if owner
            else set()
        )
        last = function.module.name.rsplit(".", 1)[-1].rsplit("/", 1)[-1]
        found: set[FunctionInfo] = set()
        for other in mentions:
            near = other.module is function.module or (other.owner is not None and other.owner.name in family)
            if (
                near
                or not family.isdisjoint(other.function.names)
                or last in self._imports[other.module.number]
            ):
                self.add(other)
                found.add(other)
        return found

    def _ask_hinted(self, name: str, rows: list[Row], files: Set[int]) -> None:
        """Functions that mention a member, and some word that its receiver must have."""
        hints = (
            {hint for row in rows for hint in row.raw.hint} if all(row.raw.hint for row in rows) else set()
        )
        for function in self.mentions.get(name, ()):
            if function.module.number not in files:
                continue
            words = (*function.function.names, *function.function.variables) if hints else ()
            if not hints or any(hint in word.lower() for word in words for hint in hints):
                self.add(function)


def _brings_data(rows: list[Row]) -> bool:
    return any(
        row.raw.source or row.raw.entry or row.raw.callback or row.raw.does == "fill_remote" for row in rows
    )


def hands_out(labels: Iterable[object]) -> bool:
    """Whether labels hold a concrete source."""
    return any(isinstance(origin, Source) and origin.kind != "exception" for origin in labels)


def _is_type(parts: list[str]) -> bool:
    """Whether the name belongs to a type, whose values are met in files that do not import it."""
    return any(part[:1].isupper() for part in parts[:-1])


def _names_one(function: FunctionInfo, names: set[str]) -> bool:
    """Whether a function has a variable of such a name, or takes one from outside."""
    return bool(names) and not (
        names.isdisjoint(function.function.names) and names.isdisjoint(function.function.variables)
    )


# What a browser or Node.js gives without an import.
_GLOBALS = frozenset(
    ("process", "location", "document", "window", "self", "globalThis", "localStorage", "sessionStorage", "Request", "FormData",
     "MessageEvent", "Math", "addEventListener", "Exception"),
)  # fmt: skip


def _fits(name: str, imports: set[str]) -> bool:
    """Whether one of these imports leads to a qualified name."""
    parts = name.replace("/", ".").split(".")
    if parts[0] in _GLOBALS:
        return True
    return any(".".join(parts[:count]) in imports for count in range(1, len(parts) + 1))


def _telling(parts: list[str], mentions: dict[str, list[FunctionInfo]]) -> str:
    """The part of a qualified name that a function that uses it must mention: of two such parts the rarer one."""
    last = parts[-1]
    if len(parts) < 2 or "/" in parts[-2]:  # the alias of a Go import may be anything
        return last
    before = parts[-2]
    if last.startswith("__"):
        return before
    # A type (upper case) or a top module need not be mentioned where a value of it is used.
    needed = len(parts) > 2 and before[:1].islower()
    return before if needed and len(mentions.get(before, ())) < len(mentions.get(last, ())) else last


def _imported(info: ModuleInfo) -> set[str]:
    """What a file imports: modules, their beginnings, and the names of their last parts, with dots for slashes."""
    found: set[str] = set()
    for made in info.module.imports:
        parts = made.module.replace("/", ".").split(".")
        found.update(".".join(parts[:count]) for count in range(1, len(parts) + 1))
        found.update((parts[-1], made.name))
    return found
