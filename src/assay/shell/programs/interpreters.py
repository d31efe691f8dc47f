"""Interpreters: code given inline, by a file, or by standard input."""

from __future__ import annotations

from dataclasses import dataclass

from assay.shell.inline_code import decodes, look_into
from assay.shell.mentions import host_of, paths_in_text, paths_in_word
from assay.shell.options import Options, parse
from assay.shell.protocol import Handler, Shell
from assay.shell.value import NOTHING, UNKNOWN, Command, Value, Word


@dataclass(frozen=True, slots=True)
class Interpreter:
    """Options that carry code, options with another value, and the language (`shell` is followed, others are looked into)."""

    language: str
    code: str = "-e"
    valued: str = ""


_SHELL = Interpreter("shell", "-c", "-o -O --rcfile --init-file")
_INTERPRETERS: dict[str, Interpreter] = {
    **dict.fromkeys(["bash", "sh", "zsh", "dash", "ksh", "ash", "mksh", "rbash", "csh", "tcsh", "fish", "yash", "posh"], _SHELL),
    "python": Interpreter("python", "-c", "-W -X -m --check-hash-based-pycs"),
    **dict.fromkeys(("pypy", "ipython", "bpython", "jython"), Interpreter("python", "-c", "-W -X -m")),
    "node": Interpreter("javascript", "-e -p --eval --print -pe", "-r --require --import --loader --inspect"),
    "nodejs": Interpreter("javascript", "-e -p --eval --print", "-r --require"),
    "tsx": Interpreter("javascript", "-e -p --eval", ""),
    "ts-node": Interpreter("javascript", "-e -p --eval", "-P -r"),
    "perl": Interpreter("perl", "-e -E -le -ne -pe -lne -lpe -nle -ple -ane -lane", "-I -M -m -F -i -0"),
    "ruby": Interpreter("ruby", "-e -ne -pe", "-I -r -C"),
    "irb": Interpreter("ruby", "-e", ""),
    "jruby": Interpreter("ruby", "-e", "-I -r"),
    "php": Interpreter("php", "-r -B -R -E --run", "-d -c -S -t -f"),
    "lua": Interpreter("lua", "-e", "-l"),
    "luajit": Interpreter("lua", "-e", "-l"),
    "julia": Interpreter("julia", "-e -E --eval --print", "-J -C -p -t"),
    "R": Interpreter("r", "-e", "-f"),
    "Rscript": Interpreter("r", "-e", ""),
    "tclsh": Interpreter("tcl", "", ""),
    "expect": Interpreter("tcl", "-c", "-f"),
    "osascript": Interpreter("applescript", "-e", "-l"),
    "groovy": Interpreter("java", "-e", "-cp"),
    "scala": Interpreter("java", "-e", "-cp"),
    "jshell": Interpreter("java", "", ""),
    "jrunscript": Interpreter("javascript", "-e", "-l -cp"),
    "jjs": Interpreter("javascript", "-e", "-cp"),
    "jsc": Interpreter("javascript", "-e", ""),
    "gdb": Interpreter("python", "-ex -eval-command", "-p -x -batch"),
    "lldb": Interpreter("python", "-o -O", "-p -s"),
    "elixir": Interpreter("ruby", "-e --eval", "-r -pr"),
    "erl": Interpreter("erlang", "-eval", "-pa"),
    "ghc": Interpreter("haskell", "-e", ""),
    "clojure": Interpreter("lisp", "-e --eval", ""),
    "emacs": Interpreter("lisp", "--eval --execute", "-l --load -f"),
    "guile": Interpreter("lisp", "-c", "-l -s"),
    "sbcl": Interpreter("lisp", "--eval", "--load --script"),
    "octave": Interpreter("r", "--eval", ""),
    "gnuplot": Interpreter("r", "-e", ""),
    "maxima": Interpreter("lisp", "--batch-string", ""),
    **dict.fromkeys(("vim", "vi", "nvim", "ex", "ed", "red", "view", "rview", "rvim", "vimdiff", "gvim"), Interpreter("vim", "-c --cmd +", "-u -S -s -w -W -T -i")),
    **dict.fromkeys(("pwsh", "powershell"), Interpreter("powershell", "-c -Command -command -C -e -ec -enc -EncodedCommand -encodedcommand -Enc", "-ep -ExecutionPolicy -f -File -w -WindowStyle")),
    "cmd": Interpreter("cmd", "/c /C /k /K", ""),
}  # fmt: skip
VERSIONED = frozenset(
    {"python", "pypy", "perl", "ruby", "php", "lua", "node", "pip", "bash", "guile", "tclsh", "luajit", "ksh"}
)
_DEV_INPUT = ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")


def _interpret(command: Command, shell: Shell) -> Value:
    name = command.name.text.rpartition("/")[2]
    trimmed = name.rstrip("0123456789.")
    interpreter = _INTERPRETERS.get(name) or _INTERPRETERS[trimmed]
    label = trimmed if trimmed in VERSIONED else name
    if interpreter.language == "shell":
        return _shell(command, label, shell)
    options = parse(command.args, interpreter.valued, in_order=True)
    codes, rest = _codes(command.args, interpreter)
    for code in codes:
        _inline(code, interpreter, label, command, shell)
    if label in ("gdb", "lldb"):
        for word in options.all("-p"):
            shell.emit("system.inspect", f"the memory of process {word.text}", detail=command.line)
    if label == "php" and options.all("-S"):
        here = options.first("-S").startswith(("localhost", "127.", "[::1]"))
        shell.emit("net.listen", options.first("-S"), *(("served",) if here else ()), detail=command.line)
    module = options.first("-m") if interpreter.language == "python" else ""
    if module:
        return _module(module, command, shell)
    if codes and interpreter.language == "vim" and any(code.text.strip(":!") in _SAVES for code in codes):
        for word in rest:
            if not word.text.startswith(("-", "+")):
                shell.write(word, Value(UNKNOWN), "edited")
    if codes:
        in_place = label in ("perl", "ruby") and any(_edits_in_place(word.text) for word in command.args)
        for word in rest:
            if in_place and not word.text.startswith("-"):
                shell.write(word, Value(UNKNOWN), "in-place")
            for path in paths_in_word(word):
                shell.read(path, "mention")
        hides = frozenset({"decoded"}) if any(decodes(code.text) for code in codes) else frozenset()
        return Value(
            UNKNOWN,
            frozenset({f"output:{label}"}) | hides | (command.stdin.taints if command.stdin else frozenset()),
        )
    return _program(command, interpreter, label, options, shell)


def _edits_in_place(text: str) -> bool:
    """`-i`, `-i.bak`, `-pi`, `-pie`: the files named are changed."""
    head = text.partition(".")[0]
    return head[:1] == "-" and head[1:2] != "-" and "i" in head and set(head[1:]) <= set("pnlaie0")


def _codes(args: list[Word], interpreter: Interpreter) -> tuple[list[Word], list[Word]]:
    """The words that are code, and the rest. Handles `-ecode`, `-lne code`, `+cmd` and `--eval=code`."""
    names = interpreter.code.split()
    codes: list[Word] = []
    rest: list[Word] = []
    index = 0
    while index < len(args):
        word = args[index]
        text = word.text
        index += 1
        takes = text in names or _is_cluster(text, names, interpreter.language)
        if takes and index < len(args):
            end = len(args) if interpreter.language in ("cmd", "powershell") else index + 1
            codes.append(Word(" ".join(part.text for part in args[index:end]), args[index].taints))
            index = end
        elif text.startswith("--") and "=" in text and text.partition("=")[0] in names:
            codes.append(Word(text.partition("=")[2], word.taints))
        elif interpreter.language == "vim" and text.startswith("+") and len(text) > 1:
            codes.append(Word(text[1:], word.taints))
        elif (
            len(text) > 2
            and text[:2] in names
            and text[0] == "-"
            and text[1] != "-"
            and not text[1:].isalpha()
        ):
            codes.append(Word(text[2:], word.taints))
        else:
            rest.append(word)
    return codes, rest


def _is_cluster(text: str, names: list[str], language: str) -> bool:
    """`-lane` ends in the letter that takes code."""
    if (
        language not in ("perl", "ruby", "python", "lua", "php")
        or len(text) < 3
        or text[0] != "-"
        or text[1] == "-"
    ):
        return False
    return text[1:].isalnum() and f"-{text[-1]}" in names and len(text) <= 6


def _inline(code: Word, interpreter: Interpreter, label: str, _command: Command, shell: Shell) -> None:
    if "network" in code.taints and not code.known:
        shell.emit("code.remote", label, detail="code that is downloaded")
    elif "decoded" in code.taints and not code.known:
        shell.emit("code.decoded", label, "run", detail="code that is decoded")
    look_into(code.text, interpreter.language, label, shell)


def _shell(command: Command, label: str, shell: Shell) -> Value:
    options = parse(command.args, "-c -o -O --rcfile --init-file", in_order=True)
    carried = [
        flag for flag in options.flags if flag.startswith("-") and not flag.startswith("--") and "c" in flag
    ]
    if options.all("-c"):
        word = options.all("-c")[0]
        _positional(options.operands, shell)
        return shell.script(Value(word.text, word.taints), label)
    if carried and options.operands:
        word = options.operands[0]
        _positional(options.operands[1:], shell)
        return shell.script(Value(word.text, word.taints), label)
    fed = command.stdin is not None and not command.stdin.taints & {"socket", "fifo", "interactive-shell"}
    if (options.has("-i") and not fed) or (not options.operands and command.stdin is None):
        return _interactive(command, shell)
    if options.operands and options.operands[0].text not in _DEV_INPUT and not options.has("-s"):
        return _script_file(options.operands[0], label, shell)
    return _from_input(command, "shell", label, shell)


def _positional(operands: list[Word], shell: Shell) -> None:
    for index, word in enumerate(operands[:9]):
        shell.variables[str(index)] = Value(word.text, word.taints)


def _interactive(command: Command, shell: Shell) -> Value:
    """A shell for somebody to type into: harmless at a terminal, a back door on a socket."""
    stdin = command.stdin
    if shell.raised:
        shell.emit("privilege.grant", "a shell with more rights", detail=command.line)
    if stdin is not None and stdin.taints & {"socket", "fifo"}:
        if "socket" in stdin.taints:
            shell.emit("shell.reverse", "", detail=command.line)
        return Value(UNKNOWN, frozenset({"interactive-shell", "socket-shell"}))
    if any(path.startswith(("/dev/tcp/", "/dev/udp/")) for path in command.outputs):
        shell.emit("shell.reverse", command.outputs[0].split("/")[3], detail=command.line)
    return Value(UNKNOWN, frozenset({"interactive-shell"}))


def _script_file(word: Word, label: str, shell: Shell) -> Value:
    value = shell.read(word, "run")
    shell.emit("code.run", shell.path(word.text), detail=label)
    if is_release_script(word.text):
        shell.emit("deploy.run", word.text, detail=f"{label} {word.text}")
    if "network" in value.taints or "decoded" in value.taints or (value.known and value.text):
        return shell.script(value, label, f"{word.text}")
    return Value(UNKNOWN, frozenset({f"output:{label}"}))


def is_release_script(path: str) -> bool:
    """`scripts/deploy.sh`, `./release`, `publish-all.py`: programs whose name says that they publish or deploy."""
    name = path.rpartition("/")[2].partition(".")[0].lower().replace("_", "-")
    words = name.split("-")
    return bool({"deploy", "publish", "release", "rollback", "undeploy"} & {words[0], words[-1]}) and not (
        {"test", "check", "dry", "notes", "lint", "preview"} & set(words)
    )


def _from_input(command: Command, language: str, label: str, shell: Shell) -> Value:
    stdin = command.stdin
    if stdin is None:
        return NOTHING
    if stdin.taints & {"socket"}:
        shell.emit("shell.reverse", "", detail=command.line)
    if language == "shell":
        value = shell.script(stdin, label)
        return Value(
            value.text, value.taints | ({"interactive-shell"} if "fifo" in stdin.taints else frozenset())
        )
    if not stdin.known or stdin.taints & {"network", "decoded"}:
        if "network" in stdin.taints:
            shell.emit("code.remote", label, detail="downloaded text")
        elif "decoded" in stdin.taints:
            shell.emit("code.decoded", label, "run", detail="decoded text")
        else:
            shell.emit("code.dynamic", label, detail="text that is computed while the script runs")
    look_into(stdin.text, language, label, shell)
    return Value(UNKNOWN, frozenset({f"output:{label}"}) | stdin.taints)


def _program(command: Command, interpreter: Interpreter, label: str, options: Options, shell: Shell) -> Value:
    operands = options.operands
    if interpreter.language == "vim":
        return _editor(command, label, shell)
    if operands and operands[0].text not in _DEV_INPUT:
        value = shell.read(operands[0], "run")
        shell.emit("code.run", shell.path(operands[0].text), detail=label)
        _management(operands[1:], command, shell)
        if value.taints & {"network"}:
            shell.emit("code.remote", label, detail=operands[0].text)
        elif value.known and value.text:
            look_into(value.text, interpreter.language, label, shell)
        elif "decoded" in value.taints:
            shell.emit("code.decoded", label, "run", detail=operands[0].text)
        for word in operands[1:]:
            for path in paths_in_word(word):
                shell.read(path, "mention")
        return Value(UNKNOWN, frozenset({f"output:{label}"}))
    if command.stdin is not None and label not in ("gdb", "lldb"):
        return _from_input(command, interpreter.language, label, shell)
    return Value(UNKNOWN)


# Subcommands by which frameworks' own scripts (manage.py, artisan, rails, ...) throw data away.
LOSING = frozenset(
    [
        "flush",
        "reset_db",
        "sqlflush",
        "drop_test_database",
        "db:drop",
        "db:reset",
        "db:purge",
        "db:wipe",
        "db:drop:all",
        "migrate:fresh",
        "migrate:reset",
        "migrate:refresh",
        "ecto.drop",
        "ecto.reset",
        "reset-database",
        "drop-database",
        "dropdb",
        "db:truncate_all",
        "db:schema:load",
        "db:seed:replant",
        "doctrine:database:drop",
        "doctrine:schema:drop",
        "dropAll",
        "drop-all",
    ]
)


LOSING_PAIRS = (
    "migrate reset",
    "migrate zero",
    "downgrade base",
    "downgrade -",
    "db push --force-reset",
    "db push --accept-data-loss",
    "migrate:rollback --all",
    "schema drop",
    "database drop",
)


def _management(operands: list[Word], command: Command, shell: Shell) -> None:
    words = [word.text for word in operands]
    back_to_nothing = words[:1] == ["migrate"] and words[-1:] == ["zero"]
    line = " ".join(words)
    if words[:1] in (["shell"], ["tinker"], ["runner"], ["console"], ["dbshell"]):
        _shell_of_framework(operands[1:], shell)
    if (
        back_to_nothing
        or any(form in line for form in LOSING_PAIRS)
        or any(word in LOSING for word in words[:2])
    ):
        shell.emit("database.change", "all data of the application", "destructive", detail=command.line)


def _shell_of_framework(operands: list[Word], shell: Shell) -> None:
    """Code given to a framework's own shell (`manage.py shell -c CODE`, `artisan tinker --execute=CODE`)."""
    for word in operands:
        if " " in word.text or "(" in word.text:
            look_into(word.text.removeprefix("--execute="), "python", "python", shell)


_SAVES = frozenset({"w", "wq", "x", "wqa", "xa", "wa", "update", "up", "W"})


def _editor(command: Command, label: str, shell: Shell) -> Value:
    typed = command.stdin.text.splitlines() if command.stdin is not None else []
    saves = any(line.strip().strip(":!") in _SAVES for line in typed)
    for word in command.args:
        if not word.text.startswith(("-", "+")):
            shell.read(word, "edited")
            if saves:
                shell.write(word, Value(UNKNOWN), "edited")
    if command.stdin is not None and command.stdin.known:
        look_into(command.stdin.text, "vim", label, shell)
    return Value(UNKNOWN)


def run_deno(command: Command, shell: Shell) -> Value:
    """`deno run FILE|URL`, `deno eval CODE`; other subcommands only look at or build the project."""
    operands = parse(command.args, "-c --config --import-map --lock --cert --seed --location").operands
    verb = operands[0].text if operands else ""
    if verb == "eval" and len(operands) > 1:
        look_into(operands[1].text, "javascript", "deno", shell)
    for word in operands[1:2] if verb in ("run", "install", "serve", "test", "bench") else operands[:1]:
        if "://" in word.text:
            shell.emit("net.connect", host_of(word.text), "download", detail=word.text)
            shell.emit("code.remote", "deno", detail=word.text)
        elif verb in ("run", "serve"):
            value = shell.read(word, "run")
            shell.emit("code.run", shell.path(word.text), detail="deno")
            if value.known and value.text:
                look_into(value.text, "javascript", "deno", shell)
    return Value(UNKNOWN)


def _module(module: str, command: Command, shell: Shell) -> Value:
    """`python -m X`: a few modules are programs of their own."""
    texts = [word.text for word in command.args]
    position = texts.index("-m") + 2 if "-m" in texts else 1
    rest = command.args[position:]
    if module in ("pip", "pytest", "uv", "pipx", "twine", "poetry", "hatch"):
        return shell.run([Word(module), *rest], command.stdin)
    if module in ("http.server", "SimpleHTTPServer"):
        served = parse(rest, "-b --bind -d --directory -p --protocol").all("-d", "--directory") or [Word(".")]
        shell.read(served[-1], "recursive", "sent")
        shell.emit("net.listen", rest[0].text if rest else "8000", "served", detail=command.line)
    elif module in ("pyftpdlib", "uploadserver"):
        shell.emit("net.listen", rest[0].text if rest else "8000", detail=command.line)
    elif module == "smtplib" or module == "webbrowser":
        shell.emit("net.connect", UNKNOWN, detail=command.line)
    for word in rest:
        for path in paths_in_word(word):
            shell.read(path, "mention")
        for path in paths_in_text(word.text) if " " in word.text else ():
            shell.read(path, "mention")
    return Value(UNKNOWN)


RUNNERS: frozenset[Handler] = frozenset({_interpret})
HANDLERS: dict[str, Handler] = dict.fromkeys(_INTERPRETERS, _interpret)
