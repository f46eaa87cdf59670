"""File types that SES refuses, attachment names, and images that the HTML shows."""

import re
from collections.abc import Collection, Iterable
from html import unescape
from urllib.parse import unquote

from sestui.core.delivery.mail import MailAttachment

_REFUSED = """
ade adp app asp bas bat cer chm cmd com cpl crt csh der exe fxp gadget hlp hta inf ins
isp its js jse ksh lib lnk mad maf mag mam maq mar mas mat mau mav maw mda mdb mde mdt
mdw mdz msc msh msh1 msh1xml msh2 msh2xml mshxml msi msp mst ops pcd pif plg prf prg ps1
ps1xml ps2 ps2xml psc1 psc2 reg scf scr sct shb shs sys tmp url vb vbe vbs vps vsmacros
vss vst vsw vxd ws wsc wsf wsh xnk
"""
REFUSED = frozenset(_REFUSED.split())
"""Extensions for which SES refuses the whole mail (its guide: unsupported attachment types)."""

_UNSAFE_IN_NAMES = re.compile(r'[\x00-\x1f\x7f"\\/:*?<>|]+')
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//|#|/")
_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PICTURE = re.compile(
    r"""(?P<before>\b(?:src|background|poster)\s*=\s*|url\()(?P<quote>["']|&quot;|&\#39;|)"""
    r"""(?P<address>(?:(?!&quot;|&\#39;)[^"'<>)])+)(?P=quote)""",
    re.IGNORECASE,
)


def problem_with_name(name: str) -> str:
    """Why SES refuses a file of this name; '' if it doesn't."""
    ending = name.rstrip(" .").rpartition(".")[2].lower()
    if ending not in REFUSED:
        return ""
    return f"SES refuses mails with .{ending} files; put it on the web and link to it"


def name_of(path: str) -> str:
    """The attachment's name for a path: one name, without characters that file systems forbid."""
    return _UNSAFE_IN_NAMES.sub("_", path)


def local_path(address: str) -> str:
    """The relative path in an image's address; '' if it is no local file."""
    tidy = address.strip()
    if _SCHEME.match(tidy):
        return ""
    path = unquote(re.split(r"[?#]", tidy, maxsplit=1)[0])
    while path.startswith("./"):
        path = path[2:].lstrip("/")
    return path


def shown_by(address: str, names: Collection[str]) -> str:
    """The attachment that an image's address refers to; '' if none."""
    tidy = address.strip()
    if tidy[:4].lower() == "cid:":
        wanted = unquote(tidy[4:])
        return next((name for name in (wanted, name_of(wanted)) if name in names), "")
    path = local_path(address)
    candidates = (path, name_of(path), path.rpartition("/")[2]) if path else ()
    return next((name for name in candidates if name in names), "")


def with_pictures(
    html: str, attachments: Iterable[MailAttachment]
) -> tuple[str, tuple[MailAttachment, ...]]:
    """The HTML with its local images as ``cid:`` references, and the attachments with their ids.

    An image is written ``cid:NAME`` or just ``NAME``, where NAME is an attachment's.
    """
    files = tuple(attachments)
    names = [each.name for each in files]
    ids: dict[str, str] = {}

    def named(match: re.Match[str]) -> str:
        name = shown_by(unescape(match["address"]), names)
        if not name:
            return match[0]
        number = names.index(name) + 1
        ids[name] = name if _SAFE_ID.fullmatch(name) else f"picture-{number}"
        return f"{match['before']}{match['quote']}cid:{ids[name]}{match['quote']}"

    html = _PICTURE.sub(named, html) if files else html
    return html, tuple(each.shown_as(ids.get(each.name, "")) for each in files)
