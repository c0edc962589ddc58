"""The end comes while an answer is being read: a large timeline goes to a reader who reads slowly, and its time ends
under way. Not a byte leaves the service from then on: what arrives later was with the reader's own system by then, or
is of the 16 KiB at most that the service's system had not sent, and the connection is reset, so that the reader knows
that it was not all.

    midway.py KIND FOLDER      KIND is sqlite or postgresql
"""

import socket
import ssl
import sys
import time
from pathlib import Path

from clockwork import HOUR, next_hour
from e2e import county
from world import CONTRIBUTORS, Staff, Told, World, holds, same, say

# Texts as long as the API takes them; enough of them that no buffer of any system holds the whole.
# All of them on one page of the timeline.
LONG_TEXT, ENTRIES = 3_900, 50
# What may be unsent on the service's side when the time ends.
UNSENT = 16 * 1024
# The state of a connection that was reset, as tcp_info of tcp(7) gives it.
TCP_CLOSE = 7


class Reader:
    """Asks for something and reads of it as much as is wanted, through a window as small as the system allows."""

    def __init__(self, caller, path: str):
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        plain.settimeout(20)
        plain.connect(("127.0.0.1", caller.port))
        self.own_port, self.port = plain.getsockname()[1], caller.port
        self.socket = caller.context.wrap_socket(plain, server_hostname="localhost")
        asked = f"GET {path} HTTP/1.1\r\nHost: localhost:{caller.port}\r\nAuthorization: Bearer {caller.token}\r\nConnection: close\r\n\r\n"
        self.socket.sendall(asked.encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.socket.recv(4_096)
        head, self.body = head.split(b"\r\n\r\n", 1)
        self.status = int(head.split()[1])
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        self.whole = int(fields[b"content-length"])
        self.reset = False

    def read(self, upto: int) -> None:
        """Reads until there is that much, or no more comes."""
        try:
            while len(self.body) < upto and (piece := self.socket.recv(65_536)):
                self.body += piece
        except (ssl.SSLError, ConnectionError):
            # Cut off: what is here is all there is.
            pass
        # Python's TLS reads a reset as a plain end; the system knows which it was: an orderly end leaves CLOSE_WAIT.
        self.reset = self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == TCP_CLOSE

    def stalled(self) -> tuple[int, int]:
        """Waits until the service can give no more to the system; bytes that the service's system and the reader's own
        hold by then."""
        before = (-1, -1)
        for _ in range(200):
            now = self._under_way()
            if now == before:
                return now
            before = now
            time.sleep(0.2)
        raise TimeoutError("the service goes on sending")

    def _under_way(self) -> tuple[int, int]:
        unsent = unread = 0
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            local, remote = (int(fields[at].split(":")[1], 16) for at in (1, 2))
            to_send, to_read = (int(part, 16) for part in fields[4].split(":"))
            if (local, remote) == (self.port, self.own_port):
                unsent += to_send
            elif (local, remote) == (self.own_port, self.port):
                unread += to_read
        return unsent, unread


class Midway:
    def __init__(self, kind: str, folder: Path):
        self.kind = kind
        self.world = World(kind, folder)
        self.clock = self.world.clock

    def tell(self) -> None:
        self.world.service.start()
        staff = self.world.staff().introduced()
        self.ends = next_hour(self.clock.now()) + HOUR
        self.told = Told(staff)
        self.path = f"/v1/chronologies/{self.told.open(self.ends)}"
        padding = " ".join(["word"] * (LONG_TEXT // 5))
        for code in CONTRIBUTORS:
            events = [county.entry(self.told.canary, f"{2020 + at % 6}-{1 + at // 6 % 12:02d}-{1 + at % 28:02d}", f"{padding} {code} {at}", "CONTACT", "risk", "worker", "record",
                                   impact=padding, action_taken=padding) for at in range(ENTRIES)]
            staff.agencies[code].post(f"{self.path}/fragments", county.fragment(self.told.canary, *events), expect=201)
        whole = staff.worker.get(f"{self.path}/timeline").raw
        holds("all texts are in the timeline", whole.count(self.told.canary.seed.encode()) >= ENTRIES * len(CONTRIBUTORS))
        say(f"a timeline of {len(whole) / 1e6:.1f} MB")

    def slow_but_in_time(self) -> None:
        reader = Reader(self.world.staff().worker, f"{self.path}/timeline")
        reader.read(100_000)
        reader.stalled()
        reader.read(reader.whole)
        same("a slow reader gets all of it in time", (reader.status, len(reader.body)), (200, reader.whole))

    def cut(self) -> None:
        self.clock.set_to(self.ends - 30)
        worker = Staff(self.world).worker
        reader = Reader(worker, f"{self.path}/timeline")
        reader.read(100_000)
        (unsent, unread), before = reader.stalled(), len(reader.body)
        holds(f"the service's system holds little ({unsent} bytes)", unsent <= UNSENT)
        self.clock.set_to(self.ends)
        reader.read(reader.whole)
        after = len(reader.body) - before
        same("the status, given in time", reader.status, 200)
        holds(f"what came after the end ({after} bytes) was with the reader by then ({unread} bytes) but for {UNSENT} at most", after <= unread + UNSENT)
        holds("the reader knows that it was not all", len(reader.body) < reader.whole and reader.reset)
        again = worker.get(f"{self.path}/timeline", expect=410)
        holds("asked again, it says nothing", self.told.canary.seed not in again.raw.decode())
        print(f"{self.kind}, a timeline of {reader.whole / 1e6:.1f} MB whose time ends after {before / 1e3:.0f} kB were read: {after / 1e3:.1f} kB more arrived "
              f"({unread / 1e3:.1f} kB were with the reader, {unsent / 1e3:.1f} kB unsent), {(reader.whole - len(reader.body)) / 1e6:.1f} MB never left", flush=True)

    def run(self) -> None:
        try:
            self.tell()
            self.slow_but_in_time()
            self.cut()
        finally:
            self.world.end()


def main() -> None:
    kind, folder = sys.argv[1], Path(sys.argv[2])
    print(f"== expiry midway on {kind}", flush=True)
    Midway(kind, folder).run()


if __name__ == "__main__":
    main()
