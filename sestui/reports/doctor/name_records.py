"""Look up DNS records for the doctor, each once, and not for long where nothing answers."""

from collections.abc import Callable, Sequence
from typing import Any

import dns.exception
import dns.resolver

from sestui.audience.deliverability import resolver_of

_SECONDS = 5.0
"""For one question."""
_ENOUGH = 2
"""After so many unanswered questions in a row nothing more is asked."""


class NameRecords:
    """The DNS as ``core.doctor.domain_rules.Names`` wants it; for one thread."""

    def __init__(self, nameservers: Sequence[str]) -> None:
        """``nameservers`` as ``9.9.9.9:53``; the machine's own if there are none.

        Raises:
            SestuiError: this machine has none configured.
        """
        self._resolver = resolver_of(nameservers, _SECONDS)
        self._known: dict[tuple[str, str], tuple[str, ...] | None] = {}
        self._unanswered = 0

    @property
    def is_silent(self) -> bool:
        """Whether the servers have not answered, and are no longer asked."""
        return self._unanswered >= _ENOUGH

    def texts(self, name: str) -> Sequence[str] | None:
        """See ``Names``."""
        return self._asked(name, "TXT", lambda each: b"".join(each.strings).decode("latin-1"))

    def alias(self, name: str) -> str | None:
        """See ``Names``."""
        found = self._asked(name, "CNAME", lambda each: _host(each.target))
        return None if found is None else next(iter(found), "")

    def exchangers(self, name: str) -> Sequence[str] | None:
        """See ``Names``."""
        return self._asked(name, "MX", lambda each: _host(each.exchange))

    def _asked(self, name: str, kind: str, read: Callable[[Any], str]) -> tuple[str, ...] | None:
        key = (name.lower(), kind)
        if key not in self._known:
            self._known[key] = None if self.is_silent else self._ask(*key, read)
        return self._known[key]

    def _ask(self, name: str, kind: str, read: Callable[[Any], str]) -> tuple[str, ...] | None:
        try:
            answer = self._resolver.resolve(name, kind, search=False, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            found: tuple[str, ...] | None = ()
        except (dns.resolver.LifetimeTimeout, OSError):
            self._unanswered += 1
            return None
        except dns.exception.DNSException:  # SERVFAIL, a name that can't be one, nonsense
            return None
        else:
            found = tuple(read(each) for each in answer)
        self._unanswered = 0
        return found


def _host(name: object) -> str:
    return str(name).rstrip(".").lower()
