"""Check whether domains accept mail, cautiously and once for each.

The rules are email-validator's (RFC 5321, RFC 7505); in addition, a domain counts as missing only
if the answer has its zone's SOA record (RFC 2308). Failing or silent servers, invalid answers and
login pages prove nothing.
"""

import ipaddress
import logging
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import dns.exception
import dns.flags
import dns.message
import dns.nameserver
import dns.rdatatype
import dns.resolver
from email_validator import EmailUndeliverableError
from email_validator.deliverability import validate_email_deliverability

from sestui.core.clock import Clock
from sestui.core.contact.address_verdict import AddressVerdict, Checked
from sestui.core.text import printable
from sestui.errors import SestuiError, UnansweredError, UsageError

_log = logging.getLogger(__name__)

AT_ONCE = 8
"""Domains looked up at the same time."""

_REMEMBERED = 200_000
_FEW = 20
"""With more dead domains than this, there must be live ones too."""
_MANY = 40
"""Of so many domains, the servers know one if they can be reached at all."""


class Domains:
    """Results by domain, each looked up once, at most ``rate`` a second.

    ``stop`` ends all waiting.
    """

    def __init__(
        self,
        *,
        nameservers: Sequence[str],
        timeout: float,
        rate: float,
        clock: Clock,
        stop: threading.Event,
    ) -> None:
        self._resolver = resolver_of(nameservers, timeout)
        self._pause = 1 / rate
        self._clock = clock
        self._stop = stop
        self._lock = threading.Lock()
        self._next_at = 0.0
        self._known: dict[str, Checked] = {}
        self.asked = 0
        self._dead = self._tried = self._answered = 0

    def verdicts(self, domains: Iterable[str]) -> dict[str, Checked]:
        """The results of these domains (punycode), looking up new ones.

        Raises:
            SestuiError: too many are dead, so the DNS servers must be at fault.
            UnansweredError: nothing is told of any domain.
        """
        wanted = set(domains)
        fresh = sorted(wanted - self._known.keys())
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sestui-dns") as pool:
            found = dict(zip(fresh, pool.map(self._asked, fresh), strict=True))
        self._dead += sum(each.verdict is AddressVerdict.INVALID for each in found.values())
        self.asked += len(found)
        if self._unreachable():
            raise UnansweredError(
                "The DNS servers answer nothing that can be relied on: is this machine offline? "
                "Nothing more was marked; try again later, or check without the DNS."
            )
        if self._dead > max(_FEW, self.asked / 2):
            raise SestuiError(
                f"{self._dead} of {self.asked} domains take no mail according to the DNS servers; "
                "more likely the servers are wrong (/etc/resolv.conf, or the parameter "
                "nameservers). "
                "Nothing more was marked."
            )
        known = {domain: found.get(domain) or self._known[domain] for domain in wanted}
        if len(self._known) + len(found) > _REMEMBERED:
            self._known.clear()
        self._known |= found
        return known

    def _unreachable(self) -> bool:
        return self._tried >= _MANY and not self._answered and not self._stop.is_set()

    def _asked(self, domain: str) -> Checked:
        if self._unreachable():
            return Checked(AddressVerdict.UNKNOWN, "The DNS servers answer nothing.")
        with self._lock:
            now = self._clock.monotonic()
            at = max(now, self._next_at)
            self._next_at = at + self._pause
        if self._clock.wait(self._stop, at - now):
            return Checked(AddressVerdict.UNKNOWN, "The check was stopped.")
        result = check_domain(domain, self._resolver)
        with self._lock:
            self._tried += 1
            self._answered += result.verdict is not AddressVerdict.UNKNOWN
        return result


def check_domain(domain: str, resolver: dns.resolver.Resolver) -> Checked:
    """Whether a domain (in punycode) accepts mail by the DNS."""
    try:
        told = validate_email_deliverability(domain, domain, dns_resolver=resolver)
    except EmailUndeliverableError as error:
        return _judged(error, domain)
    except Exception as error:  # noqa: BLE001 - an invalid answer must not end the check
        _log.warning("What the DNS says of a domain can't be read.", exc_info=True)
        return Checked(AddressVerdict.UNKNOWN, f"Its DNS can't be read ({type(error).__name__}).")
    trouble = told.get("unknown-deliverability")
    if trouble:
        why = "did not answer in time" if trouble == "timeout" else "failed"
        return Checked(AddressVerdict.UNKNOWN, f"The DNS servers {why}.")
    return Checked(AddressVerdict.VALID)


def _judged(error: EmailUndeliverableError, domain: str) -> Checked:
    cause = error.__cause__
    if cause is None:  # its own records refuse mail
        return Checked(AddressVerdict.INVALID, printable(str(error)))
    if isinstance(cause, dns.resolver.NXDOMAIN):
        responses = list(cause.kwargs.get("responses", {}).values())
    elif isinstance(cause, dns.resolver.NoAnswer):
        responses = [cause.kwargs["response"]] if "response" in cause.kwargs else []
    else:
        _log.warning("What the DNS says of a domain can't be read.", exc_info=cause)
        return Checked(AddressVerdict.UNKNOWN, f"Its DNS can't be read ({type(cause).__name__}).")
    if responses and all(_from_the_zone(response) for response in responses):
        return Checked(AddressVerdict.INVALID, printable(str(error)))
    return Checked(
        AddressVerdict.UNKNOWN, f"The DNS servers deny {printable(domain)}, but without a proof."
    )


def _from_the_zone(response: dns.message.Message) -> bool:
    """Whether a negative answer has its zone's SOA record."""
    if not isinstance(response, dns.message.QueryMessage) or not response.question:
        return False
    try:
        name = response.canonical_name()
    except dns.exception.DNSException:
        return False
    return any(
        rrset.rdtype == dns.rdatatype.SOA and name.is_subdomain(rrset.name)
        for rrset in response.authority
    )


def resolver_of(nameservers: Sequence[str], timeout: float) -> dns.resolver.Resolver:
    """A resolver that asks these servers, or the machine's own if there are none.

    Raises:
        SestuiError: this machine has none configured.
    """
    try:
        resolver = dns.resolver.Resolver(configure=not nameservers)
    except dns.exception.DNSException as error:
        raise SestuiError(
            "This machine has no DNS servers configured; name some (a task in its parameter "
            "nameservers).",
            by_option="--nameserver ADDRESS names one.",
        ) from error
    if nameservers:
        resolver.nameservers = [nameserver(each) for each in nameservers]
    resolver.lifetime = timeout
    resolver.timeout = timeout / 2
    resolver.cache = None  # whole results are cached
    return resolver


def nameserver(text: str) -> dns.nameserver.Nameserver:
    """``9.9.9.9``, ``9.9.9.9:5353``, ``2620:fe::fe`` or ``[2620:fe::fe]:5353``.

    Raises:
        UsageError: it is no address.
    """
    host, port = text, "53"
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        port = rest.removeprefix(":") or "53"
        if not closed or rest[:1] not in {"", ":"}:
            host = ""
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    fault = f"{text!r} is not the address of a DNS server."
    try:
        address, number = str(ipaddress.ip_address(host)), int(port)
    except ValueError as error:
        raise UsageError(fault) from error
    if not 0 < number < 65_536:
        raise UsageError(fault)
    return dns.nameserver.Do53Nameserver(address, number)
