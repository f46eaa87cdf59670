"""What the relay's keys look like on a screen, and what can be done to them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sestui.core.clock import Instant
from sestui.core.relay.calls import named_calls
from sestui.core.relay.key import KeyFields
from sestui.errors import UsageError
from sestui.runtime import Runtime
from sestui.store.relay.key_maker import KeyMaker, NewKey

_ALL = "100"
"""Percent."""


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A key as a table shows it; its secret is not known here."""

    id: str
    """The access key id."""
    name: str
    senders: tuple[str, ...]
    """What it may send as; none: anything."""
    calls: str
    """What it may call, in words."""
    rate_share: float
    """0 to 1."""
    quota_share: float
    """0 to 1."""
    state: str
    """``works``, ``sends only`` or ``revoked``."""
    created_at: Instant
    revoked_at: Instant | None

    @property
    def works(self) -> bool:
        """Whether it was not revoked."""
        return self.revoked_at is None


@dataclass(frozen=True, slots=True)
class KeyForm:
    """A new key as it is typed."""

    name: str = ""
    senders: str = ""
    """With commas between them."""
    rate_share: str = _ALL
    """Percent, with or without its sign; '' is all."""
    quota_share: str = _ALL
    send_only: bool = False
    allow: str = ""
    """Calls other than sends, with commas between them."""

    def fields(self) -> KeyFields:
        """What the texts mean.

        Raises:
            UsageError: such a key can't be.
        """
        fields = KeyFields(
            self.name.strip(),
            tuple(sender.strip() for sender in self.senders.split(",") if sender.strip()),
            _share(self.rate_share, "rate"),
            _share(self.quota_share, "quota"),
            self.send_only,
            self._calls(),
        )
        fields.check()
        return fields

    def _calls(self) -> tuple[str, ...]:
        if not self.allow.strip():
            return ()
        from sestui.ses.operations import Operations  # noqa: PLC0415 - botocore is slow to import

        return named_calls([self.allow], Operations().names)


def _share(text: str, of: str) -> float:
    number = text.strip().removesuffix("%").strip() or _ALL
    try:
        return float(number) / 100
    except ValueError:
        raise UsageError(
            f"The share of the {of} is a number of percent, such as 50 or 12.5."
        ) from None


class RelayKeyService:
    """The workspace's relay keys; plain blocking calls."""

    def __init__(self, runtime: Runtime) -> None:
        self._keys = KeyMaker(runtime.database, runtime.workspace, runtime.clock)

    def keys(self) -> Sequence[KeyLine]:
        """Every key, the newest first, revoked ones too."""
        return [
            KeyLine(
                id=key.id,
                name=key.name,
                senders=tuple(key.senders),
                calls=key.calls,
                rate_share=key.rate_share,
                quota_share=key.quota_share,
                state=key.state,
                created_at=key.created_at,
                revoked_at=key.revoked_at,
            )
            for key in self._keys.all()
        ]

    def make(self, fields: KeyFields) -> NewKey:
        """Make a key; its secret is told this once.

        Raises:
            StateError: a key of that name works.
        """
        return self._keys.add(fields)

    def revoke(self, key_id: str) -> str:
        """Let the key with that access key id work no more; its name.

        Raises:
            NotFoundError: it works no more already.
        """
        return self._keys.revoke(key_id).name
