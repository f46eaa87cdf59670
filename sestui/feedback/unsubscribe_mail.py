"""Mail by which people unsubscribe: read from SES's notifications, and carried out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sestui.core.clock import Instant
from sestui.core.contact.address_check import address_key
from sestui.core.delivery.mail_token import ClaimedDelivery, claimed
from sestui.core.delivery.unsubscribe_token import (
    LinkKey,
    LinkSubject,
    UnknownKeyError,
    opened,
)
from sestui.errors import SestuiError
from sestui.ses_api.events import EventFormatError
from sestui.ses_api.received_mail import ReceivedMail
from sestui.store.db.database import Database
from sestui.store.web.link_keys import FILE_NAME, LinkKeys
from sestui.store.web.mailed_choices import MailedChoice, MailVerdict, unsubscribe_by_mail


class UnreadMailError(EventFormatError):
    """Somebody has to look at the mail; the message is a sentence that says why."""


@dataclass(slots=True)
class MailsResult:
    """What became of some mails."""

    applied: int = 0
    known: int = 0
    unsubscribed: int = 0
    ignored: int = 0
    """Answers of programs, spam, and forged tokens."""
    unread: list[tuple[int, str]] = field(default_factory=list)
    """Mails that somebody has to look at, by their place among those given, and why."""


class UnsubscribeMails:
    """Carries out mail to unsubscribe, in one database."""

    def __init__(self, database: Database, keys: LinkKeys) -> None:
        self._database = database
        self._keys = keys

    def apply(self, mails: Sequence[ReceivedMail], now: Instant) -> MailsResult:
        """Unsubscribe whoever these mails are from, once each.

        Raises:
            StorageError: nothing has been carried out.
        """
        result = MailsResult()
        if not mails:
            return result
        tokens = _Tokens(self._keys)
        choices = []
        for place, mail in enumerate(mails):
            if mail.answers_itself:
                result.ignored += 1
                continue
            try:
                choice = tokens.choice_of(mail)
            except UnreadMailError as error:
                result.unread.append((place, str(error)))
                continue
            if choice is None:
                result.ignored += 1
            else:
                choices.append(choice)
        for verdict in unsubscribe_by_mail(self._database, choices, now):
            result.applied += verdict in {MailVerdict.UNSUBSCRIBED, MailVerdict.ALREADY}
            result.unsubscribed += verdict is MailVerdict.UNSUBSCRIBED
            result.known += verdict is MailVerdict.KNOWN
            result.ignored += verdict is MailVerdict.FORGED
        return result


class _Tokens:
    """Opens the tokens of a batch of mails."""

    def __init__(self, keys: LinkKeys) -> None:
        self._known = frozenset(keys.known())
        self._lacking = ""
        try:
            self._held: Mapping[str, LinkKey] = keys.held()
        except SestuiError as error:
            self._held, self._lacking = {}, str(error)

    def choice_of(self, mail: ReceivedMail) -> MailedChoice | None:
        """What the mail asks for; None if there is nothing to it.

        Raises:
            UnreadMailError: it has no valid token, or one whose key is on another host only.
        """
        subjects: list[LinkSubject] = []
        claims: list[ClaimedDelivery] = []
        absent = ""
        found_token = False
        for text, is_label in _candidates(mail):
            try:
                found: LinkSubject | ClaimedDelivery | None
                found = claimed(text, self._held) if is_label else opened(text, self._held)
            except UnknownKeyError as error:
                found_token = True
                if error.key_id in self._known:
                    absent = error.key_id
                continue
            if isinstance(found, LinkSubject):
                subjects.append(found)
            elif found is not None:
                claims.append(found)
        if subjects or claims:
            senders = tuple(map(address_key, mail.senders))
            return MailedChoice(
                mail.message_id,
                mail.received_at,
                tuple(subjects),
                tuple(claims),
                senders,
                mail.report,
            )
        if absent:
            raise UnreadMailError(
                self._lacking
                or f"Its token has the key {absent}, which is not in this host's {FILE_NAME}; copy "
                "the file from the host where the key was made, and retry."
            )
        if found_token or mail.is_spam:
            return None
        raise UnreadMailError(
            "A mail to the address for unsubscribing has no valid token: read it, and unsubscribe "
            "its sender yourself."
        )


def _candidates(mail: ReceivedMail) -> Iterator[tuple[str, bool]]:
    """What could be tokens, and whether each is the label of an address."""
    for address in mail.recipients:
        label = address.rpartition("@")[0].rpartition("+")
        if label[1]:
            yield label[2], True
    for word in mail.subject_words:
        yield word, False
