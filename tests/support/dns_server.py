"""A DNS server of our own: answers from a small zone over UDP, in a thread, and can be silent or fail.

with DnsServer("127.0.0.53") as server:
    server.zone('_sip._udp.carrier.example 60 SRV 10 5 5060 a.carrier.example', 'a.carrier.example 60 A 127.0.0.9')
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import Counter

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

SOA = "ns.example. admin.example. 1 3600 600 86400 {negative}"


class DnsServer:
    """Every name below what the zone holds exists; others get NXDOMAIN with the SOA's negative TTL."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, *, negative_s: int = 30) -> None:
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, port))
        self.address = self._socket.getsockname()[:2]
        self._records: dict[tuple[str, str], tuple[int, list[str]]] = {}
        self._negative_s = negative_s
        self.queries: Counter[tuple[str, str]] = Counter()
        self.silent = False
        self.failing: set[str] = set()  # kinds that get SERVFAIL; "*" is all
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> DnsServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def text(self) -> str:
        """As dns.servers wants it."""
        return "{}:{}".format(*self.address)

    def zone(self, *lines: str) -> None:
        """Replaces all records; a line is "name TTL TYPE data", names without the final dot."""
        records: dict[tuple[str, str], tuple[int, list[str]]] = {}
        for line in lines:
            name, ttl, kind, data = line.split(None, 3)
            records.setdefault((name.lower(), kind), (int(ttl), []))[1].append(_absolute(kind, data))
        self._records = records

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                data, sender = self._socket.recvfrom(65535)
            except OSError:
                return
            if not data:
                return
            with contextlib.suppress(dns.exception.DNSException, OSError):
                query = dns.message.from_wire(data)
                answer = self._answer(query)
                if not self.silent:
                    self._socket.sendto(answer.to_wire(), sender)

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.queries[name, kind] += 1
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if kind in self.failing or "*" in self.failing:
            answer.set_rcode(dns.rcode.SERVFAIL)
            return answer
        found = self._records.get((name, kind))
        if found is not None:
            ttl, data = found
            answer.answer.append(dns.rrset.from_text_list(question.name, ttl, "IN", kind, data))
            return answer
        if not any(known == name or known.endswith(f".{name}") for known, _ in self._records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        soa = SOA.format(negative=self._negative_s)
        answer.authority.append(dns.rrset.from_text("example.", self._negative_s, "IN", "SOA", soa))
        return answer


def _absolute(kind: str, data: str) -> str:
    """Names in SRV and NAPTR data with their final dot."""
    return data if kind in ("A", "AAAA") or data.endswith(".") else f"{data}."
