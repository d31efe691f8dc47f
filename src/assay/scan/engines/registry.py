"""The engines by name: one line each, names only. A module is imported when its engine is planned."""

from __future__ import annotations

from importlib import import_module

from assay.model.errors import UsageError
from assay.model.rule import Rule
from assay.scan.engines.protocol import FileEngine, ProjectEngine

AnyEngine = FileEngine | ProjectEngine

_ENGINES: dict[str, str] = {
    "secrets": "assay.scan.engines.secrets:SecretsEngine",
    "code": "assay.scan.engines.code:CodeEngine",
    "infrastructure": "assay.scan.engines.infrastructure:InfrastructureEngine",
}


def names() -> tuple[str, ...]:
    """Every engine that can be asked for, in the order of reports."""
    return tuple(_ENGINES)


def load(name: str, own_rules: tuple[Rule, ...] = ()) -> AnyEngine:
    """The engine of that name, with the rules that the project brings for it.

    Raises:
        UsageError: there is no such engine.
    """
    if name not in _ENGINES:
        raise UsageError(f"there is no engine {name!r}", f"the engines are: {', '.join(_ENGINES)}")
    module, _, attribute = _ENGINES[name].partition(":")
    engine: AnyEngine = getattr(import_module(module), attribute)(own_rules)
    return engine
