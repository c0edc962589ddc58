"""Eight honest callers, a slow reader and the probes, in a process of their own: they measure how long each answer takes."""

import http.client
import json
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from e2e.caller import Caller
from node import Client

# Between two requests of one caller; a new connection after so many, and an update of their return as often.
PAUSE, RENEWED = 0.2, 10
PATIENCE = 20.0
# Bytes that the slow reader takes at once and in a second.
PIECE, SPEED = 20_000, 400_000


@dataclass
class Answered:
    """One answer as its caller saw it; without a status when there was none."""

    begun: float
    seconds: float
    status: int
    what: str
    said: str = ""


@dataclass
class Work:
    """One honest caller's task: the timeline they read, and the return that they update."""

    caller: Caller
    address: str
    path: str
    reference: str
    fragment: str
    etag: str
    submission: dict


class Measure:
    """What honest callers and probes were answered."""

    def __init__(self, work: list[Work], auditor: Caller, prober: Caller, slow: tuple[Caller, str], stop):
        self.stop, self.answers, self.probes, self.slow = stop, [], [], []
        self.auditor, self.prober = auditor, prober
        self.threads = [threading.Thread(target=self._work, args=(one,), daemon=True) for one in work]
        self.threads += [threading.Thread(target=self._probe, args=probe, daemon=True) for probe in self._probed()]
        self.threads.append(threading.Thread(target=self._read_slowly, args=slow, daemon=True))
        for thread in self.threads:
            thread.start()

    def _probed(self) -> list[tuple[Caller, str, str]]:
        return [(self.prober, "/livez", "127.77.1.1"), (self.prober, "/readyz", "127.77.1.2"),
                (self.auditor, "/v1/audit?limit=1", "127.77.1.3")]

    def wait(self) -> tuple[list[Answered], list[tuple[str, Answered]], list[str]]:
        """The answers to honest callers, those to probes by their path, and what was wrong with each answer to the slow reader."""
        self.stop.wait()
        for thread in self.threads:
            thread.join(PATIENCE + 1)
        return self.answers, self.probes, self.slow

    def _work(self, work: Work) -> None:
        client = Client(work.caller, work.address, PATIENCE)
        number = 0
        while not self.stop.is_set():
            number += 1
            if number % RENEWED == 0:
                client.close()
                self.answers.append(timed("PUT", lambda: self._update(client, work, number)))
            else:
                self.answers.append(timed("GET", lambda: client.call("GET", f"{work.path}/timeline")))
            self.stop.wait(PAUSE)
        client.close()

    def _update(self, client: Client, work: Work, number: int):
        work.submission["entries"][0]["what"] = f"Update {number} of {work.reference}"
        answer = client.call("PUT", f"{work.path}/fragments/{work.reference}", work.submission, If_Match=work.etag)
        if answer.status == 200:
            work.etag = answer.etag
        elif answer.status == 412:
            # An update that was not answered has been made.
            work.etag = client.call("GET", f"/v1/fragments/{work.fragment}").headers.get("etag", work.etag)
        return answer

    def _probe(self, caller: Caller, path: str, address: str) -> None:
        while not self.stop.is_set():
            client = Client(caller, address, PATIENCE)
            answered = timed("GET", lambda: client.call("GET", path))
            client.close()
            self.probes.append((path, answered))
            self.stop.wait(max(0.0, 1.0 - answered.seconds))

    def _read_slowly(self, caller: Caller, path: str) -> None:
        """Takes its time over a long timeline, and makes progress: it must get all of it."""
        while not self.stop.is_set():
            client = Client(caller, "127.77.1.4", PATIENCE)
            try:
                response = client.sent("GET", path)
                if response.status != 503:
                    self.slow.append(read_slowly(response))
            except (OSError, http.client.HTTPException) as error:
                self.slow.append(repr(error))
            client.close()
            self.stop.wait(1)


def read_slowly(response: http.client.HTTPResponse) -> str:
    """What is wrong with the answer; nothing when all of it came."""
    if response.status != 200:
        return f"answered {response.status}: {response.read()[:300]!r}"
    announced, received = int(response.getheader("Content-Length")), b""
    begun = time.monotonic()
    while piece := response.read(PIECE):
        received += piece
        time.sleep(max(0.0, len(received) / SPEED - (time.monotonic() - begun)))
    json.loads(received)
    return "" if len(received) == announced else f"{len(received)} of {announced} bytes came"


def timed(what: str, call) -> Answered:
    begun = time.monotonic()
    try:
        answer = call()
    except (OSError, http.client.HTTPException) as error:
        return Answered(begun, time.monotonic() - begun, 0, what, repr(error))
    said = answer.raw.decode(errors="replace")[:300] if answer.status >= 400 else ""
    if answer.status == 503 and "retry-after" not in answer.headers:
        said = f"without Retry-After: {said}"
    return Answered(begun, time.monotonic() - begun, answer.status, what, said)


def measure(port: int, authority: Path, people: list[dict], auditor: str, slow: tuple[str, str], stop, results) -> None:
    """The process of the honest callers; each of `people` has a token and the other fields of `Work`, the slow reader a token and
    a path."""
    work = []
    for person in people:
        caller = Caller(person["reference"], port, authority, person.pop("token"))
        work.append(Work(caller, **person))
    auditing, probing = Caller("auditor", port, authority, auditor), Caller("prober", port, authority, None)
    measured = Measure(work, auditing, probing, (Caller("slow reader", port, authority, slow[0]), slow[1]), stop)
    results.put(measured.wait())
