"""The service of this process, for the doors that a server starts by name."""

from __future__ import annotations

from assay.gateway.service import Service

service: Service | None = None
