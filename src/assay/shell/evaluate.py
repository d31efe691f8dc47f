"""Follows a parsed script: statements, pipelines, redirections and variables, command by command."""

from __future__ import annotations

import posixpath
import shlex

from tree_sitter import Node

from assay.shell.dispatch import perform
from assay.shell.effect import ShellContext, ShellEffect
from assay.shell.expand import Expander, braced, text_of
from assay.shell.grammar import parse_bash
from assay.shell.source import arithmetic, only_read_write_redirects, parsable, quote
from assay.shell.value import NOTHING, UNKNOWN, Command, Value, Word

_MAX_DEPTH = 12
_MAX_COMMANDS = 2_000
_MAX_LOOP = 8
_MAX_SEGMENTS = 60
_JOINABLE = 64 * 1024
_SKIPPED = frozenset(
    {"comment", "heredoc_end", "heredoc_start", "file_descriptor", "word", "number", "variable_name"}
)
_SUBSTITUTIONS = frozenset({"command_substitution", "process_substitution", "arithmetic_expansion"})


class Evaluator:
    """The state of a script while it is followed. One per analysis; inner scripts share it."""

    def __init__(self, context: ShellContext) -> None:
        self.cwd = context.cwd
        self.home = context.home
        self.files: dict[str, Value] = {}
        self.functions: dict[str, Node] = {}
        self.variables: dict[str, Value] = {
            "HOME": Value(context.home),
            "USER": Value(context.user),
            "LOGNAME": Value(context.user),
            "PWD": Value(context.cwd),
            "OLDPWD": Value(context.cwd),
            "TMPDIR": Value("/tmp"),  # noqa: S108 - where scripts put their own files
            "SHELL": Value("/bin/bash"),
            "PATH": Value("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
            "0": Value("bash"),
            **{name: Value(text) for name, text in context.variables},
        }
        self.effects: dict[ShellEffect, None] = {}
        self.doubts: dict[str, None] = {}
        self.commands: list[str] = []
        self.aliases: dict[str, str] = {}
        self.raised = False
        self.hidden: list[tuple[str, str, str]] = []
        self._expander = Expander(self.variables, context.home, self._substitute)
        self._depth = 0
        self._program = ""
        self._remote = ""
        self._calls: list[str] = []

    # What handlers use (protocol.Shell).

    def emit(self, verb: str, target: str = "", *flags: str, detail: str = "") -> None:
        """Record an effect of the command that is being looked at."""
        given = frozenset((*flags, "remote") if self._remote else flags)
        self.effects.setdefault(ShellEffect(verb, target, given, detail[:500], self._program))

    def doubt(self, why: str) -> None:
        """Record that something cannot be determined."""
        self.doubts.setdefault(why)

    def path(self, text: str) -> str:
        """The absolute path for a text, `..` resolved; an unknown start stays unknown."""
        text = text.removeprefix("file://")
        if text.startswith(UNKNOWN):
            return text
        if text.startswith("~/"):
            text = self.home + text[1:]
        joined = text if text.startswith("/") else f"{self.cwd}/{text}"
        return posixpath.normpath("/" + joined.lstrip("/"))

    def read(self, word: Word | str, *flags: str) -> Value:
        """Record that a file is read and return what is known of its text."""
        text, glob = (word, False) if isinstance(word, str) else (word.text, word.glob)
        if text == "-" or not text:
            return NOTHING
        path = self.path(text)
        self.emit("file.read", path, *flags, *(("glob",) if glob else ()))
        known = self.files.get(path)
        if known is not None:
            return known
        return Value(UNKNOWN, frozenset({f"file:{path}"}))

    def write(self, word: Word | str, value: Value, *flags: str) -> None:
        """Record that a file is written with this text."""
        text, glob = (word, False) if isinstance(word, str) else (word.text, word.glob)
        path = self.path(text)
        if path.startswith(("/dev/tcp/", "/dev/udp/")):
            for taint in sorted(value.taints - {"socket-shell", "interactive-shell"}):
                self.emit("data.send", path.split("/")[3], detail=taint)
            return
        if path.startswith("/dev/") and path[5:] in ("null", "stdout", "stderr", "tty", "zero"):
            return
        self.emit("file.write", path, *flags, *(("glob",) if glob else ()))
        if "append" in flags and path in self.files:
            before = self.files[path]
            value = Value((before.text + value.text)[:_JOINABLE], before.taints | value.taints)
        self.files[path] = value

    def script(self, text: Value, interpreter: str, origin: str = "") -> Value:
        """Follow a text as a shell script in this same environment and return its output."""
        if self._depth >= _MAX_DEPTH:
            self.doubt(f"{interpreter}: scripts inside scripts go too deep")
            return Value(UNKNOWN)
        if "decoded" in text.taints and text.known:
            self.emit("code.decoded", interpreter, "run", detail=f"decodes to: {text.text[:200]}")
        if not text.known:
            self._unknown_script(text, interpreter, origin)
            if not text.text.replace(UNKNOWN, "").strip():
                return Value(UNKNOWN, text.taints)
        self._depth += 1
        try:
            return self._source(text.text)
        finally:
            self._depth -= 1

    def run(self, words: list[Word], stdin: Value | None, *, remote: str = "") -> Value:
        """Follow a command given as words; `remote` names the host that it runs on."""
        if not words or self._depth >= _MAX_DEPTH:
            return NOTHING if not words else Value(UNKNOWN)
        before, self._remote = self._remote, remote or self._remote
        self._depth += 1
        try:
            return self.command(Command(words[0], list(words[1:]), stdin))
        finally:
            self._remote = before
            self._depth -= 1

    def _unknown_script(self, text: Value, interpreter: str, origin: str) -> None:
        if "network" in text.taints:
            self.emit("code.remote", interpreter, detail=origin or "downloaded text")
        elif "decoded" in text.taints:
            self.emit("code.decoded", interpreter, "run", detail=origin or "decoded text")
        else:
            self.emit(
                "code.dynamic", interpreter, detail=origin or "text that is computed while the script runs"
            )

    # Statements.

    def _source(self, text: str) -> Value:
        if "$IFS$" in text or "``" in text or "{IFS}$" in text:
            text = parsable(text)
        tree = parse_bash(text)
        if tree.has_error and not only_read_write_redirects(text):
            self.doubt("the shell grammar does not fit: " + text[:80])
            self._roughly(text)
        return self.statement(tree, None)

    def _roughly(self, text: str) -> None:
        """What does not parse is also read as plain words, so that an odd form hides nothing."""
        for segment in (
            text.replace("|", "\n").replace(";", "\n").replace("&", "\n").split("\n")[:_MAX_SEGMENTS]
        ):
            try:
                pieces = shlex.split(segment, comments=True)
            except ValueError:
                pieces = segment.split()
            words = [
                Word(self.path(word) if word.startswith("~/") else word)
                for piece in pieces
                for word in braced(piece)
            ]
            if words:
                self.run(words, None)

    def statement(self, node: Node, stdin: Value | None) -> Value:
        """Follow one statement; returns what it prints."""
        kind = node.type
        if kind == "command":
            return self._command_node(node, stdin)
        if kind == "list":
            return self._either(node, stdin)
        if kind == "pipeline":
            return self._pipeline(node, stdin)
        if kind == "redirected_statement":
            return self._redirected(node, stdin)
        if kind == "variable_assignment":
            self._assign(node)
            return NOTHING
        if kind == "declaration_command" or kind == "unset_command":
            return self._declaration(node)
        if kind == "function_definition":
            return self._define(node)
        if kind == "for_statement":
            return self._for(node, stdin)
        if kind in _SUBSTITUTIONS or kind in ("concatenation", "string", "simple_expansion", "expansion"):
            return self._expander.value(node)
        if kind in ("heredoc_redirect", "herestring_redirect", "file_redirect"):
            return self._lone_redirect(node, stdin)
        return self._sequence(node, stdin)

    def _sequence(self, node: Node, stdin: Value | None) -> Value:
        texts: list[str] = []
        taints: frozenset[str] = frozenset()
        for child in node.children:
            if not child.is_named or child.type in _SKIPPED:
                continue
            value = self.statement(child, stdin)
            texts.append(value.text)
            taints |= value.taints
        return Value("".join(texts)[:_JOINABLE], taints)

    def _either(self, node: Node, stdin: Value | None) -> Value:
        """`a || b` and `a && b`: both are followed; the output is that of the first one that has any, for `||`."""
        outputs = [self.statement(child, stdin) for child in node.named_children if child.type != "comment"]
        if any(child.type == "||" for child in node.children):
            return next((value for value in outputs if value.text), NOTHING)
        return Value(
            "".join(value.text for value in outputs)[:_JOINABLE],
            frozenset().union(*(value.taints for value in outputs)),
        )

    def _pipeline(self, node: Node, stdin: Value | None) -> Value:
        value = stdin
        for child in node.children:
            if child.is_named and child.type != "comment":
                value = self.statement(child, value)
        return value or NOTHING

    def _define(self, node: Node) -> Value:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is None or body is None:
            return NOTHING
        label = text_of(name)
        self.functions[label] = body
        calls = text_of(body).replace(label, "\0")
        if "&" in calls and calls.count("\0") > 1 and "|" in calls:
            self.emit(
                "system.destroy",
                "this machine's processes",
                detail="a function that starts itself twice (fork bomb)",
            )
        return NOTHING

    def _for(self, node: Node, stdin: Value | None) -> Value:
        variable, body = node.child_by_field_name("variable"), node.child_by_field_name("body")
        words = [
            word for value in node.children_by_field_name("value") for word in self._expander.words(value)
        ]
        if variable is None or body is None:
            return self._sequence(node, stdin)
        out: list[Value] = []
        for word in words[:_MAX_LOOP] or [Word(UNKNOWN)]:
            self.variables[text_of(variable)] = Value(word.text, word.taints)
            out.append(self.statement(body, stdin))
        return Value(
            "".join(value.text for value in out)[:_JOINABLE],
            frozenset().union(*(value.taints for value in out)),
        )

    # Redirections.

    def _redirected(self, node: Node, stdin: Value | None) -> Value:
        body = node.child_by_field_name("body")
        outputs: list[tuple[str, tuple[str, ...]]] = []
        rest: list[Node] = []
        for redirect in node.children:
            if redirect == body or not redirect.is_named:
                continue
            stdin = self._redirect(redirect, stdin, outputs, rest)
        value = self.statement(body, stdin) if body is not None else stdin or NOTHING
        for path, flags in outputs:
            self.write(path, value, *flags)
        if outputs:
            value = NOTHING
        for follower in rest:
            value = self.statement(follower, value)
        return value

    def _redirect(
        self, node: Node, stdin: Value | None, outputs: list[tuple[str, tuple[str, ...]]], rest: list[Node]
    ) -> Value | None:
        """Note where one redirection sends output; returns the new standard input."""
        if node.type == "heredoc_redirect":
            return self._heredoc(node, outputs, rest)
        if node.type == "herestring_redirect":
            return self._expander.one(node.named_children[-1]) if node.named_children else stdin
        if node.type != "file_redirect":
            rest.append(node)
            return stdin
        operator = next((text_of(child) for child in node.children if not child.is_named), ">")
        destination = node.child_by_field_name("destination")
        if destination is None:
            return stdin
        if destination.type == "process_substitution":
            if operator.startswith(">"):
                rest.extend(child for child in destination.named_children)
                return stdin
            return self._output_of(destination)
        return self._file_redirect(operator, text_of(node), self._expander.one(destination), stdin, outputs)

    def _file_redirect(
        self,
        operator: str,
        source: str,
        target: Value,
        stdin: Value | None,
        outputs: list[tuple[str, tuple[str, ...]]],
    ) -> Value | None:
        if target.text.startswith(("/dev/tcp/", "/dev/udp/")):
            host, _, port = target.text[9:].partition("/")
            self.emit(
                "net.connect",
                host,
                "socket",
                *(("upload",) if ">" in source else ()),
                detail=f"{host}:{port}",
            )
            if ">" in source:
                outputs.append((target.text, ()))
            # A program that writes to a socket is usually told to read from it too (`0>&1`).
            return Value(UNKNOWN, frozenset({"network", "socket"}))
        if ("&" in operator and (target.text.isdigit() or target.text == "-")) or (
            operator in ("<&", ">&") and target.text.isdigit()
        ):
            return stdin
        if "<" in source.split(target.text or "\0")[0] and ">" not in operator:
            return self.read(target.text)
        outputs.append((target.text, ("append",) if ">>" in operator else ()))
        return stdin

    def _heredoc(self, node: Node, outputs: list[tuple[str, tuple[str, ...]]], rest: list[Node]) -> Value:
        start = next((child for child in node.children if child.type == "heredoc_start"), None)
        body = next((child for child in node.children if child.type == "heredoc_body"), None)
        literal = start is not None and bool(set(text_of(start)) & set("'\"\\"))
        value = NOTHING
        if body is not None:
            value = Value(text_of(body)) if literal else self._expander.one(body)
        for child in node.children:
            if child.type == "file_redirect":
                self._redirect(child, None, outputs, rest)
            elif child.is_named and child.type not in ("heredoc_start", "heredoc_body", "heredoc_end"):
                rest.append(child)
        return Value(value.text, value.taints | {"text"})

    def _lone_redirect(self, node: Node, stdin: Value | None) -> Value:
        outputs: list[tuple[str, tuple[str, ...]]] = []
        rest: list[Node] = []
        value = self._redirect(node, stdin, outputs, rest)
        for path, flags in outputs:
            self.write(path, value or NOTHING, *flags)
        for follower in rest:
            value = self.statement(follower, value)
        return value or NOTHING

    # Variables.

    def _assign(self, node: Node) -> tuple[str, Value] | None:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None:
            return None
        label = text_of(name).partition("[")[0]
        found = self._expander.one(value) if value is not None else NOTHING
        if value is not None and value.type == "array":
            found = Value(UNKNOWN, found.taints)
        if "+=" in text_of(node)[: len(text_of(name)) + 2]:
            before = self.variables.get(label, NOTHING)
            found = Value((before.text + found.text)[:_JOINABLE], before.taints | found.taints)
        self.variables[label] = found
        if label.isupper():
            self.emit("env.set", label, "assigned", detail=found.text[:200])
        return label, found

    def _declaration(self, node: Node) -> Value:
        keyword = text_of(node.children[0]) if node.children else ""
        for child in node.named_children:
            if child.type == "variable_assignment":
                pair = self._assign(child)
                if pair and keyword in ("export", "declare", "typeset"):
                    self.emit("env.set", pair[0], detail=pair[1].text[:200])
            elif keyword.startswith("unset"):
                self.emit("env.unset", text_of(child))
                self.variables.pop(text_of(child), None)
                self.functions.pop(text_of(child), None)
            else:
                self.statement(child, None)
        if keyword in ("export", "declare", "typeset", "readonly") and all(
            child.type == "word" for child in node.named_children
        ):
            self.emit("env.expose", "*", detail="export -p")
        return NOTHING

    # Commands.

    def _substitute(self, node: Node) -> Value:
        """The text that replaces `$(...)`, backticks, `$((...))`, and `<(...)` (the name of a file that holds the output)."""
        value = self._output_of(node)
        if node.type != "process_substitution":
            return value
        path = f"/dev/fd/{63 - len(self.files)}"
        self.files[path] = value
        return Value(path, value.taints)

    def _output_of(self, node: Node) -> Value:
        if self._depth >= _MAX_DEPTH:
            self.doubt("substitutions go too deep")
            return Value(UNKNOWN)
        self._depth += 1
        try:
            value = self._sequence(node, None)
        finally:
            self._depth -= 1
        if node.type == "arithmetic_expansion":
            return Value(arithmetic(text_of(node)), value.taints)
        return value

    def _command_node(self, node: Node, stdin: Value | None) -> Value:
        words: list[Word] = []
        assigned: list[tuple[str, str]] = []
        outputs: list[tuple[str, tuple[str, ...]]] = []
        rest: list[Node] = []
        for child in node.children:
            if child.type == "variable_assignment":
                pair = self._assign(child)
                if pair:
                    assigned.append((pair[0], pair[1].text))
            elif child.type in ("file_redirect", "heredoc_redirect", "herestring_redirect"):
                stdin = self._redirect(child, stdin, outputs, rest)
            elif child.type == "command_name":
                words.extend(word for part in child.children for word in self._expander.words(part))
            elif child.type == "ERROR" or not child.is_named:
                words.extend(Word(text_of(child)) for _ in "x" if text_of(child).strip())
            else:
                words.extend(self._expander.words(child))
        value = NOTHING
        if words:
            value = self.command(
                Command(words[0], words[1:], stdin, tuple(assigned), tuple(path for path, _ in outputs))
            )
        for path, flags in outputs:
            self.write(path, value, *flags)
        return NOTHING if outputs else value

    def command(self, command: Command) -> Value:
        """Follow one simple command."""
        if len(self.commands) >= _MAX_COMMANDS:
            self.doubt("more commands than are followed")
            return Value(UNKNOWN)
        name = command.name.text
        body = self.functions.get(name)
        if body is not None and name not in self._calls:
            return self._call(name, body, command)
        alias = self.aliases.get(name)
        if alias is not None and name not in self._calls:
            return self._call_alias(name, alias, command)
        before = self._program
        self._program = name.rpartition("/")[2] or name
        self.commands.append(command.line)
        try:
            return perform(command, self)
        finally:
            self._program = before

    def _call(self, name: str, body: Node, command: Command) -> Value:
        self._calls.append(name)
        kept = {str(index): self.variables.get(str(index)) for index in range(1, 10)}
        for index, word in enumerate(command.args[:9], start=1):
            self.variables[str(index)] = Value(word.text, word.taints)
        self.variables["@"] = Value(" ".join(word.text for word in command.args))
        try:
            return self.statement(body, command.stdin)
        finally:
            self._calls.pop()
            self.variables.pop("@", None)
            for key, old in kept.items():
                if old is None:
                    self.variables.pop(key, None)
                else:
                    self.variables[key] = old

    def _call_alias(self, name: str, alias: str, command: Command) -> Value:
        self._calls.append(name)
        try:
            rest = " ".join(quote(word.text) for word in command.args)
            return self.script(Value(f"{alias} {rest}"), name)
        finally:
            self._calls.pop()
