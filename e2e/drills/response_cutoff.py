"""Expiry during a response: a client reads a large timeline slowly, and the chronology expires
before it has read all of it. From then on the service sends nothing. Bytes that arrive later were
already in the client's receive buffer, or are part of at most 16 KiB in the send buffer on the
service's side. The connection is reset, so the client knows that the response is incomplete.

    response_cutoff.py DATABASE FOLDER      DATABASE is sqlite or postgresql
"""

import socket
import ssl
import sys
import time
from pathlib import Path

from deployment import CONTRIBUTORS, CaseFixture, Deployment, Staff, check, check_equal, say
from fake_clock import HOUR, next_hour
from harness import county

# Texts of the maximum length, and as many entries per agency as fit on one page of the timeline:
# together more than all buffers of the operating system hold.
LONG_TEXT, ENTRIES = 3_900, 50
# The limit of unsent bytes in the send buffer at expiry.
MAX_UNSENT = 16 * 1024
# State of a reset connection in the field tcpi_state of TCP_INFO (tcp(7)).
TCP_CLOSE = 7


class SlowReader:
    """Requests a path and reads the response in steps, with the smallest possible receive buffer."""

    def __init__(self, caller, path: str):
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        raw.settimeout(20)
        raw.connect(("127.0.0.1", caller.port))
        self.own_port, self.port = raw.getsockname()[1], caller.port
        self.socket = caller.context.wrap_socket(raw, server_hostname="localhost")
        request = f"GET {path} HTTP/1.1\r\nHost: localhost:{caller.port}\r\nAuthorization: Bearer {caller.token}\r\nConnection: close\r\n\r\n"
        self.socket.sendall(request.encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.socket.recv(4_096)
        head, self.body = head.split(b"\r\n\r\n", 1)
        self.status = int(head.split()[1])
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        self.content_length = int(fields[b"content-length"])
        self.was_reset = False

    def read(self, length: int) -> None:
        """Reads until this many bytes of the body have arrived, or the connection ends."""
        try:
            while len(self.body) < length and (chunk := self.socket.recv(65_536)):
                self.body += chunk
        except (ssl.SSLError, ConnectionError):
            # The connection was cut off; keep what has arrived.
            pass
        # Python's TLS does not distinguish a reset from a normal end, but the kernel does: a normal
        # end leaves CLOSE_WAIT.
        self.was_reset = (
            self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == TCP_CLOSE
        )

    def wait_until_blocked(self) -> tuple[int, int]:
        """Waits until all buffers are full. Returns the bytes in the service's send buffer and in
        this client's receive buffer.
        """
        before = (-1, -1)
        for _ in range(200):
            now = self._buffered()
            if now == before:
                return now
            before = now
            time.sleep(0.2)
        raise TimeoutError("the service continues to send")

    def _buffered(self) -> tuple[int, int]:
        unsent = unread = 0
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            local, remote = (int(fields[index].split(":")[1], 16) for index in (1, 2))
            send_queue, receive_queue = (int(part, 16) for part in fields[4].split(":"))
            if (local, remote) == (self.port, self.own_port):
                unsent += send_queue
            elif (local, remote) == (self.own_port, self.port):
                unread += receive_queue
        return unsent, unread


class ResponseCutoffDrill:
    def __init__(self, kind: str, folder: Path):
        self.kind = kind
        self.deployment = Deployment(kind, folder)
        self.clock = self.deployment.clock

    def prepare(self) -> None:
        self.deployment.service.start()
        staff = self.deployment.staff().registered()
        self.expires_at = next_hour(self.clock.now()) + HOUR
        self.case = CaseFixture(staff)
        self.path = f"/v1/chronologies/{self.case.open_chronology(self.expires_at)}"
        padding = " ".join(["word"] * (LONG_TEXT // 5))
        for code in CONTRIBUTORS:
            entries = [
                county.entry(
                    self.case.canary,
                    f"{2020 + number % 6}-{1 + number // 6 % 12:02d}-{1 + number % 28:02d}",
                    f"{padding} {code} {number}",
                    "CONTACT",
                    "risk",
                    "worker",
                    "record",
                    impact=padding,
                    action_taken=padding,
                )
                for number in range(ENTRIES)
            ]
            staff.agencies[code].post(
                f"{self.path}/fragments", county.fragment(self.case.canary, *entries), expect=201
            )
        timeline = staff.worker.get(f"{self.path}/timeline").raw
        check(
            "all texts are in the timeline",
            timeline.count(self.case.canary.seed.encode()) >= ENTRIES * len(CONTRIBUTORS),
        )
        say(f"a timeline of {len(timeline) / 1e6:.1f} MB")

    def read_slowly_before_expiry(self) -> None:
        reader = SlowReader(self.deployment.staff().worker, f"{self.path}/timeline")
        reader.read(100_000)
        reader.wait_until_blocked()
        reader.read(reader.content_length)
        check_equal(
            "a slow reader receives everything before expiry",
            (reader.status, len(reader.body)),
            (200, reader.content_length),
        )

    def read_slowly_past_expiry(self) -> None:
        self.clock.set_to(self.expires_at - 30)
        worker = Staff(self.deployment).worker
        reader = SlowReader(worker, f"{self.path}/timeline")
        reader.read(100_000)
        (unsent, unread), before = reader.wait_until_blocked(), len(reader.body)
        check(f"the send buffer contains little ({unsent} bytes)", unsent <= MAX_UNSENT)
        self.clock.set_to(self.expires_at)
        reader.read(reader.content_length)
        after = len(reader.body) - before
        check_equal("the status, sent before expiry", reader.status, 200)
        check(
            f"of the bytes read after expiry ({after}), all but {MAX_UNSENT} were in the receive buffer before ({unread})",
            after <= unread + MAX_UNSENT,
        )
        check(
            "the client notices that the response is incomplete",
            len(reader.body) < reader.content_length and reader.was_reset,
        )
        response = worker.get(f"{self.path}/timeline", expect=410)
        check(
            "a new request returns no content", self.case.canary.seed not in response.raw.decode()
        )
        print(
            f"{self.kind}, a timeline of {reader.content_length / 1e6:.1f} MB that expires after {before / 1e3:.0f} kB were read: "
            f"{after / 1e3:.1f} kB more arrived ({unread / 1e3:.1f} kB were in the receive buffer, {unsent / 1e3:.1f} kB in the send "
            f"buffer), {(reader.content_length - len(reader.body)) / 1e6:.1f} MB were never sent",
            flush=True,
        )

    def run(self) -> None:
        try:
            self.prepare()
            self.read_slowly_before_expiry()
            self.read_slowly_past_expiry()
        finally:
            self.deployment.cleanup()


def main() -> None:
    kind, folder = sys.argv[1], Path(sys.argv[2])
    print(f"== expiry during a response on {kind}", flush=True)
    ResponseCutoffDrill(kind, folder).run()


if __name__ == "__main__":
    main()
