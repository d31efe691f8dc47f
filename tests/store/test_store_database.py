"""The store: transactions, several processes, a full disk, a broken file."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from assay.store.database import StoreError, open_store


def test_all_or_nothing(tmp_path: Path) -> None:
    store = open_store(tmp_path / "a.db")

    def fails() -> None:
        with store.transaction():
            store.execute("INSERT INTO budget VALUES ('a', 0, 1)")
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert store.rows("SELECT * FROM budget") == []
    with store.transaction():
        store.execute("INSERT INTO budget VALUES ('a', 0, 1)")
    assert store.one("SELECT used FROM budget") == (1.0,)


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    open_store(tmp_path / "x" / "a.db")
    assert (tmp_path / "x" / "a.db").stat().st_mode & 0o077 == 0


def test_a_broken_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match=r"a\.db"):
        open_store(tmp_path / "a.db")


_FULL = """
import resource, sys
from pathlib import Path
from assay.store.database import StoreError, open_store
store = open_store(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
written = 0
try:
    for number in range(20000):
        store.execute("INSERT INTO budget VALUES (?, 0, 1)", (f"{number}" + "x" * 500,))
        written += 1
except StoreError as error:
    print("stopped", written)
    sys.exit(0)
sys.exit(1)
"""


def test_a_full_disk_is_an_error_and_loses_nothing(tmp_path: Path) -> None:
    assert resource.RLIMIT_FSIZE >= 0
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(tmp_path / "a.db"), "400000"],
        capture_output=True,
        text=True,
        check=True,
    )
    written = int(done.stdout.split()[1])
    found = open_store(tmp_path / "a.db").one("SELECT COUNT(*) FROM budget")
    assert found == (written,)
    assert written > 0
