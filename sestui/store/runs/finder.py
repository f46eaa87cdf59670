"""Finding what there is by a few letters of its name: campaigns, runs, lists, tasks and contacts.

Made for being asked at every key: each kind is one statement with a limit, contacts and runs are
found along an index, and what is found is of one moment.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select, union_all
from sqlmodel import Session, col

from sestui.store.contacts.search import addresses_beginning, words_of
from sestui.store.db.database import Database
from sestui.store.db.tables import Campaign, ContactList, Run
from sestui.store.tasks.tables import Task

MOST = 30
"""Of each kind. The best are chosen by the database, coarsely: whoever shows them sorts them."""
_CAMPAIGNS_WITH_RUNS = 8
"""Campaigns whose runs are looked for, the best first."""
_RUNS_EACH = 3
_LONGEST = 200
"""Characters of what is looked for: no name is longer."""


KINDS = frozenset({"campaign", "run", "list", "task", "contact"})


@dataclass(frozen=True, slots=True)
class FoundRun:
    """A run by what it is called."""

    id: int
    campaign: str
    number: int
    kind: str
    state: str


@dataclass(frozen=True, slots=True)
class FoundObjects:
    """The result of a search: names as stored, addresses as written to."""

    campaigns: Sequence[str] = ()
    runs: Sequence[FoundRun] = ()
    lists: Sequence[str] = ()
    tasks: Sequence[str] = ()
    contacts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: letters that follow each other in a name, gaps allowed, in any order
    of the words."""

    words: tuple[str, ...]
    kinds: frozenset[str] = KINDS
    """Which kinds of things are looked for."""

    @classmethod
    def of(cls, typed: str) -> "Wanted":
        """From what somebody typed: the name of a kind means only things of that kind."""
        words = words_of(typed[:_LONGEST])
        kinds = KINDS & {word.lower().removesuffix("s") for word in words}
        if not kinds:
            return cls(tuple(words))
        kept = tuple(word for word in words if word.lower().removesuffix("s") not in kinds)
        return cls(kept, kinds)


class ObjectFinder:
    """Looks for things by their names."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, wanted: Wanted, *, goes_on: Callable[[], bool] = lambda: True) -> FoundObjects:
        """At most :data:`MOST` of each kind, in at most six statements of one transaction.

        Asks ``goes_on`` before each of them, and returns what it has found by then if that says
        no: somebody has typed on. Nothing is found for no words and no kind of their own.
        """
        found: dict[str, Any] = {}
        steps = {
            "campaign": ("campaigns", self._campaigns),
            "run": ("runs", self._runs),
            "list": ("lists", self._lists),
            "task": ("tasks", self._tasks),
            "contact": ("contacts", self._contacts),
        }
        some = wanted.words or len(wanted.kinds) == 1
        with self._database.snapshot():
            for kind, (name, step) in steps.items():
                if some and kind in wanted.kinds and goes_on():
                    with self._database.read() as session:
                        found[name] = step(session, wanted.words)
        return FoundObjects(**found)

    def _campaigns(self, session: Session, words: Sequence[str]) -> Sequence[str]:
        only = col(Campaign.is_campaign).is_(True)
        return self._named(session, select(col(Campaign.name)).where(only), Campaign.name, words)

    def _lists(self, session: Session, words: Sequence[str]) -> Sequence[str]:
        return self._named(session, select(col(ContactList.name)), ContactList.name, words)

    def _tasks(self, session: Session, words: Sequence[str]) -> Sequence[str]:
        return self._named(session, select(col(Task.name)), Task.name, words)

    def _contacts(self, session: Session, words: Sequence[str]) -> Sequence[str]:
        """Whose address begins with the only word: that is found in the index of addresses."""
        if len(words) != 1:
            return ()
        sqlite = self._database.is_sqlite
        return addresses_beginning(session.connection(), words[0], most=MOST, sqlite=sqlite)

    def _runs(self, session: Session, words: Sequence[str]) -> Sequence[FoundRun]:
        """The newest runs of the campaigns that match; a number among the words is the run's."""
        numbers = [int(word) for word in words if word.isascii() and word.isdigit()][:1]
        numbered = [func.abs(col(Run.number)) == min(number, 2**31 - 1) for number in numbers]
        names = [word for word in words if not (word.isascii() and word.isdigit())]
        columns = (
            select(Run.id, Campaign.name, func.abs(Run.number), Run.kind, Run.state)  # type: ignore[call-overload] # sqlmodel's stubs know no columns of models
            .join_from(Run, Campaign, col(Campaign.id) == col(Run.campaign_id))
            .where(col(Campaign.is_campaign).is_(True), *numbered)
        )
        if not names:
            newest = columns.order_by(col(Run.id).desc()).limit(MOST)
            return [FoundRun(*row) for row in session.execute(newest)]
        ids = select(col(Campaign.id)).where(col(Campaign.is_campaign).is_(True))
        found = self._named(session, ids, Campaign.name, names)[:_CAMPAIGNS_WITH_RUNS]
        if not found:
            return ()
        of_each = [
            columns.where(col(Run.campaign_id) == campaign_id)
            .order_by(col(Run.id).desc())
            .limit(_RUNS_EACH)
            .subquery()
            for campaign_id in found
        ]
        newest = union_all(*(select(each) for each in of_each))
        return [FoundRun(*row) for row in session.execute(newest)]

    def _named(
        self, session: Session, chosen: Select[Any], name: Any, words: Sequence[str]
    ) -> Sequence[Any]:
        """The first column of those whose name has the words, the best first."""
        like = _Like(name, sqlite=self._database.is_sqlite)
        matching = chosen.where(*(like.scattered(word) for word in words))
        ranks = [like.rank(word) for word in words[:1]]
        best = matching.order_by(*ranks, func.length(name), name).limit(MOST)
        return session.execute(best).scalars().all()


class _Like:
    """Patterns for a column, in whatever case.

    SQLite knows the case of ASCII only: a letter beyond may be any sign there. Whoever shows what
    was found looks at it more closely.
    """

    def __init__(self, column: Any, *, sqlite: bool) -> None:
        self._column = column
        self._sqlite = sqlite

    def _sign(self, sign: str) -> str:
        if self._sqlite and not sign.isascii():
            return "_"
        return f"\\{sign}" if sign in "\\%_" else sign

    def _like(self, pattern: str) -> ColumnElement[bool]:
        like: ColumnElement[bool] = (
            self._column.like(pattern, escape="\\")
            if self._sqlite
            else self._column.ilike(pattern, escape="\\")
        )
        return like

    def scattered(self, word: str) -> ColumnElement[bool]:
        """The letters of the word follow each other, with gaps."""
        return self._like(f"%{'%'.join(map(self._sign, word))}%")

    def rank(self, word: str) -> ColumnElement[int]:
        """0 where the name begins with the word, 1 where it has it, 2 else."""
        whole = "".join(map(self._sign, word))
        return case((self._like(f"{whole}%"), 0), (self._like(f"%{whole}%"), 1), else_=2)
