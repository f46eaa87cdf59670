"""A DNS server on loopback that says what a test wants, nonsense and nothing included."""

import os
import socket
import threading
from collections import Counter

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

_SOA = dns.rrset.from_text("com.", 60, "IN", "SOA", "ns.com. admin.com. 1 2 3 4 5")


class NameServer:
    """Answers questions about domains whose first word says how: ``live-7.com`` is alive.

    ``live`` has an MX, ``fallback`` an address only, ``null`` the MX that refuses all mail, and
    ``empty`` nothing at all; ``gone`` isn't there, as its zone says, while of ``denied`` just
    somebody says so; ``failing`` is answered with SERVFAIL, ``refusing`` with REFUSED, ``nonsense``
    with random bytes, ``silent`` not at all. ``become`` changes that for a domain; a name that
    ``records`` has any record of has those and no others.
    """

    def __init__(self) -> None:
        self.become: dict[str, str] = {}
        self.records: dict[tuple[str, str], list[str]] = {}
        """By name and type of record, as a zone file has them."""
        self.asked: Counter[tuple[str, str]] = Counter()
        """How often, by domain and type of record."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._ends.set()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:  # wakes it up
            own.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, who = self._socket.recvfrom(4096)
            if self._ends.is_set():
                return
            answer = self._answer(dns.message.from_wire(data), data)
            if answer:
                self._socket.sendto(answer, who)

    def _answer(self, query: dns.message.Message, data: bytes) -> bytes:
        question = query.question[0]
        domain = str(question.name).rstrip(".")
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked[domain, kind] += 1
        if any(name == domain.lower() for name, _ in self.records):
            return self._of_zone(query, domain.lower(), kind)
        how = self.become.get(domain) or domain.partition("-")[0]
        if how == "silent":
            return b""
        if how == "nonsense":
            return data[:2] + os.urandom(40)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if how in {"gone", "denied"}:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif how in {"failing", "refusing"}:
            answer.set_rcode(dns.rcode.SERVFAIL if how == "failing" else dns.rcode.REFUSED)
        record = {
            ("live", "MX"): "10 mx.live.com.",
            ("null", "MX"): "0 .",
            ("fallback", "A"): "93.184.216.34",
        }.get((how, kind))
        if record:
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, record))
        elif how != "denied":
            answer.authority.append(_SOA)
        return answer.to_wire()

    def _of_zone(self, query: dns.message.Message, domain: str, kind: str) -> bytes:
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        texts = self.records.get((domain, kind))
        if texts:
            name = query.question[0].name
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *texts))
        else:
            answer.authority.append(_SOA)
        return answer.to_wire()
