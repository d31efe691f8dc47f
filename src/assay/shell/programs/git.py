"""git: what is lost, what leaves, what is reconfigured, what is run."""

from __future__ import annotations

from collections.abc import Callable

from assay.shell.mentions import host_of
from assay.shell.options import Options, parse
from assay.shell.protocol import Handler, Shell
from assay.shell.value import NOTHING, UNKNOWN, Command, Value, Word

_GLOBAL = "-C -c --git-dir --work-tree --namespace --super-prefix --exec-path --config-env --attr-source"
# Configuration whose value git runs as a command, or that switches checks off.
_RUNS = (
    "core.pager", "core.editor", "core.sshcommand", "core.fsmonitor", "core.askpass", "sequence.editor", "credential.helper", "diff.external",
    "gpg.program", "uploadpack.packobjectshook", "sendemail.sendmailcmd",
)  # fmt: skip
_COMMON = "-m --message -F --file -C -c --author --date -t --template -S --gpg-sign --depth --branch -b -o --origin -j --jobs --config"
_CHECKOUT = "-b -B --orphan --conflict --inter-hunk-context -U --unified --pathspec-from-file -c -C --create --force-create"
Sub = Callable[[list[Word], Shell, Command], None]


def _git(command: Command, shell: Shell) -> Value:
    options = parse(command.args, _GLOBAL, in_order=True)
    for word in options.all("-c", "--config-env"):
        key, _, value = word.text.partition("=")
        _configured(key, value, shell)
    if not options.operands:
        return NOTHING
    skips = {
        "SKIP",
        "HUSKY",
        "HUSKY_SKIP_HOOKS",
        "PRE_COMMIT_ALLOW_NO_CONFIG",
        "LEFTHOOK",
        "LEFTHOOK_EXCLUDE",
        "OVERCOMMIT_DISABLE",
    }
    if any(name in skips for name, _ in command.assigned) and options.operands[0].text in ("commit", "push"):
        shell.emit("git.commit", "", "no-verify", detail=command.line)
    _by_environment(command, shell)
    kept, name = shell.cwd, options.operands[0].text
    if name in ("merge", "am", "rebase", "cherry-pick", "revert") and any(
        word.text == "--no-verify" for word in command.args
    ):
        shell.emit("git.commit", "", "no-verify", detail=command.line)
    place = options.first("-C") or options.first("--work-tree")
    if place:
        shell.cwd = shell.path(place)
    handler = _SUBCOMMANDS.get(name)
    try:
        if handler is not None:
            handler(options.operands[1:], shell, command)
        elif name in shell.aliases:
            shell.script(Value(shell.aliases[name]), "git")
    finally:
        shell.cwd = kept
    return Value(UNKNOWN, frozenset({"output:git"}))


_RUN_BY_GIT = frozenset(
    {"GIT_SSH_COMMAND", "GIT_SSH", "GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_EDITOR", "GIT_ASKPASS", "GIT_SEQUENCE_EDITOR", "GIT_PROXY_COMMAND"}
)  # fmt: skip


def _by_environment(command: Command, shell: Shell) -> None:
    """Settings and programs that git takes from variables set for this command."""
    given = dict(command.assigned)
    for name, value in given.items():
        if name.startswith("GIT_CONFIG_KEY_"):
            _configured(value, given.get(name.replace("KEY", "VALUE"), ""), shell)
        elif name in _RUN_BY_GIT:
            shell.script(Value(value), "git")


def _configured(key: str, value: str, shell: Shell, *flags: str) -> None:
    shell.emit("git.config", key.lower(), *flags, detail=value)
    lowered = key.lower()
    if lowered.startswith("alias.") and value.startswith("!"):
        shell.script(Value(value[1:]), "git")
        shell.aliases[key[6:]] = value[1:]
    elif lowered in _RUNS or lowered.endswith(
        (".textconv", ".cmd", ".driver", ".command", ".clean", ".smudge")
    ):
        shell.script(Value(value.lstrip("!")), "git")


def _push(args: list[Word], shell: Shell, _command: Command) -> None:
    options = parse(args, "-o --push-option --repo --receive-pack --exec")
    flags = set()
    if options.has("-f", "--force", "--force-with-lease", "--force-if-includes"):
        flags.add("force")
    if options.has("-d", "--delete", "--prune"):
        flags.add("delete")
    if options.has("--mirror"):
        flags |= {"mirror", "force"}
    if options.has("--no-verify"):
        flags.add("no-verify")
    operands = options.operands
    remote = operands[0].text if operands else options.first("--repo")
    if "://" in remote or "@" in remote:
        shell.emit("net.connect", host_of(remote), "upload", detail=remote)
    refs = [word.text for word in operands[1:]]
    if options.has("--all", "--mirror", "--branches"):
        refs = refs or ["*"]
    if not refs and options.has("--tags"):
        refs = ["refs/tags/*"]
    for ref in refs or ["HEAD"]:
        own = set(flags)
        if ref.startswith("+"):
            own.add("force")
        source, colon, target = ref.lstrip("+").partition(":")
        if colon and not source:
            own.add("delete")
        branch = (target if colon else source).removeprefix("refs/heads/")
        if branch.startswith("refs/tags/") or options.has("--dry-run", "-n"):
            own.add("dry-run" if options.has("--dry-run", "-n") else "tags")
        shell.emit("git.push", branch, *sorted(own), detail=remote)


def _commit(args: list[Word], shell: Shell, _command: Command) -> None:
    options = parse(args, _COMMON + " --trailer --cleanup --fixup --squash")
    flags = [
        name
        for name, given in (
            ("amend", options.has("--amend")),
            ("no-verify", options.has("--no-verify", "-n")),
        )
        if given
    ]
    shell.emit("git.commit", "", *flags, detail=options.first("-m", "--message")[:200])
    for word in options.all("-F", "--file", "-t", "--template"):
        shell.read(word)


def _reset(args: list[Word], shell: Shell, command: Command) -> None:
    options = parse(args, "--pathspec-from-file")
    if options.has("--hard", "--merge"):
        shell.emit("git.discard", "uncommitted work", detail=command.line)


def _checkout(args: list[Word], shell: Shell, command: Command) -> None:
    options = parse(args, _CHECKOUT)
    operands = options.operands
    dashed = any(word.text == "--" for word in args)
    creating = options.has("-b", "--orphan")
    if options.has("-f", "--force", "-B") and not (options.has("-B") and not options.has("-f", "--force")):
        shell.emit("git.discard", "uncommitted work", detail=command.line)
    elif options.has("--pathspec-from-file", "-p", "--patch", "--ours", "--theirs") or (
        dashed and args[-1].text != "--"
    ):
        shell.emit("git.discard", "changes to files", detail=command.line)
        _restored(args[[word.text for word in args].index("--") + 1 :] if dashed else [], shell)
    elif not creating and not options.has("-B", "-t", "--track", "--detach"):
        paths = [
            word
            for word in operands
            if word.text in (".", "*", ":/") or word.text.startswith("./") or word.glob
        ]
        if len(operands) > 1 or paths:
            shell.emit("git.discard", "changes to files", detail=command.line)


def _restored(words: list[Word], shell: Shell) -> None:
    """Files that get another content from the history."""
    for word in words:
        if not word.text.startswith("-") and word.text not in (".", "*", ":/"):
            shell.write(word, Value(UNKNOWN), "restored")


def _switch(args: list[Word], shell: Shell, command: Command) -> None:
    options = parse(args, "-c -C --create --force-create --orphan --conflict")
    if options.has("-f", "--force", "--discard-changes"):
        shell.emit("git.discard", "uncommitted work", detail=command.line)


def _restore(args: list[Word], shell: Shell, command: Command) -> None:
    options = parse(args, "-s --source --conflict --pathspec-from-file")
    if (not options.has("--staged", "-S") or options.has("--worktree", "-W")) and (
        options.operands or options.values
    ):
        shell.emit("git.discard", "changes to files", detail=command.line)
        _restored(options.operands, shell)


def _clean(args: list[Word], shell: Shell, command: Command) -> None:
    options = parse(args, "-e --exclude")
    if not options.has("-n", "--dry-run") and options.has("-f", "--force", "-i", "--interactive"):
        shell.emit("git.discard", "files that are not tracked", detail=command.line)


def _stash(args: list[Word], shell: Shell, command: Command) -> None:
    if args and args[0].text in ("drop", "clear"):
        shell.emit("git.discard", "stashed work", detail=command.line)


def _branch(args: list[Word], shell: Shell, command: Command) -> None:
    options = parse(args, "-u --set-upstream-to --sort --format --contains --merged --points-at")
    if options.has("-D") or (options.has("-d", "--delete") and options.has("-f", "--force")):
        shell.emit("git.discard", "a branch", detail=command.line)
    elif options.has("-f", "--force", "-M", "-C") and options.operands:
        shell.emit("git.rewrite", "a branch", detail=command.line)


def _tag(args: list[Word], shell: Shell, command: Command) -> None:
    options = parse(args, "-m -F -u -n --sort --format --contains")
    if options.has("-d", "--delete", "-f", "--force"):
        shell.emit("git.rewrite", "a tag", detail=command.line)


def _worktree(args: list[Word], shell: Shell, command: Command) -> None:
    options = parse(args, "-b -B --reason")
    if args and args[0].text == "remove" and options.has("-f", "--force"):
        shell.emit("git.discard", "a worktree with its changes", detail=command.line)


def _rebase(args: list[Word], shell: Shell, command: Command) -> None:
    options = parse(args, "-x --exec --onto -s -X --strategy")
    for word in options.all("-x", "--exec"):
        shell.script(Value(word.text, word.taints), "git")
    if options.has("--root") or (options.has("-i", "--interactive") and options.has("--root")):
        shell.emit("git.rewrite", "all history", detail=command.line)


def _rewrite(args: list[Word], shell: Shell, command: Command) -> None:
    options = parse(
        args, "--tree-filter --index-filter --msg-filter --env-filter --commit-filter --parent-filter"
    )
    for word in options.all(
        "--tree-filter", "--index-filter", "--msg-filter", "--env-filter", "--commit-filter"
    ):
        shell.script(Value(word.text, word.taints), "git")
    shell.emit("git.rewrite", "all history", detail=command.line)


def _reflog(args: list[Word], shell: Shell, command: Command) -> None:
    if args and args[0].text in ("expire", "delete"):
        shell.emit("git.rewrite", "the log of references", detail=command.line)


def _gc(args: list[Word], shell: Shell, command: Command) -> None:
    if any(
        word.text.startswith(("--prune=now", "--prune=all", "--aggressive")) or word.text == "--expire=now"
        for word in args
    ):
        shell.emit("git.discard", "objects that nothing refers to", detail=command.line)


def _update_ref(_args: list[Word], shell: Shell, command: Command) -> None:
    shell.emit("git.rewrite", "a reference", detail=command.line)


def _config(args: list[Word], shell: Shell, _command: Command) -> None:
    options = parse(args, "-f --file --type --default --comment")
    scope = [word for word in ("global", "system") if options.has(f"--{word}")]
    operands = options.operands
    if operands and operands[0].text in ("set", "unset", "get", "list", "edit"):
        verb, operands = operands[0].text, operands[1:]
    else:
        verb = "set" if len(operands) > 1 else "unset" if options.has("--unset", "--unset-all") else "get"
    if options.has("--get", "--get-all", "--get-regexp", "-l", "--list") or verb in ("get", "list"):
        return
    for word in options.all("-f", "--file"):
        shell.write(word, Value(UNKNOWN))
    if operands:
        _configured(operands[0].text, operands[1].text if len(operands) > 1 else "", shell, "stored", *scope)


def _remote(args: list[Word], shell: Shell, _command: Command) -> None:
    words = [word.text for word in args if not word.text.startswith("-")]
    if words and words[0] in ("add", "set-url") and len(words) > 2:
        shell.emit("git.remote", words[1], detail=words[2])
        if "://" in words[2] or "@" in words[2]:
            shell.emit("net.connect", host_of(words[2]), "upload", detail=words[2])


def _clone(args: list[Word], shell: Shell, _command: Command) -> None:
    options = parse(
        args,
        _COMMON
        + " -u --upload-pack --reference --separate-git-dir --filter --recurse-submodules --server-option",
    )
    for word in options.all("-u", "--upload-pack"):
        shell.script(Value(word.text, word.taints), "git")
    for word in options.all("-c", "--config"):
        key, _, value = word.text.partition("=")
        _configured(key, value, shell)
    for word in options.operands[:1]:
        for place in options.operands[1:2]:
            shell.emit("file.write", shell.path(place.text), "cloned")
        if word.text.startswith("ext::"):
            shell.script(Value(word.text[5:]), "git")
        elif "://" in word.text or ("@" in word.text and ":" in word.text):
            shell.emit("net.connect", host_of(word.text), "download", detail=word.text)


def _submodule(args: list[Word], shell: Shell, _command: Command) -> None:
    words = [word for word in args if not word.text.startswith("-")]
    if words and words[0].text == "foreach" and len(words) > 1:
        shell.script(Value(" ".join(word.text for word in words[1:])), "git")
    if words and words[0].text == "add" and len(words) > 1:
        shell.emit("net.connect", host_of(words[1].text), "download", detail=words[1].text)
        shell.emit("package.install", f"git:{words[1].text}", "git")


def _remove(args: list[Word], shell: Shell, _command: Command) -> None:
    options = parse(args, "--pathspec-from-file")
    if options.has("--cached", "-n", "--dry-run"):
        return
    for word in options.operands:
        shell.emit("file.delete", shell.path(word.text), "tracked", *(("glob",) if word.glob else ()))


def _move(args: list[Word], shell: Shell, _command: Command) -> None:
    operands = parse(args).operands
    for word in operands[:-1]:
        shell.emit("file.delete", shell.path(word.text), "tracked")
    for word in operands[-1:]:
        shell.write(word, Value(UNKNOWN), "moved")


def _bisect(args: list[Word], shell: Shell, _command: Command) -> None:
    if args and args[0].text == "run":
        shell.run(args[1:], None)


def _logged(args: list[Word], shell: Shell, command: Command) -> None:
    """`git log` shows contents only when asked for patches."""
    if any(
        word.text in ("-p", "-u", "--patch", "-c", "--cc") or word.text.startswith(("-L", "-U", "--unified"))
        for word in args
    ):
        _shown(args, shell, command)


def _shown(args: list[Word], shell: Shell, _command: Command) -> None:
    """show, diff, cat-file, add: `REV:path` and paths behind `--` are read."""
    behind = False
    for word in args:
        if word.text == "--":
            behind = True
        elif word.text.startswith("-"):
            if word.text.startswith(("--output=", "--no-index")):
                shell.write(word.text.partition("=")[2], Value(UNKNOWN)) if "=" in word.text else None
        elif ":" in word.text and "://" not in word.text:
            shell.read(word.text.partition(":")[2], "mention", "committed")
        elif behind or "/" in word.text or "." in word.text:
            shell.read(word, "mention", "committed")


def _grep_paths(args: list[Word], shell: Shell) -> None:
    behind = False
    for word in args:
        if behind:
            shell.read(word, "mention", "committed")
        behind = behind or word.text == "--"


def _grep(args: list[Word], shell: Shell, _command: Command) -> None:
    _grep_paths(args, shell)
    for word in args:
        if word.text.startswith(("-O", "--open-files-in-pager=")):
            shell.script(Value(word.text.removeprefix("-O").removeprefix("--open-files-in-pager=")), "git")


def _credential(args: list[Word], shell: Shell, command: Command) -> None:
    if args and args[0].text in ("fill", "get"):
        shell.emit("secret.read", "git credentials", detail=command.line)


def _network(args: list[Word], shell: Shell, _command: Command) -> None:
    options = parse(args, "-o --depth --upload-pack -j --refmap --server-option -s -X --strategy")
    for word in options.all("--upload-pack"):
        shell.script(Value(word.text), "git")
    for word in options.operands[:1]:
        if "://" in word.text or ("@" in word.text and ":" in word.text):
            shell.emit("net.connect", host_of(word.text), "download", detail=word.text)


def _archive(args: list[Word], shell: Shell, _command: Command) -> None:
    options = parse(args, "-o --output --remote --prefix --format --exec")
    for word in options.all("-o", "--output"):
        shell.write(word, Value(UNKNOWN))
    for word in options.all("--exec"):
        shell.script(Value(word.text), "git")


def _tool(args: list[Word], shell: Shell, _command: Command) -> None:
    options: Options = parse(args, "-x --extcmd -t --tool")
    for word in options.all("-x", "--extcmd"):
        shell.script(Value(word.text), "git")


def _send_email(_args: list[Word], shell: Shell, _command: Command) -> None:
    shell.emit("data.send", "mail", detail="text")


_SUBCOMMANDS: dict[str, Sub] = {
    "push": _push, "commit": _commit, "reset": _reset, "checkout": _checkout, "co": _checkout, "switch": _switch, "restore": _restore,
    "clean": _clean, "stash": _stash, "branch": _branch, "tag": _tag, "worktree": _worktree, "rebase": _rebase, "filter-branch": _rewrite,
    "filter-repo": _rewrite, "reflog": _reflog, "gc": _gc, "prune": _gc, "update-ref": _update_ref, "replace": _update_ref, "config": _config,
    "remote": _remote, "rm": _remove, "mv": _move, "clone": _clone, "submodule": _submodule, "bisect": _bisect, "show": _shown, "diff": _shown, "log": _logged, "credential-manager": _credential, "credential-store": _credential, "credential-cache": _credential, "credential-osxkeychain": _credential, "credential-libsecret": _credential,
    "cat-file": _shown, "add": _shown, "blame": _shown, "apply": _shown, "am": _shown, "hash-object": _shown, "grep": _grep, "credential": _credential,
    "fetch": _network, "pull": _network, "ls-remote": _network, "archive": _archive, "difftool": _tool, "mergetool": _tool, "send-email": _send_email,
}  # fmt: skip
HANDLERS: dict[str, Handler] = {"git": _git, "hub": _git}
