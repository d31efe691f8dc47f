"""The state of one analysis, and what its parts ask of each other: `reading` and `calling` build on it, `analysis` completes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from assay.code.demand import NOTHING, Demand, Wanted
from assay.code.heap import Heap
from assay.code.model_rows import Models, models_for, triggers
from assay.code.summary import Closure, Event, Summary
from assay.code.values import Symbol, Value
from assay.code.world import ClassInfo, FunctionInfo, ModuleInfo, World

if TYPE_CHECKING:
    from assay.code.frame import Frame

Hook = Callable[..., None]


class Core:
    """State of one analysis. `findings`: the best event by (module, span, kind)."""

    def __init__(self, world: World, wanted: Wanted = NOTHING) -> None:
        self.world = world
        self.shared: Heap = {}
        self.refs = 0
        self.symbols: dict[int | str, Symbol] = {}
        self.summaries: dict[tuple[Any, ...], Summary] = {}
        self.running: dict[tuple[Any, ...], Summary] = {}
        self.recursive: set[tuple[Any, ...]] = set()
        self.contexts: dict[FunctionInfo, int] = {}
        self.defaults: dict[FunctionInfo, dict[int, Value]] = {}
        self.entries: dict[FunctionInfo, list[Any]] = {}
        self.decorators: dict[FunctionInfo, list[str]] = {}
        self.closures: dict[FunctionInfo, Closure] = {}
        self.annotations: dict[FunctionInfo | ClassInfo, list[Any]] = {}  # calls of them, of Java's
        self.parameter_notes: dict[FunctionInfo, dict[int, list[str]]] = {}
        self._uses: dict[FunctionInfo, dict[int, int]] = {}
        self._mentioned: dict[FunctionInfo, set[str]] = {}
        self.early: set[FunctionInfo] = set()
        self.stack = 0
        self.properties = 0
        self.findings: dict[tuple[int, int, str], Event] = {}
        self.class_fields: dict[tuple[str, str], Value] = {}
        # What must be analysed again: the functions that read a field or global where source data came to rest late.
        self.stale: set[FunctionInfo] = set()
        self.touched: set[Any] = set()
        self.callers: dict[FunctionInfo, set[FunctionInfo]] = {}
        self.active: list[FunctionInfo] = []
        self.notes: dict[int, list[str]] = {}
        self.on_assign: Hook | None = None
        self.on_calls: list[Hook] = []
        self.on_returns: list[Hook] = []
        self.on_compares: list[Hook] = []
        self.on_decorated: list[Hook] = []
        self.on_classes: list[Hook] = []
        self.plain: dict[str, Value] = {}
        self.type_cache: dict[tuple[int, str], tuple[tuple[str, ...], bool]] = {}
        self._models = self._load_models()
        self.demand = Demand(world, self._models, wanted)
        self.entered: set[FunctionInfo] = set()
        self.prepared: set[ClassInfo] = set()

    def _load_models(self) -> dict[str, Models]:
        by_language: dict[str, set[str]] = {}
        for info in self.world.modules:
            mentioned = by_language.setdefault(info.language, set())
            text = " ".join(f"{made.module} {made.name}" for made in info.module.imports)
            mentioned.update(trigger for trigger in triggers(info.language) if trigger in text)
        return {language: models_for(language, frozenset(names)) for language, names in by_language.items()}

    def all_models(self) -> list[Models]:
        """The models of every language of the project."""
        return list(self._models.values())

    def models(self, f: Frame) -> Models:
        """The models of a frame's language."""
        return self._models[f.language]

    def symbol(self, root: int | str) -> Symbol:
        """What stands for a parameter or a captured name."""
        known = self.symbols.get(root)
        if known is None:
            known = self.symbols[root] = Symbol(root)
        return known

    def new_ref(self) -> int:
        """A key for a new object."""
        self.refs += 1
        return self.refs

    # What later layers provide

    def frame(self, info: FunctionInfo) -> Frame:
        """A fresh frame."""
        raise NotImplementedError

    def module_body(self, info: ModuleInfo) -> None:
        """Run a module's body once."""
        raise NotImplementedError

    def summary_of(self, info: FunctionInfo, context: tuple[Any, ...]) -> Summary | None:
        """The summary of a function in a context."""
        raise NotImplementedError

    def report(self, f: Frame, event: Event) -> None:
        """Take an event."""
        raise NotImplementedError

    def keep_field(self, owner: ClassInfo, key: str, value: Value) -> None:
        """Remember what objects of a class have in a field."""
        raise NotImplementedError

    def call_function(self, f: Frame, closure: Closure, args: list[Value], span: int) -> Value:
        """Call a function with values."""
        raise NotImplementedError

    def field_sink(self, f: Frame, obj: Value, name: str, value: Value, span: int) -> None:
        """A field that is a sink."""
        raise NotImplementedError

    def item_sink(self, f: Frame, rows: list[Any], obj: Value, value: Value, span: int) -> None:
        """An element that is a sink."""
        raise NotImplementedError
