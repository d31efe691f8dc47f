"""What is measured in `bench.code`, all in the same way: a command over a folder, and of its report file, line, weakness and severity."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from bench.measure import Run, assay, run


class Result(NamedTuple):
    """One result of a tool. `grave`: high or medium, the levels that count as noise on clean code."""

    path: str
    line: int
    cwe: frozenset[int]
    rule: str
    grave: bool


class Tool(NamedTuple):
    """A tool by its command. `rules`: Semgrep's folder of rules."""

    name: str
    version: str
    program: str = ""
    rules: str = ""

    def results(self, folder: Path) -> tuple[list[Result], Run]:
        """What the tool says of a folder, and what that cost."""
        if self.name == "assay":
            flags = ("--type", "sast", "--no-cache", "--jobs", "1", "--format", "json", "--fail-on", "none")
            done = run(assay("scan", str(folder), *flags))
            return _assay(done.stdout), done
        if self.name == "bandit":
            done = run([self.program, "-r", "-q", "-f", "json", str(folder)])
            return _bandit(done.stdout, folder), done
        done = run(
            [
                self.program,
                "scan",
                "--config",
                self.rules,
                "--json",
                "--metrics=off",
                "--quiet",
                "--jobs",
                "1",
                str(folder),
            ]
        )
        return _semgrep(done.stdout, folder), done


def tools(peers: Path | None, rules: Path | None) -> tuple[list[Tool], list[tuple[str, str]]]:
    """What can be measured here, and what is missing with the reason."""
    found = [Tool("assay", "")]
    missing = []
    for name in ("bandit", "semgrep"):
        program = str(peers / name) if peers is not None else shutil.which(name) or ""
        if not program or not Path(program).exists():
            missing.append((name, "not installed: PEERS names the folder of its program"))
        elif name == "semgrep" and rules is None:
            missing.append(
                (name, "installed, but its public rules are in no package: RULES names a folder of them")
            )
        else:
            text = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
            version = re.search(r"\d+\.\d+\.\d+", text)
            found.append(Tool(name, version.group() if version else "", program, str(rules or "")))
    return found, missing


def _assay(report: bytes) -> list[Result]:
    found = []
    for entry in json.loads(report)["result"]["findings"]:
        one = entry["triaged"]["finding"]
        place = one["location"]
        cwe = frozenset(int(name[4:]) for name in one["cwe"])
        grave = one["severity"] in ("critical", "high", "medium")
        found.append(Result(place["uri"], place["region"]["start_line"], cwe, one["rule_id"], grave))
    return found


def _bandit(report: bytes, folder: Path) -> list[Result]:
    found = []
    for one in json.loads(report)["results"]:
        cwe = frozenset((int(one["issue_cwe"]["id"]),)) if one.get("issue_cwe") else frozenset[int]()
        path = Path(one["filename"]).relative_to(folder).as_posix()
        found.append(Result(path, one["line_number"], cwe, one["test_id"], one["issue_severity"] != "LOW"))
    return found


def _semgrep(report: bytes, folder: Path) -> list[Result]:
    found = []
    for one in json.loads(report)["results"]:
        names = one["extra"].get("metadata", {}).get("cwe", [])
        cwe = frozenset(
            int(n)
            for name in ([names] if isinstance(names, str) else names)
            for n in re.findall(r"CWE-(\d+)", name)
        )
        path = Path(one["path"]).resolve().relative_to(folder.resolve()).as_posix()
        found.append(
            Result(
                path,
                one["start"]["line"],
                cwe,
                one["check_id"],
                one["extra"]["severity"] in ("ERROR", "WARNING"),
            )
        )
    return found


if __name__ == "__main__":
    sys.exit("a part of bench.code")
