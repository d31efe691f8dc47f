"""A user's Rego policies over what documents declare, decided by their own `opa` (https://www.openpolicyagent.org/docs/cli): JSON in, JSON out.

Input: `{"documents": [{path, platform, kind, name, line, content}]}`, one entry for each thing that `docs/checks.md` lists. A policy of the
package `assay` fills the set `deny` with objects of `path`, `msg`, and if wanted `line`, `id` and `severity`. Policies come from the settings
and may be as hostile as the scanned tree: network functions and the environment are taken from them.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from assay.infrastructure.identify import wants
from assay.infrastructure.node import plain
from assay.infrastructure.project import Documents, read_project
from assay.model.errors import EngineError
from assay.model.finding import Finding
from assay.model.location import Location, Region
from assay.model.rule import Rule
from assay.model.scan import EngineStatus, FileStatus, Notification, ScanType
from assay.scan.engines.external.text import finding
from assay.scan.engines.infrastructure import document_files
from assay.scan.engines.process import Completed, Limits, run, which
from assay.scan.engines.protocol import Canary, Ending, Look, Project, ToolOptions
from assay.scan.target.file import Trait

_FORBIDDEN = frozenset({"http.send", "net.lookup_ip_addr", "opa.runtime"})
_QUERY = "data.assay_canary.all"
_CANARY_FILE = "assay-canary.dockerfile"
_CANARY = f"""package assay_canary

import rego.v1

all := data.assay.deny | deny

deny contains {{"path": d.path, "line": d.line, "msg": "canary", "id": "canary"}} if {{
    some d in input.documents
    d.path == "{_CANARY_FILE}"
}}
"""
_EMPTY = "package assay\n\nimport rego.v1\n\ndeny contains 1 if false\n"
_SECONDS = 120.0


class OpaEngine:
    """The policies of the settings. It holds what `prepare` found out, and nothing of a scan."""

    name = "opa"
    scan_types = frozenset({ScanType.IAC, ScanType.CONTAINERS})
    foreign = True
    install = "https://www.openpolicyagent.org/docs/#1-download-opa"

    def __init__(self) -> None:
        self.version = ""
        self.program = ""
        self.notes: tuple[Notification, ...] = ()
        self._policies: tuple[str, ...] = ()
        self._capabilities = b""

    def rules(self) -> tuple[Rule, ...]:
        """None: policies keep their rules to themselves."""
        return ()

    def canary(self) -> Canary:
        """A document that a policy of ours denies, beside the user's."""
        return Canary(((_CANARY_FILE, b"FROM scratch\n"),), ("opa/canary",))

    def wants(self, uri: str, language: str, traits: frozenset[Trait]) -> bool:  # noqa: ARG002 - the protocol's signature
        """Whether a file of this name could declare something."""
        return wants(uri) and not traits & {Trait.LOCKFILE, Trait.MINIFIED, Trait.VENDORED}

    def prepare(self, options: ToolOptions) -> str:
        """Find the program, its version and what its policies may do. "" when it can be started, else the reason why not."""
        self.program = which("opa") or ""
        if not self.program:
            return "opa is not on PATH"
        if not options.files:
            return "missing configuration: policies ([tools.opa] config)"
        self._policies = options.files
        try:
            version = run([self.program, "version"], limits=Limits(30.0, 1 << 16)).stdout
            current = run([self.program, "capabilities", "--current"], limits=Limits(30.0, 1 << 22)).stdout
            self._capabilities = _restricted(json.loads(current))
        except (EngineError, ValueError, KeyError, TypeError) as error:
            return f"opa does not say what it can do: {type(error).__name__}"
        self.version = version.split(b"\n")[0].rpartition(b" ")[2].decode("ascii", "replace")
        return ""

    def look_at_project(self, project: Project) -> Iterator[Look | Ending]:
        """Read the documents, ask once, and yield what the policies deny in each file."""
        if not self.program:
            yield Ending(EngineStatus.MISSING, "opa is not on PATH")
            return
        files, unread = document_files(self.name, project, project.files())
        yield from unread
        documents = read_project([*files, *self.canary().files])
        try:
            done = self._ask(documents, min(_SECONDS, project.seconds * 0.9))
            found, lost = _findings(json.loads(done.stdout or b"null"), documents.texts)
        except (EngineError, ValueError, KeyError, TypeError, IndexError) as error:
            yield Ending(EngineStatus.FAILED, f"its output is not what it documents: {type(error).__name__}")
            return
        if done.ended != "exited" or done.returncode != 0:
            status = EngineStatus.TIMED_OUT if done.ended == "timed-out" else EngineStatus.FAILED
            yield Ending(status, _reason(done))
            return
        if not found.get(_CANARY_FILE):
            yield Ending(EngineStatus.BROKEN, "ran, but did not find its canary (opa/canary)")
            return
        notes = (
            (Notification("warning", f"{lost} entries name no file of the scan", self.name),) if lost else ()
        )
        for reading in documents.readings:
            if reading.uri == _CANARY_FILE and _CANARY_FILE not in dict(files):
                continue
            yield Look(reading.uri, tuple(found.get(reading.uri, ())), FileStatus.SCANNED, "", notes)
            notes = ()

    def _ask(self, documents: Documents, seconds: float) -> Completed:
        asked = json.dumps({"documents": list(_entries(documents))}).encode("utf-8", "replace")
        with tempfile.TemporaryDirectory(prefix="assay-opa-") as place:
            own = {
                "capabilities.json": self._capabilities,
                "canary.rego": _CANARY.encode(),
                "empty.rego": _EMPTY.encode(),
            }
            for name, content in own.items():
                Path(place, name).write_bytes(content)
            data = [f"--data={Path(place, name)}" for name in ("canary.rego", "empty.rego")]
            data += [f"--data={policy}" for policy in self._policies]
            argv = [
                self.program, "eval", "--format=json", "--stdin-input",
                f"--capabilities={Path(place, 'capabilities.json')}", f"--timeout={int(seconds)}s", *data, _QUERY,
            ]  # fmt: skip
            return run(argv, cwd=place, stdin=asked, limits=Limits(seconds, 64_000_000))


def _restricted(capabilities: dict[str, Any]) -> bytes:
    kept = [each for each in capabilities["builtins"] if each["name"] not in _FORBIDDEN]
    return json.dumps({**capabilities, "builtins": kept, "allow_net": []}).encode()


def _entries(documents: Documents) -> Iterator[dict[str, object]]:
    for reading in documents.readings:
        for unit in reading.units:
            yield {
                "path": unit.uri,
                "platform": unit.platform,
                "kind": unit.kind,
                "name": unit.name,
                "line": unit.head.start_line,
                "content": plain(unit.node),
            }


def _findings(document: Any, texts: Mapping[str, str]) -> tuple[dict[str, list[Finding]], int]:
    """Findings by file, and how many entries name no file of the scan.

    Raises:
        KeyError: the output lacks what `opa eval` promises.
    """
    found: dict[str, list[Finding]] = {}
    lost = 0
    for entry in document["result"][0]["expressions"][0]["value"] if document else ():
        uri = str(entry.get("path", "")) if isinstance(entry, dict) else ""
        if uri not in texts:
            lost += 1
            continue
        last = texts[uri].count("\n") + 1
        line = min(max(1, int(entry.get("line", 1))), last)
        text = str(entry.get("msg", "denied by a policy"))
        where = Location(uri, Region(line, 1, line, 2))
        native = str(entry.get("id", "deny"))
        found.setdefault(uri, []).append(
            finding("opa", native, native, text, str(entry.get("severity", "medium")), where)
        )
    return found, lost


def _reason(done: Completed) -> str:
    lines = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
    return done.ended if done.ended != "exited" else f"exit code {done.returncode}: {' '.join(lines)[:300]}"


def engine(_own_rules: tuple[Rule, ...] = ()) -> OpaEngine:
    """The engine of this program."""
    return OpaEngine()
