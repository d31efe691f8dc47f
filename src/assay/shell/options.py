"""Command-line options by getopt's rules, with each program's valued options as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from assay.shell.value import Word


@dataclass(slots=True)
class Options:
    """What was given: flags without a value, values by option in order, and operands."""

    flags: set[str] = field(default_factory=set)
    values: dict[str, list[Word]] = field(default_factory=dict)
    operands: list[Word] = field(default_factory=list)

    def has(self, *names: str) -> bool:
        """Whether one of the options was given; long ones also in an abbreviated form, as getopt_long takes them."""
        for name in names:
            if name in self.flags or name in self.values:
                return True
            if name.startswith("--") and any(
                len(flag) > 4 and name.startswith(flag) for flag in self.flags if flag.startswith("--")
            ):
                return True
        return False

    def all(self, *names: str) -> list[Word]:
        """Every value given to one of the options."""
        return [word for name in names for word in self.values.get(name, ())]

    def first(self, *names: str) -> str:
        """The first value given to one of the options, or empty."""
        found = self.all(*names)
        return found[0].text if found else ""


@lru_cache(maxsize=512)
def _names(valued: str) -> frozenset[str]:
    return frozenset(valued.split())


def parse(args: list[Word], valued: str = "", *, in_order: bool = False) -> Options:
    """Split arguments. `valued` lists the options that take a value. `in_order` stops at the first operand, as wrappers do."""
    names = _names(valued)
    options = Options()
    position = 0
    while position < len(args):
        word = args[position]
        text = word.text
        position += 1
        if text == "--":
            options.operands.extend(args[position:])
            break
        if len(text) < 2 or text[0] != "-":
            if in_order:
                options.operands.extend(args[position - 1 :])
                break
            options.operands.append(word)
        elif text.startswith("--") or text in names:
            position = _long(options, word, args, position, names)
        else:
            position = _cluster(options, word, args, position, names)
    return options


def _long(options: Options, word: Word, args: list[Word], position: int, names: frozenset[str]) -> int:
    name, equals, value = word.text.partition("=")
    if equals:
        options.values.setdefault(name, []).append(Word(value, word.taints, word.glob))
        options.flags.add(name)
    elif name in names and position < len(args):
        options.values.setdefault(name, []).append(args[position])
        return position + 1
    else:
        options.flags.add(name)
    return position


def _cluster(options: Options, word: Word, args: list[Word], position: int, names: frozenset[str]) -> int:
    """`-rf`, `-ofile`, `-o file`, and single-dash long options such as find's `-name`."""
    text = word.text
    options.flags.add(text)
    for index in range(1, len(text)):
        flag = f"-{text[index]}"
        options.flags.add(flag)
        if flag not in names:
            continue
        rest = text[index + 1 :]
        if rest:
            options.values.setdefault(flag, []).append(Word(rest.removeprefix("="), word.taints, word.glob))
        elif position < len(args):
            options.values.setdefault(flag, []).append(args[position])
            return position + 1
        break
    return position
