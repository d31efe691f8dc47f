"""Database clients and migrations: which statements they run, on which database."""

from __future__ import annotations

import re2

from assay.shell.mentions import host_of, paths_in_text
from assay.shell.options import Options, parse
from assay.shell.protocol import Handler, Shell
from assay.shell.value import UNKNOWN, Command, Value, Word

_DESTRUCTIVE = re2.compile(
    r"(?i)\b(?:drop|truncate|shutdown|flushall|flushdb|dropdatabase|grant|revoke|alter\s+(?:user|role|system))\b|\.drop\w*\(|\.remove\(|deletemany\(|deleteone\(|\bdelete\s+from\b|^\s*delete\b|\bvacuum\s+full\b"
)
_CHANGE = re2.compile(
    r"(?i)\b(?:insert|update|merge|replace|create|alter|rename|copy|load|call|set|config|eval|del|migrate|reindex|lock)\b|insert(?:one|many)|update(?:one|many)"
)
_FILES = re2.compile(
    r"(?i)pg_read_file|pg_read_binary_file|pg_ls_dir|load_file\s*\(|into\s+(?:outfile|dumpfile)|copy\s+.{0,200}(?:from|to)\s+(?:program|')|lo_import|lo_export|xp_cmdshell|sys_exec|utl_file|readfile\s*\(|writefile\s*\(|load_extension|attach\s+database|system\s*\(|\\!|^\.(?:shell|system)"
)
_LIMITED = re2.compile(r"(?i)\bwhere\b")
_EVERY = re2.compile(r"(?i)\bwhere\s+(?:true|1\s*=\s*1|1)\s*;?\s*$")
_PRODUCTION = re2.compile(r"(?i)(?:^|[^a-z])(?:prod|production|prd|live)(?:[^a-z]|$)")
_SQL = "-c --command -e --execute -f --file -h --host -U --username -u --user -p --port -P -d --dbname -D --database -o --output -S --sql -Q -q -i --eval --query -A -W"


def statement_kind(sql: str) -> tuple[str, tuple[str, ...]]:
    """What a statement does: ("read"|"change"|"destroy"|"files", flags)."""
    bare = _EVERY.sub("", _without_strings(sql))
    if _FILES.search(sql):
        return "files", ("destructive",)
    chosen = _LIMITED.search(bare) is not None and bare.lower().lstrip(" ;(").startswith("delete from")
    if chosen and not _DESTRUCTIVE.search(bare.lower().replace("delete from", "", 1)):
        return "change", ()
    if _DESTRUCTIVE.search(bare):
        return "destroy", ("destructive",)
    if _CHANGE.search(bare):
        return "change", () if _LIMITED.search(bare) or "update" not in bare.lower() else ("destructive",)
    return "read", ()


def _without_strings(sql: str) -> str:
    return "".join(piece for index, piece in enumerate(sql.split("'")) if index % 2 == 0)


def _client(command: Command, shell: Shell) -> Value:
    name = command.name.text.rpartition("/")[2]
    options = parse(command.args, _SQL)
    named = " ".join(taint for word in command.args for taint in word.taints if taint.startswith("env:"))
    production = ("production",) if _PRODUCTION.search(f"{command.line} {named}") else ()
    production = (*production, *_elsewhere(options, command))
    statements = options.all("-c", "--command", "-e", "--execute", "--eval", "-Q", "-q", "--query", "-S")
    if name in (
        "sqlite3",
        "duckdb",
        "redis-cli",
        "valkey-cli",
        "bq",
        "clickhouse-client",
        "cqlsh",
        "influx",
        "mongo",
        "mongosh",
        "usql",
        "litecli",
    ):
        statements = [*statements, *options.operands[(0 if "redis" in name or "valkey" in name else 1) :]]
    if name in ("redis-cli", "valkey-cli") and statements:
        statements = [Word(" ".join(word.text for word in statements))]
    if command.stdin is not None:
        statements = [*statements, Word(command.stdin.text, command.stdin.taints)]
    for word in options.all("-f", "--file", "-i"):
        shell.read(word)
        shell.emit("database.change", "statements of a file", *production, detail=command.line)
    for word in statements:
        _statement(word, name, production, command, shell)
    if production and not statements:
        shell.emit("database.read", "a prompt", *production, detail=command.line)
    return Value(UNKNOWN, frozenset({"output:database"}))


def _elsewhere(options: Options, command: Command) -> tuple[str, ...]:
    """`elsewhere` for a server that is neither on this machine nor a plain name such as a container's."""
    hosts = [word.text for word in options.all("-h", "--host")]
    hosts += [host_of(word.text) for word in command.args if "://" in word.text]
    away = [host for host in hosts if "." in host and not host.startswith(("127.", "/", "0.0.0.0"))]  # noqa: S104 - compared with
    return ("elsewhere",) if away else ()


def _statement(word: Word, name: str, production: tuple[str, ...], command: Command, shell: Shell) -> None:
    kind, flags = statement_kind(word.text)
    if kind == "change" and not word.known and word.text.lower().startswith(("del", "unlink")):
        flags = ("destructive",)  # whatever a search found
    if word.text.lstrip().startswith((".shell", ".system", "\\!")):
        shell.script(Value(word.text.lstrip().partition(" ")[2]), name)
    if kind == "files":
        shell.emit("database.files", word.text[:200], *production)
        for path in paths_in_text(word.text):
            shell.read(path, "mention")
    elif kind != "read" or (production and not word.known):
        shell.emit("database.change", word.text[:200], *flags, *production, detail=command.line)
    elif production:
        shell.emit("database.read", word.text[:200], *production, detail=command.line)
    for path in paths_in_text(word.text) if name == "sqlite3" else ():
        shell.read(path, "mention")


def _dump(command: Command, shell: Shell) -> Value:
    shell.emit("database.dump", command.line, *(("production",) if _PRODUCTION.search(command.line) else ()))
    options = parse(command.args, "-f --file -r --result-file -h --host -U -d --dbname -o --out")
    for word in options.all("-f", "--file", "-r", "--result-file", "-o", "--out"):
        shell.write(word, Value(UNKNOWN))
    return Value(UNKNOWN, frozenset({"output:database", "dump"}))


def _restore(command: Command, shell: Shell) -> Value:
    shell.emit(
        "database.change",
        command.line,
        "destructive",
        *(("production",) if _PRODUCTION.search(command.line) else ()),
    )
    return Value(UNKNOWN)


def _migration(command: Command, shell: Shell) -> Value:
    words = {word.text for word in command.args if not word.text.startswith("-")}
    losing = words & {
        "clean",
        "dropAll",
        "drop-all",
        "drop",
        "reset",
        "rollback",
        "undo",
        "down",
        "force",
        "down-to",
    }
    production = _PRODUCTION.search(command.line) is not None
    if losing or production:
        shell.emit(
            "database.change",
            command.line,
            *(("destructive",) if losing else ()),
            *(("production",) if production else ()),
        )
    return Value(UNKNOWN)


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(
        [
            "psql",
            "mysql",
            "mariadb",
            "sqlite3",
            "mongo",
            "mongosh",
            "redis-cli",
            "valkey-cli",
            "cqlsh",
            "clickhouse-client",
            "sqlcmd",
            "usql",
            "duckdb",
            "influx",
            "sqlplus",
            "pgcli",
            "mycli",
            "litecli",
            "snowsql",
            "trino",
            "presto",
            "beeline",
            "impala-shell",
        ],
        _client,
    ),
    **dict.fromkeys(("flyway", "liquibase", "dbmate", "goose", "migrate", "atlas"), _migration),
    **dict.fromkeys(["pg_dump", "pg_dumpall", "mysqldump", "mongodump", "mariadb-dump"], _dump),
    **dict.fromkeys(
        ["dropdb", "pg_restore", "mongorestore", "dropuser", "mysqladmin", "createuser"], _restore
    ),
}
