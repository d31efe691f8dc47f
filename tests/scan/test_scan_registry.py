"""The registry says of every engine what the engine says of itself."""

from __future__ import annotations

import pytest

from assay.scan.engines import registry
from assay.scan.engines.canary import verify


@pytest.mark.parametrize("name", registry.names())
def test_every_engine_is_what_its_line_says_and_finds_its_canary(name: str) -> None:
    engine = registry.load(name)
    assert (engine.name, frozenset(engine.scan_types)) == (name, registry.scan_types(name))
    assert engine.rules()
    assert verify(engine) == ""
