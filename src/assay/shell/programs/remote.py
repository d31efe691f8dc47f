"""Programs that work on another machine or copy to it: ssh, scp, rsync, rclone, ansible."""

from __future__ import annotations

from assay.shell.mentions import is_built, paths_in_word
from assay.shell.options import parse
from assay.shell.protocol import Handler, Shell
from assay.shell.value import NOTHING, UNKNOWN, Command, Value, Word

_SSH = "-b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w -B"
_RSYNC = "-e --rsh -f --filter --exclude --include --exclude-from --include-from --files-from --rsync-path --password-file --bwlimit --port --log-file -T --timeout --chmod --chown"


def _ssh(command: Command, shell: Shell) -> Value:
    options = parse(command.args, _SSH, in_order=True)
    for word in options.all("-o"):
        key, _, value = (
            word.text.partition("=") if "=" in word.text.partition(" ")[0] else word.text.partition(" ")
        )
        if key.lower() in ("proxycommand", "localcommand", "knownhostscommand"):
            shell.script(Value(value.replace("%h", "host").replace("%p", "22"), word.taints), "ssh")
    if options.all("-R", "-D", "-L", "-w", "-W"):
        shell.emit(
            "net.listen",
            "ssh forwarding",
            *(("tunnel",) if options.has("-R", "-D") else ()),
            detail=command.line,
        )
    if not options.operands:
        return NOTHING
    user, _, host = options.operands[0].text.rpartition("@")
    if user == "git" and len(options.operands) == 1:
        shell.emit(
            "net.connect", host, "socket", detail=command.line
        )  # a code host tells who one is there, and no more
        return Value(UNKNOWN, frozenset({"network"}))
    rest = [word.text for word in options.operands[1:]]
    shell.emit("remote.exec", host, detail=" ".join(rest))
    stdin = command.stdin
    if stdin is not None:
        for taint in sorted(stdin.taints - {"text"}):
            shell.emit("data.send", host, detail=taint)
    if rest:
        shell.run([Word("sh"), Word("-c"), Word(" ".join(rest))], None, remote=host)
    return Value(UNKNOWN, frozenset({"network", f"remote:{host}"}))


def _is_remote(text: str) -> bool:
    head, colon, _ = text.partition(":")
    return bool(colon) and "/" not in head and len(head) > 1


def _copy(command: Command, shell: Shell) -> Value:
    """scp, sftp, rsync: `host:path` is remote, anything else is local; the last operand is the target."""
    name = command.name.text.rpartition("/")[2]
    options = parse(command.args, _RSYNC if name == "rsync" else "-c -F -i -J -l -o -P -S -b -B -D -R -s -X")
    for word in options.all("-e", "--rsh", "--rsync-path") if name == "rsync" else options.all("-S", "-D"):
        shell.script(Value(word.text, word.taints), name)
    for word in options.all("--files-from", "--password-file"):
        shell.read(word)
    operands = options.operands
    if not operands:
        return NOTHING
    target = operands[-1].text
    stdin = command.stdin
    if name == "sftp" and stdin is not None:
        host = target.rpartition("@")[2].partition(":")[0]
        for line in stdin.text.splitlines()[:50]:
            if line.split()[:1] in (["put"], ["mput"], ["reput"]):
                for taint in sorted(shell.read([*line.split(), UNKNOWN][1], "sent").taints):
                    shell.emit("data.send", host, detail=taint)
    for word in operands[:-1]:
        _one(word, operands[-1], shell)
    if len(operands) == 1 or _is_remote(target) or target.startswith("rsync://"):
        host = target.removeprefix("rsync://").partition(":")[0].partition("/")[0].rpartition("@")[2]
        shell.emit("remote.exec", host, "copy", detail=command.line)
    if options.has("--delete", "--delete-after", "--delete-excluded", "--remove-source-files"):
        shell.emit("file.delete", shell.path(target), "recursive", "mirror")
    return NOTHING


def _one(word: Word, target: Word, shell: Shell) -> None:
    if _is_remote(word.text) or word.text.startswith("rsync://"):
        host = word.text.removeprefix("rsync://").partition(":")[0].rpartition("@")[2]
        shell.emit("remote.exec", host, "copy", detail=word.text)
        if not _is_remote(target.text):
            shell.write(target, Value(UNKNOWN, frozenset({"network"})), "downloaded")
        return
    value = shell.read(word, "recursive", "copied")
    if _is_remote(target.text) or target.text.startswith("rsync://"):
        host = target.text.removeprefix("rsync://").partition(":")[0].partition("/")[0].rpartition("@")[2]
        built = ("built",) if is_built(word.text) else ()
        for taint in sorted(value.taints):
            shell.emit("data.send", host, *built, detail=taint)
    else:
        shell.write(target, value, "copied")


def _rclone(command: Command, shell: Shell) -> Value:
    operands = parse(command.args, "--config --filter --include --exclude --transfers").operands
    verb = operands[0].text if operands else ""
    if verb in ("ls", "lsd", "lsl", "lsf", "size", "about", "version", "listremotes", "check", "config"):
        if verb == "config" and len(operands) > 1:
            shell.emit("secret.read", "rclone's remotes", detail=command.line)
        return Value(UNKNOWN)
    for word in operands[1:]:
        if _is_remote(word.text):
            shell.emit("cloud.change", "rclone", detail=command.line)
            for other in operands[1:]:
                if not _is_remote(other.text):
                    shell.emit(
                        "data.send", word.text.partition(":")[0], detail=f"file:{shell.path(other.text)}"
                    )
                    shell.read(other, "sent")
    return Value(UNKNOWN)


def _configure_hosts(command: Command, shell: Shell) -> Value:
    name = command.name.text.rpartition("/")[2]
    if name.startswith("ansible") and any(
        word.text in ("--list-hosts", "--version", "--help") for word in command.args
    ):
        return Value(UNKNOWN)
    if any(
        word.text in ("--check", "-C", "--syntax-check", "--list-tasks", "--list-tags", "--list-hosts")
        for word in command.args
    ):
        return Value(UNKNOWN)
    shell.emit("deploy.run", name, detail=command.line)
    return Value(UNKNOWN)


_GALAXY_CHANGES = frozenset({"delete", "remove", "publish", "import", "setup", "login"})


def _galaxy(command: Command, shell: Shell) -> Value:
    operands = [word.text for word in command.args if not word.text.startswith("-")]
    words = operands[1:] if operands[:1] in (["role"], ["collection"]) else operands
    if words[:1] == ["install"]:
        for name in words[1:] or ["*"]:
            shell.emit("package.install", f"galaxy:{name}")
    elif words and words[0] in _GALAXY_CHANGES:
        shell.emit("deploy.run", "ansible-galaxy", detail=command.line)
    return Value(UNKNOWN)


def _vault(command: Command, shell: Shell) -> Value:
    operands = [word.text for word in command.args if not word.text.startswith("-")]
    if operands[:1] in (["view"], ["decrypt"], ["edit"]):
        shell.emit("secret.read", "ansible-vault", detail=command.line)
    return Value(UNKNOWN)


def _keys(command: Command, shell: Shell) -> Value:
    """ssh-keygen, ssh-add, ssh-copy-id: fingerprints and public halves are open, private halves and authorised keys are not."""
    name = command.name.text.rpartition("/")[2]
    options = parse(command.args, "-f -t -b -C -N -P -m -F -I -n -V -s -D -K -i -p -o -E -R")
    shows = options.has("-l", "-y", "-F", "-B", "-L")
    for word in options.all("-f", "-i"):
        if shows and not options.has("-y"):
            shell.read(word, "mention")
        elif options.has("-y"):
            shell.read(word)
        else:
            shell.write(word, Value(UNKNOWN))
    if name == "ssh-copy-id":
        host = options.operands[-1].text.rpartition("@")[2] if options.operands else ""
        shell.emit("persist.schedule", "an authorised key", detail=command.line)
        shell.emit("remote.exec", host, detail=command.line)
    for word in command.args:
        for path in paths_in_word(word):
            if word not in options.all("-f", "-i"):
                shell.read(path, "mention")
    return Value(UNKNOWN)


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(("ssh", "autossh", "mosh", "dbclient", "rsh", "rlogin", "plink"), _ssh),
    **dict.fromkeys(("scp", "sftp", "rsync", "rcp", "pscp"), _copy),
    "rclone": _rclone,
    **dict.fromkeys(
        (
            "ansible",
            "ansible-playbook",
            "ansible-pull",
            "ansible-console",
            "salt",
            "puppet",
            "chef-client",
            "fab",
            "cap",
            "knife",
        ),
        _configure_hosts,
    ),
    "ansible-vault": _vault,
    "ansible-galaxy": _galaxy,
    **dict.fromkeys(("ssh-keygen", "ssh-add", "ssh-copy-id", "ssh-keyscan"), _keys),
}
