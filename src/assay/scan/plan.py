"""Phase 1: what will be looked at, by whom, and with which parameters. No file of the target is opened to make it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assay.model.errors import UsageError
from assay.model.scan import EngineRun, EngineStatus, ScanMode, ScanRequest, ScanType
from assay.rules.load import pack_digest
from assay.rules.select import by_engine, own_rules
from assay.scan.engines import registry
from assay.scan.engines.cache import digest_key
from assay.scan.engines.registry import AnyEngine


@dataclass(frozen=True, slots=True)
class Plan:
    """The engines that will look, the ones that will not with the reason, and the digest of all rules in force."""

    request: ScanRequest
    engines: tuple[AnyEngine, ...]
    not_requested: tuple[EngineRun, ...]
    rules_digest: str

    def is_required(self, engine: str) -> bool:
        """Whether the verdict depends on this engine: every one of ours and every one asked for by name, unless called optional."""
        request = self.request
        by_name = engine in (*request.engines, *request.required) or engine not in registry.foreign_names()
        return engine not in request.optional and (by_name or engine == "imported")


def make_plan(request: ScanRequest) -> Plan:
    """Choose the engines for what is asked.

    Raises:
        UsageError: an engine that does not exist is named, or no engine fits what is asked.
        RuleError: one of the project's own rules does not load.
    """
    named = {*request.engines, *request.required}
    known = {*registry.names(), *registry.foreign_names()}
    for name in sorted({*named, *request.optional, *request.external} - known):
        registry.load(name)  # raises, with the list of engines
    rules = own_rules(Path(request.root))
    own = by_engine(rules)
    chosen = [name for name in registry.names() if _fits(name, request)]
    chosen += [name for name in registry.foreign_names() if _fits_foreign(name, request)]
    if not chosen:
        raise UsageError("no engine fits what was asked", f"the engines are: {', '.join(registry.names())}")
    engines = tuple(registry.load(name, own.get(name, ())) for name in chosen)
    left_out = tuple(_left_out(name) for name in registry.names() if name not in chosen)
    return Plan(request, engines, left_out, _digest(rules))


def describe(plan: Plan) -> str:
    """The plan as text, for `--plan` and `--trace`."""
    request = plan.request
    lines = [
        f"root       {request.root}",
        f"paths      {', '.join(request.paths) or '.'}",
        f"types      {', '.join(scan_type.value for scan_type in request.types)}",
        f"mode       {request.mode.value}" + (f" against {request.base}" if request.base else ""),
        f"severity   {request.severity.value} and above" if request.severity.rank else "severity   all",
        f"fail on    {request.fail_on.value if request.fail_on else 'none'}",
        f"network    {'never' if request.offline else 'allowed'}"
        + ("" if request.verify_secrets is None else ", and issuers are asked about secrets"),
        f"jobs       {request.jobs}",
        f"limits     {request.file_seconds:g} s a file, {request.engine_seconds:g} s an engine",
        f"rules      {plan.rules_digest[:16]}",
    ]
    lines += [
        f"engine     {engine.name} {engine.version} ({_need(plan, engine.name)})" for engine in plan.engines
    ]
    lines += [f"not asked  {run.engine}" for run in plan.not_requested]
    return "\n".join(lines) + "\n"


def _need(plan: Plan, name: str) -> str:
    return "required" if plan.is_required(name) else "optional"


def _fits(name: str, request: ScanRequest) -> bool:
    if request.engines:
        return name in request.engines or name in request.required
    if request.mode is ScanMode.HISTORY:
        return name == "secrets"
    asked = ScanType.FULL in request.types or bool(registry.scan_types(name) & set(request.types))
    return asked or name in request.required


def _fits_foreign(name: str, request: ScanRequest) -> bool:
    """A foreign program looks when it is asked for: by its name, or as one of those that the settings enable for the types asked for."""
    if name == "imported":
        return bool(request.imports)
    if request.mode is ScanMode.HISTORY:
        return False
    if name in (*request.engines, *request.required):
        return True
    of_type = ScanType.FULL in request.types or bool(registry.scan_types(name) & set(request.types))
    return name in request.external and of_type and not request.engines


def _left_out(name: str) -> EngineRun:
    return EngineRun(name, "", EngineStatus.NOT_REQUESTED, reason="not requested", required=False)


def _digest(rules: tuple[object, ...]) -> str:
    return digest_key(pack_digest(), *(repr(rule) for rule in rules)).hex()
