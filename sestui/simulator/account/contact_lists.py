"""SES's v2 calls for contact lists: made, filled and read."""

import json
import re
import sqlite3
from collections.abc import Mapping
from typing import Any

from sestui.core.contact.mailboxes import AddressError, read_mailbox
from sestui.ses_api.wire import Json, ServiceError, bad_request, not_found
from sestui.ses_api.wire_parsing import parse_object
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.api.paging import paged

_LISTS = "/v2/email/contact-lists"
_PAGE = 1000
_MOST_TOPICS = 20
_STATUSES = ("OPT_IN", "OPT_OUT")
_contacts = re.compile(rf"{_LISTS}/([^/]+)/contacts").fullmatch
_contact = re.compile(rf"{_LISTS}/([^/]+)/contacts/([^/]+)").fullmatch
_list = re.compile(rf"{_LISTS}/([^/]+)").fullmatch
_name = re.compile(r"[A-Za-z0-9_.-]{1,64}").fullmatch


def answered(
    state: SimulatorState, method: str, path: str, query: dict[str, list[str]], body: bytes
) -> bytes | None:
    """The JSON answer to a call about contact lists; None if it is another call.

    Raises:
        ServiceError: SES would refuse it.
    """
    if not path.startswith(_LISTS):
        return None
    first = {name: values[0] for name, values in query.items()}
    answer: Json = {}
    if (method, path) == ("POST", _LISTS):
        _create(state, parse_object(body))
    elif (method, path) == ("GET", _LISTS):
        answer = _lists(state, first)
    elif method == "GET" and (found := _list(path)):
        answer = _list_of(state, found[1])
    elif method == "POST" and (found := _contacts(path)):
        _add(state, found[1], parse_object(body))
    elif (found := _contact(path)) and (method, found[2]) == ("POST", "list"):
        answer = _page(state, found[1], parse_object(body))
    elif found and method == "GET":
        answer = _get(state, found[1], found[2])
    else:
        return None
    return json.dumps(answer).encode()


def _create(state: SimulatorState, given: Json) -> None:
    name, topics = given.get("ContactListName"), given.get("Topics") or []
    if not isinstance(name, str) or not _name(name):
        raise bad_request(
            "ContactListName must be 1 to 64 characters of A-Z, a-z, 0-9, _, . and -."
        )
    if not isinstance(topics, list) or len(topics) > _MOST_TOPICS:
        raise bad_request(f"Topics is a list of at most {_MOST_TOPICS} topics.")
    for topic in topics:
        if not isinstance(topic, dict) or topic.get("DefaultSubscriptionStatus") not in _STATUSES:
            raise bad_request(f"DefaultSubscriptionStatus is one of {', '.join(_STATUSES)}.")
        if not isinstance(topic.get("TopicName"), str) or not _name(topic["TopicName"]):
            raise bad_request("TopicName must be 1 to 64 characters of A-Z, a-z, 0-9, _, . and -.")
    with state.changing() as connection:
        cursor = connection.execute(
            "INSERT OR IGNORE INTO contact_list VALUES (?, ?, ?)",
            (name, json.dumps(topics), state.now()),
        )
    if not cursor.rowcount:
        raise ServiceError(400, "AlreadyExistsException", f"List with name: {name} already exists.")


def _lists(state: SimulatorState, query: Mapping[str, str]) -> Json:
    start, limit = paged(query.get("NextToken"), query.get("PageSize"), default=_PAGE, most=_PAGE)
    with state.reading() as connection:
        rows = connection.execute(
            "SELECT name, created_at FROM contact_list ORDER BY name LIMIT ? OFFSET ?",
            (limit + 1, start),
        ).fetchall()
    answer: Json = {
        "ContactLists": [
            {"ContactListName": name, "LastUpdatedTimestamp": at} for name, at in rows[:limit]
        ]
    }
    return answer if len(rows) <= limit else {**answer, "NextToken": str(start + limit)}


def _list_of(state: SimulatorState, name: str) -> Json:
    with state.reading() as connection:
        topics, created_at = _stored(connection, name)
    return {
        "ContactListName": name,
        "Topics": topics,
        "CreatedTimestamp": created_at,
        "LastUpdatedTimestamp": created_at,
    }


def _add(state: SimulatorState, contact_list: str, given: Json) -> None:
    """Add a contact; whatever they are out of counts for sends too."""
    address = _address(given.get("EmailAddress"))
    preferences = given.get("TopicPreferences") or []
    attributes = given.get("AttributesData") or ""
    if not isinstance(preferences, list) or not isinstance(attributes, str):
        raise bad_request("TopicPreferences is a list, and AttributesData a string.")
    with state.changing() as connection:
        topics = {topic["TopicName"] for topic in _stored(connection, contact_list)[0]}
        opted: dict[str, bool] = {}
        for each in preferences:
            topic = each.get("TopicName") if isinstance(each, dict) else None
            if topic not in topics or each.get("SubscriptionStatus") not in _STATUSES:
                raise bad_request("A preference names a topic of the list, and OPT_IN or OPT_OUT.")
            opted[topic] = each["SubscriptionStatus"] == "OPT_IN"
        cursor = connection.execute(
            "INSERT OR IGNORE INTO listed_contact VALUES (?, ?, ?, ?, ?)",
            (contact_list, address, json.dumps(opted), attributes, state.now()),
        )
        if not cursor.rowcount:
            told = f"Contact with email address {address} already exists in the list."
            raise ServiceError(400, "AlreadyExistsException", told)
        left = [topic for topic, is_in in opted.items() if not is_in]
        left += [""] if given.get("UnsubscribeAll") is True else []
        connection.executemany(
            "INSERT OR IGNORE INTO departure VALUES (?, ?, ?)",
            [(address, contact_list, topic) for topic in left],
        )


def _page(state: SimulatorState, contact_list: str, given: Json) -> Json:
    start, limit = paged(given.get("NextToken"), given.get("PageSize"), default=_PAGE, most=_PAGE)
    if given.get("Filter"):
        raise bad_request("The simulator's ListContacts has no filters.")
    with state.reading() as connection:
        topics, _ = _stored(connection, contact_list)
        rows = connection.execute(
            "SELECT address, preferences, attributes, created_at FROM listed_contact "
            "WHERE contact_list = ? ORDER BY address LIMIT ? OFFSET ?",
            (contact_list, limit + 1, start),
        ).fetchall()
        told = [_told(connection, contact_list, topics, row) for row in rows[:limit]]
    answer: Json = {"Contacts": told}
    return answer if len(rows) <= limit else {**answer, "NextToken": str(start + limit)}


def _get(state: SimulatorState, contact_list: str, given: str) -> Json:
    address = _address(given)
    with state.reading() as connection:
        topics, _ = _stored(connection, contact_list)
        row = connection.execute(
            "SELECT address, preferences, attributes, created_at FROM listed_contact "
            "WHERE contact_list = ? AND address = ?",
            (contact_list, address),
        ).fetchone()
        if row is None:
            raise not_found(f"Contact with email address {address} doesn't exist in the list.")
        told = _told(connection, contact_list, topics, row)
    whole = {"ContactListName": contact_list, "CreatedTimestamp": row[3], **told}
    return {**whole, "AttributesData": row[2]} if row[2] else whole


def _told(
    connection: sqlite3.Connection,
    contact_list: str,
    topics: list[dict[str, str]],
    row: tuple[Any, ...],
) -> Json:
    """A contact as SES tells it, with what they have left by mail since they were added."""
    address, preferences, _, created_at = row
    departed = connection.execute(
        "SELECT topic FROM departure WHERE address = ? AND contact_list = ?",
        (address, contact_list),
    ).fetchall()
    left = {topic for (topic,) in departed}
    opted = json.loads(preferences) | dict.fromkeys(left - {""}, False)
    return {
        "EmailAddress": address,
        "TopicPreferences": [
            {"TopicName": topic, "SubscriptionStatus": _STATUSES[not is_in]}
            for topic, is_in in opted.items()
        ],
        "TopicDefaultPreferences": [
            {
                "TopicName": each["TopicName"],
                "SubscriptionStatus": each["DefaultSubscriptionStatus"],
            }
            for each in topics
            if each["TopicName"] not in opted
        ],
        "UnsubscribeAll": "" in left,
        "LastUpdatedTimestamp": created_at,
    }


def _stored(connection: sqlite3.Connection, name: str) -> tuple[list[dict[str, str]], float]:
    """A list's topics and when it was made."""
    row = connection.execute(
        "SELECT topics, created_at FROM contact_list WHERE name = ?", (name,)
    ).fetchone()
    if row is None:
        raise not_found(f"List with name: {name} doesn't exist.")
    return json.loads(row[0]), row[1]


def _address(given: object) -> str:
    try:
        return read_mailbox(given if isinstance(given, str) else "").address.lower()
    except AddressError as error:
        raise bad_request(f"EmailAddress: {error}") from error
