"""Programs that run another program given in their arguments: for each, its options as data and how the inner command is found."""

from __future__ import annotations

from dataclasses import dataclass

from assay.shell.options import Options, parse
from assay.shell.value import Command, Word


@dataclass(frozen=True, slots=True)
class Wrapper:
    """`valued` are options with a value; `skip` how many operands come before the inner command; `assigns` whether NAME=VALUE may.

    `string` are options whose value is a whole shell command. `raises` marks a change of user. `keyword` is an operand after which
    the command begins.
    """

    valued: str = ""
    skip: int = 0
    assigns: bool = False
    string: str = ""
    raises: bool = False
    keyword: str = ""


_PLAIN = Wrapper()
WRAPPERS: dict[str, Wrapper] = {
    "sudo": Wrapper(
        "-u -g -h -p -C -T -r -t -D -R -U --user --group --host --prompt --close-from --chdir --chroot",
        assigns=True,
        raises=True,
    ),
    "doas": Wrapper("-u -C -a", raises=True),
    "pkexec": Wrapper("--user", raises=True),
    "run0": Wrapper("-u --user -D --chdir --setenv", raises=True),
    "sshpass": Wrapper("-p -f -d -P"),
    "gosu": Wrapper("", skip=1),
    "su-exec": Wrapper("", skip=1),
    "setpriv": Wrapper("--reuid --regid --groups --inh-caps --ambient-caps --bounding-set"),
    "env": Wrapper("-u -C -S -P --unset --chdir --split-string", assigns=True, string="-S --split-string"),
    "nice": Wrapper("-n --adjustment"),
    "ionice": Wrapper("-c -n -p -P --class --classdata"),
    "chrt": Wrapper("-T -P -D", skip=1),
    "taskset": Wrapper("", skip=1),
    "timeout": Wrapper("-s -k --signal --kill-after", skip=1),
    "gtimeout": Wrapper("-s -k --signal --kill-after", skip=1),
    "stdbuf": Wrapper("-i -o -e --input --output --error"),
    "unbuffer": _PLAIN,
    "nohup": _PLAIN,
    "setsid": _PLAIN,
    "disown": _PLAIN,
    "time": Wrapper("-o -f --output --format"),
    "command": _PLAIN,
    "builtin": _PLAIN,
    "exec": Wrapper("-a"),
    "coproc": _PLAIN,
    "nocorrect": _PLAIN,
    "noglob": _PLAIN,
    "then": _PLAIN,
    "busybox": _PLAIN,
    "toybox": _PLAIN,
    "chroot": Wrapper("--userspec --groups", skip=1),
    "flock": Wrapper(
        "-w -E -c --timeout --wait --conflict-exit-code --command", skip=1, string="-c --command"
    ),
    "watch": Wrapper("-n -d -q --interval --equexit", string="*"),
    "entr": _PLAIN,
    "strace": Wrapper("-e -o -p -s -u -E -P -a -O -S -I --trace --output"),
    "ltrace": Wrapper("-e -o -p -s -u -a -n -x"),
    "catchsegv": _PLAIN,
    "valgrind": _PLAIN,
    "perf": Wrapper("-e -o -F -c -g --call-graph", keyword="record stat trace"),
    "hyperfine": Wrapper(
        "-w -m -M -r -p -c -s -n -L -P -S -u -N --warmup --runs --min-runs --max-runs --prepare --cleanup --setup --conclude"
        " --parameter-list --shell --style --export-json --export-markdown --export-csv --command-name --time-unit --sort --output --input",
        string="* -p --prepare -c --cleanup -s --setup --conclude",
    ),
    "unshare": Wrapper("-S -G -R -w --map-user --map-group --root --wd --propagation"),
    "nsenter": Wrapper("-t -S -G -r -w --target --setuid --setgid"),
    "systemd-run": Wrapper(
        "-p -u -E -M -H --unit --property --setenv --description --slice --on-calendar --on-active"
    ),
    "systemd-inhibit": Wrapper("--what --who --why --mode"),
    "firejail": _PLAIN,
    "bwrap": Wrapper("--chdir --uid --gid --hostname --setenv --proc --dev --tmpfs"),
    "fakeroot": _PLAIN,
    "faketime": Wrapper("-f", skip=1),
    "proxychains": Wrapper("-f"),
    "proxychains4": Wrapper("-f"),
    "torsocks": _PLAIN,
    "dbus-run-session": _PLAIN,
    "xvfb-run": Wrapper("-n -s -e -f -p -w --server-num --server-args"),
    "caffeinate": Wrapper("-t -w"),
    "script": Wrapper("-c -I -O -B -T -E -m -o --command --log-out", string="-c --command"),
    "dotenv": Wrapper("-f -e"),
    "direnv": Wrapper("", skip=1, keyword="exec"),
    "mise": Wrapper("", keyword="exec x"),
    "nix-shell": Wrapper("-p --packages", string="--run --command"),
    "arch": Wrapper("-arch -d -e"),
    "linux32": _PLAIN,
    "linux64": _PLAIN,
    "setarch": Wrapper("", skip=1),
    "rlwrap": Wrapper("-f -H -s"),
    "socat-exec": _PLAIN,
    "ld.so": _PLAIN,
    "ld-linux.so": _PLAIN,
    "ld-linux-x86-64.so.2": Wrapper("--library-path --preload --argv0"),
    "start-stop-daemon": Wrapper("-x -n -p -u -c -d --pidfile --name --chuid --user"),
    "poetry": Wrapper("-C --directory -P", keyword="run"),
    "pipenv": Wrapper("", keyword="run"),
    "pdm": Wrapper("-p", keyword="run"),
    "hatch": Wrapper("-e", keyword="run"),
    "rye": Wrapper("", keyword="run"),
    "uv": Wrapper(
        "--directory --project --with --python -p --extra --group --env-file --from", keyword="run"
    ),
    "bundle": Wrapper("", keyword="exec"),
    "op": Wrapper("--env-file --account", keyword="run"),
    "aws-vault": Wrapper("-d --duration", skip=1, keyword="exec"),
    "doppler": Wrapper("-p -c --project --config", string="--command", keyword="run"),
}


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """The inner command: words, or whole command strings; NAME=VALUE pairs set before it."""

    words: tuple[Word, ...] = ()
    strings: tuple[Word, ...] = ()
    assigned: tuple[tuple[str, str], ...] = ()
    options: Options | None = None


def unwrap(command: Command, name: str) -> Unwrapped | None:
    """What a wrapper would run, or None if this use of it runs nothing (or it is none)."""
    wrapper = WRAPPERS.get(name)
    if wrapper is None:
        return None
    args = command.args
    if wrapper.keyword:
        args = _after_keyword(args, wrapper)
        if not args:
            return None
    if name == "env":
        args = [word for index, word in enumerate(args) if word.text != "-" or index > 2]
    options = parse(args, wrapper.valued, in_order=True)
    strings = [word for option in wrapper.string.split() if option != "*" for word in options.all(option)]
    operands = options.operands
    if "*" in wrapper.string.split():
        return Unwrapped(strings=(*strings, *_whole(name, operands)), options=options)
    assigned = []
    while wrapper.assigns and operands and _is_assignment(operands[0].text):
        variable, _, value = operands[0].text.partition("=")
        assigned.append((variable, value))
        operands = operands[1:]
    inner = operands[wrapper.skip :]
    if strings and inner and name == "env":
        strings, inner = [Word(" ".join([strings[0].text, *(word.text for word in inner)]))], []
    if not inner and not strings:
        return None
    return Unwrapped(tuple(inner), tuple(strings), tuple(assigned), options)


def _after_keyword(args: list[Word], wrapper: Wrapper) -> list[Word]:
    options = parse(args, wrapper.valued, in_order=True)
    operands = options.operands
    if operands and operands[0].text in wrapper.keyword.split():
        return operands[1:]
    return []


def _whole(name: str, operands: list[Word]) -> list[Word]:
    """`watch a b` joins its operands; hyperfine takes each as one command."""
    if name == "hyperfine" or not operands:
        return operands
    taints = frozenset[str]().union(*(word.taints for word in operands))
    return [Word(" ".join(word.text for word in operands), taints)]


def _is_assignment(text: str) -> bool:
    name, equals, _ = text.partition("=")
    return bool(equals) and name.replace("_", "a").isalnum() and not name[:1].isdigit()
