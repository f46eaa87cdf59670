"""The subscribe form over real HTTP, on both engines: asked, confirmed, and nothing given away."""

import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from sqlalchemy import text

from sestui.core.clock import iso
from sestui.core.contact.address_check import check_address
from sestui.core.contact.preferences import ReaderChoice, Source
from sestui.core.delivery.confirm_token import opened_confirmation
from sestui.core.delivery.states import PauseReason
from sestui.core.delivery.unsubscribe_token import LinkSubject
from sestui.errors import SettingsError
from sestui.reports.dashboard import dashboard
from sestui.store.contacts.contacts import NewContact
from sestui.store.contacts.imports import Imports
from sestui.store.db.tables import Suppression
from sestui.store.erasure.erasure import erase
from sestui.store.relay.mails import RelayedMails
from sestui.store.runs.run_lists import RecentRuns
from sestui.store.web.preferences import Chosen, Preferences, ReceivedChoice
from sestui.tasks.agenda import Agenda
from sestui.web.serve import create_app
from tests.integration.web.conftest import WEB_URL, Scene, made_scene
from tests.support.page import Answer, Asker, serving
from tests.support.seeding import add_contacts, checked_counts, rows_of

ADA = "ada@example.com"
HOUR, DAY = 3_600, 86_400
OFFER = {"web_subscribe_lists": "news, offers", "web_subscribe_from": "Ada's Shop <a@shop.example>"}


@pytest.fixture
def scene(database, tmp_path, clock) -> Scene:
    return made_scene(database, tmp_path, clock, **OFFER)


class Form(Asker):
    """Somebody at the form, and what they get by mail."""

    def __init__(self, port: int, scene: Scene) -> None:
        super().__init__(port)
        self.scene = scene

    def fill(self, email: str = ADA, path: str = "news", **more: str) -> Answer:
        headers = {name: more.pop(name) for name in ("origin", "x_forwarded_for") if name in more}
        body = urlencode({"email": email, **more})
        return self.ask("POST", f"/subscribe/{path}".rstrip("/"), body, **headers)

    def mailed(self) -> list[str]:
        """To whom mails that ask to confirm leave now."""
        run_id = self.run_id()
        return self.scene.send(type("Run", (), {"id": run_id})) if run_id else []

    def run_id(self) -> int | None:
        with self.scene.database.read() as session:
            return session.execute(
                text("SELECT max(id) FROM run WHERE kind = 'confirmation'")
            ).scalar()

    def mail(self, delivery_id: int | None = None):
        """The newest mail, as SES would get it."""
        runtime = self.scene.runtime
        row = [
            each
            for each in rows_of(runtime.database, self.run_id())
            if delivery_id in {None, each.id}
        ][-1]
        run = runtime.runs.get(row.run_id)
        return runtime.composers.of_run(run).mail(row.email, {}, (), row.id)

    def token(self, delivery_id: int | None = None) -> str:
        found = re.search(rf"{WEB_URL}/u/confirm/([\w-]+)", self.mail(delivery_id).text)
        assert found is not None
        return found[1]

    def see(self, token: str) -> Answer:
        return self.ask("GET", f"/u/confirm/{token}")

    def confirm(self, token: str) -> Answer:
        answer = self.ask("POST", f"/u/confirm/{token}")
        assert answer.status in {200, 303, 404, 410}
        return self.see(token)


@pytest.fixture
def form(scene) -> Iterator[Form]:
    with serving(create_app(scene.runtime, style=None, warn=pytest.fail)) as port:
        asker = Form(port, scene)
        yield asker
        asker.close()


def lists_of(scene: Scene, email: str) -> set[str]:
    return {each.name for each in scene.runtime.contact_records.of(email).lists}


def test_without_the_setting_there_is_no_form(database, tmp_path, clock):
    scene = made_scene(database, tmp_path, clock)
    with serving(create_app(scene.runtime, style=None, warn=pytest.fail)) as port:
        asker = Asker(port)
        for path in ("/subscribe", "/subscribe/news"):
            assert asker.ask("GET", path).status == 404
            assert asker.ask("POST", path, urlencode({"email": ADA})).status == 404
        asker.close()


def test_a_form_without_a_sender_is_refused(database, tmp_path, clock):
    scene = made_scene(database, tmp_path, clock, web_subscribe_lists="news")
    with pytest.raises(SettingsError, match="web_subscribe_from"):
        create_app(scene.runtime, style=None, warn=pytest.fail)


def test_asked_mailed_confirmed(scene, form):
    asked = form.ask("GET", "/subscribe/news", accept_language="de")
    assert '<label for="email">E-Mail-Adresse</label>' in asked.text
    assert "Absender: Ada&#39;s Shop" in asked.text
    asked_at = iso(scene.clock.now())
    sent = form.fill("Ada@Example.com", first_name="  Ada  ")
    assert (sent.status, sent.headers["location"]) == (303, "news?sent")
    assert "If this address can be subscribed" in form.ask("GET", "/subscribe/news?sent").text
    assert scene.runtime.contacts.get(ADA) is None, "asking alone makes nobody a contact"
    assert form.mailed() == ["Ada@example.com"]
    checked_counts(scene.database, form.run_id())
    mail = form.mail()
    assert (mail.from_address, mail.to) == (OFFER["web_subscribe_from"], "Ada@example.com")
    assert mail.headers == ()
    token = form.token()
    assert f'href="{WEB_URL}/u/confirm/{token}"' in mail.html
    before = scene.state()
    for method in ("GET", "HEAD"):
        assert form.ask(method, f"/u/confirm/{token}").status == 200
    assert scene.state() == before
    assert "A…@example.com (news)" in form.see(token).text
    assert "has been confirmed" in form.confirm(token).text
    ada = scene.contact(ADA)
    assert (ada.email, ada.status, ada.attributes) == (
        "Ada@example.com", "active", {"first_name": "Ada"},
    )  # fmt: skip
    assert lists_of(scene, ADA) == {"news"}
    [consent] = scene.runtime.contact_records.of(ADA).choices
    assert (consent.choice, consent.source, consent.at) == ("subscribe", "form", scene.clock.now())
    [told] = scene.runtime.contact_records.of(ADA).as_dict()["choices"]
    assert told["consent"].pop("text").startswith("By confirming, you ask us to send emails to A…@")
    assert told["consent"] == {"asked_at": asked_at, "lists": ["news"], "lang": "en"}
    after = scene.state()
    assert "has been confirmed" in form.confirm(token).text
    assert scene.state() == after, "a link confirms once"


def test_the_mail_speaks_the_forms_language(form):
    form.ask("POST", "/subscribe/news", urlencode({"email": ADA}), accept_language="ja")
    mail = form.mail()
    assert mail.subject == "登録の確認をお願いします"
    assert 'lang="ja"' in mail.html


def test_the_answer_gives_nothing_away(scene, form):
    """Whatever is known of the address: the claim decides who gets the mail."""
    add_contacts(scene.database, ["on@example.com"], "news")
    add_contacts(scene.database, ["left@example.com"], "other")
    with scene.database.write() as session:
        session.execute(text("UPDATE contact SET status = 'unsubscribed' WHERE email LIKE 'left%'"))
        for key, reason in (
            ("bounced@example.com", "bounced"),
            ("complained@example.com", "complained"),
            ("manual@example.com", "manual"),
            ("@gone.example", "manual"),
            ("word@example.com", "unsubscribed"),
        ):
            session.add(Suppression(email_key=key, reason=reason, created_at=0))
        by_hand = {"email_key": "both@example.com", "reason": "unsubscribed", "kept": True}
        session.add(Suppression(**by_hand, created_at=0))
    open_to = ["new@example.com", "on@example.com", "left@example.com", "word@example.com"]
    closed = [
        "bounced@example.com",
        "complained@example.com",
        "manual@example.com",
        "a@gone.example",
        "both@example.com",
    ]
    answers = []
    for email in (*open_to, *closed):
        answer = form.fill(email)
        headers = {name: value for name, value in answer.headers.items() if name != "date"}
        answers.append((answer.status, headers, answer.text))
    assert all(each == answers[0] for each in answers)
    assert form.mailed() == open_to
    checked_counts(scene.database, form.run_id())


def test_nobody_can_be_bombed(scene, form):
    for email in (ADA, "ADA@example.com", "Ada@EXAMPLE.com", f" {ADA} ") * 5:
        for path in ("news", "offers"):
            assert form.fill(email, path).status == 303
    assert form.mailed() == [ADA]
    with serving(create_app(scene.runtime, style=None, warn=pytest.fail)) as port:
        again = Form(port, scene)
        assert again.fill().status == 303
        again.close()
    assert form.mailed() == [], "nor by a restart"
    for mails in ([ADA], [ADA], [], []):
        scene.clock.advance(HOUR + 1)
        form.fill()
        assert form.mailed() == mails
    scene.clock.advance(DAY)
    form.fill()
    assert form.mailed() == [ADA]


def test_a_mailbox_has_many_addresses(form):
    for email in (ADA, "ada+1@example.com", "Ada+2@example.com", "ada.b@example.com"):
        form.fill(email)
    for email in ("a.da@gmail.com", "ada@googlemail.com", "ADA+x@gmail.com", "+a@gmail.com"):
        form.fill(email)
    assert form.mailed() == [ADA, "ada.b@example.com", "a.da@gmail.com", "+a@gmail.com"]


def test_what_paused_the_mails_is_mended_by_name(scene, form):
    """As `run-due` tells the operator to."""
    form.fill()
    scene.runtime.runs.pause(form.run_id(), PauseReason.ERRORS, "SES refused 10 in a row.")
    form.fill("bob@example.com")
    assert form.mailed() == []
    resumed = scene.runtime.run_control.resume("(subscriptions)")
    assert (resumed.id, resumed.state) == (form.run_id(), "sending")
    assert form.mailed() == [ADA, "bob@example.com"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("state = 'finished', pending = 0, in_doubt = 1", "1 recipient in doubt"),
        ("state = 'paused', reason = 'errors', detail = 'SES refuses the sender.'", "SES refuses"),
    ],
)
def test_what_keeps_the_mails_from_somebody_needs_the_operator(scene, form, change, sentence):
    form.fill()
    with scene.database.write_connection() as connection:
        connection.execute(text(f"UPDATE run SET {change} WHERE kind = 'confirmation'"))
    database = scene.database
    relayed = RelayedMails(database, scene.runtime.clock)
    found = dashboard(RecentRuns(database), Imports(database), relayed, Agenda((), 0.0, None))
    (need,) = found.needs
    assert need.subject == "(subscriptions) · confirmation 1"
    assert sentence in need.sentence


def test_a_client_gets_some_forms_an_hour(scene, form):
    def come(number, forwarded):
        return form.fill(f"c{number}@example.com", x_forwarded_for=forwarded).status

    given = [f"10.0.0.{number}, 203.0.113.9" for number in range(21)]  # the first are anybody's
    assert [come(*each) for each in enumerate(given)] == [303] * 20 + [429]
    assert come(30, "203.0.113.10") == 303
    six = [come(40 + number, f"2001:db8:1:2::{number:x}") for number in range(21)]
    assert six == [303] * 20 + [429], "a customer has a whole network"
    scene.clock.advance(HOUR)
    assert come(70, "203.0.113.9") == 303


def test_all_together_get_some_mails_an_hour(database, tmp_path, clock):
    scene = made_scene(database, tmp_path, clock, **OFFER, web_subscribe_hourly=3)
    with serving(create_app(scene.runtime, style=None, warn=pytest.fail)) as port:
        form = Form(port, scene)
        found = [form.fill(f"r{number}@example.com") for number in range(5)]
        assert [each.status for each in found] == [303, 303, 303, 429, 429]
        assert found[-1].headers["retry-after"] == "3600"
        clock.advance(HOUR + 1)
        assert form.fill("r9@example.com").status == 303
        form.close()


def test_links_of_one_kind_are_none_of_another(scene, form):
    run = scene.mailed(ADA)
    link = scene.link(run, ADA)
    form.fill()
    token = form.token()
    before = scene.state()
    last = "A" if token[-10] != "A" else "B"
    for forged in (link, token[:-1], token + "A", token[:40], f"{token[:-10]}{last}{token[-9:]}"):
        assert form.see(forged).status == 404
        assert form.ask("POST", f"/u/confirm/{forged}").status == 404
    for method, body in (("GET", ""), ("POST", "List-Unsubscribe=One-Click")):
        assert form.ask(method, f"/u/{token}", body).status == 404
    assert form.ask("POST", f"/u/{link}", "choice=subscribe").status == 400
    assert scene.state() == before


def test_a_link_works_for_two_days(scene, form):
    form.fill()
    token = form.token()
    scene.clock.advance(2 * DAY)
    before = scene.state()
    expired = form.confirm(token)
    assert (expired.status, scene.state()) == (410, before)
    assert "has expired" in expired.text
    form.fill()
    assert "has been confirmed" in form.confirm(form.token()).text


def test_a_link_is_for_what_was_asked(scene, form):
    """Another request that has its number, as after a restored backup."""
    form.fill()
    token = form.token()
    with scene.database.write() as session:
        session.execute(text("UPDATE subscription_request SET lists = '[\"offers\"]'"))
    assert form.confirm(token).status == 410
    with scene.database.write() as session:
        changed = "lists = '[\"news\"]', email_key = 'bob@example.com'"
        session.execute(text(f"UPDATE subscription_request SET {changed}"))
    assert form.confirm(token).status == 410
    assert scene.runtime.contacts.get(ADA) is None
    found = opened_confirmation(token, scene.keys.held())
    assert found is not None
    assert found.address_key == ADA


def test_who_had_unsubscribed_is_back_on_this_list_alone(scene, form):
    scene.mailed(ADA, lists=("news",))
    for name in ("deals", "offers"):
        scene.runtime.contacts.add([NewContact(ADA, ADA)], list_name=name, now=0)
    word = ReceivedChoice(LinkSubject(1, ADA), Chosen(ReaderChoice.ALL, Source.PAGE), 0)
    Preferences(scene.database).choose([word])
    form.fill(path="offers")
    assert form.mailed() == [ADA]
    assert "has been confirmed" in form.confirm(form.token()).text
    assert scene.contact(ADA).status == "active"
    assert lists_of(scene, ADA) == {"offers"}
    scene.runtime.contacts.add([NewContact(ADA, ADA)], list_name="deals", now=0)
    assert lists_of(scene, ADA) == {"offers"}, "nor by an import"
    form.fill("zoe@example.com", "offers")
    form.confirm(form.token())
    scene.clock.advance(HOUR + 1)
    form.fill(path="news")
    form.confirm(form.token())
    assert lists_of(scene, ADA) == {"news", "offers"}


def test_a_list_that_was_left_is_joined_again(scene, form, page_link):
    page_link("lists")
    assert lists_of(scene, ADA) == set()
    form.fill()
    form.confirm(form.token())
    assert lists_of(scene, ADA) == {"news"}
    assert scene.again() == {ADA: "accepted"}


def test_who_was_erased_comes_back_by_their_own_word_alone(scene, form):
    scene.mailed(ADA)
    erase(scene.database, check_address(ADA), scene.clock.now())
    form.fill()
    assert form.mailed() == [ADA]
    assert scene.contact(ADA) is None
    requests = scene.runtime.contact_records.of(ADA, whole=True).as_dict()["subscription_requests"]
    assert [each["lists"] for each in requests] == [["news"]]
    form.confirm(form.token())
    assert lists_of(scene, ADA) == {"news"}
    scene.runtime.contacts.add([NewContact(ADA, ADA)], list_name="more", now=scene.clock.now())
    assert lists_of(scene, ADA) == {"news", "more"}


def test_a_pause_ends(scene, form, page_link):
    page_link("pause-90")
    assert scene.again() == {ADA: "paused"}
    form.fill()
    form.confirm(form.token())
    assert scene.again() == {ADA: "accepted"}


@pytest.fixture
def page_link(scene, form):
    """Choose something on the unsubscribe page of a mail to Ada."""
    link = scene.link(scene.mailed(ADA), ADA)
    return lambda choice: form.choose(link, choice)


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        ("bounced", False),
        ("complained", False),
        ("manual", False),
        ("unsubscribed", True),  # and suppressed by hand, too
        ("unsubscribed", False),
    ],
)
def test_only_their_own_word_is_taken_back(scene, form, reason, kept):
    """What came in after the mail had left."""
    form.fill()
    token = form.token()
    with scene.database.write() as session:
        session.add(Suppression(email_key=ADA, reason=reason, kept=kept, created_at=0))
    before = scene.state()
    shown = form.confirm(token)
    if reason == "unsubscribed" and not kept:
        assert lists_of(scene, ADA) == {"news"}
        assert scene.runtime.suppressions.get(ADA) is None
    else:
        assert "no longer send any email" in shown.text
        assert scene.state() == before


def test_several_lists_are_chosen_from(scene, form):
    shown = form.ask("GET", "/subscribe").text
    assert re.findall(r'type="checkbox" name="list" value="(\w+)" *>', shown) == ["news", "offers"]
    unchosen = form.fill(path="")
    assert (unchosen.status, form.run_id()) == (400, None)
    assert "choose one of the options" in unchosen.text
    body = urlencode([("email", ADA), ("list", "offers"), ("list", "secret"), ("list", "news")])
    assert form.ask("POST", "/subscribe", body).headers["location"] == "subscribe?sent"
    form.confirm(form.token())
    assert lists_of(scene, ADA) == {"news", "offers"}
    assert form.ask("GET", "/subscribe/secret").status == 404
    assert form.fill("bob@example.com", "secret").status == 404
    assert "secret" not in {each.name for each in scene.runtime.contacts.lists()}


@pytest.mark.parametrize(
    "email",
    ["", "ada", "ada@", "@example.com", "ada@example", "a b@example.com", "ada@example.com,b@c.de",
     "ada@example.com\r\nBcc: eve@example.com", "ådå@example.com", '"><script>@example.com',
     "a@" + "x" * 300 + ".com"],
)  # fmt: skip
def test_what_is_no_address_is_asked_for_again(form, email):
    again = form.fill(email, first_name='"><b>')
    assert (again.status, form.run_id()) == (400, None)
    assert 'aria-describedby="problem"' in again.text
    assert "<script>" not in again.text
    assert 'value="&#34;&gt;&lt;b&gt;"' in again.text


def test_what_programs_send_is_thrown_away(scene, form):
    caught = form.fill(website="https://spam.example")
    assert (caught.status, form.run_id()) == (303, None)
    assert form.ask("POST", "/subscribe/news", "x" * 20_000).status == 413
    for method in ("PUT", "DELETE", "OPTIONS"):
        assert form.ask(method, "/subscribe").status == 405
    assert form.fill(first_name="x" * 5_000).status == 303
    with scene.database.read() as session:
        name = session.execute(text("SELECT name FROM subscription_request")).scalar_one()
    assert len(name) <= 60


def test_a_form_elsewhere_has_to_be_named(database, tmp_path, clock):
    scene = made_scene(
        database, tmp_path, clock, **OFFER, web_subscribe_sites="https://shop.example"
    )
    with serving(create_app(scene.runtime, style=None, warn=pytest.fail)) as port:
        form = Form(port, scene)
        origins = [WEB_URL, "https://shop.example", f"http://127.0.0.1:{port}", "null",
                   "https://evil.example", "https://shop.example.evil"]  # fmt: skip
        found = [form.fill(f"r{at}@example.com", origin=each) for at, each in enumerate(origins)]
        assert [each.status for each in found] == [303, 303, 303, 403, 403, 403]
        # Otherwise the browser says "null".
        assert form.ask("GET", "/subscribe").headers["referrer-policy"] == "same-origin"
        form.close()


def test_scanners_change_nothing(scene, form):
    form.fill()
    token = form.token()
    before = scene.state()
    for number in range(40):
        for path in (f"/u/confirm/{token}?{number}", f"/subscribe/news?email={number}@x.de"):
            assert form.ask("GET", path, purpose="prefetch").status == 200
            assert form.ask("HEAD", path).text == ""
    assert scene.state() == before


def test_old_requests_are_deleted_and_hold_up_nobody(scene, form):
    form.fill()
    first = form.token()
    scene.clock.advance(8 * DAY)
    form.fill("bob@example.com")
    assert form.see(first).status == 410
    with scene.database.read() as session:
        kept = session.execute(text("SELECT email_key FROM subscription_request")).scalars().all()
    assert kept == ["bob@example.com"]
