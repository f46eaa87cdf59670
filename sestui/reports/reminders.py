"""Remind the operator of what needs a person, until it is settled."""

import shlex
from collections.abc import Iterator, Sequence

from sestui.core.clock import Clock
from sestui.core.content.notice import Notice
from sestui.core.delivery.states import (
    GOING_RUN_STATES,
    PauseReason,
    RunKind,
    RunState,
    WaitReason,
    run_name,
)
from sestui.core.schedule.reminders import Reminding, Subject, told_before
from sestui.sending.runs.campaign_scheduler import NotStarted
from sestui.store.db.tables import Run
from sestui.store.runs.reminders import ReminderNote, Reminders


class ReminderService:
    """Reminds of each state once, or once a day, by the settings."""

    def __init__(
        self, reminders: Reminders, clock: Clock, *, reminding: Reminding, operator: str
    ) -> None:
        """``operator`` also gets mail; '' for nobody."""
        self._reminders = reminders
        self._clock = clock
        self._reminding = reminding
        self._recipients = [operator] if operator else []

    def due(self, not_started: Sequence[NotStarted] = ()) -> Iterator[str]:
        """The reminders due now, as sentences; each is recorded when it is yielded.

        ``not_started`` are campaigns that are due but can't be started.
        """
        now = self._clock.now()
        before = told_before(self._reminding, now)
        if before is None:
            return
        self._reminders.forget([each.campaign_id for each in not_started])
        for told, sentence in (*self._runs(), *map(self._campaign, not_started)):
            if self._reminders.record(told, self._recipients, now, before):
                yield sentence

    def _runs(self) -> list[tuple[ReminderNote, str]]:
        return [self._run(run, name) for run, name in self._reminders.runs()]

    def _run(self, run: Run, campaign: str) -> tuple[ReminderNote, str]:
        states, sentences = [], []
        title, name = f"{campaign} {run_name(run.kind, abs(run.number))}", shlex.quote(campaign)
        if run.state == RunState.PAUSED:
            states.append(f"paused:{run.reason}")
            option = " --despite-breaker" if run.reason == PauseReason.BREAKER else ""
            sentences.append(
                f"{title} is paused ({run.reason}): {_ended(run.detail)} Once that is fixed, "
                f"`sestui campaign resume {name}{option}` continues it."
            )
        elif run.state == RunState.WAITING and run.reason == WaitReason.APPROVAL:
            states.append("approval")
            sentences.append(f"{title} waits for approval: {run.detail}")
        elif run.state == RunState.WAITING and run.reason == WaitReason.WINNER:
            states.append("winner")
            sentences.append(
                f"{title} waits: {_ended(run.detail)} `sestui campaign winner {name}` chooses it."
            )
        if run.warning and run.state in GOING_RUN_STATES:
            states.append("warning")
            sentences.append(
                f"{title} goes on, with a warning: {_ended(run.warning)} "
                f"`sestui campaign pause {name}` pauses it."
            )
        if run.in_doubt:
            whom = "1 recipient is" if run.in_doubt == 1 else f"{run.in_doubt:,} recipients are"
            states.append("in_doubt")
            sentences.append(
                f"{title}: {whom} in doubt; `sestui campaign resolve {name}` resolves them."
            )
        # No notice about a notice that can't be sent.
        mailed = run.kind != RunKind.NOTICE
        state, sentence = "+".join(states), " ".join(sentences)
        notice = self._notice(title, sentence, run.from_address) if mailed else None
        return ReminderNote(Subject.RUN, run.id, state, notice, run.from_address), sentence

    def _campaign(self, held: NotStarted) -> tuple[ReminderNote, str]:
        notice = self._notice(held.name, held.sentence, held.from_address)
        told = ReminderNote(
            Subject.CAMPAIGN, held.campaign_id, "not started", notice, held.from_address
        )
        return told, held.sentence

    def _notice(self, title: str, sentence: str, from_address: str) -> Notice | None:
        if not (self._recipients and from_address):
            return None
        lines = [sentence]
        if self._reminding is Reminding.DAILY:
            lines.append("You will be reminded once a day until it is resolved.")
        return Notice(subject=f"sestui needs you: {title}", lines=tuple(lines), figures=())


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
