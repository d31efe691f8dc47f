"""`assay scan`: the flags, the settings, the pipeline, the reports, the exit code."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from assay.entrypoints.cli.progress import progress
from assay.model.errors import ConfigError, GitError, UsageError
from assay.model.scan import GatePolicy, Phase, ScanMode, ScanRequest, ScanResult, ScanType
from assay.settings import (
    Settings,
    cache_folder,
    gate_policy,
    gate_threshold,
    load,
    severity_threshold,
)

if TYPE_CHECKING:
    from assay.report.write import Output
    from assay.scan.plan import Plan
    from assay.scan.triage.merge import Merged

_TYPES = ", ".join(scan_type.value for scan_type in ScanType)
_ALIASES = {"sca": "vulnerabilities", "licenses": "licences", "infrastructure": "iac", "all": "full"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    what = parser.add_argument_group("what is looked at")
    what.add_argument("path", nargs="*", help="files and folders (default: the current folder)")
    what.add_argument(
        "--files-from",
        metavar="FILE",
        help="read paths from FILE, one a line or NUL-separated; - is standard input",
    )
    what.add_argument("--type", metavar="T[,T]", help=f"scan types: {_TYPES} (default: full)")
    what.add_argument(
        "--mode",
        choices=["standard", "diff", "staged"],
        help="everything, what changed since --base, or the git index",
    )
    what.add_argument(
        "--base", metavar="REF", default="", help="tell new findings from those that REF already had"
    )
    what.add_argument("--history", action="store_true", help="every blob of every git ref, once (secrets)")
    what.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="PATTERN",
        help="leave out, in gitignore syntax; may be repeated",
    )
    who = parser.add_argument_group("by whom")
    who.add_argument("--engines", metavar="E[,E]", help="only these engines")
    who.add_argument("--require", metavar="E[,E]", help="the scan is incomplete unless these looked")
    who.add_argument("--optional", metavar="E[,E]", help="the verdict does not depend on these")
    who.add_argument(
        "--external",
        action="store_true",
        help="also run the programs of others that are installed (see `assay doctor`) and merge what they find",
    )
    who.add_argument(
        "--import",
        dest="imports",
        action="append",
        default=[],
        metavar="FILE",
        help="take over the findings of a SARIF, CycloneDX (also VEX) or GitLab report; may be repeated",
    )
    who.add_argument(
        "--offline", action="store_true", help="never ask the network (the default; overrides the settings)"
    )
    who.add_argument(
        "--verify-secrets",
        action="store_true",
        help="ask the issuer of each secret found whether it still works: one harmless request each, over the network",
    )
    who.add_argument(
        "--verify-endpoint",
        action="append",
        default=[],
        metavar="RULE=URL",
        help="ask about secrets of this rule at this address (a self-hosted issuer); may be repeated",
    )
    who.add_argument(
        "--jobs", type=int, default=0, metavar="N", help="processes (default: one for each processor)"
    )
    who.add_argument("--no-cache", action="store_true", help="neither use nor keep results of earlier scans")
    who.add_argument(
        "--config",
        metavar="FILE",
        default="",
        help="settings (default: assay.toml, or [tool.assay] in pyproject.toml)",
    )
    result = parser.add_argument_group("what comes out")
    result.add_argument(
        "--severity", metavar="S", help="least severity that is reported: critical, high, medium, low, all"
    )
    result.add_argument(
        "--hygiene",
        action="store_true",
        help="also report what is merely good style (rules of the hygiene profile)",
    )
    result.add_argument("--fail-on", metavar="S", help="least severity that blocks, or none (default: high)")
    result.add_argument(
        "--new-only",
        action=argparse.BooleanOptionalAction,
        help="only new findings block (default where git tells what is new: --base, --mode diff, --mode staged)",
    )
    result.add_argument(
        "--format", default="terminal", metavar="FORMAT", help="what is printed: terminal, json, sarif, ..."
    )
    result.add_argument(
        "--output",
        action="append",
        default=[],
        metavar="FORMAT=PATH",
        help="also write a report; may be repeated",
    )
    result.add_argument("--no-context", action="store_true", help="order by severity and confidence alone")
    result.add_argument("--explain", action="store_true", help="show the arithmetic behind each priority")
    result.add_argument(
        "--explain-merge",
        action="store_true",
        help="show what became of every raw result of every engine: which finding it is part of, or why it was dropped",
    )
    result.add_argument("--quiet", action="store_true", help="print nothing but errors")
    result.add_argument("--trace", action="store_true", help="show the phases with their times")
    result.add_argument("--plan", action="store_true", help="print what would be done and stop")


def run(args: argparse.Namespace) -> int:
    """Scan, report, and return the verdict's exit code."""
    from assay.report.registry import check
    from assay.report.write import parse_outputs
    from assay.scan.plan import describe

    check(args.format)
    task = _prepare(args)
    outputs = parse_outputs([*task.settings.values.report.output, *args.output])
    if args.plan:
        sys.stdout.write(describe(task.plan))
        return 0
    if args.trace:
        sys.stderr.write(describe(task.plan))
    merged: list[Merged] = []
    result = _carry_out(args, task, merged.append)
    _report(args, result, outputs)
    if args.explain_merge:
        _explain_merge(args, task, merged)
    return result.verdict.exit_code


def scan_only(args: argparse.Namespace) -> ScanResult:
    """The result of a scan with these flags, for commands that build on one."""
    return _carry_out(args, _prepare(args))


def root_of(args: argparse.Namespace) -> Path:
    """The root that a scan with these flags has."""
    return _root(_paths(args))


@dataclass(frozen=True, slots=True)
class _Task:
    """What is to be done, before any file is opened."""

    plan: Plan
    policy: GatePolicy
    settings: Settings


def _prepare(args: argparse.Namespace) -> _Task:
    from assay.scan.plan import make_plan

    paths = _paths(args)
    root = _root(paths)
    settings = load(_settings_folder(paths, root), args.config)
    plan = make_plan(_request(args, settings, root, paths))
    return _Task(plan, _policy(args, settings), settings)


def _carry_out(
    args: argparse.Namespace, task: _Task, account: Callable[[Merged], None] = lambda _merged: None
) -> ScanResult:
    from assay.scan.pipeline import scan

    cache = cache_folder() if task.plan.request.cache else None
    with progress(quiet=args.quiet or args.trace) as observe:
        return scan(task.plan, task.policy, cache, observe, task.settings.file, account)


def _explain_merge(args: argparse.Namespace, task: _Task, merged: Iterable[Merged]) -> None:
    """What became of every raw result: after the screen, or on stderr where stdout is a document."""
    from assay.scan.triage.merge import explain

    sys.stdout.flush()
    stream = sys.stdout if args.format == "terminal" else sys.stderr
    for one in merged:
        stream.write("\n" + explain(one, task.plan.request.severity))


def _report(args: argparse.Namespace, result: ScanResult, outputs: tuple[Output, ...]) -> None:
    """Write the reports; with --trace, show all six phases: the verdict is the last, since the exit code follows from it."""
    from assay.report.registry import render
    from assay.report.write import write_reports

    since = time.monotonic()
    write_reports(result, outputs)
    text = (
        b"" if args.quiet else _screen(result) if args.format == "terminal" else render(args.format, result)
    )
    if args.trace:
        took = time.monotonic() - since
        *earlier, judge = result.phases
        report = Phase("report", judge.ended, judge.ended + took, f"{len(outputs)} files")
        gate = Phase(
            "gate",
            report.ended,
            report.ended,
            f"{result.verdict.result.value}, exit {result.verdict.exit_code}",
        )
        for number, phase in enumerate([*earlier, report, gate], 1):
            sys.stderr.write(
                f"phase {number}  {phase.started:8.3f} - {phase.ended:8.3f} s  {phase.name}: {phase.status}\n"
            )
    sys.stdout.buffer.write(text)
    if args.explain:
        from assay.scan.triage.rank import explain

        sys.stdout.buffer.flush()
        for one in result.findings:
            if one.triaged.active:
                place = one.triaged.finding.location
                sys.stdout.write(f"\n{place.uri}:{place.region.start_line} {explain(one)}\n")


def _screen(result: ScanResult) -> bytes:
    """The terminal report, in colours where the screen wants them."""
    from assay.report.terminal import screen, wants_color

    return screen(result, wants_color(os.environ, sys.stdout.isatty())).encode("utf-8", "backslashreplace")


def _request(args: argparse.Namespace, settings: Settings, root: Path, paths: list[Path]) -> ScanRequest:
    values = settings.values.scan
    mode = ScanMode.HISTORY if args.history else ScanMode(args.mode or "standard")
    if mode is ScanMode.DIFF and not args.base:
        raise UsageError(
            "--mode diff needs something to compare with", "add --base REF, for example --base origin/main"
        )
    verify = _issuers(args)
    return ScanRequest(
        root=str(root),
        paths=tuple(_below(path, root) for path in paths),
        types=_types(args.type) if args.type else values.types,
        severity=severity_threshold(args.severity or values.severity),
        mode=mode,
        base=args.base,
        fail_on=gate_threshold(args.fail_on or settings.values.gate.fail_on),
        engines=_names(args.engines) or tuple(values.engines),
        required=_names(args.require) or tuple(values.required),
        optional=_names(args.optional) or tuple(values.optional),
        exclude=(*values.exclude, *args.exclude),
        hygiene=args.hygiene or values.hygiene,
        context=not args.no_context,
        offline=args.offline or values.offline,
        jobs=_jobs(args.jobs or values.jobs),
        programs=args.jobs or values.jobs,
        # An issuer's answer is true today only, so it is never kept.
        cache=values.cache and not args.no_cache and mode is not ScanMode.HISTORY and verify is None,
        max_file_bytes=values.max_file_size,
        file_seconds=values.file_seconds,
        engine_seconds=values.engine_seconds,
        verify_secrets=verify,
        external=_external(args, values.external),
        tool_files=_tool_files(settings),
        imports=tuple(_report_file(name) for name in args.imports),
    )


def _external(args: argparse.Namespace, setting: bool | list[str]) -> tuple[str, ...]:
    """The programs of others that look where they are installed: those that the settings name, else all."""
    if isinstance(setting, list):
        return tuple(setting)
    if not (args.external or setting):
        return ()
    from assay.scan.engines import registry

    return tuple(name for name in registry.foreign_names() if name != "imported")


def _tool_files(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Absolute paths of the files that the settings give to programs. They are files here: no program is sent for rules elsewhere."""
    folder = Path(settings.file).parent if settings.file else Path()
    pairs = []
    for name, tool in sorted(settings.values.tools.items()):
        path = Path(os.path.abspath(folder / tool.config))  # noqa: PTH100 - as the user named it
        if not tool.config or not path.exists():
            raise ConfigError(
                f"{settings.file}: [tools.{name}] config {tool.config!r} is no file here",
                "give a file or folder, relative to the settings file",
            )
        pairs.append((name, str(path)))
    return tuple(pairs)


def _report_file(name: str) -> str:
    path = Path(os.path.abspath(name))  # noqa: PTH100 - as the user named it
    if not path.is_file():
        raise UsageError(f"--import {name}: no such file", "give a SARIF, CycloneDX or GitLab report")
    return str(path)


def _issuers(args: argparse.Namespace) -> tuple[tuple[str, str], ...] | None:
    """Addresses at which to ask about secrets, None if nobody is to be asked. From the command line only: a project's settings must not
    decide where its secrets are sent.
    """
    if not (args.verify_secrets or args.verify_endpoint):
        return None
    if args.offline:
        raise UsageError(
            "--verify-secrets asks the network, and --offline forbids it", "leave one of them out"
        )
    if not args.verify_secrets:
        raise UsageError("--verify-endpoint does nothing by itself", "add --verify-secrets")
    pairs = []
    for text in args.verify_endpoint:
        rule, equals, url = text.partition("=")
        if not (rule and equals and url.startswith(("https://", "http://127.0.0.1", "http://localhost"))):
            raise UsageError(
                f"--verify-endpoint {text!r} is not RULE=URL",
                "for example gitlab-=https://gitlab.acme.com/api/v4/user",
            )
        pairs.append((rule, url))
    return tuple(pairs)


def _policy(args: argparse.Namespace, settings: Settings) -> GatePolicy:
    """The settings' policy, with what the command line says laid over it."""
    compares = bool(args.base) or args.mode in ("diff", "staged")
    policy = gate_policy(settings.values, compares=compares)
    if args.new_only is not None:
        policy = replace(policy, new_only=args.new_only)
    fail_on = gate_threshold(args.fail_on) if args.fail_on else policy.fail_on
    by_type = () if args.fail_on else policy.fail_on_type
    return replace(policy, fail_on=fail_on, fail_on_type=by_type)


def _types(text: str) -> tuple[ScanType, ...]:
    known = {scan_type.value: scan_type for scan_type in ScanType}
    types = []
    for word in _names(text):
        name = _ALIASES.get(word, word)
        if name not in known:
            raise UsageError(f"{word!r} is not a scan type", f"one or more of: {_TYPES}")
        types.append(known[name])
    return tuple(types)


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in (text or "").split(",") if word.strip())


def _jobs(asked: int) -> int:
    if asked < 0:
        raise UsageError(f"--jobs {asked} is not a number of processes", "give 1 or more")
    if asked:
        return asked
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _paths(args: argparse.Namespace) -> list[Path]:
    """Absolute paths of what is asked for, each of which exists."""
    names: list[str] = list(args.path)
    if args.files_from:
        names += _listed(args.files_from)
    paths = [Path(os.path.abspath(name)) for name in names or ["."]]  # noqa: PTH100 - keeps a final symlink as it is named
    for name, path in zip(names, paths, strict=False):
        if not path.exists():
            raise UsageError(
                f"{name}: no such file or folder", "check the path; it is taken from the current folder"
            )
    return paths


def _listed(source: str) -> list[str]:
    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise UsageError(
            f"--files-from {source}: {error.strerror}", "give a readable file, or - for standard input"
        ) from error
    from assay.scan.target.workspace import files_from

    return list(files_from(data))


def _root(paths: list[Path]) -> Path:
    """The git work tree that holds every path (so that reports name files as code hosts do), else their common folder."""
    from assay.scan.target.repository import find_repository

    folders = [path if path.is_dir() else path.parent for path in paths]
    common = Path(os.path.commonpath(folders))
    try:
        return Path(find_repository(str(common)).top)
    except GitError:
        return common


def _settings_folder(paths: list[Path], root: Path) -> str:
    """The nearest folder with settings, from the first path up to the root."""
    folder = paths[0] if paths[0].is_dir() else paths[0].parent
    for candidate in [folder, *folder.parents]:
        if (candidate / "assay.toml").is_file() or (candidate / "pyproject.toml").is_file():
            return str(candidate)
        if candidate == root:
            break
    return str(root)


def _below(path: Path, root: Path) -> str:
    relative = os.path.relpath(path, root)
    return "" if relative == "." else relative
