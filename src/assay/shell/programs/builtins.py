"""What the shell does itself: echo, printf, eval, source, alias, trap, read, env without a command, history."""

from __future__ import annotations

from assay.shell.options import parse
from assay.shell.protocol import Handler, Shell
from assay.shell.textflow import echoed, printed, taints_of
from assay.shell.value import NOTHING, UNKNOWN, Command, Value, Word


def _echo(command: Command, shell: Shell) -> Value:
    _expose(command.args, shell)
    return echoed(command.args)


def _printf(command: Command, shell: Shell) -> Value:
    _expose(command.args, shell)
    if command.args[:1] and command.args[0].text == "-v" and len(command.args) > 2:
        shell.variables[command.args[1].text] = printed(command.args[2:])
        return NOTHING
    return printed(command.args)


def _expose(words: list[Word], shell: Shell) -> None:
    for word in words:
        for taint in sorted(word.taints):
            if taint.startswith("env:"):
                shell.emit("env.expose", taint[4:])


def _eval(command: Command, shell: Shell) -> Value:
    text = " ".join(word.text for word in command.args)
    return shell.script(Value(text, taints_of(command.args)), "eval") if text.strip() else NOTHING


def _source(command: Command, shell: Shell) -> Value:
    if not command.args:
        return NOTHING
    word = command.args[0]
    value = shell.read(word) if word.text not in ("/dev/stdin", "-") else command.stdin or NOTHING
    if value.known and value is not NOTHING:
        return shell.script(value, "source")
    if value.taints & {"network", "decoded"}:
        return shell.script(Value(UNKNOWN, value.taints), "source")
    return NOTHING


def _alias(command: Command, shell: Shell) -> Value:
    for word in command.args:
        name, equals, text = word.text.partition("=")
        if equals:
            shell.aliases[name] = text
    return NOTHING


def _trap(command: Command, shell: Shell) -> Value:
    words = [word for word in command.args if not word.text.startswith("-")]
    if len(words) > 1 and words[0].text.strip():
        shell.script(Value(words[0].text, words[0].taints), "trap")
    return NOTHING


def _read(command: Command, shell: Shell) -> Value:
    names = parse(command.args, "-a -d -i -n -N -p -t -u").operands or [Word("REPLY")]
    taken = command.stdin or Value(UNKNOWN)
    for word in names:
        shell.variables[word.text] = Value(
            taken.text.rstrip("\n") if len(names) == 1 and taken.known else UNKNOWN, taken.taints
        )
    return NOTHING


def _environment(command: Command, shell: Shell) -> Value:
    """`env`, `printenv`, `set` and `declare -p` without a command print variables."""
    name = command.name.text.rpartition("/")[2]
    operands = parse(command.args, "-u -C -S --unset --chdir").operands
    if name == "printenv" and operands:
        for word in operands:
            shell.emit("env.expose", word.text)
        return Value(UNKNOWN, frozenset(f"env:{word.text}" for word in operands))
    if name == "set" and command.args:
        if [word.text for word in command.args[:2]] == ["+o", "history"]:
            shell.emit("history.clear", "the shell's history", detail=command.line)
        return NOTHING
    if name == "env" and any("=" in word.text for word in operands):
        return NOTHING
    shell.emit("env.expose", "*", detail=command.line)
    return Value(UNKNOWN, frozenset({"env:*"}))


def _history(command: Command, shell: Shell) -> Value:
    if any(word.text[:1] == "-" and set(word.text[1:]) & set("cdw") for word in command.args) or (
        command.args and command.args[0].text in ("clear", "clear-session", "delete", "off")
    ):
        shell.emit("history.clear", "the shell's history", detail=command.line)
    else:
        shell.emit("history.read", "the shell's history", detail=command.line)
    return Value(UNKNOWN, frozenset({"history"}))


def _bind(command: Command, shell: Shell) -> Value:
    if command.args[:1] and command.args[0].text == "-x" and len(command.args) > 1:
        shell.script(Value(command.args[1].text.partition(":")[2]), "bind")
    return NOTHING


def _prints(command: Command, _shell: Shell) -> Value:
    return Value(UNKNOWN, frozenset({f"output:{command.name.text}"}))


def _nothing(_command: Command, _shell: Shell) -> Value:
    return NOTHING


HANDLERS: dict[str, Handler] = {
    "echo": _echo,
    "printf": _printf,
    "print": _echo,
    "eval": _eval,
    "source": _source,
    ".": _source,
    "alias": _alias,
    "trap": _trap,
    **dict.fromkeys(("read", "mapfile", "readarray"), _read),
    **dict.fromkeys(("env", "printenv", "set", "export", "declare"), _environment),
    "history": _history,
    "fc": _history,
    "bind": _bind,
    **dict.fromkeys(
        [
            "exit",
            "return",
            "break",
            "continue",
            "shift",
            "wait",
            "bg",
            "fg",
            "sleep",
            "usleep",
            "umask",
            "ulimit",
            "shopt",
            "setopt",
            "unsetopt",
            "local",
            "let",
            "times",
            "getopts",
            "unalias",
            "unset",
            "enable",
            "compgen",
            "complete",
            "tput",
            "clear",
            "reset",
        ],
        _nothing,
    ),
    **dict.fromkeys(
        [
            "jobs",
            "seq",
            "date",
            "cal",
            "uname",
            "hostname",
            "whoami",
            "id",
            "groups",
            "nproc",
            "uptime",
            "free",
            "who",
            "w",
            "users",
            "last",
            "lastlog",
            "tty",
            "stty",
            "yes",
            "logname",
            "locale",
            "getconf",
            "bc",
            "dc",
            "expr",
            "numfmt",
            "cowsay",
            "figlet",
            "banner",
            "tldr",
            "info",
            "apropos",
            "whatis",
            "cheat",
        ],
        _prints,
    ),
}
