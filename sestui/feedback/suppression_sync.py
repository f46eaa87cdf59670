"""Synchronise our suppressions with SES's account-level list.

What either side has added, the other gets. What either side has removed stays on the other, unless
removals are wanted. What an operator suppressed by hand, and whole domains, stay here alone, as SES
has no such reasons.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from sestui.core.clock import Clock
from sestui.core.contact.address_check import address_key
from sestui.ses.suppression_list import SuppressedDestination, SuppressionList
from sestui.store.contacts.listed_suppressions import ListedAddress, ListedSuppressions
from sestui.store.contacts.suppressions import Suppressions

if TYPE_CHECKING:
    from mypy_boto3_sesv2.literals import SuppressionListReasonType

_HERE = {"BOUNCE": "bounced", "COMPLAINT": "complained"}
_THERE: "dict[str, SuppressionListReasonType]" = {"bounced": "BOUNCE", "complained": "COMPLAINT"}
_BATCH = 500
_SKEW_SECONDS = 300.0
"""By how much SES's clock may be ahead."""


class SyncStep(StrEnum):
    """What is done to an address."""

    ADD_HERE = "added here"
    ADD_THERE = "added at SES"
    REMOVE_HERE = "removed here"
    REMOVE_THERE = "removed at SES"
    REFUSED_THERE = "refused by SES"


OnStep = Callable[[SyncStep, str, str], None]
"""Called for each step with its kind, the address, and the reason ('' for a removal)."""


@dataclass(slots=True)
class SyncResult:
    """The numbers of addresses, by what was done."""

    listed: int = 0
    """Entries that SES has listed."""
    added_here: int = 0
    added_there: int = 0
    removed_here: int = 0
    removed_there: int = 0
    refused_there: int = 0
    """Suppressed here, and no addresses that SES takes; the next sync tries them again."""
    kept: int = 0
    """Removed here, and still listed at SES, as no removals were wanted."""

    def sentence(self, *, dry_run: bool) -> str:
        """``3 added here, 2 added at SES, 0 removed here, 0 removed at SES.``"""
        told = "Nothing has been changed; a sync would come to: " if dry_run else ""
        told += (
            f"{self.added_here:,} added here, {self.added_there:,} added at SES, "
            f"{self.removed_here:,} removed here, {self.removed_there:,} removed at SES."
        )
        if self.refused_there:
            told += f" SES does not take {self.refused_there:,} as addresses; they stay here alone."
        if not self.kept:
            return told
        return (
            f"{told} {self.kept:,} were released here, and SES still lists them: `sestui "
            "suppressions sync --remove` removes them there."
        )

    def figures(self) -> dict[str, int]:
        """The numbers for programs."""
        return asdict(self)


@dataclass(slots=True)
class _DryRun:
    """What a dry run has read of SES's list, as it notes nothing."""

    listed: set[str] = field(default_factory=set)
    added: set[str] = field(default_factory=set)
    """Those of them that it would have added here."""


class SuppressionSync:
    """One synchronisation, which continues where a stopped one left off."""

    def __init__(
        self,
        ses: SuppressionList,
        listed: ListedSuppressions,
        here: Suppressions,
        clock: Clock,
    ) -> None:
        self._ses = ses
        self._listed = listed
        self._here = here
        self._clock = clock

    def run(self, *, dry_run: bool, remove: bool, on_step: OnStep) -> SyncResult:
        """Compare, and unless ``dry_run`` make them agree; ``remove`` also removes.

        Raises:
            AccountError: SES refuses, or doesn't answer.
            StoppedError: it was stopped; completed steps are kept.
        """
        result = SyncResult()
        dry = _DryRun() if dry_run else None
        number = self._pull(result, on_step, dry, full=remove)
        if remove:
            # What SES released, before it is put there again.
            self._remove_here(number, result, on_step, dry)
            self._remove_there(number, result, on_step, dry)
        else:
            result.kept = len(self._released(dry))
        self._push(number, result, on_step, dry)
        return result

    def _pull(self, result: SyncResult, on_step: OnStep, dry: _DryRun | None, *, full: bool) -> int:
        """Page through SES's list; returns the listing's number.

        ``dry`` is of a dry run, which notes nothing.
        """
        progress = self._listed.progress()
        token, since = progress.get("token", ""), progress.get("since")
        goes_on = bool(token) and progress.get("full") == full and dry is None
        number = int(progress.get("listing", 0)) + (0 if goes_on else 1)
        newest = progress.get("newest", since) if goes_on else since
        token = token if goes_on else ""
        while True:
            found, token = self._ses.page(None if full else since, token)
            page = [_listed(each) for each in found]
            newest = max((*(each.listed_at for each in page), newest or 0.0))
            result.listed += len(page)
            if dry is not None:
                missing = self._listed.missing_here(page)
                dry.listed.update(each.email_key for each in page)
                dry.added.update(each.email_key for each in missing)
            else:
                done = {"since": newest or None, "listing": number}
                part = {"since": since, "token": token, "newest": newest, "listing": number}
                missing = self._listed.take(
                    page, number, self._clock.now(), {**part, "full": full} if token else done
                )
            for each in missing:
                on_step(SyncStep.ADD_HERE, each.email_key, each.reason)
            result.added_here += len(missing)
            if not token:
                return number

    def _remove_here(
        self, number: int, result: SyncResult, on_step: OnStep, dry: _DryRun | None
    ) -> None:
        for key in self._listed.released_there(number):
            if dry is not None and key in dry.listed:
                continue
            on_step(SyncStep.REMOVE_HERE, key, "")
            result.removed_here += 1
            if dry is None:
                self._here.remove(key, self._clock.now())
                self._listed.forget(key)

    def _remove_there(
        self, number: int, result: SyncResult, on_step: OnStep, dry: _DryRun | None
    ) -> None:
        known = dry.listed if dry is not None else ()
        gone = {key for key in self._listed.gone_there(number) if key not in known}
        for key in self._released(dry):
            if key not in gone:
                on_step(SyncStep.REMOVE_THERE, key, "")
                result.removed_there += 1
            if dry is not None:
                continue
            if key not in gone:
                self._ses.delete(key)
            self._listed.forget(key)

    def _released(self, dry: _DryRun | None) -> list[str]:
        added = dry.added if dry is not None else ()
        return [key for key in self._listed.released_here() if key not in added]

    def _push(self, number: int, result: SyncResult, on_step: OnStep, dry: _DryRun | None) -> None:
        after = ""
        while batch := self._listed.missing_there(after, _BATCH):
            for key, reason in batch:
                after = key
                if dry is not None and key in dry.listed:
                    continue
                if dry is None:
                    if not self._ses.put(key, _THERE[reason]):
                        on_step(SyncStep.REFUSED_THERE, key, reason)
                        result.refused_there += 1
                        continue
                    at = self._clock.now() + _SKEW_SECONDS
                    self._listed.note(ListedAddress(key, reason, at), number)
                on_step(SyncStep.ADD_THERE, key, reason)
                result.added_there += 1


def _listed(entry: SuppressedDestination) -> ListedAddress:
    return ListedAddress(
        address_key(entry.address), _HERE.get(entry.reason, "bounced"), entry.updated_at
    )
