"""The unsubscribe page in a real browser: by keyboard, without JavaScript, at two widths."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sestui.runtime import Runtime
from sestui.settings import load_settings
from sestui.store.web.link_keys import LinkKeys
from sestui.web.serve import create_app
from tests.support.page import serving
from tests.support.seeding import add_contacts, make_campaign, rows_of, start_run

pytestmark = pytest.mark.ci
ADA = "ada@example.com"


@pytest.fixture
def link(tmp_path: Path) -> Iterator[tuple[Runtime, str]]:
    """A contact's link to the page."""
    settings = load_settings(data_dir=tmp_path / "w", web_url="http://127.0.0.1")
    with Runtime.open(settings) as runtime:
        add_contacts(runtime.database, [ADA])
        run = start_run(runtime.database, make_campaign(runtime.database), runtime.clock.now())
        [row] = rows_of(runtime.database, run.id)
        token = LinkKeys(runtime.database, runtime.settings.data_dir).current().sealed(row.id, ADA)
        with serving(create_app(runtime, style=None, warn=pytest.fail)) as port:
            yield runtime, f"http://127.0.0.1:{port}/u/{token}"


@pytest.mark.long
@pytest.mark.ci
@pytest.mark.parametrize("width", [360, 1280])
def test_by_keyboard_and_without_javascript(browser: Any, link: Any, width: int) -> None:
    runtime, url = link
    size = {"width": width, "height": 740}
    context = browser.new_context(java_script_enabled=False, viewport=size, locale="de-DE")
    try:
        page = context.new_page()
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text))
        page.goto(url)
        assert page.title() == "Ihre E-Mail-Einstellungen"
        page.keyboard.press("Tab")  # to the choices, of which the first is chosen
        page.keyboard.press("Tab")  # to the button
        page.keyboard.press("Enter")
        page.get_by_role("status").get_by_text("Sie sind abgemeldet").wait_for()
        assert runtime.contacts.get(ADA).status == "unsubscribed"
        page.reload()  # asks, and sends nothing again
        page.get_by_role("button", name="Rückgängig machen").press("Enter")
        page.get_by_role("button", name="Bestätigen").wait_for()
        assert runtime.contacts.get(ADA).status == "active"
        page.get_by_label("30 Tage pausieren").check()
        box = page.get_by_role("button", name="Bestätigen").bounding_box()
        assert box["height"] >= 44, "large enough for a thumb"
        assert box["x"] + box["width"] <= width
        assert refused == [], "its own rules let the page have what it needs"
        assert context.cookies() == []
    finally:
        context.close()
