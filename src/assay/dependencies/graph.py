"""How a package came in: the shortest path from what a project asks for to a package it did not ask for."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from assay.model.component import Component


@dataclass(frozen=True, slots=True)
class Graph:
    """Components of one manifest by purl, with edges both ways. Cycles are allowed, npm has them."""

    components: dict[str, Component]
    children: dict[str, tuple[str, ...]]

    def path_to(self, purl: str) -> tuple[Component, ...]:
        """Shortest path of components, direct one first, ending with the package; only itself where no edge is known."""
        start = self.components.get(purl)
        if start is None:
            return ()
        above: dict[str, str] = {}
        waiting = deque([purl])
        while waiting:
            current = waiting.popleft()
            component = self.components[current]
            if component.direct or not component.parents:
                return self._walk_down(current, above)
            for parent in component.parents:
                if parent in self.components and parent not in above and parent != purl:
                    above[parent] = current
                    waiting.append(parent)
        return (start,)

    def tree(self, limit: int = 100_000) -> Iterator[tuple[int, Component, bool]]:
        """(depth from 0, component, whether it was shown before) in reading order; a repeated package is not opened again."""
        shown: set[str] = set()
        tops = [
            component for component in self.components.values() if component.direct or not component.parents
        ]
        waiting = [(0, component.purl) for component in sorted(tops, key=_by_name, reverse=True)]
        while waiting and limit > 0:
            depth, purl = waiting.pop()
            limit -= 1
            repeated = purl in shown
            yield depth, self.components[purl], repeated
            if not repeated:
                shown.add(purl)
                below = sorted(
                    self.children.get(purl, ()), key=lambda key: _by_name(self.components[key]), reverse=True
                )
                waiting.extend((depth + 1, child) for child in below)

    def _walk_down(self, top: str, above: dict[str, str]) -> tuple[Component, ...]:
        path = [self.components[top]]
        while top in above:
            top = above[top]
            path.append(self.components[top])
        return tuple(path)


def build_graph(components: Iterable[Component]) -> Graph:
    """The graph of one manifest's components; parents that are no component are left out."""
    by_purl: dict[str, Component] = {}
    for component in components:
        by_purl.setdefault(component.purl, component)
    children: dict[str, list[str]] = {}
    for component in by_purl.values():
        for parent in component.parents:
            if parent in by_purl:
                children.setdefault(parent, []).append(component.purl)
    return Graph(by_purl, {parent: tuple(purls) for parent, purls in children.items()})


def _by_name(component: Component) -> tuple[str, str]:
    return component.name, component.version
