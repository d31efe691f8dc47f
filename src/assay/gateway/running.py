"""What this process runs, for the doors that a server starts by name."""

from __future__ import annotations

from collections.abc import Callable

from assay.gateway.service import Service

service: Service | None = None
hook: Callable[[Service, str, bytes, str], str] | None = None
"""Answers one hook payload of an agent (service, agent, payload, token) in that agent's own form."""
