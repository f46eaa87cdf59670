"""What people can choose on the pages of `sestui web`."""

from enum import StrEnum


class ReaderChoice(StrEnum):
    """A recipient's wish."""

    ALL = "all"
    """No more mail of any campaign; transactional mail still comes."""
    LISTS = "lists"
    """No more mail to the lists that the mail was sent to."""
    PAUSE_30 = "pause-30"
    PAUSE_90 = "pause-90"
    UNDO = "undo"
    """Take back the last choice that is in force."""
    SUBSCRIBE = "subscribe"
    """Confirmed by the link of a mail; it can't be chosen on the unsubscribe page."""

    @property
    def pause_days(self) -> int:
        """Days for which mail stops; 0 if it is no pause."""
        return {ReaderChoice.PAUSE_30: 30, ReaderChoice.PAUSE_90: 90}.get(self, 0)

    @property
    def label(self) -> str:
        """What the recipient did, for people."""
        return {
            ReaderChoice.ALL: "unsubscribed",
            ReaderChoice.LISTS: "left the mail's lists",
            ReaderChoice.PAUSE_30: "paused for 30 days",
            ReaderChoice.PAUSE_90: "paused for 90 days",
            ReaderChoice.UNDO: "took it back",
            ReaderChoice.SUBSCRIBE: "subscribed",
        }[self]


class Source(StrEnum):
    """How a choice came."""

    ONE_CLICK = "one-click"
    """The button of a mail program (RFC 8058)."""
    PAGE = "page"
    MAIL = "mail"
    """A mail to the address in List-Unsubscribe."""
    FORM = "form"
    """The subscribe form, and then the link in the mail that confirms it."""
