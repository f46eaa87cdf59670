"""The outbox's pages over HTTP: what they say, and what they refuse. (Browsers: ../browser.)"""

import http.client
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from sestui.simulator.launch import SimulatorProcess, start_simulator

Get = Callable[..., tuple[int, dict[str, str], str]]

HOSTILE = "<script>alert(1)</script>\"'&[bold]\u202ex"


@pytest.fixture
def get(simulator: SimulatorProcess) -> Get:
    """Ask for a page: status, headers in lower case, body."""
    return lambda path, **more: asked(simulator, path, **more)


def asked(
    simulator: SimulatorProcess, path: str, *, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], str]:
    address = urlsplit(simulator.endpoint_url).netloc
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        key = {"Authorization": f"Bearer {simulator.access_key_id}"}
        connection.request(method, path, headers=key | headers)
        answer = connection.getresponse()
        body = answer.read().decode("utf-8", "replace")
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, body
    finally:
        connection.close()


def simple(ses: Any, to: str, subject: str, **body: str) -> str:
    message_id: str = ses.send_email(
        FromEmailAddress="Ada's Shop <news@example.com>",
        Destination={"ToAddresses": [to]},
        Content={
            "Simple": {
                "Subject": {"Data": subject},
                "Body": {kind.title(): {"Data": text} for kind, text in body.items()},
            }
        },
    )["MessageId"]
    return message_id


def raw(ses: Any, message: EmailMessage) -> str:
    message["From"] = "news@example.com"
    message["To"] = "ada@example.org"
    message_id: str = ses.send_email(Content={"Raw": {"Data": message.as_bytes()}})["MessageId"]
    return message_id


def subjects(page: str) -> list[str]:
    return re.findall(r'class="open"[^>]*><bdi>(.*?)</bdi>', page)


def test_an_empty_outbox_says_so(tmp_path: Path) -> None:
    with start_simulator(tmp_path) as simulator:
        status, _, page = asked(simulator, "/outbox")
        assert (status, "The outbox is empty." in page) == (200, True)
        status, headers, _ = asked(simulator, "/")
        assert (status, headers["location"]) == (307, "/outbox")


def test_the_list_shows_names_of_senders(ses: Any, get: Get) -> None:
    simple(ses, "named@example.org", "named", text="x")
    message = EmailMessage()
    message["Subject"] = "named too"
    message["From"] = "=?utf-8?q?Caf=C3=A9?= <cafe@example.com>"
    message["To"] = "named@example.org"
    ses.send_email(Content={"Raw": {"Data": message.as_bytes()}})
    page = get("/outbox?find=named@")[2]
    assert "Ada&#39;s Shop &lt;news@example.com&gt;" in page
    assert "Café &lt;cafe@example.com&gt;" in page


def test_the_list_is_paged_newest_first(ses: Any, get: Get) -> None:
    for number in range(120):
        simple(ses, f"paged{number}@example.org", f"page {number}", text="x")
    path = "/outbox?find=paged"
    pages = []
    for _ in range(3):
        page = get(path)[2]
        pages.append(subjects(page))
        path = older[0] if (older := links(page, "next")) else ""
    assert not path
    assert [len(page) for page in pages] == [50, 50, 20]
    assert [subject for each in pages for subject in each] == [
        f"page {number}" for number in range(119, -1, -1)
    ]
    newer = links(page, "prev")[0]
    assert subjects(get(newer)[2]) == pages[1]
    newest = links(get(newer)[2], "prev")[0]
    assert subjects(get(newest)[2]) == pages[0]
    assert not links(get(newest)[2], "prev")


def links(page: str, rel: str) -> list[str]:
    return [url.replace("&amp;", "&") for url in re.findall(rf'rel="{rel}" href="(.*?)"', page)]


def test_find_and_states(ses: Any, get: Get) -> None:
    simple(ses, "bounce+find@simulator.amazonses.com", "to be bounced", text="x")
    simple(ses, "complaint+find@simulator.amazonses.com", "to be complained of", text="x")
    simple(ses, "find-me@example.org", "Grüße", text="x")
    assert subjects(get("/outbox?find=FIND-ME")[2]) == ["Grüße"]
    assert subjects(get("/outbox?find=" + quote("GRÜSSE"))[2]) == ["Grüße"]
    found = get("/outbox?find=%2Bfind@")[2]
    assert subjects(found) == ["to be complained of", "to be bounced"]
    assert re.findall(r'class="state (\w+)"', found) == ["complained", "bounced"]
    nothing = get("/outbox?find=" + quote("<b>nobody"))[2]
    assert "No mail has “<bdi>&lt;b&gt;nobody</bdi>”" in nothing
    assert get("/outbox?before=x&after=-1&find=find-me")[0] == 200


def test_text_from_a_mail_is_never_markup(ses: Any, get: Get) -> None:
    mail = simple(ses, f'"{HOSTILE[:20]}" <a@example.org>', HOSTILE, text=HOSTILE, html=HOSTILE)
    for path in ("/outbox", *(f"/outbox/{mail}/{view}" for view in ("text", "source", "headers"))):
        status, headers, page = get(path)
        assert status == 200
        assert "<script" not in page
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "script-src" not in headers["content-security-policy"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&amp;[bold]\\u202ex" in get("/outbox")[2]


def test_the_html_is_served_for_a_frame_that_may_do_nothing(ses: Any, get: Get) -> None:
    mail = simple(ses, "a@example.org", "x", text="plain", html="<p>Hi</p><script>1</script>")
    page = get(f"/outbox/{mail}")[2]
    assert '<iframe sandbox="" referrerpolicy="no-referrer"' in page
    assert f'src="/outbox/{mail}/frame"' in page
    _, headers, frame = get(f"/outbox/{mail}/frame")
    policy = headers["content-security-policy"].split("; ")
    assert {"sandbox", "default-src 'none'", "img-src data:", "form-action 'none'"} <= set(policy)
    assert frame == '<!doctype html><base target="_blank"><p>Hi</p><script>1</script>'
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_every_view(ses: Any, get: Get) -> None:
    mail = simple(ses, "a@example.org", "Views", text="the text", html="<p>ü</p>")
    assert "the text" in get(f"/outbox/{mail}/text")[2]
    assert "Content-Transfer-Encoding: quoted-printable" in get(f"/outbox/{mail}/source")[2]
    assert "&lt;p&gt;ü&lt;/p&gt;" in get(f"/outbox/{mail}/decoded")[2]
    assert "Ada&#39;s Shop &lt;news@example.com&gt;" in get(f"/outbox/{mail}/headers")[2]
    assert "There is no view" in get(f"/outbox/{mail}/other")[2]
    only_text = simple(ses, "a@example.org", "Views", text="only text")
    assert "only text" in get(f"/outbox/{only_text}")[2]
    assert "has no HTML part" in get(f"/outbox/{only_text}/html")[2]
    long = simple(ses, "a@example.org", "Views", text="word " * 110_000)
    assert "the .eml file has all of it" in get(f"/outbox/{long}")[2]


def test_mail_and_attachments_are_kept_not_opened(ses: Any, get: Get) -> None:
    message = EmailMessage()
    message.set_content("x")
    message.add_attachment("<script>1</script>", subtype="html", filename="../../ü\u202e.html")
    mail = raw(ses, message)
    page = get(f"/outbox/{mail}")[2]
    assert "ü_.html" in page
    status, headers, body = get(f"/outbox/{mail}/file/0")
    assert (status, body.strip()) == (200, "<script>1</script>")
    assert headers["content-disposition"] == (
        "attachment; filename=\"__.html\"; filename*=UTF-8''%C3%BC_.html"
    )
    assert headers["content-type"] == "application/octet-stream"
    assert headers["x-content-type-options"] == "nosniff"
    _, headers, body = get(f"/outbox/{mail}/mail.eml")
    assert body.encode() == message.as_bytes()
    assert headers["content-disposition"].startswith(f'attachment; filename="{mail}.eml"')
    assert get(f"/outbox/{mail}/file/9")[0] == 404
    assert get(f"/outbox/{mail}/file/x")[0] == 404


def test_what_is_not_there_is_a_page_too(get: Get) -> None:
    for path in ("/outbox/none", "/outbox/none/frame", "/outbox/%00/text"):
        status, _, page = get(path)
        assert (status, "There is no mail" in page) == (404, True)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
)
def test_pages_from_elsewhere_are_refused(get: Get, headers: dict[str, str]) -> None:
    for path in ("/", "/outbox", "/outbox/none/frame"):
        status, answered, page = get(path, **headers)
        assert (status, "on this machine" in page) == (403, True)
        assert "access-control-allow-origin" not in answered


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_the_pages_only_read(get: Get, method: str) -> None:
    assert get("/outbox", method=method)[0] == 405


def test_only_this_machine_is_listened_to(simulator: SimulatorProcess) -> None:
    port = urlsplit(simulator.endpoint_url).port
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.2", port), 2):
        pass


def test_the_start_does_not_wait_for_the_pages() -> None:
    script = (
        "import sys, sestui.simulator.api.serve\n"
        "late = {'jinja2', 'sestui.simulator.pages.app', 'email.mime.base'} & set(sys.modules)\n"
        "sys.exit(str(late) if late else 0)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
