"""A file with known, made-up secrets: an engine that does not find them has not looked."""

from __future__ import annotations

from assay.secrets.specimen import expand

_TEXT = """GITHUB_TOKEN = "<<github-crc32:ghp_>>"
DB_PASSWORD = "<<password:14>>7q"
URL = "postgres://app:<<alnum:20>>@db.internal:5432/app"
"""


def canary_files() -> tuple[tuple[tuple[str, bytes], ...], tuple[str, ...]]:
    """Path and text of the file, and the ids that must be found in it."""
    expected = (
        "secrets/github-personal-access-token",
        "secrets/generic-password",
        "secrets/generic-url-credentials",
    )
    return (("settings.py", expand(_TEXT, "canary").encode()),), expected
