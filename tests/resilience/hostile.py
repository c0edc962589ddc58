"""Twenty-four hostile callers, in a process of their own: some hold connections open, others send what is costly to read."""

import http.client
import os
import select
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

# Connections that one caller holds, and requests that it has under way at once when it sends bodies.
HELD, AT_ONCE = 24, 2
BODY = 2_000_000
# A receive buffer of this size takes next to nothing of an answer that is not read.
WINDOW = 4_096
PATIENCE = 60.0
# Connections that a caller opens anew each second in place of those that were closed, and the pause between two requests:
# about as many as the default allowance lets a caller send.
REOPENED, PAUSE = 6, 0.2


def careless_context() -> ssl.SSLContext:
    """For those who do not care whom they speak to."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@dataclass(frozen=True)
class Target:
    """Where the callers go and what they have: paths, and tokens by what they may do."""

    port: int
    chronology: str
    timeline: str
    uninvited: list[str]
    invited: str
    readers: list[str]


def held_by(port: int) -> set[tuple[str, int]]:
    """The connections that the service on this port holds now, by the caller's address and port. One that the service has
    closed may live on in the system until the caller has read what is left, but it has no inode any more."""
    own, found = f":{port:04X}", set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(own) and fields[9] != "0":
            found.add(remote(fields[2]))
    return found


def remote(field: str) -> tuple[str, int]:
    """Address and port as /proc/net/tcp writes them: the address in the machine's order of bytes."""
    address, port = field.split(":")
    return ".".join(str(byte) for byte in int(address, 16).to_bytes(4, sys.byteorder)), int(port, 16)


def head(method: str, path: str, token: str = "", *more: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *more]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    return "\r\n".join([*lines, "", ""]).encode()


# --- Connections that are held ----------------------------------------------------------------------------------------


class Connection:
    """One connection of a caller who does as little as possible, in steps of a second."""

    def __init__(self, target: Target, address: str, over_tls: bool, context: ssl.SSLContext):
        raw = socket.socket()
        try:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
            raw.settimeout(10)
            raw.bind((address, 0))
            raw.connect(("127.0.0.1", target.port))
            self.socket = context.wrap_socket(raw) if over_tls else raw
        except OSError:
            raw.close()
            raise
        self.socket.settimeout(0.2)
        self.name = self.socket.getsockname()
        # Whether the service takes no more, and whether it has accepted the connection.
        self.blocked, self.accepted = False, over_tls
        self.to_send = b""

    def send(self, data: bytes) -> None:
        """As much of it as the service takes; nothing more once it takes no more."""
        view = memoryview(data)
        while view and not self.blocked:
            try:
                view = view[self.socket.send(view):]
            except TimeoutError:
                self.blocked = True

    def send_byte(self) -> None:
        if self.to_send:
            self.send(self.to_send[:1])
            self.to_send = self.to_send[1:]

    def read_byte(self) -> None:
        try:
            self.socket.recv(1)
        except TimeoutError:
            pass

    def is_closed(self, held: set[tuple[str, int]]) -> bool:
        """Whether the service has closed it: a caller who does not read is not always told."""
        was_accepted, self.accepted = self.accepted, self.accepted or self.name in held
        poll = select.poll()
        poll.register(self.socket, select.POLLRDHUP)
        return bool(poll.poll(0)) or (was_accepted and self.name not in held)

    def close(self) -> None:
        self.socket.close()


@dataclass(frozen=True)
class Holding:
    """A way to hold connections: what is done first, and then once a second."""

    name: str
    begin: Callable[[Connection], None]
    each_second: Callable[[Connection], None] = lambda _: None
    over_tls: bool = True
    connections: int = HELD
    addresses: int = 1
    callers: int = 1


def nothing(_: Connection) -> None:
    pass


def sent(data: bytes) -> Callable[[Connection], None]:
    return lambda connection: connection.send(data)


def byte_by_byte(data: bytes, after: bytes = b"") -> Callable[[Connection], None]:
    """`after` is sent at once, the rest is for later."""

    def begin(connection: Connection) -> None:
        connection.send(after)
        connection.to_send = data

    return begin


def holdings(target: Target) -> list[Holding]:
    """Every way in which connections are held."""
    never, slowly, pipelined = (target.readers[number % len(target.readers)] for number in range(3))
    probe, long_head = head("GET", "/livez"), head("GET", "/livez", "", *(f"X-Filler-{number}: {number}" for number in range(200)))
    document, problem = head("GET", "/openapi.yaml"), head("GET", "/v1/agencies")
    key, json = "Idempotency-Key: 5d0a7b5e-6f6e-4d0e-9a57-0f6f2a6f8a10", "Content-Type: application/json"
    whole = "Content-Length: 2000000"
    fragments, timeline = f"{target.chronology}/fragments", f"{target.timeline}?limit=500"
    invalid = head("POST", "/v1/families", target.uninvited[0], key, json, "Content-Length: 2") + b"{}"
    chunk = b"4\r\n{\"a\"\r\n"
    return [
        Holding("pipelined requests, answers never read", sent((document + problem) * 200), callers=2),
        Holding("pipelined requests followed by garbage", sent(probe * 20 + b"\x00\xff garbage \r\n\r\n" * 200)),
        Holding("silent before the TLS handshake", nothing, over_tls=False),
        Holding("silent after the TLS handshake", nothing),
        Holding("head byte by byte", byte_by_byte(long_head), Connection.send_byte),
        Holding("head of the second request byte by byte", byte_by_byte(long_head, probe), Connection.send_byte),
        Holding("body announced and not sent", sent(head("POST", fragments, "", key, json, whole))),
        Holding("chunked body without an end", sent(head("POST", fragments, target.uninvited[0], key, json, "Transfer-Encoding: chunked")),
                sent(chunk)),
        Holding("body byte by byte, with a token", byte_by_byte(b" " * 10_000, head("POST", fragments, target.invited, key, json, whole)),
                Connection.send_byte),
        Holding("problem documents never read", sent(invalid * 400)),
        Holding("long timelines never read", sent(head("GET", timeline, never)), connections=60, addresses=4),
        Holding("long timelines read a byte a second", sent(head("GET", timeline, slowly)), Connection.read_byte),
        Holding("long timelines pipelined and never read", sent(head("GET", timeline, pipelined) * 20)),
    ]


# --- Requests that are costly -----------------------------------------------------------------------------------------


def bodies() -> dict[str, bytes]:
    """Bodies of about two megabytes that are no submission."""
    names = b",".join(b'"m%d":1' % number for number in range(160_000))
    return {
        "empty entries": b'{"entries":[' + b"{}," * (BODY // 3) + b"{}]}",
        "deep nesting": b'{"entries":' + b"[" * (BODY // 2) + b"]" * (BODY // 2) + b"}",
        "one long text": b'{"entries":[{"what":"' + b"x" * BODY + b'"}]}',
        "unknown members": b"{" + names + b"}",
        "duplicate members": b"{" + b'"member_of_entry":1,' * 100_000 + b'"member_of_entry":1}',
        "entries with unknown members": b'{"entries":[' + b'{"a":1},' * (BODY // 8) + b"{}]}",
    }


@dataclass(frozen=True)
class Request:
    """A request that is sent again and again, by one caller, a few at once."""

    name: str
    token: str
    routes: list[tuple[str, str]]
    bodies: list[bytes] = field(default_factory=list)
    at_once: int = AT_ONCE
    pause: float = PAUSE


def requests(target: Target) -> list[Request]:
    """What callers send; one item for each caller."""
    shapes, tokens = bodies(), iter(target.uninvited[1:])
    submit = [("POST", f"{target.chronology}/fragments")]
    others = [("POST", "/v1/people"), ("POST", "/v1/families"), ("POST", "/v1/people/find"), ("POST", "/v1/fragments"),
              ("PUT", f"{target.chronology}/fragments/return-1"), ("POST", "/v1/chronologies"), ("PATCH", target.chronology),
              ("POST", "/v1/holds"), ("PUT", "/v1/families/00000000-0000-7000-8000-000000000000")]
    empty = [shapes["empty entries"]]
    rest = [body for name, body in shapes.items() if name != "empty entries"]
    found = [Request("2 MB of empty entries", next(tokens), submit, empty) for _ in range(2)]
    found += [Request("2 MB of empty entries", target.invited, submit, empty)]
    found += [Request("2 MB bodies of other shapes", next(tokens), submit, rest[number:] + rest[:number]) for number in range(3)]
    found += [Request("2 MB bodies to other routes", next(tokens), others[number * 3:] + others[:number * 3], list(shapes.values()))
              for number in range(3)]
    long_timeline = [("GET", f"{target.timeline}?limit=500")]
    return found + [Request("many long timelines at once", target.readers[-1], long_timeline, at_once=32, pause=1.0)]


def callers_of(target: Target) -> list[Holding | Request]:
    """All of them, each caller once."""
    return [kind for kind in holdings(target) for _ in range(kind.callers)] + requests(target)


def addresses_of(target: Target) -> dict[str, tuple[str, bool]]:
    """By network address: the name of what its caller does, and whether that is to hold connections."""
    found = {}
    for number, kind in enumerate(callers_of(target)):
        for address in own_addresses(number, kind):
            found[address] = (kind.name, isinstance(kind, Holding))
    return found


def own_addresses(number: int, kind: Holding | Request) -> list[str]:
    return [f"127.66.{number}.{1 + other}" for other in range(kind.addresses if isinstance(kind, Holding) else 1)]


# --- At work ----------------------------------------------------------------------------------------------------------


class Attack:
    """All callers at work, each in threads of its own, until `stop` (nothing new) and `end` (all is let go)."""

    def __init__(self, target: Target, stop, end, only: str = ""):
        self.target, self.stop, self.end = target, stop, end
        self.context = careless_context()
        self.lock = threading.Lock()
        # By name: requests sent, answers that are no refusal, and the first of those.
        self.counts: dict[str, list] = {}
        self.opened: dict[str, int] = {}
        self.held: set[tuple[str, int]] = set()
        self.threads = [threading.Thread(target=self._look, daemon=True)]
        for number, kind in enumerate(callers_of(target)):
            if only in kind.name:
                self._employ(kind, own_addresses(number, kind))
        for thread in self.threads:
            thread.start()

    def _employ(self, kind: Holding | Request, addresses: list[str]) -> None:
        if isinstance(kind, Holding):
            work = [(self._hold, (kind, address, kind.connections // len(addresses))) for address in addresses]
        else:
            work = [(self._send, (kind, addresses[0], turn)) for turn in range(kind.at_once)]
        self.threads += [threading.Thread(target=function, args=arguments, daemon=True) for function, arguments in work]

    def wait(self) -> dict:
        self.end.wait()
        with self.lock:
            return {"opened": dict(self.opened), "counts": dict(self.counts)}

    def _look(self) -> None:
        while not self.end.is_set():
            self.held = held_by(self.target.port)
            time.sleep(0.5)

    def _hold(self, kind: Holding, address: str, wanted: int) -> None:
        held: list[Connection] = []
        most = wanted
        while not self.end.is_set():
            for connection in [one for one in held if one.is_closed(self.held)]:
                connection.close()
                held.remove(connection)
            if not self.stop.is_set() and len(held) < wanted:
                held += self._opened(kind, address, min(wanted - len(held), most))
                most = REOPENED
            for connection in held:
                self._step(kind, connection)
            time.sleep(1)

    def _opened(self, kind: Holding, address: str, most: int) -> list[Connection]:
        opened = []
        for _ in range(most):
            if self.stop.is_set():
                break
            try:
                connection = Connection(self.target, address, kind.over_tls, self.context)
            except OSError:
                break
            opened.append(connection)
            with self.lock:
                self.opened[kind.name] = self.opened.get(kind.name, 0) + 1
            try:
                kind.begin(connection)
            except OSError:
                connection.blocked = True
        return opened

    def _step(self, kind: Holding, connection: Connection) -> None:
        try:
            kind.each_second(connection)
        except OSError:
            connection.blocked = True

    def _send(self, request: Request, address: str, turn: int) -> None:
        connection = None
        while not self.stop.is_set():
            method, path = request.routes[turn % len(request.routes)]
            body = request.bodies[turn % len(request.bodies)] if request.bodies else None
            turn += 1
            try:
                connection = connection or http.client.HTTPSConnection("127.0.0.1", self.target.port, timeout=PATIENCE,
                                                                       context=self.context, source_address=(address, 0))
                self._answered(request, connection, (method, path, body))
            except (OSError, http.client.HTTPException):
                self._count(request.name, "")
                if connection:
                    connection.close()
                connection = None
            self.stop.wait(request.pause)

    def _answered(self, request: Request, connection: http.client.HTTPSConnection, asked: tuple[str, str, bytes | None]) -> None:
        method, path, body = asked
        headers = {"Authorization": f"Bearer {request.token}"}
        if body is not None:
            headers |= {"Content-Type": "application/json", "Idempotency-Key": f"{os.getpid()}-{time.monotonic_ns()}", "If-Match": '"1"'}
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        response.read()
        refused = 400 <= response.status < 500 or (response.status == 503 and response.getheader("Retry-After"))
        good = refused or (body is None and response.status == 200)
        self._count(request.name, "" if good else f"{method} {path} answered {response.status}")

    def _count(self, name: str, wrong: str) -> None:
        with self.lock:
            count = self.counts.setdefault(name, [0, 0, ""])
            count[0] += 1
            count[1] += bool(wrong)
            count[2] = count[2] or wrong


def attack(target: Target, stop, end, results, only: str = "") -> None:
    """The process of the hostile callers."""
    # They are elsewhere in reality: here they must not take the processors from the service and from those who measure.
    os.nice(10)
    results.put(Attack(target, stop, end, only).wait())
