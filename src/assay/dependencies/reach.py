"""Whether the project's own code touches a flawed package: reachable, unreachable or undetermined; undetermined is never safe."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from assay.dependencies.advisories.match import Match
from assay.dependencies.imports import Import, is_development_file
from assay.model.finding import Reach as Reach


@dataclass(frozen=True, slots=True)
class Reached:
    """The answer, in words, with the places that it rests on.

    REACHABLE: the code uses the flawed symbol, or imports the package where no symbol is named. UNREACHABLE: the advisory names symbols,
    the code alone uses the package, and names none of them.
    """

    reach: Reach
    reason: str
    imports: tuple[Import, ...] = ()


def reach_of(
    match: Match, imports: tuple[Import, ...], words: dict[str, frozenset[str]], required_by_others: bool
) -> Reached:
    """Judge one match. `imports` are those of the package in production code, `words` the identifiers of each importing file."""
    production = tuple(item for item in imports if not is_development_file(item.uri))
    names = {_last_name(symbol) for symbol in match.symbols} - {""}
    if not production:
        return Reached(
            Reach.UNDETERMINED, "no import of it was found; another package or a plugin may still use it"
        )
    if not names:
        return Reached(
            Reach.REACHABLE, f"imported in {_places(production)}; the advisory names no function", production
        )
    using = tuple(item for item in production if names & words.get(item.uri, frozenset()))
    if using:
        hit = min(names & words.get(using[0].uri, frozenset()))
        return Reached(Reach.REACHABLE, f"the affected `{hit}` is named in {_places(using)}", using)
    if required_by_others:
        return Reached(
            Reach.UNDETERMINED,
            f"imported in {_places(production)} without the affected functions; another package requires it too",
            production,
        )
    known = all(item.uri in words for item in production)
    if known and not any("*" in item.names for item in production):
        shown = ", ".join(sorted(names)[:3])
        return Reached(
            Reach.UNREACHABLE,
            f"imported in {_places(production)}, but none of the affected functions ({shown}) is named there",
            production,
        )
    return Reached(Reach.UNDETERMINED, f"imported in {_places(production)}", production)


def _places(imports: Iterable[Import]) -> str:
    places = [f"{item.uri}:{item.line}" for item in imports]
    return places[0] if len(places) == 1 else f"{places[0]} and {len(places) - 1} more"


def _last_name(symbol: str) -> str:
    """`pkg.Type.Method`, `crate::module::function`, `func(args)` -> the last name."""
    head = symbol.partition("(")[0].replace("::", ".").replace("#", ".")
    return head.rpartition(".")[2].strip("*&")
