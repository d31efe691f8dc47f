"""Live verification against a server on the loopback interface: states, timeouts, and that nothing tells the secret."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from assay.secrets.live import Liveness, provider_of, verify

SECRET = "token-" + "a1b2c3" * 4
SEEN: list[dict[str, str]] = []


class Issuer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        SEEN.append({name.lower(): value for name, value in self.headers.items()})
        status = int(self.path.split("/")[1])
        body = b'{"ok": false, "error": "invalid_auth"}' if "bad" in self.path else b'{"ok": true}'
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "https://elsewhere.invalid/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
    thread = Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("rule", "path", "state"),
    [
        ("secrets/github-personal-access-token", "/200", Liveness.ACTIVE),
        ("secrets/github-personal-access-token", "/401", Liveness.INACTIVE),
        ("secrets/github-personal-access-token", "/403", Liveness.ACTIVE),
        ("secrets/github-personal-access-token", "/500", Liveness.UNKNOWN),
        ("secrets/github-personal-access-token", "/302", Liveness.UNKNOWN),
        ("secrets/slack-bot-token", "/200/bad", Liveness.INACTIVE),
        ("secrets/slack-bot-token", "/200", Liveness.ACTIVE),
    ],
)
def test_states(issuer: str, rule: str, path: str, state: Liveness) -> None:
    result = verify(rule, SECRET, {rule: issuer + path})
    assert result.state is state
    assert SECRET not in repr(result)


def test_each_provider_has_its_header(issuer: str) -> None:
    SEEN.clear()
    verify("secrets/anthropic-api-key", SECRET, {"anthropic-": issuer + "/200"})
    assert SEEN[-1]["x-api-key"] == SECRET
    assert "anthropic-version" in SEEN[-1]
    verify("secrets/npm-access-token", SECRET, {"npm-": issuer + "/200"})
    assert SEEN[-1]["authorization"] == f"Bearer {SECRET}"


def test_what_cannot_be_asked_is_unknown() -> None:
    assert verify("secrets/private-key", SECRET).state is Liveness.UNKNOWN
    assert verify("secrets/npm-access-token", SECRET).reason == "no endpoint is configured"
    assert verify("secrets/github-x", SECRET, {"github-": "http://127.0.0.1:1/"}).state is Liveness.UNKNOWN
    assert verify("secrets/github-x", SECRET, {"github-": "http://plain.invalid/"}).state is Liveness.UNKNOWN
    assert (
        verify("secrets/github-x", "line\nbreak", {"github-": "http://127.0.0.1:1/"}).state
        is Liveness.UNKNOWN
    )
    assert provider_of("secrets/generic-password") is None
