"""Domains where anybody gets a mailbox for an hour, and many may read it."""

from functools import cache


@cache
def disposable_domains() -> frozenset[str]:
    """The known ones, in punycode and small letters, without those below them.

    Empty without the package disposable-email-domains, which is new every few weeks: an extra, so
    that it can be kept up to date by itself.
    """
    try:
        # Ten thousand texts, for those who ask.
        from disposable_email_domains import blocklist  # noqa: PLC0415
    except ModuleNotFoundError:
        return frozenset()
    return frozenset(blocklist)
