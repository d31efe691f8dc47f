"""Programs that pack, unpack, compress and encrypt files."""

from __future__ import annotations

import re2

from assay.shell.mentions import paths_in_word
from assay.shell.options import parse
from assay.shell.protocol import Handler, Shell
from assay.shell.textflow import is_decoder
from assay.shell.value import NOTHING, UNKNOWN, Command, Value, Word

_TAR = (
    "-f -C -X -T -I -g -b -H -K -L -N -V --file --directory --exclude --exclude-from --files-from --use-compress-program --transform"
    " --xform --owner --group --mode --to-command --checkpoint-action --info-script --rsh-command --strip-components --newer"
)


def _tar(command: Command, shell: Shell) -> Value:
    args = list(command.args)
    if (
        args
        and not args[0].text.startswith("-")
        and args[0].text
        and set(args[0].text) <= set("cxtruAdzjJvfpkhmaOZClSPwoi0123456789")
    ):
        args[0] = Word("-" + args[0].text)
    options = parse(args, _TAR)
    for word in options.all(
        "-I", "--use-compress-program", "--to-command", "--info-script", "--rsh-command", "-F"
    ):
        shell.script(Value(word.text, word.taints), "tar")
    for word in options.all("--checkpoint-action"):
        if "exec=" in word.text:
            shell.script(Value(word.text.partition("exec=")[2], word.taints), "tar")
    archive = options.all("-f", "--file")
    for word in options.all("-T", "--files-from", "-X", "--exclude-from"):
        _named_in(shell.read(word), shell)
    if options.has("-c", "--create", "-r", "--append", "-u", "--update"):
        return _packed(options.operands, options.all("-C", "--directory"), archive, shell)
    values = [shell.read(word) for word in archive] or [command.stdin or NOTHING]
    if options.has("-x", "--extract", "--get"):
        place = options.first("-C", "--directory") or "."
        shell.emit(
            "file.write",
            shell.path(place),
            "unpacked",
            *(("absolute-names",) if options.has("-P", "--absolute-names") else ()),
        )
    return Value(UNKNOWN, frozenset[str]().union(*(value.taints for value in values)))


def _packed(operands: list[Word], places: list[Word], archive: list[Word], shell: Shell) -> Value:
    taints: frozenset[str] = frozenset()
    root = f"{places[-1].text.rstrip('/')}/" if places else ""
    for word in operands:
        text = word.text if word.text.startswith(("/", "~")) else root + word.text
        taints |= shell.read(Word(text, glob=word.glob), "recursive").taints
    if archive and archive[0].text != "-":
        shell.write(archive[0], Value(UNKNOWN, taints))
        return NOTHING
    return Value(UNKNOWN, taints)


def _named_in(value: Value, shell: Shell) -> None:
    if value.known:
        for line in value.text.splitlines()[:200]:
            if line.strip():
                shell.read(line.strip())


def _zip(command: Command, shell: Shell) -> Value:
    options = parse(command.args, "-x -i -P -b -n -t -tt -TT --exclude --include --unzip-command --password")
    for word in options.all("-TT", "--unzip-command"):
        shell.script(Value(word.text, word.taints), "zip")
    taints: frozenset[str] = frozenset()
    for word in options.operands[1:]:
        taints |= shell.read(word, *(("recursive",) if options.has("-r", "--recurse-paths") else ())).taints
    if options.operands:
        shell.write(options.operands[0], Value(UNKNOWN, taints))
    return NOTHING


def _unzip(command: Command, shell: Shell) -> Value:
    options = parse(command.args, "-d -P -x")
    if options.operands:
        shell.read(options.operands[0])
    if not options.has("-l", "-t", "-Z", "-p"):
        shell.emit("file.write", shell.path(options.first("-d") or "."), "unpacked")
    return Value(UNKNOWN)


def _seven(command: Command, shell: Shell) -> Value:
    operands = parse(command.args, "").operands
    verb = operands[0].text if operands else ""
    taints: frozenset[str] = frozenset()
    locked = any(word.text.startswith("-p") and len(word.text) > 2 for word in command.args)
    for word in operands[2:]:
        taints |= shell.read(word, "recursive").taints
        if locked and verb == "a":
            shell.emit("file.encrypt", shell.path(word.text), *(("glob",) if word.glob else ()))
    if len(operands) > 1:
        if verb in ("a", "u", "d", "rn"):
            shell.write(operands[1], Value(UNKNOWN, taints))
        else:
            shell.read(operands[1])
    return Value(UNKNOWN)


def _squeeze(command: Command, shell: Shell) -> Value:
    """gzip, bzip2, xz, zstd: replace the file by a packed one, or write to standard output with -c."""
    name = command.name.text.rpartition("/")[2]
    options = parse(command.args, "-S -T -o --suffix")
    values = [shell.read(word) for word in options.operands] or [command.stdin or NOTHING]
    taints = frozenset[str]().union(*(value.taints for value in values))
    if is_decoder(name, command.args):
        taints |= {"decoded"}
    if options.operands and not options.has("-c", "--stdout", "-l", "-t"):
        for word in options.operands:
            shell.emit("file.write", shell.path(word.text), "packed", *(("glob",) if word.glob else ()))
    return Value(UNKNOWN, taints)


def _names_from_input(command: Command, shell: Shell) -> Value:
    """Cpio and pax read file names from standard input."""
    options = parse(command.args, "-F -D -E -H -R -I -O --file --directory")
    stdin = command.stdin or NOTHING
    taints = stdin.taints
    if stdin.known and options.has("-o", "-p", "--create", "--pass-through", "-w", "-r"):
        for line in stdin.text.splitlines()[:200]:
            if line.strip():
                taints |= shell.read(line.strip()).taints
    for word in command.args:
        for path in paths_in_word(word):
            shell.read(path, "mention")
    return Value(UNKNOWN, taints)


_SECRET_NAMED = re2.compile(r"(?i)secret|passw|credential|token|api.?key|\.env\b|private|vault|wallet")


def _crypt(command: Command, shell: Shell) -> Value:
    """gpg, openssl, age, ccrypt: every file named is read; what -o or -out names is written."""
    name = command.name.text.rpartition("/")[2]
    texts = [word.text for word in command.args]
    taints = (command.stdin or NOTHING).taints
    if any(text.startswith(("--export-secret", "--export-ssh-key", "--dump-options")) for text in texts):
        shell.emit("secret.read", "gpg", detail=command.line)
    if (
        name in ("gpg", "gpg2", "age")
        and is_decoder(name, command.args)
        and _SECRET_NAMED.search(command.line)
    ):
        shell.emit("secret.read", name, detail=command.line)
    skip = -1
    for index, word in enumerate(command.args):
        if index == skip:
            continue
        if word.text in ("-o", "--output", "-out", "-keyout", "-CAserial", "-writerand") and index + 1 < len(
            command.args
        ):
            skip = index + 1
            shell.write(command.args[index + 1], Value(UNKNOWN, taints))
        elif word.text in ("-connect", "-host") and index + 1 < len(command.args):
            _connect(command, texts[index + 1], shell)
        elif (
            not word.text.startswith("-") and ("/" in word.text or "." in word.text) and ":" not in word.text
        ):
            taints |= shell.read(Word(word.text, word.taints, word.glob), "mention").taints
            if _encrypts(name, texts):
                shell.emit("file.encrypt", shell.path(word.text), *(("glob",) if word.glob else ()))
    if name == "openssl" and "s_server" in texts:
        shell.emit("net.listen", "openssl s_server")
    if is_decoder(name, command.args):
        taints |= {"decoded"}
    if name == "openssl" and ("s_client" in texts or "s_server" in texts):
        return Value(UNKNOWN, taints | {"network", "socket"})
    return Value(UNKNOWN, taints)


def _encrypts(name: str, texts: list[str]) -> bool:
    if name == "openssl":
        return (
            bool({"enc", "rsautl", "smime", "cms", "pkeyutl", "aes-256-cbc", "des3"} & set(texts))
            and "-d" not in texts
            and "-decrypt" not in texts
        )
    if name in ("gpg", "gpg2"):
        return bool({"-c", "-e", "--symmetric", "--encrypt", "-ce"} & set(texts))
    return not is_decoder(name, [Word(text) for text in texts])


def _connect(command: Command, address: str, shell: Shell) -> None:
    host = address.partition(":")[0]
    stdin = command.stdin
    sends = stdin is not None and stdin is not NOTHING and bool(stdin.taints - {"text"} or stdin.text.strip())
    shell.emit("net.connect", host, "socket", *(("upload",) if sends else ()), detail=address)
    if stdin is not None and sends:
        for taint in sorted(stdin.taints):
            shell.emit("data.send", host, detail=taint)


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(("tar", "gtar", "bsdtar"), _tar),
    "zip": _zip,
    **dict.fromkeys(("unzip", "unar"), _unzip),
    **dict.fromkeys(("7z", "7za", "7zr", "rar"), _seven),
    **dict.fromkeys(
        ["gzip", "pigz", "bzip2", "pbzip2", "xz", "zstd", "lzma", "lz4", "brotli", "compress"], _squeeze
    ),
    **dict.fromkeys(("cpio", "pax"), _names_from_input),
    **dict.fromkeys(("openssl", "gpg", "gpg2", "age", "ccrypt", "ccencrypt", "scrypt", "mcrypt"), _crypt),
}
