"""Programs that read, write, copy, move and delete files. Options are data; operands have one of a few roles."""

from __future__ import annotations

from dataclasses import dataclass

from assay.shell.mentions import paths_in_text
from assay.shell.options import Options, parse
from assay.shell.protocol import Handler, Shell
from assay.shell.textflow import FILTERS, is_decoder, taints_of
from assay.shell.value import NOTHING, UNKNOWN, Command, Value, Word


@dataclass(frozen=True, slots=True)
class Reader:
    """A program that reads its operands: options with a value, those that name files read or written, and a leading pattern."""

    valued: str = ""
    reads: str = ""
    writes: str = ""
    pattern: bool = False
    pattern_options: str = ""
    in_place: str = ""


_PLAIN = Reader()
_READERS: dict[str, Reader] = {
    **dict.fromkeys(
        ["cat", "tac", "nl", "less", "more", "most", "bat", "batcat", "view", "od", "xxd", "hexdump", "hd", "strings", "base64", "base32", "basenc", "rev", "paste", "uniq", "comm", "join", "fold", "fmt", "pr", "expand", "unexpand", "column", "md5sum", "sha1sum", "sha224sum", "sha256sum", "sha384sum", "sha512sum", "b2sum", "cksum", "sum", "diff", "cmp", "colordiff", "sdiff", "diff3", "delta", "glow", "mdcat", "highlight", "pygmentize", "look", "tsort", "ul", "shuf", "factor", "split", "csplit", "ptx", "iconv", "dos2unix", "uuencode", "uudecode", "zcat", "zless", "zmore", "bzcat", "xzcat", "zstdcat", "gunzip", "bunzip2", "unxz", "nm", "objdump", "readelf", "ldd", "size", "hexyl", "csvlook", "csvcut", "mlr", "xsv", "tokei", "cloc", "soelim", "troff", "nroff", "groff", "man", "catdoc", "pdftotext", "exiftool", "identify", "sponge", "pv", "buffer", "vipe", "b64encode", "b64decode", "rot13", "sha256", "md5"],
        _PLAIN,
    ),
    "xxd": Reader("-l -s -c -g -o -n"),
    "od": Reader("-A -N -j -t -w -S --format --read-bytes --skip-bytes"),
    "hexdump": Reader("-n -s -e -f", reads="-f"),
    "base64": Reader("-w --wrap -i -o --input --output -b", reads="-i --input", writes="-o --output"),
    "head": Reader("-n -c --lines --bytes"),
    "tail": Reader("-n -c -s --lines --bytes --pid --sleep-interval"),
    "cut": Reader("-d -f -c -b --delimiter --fields --characters --bytes --output-delimiter"),
    "wc": Reader("--files0-from", reads="--files0-from"),
    "sort": Reader("-o -k -t -S -T --output --key --field-separator --compress-program --files0-from", reads="--files0-from", writes="-o --output"),
    "grep": Reader(
        "-e -f -m -A -B -C -d -D --regexp --file --max-count --after-context --before-context --context --include --exclude"
        " --exclude-dir --color --colour --label --binary-files",
        reads="-f --file", pattern=True, pattern_options="-e --regexp -f --file",
    ),
    "awk": Reader("-F -v -f --field-separator --assign --file -e --source -i", reads="-f --file", pattern=True, pattern_options="-f --file"),
    "sed": Reader(
        "-e -f -l --expression --file --line-length", reads="-f --file", pattern=True, pattern_options="-e --expression -f --file", in_place="-i --in-place"
    ),
    "patch": Reader("-i -o -p -d -D -F -r -B -z --input --output --strip --directory", reads="-i --input", writes="-o --output"),
    "perl-rename": _PLAIN,
    "rg": Reader(
        "-e -f -g -t -T -m -A -B -C -j -M -r -E --regexp --file --glob --iglob --type --type-not --max-count --after-context"
        " --before-context --context --threads --max-columns --replace --encoding --sort --sortr --max-depth --pre --color --colors",
        reads="-f --file", pattern=True, pattern_options="-e --regexp -f --file --files --type-list",
    ),
    "ag": Reader("-A -B -C -G -m --ignore --depth", pattern=True),
    "ack": Reader("-A -B -C -m --type", pattern=True),
    "jq": Reader("-f --from-file --indent", reads="-f --from-file --rawfile --slurpfile", pattern=True, pattern_options="-f --from-file"),
    "yq": Reader("-o -p --output-format --input-format -I", pattern=True, in_place="-i --inplace"),
    "xmllint": Reader("--xpath --schema --format-style"),
    "xmlstarlet": _PLAIN,
    "fzf": Reader("-q --query -f --filter --preview --bind --history"),
    "sponge": _PLAIN,
    "sqlfluff": _PLAIN,
    "source-highlight": Reader("-i -o --input --output", reads="-i --input", writes="-o --output"),
}  # fmt: skip
_ALIASES = {
    "egrep": "grep",
    "fgrep": "grep",
    "zgrep": "grep",
    "gawk": "awk",
    "mawk": "awk",
    "nawk": "awk",
    "gsed": "sed",
    "ripgrep": "rg",
    "ghead": "head",
}
# Programs that look at names, sizes and links and never at contents.
_LOOKING = frozenset(
    ["ls", "ll", "la", "dir", "vdir", "stat", "test", "[", "which", "type", "whereis", "hash", "realpath", "readlink", "dirname", "basename", "du", "df", "tree", "file", "pwd", "exa", "eza", "lsd", "ncdu", "getfacl", "lsattr", "namei", "pathchk", "mountpoint", "findmnt", "lsblk", "cd", "pushd", "popd", "dirs", "mktemp", "locate", "mlocate", "true", "false", ":"]
)  # fmt: skip


def _read(command: Command, shell: Shell) -> Value:
    name = command.name.text.rpartition("/")[2]
    name = _ALIASES.get(name, name)
    reader = _READERS.get(name, _PLAIN)
    options = parse(command.args, reader.valued + " " + reader.pattern_options)
    operands = list(options.operands)
    if reader.pattern and not options.has(*reader.pattern_options.split()) and operands:
        program = operands.pop(0)
        if name in ("awk", "sed"):
            _inner_program(name, program, shell)
        fed = command.stdin.taints if command.stdin is not None else frozenset()
        if name == "jq" and "output:docker" in fed and ".Env" in program.text:
            shell.emit("env.expose", "*", detail=command.line)
    for word in options.all(
        *(option for option in reader.pattern_options.split() if option in ("-e", "--expression", "--source"))
    ):
        if name in ("awk", "sed"):
            _inner_program(name, word, shell)
    inputs = [*operands, *options.all(*reader.reads.split())]
    in_place = bool(reader.in_place) and any(
        flag.startswith(tuple(reader.in_place.split())) for flag in options.flags
    )
    inputs.extend(
        Word(word.text[1:], word.taints) for word in operands if len(word.text) > 2 and word.text[0] == "@"
    )
    values = [shell.read(word, *(("recursive",) if _recursive(name, options) else ())) for word in inputs]
    for word in options.all(*reader.writes.split()):
        shell.write(word, Value(UNKNOWN))
    patched = operands[:1] if name == "patch" else []
    if in_place or patched:
        for word in patched or operands:
            shell.write(word, Value(UNKNOWN), "in-place")
        return NOTHING
    if options.has("--pre", "--compress-program"):
        shell.script(Value(options.first("--pre", "--compress-program")), name)
    out = _printed(command, name, values)
    taken = values or ([command.stdin] if command.stdin is not None else [])
    if is_decoder(name, command.args) and any("text" in value.taints for value in taken):
        shell.hidden.append((name, command.line, out.text))
    return out


def _translate(command: Command, _shell: Shell) -> Value:
    return _printed(command, "tr", [])


def _recursive(name: str, options: Options) -> bool:
    if name == "grep":
        return options.has("-r", "-R", "--recursive", "--dereference-recursive")
    # These look into every folder by themselves, and into hidden files when told to.
    return name in ("rg", "ag") and options.has("-u", "-uu", "-uuu", "--unrestricted", "--hidden", "-.")


def _printed(command: Command, name: str, values: list[Value]) -> Value:
    if not values and command.stdin is not None:
        values = [command.stdin]
    taints = frozenset[str]().union(*(value.taints for value in values), taints_of(command.args))
    decoder = is_decoder(name, command.args)
    if decoder:
        taints |= {"decoded"}
    change = FILTERS.get(name)
    if change is not None and values and all(value.known for value in values):
        text = change("".join(value.text for value in values), command.args)
        if text is not None:
            return Value(text, taints)
    return Value(UNKNOWN, taints)


def _inner_program(name: str, program: Word, shell: Shell) -> None:
    """Awk's system(), pipes and redirections; sed's `e` command and `w file`."""
    text = program.text
    if name == "sed":
        _sed_program(text, shell)
        return
    for mark in ("system(", "getline", '| "', "print >", "/inet/", "ENVIRON"):
        if mark in text:
            break
    else:
        return
    if "ENVIRON" in text:
        _awk_environment(text, shell)
    for quoted in text.split('"')[1::2]:
        if quoted.startswith("/inet/"):
            parts = quoted.split("/")
            host = parts[4] if len(parts) > 4 else ""
            if host in ("", "0"):
                shell.emit("net.listen", parts[3] if len(parts) > 3 else "", "shell")
            else:
                shell.emit("net.connect", host, "socket", "upload", detail=host)
            if "getline" in text and "|&" in text:
                shell.emit("shell.reverse", host, detail="awk, a socket and the commands read from it")
        elif "system(" in text or "|" in text:
            shell.script(Value(quoted), "awk")
        for path in paths_in_text(quoted):
            shell.read(path, "mention")


def _awk_environment(text: str, shell: Shell) -> None:
    for piece in text.split("ENVIRON")[1:]:
        name = piece[2:].partition('"')[0] if piece.startswith('["') else "*"
        shell.emit("env.expose", name, detail=text[:200])


def _sed_program(text: str, shell: Shell) -> None:
    for line in text.replace(";", "\n").split("\n"):
        line = line.strip().lstrip("0123456789,$ ")
        if line.startswith("e ") or line in ("e", "1e"):
            shell.script(Value(line[1:].strip() or UNKNOWN), "sed")
        elif line.startswith(("w ", "r ")):
            target = line[2:].strip()
            if line[0] == "r":
                shell.read(target)
            else:
                shell.write(target, Value(UNKNOWN))
        elif line.startswith("s") and len(line) > 3:
            flags = line.rpartition(line[1])[2]
            if "e" in flags and not flags.strip("egpiIM0123456789"):
                shell.emit("code.dynamic", "sed", detail="the substitution runs its result as a command")


def _look(command: Command, shell: Shell) -> Value:
    name = command.name.text.rpartition("/")[2]
    if name in ("cd", "pushd") and command.args:
        targets = [word for word in command.args if not word.text.startswith("-")]
        shell.cwd = shell.path(targets[0].text) if targets else shell.cwd
        shell.variables["PWD"] = Value(shell.cwd)
        return NOTHING
    if name in ("locate", "mlocate"):
        for word in command.args:
            if not word.text.startswith("-"):
                shell.emit("file.search", "/", detail=word.text)
    if name == "file":
        for word in parse(command.args, "-f -m --files-from --magic-file").all(
            "-f", "-m", "--files-from", "--magic-file"
        ):
            shell.read(word)
    if name == "cd":
        shell.cwd = shell.home
        return NOTHING
    if name == "pwd":
        return Value(shell.cwd + "\n")
    if name in ("which", "type") and command.args:
        return Value(command.args[-1].text if command.args[-1].known else UNKNOWN)
    if name in ("basename", "dirname") and len(command.args) == 1 and command.args[0].known:
        head, _, tail = command.args[0].text.rstrip("/").rpartition("/")
        return Value(tail if name == "basename" else head or ".")
    if name in ("realpath", "readlink") and command.args and command.args[-1].known:
        return Value(shell.path(command.args[-1].text))
    named = (
        {f"names:{shell.path(word.text)}" for word in command.args if word.text[:1] != "-"}
        if name in ("ls", "eza", "exa", "lsd")
        else set()
    )
    return Value(UNKNOWN, frozenset({"names", *named}))


def _delete(command: Command, shell: Shell) -> Value:
    name = command.name.text.rpartition("/")[2]
    options = parse(command.args, "-n -s --iterations --size" if name == "shred" else "")
    flags = []
    if options.has("-r", "-R", "--recursive", "-d") or name == "trash":
        flags.append("recursive")
    if options.has("-f", "--force"):
        flags.append("force")
    if options.has("--no-preserve-root"):
        flags.append("no-preserve-root")
    if name in ("shred", "srm", "wipe"):
        flags.append("shred")
    for word in options.operands:
        path = shell.path(word.text) if word.text else UNKNOWN
        if word.text.endswith("/*") or word.text == "*":
            flags.append("contents")
        found = ("found",) if "found" in word.taints else () if word.known else ("piped",)
        shell.emit("file.delete", path, *flags, *found, *(("glob",) if word.glob else ()))
        shell.files.pop(path, None)
    return NOTHING


_SOURCES_OF_NOTHING = frozenset({"/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"})


def _copy(command: Command, shell: Shell) -> Value:
    name = command.name.text.rpartition("/")[2]
    options = parse(
        command.args, "-t --target-directory -S --suffix -m --mode -o --owner -g --group --backup"
    )
    operands = list(options.operands)
    target = options.all("-t", "--target-directory")
    if not target and len(operands) > 1:
        target = [operands.pop()]
    several = len(operands) > 1 or options.has("-t", "--target-directory")
    for word in operands:
        value = shell.read(
            word,
            *(("recursive",) if options.has("-r", "-R", "-a", "--recursive", "--archive") else ()),
            "copied",
        )
        if name in ("mv", "gmv"):
            shell.emit("file.delete", shell.path(word.text), "moved", *(("glob",) if word.glob else ()))
        if target:
            place = target[0].text
            if several or place.endswith("/") or place == ".":
                place = f"{place.rstrip('/')}/{word.text.rstrip('/').rpartition('/')[2]}"
            emptied = ("truncate",) if word.text in _SOURCES_OF_NOTHING else ()
            shell.write(Word(place, glob=word.glob), value, "copied", *emptied)
    return NOTHING


def _link(command: Command, shell: Shell) -> Value:
    options = parse(command.args, "-t --target-directory -S --suffix")
    operands = options.operands
    if not operands:
        return NOTHING
    place = operands[-1].text if len(operands) > 1 else operands[0].text.rpartition("/")[2]
    for word in operands[:-1] or operands[:1]:
        value = shell.read(word, "linked")
        shell.write(place, value, "link", *(("force",) if options.has("-f", "--force") else ()))
        shell.emit("file.link", shell.path(place), detail=shell.path(word.text))
    return NOTHING


def _write(command: Command, shell: Shell) -> Value:
    name = command.name.text.rpartition("/")[2]
    options = parse(command.args, "-m -t -d -r -s --mode --date --reference --size")
    if name == "touch" and options.has("-t", "-r", "-d", "--date", "--reference"):
        for word in options.operands:
            shell.emit("file.time", shell.path(word.text))
    flags = ["append"] if name == "tee" and options.has("-a", "--append") else []
    value = command.stdin or NOTHING
    for word in options.operands:
        if name in ("mkdir", "touch", "mkfifo", "rmdir"):
            shell.emit("file.delete" if name == "rmdir" else "file.write", shell.path(word.text), name)
        else:
            shell.write(word, value, *flags)
    if name in ("mkfifo", "mknod"):
        for word in options.operands:
            shell.files[shell.path(word.text)] = Value(UNKNOWN, frozenset({"fifo"}))
    return value if name in ("tee", "sponge") else NOTHING


def _mode(command: Command, shell: Shell) -> Value:
    """chmod, chown, chgrp, chattr, setfacl, setcap."""
    name = command.name.text.rpartition("/")[2]
    takes_away = [
        word for word in command.args if word.text[:1] == "-" and not set(word.text[1:]) - set("rwxXst")
    ]
    options = parse([word for word in command.args if word not in takes_away], "--reference --from")
    operands = [*(takes_away[:1] if name == "chmod" else []), *options.operands]
    changes_flags = name == "chattr" and bool(options.flags)
    mode = operands.pop(0).text if operands and not options.has("--reference") and not changes_flags else ""
    flags = ["recursive"] if options.has("-R", "--recursive") else []
    special = mode.lstrip("0")
    if name == "chmod" and (
        (len(special) == 4 and special[0] in "4267") or "s" in mode.partition("=")[2] + mode.partition("+")[2]
    ):
        flags.append("setuid")
    if name == "chmod" and (
        (special[-1:] in ("2", "3", "6", "7") and special.isdigit()) or "o+w" in mode or "a+w" in mode
    ):
        flags.append("world")
    if name == "setcap":
        flags.append("setuid")
    for word in operands:
        shell.emit("file.mode", shell.path(word.text), name, *flags, detail=mode)
    return NOTHING


def _dd(command: Command, shell: Shell) -> Value:
    value = command.stdin or NOTHING
    for word in command.args:
        key, _, target = word.text.partition("=")
        if key == "if" and target:
            value = shell.read(Word(target, glob=word.glob))
    for word in command.args:
        key, _, target = word.text.partition("=")
        if key == "of" and target:
            shell.write(target, value)
            if any(
                taint in value.taints for taint in ("file:/dev/zero", "file:/dev/urandom", "file:/dev/random")
            ):
                shell.emit("file.delete", shell.path(target), "overwritten")
    return value


def _truncate(command: Command, shell: Shell) -> Value:
    for word in parse(command.args, "-s -r --size --reference").operands:
        shell.write(word, NOTHING, "truncate")
    return NOTHING


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys([*_READERS, *_ALIASES], _read),
    **dict.fromkeys(_LOOKING, _look),
    **dict.fromkeys(("rm", "unlink", "shred", "srm", "wipe", "trash", "trash-put", "gio-trash"), _delete),
    **dict.fromkeys(("cp", "mv", "install", "gcp", "gmv", "ditto"), _copy),
    "tr": _translate,
    "ln": _link,
    **dict.fromkeys(("tee", "sponge", "mkdir", "touch", "mkfifo", "rmdir", "mknod"), _write),
    **dict.fromkeys(("chmod", "chown", "chgrp", "chattr", "chflags", "setfacl", "setcap"), _mode),
    "dd": _dd,
    "truncate": _truncate,
}
