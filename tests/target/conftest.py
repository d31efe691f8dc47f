"""Fixtures of the target's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from target_repository import Repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repo")
