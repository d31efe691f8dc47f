"""A scan's start as the formats want it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def started(text: str) -> datetime:
    """The start of a scan (ISO 8601); 1970 where the text is none, so that a report is still written."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _EPOCH
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def plain(text: str, seconds: float = 0.0) -> str:
    """UTC without a zone, `yyyy-mm-ddThh:mm:ss`, as GitLab asks for, so many seconds after the start."""
    moment = started(text) + timedelta(seconds=seconds)
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")


def milliseconds(text: str) -> int:
    """Milliseconds since 1970."""
    return (started(text) - _EPOCH) // timedelta(milliseconds=1)
