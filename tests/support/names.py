"""A name server of our own: what the tests say, answered over UDP like a real one."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
from django.test import override_settings


class NameServer:
    """Answers A and AAAA questions from a table; names in ``silent`` get no answer at all.

    Args:
        table: name → addresses; changed while it runs, names move.
    """

    def __init__(self, table: Mapping[str, list[str]]) -> None:
        self.table = dict(table)
        self.silent: set[str] = set()
        self.asked: list[str] = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "{}:{}".format(*self.socket.getsockname())

    def serve(self) -> None:
        """Answer until the socket is closed."""
        while True:
            try:
                data, where = self.socket.recvfrom(4096)
            except OSError:
                return
            answer = self._answer(dns.message.from_wire(data))
            if answer is not None:
                self.socket.sendto(answer.to_wire(), where)

    def _answer(self, question: dns.message.Message) -> dns.message.Message | None:
        name = question.question[0].name.to_text(omit_final_dot=True)
        self.asked.append(name)
        if name in self.silent:
            return None
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.AA | dns.flags.RA
        if name not in self.table:
            answer.set_rcode(dns.rcode.NXDOMAIN)
            return answer
        kind = question.question[0].rdtype
        wanted = [one for one in self.table[name] if (":" in one) == (kind == dns.rdatatype.AAAA)]
        if wanted and kind in {dns.rdatatype.A, dns.rdatatype.AAAA}:
            answer.answer.append(dns.rrset.from_text_list(question.question[0].name, 60, "IN", kind, wanted))
        return answer


@contextmanager
def name_server(table: Mapping[str, list[str]]) -> Iterator[NameServer]:
    """Run a name server and have the product ask it."""
    server = NameServer(table)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        with override_settings(NAME_SERVERS=[server.address]):
            yield server
    finally:
        server.socket.close()
        thread.join(timeout=5)
