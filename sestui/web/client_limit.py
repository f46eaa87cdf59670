"""How often one client may send the form, whoever for."""

import ipaddress
from collections import OrderedDict

from starlette.requests import Request

from sestui.core.clock import Clock

_SECONDS = 3_600.0
_MOST = 20
"""Many people may share an address: of an office, or of a mobile network."""
_REMEMBERED = 10_000
"""Clients; the longest known are forgotten first, as the limit of all together holds anyway."""
_NETWORK_BITS = 64
"""Of an IPv6 address: one customer has all addresses that begin with them."""


class ClientLimit:
    """Lets a client send a number of forms an hour; for one event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sent: OrderedDict[str, tuple[float, int]] = OrderedDict()
        """When a client's hour began, in monotonic seconds, and how many came since."""

    def allows(self, client: str) -> bool:
        """Count a form of the client's; False if it is one too many. '' is not limited."""
        if not client:
            return True
        now = self._clock.monotonic()
        began, count = self._sent.pop(client, (now, 0))
        if now - began >= _SECONDS:
            began, count = now, 0
        self._sent[client] = (began, count + 1)
        if len(self._sent) > _REMEMBERED:
            self._sent.popitem(last=False)
        return count < _MOST


def client_of(request: Request) -> str:
    """Who sends a request, as the web server in front says; '' if it doesn't say.

    Its header counts only where the request comes from this machine: others could write anything.
    """
    peer = _address(request.client.host) if request.client else None
    if peer is None or not peer.is_loopback:
        return _network(peer)
    # A server adds the address that it sees itself at the end.
    said = request.headers.getlist("x-forwarded-for")
    return _network(_address(_without_port(said[-1].rpartition(",")[2].strip()))) if said else ""


def _without_port(node: str) -> str:
    """``192.0.2.7`` of ``192.0.2.7:4711``, ``2001:db8::7`` of ``"[2001:db8::7]:4711"``."""
    node = node.strip('"')
    if node.startswith("["):
        return node[1:].partition("]")[0]
    return node.partition(":")[0] if node.count(":") == 1 else node


_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _address(text: str) -> _Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def _network(address: _Address | None) -> str:
    if address is None:
        return ""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((int(address), _NETWORK_BITS), strict=False))
