"""Answers of the pages."""

from collections.abc import Mapping

from starlette.responses import PlainTextResponse, Response


def html(page: str, lang: str, status: int = 200) -> Response:
    """A page in a language."""
    headers = {
        "Cache-Control": "no-store",
        "Content-Language": lang,
        "Vary": "Accept-Language",
    }
    return Response(page, status, headers, "text/html; charset=utf-8")


def plain(text: str, status: int, more: Mapping[str, str] | None = None) -> Response:
    """A line of text."""
    return PlainTextResponse(text, status, {"Cache-Control": "no-store", **(more or {})})


def see_other(location: str) -> Response:
    """Go on to a page; relative, as it may be below a path of the proxy's."""
    return Response(status_code=303, headers={"Location": location})
