"""``/_simulator/``: read and set up the simulated account over HTTP; not part of SES.

Needs the key, which the server checks. Errors are ``{"error": sentence}``.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sestui.errors import NotFoundError, SestuiError, UsageError
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.api.faults import checked_fault

Given = dict[str, Any]
"""Query, path and JSON values of a request, by name."""

_MAX_PAGE = 100_000

_SETTINGS: dict[str, type | tuple[type, ...]] = {
    "rate": (int, float),
    "quota": int,
    "production_access": bool,
    "verify_identities": bool,
    "sending_enabled": bool,
    "enforcement": str,
}
_FAULT: dict[str, type | tuple[type, ...]] = {
    "kind": str,
    "probability": (int, float),
    "count": int,
    "match": str,
    "seconds": (int, float),
}


def create_control_app(state: SimulatorState) -> Starlette:
    """The control endpoints over ``state``; reads run in threads so that sends go on meanwhile."""
    routes = [
        ("/healthz", "GET", lambda _: {"status": "ok"}),
        ("/_simulator/outbox", "GET", lambda given: _outbox(state, given)),
        ("/_simulator/outbox/addresses", "GET", lambda _: state.addresses()),
        ("/_simulator/outbox/{message_id}", "GET", lambda given: state.mail(given["message_id"])),
        ("/_simulator/events", "GET", lambda given: _events(state, given)),
        ("/_simulator/account", "GET", lambda _: asdict(state.account())),
        ("/_simulator/account", "POST", lambda given: _configure(state, given)),
        ("/_simulator/clock", "GET", lambda _: {"now": state.now()}),
        ("/_simulator/clock", "POST", lambda given: _advance(state, given)),
        ("/_simulator/faults", "GET", lambda _: state.faults()),
        ("/_simulator/faults", "POST", lambda given: _add_fault(state, given)),
        ("/_simulator/faults", "DELETE", lambda _: {"removed": state.clear_faults()}),
        ("/_simulator/stats", "GET", lambda given: state.stats(since=_number(given, "since", 0))),
    ]
    return Starlette(
        routes=[Route(path, _endpoint(act), methods=[method]) for path, method, act in routes]
    )


def _endpoint(act: Callable[[Given], object]) -> Callable[[Request], Awaitable[JSONResponse]]:
    async def endpoint(request: Request) -> JSONResponse:
        try:
            given = {**request.query_params, **_parsed(await request.body()), **request.path_params}
            return JSONResponse(await run_in_threadpool(act, given))
        except UsageError as error:
            return JSONResponse({"error": str(error)}, 400)
        except NotFoundError as error:
            return JSONResponse({"error": str(error)}, 404)
        except SestuiError as error:
            return JSONResponse({"error": str(error)}, 503)

    return endpoint


def _parsed(body: bytes) -> Given:
    try:
        given = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise UsageError("The request's body must be a JSON object.")
    return given


def _outbox(state: SimulatorState, given: Given) -> object:
    after, limit = _page(given)
    return state.outbox(after=after, limit=limit)


def _events(state: SimulatorState, given: Given) -> object:
    after, limit = _page(given)
    return [
        {"id": number, "event": event} for number, event in state.events(after=after, limit=limit)
    ]


def _page(given: Given) -> tuple[int, int]:
    after, limit = int(_number(given, "after", 0)), int(_number(given, "limit", 1000))
    return after, min(max(limit, 1), _MAX_PAGE)


def _configure(state: SimulatorState, given: Given) -> object:
    return asdict(state.configure(**_checked(given, _SETTINGS)))


def _advance(state: SimulatorState, given: Given) -> object:
    return {"now": state.advance(_number(given, "advance", 0))}


def _add_fault(state: SimulatorState, given: Given) -> object:
    values = _checked(given, _FAULT)
    return {"id": state.add_fault(checked_fault(values.pop("kind", ""), **values))}


def _checked(given: Given, known: dict[str, type | tuple[type, ...]]) -> Given:
    for name, value in given.items():
        if name not in known:
            raise UsageError(f"There is no {name!r} here; there are {', '.join(known)}.")
        # A bool is an int to Python, but no valid rate.
        wrong_bool = isinstance(value, bool) and known[name] is not bool
        if value is not None and (wrong_bool or not isinstance(value, known[name])):
            raise UsageError(f"{name!r} has a value of the wrong type: {value!r}.")
    return {name: value for name, value in given.items() if value is not None}


def _number(given: Given, name: str, default: float) -> float:
    try:
        number = float(given.get(name, default))
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name!r} must be a number.") from error
    if not abs(number) < 1e15:  # infinity and nan too
        raise UsageError(f"{name!r} is out of bounds.")
    return number
