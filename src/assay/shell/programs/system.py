"""Programs that change the machine: users, services, schedules, kernel, disks, firewalls, recorders, and the guards themselves."""

from __future__ import annotations

from collections.abc import Callable

from assay.shell.mentions import paths_in_word
from assay.shell.options import parse
from assay.shell.powershell import look_into_powershell
from assay.shell.protocol import Handler, Shell
from assay.shell.value import NOTHING, UNKNOWN, Command, Value

_READ_VERBS = frozenset(
    ["status", "show", "list", "list-units", "list-unit-files", "list-timers", "list-dependencies", "list-sockets", "list-jobs", "is-active", "is-enabled", "is-failed", "cat", "get", "get-default", "help", "version", "info", "print", "read", "find", "query", "search", "view", "check", "validate", "verify", "dump-trust-settings", "list-keychains", "find-certificate", "export-plist", "dns", "addr", "address", "link", "route", "neigh", "l", "s", "a", "r", "-l", "--list", "-a", "--all", "-h", "-V", "--version", "-n", "-S", "-L", "-s", "-v", "-w", "--get", "--dns", "--proxy", "--nwi", "-r", "-t", "domains", "print-disabled", "blame", "procinfo", "managername", "-g", "--status", "--assess", "hostinfo"]
)  # fmt: skip


def _effect(verb: str, target: str) -> Handler:
    def handle(command: Command, shell: Shell) -> Value:
        shell.emit(verb, target, detail=command.line)
        for word in command.args:
            for path in paths_in_word(word):
                shell.read(path, "mention")
        return NOTHING

    return handle


def _reading(verb: str, target: str) -> Handler:
    """A tool that only looks when its first words say so (`list`, `status`, `-getinfo`), and changes otherwise."""

    def handle(command: Command, shell: Shell) -> Value:
        words = [word.text for word in command.args]
        looks = not words or all(word.startswith("-") and word in _READ_VERBS for word in words)
        for word in words[:3]:
            if (
                word.lstrip("-") in _READ_VERBS
                or word in _READ_VERBS
                or word.lstrip("-")
                .lower()
                .startswith(
                    (
                        "get",
                        "list",
                        "show",
                        "print",
                        "is-",
                        "dump",
                        "find",
                        "query",
                        "info",
                        "version",
                        "help",
                    )
                )
            ):
                looks = True
                break
            if not word.startswith("-"):
                break
        if not looks:
            shell.emit(verb, target, detail=command.line)
        return Value(UNKNOWN)

    return handle


def _service(command: Command, shell: Shell) -> Value:
    operands = parse(
        command.args, "-H -M -t -p -n -o --type --state --property --lines --output --host --machine"
    ).operands
    name = command.name.text.rpartition("/")[2]
    verb = operands[0].text if operands else "status"
    if name in ("service", "rc-service"):
        verb = operands[1].text if len(operands) > 1 else "status"
    if verb in _READ_VERBS or verb.startswith(("list", "show", "is-", "get")):
        return Value(UNKNOWN)
    if verb in ("enable", "link", "edit", "load", "bootstrap", "add-wants", "preset", "submit") or name in (
        "update-rc.d",
        "chkconfig",
        "rc-update",
    ):
        shell.emit("persist.schedule", "a service", detail=command.line)
    elif verb in ("stop", "disable", "mask", "kill", "unload", "bootout", "remove") and _guarding(
        command.line
    ):
        shell.emit("guard.disable", "a guard's service", detail=command.line)
    elif verb in ("poweroff", "reboot", "halt", "kexec", "suspend", "rescue", "emergency", "isolate"):
        shell.emit("system.power", "power", detail=command.line)
    else:
        shell.emit("system.change", "a service", detail=command.line)
    return Value(UNKNOWN)


def _cron(command: Command, shell: Shell) -> Value:
    options = parse(command.args, "-u")
    if options.has("-l"):
        return Value(UNKNOWN, frozenset({"names"}))
    if options.has("-r") and not options.operands:
        shell.emit("system.change", "scheduled jobs", detail=command.line)
        return NOTHING
    stdin = command.stdin
    if stdin is None and not options.operands and not options.has("-e"):
        return NOTHING
    shell.emit(
        "persist.schedule",
        "a scheduled job",
        detail=(stdin.text if stdin and stdin.known else command.line)[:300],
    )
    if stdin is not None and stdin.known:
        for line in stdin.text.splitlines()[:20]:
            fields = line.split(None, 1 if line.startswith("@") else 5)
            if len(fields) > 1 and not line.startswith("#"):
                shell.script(Value(fields[-1]), "cron")
    return NOTHING


def _at(command: Command, shell: Shell) -> Value:
    options = parse(command.args, "-f -q -t")
    if options.has("-l", "-c"):
        return Value(UNKNOWN)
    shell.emit("persist.schedule", "a job for later", detail=command.line)
    for word in options.all("-f"):
        shell.read(word, "run")
    if command.stdin is not None:
        shell.script(command.stdin, "at")
    return NOTHING


def _su(command: Command, shell: Shell) -> Value:
    options = parse(command.args, "-c --command -s --shell -g -G -w")
    user = options.operands[0].text if options.operands and options.operands[0].text != "-" else "root"
    shell.emit("privilege.raise", user, detail=command.line)
    if not options.all("-c", "--command") and user == "root":
        shell.emit("privilege.grant", "a shell as root", detail=command.line)
    for word in options.all("-c", "--command"):
        shell.script(Value(word.text, word.taints), "su")
    return NOTHING


def _firewall(command: Command, shell: Shell) -> Value:
    words = {word.text for word in command.args}
    if words & {
        "-L",
        "-S",
        "--list",
        "--list-rules",
        "-n",
        "list",
        "status",
        "show",
        "--list-all",
        "--state",
    } and not words & {"-F", "-X", "-D", "-P", "flush", "disable"}:
        return Value(UNKNOWN)
    opens = words & {
        "allow",
        "deny",
        "limit",
        "reject",
        "route",
        "-A",
        "-I",
        "--append",
        "--insert",
        "add",
        "insert",
    }
    if opens and not words & {"-F", "-X", "-P", "flush", "disable", "reset"}:
        shell.emit("system.change", "the firewall", detail=command.line)
    else:
        shell.emit("guard.disable", "the firewall", detail=command.line)
    return NOTHING


def _kill(command: Command, shell: Shell) -> Value:
    name = command.name.text.rpartition("/")[2]
    texts = [word.text for word in command.args]
    if name == "killall5" or (name == "kill" and ("-1" in texts[1:] or "1" in texts)):
        shell.emit("system.destroy", "every process", detail=command.line)
    named = " ".join(taint for word in command.args for taint in word.taints)
    if _guarding(command.line) or _guarding(named):
        shell.emit("guard.disable", "a guard's process", detail=command.line)
    return NOTHING


def _capture(command: Command, shell: Shell) -> Value:
    texts = [word.text for word in command.args]
    if "-r" in texts or "-D" in texts or "--version" in texts:
        return _effect_free(command, shell)
    shell.emit("system.capture", "network traffic", detail=command.line)
    options = parse(command.args, "-i -c -w -s -B -C -G -W -z -Z -F -E -f -Y -T -e")
    for word in options.all("-w"):
        shell.write(word, Value(UNKNOWN))
    for word in options.all("-z"):
        shell.script(Value(word.text), "tcpdump")
    return Value(UNKNOWN)


def _effect_free(command: Command, shell: Shell) -> Value:
    for word in command.args:
        for path in paths_in_word(word):
            shell.read(path, "mention")
    return Value(UNKNOWN)


def _mount(command: Command, shell: Shell) -> Value:
    if command.args and any(not word.text.startswith("-") for word in command.args):
        shell.emit("system.change", "mounts", detail=command.line)
        for word in command.args:
            for path in paths_in_word(word):
                shell.read(path, "mention")
    return Value(UNKNOWN)


def _modules(command: Command, shell: Shell) -> Value:
    if command.name.text.endswith("modprobe") and any(
        word.text in ("-n", "--dry-run", "-c", "--show-depends") for word in command.args
    ):
        return Value(UNKNOWN)
    shell.emit("persist.schedule", "a kernel module", detail=command.line)
    return NOTHING


def _sysctl(command: Command, shell: Shell) -> Value:
    if any("=" in word.text or word.text in ("-w", "-p", "--write", "--system") for word in command.args):
        shell.emit("system.change", "kernel settings", detail=command.line)
    return Value(UNKNOWN)


def _defaults(command: Command, shell: Shell) -> Value:
    verb = next((word.text for word in command.args if not word.text.startswith("-")), "")
    if verb in ("write", "import") and any(
        mark in command.line.lower() for mark in ("loginwindow", "loginhook", "logouthook", "loginitems")
    ):
        shell.emit("persist.schedule", "a login hook", detail=command.line)
    elif verb in ("write", "delete", "import", "rename"):
        shell.emit("system.change", "settings", detail=command.line)
    return Value(UNKNOWN)


_STORE_VERBS = frozenset(
    ["ls", "list", "git", "init", "insert", "edit", "generate", "rm", "mv", "cp", "help", "version", "add", "sync", "status", "audit", "delete", "set", "config", "otp-add"]
)  # fmt: skip


def _keychain(command: Command, shell: Shell) -> Value:
    if command.name.text.endswith("pass") and command.args:
        first = next((word.text for word in command.args if not word.text.startswith("-")), "ls")
        if first not in _STORE_VERBS:
            shell.emit("secret.read", "stored credentials", detail=command.line)
            return Value(UNKNOWN, frozenset({"secret"}))
    verb = next((word.text for word in command.args if not word.text.startswith("-")), "")
    if (
        verb.startswith(("find-generic", "find-internet", "dump-keychain", "export", "unlock", "get-"))
        or verb
        in ("lookup", "search", "list", "-r", "get", "show", "read", "retrieve", "item", "kv", "list-secrets")
        or not command.args
    ):
        shell.emit("secret.read", "stored credentials", detail=command.line)
    elif verb.startswith(("add-", "delete-", "set-", "create-", "import", "authorizationdb")):
        shell.emit("system.change", "stored credentials", detail=command.line)
    return Value(UNKNOWN, frozenset({"secret"}))


def _agent(command: Command, shell: Shell) -> Value:
    """A coding agent started by a coding agent; without its questions it is out of control."""
    for word in command.args:
        text = word.text
        if text.startswith("--") and any(
            part in text
            for part in (
                "dangerously",
                "skip-permissions",
                "yolo",
                "bypass",
                "no-sandbox",
                "full-auto",
                "trust-all",
                "allow-all",
                "auto-approve",
                "always-approve",
                "yes-always",
            )
        ):
            shell.emit("guard.disable", "an agent's own questions", detail=command.line)
        if text in ("--yolo", "-y", "--force", "-f") and command.name.text.endswith(
            ("gemini", "codex", "cursor-agent", "q")
        ):
            shell.emit("guard.disable", "an agent's own questions", detail=command.line)
    texts = [word.text for word in command.args]
    if "bypassPermissions" in texts:
        shell.emit("guard.disable", "an agent's own questions", detail=command.line)
    if texts[:2] in (["mcp", "add"], ["mcp", "add-json"], ["plugin", "install"], ["config", "set"]):
        shell.emit("agent.config", command.name.text, detail=command.line)
    return Value(UNKNOWN)


def _guard_tool(command: Command, shell: Shell) -> Value:
    """Our own program: looking is fine, weakening is not."""
    texts = [word.text for word in command.args if not word.text.startswith("-")]
    if "--uninstall" in [word.text for word in command.args] or texts[:1] in (["init"], ["uninstall"]):
        shell.emit("guard.disable", "the guard itself", detail=command.line)
    elif texts[:2] in (
        ["approvals", "approve"],
        ["approvals", "deny"],
        ["gateway", "token"],
        ["gateway", "stop"],
    ):
        shell.emit("guard.disable", "an approval that is not the agent's to give", detail=command.line)
    return Value(UNKNOWN)


def _disk(command: Command, shell: Shell) -> Value:
    if (
        any(word.text in ("-l", "--list", "list", "info", "print") for word in command.args)
        or not command.args
    ):
        return Value(UNKNOWN)
    shell.emit("system.destroy", "a disk", detail=command.line)
    return NOTHING


def _volumes(command: Command, shell: Shell) -> Value:
    texts = [word.text for word in command.args]
    if set(texts[:3]) & {"delete", "format", "sanitize", "delete-ns"}:
        shell.emit("system.destroy", "a volume", detail=command.line)
    elif set(texts[:3]) & {
        "create",
        "snapshot",
        "set-default",
        "add",
        "remove",
        "replace",
        "balance",
        "resize",
    }:
        shell.emit("system.change", "volumes", detail=command.line)
    return Value(UNKNOWN)


def _windows(command: Command, shell: Shell) -> Value:
    look_into_powershell(command.line, "cmd", shell)
    return Value(UNKNOWN)


def _server_of_shells(command: Command, shell: Shell) -> Value:
    """Programs that give a shell to whoever connects."""
    if any(word.text in ("-t", "-T", "-V", "--help") for word in command.args):
        return Value(UNKNOWN)
    shell.emit("shell.reverse", "", "bind", detail=command.line)
    return Value(UNKNOWN)


def _recorder(command: Command, shell: Shell) -> Value:
    devices = {"x11grab", "avfoundation", "v4l2", "gdigrab", "alsa", "pulse", "dshow", "kmsgrab"}
    if devices & {word.text for word in command.args}:
        shell.emit("system.capture", "screen, camera or microphone", detail=command.line)
    words = list(command.args)
    for index, word in enumerate(words):
        if index and words[index - 1].text == "-i":
            shell.read(word)
    if words and not words[-1].text.startswith("-"):
        shell.write(words[-1], Value(UNKNOWN))
    return NOTHING


def _hook_manager(command: Command, shell: Shell) -> Value:
    if command.args[:1] and command.args[0].text in ("uninstall", "--uninstall"):
        shell.emit("guard.disable", "the hooks of the repository", detail=command.line)
    return Value(UNKNOWN)


def _process_list(command: Command, shell: Shell) -> Value:
    texts = [word.text for word in command.args]
    if any(
        text and not text.startswith("-") and "e" in text and set(text) <= set("auxewf") for text in texts
    ):
        shell.emit("env.expose", "*", detail=command.line)
    return Value(UNKNOWN)


_ADDRESS_VERBS = frozenset(
    ["add", "del", "delete", "set", "change", "replace", "append", "flush", "up", "down"]
)


def _addresses(command: Command, shell: Shell) -> Value:
    """`ip OBJECT VERB`: looking unless the verb changes."""
    if any(word.text in _ADDRESS_VERBS for word in command.args[1:]):
        shell.emit("system.change", "the network", detail=command.line)
    return Value(UNKNOWN)


def _clipboard(command: Command, shell: Shell) -> Value:
    texts = {word.text for word in command.args}
    if command.name.text.endswith(("pbpaste", "wl-paste")) or texts & {"-o", "-out", "-output", "--output"}:
        shell.emit("system.capture", "the clipboard", detail=command.line)
    return NOTHING


_GUARDS = [
    "assay",
    "auditd",
    "auditbeat",
    "rsyslog",
    "syslog",
    "journald",
    "falco",
    "falcon",
    "osquery",
    "wazuh",
    "ossec",
    "sysmon",
    "mdatp",
    "defender",
    "sophos",
    "clamd",
    "clamav",
    "cbdaemon",
    "cylance",
    "sentinel",
    "crowdstrike",
    "fail2ban",
    "firewalld",
    "ufw",
    "apparmor",
    "selinux",
    "aide",
    "tripwire",
    "rkhunter",
    "chkrootkit",
    "suricata",
    "snort",
    "zeek",
    "tetragon",
]


def _guarding(text: str) -> bool:
    return any(guard in text for guard in _GUARDS)


def _processes(command: Command, _shell: Shell) -> Value:
    """pidof, pgrep: the numbers of processes by name."""
    return Value(
        UNKNOWN, frozenset(f"process:{word.text}" for word in command.args if not word.text.startswith("-"))
    )


def _log(command: Command, shell: Shell) -> Value:
    if any(
        (word.text in ("-c", "-C", "--clear", "--rotate", "--flush") and "dmesg" in command.name.text)
        or word.text.startswith(("--vacuum", "--rotate"))
        for word in command.args
    ):
        shell.emit("history.clear", "the system's log", detail=command.line)
    return _effect_free(command, shell)


def _database_of_users(command: Command, shell: Shell) -> Value:
    for word in command.args[:1]:
        if word.text in ("passwd", "shadow", "gshadow"):
            shell.read(f"/etc/{word.text}")
    return Value(UNKNOWN)


def _busy(command: Command, shell: Shell) -> Value:
    if "/dev/null" in command.outputs:
        shell.emit("system.destroy", "processor time", detail=command.line)
    return Value(UNKNOWN)


_GROUPS: tuple[tuple[str, Handler | Callable[[Command, Shell], Value]], ...] = (
    ("systemctl service launchctl rc-service initctl update-rc.d chkconfig rc-update sv supervisorctl", _service),
    ("crontab", _cron),
    ("at batch", _at),
    ("su runuser", _su),
    ("iptables ip6tables nft ufw firewall-cmd pfctl ebtables", _firewall),
    ("setenforce auditctl aa-disable aa-teardown apparmor_parser mdatp", _effect("guard.disable", "a protection of the system")),
    ("spctl csrutil", _reading("guard.disable", "a protection of the system")),
    ("kill pkill killall killall5 xkill skill fuser", _kill),
    ("tcpdump tshark dumpcap wireshark ettercap dsniff bettercap airodump-ng ngrep", _capture),
    ("screencapture scrot gnome-screenshot import xwd grim maim ffmpeg-record arecord xinput logkeys showkey", _effect("system.capture", "screen or input")),
    ("pbpaste xclip xsel wl-paste", _clipboard),
    ("mount umount fusermount losetup swapon swapoff", _mount),
    ("insmod modprobe rmmod kmod depmod dkms", _modules),
    ("sysctl", _sysctl),
    ("pw useradd adduser userdel usermod groupadd gpasswd groupmod passwd chpasswd visudo vipw vigr chsh newusers dscl dseditgroup sysadminctl", _effect("privilege.grant", "users and rights")),
    ("shutdown reboot poweroff halt init telinit", _effect("system.power", "power")),
    ("btrfs nvme", _volumes),
    ("schtasks reg sc wmic netsh wevtutil vssadmin bcdedit icacls takeown rundll32 mshta regsvr32 certutil bitsadmin", _windows),
    ("telnetd in.telnetd sshd dropbear gs-netcat pwncat-cs", _server_of_shells),
    ("httpd thttpd darkhttpd lighttpd", _effect("net.listen", "a web server")),
    ("capsh", _effect("privilege.raise", "root")),
    ("ffmpeg avconv", _recorder),
    ("lefthook husky overcommit", _hook_manager),
    ("pre-commit", _hook_manager),
    ("mkfs mkfs.ext4 mkfs.xfs mkfs.vfat mkswap wipefs fdisk sfdisk gdisk parted sgdisk blkdiscard hdparm cryptsetup lvremove vgremove pvremove zpool diskutil badblocks", _disk),
    ("hostnamectl timedatectl localectl networksetup scutil profiles nmcli ifconfig route pmset systemsetup nvram softwareupdate update-alternatives alternatives loginctl resolvectl", _reading("system.change", "settings of the machine")),
    ("ip", _addresses),
    ("defaults plutil", _defaults),
    ("security secret-tool keyring pass gopass bw lpass kwallet-query cmdkey chezmoi-secret", _keychain),
    ("claude codex gemini cursor-agent copilot aider goose opencode amp q", _agent),
    ("assay assay-hook", _guard_tool),
    ("ps", _process_list),
    ("gcore procdump reptyr", _effect("system.inspect", "another process's memory")),
    ("mimikatz lazagne laZagne.py mimipenguin linpeas linpeas.sh LinEnum.sh linenum hashcat john hydra medusa crackmapexec responder msfconsole msfvenom metasploit sqlmap nikto masscan", _effect("secret.read", "an attack tool")),
    ("nmap zmap rustscan", _effect("system.capture", "a scan of the network")),
    ("insmod-help logger lsof ss netstat top htop vmstat iostat free lscpu lspci lsusb lsmod nice renice", _effect_free),
    ("ldconfig ld", _effect_free),
    ("pidof pgrep", _processes),
    ("getent", _database_of_users),
    ("yes", _busy),
    ("journalctl dmesg", _log),
)  # fmt: skip
HANDLERS: dict[str, Handler] = {name: handler for names, handler in _GROUPS for name in names.split()}
