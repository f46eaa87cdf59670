"""A shop's workspace on a simulated account, for the pictures: days of work in seconds.

Its clock begins at the same day and hour of a year each time, and so do the people, what they do,
and whom the account refuses. What is being sent while a picture is made is sent for real, so that
figures of speed differ by a little from one time to the next.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sestui.core.campaign.fields import CampaignFields
from sestui.core.clock import SystemClock
from sestui.core.content import MessageSource
from sestui.core.recipient_behaviour import RecipientBehaviour
from sestui.core.task.fields import TaskFields
from sestui.runtime import Runtime
from sestui.settings import load_settings
from sestui.simulator.account.state import SimulatorState
from sestui.simulator.account.storage import FILE_NAME
from sestui.simulator.api.faults import checked_fault
from sestui.store.contacts.contacts import NewContact

RATE = 60
"""Recipients a second that the account allows."""
WATCHED = "november-news"
_BEGINS = (11, 23, 8, 20)
"""Month, day, hour and minute (UTC): the simulator's clock goes forward only, to the next such."""
_HOUR = 3600.0
_DAY = 24 * _HOUR
_BEHAVIOUR = RecipientBehaviour(
    bounce=0.018, soft_bounce=0.007, complaint=0.0008, open=0.42, click=0.11, machine=0.03, seed=7
)
_FIRST = ("ada", "alan", "barbara", "dennis", "dora", "edsger", "emmy", "grace", "hedy", "margaret")
_LAST = [
    "berg",
    "costa",
    "diaz",
    "evans",
    "hopper",
    "ito",
    "jones",
    "kay",
    "moreau",
    "okafor",
    "sato",
]
_DOMAINS = (
    *("mail.example.com",) * 9,
    *("post.example.org",) * 6,
    *("inbox.example.net",) * 4,
    *("uni.example.edu",) * 2,
    "old.example.org",
)
_REFUSED = "*[15]@old.example.org"

_BODY = """\
# Hello {{ name }}

The new catalogue is here, and shipping is free **until Sunday**.

[See what is new](https://shop.example.com/new)

[No more of this]({{ unsubscribe_url }})
"""


class PictureClock(SystemClock):
    """The machine's clock, but as far ahead as the story is."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        """See :meth:`SystemClock.now`."""
        return super().now() + self.ahead


class Workspace:
    """The shop's sestui, and the time around it."""

    def __init__(self, runtime: Runtime, clock: PictureClock) -> None:
        self.runtime = runtime
        self._clock = clock
        self._account = SimulatorState(runtime.settings.data_dir / FILE_NAME, SystemClock())

    def prepare(self) -> None:
        """Campaigns that were sent, one that is paused, one that can be started, and tasks."""
        now = self._clock.now()
        begins = datetime.fromtimestamp(now, UTC).replace(
            month=_BEGINS[0], day=_BEGINS[1], hour=_BEGINS[2], minute=_BEGINS[3], second=0
        )
        if begins.timestamp() < now:
            begins = begins.replace(year=begins.year + 1)
        self.pass_time(begins.timestamp() - now)
        for name, count in (("newsletter", 1_200), ("customers", 900), ("beta", 240)):
            self.runtime.contacts.add(_people(count, name), list_name=name, now=self._clock.now())
        self._account.add_fault(
            checked_fault("refuse", probability=None, count=None, match=_REFUSED, seconds=None)
        )
        self._campaign("beta-invitation", "You are in", "beta", max_rate=30)
        self._campaign("customer-survey", "Two questions", "customers", max_rate=60)
        self._campaign(WATCHED, "Your November news", "newsletter", max_rate=48)
        self._campaign("october-news", "Your October news", "newsletter")
        self._campaign("welcome", "Welcome!", "newsletter")
        self._send("october-news")
        self.pass_time(2 * _DAY)
        self._send("beta-invitation")
        self.pass_time(0.4 * _HOUR)
        self._send("customer-survey", pause_after=400)
        self.pass_time(0.3 * _HOUR)
        self._tasks()
        for unlucky in ("*.n310@*", "*.n815@*"):
            self._account.add_fault(
                checked_fault(
                    "reset_before", probability=None, count=1, match=unlucky, seconds=None
                )
            )

    def start_watched(self) -> int:
        """Start the run that is watched; its id."""
        run = self.runtime.starter.start(self.runtime.campaigns.get(WATCHED), self._clock.now())
        if run is None:
            raise RuntimeError("the run to be watched was not started")
        return run.id

    def pass_time(self, seconds: float) -> None:
        """Let time pass here and on the account; what has come back by then is read."""
        self._clock.ahead += seconds
        self._account.advance(seconds)
        if (puller := self.runtime.feedback.puller()) is not None:
            puller.pull(wait_seconds=1.0)

    def close(self) -> None:
        """Let go of the account."""
        self._account.close()

    def _send(self, name: str, *, pause_after: int | None = None) -> None:
        """Send a campaign, or a part of it."""
        runtime = self.runtime
        runtime.starter.start(runtime.campaigns.get(name), self._clock.now())
        sender = runtime.sender()
        sender.start()
        while not sender.join(0.1):
            run = runtime.overview.campaign(name).run
            if pause_after is not None and run is not None and run.counts.accepted >= pause_after:
                runtime.run_control.pause(name)
                pause_after = None

    def _campaign(self, name: str, subject: str, audience: str, **more: object) -> None:
        fields = CampaignFields(
            name=name,
            from_address="Ada's Shop <news@example.com>",
            lists=(audience,),
            **more,  # type: ignore[arg-type]
        )
        self.runtime.campaigns.save(
            fields, MessageSource(subject, _BODY), now=self._clock.now(), next_due_at=None
        )

    def _tasks(self) -> None:
        for task in (
            TaskFields("nightly-backup", "backup", "0 3 * * *", description="Copy the database"),
            TaskFields(
                "addresses", "verify-contacts", "0 4 */15 * *", description="Check every address"
            ),
            TaskFields(
                "monday-report",
                "report",
                "0 8 * * 1",
                parameters={"to": ["ada@example.com"], "sender": "news@example.com"},
            ),
        ):
            self.runtime.tasks.add(task)
        self.runtime.note_run_due()


def _people(count: int, audience: str) -> list[NewContact]:
    """``count`` invented people; those of one list are on no other."""
    people = []
    for i in range(count):
        first, last = _FIRST[i % len(_FIRST)], _LAST[i * 7 % len(_LAST)]
        # A stride without a common factor: the domains don't come in turn with the names.
        email = f"{first}.{last}.{audience[0]}{i}@{_DOMAINS[i * 5 % len(_DOMAINS)]}"
        people.append(NewContact(email, email, {"name": first.capitalize()}))
    return people


@contextmanager
def workspace() -> Iterator[Workspace]:
    """A prepared workspace that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="sestui-screenshots-") as folder:
        settings = load_settings(
            account="simulator",
            data_dir=Path(folder),
            state_dir=Path(folder) / "state",
            database_url="",
            simulator_rate=RATE,
            simulator_recipients=str(_BEHAVIOUR),
            theme="textual-dark",
            timezone="Europe/Paris",
        )
        clock = PictureClock()
        with Runtime.open(settings, clock) as runtime:
            made = Workspace(runtime, clock)
            try:
                made.prepare()
                yield made
            finally:
                made.close()
