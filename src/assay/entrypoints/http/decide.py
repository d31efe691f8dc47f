"""`POST /v1/decide` and its neighbours as a raw ASGI application: no framework between the socket and the decision.

| path | what |
| --- | --- |
| POST /v1/decide | one call (ours, or AuthZEN's `subject`, `action`, `resource`, `context`) -> one decision |
| POST /v1/decide/batch | `{"calls": [...]}` -> `{"decisions": [...]}`, at most 1,000 |
| POST /v1/hooks/<agent> | one hook payload as the agent sends it -> the answer in that agent's form |
| GET /v1/approvals | records that wait |
| GET /health, /metrics | how it is; counters for Prometheus |

The bearer token of the Authorization header says who asks. Approving over HTTP is not offered: it needs a person's own identity.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

import msgspec

from assay.gateway import running
from assay.gateway.approval.requests import Requests
from assay.gateway.service import Service
from assay.model.errors import AssayError, UsageError

_MAX_BODY = 64 * 1024 * 1024
_MAX_BATCH = 1_000
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
_JSON = [(b"content-type", b"application/json")]
_DECODER, _ENCODER = msgspec.json.Decoder(), msgspec.json.Encoder(enc_hook=str)
_TEXT = [(b"content-type", b"text/plain; version=0.0.4")]


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """The ASGI application."""
    if scope["type"] != "http":
        return
    service = running.service
    if service is None:
        await _reply(send, 503, {"error": "no gateway runs in this process"})
        return
    method, path = scope["method"], scope["path"]
    if method == "POST" and path in ("/v1/decide", "/v1/decide/batch"):
        await _decide(service, scope, receive, send, batch=path.endswith("batch"))
    elif method == "POST" and path.startswith("/v1/hooks/") and running.hook is not None:
        await _hook(service, running.hook, scope, receive, send)
    elif method == "GET" and path == "/health":
        await _reply(send, 200, service.health())
    elif method == "GET" and path == "/metrics":
        await _bytes(send, 200, service.metrics().encode(), _TEXT)
    elif method == "GET" and path == "/v1/approvals":
        await _reply(send, 200, {"approvals": [asdict(each) for each in Requests(service.store).listed()]})
    else:
        await _reply(send, 404, {"error": f"there is no {method} {path}"})


async def _hook(
    service: Service,
    hook: Callable[[Service, str, bytes, str], str],
    scope: Mapping[str, Any],
    receive: Receive,
    send: Send,
) -> None:
    """Always 200 with an answer: an agent takes any other status of an HTTP hook for a yes."""
    agent = str(scope["path"]).rpartition("/")[2]
    try:
        payload = await _body(receive)
    except AssayError:
        payload = b""  # which cannot be read, and is refused in the agent's form
    text = hook(service, agent, payload, _token(scope["headers"]))
    await _bytes(send, 200, text.encode() or b"{}", _JSON)


async def _decide(
    service: Service, scope: Mapping[str, Any], receive: Receive, send: Send, *, batch: bool
) -> None:
    token = _token(scope["headers"])
    try:
        data = _DECODER.decode(await _body(receive))
        found = _batch(service, data, token) if batch else _answer(service, data, token)
    except (AssayError, msgspec.DecodeError, ValueError, RecursionError) as error:
        await _reply(send, 400, {"error": str(error), "effect": "deny"})
        return
    await _reply(send, 200, found)


def _batch(service: Service, data: object, token: str) -> dict[str, Any]:
    calls = data.get("calls") if isinstance(data, Mapping) else None
    if not isinstance(calls, list) or len(calls) > _MAX_BATCH:
        raise UsageError(f"a batch is an object with `calls`, at most {_MAX_BATCH}", "split it")
    return {"decisions": [_answer(service, call, token) for call in calls]}


def _answer(service: Service, data: object, token: str) -> dict[str, Any]:
    if isinstance(data, Mapping) and "tool" not in data and isinstance(data.get("action"), Mapping):
        found = service.answer(_from_authzen(data), token)
        return {"decision": found["outcome"] in ("allow", "sanitize"), "context": found}
    return service.answer(data, token)


def _from_authzen(data: Mapping[str, Any]) -> dict[str, Any]:
    """AuthZEN's request: the action's name is the tool, the resource's and action's properties its arguments."""
    action, resource, subject = (_object(data, name) for name in ("action", "resource", "subject"))
    context = _object(data, "context")
    arguments = {**_object(resource, "properties"), **_object(action, "properties")}
    if isinstance(resource.get("id"), str):
        arguments.setdefault("path" if resource.get("type") == "file" else "resource", resource["id"])
    given: dict[str, Any] = {
        "tool": str(action.get("name", "")),
        "input": arguments,
        "subject": {"agent": subject.get("id", ""), **_object(subject, "properties")},
    }
    return given | {
        key: context[key]
        for key in ("id", "session", "cwd", "branch", "time", "environment", "workspace", "phase")
        if key in context
    }


def _object(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key)
    return dict(value) if isinstance(value, Mapping) else {}


def _token(headers: list[tuple[bytes, bytes]]) -> str:
    for name, value in headers:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return value[7:].decode("ascii", "replace")
    return ""


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
        if len(body) > _MAX_BODY:
            raise UsageError("the request is too large", f"the limit is {_MAX_BODY} bytes")
    return body


async def _reply(send: Send, status: int, value: object) -> None:
    await _bytes(send, status, _ENCODER.encode(value), _JSON)


async def _bytes(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [*headers, (b"content-length", str(len(body)).encode())],
        }
    )
    await send({"type": "http.response.body", "body": body})
