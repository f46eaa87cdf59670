"""Compile messages for sending; the slow imports come with the first one."""

from dataclasses import replace
from typing import TYPE_CHECKING

from sestui.core.clock import Clock
from sestui.core.delivery.states import RunKind
from sestui.errors import ContentError, SettingsError
from sestui.settings import Settings
from sestui.store.campaigns.campaigns import Campaigns
from sestui.store.db.database import Database

if TYPE_CHECKING:
    from sestui.compose.envelope import UnsubscribeTokens
    from sestui.core.content import Composer
    from sestui.core.delivery.unsubscribe_token import LinkKey
    from sestui.sending.engine.ports import MailComposer
    from sestui.store.db.tables import Campaign, Run


class Composers:
    """Makes the composers of campaigns and runs."""

    def __init__(
        self, database: Database, campaigns: Campaigns, settings: Settings, clock: Clock
    ) -> None:
        self._database = database
        self._campaigns = campaigns
        self._settings = settings
        self._clock = clock

    def message_of(self, sent: "Campaign | Run") -> "Composer":
        """The message of a campaign, or as a run of one sends it, compiled.

        Raises:
            ContentError: it can't be, or this host can't make its unsubscribe links.
        """
        from sestui.compose.envelope import envelope_of  # noqa: PLC0415 - jinja2 is slow to import
        from sestui.core.content import Composer  # noqa: PLC0415 - as above

        envelope = envelope_of(sent, self._settings, self._clock, self._tokens())
        return Composer(self._campaigns.message(sent.message_id), envelope)

    def of_run(self, run: "Run") -> "MailComposer":
        """The run's message as of its start, compiled; a relay's mails are composed singly."""
        if run.kind == RunKind.RELAY:
            from sestui.compose.relayed import RelayComposer  # noqa: PLC0415 - only where relayed
            from sestui.store.relay.mails import RelayedMails  # noqa: PLC0415 - as above

            return RelayComposer(RelayedMails(self._database, self._clock).contents)
        if run.kind == RunKind.CONFIRMATION:
            return self._confirmations(run)
        from sestui.compose.memberships import BelongingComposer, asks  # noqa: PLC0415 - as below
        from sestui.store.contacts.memberships import Memberships  # noqa: PLC0415 - only where asked for

        variants: list[MailComposer] = [
            BelongingComposer(each, Memberships(self._database)) if asks(each) else each
            for each in self.message_of(run).variants()
        ]
        if len(variants) == 1:
            return variants[0]
        from sestui.compose.variants import VariantComposer  # noqa: PLC0415 - only of a split

        return VariantComposer(variants)

    def _confirmations(self, run: "Run") -> "MailComposer":
        """Composes the mails that ask to confirm a subscription."""
        from sestui.compose.confirmations import ConfirmationComposer  # noqa: PLC0415 - as above
        from sestui.compose.envelope import envelope_of  # noqa: PLC0415 - as above
        from sestui.store.web.subscriptions import SubscriptionRequests  # noqa: PLC0415 - as above

        settings = self._settings
        if not settings.web_url:
            raise ContentError(
                "Mails that ask to confirm a subscription link to web_url, which is not set here."
            )
        envelope = envelope_of(run, settings, self._clock)
        if settings.web_subscribe_from:
            envelope = replace(envelope, from_address=settings.web_subscribe_from)
        requests = SubscriptionRequests(self._database)
        return ConfirmationComposer(requests.mails, envelope, self._link_key(), self._clock)

    def _link_key(self) -> "LinkKey":
        """Seals links to the pages."""
        from sestui.store.web.link_keys import LinkKeys  # noqa: PLC0415 - only with tokens

        try:
            return LinkKeys(self._database, self._settings.data_dir).current()
        except SettingsError as error:  # pauses the run instead of ending every other one with it
            raise ContentError(str(error)) from error

    def _tokens(self) -> "UnsubscribeTokens":
        """Seals links to the unsubscribe page, and addresses for mail to unsubscribe."""
        from sestui.compose.envelope import NO_TOKENS, UnsubscribeTokens  # noqa: PLC0415 - as above

        settings = self._settings
        if not (settings.web_url or settings.unsubscribe_mailbox):
            return NO_TOKENS
        from sestui.core.contact.address_check import address_key  # noqa: PLC0415 - as above
        from sestui.core.delivery.mail_token import mail_token  # noqa: PLC0415 - only with tokens

        key = self._link_key()
        return UnsubscribeTokens(
            lambda delivery_id, email: key.sealed(delivery_id, address_key(email)),
            lambda delivery_id, email: mail_token(key, delivery_id, address_key(email)),
        )
