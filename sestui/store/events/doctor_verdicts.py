"""The doctor's worst finding of an account, stored for Home."""

from dataclasses import asdict, dataclass

from sestui.core.clock import Instant
from sestui.store.db.database import Database
from sestui.store.db.shared_tables import SharedSetting


@dataclass(frozen=True, slots=True)
class DoctorVerdict:
    """One finding, and when it was found."""

    severity: str
    """A :class:`DoctorSeverity`; that of a finding that needs nothing done stands for all well."""
    sentence: str
    """What was found, and of what."""
    at: Instant


class DoctorVerdicts:
    """Of one account."""

    def __init__(self, database: Database, account: str) -> None:
        """``account`` is the key of the governor's row."""
        self._database = database
        self._name = f"doctor_verdict:{account}"

    def keep(self, verdict: DoctorVerdict) -> None:
        """Replace the one before."""
        with self._database.write() as session:
            session.merge(SharedSetting(name=self._name, value=asdict(verdict)))

    def last(self) -> DoctorVerdict | None:
        """None where the doctor was never asked; one statement."""
        with self._database.read() as session:
            row = session.get(SharedSetting, self._name)
            return DoctorVerdict(**row.value) if row is not None and row.value else None
