"""The subscribe form in a real browser: by keyboard, without JavaScript, at two widths."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sestui.core.delivery.states import RunState
from sestui.runtime import Runtime
from sestui.settings import load_settings
from sestui.web.serve import create_app
from tests.support.page import serving

pytestmark = [pytest.mark.ci, pytest.mark.long]


@pytest.fixture
def form(tmp_path: Path) -> Iterator[tuple[Runtime, str]]:
    settings = load_settings(
        data_dir=tmp_path / "w",
        web_url="https://news.example.com",
        web_subscribe_lists="news, offers",
        web_subscribe_from="Ada's Shop <news@example.com>",
    )
    with (
        Runtime.open(settings) as runtime,
        serving(create_app(runtime, style=None, warn=pytest.fail)) as port,
    ):
        yield runtime, f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("width", [360, 1280])
def test_by_keyboard_and_without_javascript(browser: Any, form: Any, width: int) -> None:
    runtime, url = form
    size = {"width": width, "height": 740}
    context = browser.new_context(java_script_enabled=False, viewport=size, locale="de-DE")
    try:
        page = context.new_page()
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text))
        page.goto(f"{url}/subscribe")
        page.keyboard.press("Tab")
        page.keyboard.type("ada@example.com")
        page.keyboard.press("Tab")
        page.keyboard.type("Ada")
        page.keyboard.press("Enter")  # without a list
        page.get_by_role("alert").get_by_text("Bitte wählen Sie").wait_for()
        assert page.get_by_label("E-Mail-Adresse").input_value() == "ada@example.com"
        assert page.get_by_label("Vorname").input_value() == "Ada"
        assert not page.get_by_label("leer lassen").is_visible()
        page.get_by_label("offers").check()
        button = page.get_by_role("button", name="Anmelden")
        box = button.bounding_box()
        assert box["height"] >= 44, "large enough for a thumb"
        assert box["x"] + box["width"] <= width
        field = page.get_by_label("E-Mail-Adresse").bounding_box()
        assert field["height"] >= 44
        assert field["x"] + field["width"] <= width
        button.press("Enter")
        page.get_by_role("status").get_by_text("ist eine E-Mail an sie unterwegs").wait_for()
        [run] = runtime.runs.in_states([RunState.SENDING])
        [row] = runtime.deliveries.of_run(run.id)
        mail = runtime.composers.of_run(run).mail(row.email, {}, (), row.id)
        [link] = re.findall(r"https://news.example.com(/u/confirm/\S+)", mail.text)
        page.goto(f"{url}{link}")
        page.get_by_role("button", name="Bestätigen").press("Enter")
        page.get_by_role("status").get_by_text("Ihre Anmeldung ist bestätigt").wait_for()
        ada = runtime.contact_records.of("ada@example.com")
        assert {each.name for each in ada.lists} == {"offers"}
        # The form without a list; all else would be its own rules keeping something from the pages.
        assert [each for each in refused if "400 (Bad Request)" not in each] == []
        assert context.cookies() == []
    finally:
        context.close()
