"""Twenty-four hostile clients, in a separate process: some hold connections open, others send
expensive requests.
"""

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

# Connections that one client holds, and concurrent requests of a client that sends bodies.
CONNECTIONS_PER_CLIENT, CONCURRENT_REQUESTS = 24, 2
BODY_SIZE = 2_000_000
# With a receive buffer of this size, almost nothing of an unread response leaves the service.
RECEIVE_BUFFER = 4_096
TIMEOUT = 60.0
# Connections that a client reopens per second after the service has closed them, and seconds
# between two requests: about the rate that the default caller allowance permits.
REOPENED_PER_SECOND, PAUSE = 6, 0.2


def unverified_context() -> ssl.SSLContext:
    """A TLS context that does not verify the server's certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@dataclass(frozen=True)
class Target:
    """The target of the attacks: port and paths, and the clients' tokens by permission."""

    port: int
    chronology: str
    timeline: str
    uninvited_tokens: list[str]
    invited_token: str
    reader_tokens: list[str]


def open_connections(port: int) -> set[tuple[str, int]]:
    """The service's open connections on this port, by the client's address and port. A connection
    that the service has closed can remain in the kernel until the client has read the rest, but
    then it has no inode.
    """
    local_port, found = f":{port:04X}", set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(local_port) and fields[9] != "0":
            found.add(parse_address(fields[2]))
    return found


def parse_address(field: str) -> tuple[str, int]:
    """Address and port from /proc/net/tcp, which has the address in native byte order."""
    address, port = field.split(":")
    address_bytes = int(address, 16).to_bytes(4, sys.byteorder)
    return ".".join(str(byte) for byte in address_bytes), int(port, 16)


def request_head(method: str, path: str, token: str = "", *more: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *more]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    return "\r\n".join([*lines, "", ""]).encode()


# --- Attacks that hold connections ----------------------------------------------------------------


class Connection:
    """One connection of a client that sends and reads as little as possible."""

    def __init__(self, target: Target, address: str, over_tls: bool, context: ssl.SSLContext):
        raw = socket.socket()
        try:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            raw.settimeout(10)
            raw.bind((address, 0))
            raw.connect(("127.0.0.1", target.port))
            self.socket = context.wrap_socket(raw) if over_tls else raw
        except OSError:
            raw.close()
            raise
        self.socket.settimeout(0.2)
        self.name = self.socket.getsockname()
        # Whether the service has stopped reading, and whether it has accepted the connection.
        self.blocked, self.accepted = False, over_tls
        self.pending = b""

    def send(self, data: bytes) -> None:
        """Sends as much of the data as the service reads."""
        view = memoryview(data)
        while view and not self.blocked:
            try:
                view = view[self.socket.send(view) :]
            except TimeoutError:
                self.blocked = True

    def send_byte(self) -> None:
        if self.pending:
            self.send(self.pending[:1])
            self.pending = self.pending[1:]

    def read_byte(self) -> None:
        try:
            self.socket.recv(1)
        except TimeoutError:
            pass

    def is_closed(self, connections: set[tuple[str, int]]) -> bool:
        """Whether the service has closed the connection. `connections` is needed because a client
        that does not read does not always notice.
        """
        was_accepted, self.accepted = self.accepted, self.accepted or self.name in connections
        poll = select.poll()
        poll.register(self.socket, select.POLLRDHUP)
        return bool(poll.poll(0)) or (was_accepted and self.name not in connections)

    def close(self) -> None:
        self.socket.close()


@dataclass(frozen=True)
class ConnectionAttack:
    """A way to hold connections open: what each connection does at first, and then every second."""

    name: str
    begin: Callable[[Connection], None]
    each_second: Callable[[Connection], None] = lambda _: None
    over_tls: bool = True
    connections: int = CONNECTIONS_PER_CLIENT
    addresses: int = 1
    clients: int = 1


def do_nothing(_: Connection) -> None:
    pass


def send_at_start(data: bytes) -> Callable[[Connection], None]:
    return lambda connection: connection.send(data)


def send_byte_by_byte(data: bytes, first: bytes = b"") -> Callable[[Connection], None]:
    """Sends `first` at once and prepares `data` to be sent byte by byte."""

    def begin(connection: Connection) -> None:
        connection.send(first)
        connection.pending = data

    return begin


def connection_attacks(target: Target) -> list[ConnectionAttack]:
    """All attacks that hold connections."""
    never, slowly, pipelined = (
        target.reader_tokens[number % len(target.reader_tokens)] for number in range(3)
    )
    probe = request_head("GET", "/livez")
    long_head = request_head(
        "GET", "/livez", "", *(f"X-Filler-{number}: {number}" for number in range(200))
    )
    document, problem = request_head("GET", "/openapi.yaml"), request_head("GET", "/v1/agencies")
    key, json = (
        "Idempotency-Key: 5d0a7b5e-6f6e-4d0e-9a57-0f6f2a6f8a10",
        "Content-Type: application/json",
    )
    length = "Content-Length: 2000000"
    fragments, timeline = f"{target.chronology}/fragments", f"{target.timeline}?limit=500"
    invalid = (
        request_head(
            "POST", "/v1/families", target.uninvited_tokens[0], key, json, "Content-Length: 2"
        )
        + b"{}"
    )
    chunk = b'4\r\n{"a"\r\n'
    unfinished = request_head("POST", fragments, "", key, json, length)
    chunked = request_head(
        "POST", fragments, target.uninvited_tokens[0], key, json, "Transfer-Encoding: chunked"
    )
    authenticated = request_head("POST", fragments, target.invited_token, key, json, length)
    return [
        ConnectionAttack(
            "pipelined requests, responses never read",
            send_at_start((document + problem) * 200),
            clients=2,
        ),
        ConnectionAttack(
            "pipelined requests followed by garbage",
            send_at_start(probe * 20 + b"\x00\xff garbage \r\n\r\n" * 200),
        ),
        ConnectionAttack("silent before the TLS handshake", do_nothing, over_tls=False),
        ConnectionAttack("silent after the TLS handshake", do_nothing),
        ConnectionAttack("head byte by byte", send_byte_by_byte(long_head), Connection.send_byte),
        ConnectionAttack(
            "head of the second request byte by byte",
            send_byte_by_byte(long_head, probe),
            Connection.send_byte,
        ),
        ConnectionAttack("body announced and not sent", send_at_start(unfinished)),
        ConnectionAttack(
            "chunked body without an end", send_at_start(chunked), send_at_start(chunk)
        ),
        ConnectionAttack(
            "body byte by byte, with a token",
            send_byte_by_byte(b" " * 10_000, authenticated),
            Connection.send_byte,
        ),
        ConnectionAttack("problem documents never read", send_at_start(invalid * 400)),
        ConnectionAttack(
            "long timelines never read",
            send_at_start(request_head("GET", timeline, never)),
            connections=60,
            addresses=4,
        ),
        ConnectionAttack(
            "long timelines read a byte a second",
            send_at_start(request_head("GET", timeline, slowly)),
            Connection.read_byte,
        ),
        ConnectionAttack(
            "long timelines pipelined and never read",
            send_at_start(request_head("GET", timeline, pipelined) * 20),
        ),
    ]


# --- Attacks with expensive requests --------------------------------------------------------------


def large_bodies() -> dict[str, bytes]:
    """Invalid submissions of about two megabytes."""
    names = b",".join(b'"m%d":1' % number for number in range(160_000))
    return {
        "empty entries": b'{"entries":[' + b"{}," * (BODY_SIZE // 3) + b"{}]}",
        "deep nesting": b'{"entries":' + b"[" * (BODY_SIZE // 2) + b"]" * (BODY_SIZE // 2) + b"}",
        "one long text": b'{"entries":[{"what":"' + b"x" * BODY_SIZE + b'"}]}',
        "unknown members": b"{" + names + b"}",
        "duplicate members": b"{" + b'"member_of_entry":1,' * 100_000 + b'"member_of_entry":1}',
        "entries with unknown members": b'{"entries":[' + b'{"a":1},' * (BODY_SIZE // 8) + b"{}]}",
    }


@dataclass(frozen=True)
class RequestAttack:
    """Requests that one client sends repeatedly, several at a time."""

    name: str
    token: str
    routes: list[tuple[str, str]]
    bodies: list[bytes] = field(default_factory=list)
    concurrency: int = CONCURRENT_REQUESTS
    pause: float = PAUSE


def request_attacks(target: Target) -> list[RequestAttack]:
    """All attacks with requests; one item for each client."""
    shapes, tokens = large_bodies(), iter(target.uninvited_tokens[1:])
    submit = [("POST", f"{target.chronology}/fragments")]
    others = [
        ("POST", "/v1/people"),
        ("POST", "/v1/families"),
        ("POST", "/v1/people/find"),
        ("POST", "/v1/fragments"),
        ("PUT", f"{target.chronology}/fragments/return-1"),
        ("POST", "/v1/chronologies"),
        ("PATCH", target.chronology),
        ("POST", "/v1/holds"),
        ("PUT", "/v1/families/00000000-0000-7000-8000-000000000000"),
    ]
    empty = [shapes["empty entries"]]
    rest = [body for name, body in shapes.items() if name != "empty entries"]
    found = [RequestAttack("2 MB of empty entries", next(tokens), submit, empty) for _ in range(2)]
    found += [RequestAttack("2 MB of empty entries", target.invited_token, submit, empty)]
    found += [
        RequestAttack(
            "2 MB bodies of other shapes", next(tokens), submit, rest[number:] + rest[:number]
        )
        for number in range(3)
    ]
    found += [
        RequestAttack(
            "2 MB bodies to other routes",
            next(tokens),
            others[number * 3 :] + others[: number * 3],
            list(shapes.values()),
        )
        for number in range(3)
    ]
    long_timeline = [("GET", f"{target.timeline}?limit=500")]
    return found + [
        RequestAttack(
            "many long timelines at once",
            target.reader_tokens[-1],
            long_timeline,
            concurrency=32,
            pause=1.0,
        )
    ]


def all_attacks(target: Target) -> list[ConnectionAttack | RequestAttack]:
    """All attacks, one item for each client."""
    return [
        attack for attack in connection_attacks(target) for _ in range(attack.clients)
    ] + request_attacks(target)


def attacks_by_address(target: Target) -> dict[str, tuple[str, bool]]:
    """By source address: the name of the client's attack, and whether it holds connections."""
    found = {}
    for number, attack in enumerate(all_attacks(target)):
        for address in source_addresses(number, attack):
            found[address] = (attack.name, isinstance(attack, ConnectionAttack))
    return found


def source_addresses(number: int, attack: ConnectionAttack | RequestAttack) -> list[str]:
    return [
        f"127.66.{number}.{1 + other}"
        for other in range(attack.addresses if isinstance(attack, ConnectionAttack) else 1)
    ]


# --- Execution ------------------------------------------------------------------------------------


class AttackRunner:
    """Runs all attacks, each in its own threads. After `stop` they start nothing new; after `end`
    they release everything.
    """

    def __init__(self, target: Target, stop, end, only: str = ""):
        self.target, self.stop, self.end = target, stop, end
        self.context = unverified_context()
        self.lock = threading.Lock()
        # By name: requests sent, unexpected responses, and the first of these.
        self.counts: dict[str, list] = {}
        self.opened: dict[str, int] = {}
        self.open_connections: set[tuple[str, int]] = set()
        self.threads = [threading.Thread(target=self._track_connections, daemon=True)]
        for number, attack in enumerate(all_attacks(target)):
            if only in attack.name:
                self._add_threads(attack, source_addresses(number, attack))
        for thread in self.threads:
            thread.start()

    def _add_threads(self, attack: ConnectionAttack | RequestAttack, addresses: list[str]) -> None:
        if isinstance(attack, ConnectionAttack):
            work = [
                (self._hold_connections, (attack, address, attack.connections // len(addresses)))
                for address in addresses
            ]
        else:
            work = [
                (self._send_requests, (attack, addresses[0], index))
                for index in range(attack.concurrency)
            ]
        self.threads += [
            threading.Thread(target=function, args=arguments, daemon=True)
            for function, arguments in work
        ]

    def wait(self) -> dict:
        self.end.wait()
        with self.lock:
            return {"opened": dict(self.opened), "counts": dict(self.counts)}

    def _track_connections(self) -> None:
        while not self.end.is_set():
            self.open_connections = open_connections(self.target.port)
            time.sleep(0.5)

    def _hold_connections(self, attack: ConnectionAttack, address: str, count: int) -> None:
        connections: list[Connection] = []
        limit = count
        while not self.end.is_set():
            for connection in [
                each for each in connections if each.is_closed(self.open_connections)
            ]:
                connection.close()
                connections.remove(connection)
            if not self.stop.is_set() and len(connections) < count:
                connections += self._open_connections(
                    attack, address, min(count - len(connections), limit)
                )
                limit = REOPENED_PER_SECOND
            for connection in connections:
                self._step(attack, connection)
            time.sleep(1)

    def _open_connections(
        self, attack: ConnectionAttack, address: str, limit: int
    ) -> list[Connection]:
        opened = []
        for _ in range(limit):
            if self.stop.is_set():
                break
            try:
                connection = Connection(self.target, address, attack.over_tls, self.context)
            except OSError:
                break
            opened.append(connection)
            with self.lock:
                self.opened[attack.name] = self.opened.get(attack.name, 0) + 1
            try:
                attack.begin(connection)
            except OSError:
                connection.blocked = True
        return opened

    def _step(self, attack: ConnectionAttack, connection: Connection) -> None:
        try:
            attack.each_second(connection)
        except OSError:
            connection.blocked = True

    def _send_requests(self, request: RequestAttack, address: str, index: int) -> None:
        connection = None
        while not self.stop.is_set():
            method, path = request.routes[index % len(request.routes)]
            body = request.bodies[index % len(request.bodies)] if request.bodies else None
            index += 1
            try:
                connection = connection or http.client.HTTPSConnection(
                    "127.0.0.1",
                    self.target.port,
                    timeout=TIMEOUT,
                    context=self.context,
                    source_address=(address, 0),
                )
                self._send_request(request, connection, (method, path, body))
            except (OSError, http.client.HTTPException):
                self._record(request.name, "")
                if connection:
                    connection.close()
                connection = None
            self.stop.wait(request.pause)

    def _send_request(
        self,
        request: RequestAttack,
        connection: http.client.HTTPSConnection,
        request_data: tuple[str, str, bytes | None],
    ) -> None:
        method, path, body = request_data
        headers = {"Authorization": f"Bearer {request.token}"}
        if body is not None:
            headers |= {
                "Content-Type": "application/json",
                "Idempotency-Key": f"{os.getpid()}-{time.monotonic_ns()}",
                "If-Match": '"1"',
            }
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        response.read()
        refused = 400 <= response.status < 500 or (
            response.status == 503 and response.getheader("Retry-After")
        )
        expected = refused or (body is None and response.status == 200)
        self._record(
            request.name, "" if expected else f"{method} {path} returned {response.status}"
        )

    def _record(self, name: str, error: str) -> None:
        with self.lock:
            count = self.counts.setdefault(name, [0, 0, ""])
            count[0] += 1
            count[1] += bool(error)
            count[2] = count[2] or error


def run(target: Target, stop, end, results, only: str = "") -> None:
    """Main function of the process."""
    # In reality hostile clients run on other machines. Here they must not take the processors from
    # the service and from the clients that measure.
    os.nice(10)
    results.put(AttackRunner(target, stop, end, only).wait())
