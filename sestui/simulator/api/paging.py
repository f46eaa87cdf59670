"""Pages of SES's lists: a page's token is the index of its first item."""

from sestui.ses_api.wire import bad_request


def paged(token: object, size: object, *, default: int, most: int) -> tuple[int, int]:
    """A page's first index and its largest size; a missing value is None or ''.

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
