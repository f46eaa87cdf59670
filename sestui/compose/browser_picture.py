"""A picture of a mail as a browser draws it, taken without network, scripts or any other file.

The browser is the machine's own Chromium, headless and in its sandbox. The mail is a frame that may
run no scripts, of a page whose policy lets nothing be loaded; names and addresses lead nowhere. Its
profile is a new folder each time, which is removed with everything in it, and it has a time limit.
"""

import base64
import contextlib
import html
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sestui.compose.png import Picture, read_png
from sestui.compose.write_file import write_file
from sestui.core.delivery.mail import Mail
from sestui.errors import SestuiError

BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge",
    "microsoft-edge",
)  # fmt: skip
"""What a Chromium is called, the first one found is used."""
_WIDEST = 640
_HEIGHT = 3_000
"""CSS pixels of a page that are drawn; the rest of a longer one is left out."""
COARSE, SHARP = 0.5, 1.0
"""Pixels of the picture to a CSS pixel: for half blocks as few as Chromium takes."""
_SECONDS = 30.0
_LOOK_SECONDS = 0.05
_MOST_HTML = 2_000_000
_MOST_IMAGES = 8_000_000
_ARGUMENTS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--hide-scrollbars",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://127.0.0.1:1",  # nobody answers there
    "--proxy-bypass-list=<-loopback>",
    f"--window-size={_WIDEST},{_HEIGHT}",
    # Without them a busy machine's browser takes the picture before the frame is painted: white.
    "--virtual-time-budget=5000",
    "--run-all-compositor-stages-before-draw",
)
_DARK = ("--blink-settings=preferredColorScheme=0", "--enable-features=WebContentsForceDark")
_CID = re.compile(r"cid:([^\s\"'<>()]+)")
_PAGE = """\
<!DOCTYPE html>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; \
style-src 'unsafe-inline'; font-src data:">
<style>html, body {{ margin: 0 }} iframe {{ border: 0; display: block }}</style>
<iframe sandbox width="{width}" height="{height}" srcdoc="{mail}"></iframe>
"""


class NoPictureError(SestuiError):
    """There is no picture; the sentence says why."""


class Stopped(Exception):  # noqa: N818 - not an error: nobody wants the picture any more
    """The picture is of no use any more."""


@dataclass(frozen=True, slots=True)
class Device:
    """What a mail is read on."""

    width: int
    """CSS pixels."""
    dark: bool = False


DEVICES: Mapping[str, Device] = {
    "desktop": Device(_WIDEST),
    "phone": Device(375),
    "dark": Device(_WIDEST, dark=True),
}


def find_browser() -> str:
    """The browser's path.

    Raises:
        NoPictureError: there is none.
    """
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    raise NoPictureError(
        "No picture: it takes Chromium, Chrome or Edge on this machine, and none of them is on the "
        "PATH."
    )


def take_picture(
    mail: Mail, device: Device, stop: threading.Event, *, scale: float = COARSE
) -> Picture:
    """The mail's picture, :data:`COARSE` or :data:`SHARP`; blocking, for some seconds.

    One of a single colour is taken once more: a busy machine's browser may not have painted yet.

    Raises:
        NoPictureError: there is no browser, or it took none.
        Stopped: ``stop`` was set meanwhile; the browser is gone by then.
    """
    browser, page = find_browser(), page_of(mail, device)
    picture = _taken(browser, page, device, stop, scale)
    return picture if len(picture.rows) > 1 else _taken(browser, page, device, stop, scale)


def _taken(browser: str, page: str, device: Device, stop: threading.Event, scale: float) -> Picture:
    folder = Path(tempfile.mkdtemp(prefix="sestui-picture-"))
    try:
        content = page.encode(errors="replace")
        write_file(folder / "page.html", content, overwrite=True, private=True)
        _run(browser, folder, device, stop, scale)
        picture = read_png((folder / "picture.png").read_bytes())
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise NoPictureError(f"No picture: {Path(browser).name} gave none ({why}).") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return picture.trimmed(round(device.width * scale))


def page_of(mail: Mail, device: Device) -> str:
    """The page whose picture is taken, with the mail in a frame and its own images in it.

    Raises:
        NoPictureError: it is too large.
    """
    if len(mail.html) > _MOST_HTML:
        raise NoPictureError("No picture: the mail's HTML is too large for one.")
    shown = html.escape(with_images(mail), quote=True)
    return _PAGE.format(width=device.width, height=_HEIGHT, mail=shown)


def with_images(mail: Mail) -> str:
    """The mail's HTML with the images in it that are attached to it, as far as they are small."""
    images, room = {}, _MOST_IMAGES
    for each in mail.attachments:
        if each.content_id and each.content_type.startswith("image/") and len(each.content) <= room:
            room -= len(each.content)
            data = base64.b64encode(each.content).decode()
            images[each.content_id] = f"data:{each.content_type.partition(';')[0]};base64,{data}"
    return _CID.sub(lambda found: images.get(found[1], found[0]), mail.html)


def _run(browser: str, folder: Path, device: Device, stop: threading.Event, scale: float) -> None:
    """Let the browser write ``picture.png`` into the folder, and end it whatever happens."""
    command = [
        browser,
        *_ARGUMENTS,
        *(_DARK if device.dark else ()),
        f"--force-device-scale-factor={scale}",
        f"--user-data-dir={folder / 'profile'}",
        f"--screenshot={folder / 'picture.png'}",
        (folder / "page.html").as_uri(),
    ]
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TMPDIR"), str(folder))
    nobody = _nobody(folder) if os.geteuid() == 0 else None
    process = subprocess.Popen(  # noqa: S603 - the operator's own browser, and paths of ours
        command,
        env=kept | homes,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        user=nobody.pw_uid if nobody else None,
        group=nobody.pw_gid if nobody else None,
        extra_groups=[] if nobody else None,
    )
    try:
        _wait(process, stop)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(process: "subprocess.Popen[bytes]", stop: threading.Event) -> None:
    looks = round(_SECONDS / _LOOK_SECONDS)
    for _ in range(looks):
        if stop.is_set():
            raise Stopped
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK_SECONDS)
            return
    raise NoPictureError(f"No picture: the browser took longer than {_SECONDS:.0f} s.")


def _nobody(folder: Path) -> pwd.struct_passwd:
    """The user nobody, who may use the folder: Chromium has no sandbox for root."""
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as error:
        raise NoPictureError("No picture: as root, no browser is run.") from error
    for path in (folder, folder / "page.html"):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    return nobody
