"""Render what a run sends for its recipients, a few at a time."""

from collections.abc import Callable, Iterator, Sequence

from sestui.compose.render_check import CheckReport, check_recipients
from sestui.compose.renderable import Renderable
from sestui.core.content import Composer
from sestui.store.contacts.audiences import AudienceMember

_AT_ONCE = 20
"""Mails between two rests: a few milliseconds, so that who sends is not kept waiting."""


class RunCheck:
    """Checks mails of one run."""

    def __init__(self, composer: Composer, renderable: Renderable) -> None:
        self._composer = composer
        self._renderable = renderable

    def report(self, members: Sequence[AudienceMember], rest: Callable[[], object]) -> CheckReport:
        """Whose mail can't be rendered, of those who can be mailed.

        ``rest`` is called every few milliseconds, and may raise to stop.

        Raises:
            TooHeavyError: rendering takes too long.
        """
        return check_recipients(self._composer, self._few(members, rest))

    def _few(
        self, members: Sequence[AudienceMember], rest: Callable[[], object]
    ) -> Iterator[Sequence[AudienceMember]]:
        found = self._renderable.of(members)
        for first in range(0, len(found), _AT_ONCE):
            yield found[first : first + _AT_ONCE]
            rest()
