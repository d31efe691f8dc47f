"""Which kind of tool a name is, over the names that different agents give the same thing."""

from __future__ import annotations

SHELL = frozenset(
    ["bash", "shell", "sh", "run_shell_command", "run_terminal_cmd", "run_terminal_command", "local_shell", "execute_command", "run_in_terminal", "exec_command", "shell_command", "container.exec", "terminal", "run_command", "execute_bash", "developer__shell", "command", "unified_exec", "write_stdin"]
)  # fmt: skip
POWERSHELL = frozenset({"powershell", "pwsh", "run_powershell"})
READ = frozenset(
    ["read", "read_file", "readfile", "view", "view_file", "notebookread", "read_many_files", "open_file", "cat_file", "fs_read", "get_file_contents", "read_text_file", "read_media_file", "read_multiple_files", "grep", "glob", "ls", "list_directory", "list_dir", "search_file_content", "search_files", "grep_search", "file_search", "directory_tree", "view_image"]
)  # fmt: skip
WRITE = frozenset(
    ["write", "write_file", "writefile", "create", "create_file", "edit", "multiedit", "edit_file", "editfile", "replace", "str_replace", "insert", "notebookedit", "apply_patch", "applypatch", "search_replace", "str_replace_editor", "str_replace_based_edit_tool", "fs_write", "save_file", "update_file", "patch", "move_file", "rename_file", "create_directory"]
)  # fmt: skip
DELETE = frozenset({"delete_file", "delete", "remove_file", "deletefile", "rm_file"})
FETCH = frozenset(
    ["webfetch", "web_fetch", "fetch", "fetch_url", "browser_navigate", "navigate", "open_url", "http_request", "url_fetch", "browse", "read_url", "puppeteer_navigate", "playwright_navigate", "goto"]
)  # fmt: skip
SEARCH = frozenset({"websearch", "web_search", "google_web_search", "search_web"})
INTERNAL = frozenset(
    ["task", "agent", "todowrite", "todoread", "todo_write", "write_todos", "exitplanmode", "enterplanmode", "askuserquestion", "slashcommand", "skill", "bashoutput", "killshell", "killbash", "taskoutput", "update_plan", "save_memory", "think", "report_intent", "toolsearch", "structuredoutput", "taskcreate", "taskupdate", "tasklist", "taskget", "read_bash", "stop_bash", "wait", "listmcpresources", "update_topic", "invoke_agent", "activate_skill", "enter_plan_mode", "exit_plan_mode", "list_background_processes", "read_background_output", "request_user_input", "get_goal", "create_goal", "update_goal", "multi_agent_v1", "readmcpresource"]
)  # fmt: skip
PATH_KEYS = (
    "file_path",
    "path",
    "absolute_path",
    "filename",
    "target_file",
    "notebook_path",
    "filePath",
    "file",
    "dir_path",
    "directory",
    "source",
    "destination",
    "uri",
)
PATH_LIST_KEYS = ("paths", "files", "file_paths", "include")
COMMAND_KEYS = ("command", "cmd", "script", "code", "input", "commands", "chars")
URL_KEYS = ("url", "uri", "href", "endpoint", "link", "address")
SQL_KEYS = ("sql", "query", "statement", "queries")

_READING_WORDS = frozenset(
    ["get", "list", "read", "search", "fetch", "find", "describe", "show", "view", "query", "select", "lookup", "check", "count", "status", "explain", "head", "export", "download", "resolve", "browse", "ls", "cat", "stat", "tree", "inspect", "watch", "navigate", "goto", "visit", "screenshot", "snapshot", "hover", "scroll", "wait", "think", "plan", "analyze", "analyse", "summarize", "summarise", "translate", "convert", "format", "validate", "lint", "preview", "log", "logs", "monitor", "compare", "diff", "parse", "extract", "calculate", "compute", "render", "retrieve", "open_url", "whoami", "ping", "verify", "tail"]
)  # fmt: skip
_WRITING_WORDS = frozenset(
    ["create", "update", "write", "add", "post", "send", "put", "set", "edit", "insert", "upload", "push", "comment", "reply", "assign", "label", "open", "close", "reopen", "submit", "move", "rename", "copy", "start", "stop", "invite", "subscribe", "fork", "star", "save", "store", "append", "click", "fill", "type", "select_option", "press", "evaluate", "request"]
)  # fmt: skip
_GRAVE_WORDS = frozenset(
    ["delete", "remove", "drop", "destroy", "merge", "publish", "deploy", "release", "transfer", "pay", "refund", "charge", "purchase", "buy", "order", "wire", "withdraw", "execute", "run", "exec", "invoke", "apply", "terminate", "revoke", "grant", "approve", "rollback", "promote", "truncate", "purge", "reset", "disable", "enable", "archive", "cancel", "rotate", "migrate", "restore", "shutdown", "reboot", "scale", "sell", "trade"]
)  # fmt: skip
_MONEY_WORDS = frozenset(
    ["transfer", "pay", "refund", "charge", "purchase", "buy", "wire", "withdraw", "payout", "payment", "payments", "sell", "trade", "order"]
)  # fmt: skip


def words_of(name: str) -> tuple[str, ...]:
    """The words of a tool's name: `createPullRequest` and `create_pull_request` are the same."""
    spaced = "".join(f"_{char.lower()}" if char.isupper() else char for char in name)
    return tuple(
        word for word in spaced.replace("-", "_").replace(".", "_").replace("/", "_").split("_") if word
    )


def weight_of(name: str) -> frozenset[str]:
    """What a tool's name says of itself: `reads`, `writes`, `grave` (hard to undo), `money`; nothing if no word is known."""
    words = words_of(name)
    kinds = set()
    for word in words:
        if word in _GRAVE_WORDS:
            kinds.add("grave")
        if word in _MONEY_WORDS:
            kinds |= {"money", "grave"}
    first = next(
        (word for word in words if word in _READING_WORDS or word in _WRITING_WORDS or word in _GRAVE_WORDS),
        "",
    )
    if first in _READING_WORDS:
        return frozenset({"reads"})
    if first in _WRITING_WORDS:
        kinds.add("writes")
    return frozenset(kinds)


def split_mcp(name: str) -> tuple[str, str] | None:
    """(server, tool) for `mcp__server__tool`, `MCP:server:tool`, `MCP:tool` and `mcp_server_tool`; None for other tools."""
    if name.startswith("mcp__"):
        server, _, tool = name[5:].partition("__")
        return server, tool or server
    if name.lower().startswith("mcp:"):
        server, colon, tool = name[4:].partition(":")
        return (server, tool) if colon else ("", server)
    if name.startswith("mcp_") and name.count("_") >= 2:
        _, server, tool = name.split("_", 2)
        return server, tool
    return None
