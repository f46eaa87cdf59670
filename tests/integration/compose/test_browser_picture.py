"""Pictures of mails: what the browser is given, how it ends, and what a hostile mail gets at."""

import base64
import http.server
import re
import tempfile
import threading
from pathlib import Path

import psutil
import pytest

from sestui.compose import browser_picture
from sestui.compose.browser_picture import (
    BROWSERS,
    DEVICES,
    NoPictureError,
    Stopped,
    page_of,
    take_picture,
)
from sestui.core.delivery.mail import Mail, MailAttachment
from tests.support.pictures import PICTURE, browser
from tests.support.pictures import png as png_of

REAL = pytest.mark.skipif(
    not any(browser_picture.shutil.which(name) for name in BROWSERS), reason="no browser here"
)


@pytest.fixture(autouse=True)
def own_temporary_folder(monkeypatch):
    """Whatever is left behind is seen."""
    with tempfile.TemporaryDirectory(prefix="sestui-test-") as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield
        assert not list(Path(folder).glob("sestui-picture-*"))


def mail(html, *attachments):
    return Mail("a@example.com", "b@example.com", "Hi", html, "Hi", attachments=attachments)


def take(html="<p>Hi</p>", device="desktop", *attachments):
    return take_picture(mail(html, *attachments), DEVICES[device], threading.Event())


def test_the_browser_is_run_without_network_or_a_profile_of_anybodys(monkeypatch):
    tell = 'printf "%s\\n" "$@" > {folder}/said; env >> {folder}/said'
    with browser(monkeypatch, f'{tell}; cat {{folder}}/picture.png > "$out"') as folder:
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
        monkeypatch.setenv("DISPLAY", ":0")
        picture = take()
        told = (folder / "said").read_text()
    assert (picture.width, len(picture.rows)) == (320, 41)
    assert "--host-resolver-rules=MAP * ~NOTFOUND" in told
    assert "--no-sandbox" not in told
    assert "hidden" not in told
    assert "DISPLAY" not in told
    home = re.search(r"^HOME=(.*)$", told, re.MULTILINE)[1]
    assert f"--user-data-dir={home}/profile" in told
    assert not Path(home).exists()


@pytest.mark.parametrize(("script", "why"), [
    ("exit 1", "No picture: chromium gave none (No such file or directory)."),
    ('echo x > "$out"', "No picture: chromium gave none (it is not a PNG file)."),
])  # fmt: skip
def test_a_browser_that_fails_is_said(monkeypatch, script, why):
    with browser(monkeypatch, script), pytest.raises(NoPictureError) as failed:
        take()
    assert str(failed.value) == why


def test_a_picture_of_one_colour_is_taken_once_more(monkeypatch):
    first = 'echo once >> {folder}/said; cat {folder}/blank.png > "$out"'
    then = 'cat {folder}/picture.png > "$out"'
    script = f"if [ -s {{folder}}/said ]; then {then}; else {first}; fi"
    with browser(monkeypatch, script) as folder:
        (folder / "blank.png").write_bytes(png_of([b"\0" + b"\xff" * 3 * 640] * 80))
        picture = take()
        assert (folder / "said").read_text() == "once\n"
    assert len(picture.rows) == 41


def test_no_browser_is_said_with_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoPictureError, match="it takes Chromium, Chrome or Edge"):
        take()


def children():
    return [each for each in psutil.Process().children(recursive=True) if each.is_running()]


@pytest.mark.parametrize("wanted", ["stopped", "too late"])
def test_a_browser_is_ended_with_all_that_it_has_started(monkeypatch, wanted):
    before = set(children())
    if wanted == "too late":
        monkeypatch.setattr(browser_picture, "_SECONDS", 0.3)
    with browser(monkeypatch, "sleep 1000 & sleep 1000"):
        stop = threading.Event()
        found = []

        def run():
            try:
                take_picture(mail(""), DEVICES["phone"], stop)
            except (Stopped, NoPictureError) as error:
                found.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        if wanted == "stopped":
            while not set(children()) - before:
                pass
            stop.set()
        thread.join(20)
    assert [type(each) for each in found] == [Stopped if wanted == "stopped" else NoPictureError]
    assert set(children()) <= before


def test_images_of_the_mail_are_in_the_page_and_nothing_gets_out_of_its_frame():
    logo = MailAttachment("l.png", "image/png; name=x", b"PNG", content_id="logo@x")
    page = MailAttachment("p.html", "text/html", b"<script>", content_id="page@x")
    body = '</iframe><script>x</script><img src="cid:logo@x"><img src="cid:page@x"> & "quoted"'
    made = page_of(mail(body, logo, page), DEVICES["phone"])
    assert made.count("<iframe") == made.count("</iframe>") == 1
    assert "<script" not in made
    assert f"data:image/png;base64,{base64.b64encode(b'PNG').decode()}" in made
    assert "cid:page@x" in made
    with pytest.raises(NoPictureError, match="too large"):
        page_of(mail("x" * 2_000_001), DEVICES["phone"])


@pytest.fixture
def elsewhere():
    """A server on this machine that notes what it is asked for."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(PICTURE)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


HOSTILE = """\
<!DOCTYPE html><html><head><meta http-equiv="refresh" content="0;url=EVIL/refresh">
<base href="EVIL/" target="_top"><link rel="stylesheet" href="EVIL/style.css">
<link rel="preconnect" href="EVIL"><link rel="dns-prefetch" href="EVIL">
<style>@import "EVIL/import.css"; body { margin: 0; background: url(EVIL/background.png) #00ff00 }
.box { height: 200px } img, iframe, object { width: 640px; height: 200px; display: block }</style>
<script>document.documentElement.innerHTML = "<body style='background: #ff0000'>"</script>
</head><body onload="document.body.style.background = '#ff0000'">
<div class="box"></div><img src="file://FILE"><img src="EVIL/pixel.png">
<img src=x onerror="document.body.style.background = '#ff0000'">
<iframe src="file://FILE"></iframe><iframe src="EVIL/frame"></iframe>
<object data="file://FILE"></object><video src="EVIL/video" autoplay></video>
<form action="EVIL/form"><input autofocus onfocus="this.form.submit()"></form>
</body></html>"""


@REAL
@pytest.mark.long
@pytest.mark.ci
def test_a_hostile_mail_runs_loads_and_reads_nothing(elsewhere, tmp_path):
    url, asked = elsewhere
    secret = tmp_path / "secret.png"
    red = b"\0" + b"\xff\0\0" * 640
    secret.write_bytes(png_of([red] * 200))
    picture = take(HOSTILE.replace("EVIL", url).replace("FILE", str(secret)))
    assert asked == []
    pixels = {row[at : at + 3] for row in picture.rows for at in range(0, len(row), 3)}
    assert b"\0\xff\0" in pixels  # it is drawn,
    assert b"\xff\0\0" not in pixels  # and neither scripts nor the file have any effect


@REAL
@pytest.mark.long
@pytest.mark.ci
def test_a_mail_is_drawn_as_wide_as_its_device_and_a_huge_one_is_cut():
    wide = "<style>body{margin:0} div{height:100px;background:#0000ff}</style><div></div>"
    only_narrow = "@media (max-width: 500px) { div { background: #00ff00 } }"
    dark = "@media (prefers-color-scheme: dark) { div { background: #010203 } }"
    both = f"<style>:root {{ color-scheme: light dark }} {only_narrow} {dark}</style>"
    html = f"<!DOCTYPE html>{wide}{both}"
    assert take(html).rows[10][:3] == b"\0\0\xff"
    phone = take(html, "phone")
    assert (phone.width, phone.rows[10][:3]) == (188, b"\0\xff\0")
    assert take(html, "dark").rows[10][:3] != b"\0\0\xff"
    logo = MailAttachment("l.png", "image/png", PICTURE, content_id="logo")
    shown = '<body style="margin:0"><img src="cid:logo" style="display:block">'
    image = take(shown, "desktop", logo)
    assert image.rows[5][:3] == b"\xff\0\0"
    huge = take("<p>Line</p>" * 20_000)
    assert 1_450 <= len(huge.rows) <= 1_500  # by the browser's own scrollbar and scale
