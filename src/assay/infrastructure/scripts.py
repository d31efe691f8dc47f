"""The simple commands of a shell script inside a document: names, options, operands and what is piped into what.

A splitter and no shell: words keep their `$`, so a word with one is not determined. What a script would *do* (effects) is asked of the
`shell` room; this says how it is written.
"""

from __future__ import annotations

import re  # single character classes
from dataclasses import dataclass, field

import re2

from assay.infrastructure.node import Node, Span

_KEYWORDS = frozenset(
    [
        "if",
        "then",
        "else",
        "elif",
        "fi",
        "for",
        "while",
        "until",
        "do",
        "done",
        "case",
        "esac",
        "in",
        "{",
        "}",
        "!",
        "time",
        "select",
        "function",
        "coproc",
    ]
)
_WRAPPERS = {
    "sudo": "ugCphTD",
    "env": "uCS",
    "exec": "a",
    "command": "",
    "nohup": "",
    "time": "",
    "doas": "u",
    "xargs": "IiLnPsd",
    "timeout": "ks",
    "nice": "n",
    "builtin": "",
}
_MAX_COMMANDS, _MAX_NESTING, _MAX_SCRIPT = 5_000, 6, 400_000

# Options that take the next word, by program; "-x" may also stand joined.
_VALUED: dict[str, frozenset[str]] = {
    "apt-get": frozenset(["-t", "-o", "-c", "--target-release", "--option", "--config-file"]),
    "apt": frozenset(["-t", "-o", "-c", "--target-release", "--option"]),
    "aptitude": frozenset(["-t", "-o"]),
    "apk": frozenset(["-t", "--virtual", "-X", "--repository", "-p", "--root", "--keys-dir", "--repositories-file", "--arch"]),
    "pip": frozenset(
        ["-r", "-c", "-i", "-f", "-t", "-e", "-d", "--requirement", "--constraint", "--index-url", "--extra-index-url", "--find-links", "--target", "--editable", "--prefix", "--root", "--trusted-host", "--timeout", "--retries", "--cert", "--python-version", "--platform", "--only-binary", "--no-binary", "--progress-bar", "--cache-dir", "--src", "--upgrade-strategy"]
    ),
    "npm": frozenset(["--registry", "--prefix", "--cache", "--loglevel", "--workspace", "-w", "--tag"]),
    "yarn": frozenset(["--registry", "--cwd", "--cache-folder"]),
    "gem": frozenset(["-v", "--version", "-s", "--source", "--bindir", "-i", "--install-dir", "-P"]),
    "dnf": frozenset(["--setopt", "--repo", "--enablerepo", "--disablerepo", "--installroot", "--releasever", "-c"]),
    "yum": frozenset(["--setopt", "--repo", "--enablerepo", "--disablerepo", "--installroot", "--releasever", "-c"]),
    "curl": frozenset(["-o", "-H", "-d", "-X", "-u", "-A", "-e", "-F", "-T", "-m", "-b", "-c", "--output", "--header", "--data", "--request", "--user", "--max-time", "--retry", "--proto", "--connect-timeout", "--cacert"]),
    "wget": frozenset(["-O", "-o", "-P", "-T", "-t", "--output-document", "--header", "--tries", "--timeout", "--user", "--password"]),
    "go": frozenset(["-o", "-ldflags", "-tags", "-mod", "-p"]),
}  # fmt: skip
_VALUED["pip3"] = _VALUED["pip2"] = _VALUED["pip"]
_VALUED["microdnf"] = _VALUED["dnf"]


_ORDINARY = re.compile(r"[A-Za-z0-9_./:=@%+,\-\[\]{}*?~^!]+")
_QUOTED = {"'": re.compile(r"[^']+"), '"': re.compile(r'[^"\\`$]+')}


@dataclass(slots=True)
class _Word:
    text: str
    line: int
    column: int
    quoted: bool = False
    nested: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a script's text stands: line and column of its first character, and the column where its further lines start."""

    line: int
    column: int
    indent: int = 0


def commands(script: str, place: Place, depth: int = 0) -> list[Node]:
    """The commands of a script in order, each a mapping: see `_command`."""
    found: list[Node] = []
    if depth > _MAX_NESTING or len(script) > _MAX_SCRIPT:
        return found
    pipeline: list[dict[str, Node]] = []
    for words, operator in _split(script, place):
        command = _command(words)
        if command is not None:
            pipeline.append(command)
        if operator not in ("|", "|&"):
            found.extend(_piped(pipeline))
            pipeline = []
        for word in words:
            for inner in word.nested:
                found.extend(commands(inner, Place(word.line, word.column, place.indent), depth + 1))
        if command is not None:
            found.extend(_inner(command, words, place, depth))
        if len(found) > _MAX_COMMANDS:
            break
    found.extend(_piped(pipeline))
    return found


_FETCHES = re2.compile(r"\b(curl|wget|fetch)\b")
_RUNS = re2.compile(
    r"\b(ba|z|da)?sh\b|\./|\bpython|\bnode\b|\bperl\b|chmod [0-9ugoa]*\+?[0-7]*x|eval|source "
)
_CHECKED = re2.compile(r"sha(1|256|512)|shasum|gpg|md5sum|cosign|minisign|--checksum")
_HIDES = re2.compile(r"base64|/dev/tcp|\bncat\b|\bsocat\b|\bnc\b|\bxxd\b|openssl enc|\beval\b")
_VERBS = ("code.remote", "code.decoded", "shell.reverse", "data.send")


def effects(script: str, span: Span) -> list[Node]:
    """What a script would do that matters here (remote and decoded code, reverse shells, data sent away): verb, target, detail, program."""
    fetches = _FETCHES.search(script) and _RUNS.search(script) and not _CHECKED.search(script)
    if not (fetches or _HIDES.search(script)) or len(script) > _MAX_SCRIPT:
        return []  # following a script costs milliseconds, and most do nothing of the kind
    from assay.shell.analyse import analyse  # loads a grammar, which most scripts do not need

    return [
        Node(
            {
                "verb": Node(effect.verb, span),
                "target": Node(effect.target, span),
                "detail": Node(effect.detail[:200], span),
                "program": Node(effect.program, span),
            },
            span,
        )
        for effect in analyse(script).of(*_VERBS)
        if effect.verb != "code.decoded" or "run" in effect.flags
    ]


def _inner(command: dict[str, Node], words: list[_Word], place: Place, depth: int) -> list[Node]:
    """The script given to `sh -c` or `eval`."""
    name = command["name"].value
    if name in ("sh", "bash", "dash", "ash", "zsh", "ksh", "eval", "su"):
        texts = [word.text for word in words]
        for at, text in enumerate(texts[1:], 1):
            is_script = (texts[at - 1].startswith("-") and texts[at - 1].endswith("c")) or name == "eval"
            if is_script and not text.startswith("-"):
                return commands(text, Place(words[at].line, words[at].column, place.indent), depth + 1)
    return []


def _piped(pipeline: list[dict[str, Node]]) -> list[Node]:
    nodes: list[Node] = []
    for at, command in enumerate(pipeline):
        span = command["text"].span
        if at:
            command["from"] = Node([Node(each["name"].value, span) for each in pipeline[:at]], span)
        if at + 1 < len(pipeline):
            command["to"] = Node([Node(each["name"].value, span) for each in pipeline[at + 1 :]], span)
        nodes.append(Node(dict(command), span))
    return nodes


def _command(words: list[_Word]) -> dict[str, Node] | None:
    """name, path, args, options, verb (first operand), operands (after the verb), sudo, text; None for a lone keyword or assignment."""
    at, sudo, assigned = 0, False, []
    while at < len(words):
        text = words[at].text
        if not words[at].quoted and text in _KEYWORDS:
            at += 1
        elif _is_assignment(text):
            assigned.append(words[at])
            at += 1
        elif (name := text.rsplit("/", 1)[-1]) in _WRAPPERS and at + 1 < len(words):
            sudo |= name in ("sudo", "doas")
            at = _past_options(words, at + 1, _WRAPPERS[name])
            if name == "timeout":
                at += 1
        else:
            break
    if at >= len(words):
        if not sudo:
            return None
        at = len(words) - 1
    return _facts(words, at, sudo, assigned)


def _facts(words: list[_Word], at: int, sudo: bool, assigned: list[_Word]) -> dict[str, Node]:
    first = words[at]
    name = first.text.rsplit("/", 1)[-1]
    rest = words[at + 1 :]
    options, operands, values = _sorted_words(name, rest)
    span = Span(words[0].line, words[0].column, words[-1].line, words[-1].column + len(words[-1].text))
    if span[2:] < span[:2]:
        span = Span(first.line, first.column, first.line, first.column + len(first.text))
    text = " ".join(word.text for word in words)
    verb = operands[0] if operands else None
    if name in ("python", "python3") and options[:1] == ["-m"] and operands[:1] in (["pip"], ["pip3"]):
        name, operands = "pip", operands[1:]
        verb = operands[0] if operands else None
    return {
        "name": Node(name, _span(first)),
        "args": Node([Node(word.text, _span(word)) for word in rest], span),
        "options": Node([Node(option, span) for option in options], span),
        "values": Node([Node(value, span) for value in values], span),
        "verb": Node(verb, span),
        "operands": Node([Node(operand, span) for operand in operands[1:]], span),
        "assigned": Node([Node(word.text, _span(word)) for word in assigned], span),
        "sudo": Node(sudo, span),
        "text": Node(text[:2000], span),
    }


def _sorted_words(name: str, words: list[_Word]) -> tuple[list[str], list[str], list[str]]:
    valued = _VALUED.get(name, frozenset())
    options: list[str] = []
    operands: list[str] = []
    values: list[str] = []
    takes = False
    for word in words:
        if takes:
            values.append(f"{options[-1]} {word.text}")
            takes = False
        elif word.text.startswith("-") and len(word.text) > 1:
            options.append(word.text)
            takes = word.text in valued
        elif not word.text.startswith((">", "<", "2>", "&>")):
            operands.append(word.text)
    return options, operands, values


def _past_options(words: list[_Word], at: int, valued: str) -> int:
    while at < len(words) and words[at].text.startswith("-"):
        text = words[at].text
        at += 2 if len(text) == 2 and text[1] in valued else 1
    return at


def _is_assignment(text: str) -> bool:
    name, equals, _ = text.partition("=")
    return bool(equals) and name.isidentifier()


def _span(word: _Word) -> Span:
    return Span(word.line, word.column, word.line, word.column + max(1, len(word.text)))


def _split(script: str, place: Place) -> list[tuple[list[_Word], str]]:
    """Words up to each operator."""
    return _Splitter(script, place).run()


class _Splitter:
    """A cursor over a script. Positions follow the text: a new line starts at the indent's column."""

    def __init__(self, script: str, place: Place) -> None:
        self.script, self.at = script, 0
        self.line, self.column, self.indent = place.line, place.column, place.indent
        self.parts: list[tuple[list[_Word], str]] = []
        self.words: list[_Word] = []
        self.word: _Word | None = None

    def run(self) -> list[tuple[list[_Word], str]]:
        """All of it. Linear: every step moves on."""
        while self.at < len(self.script):
            self._step()
        self._end("")
        return self.parts

    def _step(self) -> None:
        run = _ORDINARY.match(self.script, self.at)
        if (
            run is not None
        ):  # most of a script; taken at once, since a step for each character costs ten times as much
            self._open().text += run[0]
            self.at = run.end()
            self.column += len(run[0])
            return
        char = self.script[self.at]
        if char == "\\":
            self._escape()
        elif char in "'\"":
            self._quoted(char)
        elif char == "`" or self.script.startswith("$(", self.at):
            self._substitution(char)
        elif char in " \t":
            self._close()
            self._move(1)
        elif char == "#" and self.word is None:
            end = self.script.find("\n", self.at)
            self._move((len(self.script) if end < 0 else end) - self.at)
        elif char in "\n;&|()":
            self._operator(char)
        else:
            self._take(char)

    def _escape(self) -> None:
        if self.script.startswith("\\\n", self.at):
            self._close()
            self._move(2)
            self._comment_lines()
        else:
            self._move(1)
            if self.at < len(self.script):
                self._take(self.script[self.at])

    def _comment_lines(self) -> None:
        """Dockerfiles allow whole comment lines between continued ones."""
        while True:
            end = self.script.find("\n", self.at)
            line = self.script[self.at : end if end >= 0 else len(self.script)].strip()
            if end < 0 or not line.startswith("#"):
                return
            self._move(end + 1 - self.at)

    def _quoted(self, quote: str) -> None:
        word = self._open()
        word.quoted = True
        self._move(1)
        start = self.at
        while self.at < len(self.script) and self.script[self.at] != quote:
            run = _QUOTED[quote].match(self.script, self.at)
            if run is not None:
                word.text += run[0]
                self._move(len(run[0]))
                continue
            char = self.script[self.at]
            if quote == '"' and char == "\\" and self.at + 1 < len(self.script):
                self._move(1)
                word.text += self.script[self.at]
                self._move(1)
            elif quote == '"' and (char == "`" or self.script.startswith("$(", self.at)):
                self._substitution(char)
            else:
                word.text += char
                self._move(1)
        if self.at >= len(self.script) and start == self.at:
            return
        self._move(1)

    def _substitution(self, char: str) -> None:
        word = self._open()
        end = self._matching(self.at + 2) if char == "$" else self.script.find("`", self.at + 1)
        end = len(self.script) if end < 0 else end
        inner = self.script[self.at + (2 if char == "$" else 1) : end]
        word.text += self.script[self.at : end + 1]
        if not inner.startswith("("):
            word.nested.append(inner)
        self._move(end + 1 - self.at)

    def _matching(self, at: int) -> int:
        depth = 1
        while at < len(self.script):
            char = self.script[at]
            if char == "\\":
                at += 1
            elif char == "'":
                close = self.script.find("'", at + 1)
                at = close if close >= 0 else at
            elif char == "(":
                depth += 1
            elif char == ")":
                depth -= 1
                if not depth:
                    return at
            at += 1
        return -1

    def _operator(self, char: str) -> None:
        if char == "&" and self.word is not None and self.word.text.endswith((">", "<")):
            self._take(char)
            return
        if char == "&" and self.script.startswith("&>", self.at):
            self._take(char)
            return
        double = self.script[self.at : self.at + 2]
        operator = double if double in ("&&", "||", ";;", "|&") else char
        self._close()
        self._end(operator)
        self._move(len(operator))

    def _end(self, operator: str) -> None:
        self._close()
        if self.words or operator in ("|", "|&"):
            self.parts.append((self.words, operator))
            self.words = []
        elif self.parts and operator == "\n" and self.parts[-1][1] in ("|", "|&"):
            return

    def _open(self) -> _Word:
        if self.word is None:
            self.word = _Word("", self.line, self.column)
        return self.word

    def _take(self, char: str) -> None:
        self._open().text += char
        self._move(1)

    def _close(self) -> None:
        if self.word is not None:
            self.words.append(self.word)
            self.word = None

    def _move(self, count: int) -> None:
        moved = self.script[self.at : self.at + count]
        self.at += max(1, count)
        newline = moved.rfind("\n")
        if newline < 0:
            self.column += count
        else:
            self.line += moved.count("\n")
            self.column = self.indent + len(moved) - newline
