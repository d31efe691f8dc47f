"""Build hook: pack the YAML files of rules and models into the two JSON files that a scan reads."""

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
            from assay.code.model_files import pack as pack_models
            from assay.code.model_rows import FOLDER
            from assay.code.model_rows import PACKED as PACKED_MODELS
            from assay.rules.load import PACK, PACKED, pack

            pack(PACK, PACKED)
            pack_models(FOLDER, PACKED_MODELS)
        finally:
            sys.path.remove(str(source))
        build_data["artifacts"] += ["src/assay/rules/packed.json", "src/assay/code/models.json"]
