"""Programs that search for files and run others on what they find: find, fd, xargs, parallel, locate."""

from __future__ import annotations

from itertools import pairwise

from assay.shell.options import parse
from assay.shell.protocol import Handler, Shell
from assay.shell.value import NOTHING, UNKNOWN, Command, Value, Word

_NAMES = ("-name", "-iname", "-path", "-ipath", "-wholename", "-regex", "-iregex", "-lname")
_EXECS = ("-exec", "-execdir", "-ok", "-okdir")
_XARGS = "-I -i -n -P -L -d -a -E -s -l --replace --max-args --max-procs --max-lines --delimiter --arg-file --eof --max-chars --process-slot-var"
_PARALLEL = (
    "-j -N -n -a -I -d --jobs --arg-file --delay --timeout --joblog --results --colsep -C --max-args --tag-string --sshlogin -S"
    " --workdir --wd --retries --halt --memfree --load --progress-file"
)


def _find(command: Command, shell: Shell) -> Value:
    words = command.args
    roots = []
    index = 0
    while index < len(words) and not words[index].text.startswith(("-", "(", "!")):
        roots.append(words[index].text)
        index += 1
    options = [word for word in words[:index] if word.text.startswith("-")]
    roots = roots or ["."]
    expression = words[index:] if not options else words
    names = [b for a, b in pairwise(expression) if a.text in _NAMES]
    bits = [b.text for a, b in pairwise(expression) if a.text == "-perm"]
    _searched(roots, names, bits, shell)
    found = [_found(root, names) for root in roots]
    _actions(expression, found, bool(names), shell)
    return Value(UNKNOWN, frozenset({"names", *(f"names:{word.text}" for word in found)}))


def _searched(roots: list[str], names: list[Word], bits: list[str], shell: Shell) -> None:
    for root in roots:
        for name in names:
            shell.emit("file.search", shell.path(root), detail=name.text)
        for bit in bits:
            if (
                bit.strip("-/").lstrip("0")[:1] in ("2", "4", "6") and len(bit.strip("-/").lstrip("0")) == 4
            ) or "s" in bit:
                shell.emit(
                    "system.inspect", "programs that run as another user", detail=f"find {root} -perm {bit}"
                )


def _found(root: str, names: list[Word]) -> Word:
    """One word that stands for everything found: the root and the last name asked for."""
    if names:
        return Word(
            f"{root.rstrip('/') or ''}/{names[-1].text.lstrip('/')}" if root != "/" else f"/{names[-1].text}",
            glob=True,
        )
    return Word(root.rstrip("/") + "/*", glob=True)


def _actions(expression: list[Word], found: list[Word], filtered: bool, shell: Shell) -> None:
    position = 0
    while position < len(expression):
        text = expression[position].text
        position += 1
        if text == "-delete":
            for word in found:
                shell.emit(
                    "file.delete",
                    shell.path(word.text),
                    "recursive",
                    "found",
                    "glob",
                    *(("filtered",) if filtered else ()),
                )
        elif text in ("-fprint", "-fprintf", "-fls", "-fprint0") and position < len(expression):
            shell.write(expression[position], Value(UNKNOWN))
        elif text in _EXECS:
            end = position
            while end < len(expression) and expression[end].text not in (";", "+", "\\;"):
                end += 1
            inner = expression[position:end]
            position = end + 1
            for word in found:
                shell.run(
                    [_filled(part, "{}", Word(word.text, frozenset({"found"}), glob=True)) for part in inner],
                    None,
                )


def _filled(part: Word, mark: str, value: Word) -> Word:
    if part.text == mark:
        return Word(value.text, value.taints | part.taints, value.glob)
    if mark and mark in part.text:
        return Word(part.text.replace(mark, value.text), value.taints | part.taints, value.glob)
    return part


def _fd(command: Command, shell: Shell) -> Value:
    texts = [word.text for word in command.args]
    marks = [index for index, text in enumerate(texts) if text in ("-x", "-X", "--exec", "--exec-batch")]
    head = command.args[: marks[0]] if marks else command.args
    options = parse(
        head,
        "-e -E -t -d -S -o -g -j --extension --exclude --type --max-depth --size --owner --base-directory --changed-within",
    )
    pattern = options.operands[0].text if options.operands else "*"
    root = options.operands[1].text if len(options.operands) > 1 else "."
    shell.emit("file.search", shell.path(root), detail=pattern)
    if marks:
        inner = command.args[marks[0] + 1 :]
        found = Word(f"{root}/*{pattern}*" if pattern != "*" else f"{root}/*", glob=True)
        filled = [_filled(part, "{}", found) for part in inner]
        shell.run(filled if filled != inner else [*inner, found], None)
    return Value(UNKNOWN, frozenset({"names"}))


def _xargs(command: Command, shell: Shell) -> Value:
    options = parse(
        command.args,
        _XARGS.replace(" -i ", " ").replace(" -l ", " ").replace(" --replace", " "),
        in_order=True,
    )
    inner = list(options.operands) or [Word("echo")]
    mark = options.first("-I") or ("{}" if options.has("-i", "--replace") else "")
    mark = options.first("--replace") or mark
    stdin = command.stdin or NOTHING
    for word in options.all("-a", "--arg-file"):
        stdin = shell.read(word)
    items = _items(stdin, options.first("-d", "--delimiter"), whole_lines=bool(mark))
    return _run_on(inner, items, mark, stdin, shell)


def _items(stdin: Value, delimiter: str, *, whole_lines: bool) -> list[Word]:
    if not stdin.known or not stdin.text.strip():
        found = [
            Word(taint[6:], frozenset({"found"}), glob=True)
            for taint in sorted(stdin.taints)
            if taint.startswith("names:")
        ]
        return found or [Word(UNKNOWN, stdin.taints)]
    text = stdin.text.replace("\0", "\n")
    if delimiter:
        pieces = text.split(delimiter.replace("\\n", "\n").replace("\\0", "\n"))
    else:
        pieces = text.splitlines() if whole_lines else text.split()
    return [Word(piece.strip("\n'\""), stdin.taints) for piece in pieces if piece.strip()][:200]


def _run_on(inner: list[Word], items: list[Word], mark: str, stdin: Value, shell: Shell) -> Value:
    if not mark:
        return shell.run([*inner, *items], Value(UNKNOWN, stdin.taints - {"text"}))
    out = NOTHING
    for item in items[:20]:
        out = shell.run([_filled(part, mark, item) for part in inner], None)
    return out


def _parallel(command: Command, shell: Shell) -> Value:
    texts = [word.text for word in command.args]
    marks = [index for index, text in enumerate(texts) if text in (":::", "::::", ":::+")]
    head = command.args[: marks[0]] if marks else command.args
    options = parse(head, _PARALLEL, in_order=True)
    inner = list(options.operands)
    stdin = command.stdin or NOTHING
    items = (
        command.args[marks[0] + 1 :]
        if marks and texts[marks[0]] != "::::"
        else _items(stdin, "", whole_lines=True)
    )
    if not inner:
        for item in items[:20]:
            shell.script(Value(item.text, item.taints), "parallel")
        return NOTHING
    mark = "{}" if any("{}" in word.text for word in inner) else ""
    if len(inner) == 1 and " " in inner[0].text:
        for item in items[:20]:
            text = inner[0].text.replace("{}", item.text) if mark else f"{inner[0].text} {item.text}"
            shell.script(Value(text, inner[0].taints | item.taints), "parallel")
        return NOTHING
    return _run_on(inner, items, mark, stdin, shell)


HANDLERS: dict[str, Handler] = {
    "find": _find,
    "gfind": _find,
    "bfs": _find,
    "fd": _fd,
    "fdfind": _fd,
    "xargs": _xargs,
    "gxargs": _xargs,
    "parallel": _parallel,
}
