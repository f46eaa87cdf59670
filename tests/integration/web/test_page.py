"""The page over real HTTP, on both engines."""

import re

import pytest
from sqlalchemy import text

from sestui.core.contact.address_check import check_address
from sestui.core.contact.conflict_policy import OnConflict
from sestui.core.delivery.events import EventKind, MailEvent
from sestui.core.delivery.states import MANUAL
from sestui.store.contacts.changes.undo import undo_change
from sestui.store.contacts.contacts import NewContact
from sestui.store.contacts.suppressions import Suppressions
from sestui.store.db.tables import Run
from sestui.store.erasure.erasure import erase as erase_on_request
from sestui.store.events.refusals import AddressEvent, SoftBounceRule, refuse
from tests.support.seeding import add_contacts, checked_counts, rows_of

ADA, BOB = "ada@example.com", "bob@example.com"
DAY = 86_400


def test_get_asks_and_post_acts(scene, page):
    token = scene.link(scene.mailed(ADA, BOB), ADA)
    before = scene.state()
    asked = page.get(token)
    assert asked.status == 200
    assert "Unsubscribe from all newsletters" in asked.text
    assert "a…@example.com" in asked.text
    assert scene.state() == before
    done = page.choose(token, "all")
    assert "You are unsubscribed" in done.text
    assert 'value="undo"' in done.text
    ada = scene.contact(ADA)
    assert (ada.status, ada.status_reason) == (
        "unsubscribed",
        "by page on 2027-01-15 (news, run 1)",
    )
    assert scene.contact(BOB).status == "active"
    assert scene.again() == {ADA: "unsubscribed", BOB: "accepted"}


@pytest.mark.long
@pytest.mark.ci
def test_a_scanner_changes_nothing(scene, page):
    token = scene.link(scene.mailed(ADA), ADA)
    before = scene.state()
    for number in range(500):
        head = page.ask("HEAD", f"/u/{token}", user_agent="Scanner/1.0")
        assert (head.status, head.text) == (200, "")
        query = f"?List-Unsubscribe=One-Click&choice=all&{number}"
        assert page.get(f"{token}{query}", purpose="prefetch").status == 200
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        assert page.ask(method, f"/u/{token}", "choice=all").status == 405
    assert scene.state() == before


MULTIPART = (
    '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"),
        (MULTIPART, "multipart/form-data; boundary=x"),
    ],
)
def test_one_click_needs_no_page(scene, page, body, content_type):
    token = scene.link(scene.mailed(ADA), ADA)
    for _ in range(2):  # mail programs try again
        done = page.ask("POST", f"/u/{token}", body, content_type)
        assert done.status == 200
        assert done.headers["content-type"].startswith("text/plain")
    assert scene.contact(ADA).status == "unsubscribed"
    [change] = scene.runtime.contact_records.of(ADA).choices
    assert (change.choice, change.source, change.at) == ("all", "one-click", scene.clock.now())


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("", "", 400),
        ("choice=", "application/x-www-form-urlencoded", 400),
        ("choice=everything", "application/x-www-form-urlencoded", 400),
        ("List-Unsubscribe=", "application/x-www-form-urlencoded", 400),
        ("choice=%ff&\x00", "application/x-www-form-urlencoded", 400),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 400),
        ("--x", "multipart/form-data; boundary=x", 400),
        ("--x--", "multipart/form-data", 400),
        ("&".join(f"a{n}=1" for n in range(100)), "application/x-www-form-urlencoded", 400),
        ("choice=all" + "x" * 20_000, "application/x-www-form-urlencoded", 413),
    ],
)
def test_a_post_without_a_choice_changes_nothing(scene, page, body, content_type, status):
    token = scene.link(scene.mailed(ADA), ADA)
    before = scene.state()
    assert page.ask("POST", f"/u/{token}", body, content_type).status == status
    assert scene.state() == before


def forgeries(token, other):
    yield "", "no token"
    yield "preview", "a preview's"
    yield token + token, "doubled"
    yield token[:-1], "cut off"
    yield token[:30], "cut off early"
    yield token + "A", "longer"
    yield token[:4] + other[4:30] + token[30:], "of two tokens"
    yield "AAAA" + token[4:], "another key's"
    yield token.swapcase(), "in other letters"
    yield f"{token}/", "with a slash"
    yield f"../u/{token}%00", "with a zero"
    for place in (4, 12, 25, 40, -1):
        letter = "A" if token[place] != "A" else "B"
        at = place % len(token)
        yield token[:at] + letter + token[at + 1 :], f"altered at {place}"


def test_forged_links_do_nothing(scene, page):
    run = scene.mailed(ADA, BOB)
    token, other = scene.link(run, ADA), scene.link(run, BOB)
    before = scene.state()
    for forged, why in forgeries(token, other):
        for method, body in (("GET", ""), ("POST", "List-Unsubscribe=One-Click")):
            answer = page.ask(method, f"/u/{forged}", body)
            assert answer.status == 404, why
            assert "@" not in answer.text, why
    assert scene.state() == before


def test_the_mails_lists_alone(scene, page):
    run = scene.mailed(ADA, BOB)
    add_contacts(scene.database, [], "offers")
    with scene.database.write() as session:
        session.execute(
            text(
                "INSERT INTO membership (list_id, contact_id, joined_at) SELECT l.id, c.id, 0 "
                "FROM contact_list l, contact c WHERE l.name = 'offers' AND c.email = :email"
            ),
            {"email": ADA},
        )
    pending = scene.start()
    token = scene.link(run, ADA)
    assert "emails like this one" in page.get(token).text
    assert "any more emails like this one" in page.choose(token, "lists").text
    page.choose(token, "lists")
    assert scene.contact(ADA).status == "active"
    assert scene.send(pending) == [BOB]
    codes = {row.email: row.code for row in rows_of(scene.database, pending.id)}
    assert codes[ADA] == "left_list"
    checked_counts(scene.database, pending.id)
    assert scene.again() == {BOB: "accepted"}
    assert scene.again("deals", ("offers",)) == {ADA: "accepted"}
    record = scene.runtime.contact_records.of(ADA)
    assert (record.left_lists, len(record.choices)) == (("news",), 1)
    assert {each.name for each in record.lists} == {"offers"}
    assert any("left the campaign's lists" in entry.why for entry in record.history)


def test_the_last_pending_recipient_ends_the_run(scene, page):
    token = scene.link(scene.mailed(ADA), ADA)
    pending = scene.start()
    page.choose(token, "lists")
    assert scene.send(pending) == []
    with scene.database.read() as session:
        assert session.get(Run, pending.id).state == "finished"
    checked_counts(scene.database, pending.id)


@pytest.mark.parametrize("days", [30, 90])
def test_a_pause_ends_by_itself(scene, page, days):
    token = scene.link(scene.mailed(ADA, BOB), ADA)
    paused = page.choose(token, f"pause-{days}")
    assert "Emails are paused until" in paused.text
    page.choose(token, f"pause-{days}")
    record = scene.runtime.contact_records.of(ADA)
    assert len(record.choices) == 1
    assert days <= (record.paused_until - scene.clock.now()) / DAY <= days + 1
    assert scene.again() == {ADA: "paused", BOB: "accepted"}
    scene.clock.advance((days + 1) * DAY)
    if not scene.database.is_sqlite:  # whose own clock counts for claims
        with scene.database.write() as session:
            session.execute(text("UPDATE contact SET paused_until = 1"))
    assert scene.again() == {ADA: "accepted", BOB: "accepted"}
    assert "paused until" not in page.get(token).text
    assert scene.runtime.contact_records.of(ADA).paused_until is None


@pytest.mark.parametrize("choice", ["all", "lists", "pause-30"])
def test_undo_from_the_same_page(scene, page, choice):
    token = scene.link(scene.mailed(ADA), ADA)
    page.choose(token, choice)
    assert scene.again() != {ADA: "accepted"}
    restored = page.choose(token, "undo")
    assert 'value="undo"' not in restored.text
    page.choose(token, "undo")
    assert scene.again() == {ADA: "accepted"}
    [change] = scene.runtime.contact_records.of(ADA).choices
    assert change.undone_at is not None


def test_undo_takes_back_nobody_elses_word(scene, page):
    token = scene.link(scene.mailed(ADA), ADA)
    page.choose(token, "pause-30")
    page.choose(token, "all")
    with scene.database.write() as session:
        session.execute(text("UPDATE contact SET status_reason = 'asked us by phone'"))
    before = scene.state()
    shown = page.get(token)
    assert "You are unsubscribed" in shown.text
    assert 'value="undo"' not in shown.text
    page.choose(token, "undo")
    page.choose(token, "pause-90")
    assert scene.state() == before


def test_choices_are_taken_back_one_by_one(scene, page):
    token = scene.link(scene.mailed(ADA), ADA)
    for choice in ("lists", "pause-30", "all", "undo"):
        page.choose(token, choice)
    assert scene.contact(ADA).status == "active"
    assert "paused until" in page.get(token).text
    assert "emails like this one" in page.choose(token, "undo").text
    page.choose(token, "undo")
    assert scene.again() == {ADA: "accepted"}


def test_nobody_who_left_comes_back_by_an_import(scene, page):
    run = scene.mailed(ADA, BOB)
    page.choose(scene.link(run, ADA), "lists")
    page.choose(scene.link(run, BOB), "all")
    for policy in OnConflict:
        scene.runtime.contacts.add(
            [NewContact(ADA, ADA), NewContact(BOB, BOB)],
            list_name="news",
            now=scene.clock.now(),
            on_conflict=policy,
        )
    assert scene.again() == {BOB: "unsubscribed"}


def erase(scene, email):
    with scene.database.write() as session:
        for statement in (
            "DELETE FROM membership WHERE contact_id IN (SELECT id FROM contact WHERE email = :e)",
            "UPDATE delivery SET contact_id = NULL, email = '' WHERE email = :e",
            "DELETE FROM contact WHERE email = :e",
        ):
            session.execute(text(statement), {"e": email})


@pytest.mark.parametrize("before", [False, True])
def test_a_link_outlives_its_contact(scene, page, before):
    """Erased before or after the choice, and imported again."""
    token = scene.link(scene.mailed(ADA), ADA)
    if before:
        page.choose(token, "pause-30")
    erase(scene, ADA)
    asked = page.get(token)
    assert "Unsubscribe from all newsletters" in asked.text
    assert "Pause" not in asked.text
    assert "You are unsubscribed" in page.choose(token, "all").text
    add_contacts(scene.database, [ADA], "news")
    assert scene.again() == {ADA: "suppressed"}
    assert "You are unsubscribed" in page.get(token).text
    page.choose(token, "undo")
    assert scene.again() == {ADA: "accepted"}


def unsubscribed_without_a_contact(scene, page):
    """The page's token of somebody whose contact is gone, and who has unsubscribed since."""
    token = scene.link(scene.mailed(ADA), ADA)
    erase(scene, ADA)
    page.choose(token, "all")
    return token


def test_undo_leaves_what_the_operator_has_said_too(scene, page):
    token = unsubscribed_without_a_contact(scene, page)
    Suppressions(scene.database).add(ADA, MANUAL, "asked by phone", scene.clock.now())
    assert 'value="undo"' not in page.get(token).text
    page.choose(token, "undo")
    assert Suppressions(scene.database).get(ADA) is not None


def test_a_complaint_stands_above_an_unsubscription(scene, page):
    token = unsubscribed_without_a_contact(scene, page)
    with scene.database.write_connection() as connection:
        event = MailEvent(EventKind.COMPLAINT, scene.clock.now(), type="abuse")
        refuse(connection, [AddressEvent(ADA, None, event)], SoftBounceRule(), scene.clock.now())
    page.choose(token, "undo")
    assert Suppressions(scene.database).get(ADA).reason == "complained"


def test_the_operators_undo_leaves_what_its_owner_has_said_since(scene, page):
    token = scene.link(scene.mailed(ADA), ADA)
    erase(scene, ADA)
    Suppressions(scene.database).add(ADA, MANUAL, "by hand", scene.clock.now())
    page.choose(token, "all")
    undo_change(scene.database, scene.clock.now())
    assert Suppressions(scene.database).get(ADA) is not None


def test_a_link_of_somebody_who_was_erased_answers_and_writes_nothing(scene, page):
    token = scene.link(scene.mailed(ADA), ADA)
    erase_on_request(scene.database, check_address(ADA), scene.clock.now())
    before = scene.state()
    assert "You are unsubscribed" in page.get(token).text
    for choice in ("all", "lists", "pause-30", "undo"):
        assert "You are unsubscribed" in page.choose(token, choice).text
    assert page.one_click(token).status == 200
    assert scene.state() == before
    assert ADA not in str(before)


def test_an_older_backup_gives_no_power_over_others(scene, page):
    """The same number, and another recipient's mail: the address decides."""
    run = scene.mailed(ADA, BOB)
    [row] = [each for each in rows_of(scene.database, run.id) if each.email == BOB]
    token = scene.keys.current().sealed(row.id, ADA)
    assert "like this one" not in page.get(token).text
    page.choose(token, "lists")
    page.choose(token, "all")
    assert scene.contact(BOB).status == "active"
    assert scene.contact(ADA).status == "unsubscribed"


@pytest.mark.parametrize("reason", ["complained", "manual"])
def test_suppressed_addresses_have_nothing_to_choose(scene, page, reason):
    token = scene.link(scene.mailed(ADA), ADA)
    Suppressions(scene.database).add(ADA, reason, "", scene.clock.now())
    shown = page.get(token)
    assert "no longer send any email" in shown.text
    assert "<form" not in shown.text
    page.choose(token, "undo")
    assert scene.again() == {ADA: "suppressed"}


def test_strict_headers_on_every_answer(scene, page):
    token = scene.link(scene.mailed(ADA), ADA)
    answers = [
        page.get(token),
        page.get("nothing"),
        page.one_click(token),
        page.ask("POST", f"/u/{token}", "choice=undo"),
        page.ask("PUT", f"/u/{token}"),
        page.ask("GET", "/u/style.css"),
        page.ask("GET", "/"),
    ]
    for answer in answers:
        assert answer.headers["content-security-policy"].startswith("default-src 'none';")
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "noindex" in answer.headers["x-robots-tag"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in answer.headers
        assert "server" not in answer.headers
    assert answers[0].headers["cache-control"] == "no-store"
    assert not re.search(r"<script|javascript:|https?://", answers[0].text)
    assert answers[5].headers["content-type"].startswith("text/css")


@pytest.mark.parametrize(
    ("accepted", "lang", "title"),
    [
        ("de-CH, fr;q=0.5", "de", "Ihre E-Mail-Einstellungen"),
        ("nl, fr;q=0.3, es;q=0.8", "es", "Sus preferencias de correo"),
        ("pt-BR", "pt", "As suas preferências de e-mail"),
        ("ja", "ja", "メール配信の設定"),
        ("zh-Hant-TW", "zh", "您的邮件偏好设置"),
        ("fr;q=0, en", "en", "Your email preferences"),
        ("xx;;;q=,,", "en", "Your email preferences"),
        ("", "en", "Your email preferences"),
    ],
)
def test_the_page_speaks_the_readers_language(scene, page, accepted, lang, title):
    token = scene.link(scene.mailed(ADA), ADA)
    answer = page.get(token, accept_language=accepted)
    assert f'<html lang="{lang}">' in answer.text
    assert title in answer.text
    assert answer.headers["content-language"] == lang
    assert answer.headers["vary"] == "Accept-Language"
    paused = page.ask("POST", f"/u/{token}", "choice=pause-30")
    assert paused.status == 303
    assert "2027" in page.get(token, accept_language=accepted).text
