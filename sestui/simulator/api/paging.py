"""Pages of SES's lists: the token of a page is the place where it begins."""

from sestui.ses_api.wire import bad_request


def paged(token: object, size: object, *, default: int, most: int) -> tuple[int, int]:
    """Where a page begins and how long it is at the most; what isn't given is None or ''.

    Raises:
        ServiceError: one of the two is impossible.
    """
    start, limit = _number(token or 0, "NextToken"), _number(size or default, "PageSize")
    if not 0 < limit <= most:
        raise bad_request(f"PageSize must be between 1 and {most}.")
    return start, limit


def _number(given: object, name: str) -> int:
    text = str(given)
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise bad_request(f"{name} is not valid.")
    return int(text)
