"""Judge the way by which readers unsubscribe."""

from urllib.parse import quote

from sestui.core.clock import Clock
from sestui.core.doctor.finding import DoctorFinding, DoctorSeverity
from sestui.core.text import printable
from sestui.errors import SestuiError
from sestui.tasks.safe_http import FetchRequest, ask

_SECONDS = 10.0
_NOBODY = quote("doctor@example.com", safe="")
"""Nobody's address: example.com is reserved."""
_DEMANDED = "Gmail, Yahoo and Microsoft demand one-click unsubscribe (RFC 8058) of bulk senders."
_METHOD_NOT_ALLOWED = 405


def judge_unsubscribe(page: str, clock: Clock) -> DoctorFinding:
    """``page`` is the setting unsubscribe_url; it is requested by GET: nobody is unsubscribed."""

    def finding(
        severity: DoctorSeverity, found: str, meaning: str = "", step: str = ""
    ) -> DoctorFinding:
        return DoctorFinding("unsubscribe", severity, found, meaning, step)

    if not page:
        return finding(
            DoctorSeverity.WARNING,
            "Mails have no one-click unsubscribe, only a mailto: address.",
            _DEMANDED,
            "Set web_url and run `sestui web`, or set unsubscribe_url to a page that takes POST.",
        )
    shown = printable(page)
    if not page.lower().startswith("https://"):
        return finding(
            DoctorSeverity.WARNING,
            f"The unsubscribe page {shown} is not https, so it is no one-click unsubscribe.",
            _DEMANDED,
            "Serve it by https, and set unsubscribe_url again.",
        )
    request = FetchRequest("GET", page.replace("{email}", _NOBODY), {})
    try:
        status = ask(request, seconds=_SECONDS, allow_private=True, clock=clock).status
    except SestuiError as error:
        return finding(
            DoctorSeverity.WARNING,
            f"The unsubscribe page can't be reached from here: {str(error).rstrip('.')}.",
            "Readers who can't unsubscribe report mail as spam.",
            f"Open {shown} in a browser elsewhere; correct the page, or unsubscribe_url.",
        )
    if status >= 400 and status != _METHOD_NOT_ALLOWED:
        return finding(
            DoctorSeverity.WARNING,
            f"The unsubscribe page {shown} answers {status}.",
            "Readers who can't unsubscribe report mail as spam.",
            "Correct the page, or unsubscribe_url.",
        )
    return finding(DoctorSeverity.OK, f"The unsubscribe page {shown} answers.")
