"""Programs that talk to other machines: what they fetch, what they send, and where."""

from __future__ import annotations

from assay.shell.mentions import host_of, paths_in_word, urls_in_text
from assay.shell.options import Options, parse
from assay.shell.protocol import Handler, Shell
from assay.shell.value import NOTHING, UNKNOWN, Command, Value, Word

_CURL = (
    "-d --data --data-binary --data-raw --data-ascii --data-urlencode --json -F --form --form-string -T --upload-file -X --request -u --user"
    " -H --header -o --output -K --config -x --proxy --resolve --connect-to --noproxy --unix-socket --abstract-unix-socket -b --cookie -c"
    " --cookie-jar --cert --key --cacert -A --user-agent -e --referer -m --max-time --connect-timeout --retry --retry-delay -w --write-out"
    " -r --range -C --continue-at --interface --limit-rate --url -y -Y -z --proto --ciphers --tls-max --dns-servers --doh-url -E -Q --quote"
    " --output-dir --preproxy --socks5 --socks5-hostname --socks4 --netrc-file --oauth2-bearer --mail-from --mail-rcpt -t --trace"
    " --trace-ascii --dump-header -D --stderr --aws-sigv4 --hsts --max-redirs --max-filesize"
)
_SENT = (
    "-d",
    "--data",
    "--data-binary",
    "--data-raw",
    "--data-ascii",
    "--data-urlencode",
    "--json",
    "-F",
    "--form",
    "--form-string",
)
_WGET = (
    "-O -o -a -P -i -U -T -t -w -Q -l -A -R -D -I -X -e --output-document --output-file --append-output --directory-prefix --input-file"
    " --user-agent --timeout --tries --wait --post-data --post-file --body-data --body-file --method --header --user --password"
    " --http-user --http-password --load-cookies --save-cookies --execute --use-askpass --ca-certificate --certificate --private-key"
    " --limit-rate --referer --level --accept --reject --domains --quota --bind-address"
)


def _curl(command: Command, shell: Shell) -> Value:
    options = parse(command.args, _CURL)
    urls = [*options.operands, *options.all("--url")]
    for word in options.all("-K", "--config", "--netrc-file", "--key", "--cert", "-E"):
        shell.read(word, "config")
    sent = _curl_sent(options, command, shell)
    method = options.first("-X", "--request").upper()
    flags = _curl_flags(options, method, bool(sent))
    taints = frozenset({"network"})
    for word in urls:
        if word.text.startswith("file:"):
            taints |= shell.read(word.text).taints
            continue
        host = _contact(word, flags, shell)
        for detail in sent:
            shell.emit("data.send", host, detail=detail)
    for word in options.all("--resolve", "--connect-to"):
        target = word.text.strip("+").split(":")
        shell.emit("net.connect", target[2] if len(target) > 2 else UNKNOWN, "redirected", detail=word.text)
    for word in options.all("-x", "--proxy", "--preproxy", "--socks5", "--socks5-hostname", "--socks4"):
        shell.emit("net.proxy", word.text, detail=word.text)
    for word in options.all("--noproxy"):
        shell.emit("net.proxy", "off", detail=f"--noproxy {word.text}")
    for word in options.all("--unix-socket", "--abstract-unix-socket"):
        shell.emit("net.connect", f"unix:{shell.path(word.text)}", "socket", detail=word.text)
        if word.text.endswith(("docker.sock", "containerd.sock", "podman.sock", "crio.sock")):
            shell.emit("container.run", "the engine's own socket", "host", detail=command.line)
    return _saved(
        options,
        ("-o", "--output", "-c", "--cookie-jar", "-D", "--dump-header"),
        urls,
        Value(UNKNOWN, taints),
        shell,
    )


def _curl_flags(options: Options, method: str, sends: bool) -> tuple[str, ...]:
    flags = ["download"]
    if sends or method in ("POST", "PUT", "PATCH", "DELETE"):
        flags.append("upload" if sends else "changes")
    if options.has("-u", "--user", "--oauth2-bearer", "-n", "--netrc") or any(
        "authorization" in word.text.lower() or "token" in word.text.lower()
        for word in options.all("-H", "--header")
    ):
        flags.append("authenticated")
    if options.has("-k", "--insecure"):
        flags.append("insecure")
    if options.has("-L", "--location"):
        flags.append("follows")
    return tuple(flags)


def _curl_sent(options: Options, command: Command, shell: Shell) -> list[str]:
    sent: list[str] = []
    for word in options.all(*_SENT):
        sent.extend(_datum(word, command, shell))
    for word in options.all("-T", "--upload-file"):
        sent.extend(_datum(Word("@" + word.text, word.taints), command, shell))
    for word in [
        *options.all("-H", "--header", "-A", "--user-agent", "-b", "--cookie", "-u", "--user", "-e"),
        *options.operands,
    ]:
        sent.extend(
            taint
            for taint in sorted(word.taints)
            if not taint.startswith("env:") and taint not in ("text", "network", "names")
        )
    return sent


def _datum(word: Word, command: Command, shell: Shell) -> list[str]:
    """What one data option sends: `@file`, `name=@file`, `<file`, standard input, or text."""
    text = word.text
    for mark in ("@", "<"):
        head, found, name = text.partition(mark)
        if found and (not head or head.endswith("=") or ("=" not in head and not head.startswith("{"))):
            name = name.partition(";")[0]
            if name in ("-", "/dev/stdin", "."):
                stdin = command.stdin or NOTHING
                return sorted(stdin.taints - {"text"}) or ["text"]
            if head and "=" not in head and mark == "@":
                continue
            return sorted(
                shell.read(Word(name, word.taints, word.glob), "sent").taints | {f"file:{shell.path(name)}"}
            )
    return ["text", *sorted(word.taints - {"text"})]


def _contact(word: Word, flags: tuple[str, ...], shell: Shell) -> str:
    host = host_of(word.text) or UNKNOWN
    scheme, _, rest = word.text.partition("://")
    if "\\" in rest.partition("/")[0] or scheme.lower() in (
        "gopher",
        "dict",
        "ldap",
        "ldaps",
        "smb",
        "tftp",
        "jar",
        "netdoc",
    ):
        flags = (*flags, "disguised")
    shell.emit("net.connect", host, *flags, detail=word.text)
    return host


def _saved(options: Options, outputs: tuple[str, ...], urls: list[Word], value: Value, shell: Shell) -> Value:
    named = options.all(*outputs)
    for word in named:
        if word.text not in ("-", "/dev/stdout"):
            shell.write(word, value, "downloaded")
    if options.has("-O", "--remote-name", "-J", "--remote-header-name"):
        for word in urls:
            shell.write(
                word.text.partition("?")[0].rstrip("/").rpartition("/")[2] or "index.html",
                value,
                "downloaded",
            )
        return NOTHING
    return NOTHING if options.first("-o", "--output") not in ("", "-", "/dev/stdout") else value


def _wget(command: Command, shell: Shell) -> Value:
    options = parse(command.args, _WGET)
    sent: list[str] = []
    for word in options.all("--post-data", "--body-data"):
        sent.extend(["text", *sorted(word.taints - {"text"})])
    for word in options.all("--post-file", "--body-file"):
        sent.extend(_datum(Word("@" + word.text, word.taints, word.glob), command, shell))
    for word in options.all("-i", "--input-file", "--load-cookies"):
        shell.read(word)
    for word in options.all("--use-askpass"):
        shell.run([Word(word.text)], None)
    flags = [
        "download",
        *(["upload"] if sent else []),
        *(["insecure"] if options.has("--no-check-certificate") else []),
    ]
    for word in options.operands:
        sent_now = [
            *sent,
            *(
                taint
                for taint in sorted(word.taints)
                if not taint.startswith("env:") and taint not in ("text", "network", "names")
            ),
        ]
        host = _contact(word, tuple(flags), shell)
        for detail in sent_now:
            shell.emit("data.send", host, detail=detail)
    value = Value(UNKNOWN, frozenset({"network"}))
    place = options.first("-O", "--output-document")
    for flag in options.flags:
        if flag.startswith("-") and not flag.startswith("--") and flag.endswith("O-"):
            place = "-"
    if place and place not in ("-", "/dev/stdout"):
        shell.write(place, value, "downloaded")
        return NOTHING
    if not place and not options.has("--spider"):
        root = options.first("-P", "--directory-prefix")
        for word in options.operands:
            name = word.text.partition("?")[0].rstrip("/").rpartition("/")[2] or "index.html"
            shell.write(f"{root}/{name}" if root else name, value, "downloaded")
        return NOTHING
    return value


def _httpie(command: Command, shell: Shell) -> Value:
    """http, https, xh: METHOD URL item..."""
    words = parse(
        command.args,
        "-a --auth -o --output --session --auth-type -A --timeout --print -p --proxy --verify --cert",
    ).operands
    methods = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
    method = words.pop(0).text.upper() if words and words[0].text.upper() in methods else ""
    if not words:
        return NOTHING
    if words[0].text.startswith(":"):
        words[0] = Word("localhost" + words[0].text)
    items = [
        word for word in words[1:] if "==" not in word.text and (":" not in word.text or "=" in word.text)
    ]
    host = _contact(
        words[0],
        ("download", *(("upload",) if items or method in ("POST", "PUT", "PATCH", "DELETE") else ())),
        shell,
    )
    for word in items:
        name, _, path = word.text.partition("@")
        if path and "=" not in name.rstrip("=:"):
            shell.emit("data.send", host, detail=f"file:{shell.path(path)}")
            shell.read(path, "sent")
        else:
            shell.emit("data.send", host, detail="text")
    if command.stdin is not None and command.stdin.taints:
        for taint in sorted(command.stdin.taints):
            shell.emit("data.send", host, detail=taint)
    return Value(UNKNOWN, frozenset({"network"}))


def _netcat(command: Command, shell: Shell) -> Value:
    options = parse(
        command.args,
        "-e -c -p -s -w -x -X -i -q -g -G -o -I -O --exec --sh-exec --lua-exec --proxy --source --source-port",
    )
    program = options.first("-e", "--exec", "-c", "--sh-exec", "--lua-exec")
    stdin = command.stdin or NOTHING
    if options.has("-l", "--listen"):
        port = options.first("-p") or (options.operands[-1].text if options.operands else "")
        shell.emit("net.listen", port, *(("shell",) if program else ()))
        if program or "socket-shell" in stdin.taints:
            shell.emit("shell.reverse", "", "bind", detail=command.line)
        return Value(UNKNOWN, frozenset({"network", "socket"}))
    host = options.operands[0].text if options.operands else UNKNOWN
    scan = options.has("-z")
    shell.emit("net.connect", host, "socket", *(("upload",) if stdin.taints else ()), detail=command.line)
    if program or "interactive-shell" in stdin.taints:
        shell.emit("shell.reverse", host, detail=command.line)
    if not scan:
        for taint in sorted(stdin.taints - {"fifo"}):
            shell.emit("data.send", host, detail=taint)
    return Value(UNKNOWN, frozenset({"network", "socket"}))


def _socat(command: Command, shell: Shell) -> Value:
    operands = parse(command.args, "-T -t -b -W -lf").operands
    texts = [word.text for word in operands]
    runs = any(text.upper().startswith(("EXEC", "SYSTEM", "SHELL")) for text in texts)
    for text in texts:
        kind, _, rest = text.partition(":")
        upper = kind.upper()
        if "LISTEN" in upper or upper.startswith(("TCP-L", "TCP4-L", "UDP-L", "TCP6-L")):
            shell.emit("net.listen", rest, *(("shell",) if runs else ()))
            if runs:
                shell.emit("shell.reverse", "", "bind", detail=command.line)
        elif upper.startswith(("TCP", "UDP", "OPENSSL", "SSL", "SOCKS", "PROXY")):
            shell.emit("net.connect", rest.partition(":")[0], "socket", "upload", detail=rest)
            if runs:
                shell.emit("shell.reverse", rest.partition(":")[0], detail=command.line)
        elif upper.startswith(("EXEC", "SYSTEM", "SHELL")):
            shell.script(Value(rest.partition(",")[0]), "socat")
        else:
            for path in paths_in_word(Word(rest.partition(",")[0] if rest else text.partition(",")[0])):
                read = shell.read(path, "sent")
                for other in texts:
                    if other != text and other.upper().startswith(("TCP", "UDP", "OPENSSL", "SSL")):
                        shell.emit(
                            "data.send",
                            other.split(":")[1] if ":" in other else "",
                            detail=",".join(sorted(read.taints)),
                        )
    return Value(UNKNOWN, frozenset({"network", "socket"}))


def _resolve(command: Command, shell: Shell) -> Value:
    """dig, nslookup, host, ping: a name that is computed may carry data out."""
    for word in parse(command.args, "-c -i -w -W -s -p -t -I -m -b -f").operands:
        text = word.text
        server = text.startswith("@")
        if "." in text or word.taints or not word.known:
            carried = word.taints - {"text"} or (frozenset({"text"}) if word.taints else frozenset())
            shell.emit(
                "net.resolve",
                text.lstrip("@"),
                *(("computed",) if carried or not word.known else ()),
                *(("server",) if server else ()),
            )
            for taint in sorted(carried):
                shell.emit("data.send", "dns", detail=taint)
    return Value(UNKNOWN, frozenset({"network"}))


def _plain_client(command: Command, shell: Shell) -> Value:
    """ftp, tftp, telnet, whois, finger, lftp, smbclient, mail, ...: the first operand is a host; everything else may go out."""
    operands = parse(command.args, "-p -u -U -P -s -c -e -o -t -f -a -A -h -H").operands
    urls = [word for word in operands if "://" in word.text]
    host = (
        host_of(urls[0].text)
        if urls
        else operands[0].text.rpartition("@")[2].partition(":")[0]
        if operands
        else UNKNOWN
    )
    stdin = command.stdin or NOTHING
    shell.emit("net.connect", host, "socket", *(("upload",) if stdin.taints else ()), detail=command.line)
    taints = stdin.taints
    for word in command.args:
        for path in paths_in_word(word):
            taints |= shell.read(Word(path, glob=word.glob), "sent").taints
    for taint in sorted(taints):
        shell.emit("data.send", host, detail=taint)
    return Value(UNKNOWN, frozenset({"network"}))


def _mail(command: Command, shell: Shell) -> Value:
    options = parse(command.args, "-s -a -A -r -c -b -S -f -t")
    stdin = command.stdin or NOTHING
    taints = stdin.taints | {"text"}
    for word in options.all("-a", "-A"):
        taints |= shell.read(word, "sent").taints
    host = options.operands[0].text.rpartition("@")[2] if options.operands else UNKNOWN
    for taint in sorted(taints):
        shell.emit("data.send", host, detail=taint)
    return NOTHING


def _zsh_socket(command: Command, shell: Shell) -> Value:
    """Zsh's own sockets: `ztcp host port` opens one and leaves its number in $REPLY."""
    operands = [word.text for word in command.args if not word.text.startswith("-")]
    if any("l" in word.text for word in command.args if word.text.startswith("-")):
        shell.emit("net.listen", " ".join(operands), "tunnel", detail=command.line)
    elif operands:
        shell.emit("net.connect", operands[0], "socket", "upload", detail=command.line)
    return NOTHING


def _fetch_any(command: Command, shell: Shell) -> Value:
    """aria2c, axel, lynx, youtube-dl, ...: every address named is fetched."""
    for word in command.args:
        for url in urls_in_text(word.text):
            shell.emit("net.connect", host_of(url), "download", detail=url)
    for word in command.args:
        for path in paths_in_word(word):
            shell.read(path, "mention")
    return Value(UNKNOWN, frozenset({"network"}))


def _listen(command: Command, shell: Shell) -> Value:
    shell.emit("net.listen", command.args[0].text if command.args else "", "tunnel", detail=command.line)
    return Value(UNKNOWN)


HANDLERS: dict[str, Handler] = {
    "curl": _curl,
    "curlie": _curl,
    "ztcp": _zsh_socket,
    "zsocket": _zsh_socket,
    "wget": _wget,
    "wget2": _wget,
    **dict.fromkeys(("http", "https", "httpie", "xh", "xhs"), _httpie),
    **dict.fromkeys(("nc", "ncat", "netcat", "nc.traditional", "nc.openbsd"), _netcat),
    "socat": _socat,
    **dict.fromkeys(
        ("dig", "nslookup", "host", "drill", "ping", "ping6", "traceroute", "mtr", "tracepath"), _resolve
    ),
    **dict.fromkeys(
        (
            "ftp",
            "tftp",
            "telnet",
            "whois",
            "finger",
            "lftp",
            "ncftp",
            "ncftpput",
            "smbclient",
            "cancel",
            "irssi",
            "lpr",
            "lp",
            "grpcurl",
            "ldapsearch",
            "mqtt",
            "mosquitto_pub",
            "mosquitto_sub",
            "snmpwalk",
        ),
        _plain_client,
    ),
    **dict.fromkeys(("mail", "mailx", "mutt", "sendmail", "msmtp", "swaks"), _mail),
    **dict.fromkeys(
        (
            "aria2c",
            "axel",
            "lynx",
            "w3m",
            "links",
            "elinks",
            "yt-dlp",
            "youtube-dl",
            "ab",
            "wrk",
            "hey",
            "GET",
            "lwp-request",
            "lwp-download",
            "fetch",
            "websocat",
            "wscat",
            "evans",
            "k6-cloud",
        ),
        _fetch_any,
    ),
    **dict.fromkeys(
        (
            "ngrok",
            "localtunnel",
            "pagekite",
            "inlets",
            "sshuttle",
            "rathole",
            "zrok",
            "lt",
            "bore",
            "chisel",
            "frpc",
            "pwncat",
        ),
        _listen,
    ),
}
