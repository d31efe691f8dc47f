"""All units of a project, found by kind and by address: what checks look through when one thing completes or refers to another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assay.infrastructure.unit import Unit


class World:
    """An index over units. Built once, then only read."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self._kinds: dict[str, list[Unit]] = {}
        self._addresses: dict[str, Unit] = {}
        for unit in units:
            self._kinds.setdefault(unit.kind, []).append(unit)
            if unit.address:
                self._addresses[unit.address] = unit

    def of(self, kind: str) -> Sequence[Unit]:
        """Every unit of a kind."""
        return self._kinds.get(kind, ())

    def at(self, address: str) -> Unit | None:
        """The unit with an address."""
        return self._addresses.get(address)
