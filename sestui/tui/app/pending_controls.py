"""Pauses and resumes that the operator has asked for, until the ledger shows them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from sestui.core.delivery.states import PauseReason, RunState
from sestui.reports.overview import CampaignView, RunView

View = TypeVar("View", RunView, CampaignView)

_YOU = "You paused this run."


@dataclass(frozen=True, slots=True)
class _Asked:
    """A requested change of a run."""

    word: str
    has_come: Callable[[RunView], bool]


@dataclass(slots=True)
class _PausedHere:
    """A pause that was requested in this process."""

    detail: str
    """The reason that the ledger has."""
    was_seen: bool = False
    """Whether a look has found it: before, a run that goes on is only an older look's."""


class PendingControls:
    """Overlays what the operator asked for on what is read; thread-safe.

    A run is shown as ``pausing…`` or ``resuming…`` until a look finds it so. Who paused it is in
    the ledger for everybody; here, the operator who did it is told "you".
    """

    def __init__(self) -> None:
        self._asked: dict[int, _Asked] = {}
        self._paused: dict[int, _PausedHere] = {}

    def pausing(self, run_id: int) -> None:
        """The run has been asked to pause."""
        self._asked[run_id] = _Asked("pausing…", lambda run: run.state == RunState.PAUSED)

    def paused(self, run_id: int, detail: str) -> None:
        """The run was paused from here; ``detail`` is the reason in the ledger."""
        self._paused[run_id] = _PausedHere(detail)

    def resuming(self, run_id: int, before: RunView) -> None:
        """The run has been asked to resume; ``before`` is its state until then."""
        stood = (before.state, before.reason)
        self._asked[run_id] = _Asked("resuming…", lambda run: (run.state, run.reason) != stood)

    def failed(self, run_id: int) -> None:
        """The request has failed."""
        self._asked.pop(run_id, None)

    def seen(self, view: View) -> View:
        """The run, or the campaign with its newest run, as shown on the screens."""
        if isinstance(view, CampaignView):
            return view if view.run is None else replace(view, run=self.seen(view.run))
        asked = self._asked.get(view.id)
        if asked is not None and (asked.has_come(view) or view.has_ended):
            self._asked.pop(view.id, None)
            asked = None
        here = self._paused.get(view.id)
        if here is not None and view.state != RunState.PAUSED and here.was_seen:
            self._paused.pop(view.id, None)  # somebody has resumed it
        elif here is not None and view.state == RunState.PAUSED:
            here.was_seen = True
            if view.reason == PauseReason.OPERATOR and here.detail == view.detail:
                view = replace(view, detail=_YOU)
        return replace(view, doing=asked.word) if asked is not None else view
