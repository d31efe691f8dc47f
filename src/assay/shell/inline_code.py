"""Code of other languages given inline: what it names and which kinds of calls it makes. A look at tokens, not an interpreter."""

from __future__ import annotations

from collections.abc import Iterator

import re2

from assay.shell.mentions import host_of, paths_in_text, urls_in_text
from assay.shell.powershell import look_into_powershell
from assay.shell.protocol import Shell
from assay.shell.textflow import decode_base64, decode_hex
from assay.shell.value import UNKNOWN, Value

_MAX_CODE = 64 * 1024
_STRING = re2.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`""")
_SPAWN = re2.compile(
    r"(?:getattr\s*\(\s*(?:os|subprocess|__import__)|globals\(\)\s*\[|__builtins__)|\b(?:os\.(?:system|popen|exec[lv]p?e?|spawn[lv]p?e?)|subprocess\.\w+|pty\.spawn|commands\.getoutput|child_process|execSync|execFile|spawnSync"
    r"|spawn|system|exec|popen|passthru|shell_exec|proc_open|pcntl_exec|Open3\.\w+|IO\.popen|Kernel\.\w+|ProcessBuilder|Runtime|run|pipeline|do shell script"
    r"|qx|shell|call-process|shell-command|io\.popen|os\.execute)\b"
)
_SHELL_NAME = re2.compile(
    r"""['"`(\s](?:/usr)?(?:/bin/)?(?:ba|z|da|k)?sh(?:\s+-i)?['"`)\s]|cmd\.exe|powershell"""
)
_SOCKET = re2.compile(
    r"\b(?:socket|connect|fsockopen|stream_socket_client|TCPSocket|TCPServer|IO::Socket|Net::Socket|net\.connect|createConnection|createServer|net\.Socket"
    r"|net\.Dial\w*|Sockets|sockaddr_in|socket_create|inet_aton|luasocket|Net::Telnet|listen|bind)\b"
)
_LISTEN = re2.compile(r"\b(?:\.listen\s*\(|\.bind\s*\(|createServer|TCPServer|SOMAXCONN|listen\s*\()")
_SEND = re2.compile(
    r"\b(?:urlopen|urlretrieve|requests\.(?:post|put|patch|request)|http\.request|https\.request|axios|fetch\s*\(|Net::HTTP|curl_exec|file_get_contents|HTTP::\w+"
    r"|LWP|httpx|aiohttp|http\.client|\.send\s*\(|sendall|smtplib|ftplib|open-uri|XMLHttpRequest|WebClient|http\.post|URI\.open|net/http)"
)
_FETCH = re2.compile(
    r"\b(?:urlopen|urlretrieve|requests\.get|http\.get|https\.get|fetch\s*\(|file_get_contents|LWP|open-uri|URI\.open|httpx\.get|HTTP\.get|get\s*\(|curl_init|Net::HTTP)"
)
_EVAL = re2.compile(
    r"\b(?:eval|exec|compile|execfile|loadstring|instance_eval|class_eval|Function|vm\.run\w*|assert|create_function|__import__|marshal\.loads|load|include)\b\s*[\(\s$]"
)
_DECODE = re2.compile(
    r"(?i)\b(?:b(?:ase)?64_?decode\w*|decode64|decode_base64|standard_b64decode|urlsafe_b64decode|b32decode|a85decode|b85decode|unhexlify|fromhex|hex2bin|atob|map\s*\(\s*chr|fromcharcode|rot13|str_rot13|zlib\.decompress|gzinflate|codecs\.decode|unpack|from_?base64\w*|frombase64string|pack)\b|['\"]base64['\"]|['\"]hex['\"]"
)
_ENVIRONMENT = re2.compile(
    r"(?:os\.environ|process\.env|\$ENV|%ENV|ENV\.(?:to_h|each|inspect|map|to_a)|getenv\(\)|\$_ENV|System\.getenv\(\)|ENV\b)\s*([\[.{(]?)\s*['\"]?(\w*)"
)
_REMOVE = re2.compile(
    r"\b(?:rmtree|rm_rf|rm_r|rmSync|rmdirSync|unlink|unlinkSync|os\.remove|os\.rmdir|removedirs|FileUtils\.\w+|File\.delete|deleteRecursive|rimraf|delete-directory|delete-file|file delete|remove)\b"
)
_WRITE = re2.compile(
    r"""\b(?:writeFile\w*|appendFile\w*|createWriteStream|file_put_contents|write_text|write_bytes|File\.write|IO\.write|copyfile|copy2?|symlink|rename|os\.chmod|chmod)\b|,\s*(?:mode\s*=\s*)?['"](?:w|a|x|wb|ab|w\+|a\+|r\+)['"]|['"]\s*>{1,2}"""
)
_BLOB = re2.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_HOST = re2.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")
# A name given to what opens a connection.
_PEER = re2.compile(
    r"""(?:connect\w*|SMTP(?:_SSL)?|FTP(?:_TLS)?|HTTPS?Connection|TCPSocket\.(?:open|new)|Telnet|Dial\w*\(['"]\w+|createConnection|fsockopen|SSHClient\(\)\.connect)\s*[(,]+\s*['"]?(?:\d+,\s*)?['"]([A-Za-z0-9][\w-]*(?:\.[\w-]+)+)"""
)
_PRINTS = re2.compile(r"\b(?:print\w*|puts|echo|log|write|p|pp|inspect|dump|say|cat|display)\b")
_HOME = re2.compile(r"\bhome\(\)|expanduser|homedir\(\)|\bHOME\b|USERPROFILE|Dir\.home|user_home")
# Files opened for writing, where the code says so plainly.
_OPENED = re2.compile(
    r"""(?:\bopen\(\s*['"]([^'"]+)['"]\s*,\s*(?:mode\s*=\s*)?['"][wax]|(?:writeFile|appendFile|createWriteStream|file_put_contents|File\.write|IO\.write)\w*\(?\s*['"]([^'"]+)['"]|Path\(\s*['"]([^'"]+)['"]\s*\)\.write_)"""
)
_MEMORY = re2.compile(r"/proc/(?:self|\d+|\$\w+)/(?:mem|environ|maps)|ptrace")


def look_into(code: str, language: str, label: str, shell: Shell) -> None:
    """Record what a piece of code names and does, as far as its tokens show it."""
    code = code[:_MAX_CODE]
    if language == "vim":
        _vim(code, shell)
        return
    if language in ("powershell", "cmd"):
        look_into_powershell(code, language, shell)
        return
    strings = list(_strings(code))
    if language == "applescript":
        _applescript(code, label, shell)
    _commands(code, strings, label, shell)
    _network(code, label, shell)
    _files(code, strings, shell)
    _environment(code, shell)
    _encodings(code, strings, language, label, shell)


def decodes(code: str) -> bool:
    """Whether a piece of code undoes an encoding."""
    return _DECODE.search(code) is not None


def _strings(code: str) -> Iterator[str]:
    for match in _STRING.finditer(code):
        text = match.group(1) or match.group(2) or match.group(3)
        if text:
            yield text.replace("\\'", "'").replace('\\"', '"').replace("\\n", "\n")


def _commands(code: str, strings: list[str], label: str, shell: Shell) -> None:
    """Strings that a spawning call may be given are followed as shell commands."""
    backticks = label in ("ruby", "perl", "php") and "`" in code
    if not _SPAWN.search(code) and not backticks:
        return
    listed = _argument_lists(code)
    for words in listed:
        shell.script(Value(" ".join("'" + word.replace("'", "'\\''") + "'" for word in words)), label)
    for match in _DIRECT.finditer(code):
        shell.script(Value(match.group(1) or match.group(2)), label)
    for text in strings:
        stripped = text.strip()
        if (
            stripped
            and (" " in stripped or "/" in stripped)
            and not stripped.startswith(("http", "(", "import ", "from "))
        ):
            shell.script(Value(stripped.replace("%s", UNKNOWN)), label)


_DIRECT = re2.compile(
    r"""(?:system|popen|exec\w*|spawn\w*|run|call|check_output|Popen|getoutput|passthru|shell_exec|execute|backtick)\s*\(?\s*\[?\s*(?:'([\w.-]+)'|"([\w.-]+)")\s*[\])]"""
)
_CALLED = re2.compile(r"""\(\s*['"]([\w./-]+)['"]\s*,\s*\[([^\]]*)\]""")
_STORES = re2.compile(
    r"keyring\.get_password|get_frozen_credentials|get_credentials\(|dotenv_values|credentials\.(?:to_h|config|fetch|[a-z_]+!)|SECRET_KEY|APP_KEY|get_secret_value|SecretManager|access_secret_version|client\.secrets"
)
_LIST = re2.compile(r"""[\[(]\s*((?:'[^']*'|"[^"]*")(?:\s*,\s*(?:'[^']*'|"[^"]*"))+)""")
_ITEM = re2.compile(r"""'([^']*)'|"([^"]*)\"""")


def _argument_lists(code: str) -> list[list[str]]:
    """`['rm', '-rf', '/x']` and `("rm", "-rf")` as commands."""
    found = []
    for match in _LIST.finditer(code):
        items = [a or b for a, b in _ITEM.findall(match.group(1))]
        if (
            items
            and items[0]
            and items[0].replace("/", "").replace("-", "").replace("_", "").replace(".", "").isalnum()
        ):
            found.append(items)
    for match in _CALLED.finditer(code):
        items = [a or b for a, b in _ITEM.findall(match.group(2))]
        if items and items[0] != match.group(1):
            found.append([match.group(1), *items])
    return found[:10]


def _network(code: str, label: str, shell: Shell) -> None:
    backticks = label in ("ruby", "perl", "php") and "`" in code
    socket, spawns = _SOCKET.search(code) is not None, backticks or _SPAWN.search(code) is not None
    hosts = [match.group(0) for match in _HOST.finditer(code)]
    hosts.extend(match.group(1) for match in _PEER.finditer(code) if match.group(1) not in hosts)
    urls = list(urls_in_text(code))
    sends = _SEND.search(code) is not None
    for url in urls:
        if sends or _FETCH.search(code) or socket:
            shell.emit(
                "net.connect", host_of(url), "download", *(("upload",) if _posts(code) else ()), detail=url
            )
    if socket and (spawns or "dup2" in code or _SHELL_NAME.search(code) or "exec" in code or "STDIN" in code):
        bind = _LISTEN.search(code) is not None and not hosts
        shell.emit(
            "shell.reverse",
            hosts[0] if hosts else "",
            *(("bind",) if bind else ()),
            detail=f"a socket joined to a process, in {label}",
        )
    if socket or (hosts and sends):
        if _LISTEN.search(code) and not hosts:
            shell.emit("net.listen", "", detail=label)
        for host in hosts:
            shell.emit("net.connect", host, "socket", "upload", detail=host)
    if (sends or socket) and (urls or hosts):
        _sent(code, [*(host_of(url) for url in urls), *hosts], shell)
    if urls and _EVAL.search(code) and (_FETCH.search(code) or sends):
        shell.emit("code.remote", label, detail=urls[0])


def _posts(code: str) -> bool:
    return any(
        word in code
        for word in (
            "post",
            "POST",
            "put(",
            "data=",
            ".send(",
            "sendall",
            "request(",
            "pipe(",
            "body",
            "sendmail",
            "storbinary",
            "send_message",
        )
    )


def _sent(code: str, hosts: list[str], shell: Shell) -> None:
    paths = [path for path in paths_in_text(code) if not path.startswith(("/dev/", "//"))]
    paths = [path for path in paths if f"/{path}" not in code or not path.startswith("/")]
    environment = _whole_environment(code)
    posts = _posts(code)
    for host in hosts:
        if environment:
            shell.emit("data.send", host, detail="env:*")
        for path in paths:
            if posts and "://" + host + path not in code:
                shell.emit("data.send", host, detail=f"file:{shell.path(path)}")


def _whole_environment(code: str) -> bool:
    return any(_is_whole(match.group(1), match.group(2)) for match in _ENVIRONMENT.finditer(code))


def _is_whole(mark: str, name: str) -> bool:
    if not mark or mark == "(":
        return True
    return mark == "." and name in ("items", "values", "copy", "keys", "to_h", "each", "map", "inspect")


def _environment(code: str, shell: Shell) -> None:
    prints = _PRINTS.search(code) is not None or code.strip().startswith("process.env")
    if prints and _STORES.search(code):
        shell.emit("secret.read", "stored credentials", detail=code[:200])
    for match in _ENVIRONMENT.finditer(code):
        if code[: match.start()].rstrip().endswith(" in"):
            continue  # only whether a name is set
        if _is_whole(match.group(1), match.group(2)):
            shell.emit("env.expose", "*", detail=code[:200])
        elif match.group(2) not in ("", "get"):
            shell.emit("env.expose" if prints else "env.read", match.group(2))


def _files(code: str, strings: list[str], shell: Shell) -> None:
    removes, writes = _REMOVE.search(code), _WRITE.search(code)
    expanded = code.replace("os.path.expanduser(", "").replace("Path.home()/", "~/")
    named = dict.fromkeys([*paths_in_text(expanded), *(text for text in strings if _bare_file(text))])
    if _HOME.search(code):
        named |= dict.fromkeys(
            "~/" + text.lstrip("/") for text in strings if _bare_file(text) and text[0] != "~"
        )
    for match in _OPENED.finditer(code):
        shell.emit("file.write", shell.path(match.group(1) or match.group(2) or match.group(3)), "code")
    for path in named:
        if removes:
            shell.emit("file.delete", shell.path(path), "recursive", "code")
        if writes:
            shell.emit("file.write", shell.path(path), "code", "mention")
        shell.read(path, "mention", "code")
    if _MEMORY.search(code):
        shell.emit("system.inspect", "another process's memory", detail=code[:200])


def _bare_file(text: str) -> bool:
    return (
        1 < len(text) < 200
        and not set(text) & set(" \n\t;|&<>(){}$*'\"")
        and (text[0] in ".~/" or "." in text)
        and "://" not in text
    )


def _encodings(code: str, strings: list[str], language: str, label: str, shell: Shell) -> None:
    decodes = _DECODE.search(code) is not None
    if not decodes and "chr(" not in code and "\\x" not in code and "fromCharCode" not in code:
        return
    runs = _EVAL.search(code) is not None or _SPAWN.search(code) is not None
    if decodes and runs:
        shell.emit("code.decoded", label, "run", detail="decoded and run")
    elif runs and code.count("chr(") + code.count("\\x") > 8:
        shell.emit("code.decoded", label, "run", detail="built from character codes and run")
    elif decodes and any(_BLOB.fullmatch(text) for text in strings):
        shell.emit("code.decoded", label, "printed", detail="a text given in an encoding is decoded")
    elif decodes and UNKNOWN in code:
        shell.emit("code.decoded", label, "printed", detail="a computed text is decoded")
    for text in strings:
        if len(text) >= 16 and _BLOB.fullmatch(text):
            plain = decode_base64(text) or decode_hex(text)
            if plain and UNKNOWN not in plain and plain.isprintable():
                look_into(plain, language, label, shell)


def _applescript(code: str, label: str, shell: Shell) -> None:
    lowered = code.lower()
    if "login item" in lowered:
        shell.emit("persist.schedule", "a login item", detail=code[:200])
    if "hidden answer" in lowered or "keystroke" in lowered:
        shell.emit("system.capture", "what the user types", detail=f"{label}: {code[:200]}")


def _vim(code: str, shell: Shell) -> None:
    for line in code.replace("|", "\n").split("\n"):
        line = line.strip().lstrip(":% ")
        if line.startswith("!"):
            shell.script(Value(line[1:]), "vim")
        elif line.startswith(("r !", "w !", "r!", "w!!")):
            shell.script(Value(line.partition("!")[2]), "vim")
        elif line.startswith(("py ", "py3 ", "python ", "python3 ")):
            look_into(line.partition(" ")[2].lstrip(":"), "python", "vim", shell)
        elif line.startswith(("lua ", "perl ", "ruby ")):
            look_into(line.partition(" ")[2], line.partition(" ")[0], "vim", shell)
        elif line.startswith(("e ", "r ", "edit ", "read ", "tabe ", "sp ", "vs ", "so ", "source ")):
            shell.read(line.partition(" ")[2].strip(), "edited")
        elif line.startswith(("w ", "write ", "w! ", "sav ")):
            shell.write(line.partition(" ")[2].strip(), Value(UNKNOWN))
        elif "system(" in line or "shell" in line:
            for text in _strings(line):
                shell.script(Value(text), "vim")
