"""SES's v2 calls that read and change the account's suppression list."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sestui.core.clock import Instant
from sestui.core.contact.mailboxes import AddressError, read_mailbox
from sestui.ses_api.wire import Json, bad_request, not_found
from sestui.ses_api.wire_parsing import parse_object
from sestui.simulator.account.account import SimulatedAccount
from sestui.simulator.account.account_rows import read_account, store_account
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.api.paging import paged

REASONS = ("BOUNCE", "COMPLAINT")

_ADDRESSES = "/v2/email/suppression/addresses"
_ACCOUNT = "/v2/email/account/suppression"
_PAGE = 1000


def answered(
    state: SimulatorState, method: str, path: str, query: dict[str, list[str]], body: bytes
) -> bytes | None:
    """The JSON answer to a call about suppressions; None if it is another call.

    Raises:
        ServiceError: SES would refuse it.
    """
    address = path.removeprefix(f"{_ADDRESSES}/") if path.startswith(f"{_ADDRESSES}/") else ""
    answer: Json = {}
    if (method, path) == ("PUT", _ACCOUNT):
        _configure(state, parse_object(body))
    elif (method, path) == ("PUT", _ADDRESSES):
        _put(state, parse_object(body))
    elif (method, path) == ("GET", _ADDRESSES):
        answer = _list(state, query)
    elif method == "GET" and address:
        answer = {"SuppressedDestination": _get(state, address)}
    elif method == "DELETE" and address:
        _delete(state, address)
    else:
        return None
    return json.dumps(answer).encode()


def attributes(account: SimulatedAccount) -> Json:
    """GetAccount's ``SuppressionAttributes``."""
    told: Json = {"SuppressedReasons": [*filter(None, account.suppressed_reasons.split(","))]}
    if account.validation:
        told["ValidationAttributes"] = json.loads(account.validation)
    return told


def _configure(state: SimulatorState, given: Json) -> None:
    """As a PUT: settings that aren't given are reset."""
    reasons = _reasons(given.get("SuppressedReasons") or [])
    validation = given.get("ValidationAttributes")
    if validation is not None and not isinstance(validation, dict):
        raise bad_request("ValidationAttributes is not an object.")
    with state.changing() as connection:
        account = replace(
            read_account(connection),
            suppressed_reasons=",".join(reasons),
            validation=json.dumps(validation) if validation else "",
        )
        _store(state, connection, account)


def _put(state: SimulatorState, given: Json) -> None:
    address, reason = _address(given.get("EmailAddress")), given.get("Reason")
    [checked] = _reasons([reason])
    with state.changing() as connection:
        account = read_account(connection)
        connection.execute(
            "INSERT OR REPLACE INTO suppression (address, reason, updated_at) VALUES (?, ?, ?)",
            (address, checked, round(state.clock.now() + account.clock_offset, 3)),
        )
        _store(state, connection, account)


def _delete(state: SimulatorState, given: str) -> None:
    address = _address(given)
    with state.changing() as connection:
        cursor = connection.execute("DELETE FROM suppression WHERE address = ?", (address,))
        if not cursor.rowcount:
            raise _not_listed(address)
        _store(state, connection, read_account(connection))


def _store(
    state: SimulatorState, connection: sqlite3.Connection, account: SimulatedAccount
) -> None:
    """Store the account with ``suppressing``, which spares most sends a look-up."""
    (any_left,) = connection.execute("SELECT EXISTS (SELECT 1 FROM suppression)").fetchone()
    suppressing = bool(any_left and account.suppressed_reasons)
    store_account(connection, replace(account, suppressing=suppressing))


def _get(state: SimulatorState, given: str) -> Json:
    address = _address(given)
    with state.reading() as connection:
        row = connection.execute(
            "SELECT address, reason, updated_at FROM suppression WHERE address = ?", (address,)
        ).fetchone()
    if row is None:
        raise _not_listed(address)
    return {**_summary(row), "Attributes": {}}


def _list(state: SimulatorState, query: dict[str, list[str]]) -> Json:
    first = {name: values[0] for name, values in query.items()}
    start, limit = paged(first.get("NextToken"), first.get("PageSize"), default=_PAGE, most=_PAGE)
    reasons = _reasons(query.get("Reason") or REASONS)
    marks = ", ".join("?" * len(reasons))
    since, until = _instant(first.get("StartDate"), 0.0), _instant(first.get("EndDate"), 1e12)
    with state.reading() as connection:
        rows = connection.execute(
            "SELECT address, reason, updated_at FROM suppression "  # noqa: S608 - marks only
            f"WHERE reason IN ({marks}) AND updated_at >= ? AND updated_at < ? "
            "ORDER BY address LIMIT ? OFFSET ?",
            (*reasons, since, until, limit + 1, start),
        ).fetchall()
    answer: Json = {"SuppressedDestinationSummaries": [_summary(row) for row in rows[:limit]]}
    return answer if len(rows) <= limit else {**answer, "NextToken": str(start + limit)}


def _summary(row: tuple[Any, ...]) -> Json:
    address, reason, updated_at = row
    return {"EmailAddress": address, "Reason": reason, "LastUpdateTime": updated_at}


def _address(given: object) -> str:
    try:
        return read_mailbox(given if isinstance(given, str) else "").address.lower()
    except AddressError as error:
        raise bad_request(f"EmailAddress: {error}") from error


def _reasons(given: object) -> tuple[str, ...]:
    found = tuple(given) if isinstance(given, Iterable) else (given,)
    if any(reason not in REASONS for reason in found):
        raise bad_request(f"A reason for suppression is one of {', '.join(REASONS)}.")
    return tuple(reason for reason in REASONS if reason in found)


def _instant(given: str | None, default: Instant) -> Instant:
    if not given:
        return default
    try:
        return datetime.fromisoformat(given).timestamp()
    except ValueError as error:
        raise bad_request("StartDate and EndDate must be in ISO 8601 format.") from error


def _not_listed(address: str) -> Exception:
    return not_found(f"Email address {address} does not exist on your suppression list.")
