"""Build hook: pack the rules' YAML files into the one JSON file that a scan reads."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PackRules(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        source = Path(self.root) / "src"
        sys.path.insert(0, str(source))
        try:
            from assay.rules.load import PACK, PACKED, pack

            pack(PACK, PACKED)
        finally:
            sys.path.remove(str(source))
        build_data["artifacts"].append("src/assay/rules/packed.json")
