"""Eight legitimate clients, a slow reader and health probes, in a separate process. They measure
the response times.
"""

import http.client
import json
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from harness.caller import Caller
from node import PersistentClient

# Seconds between two requests of one client; every tenth request is an update of its fragment on a
# new connection.
PAUSE, UPDATE_INTERVAL = 0.2, 10
TIMEOUT = 20.0
# Bytes that the slow reader reads at once, and per second.
READ_SIZE, READ_BYTES_PER_SECOND = 20_000, 400_000


@dataclass
class Measurement:
    """One request: start, duration, method, status (0 if there was no response) and details of an
    error.
    """

    started: float
    seconds: float
    status: int
    method: str
    detail: str = ""


@dataclass
class Task:
    """One client's task: the timeline that it reads and the fragment that it updates."""

    caller: Caller
    address: str
    path: str
    reference: str
    fragment: str
    etag: str
    submission: dict


class LegitimateLoad:
    """Runs the clients, the slow reader and the probes until `stop` is set, and collects their
    measurements.
    """

    def __init__(
        self,
        tasks: list[Task],
        auditor: Caller,
        prober: Caller,
        slow_reader: tuple[Caller, str],
        stop,
    ):
        self.stop, self.responses, self.probes, self.slow_results = stop, [], [], []
        self.auditor, self.prober = auditor, prober
        self.threads = [
            threading.Thread(target=self._run_task, args=(task,), daemon=True) for task in tasks
        ]
        self.threads += [
            threading.Thread(target=self._probe, args=probe, daemon=True)
            for probe in self._probe_targets()
        ]
        self.threads.append(
            threading.Thread(target=self._run_slow_reader, args=slow_reader, daemon=True)
        )
        for thread in self.threads:
            thread.start()

    def _probe_targets(self) -> list[tuple[Caller, str, str]]:
        return [
            (self.prober, "/livez", "127.77.1.1"),
            (self.prober, "/readyz", "127.77.1.2"),
            (self.auditor, "/v1/audit?limit=1", "127.77.1.3"),
        ]

    def wait(self) -> tuple[list[Measurement], list[tuple[str, Measurement]], list[str]]:
        """The measurements of the clients, those of the probes by path, and for each read of the
        slow reader its error, empty if it succeeded.
        """
        self.stop.wait()
        for thread in self.threads:
            thread.join(TIMEOUT + 1)
        return self.responses, self.probes, self.slow_results

    def _run_task(self, task: Task) -> None:
        client = PersistentClient(task.caller, task.address, TIMEOUT)
        number = 0
        while not self.stop.is_set():
            number += 1
            if number % UPDATE_INTERVAL == 0:
                client.close()
                self.responses.append(timed("PUT", lambda: self._update(client, task, number)))
            else:
                self.responses.append(
                    timed("GET", lambda: client.call("GET", f"{task.path}/timeline"))
                )
            self.stop.wait(PAUSE)
        client.close()

    def _update(self, client: PersistentClient, task: Task, number: int):
        task.submission["entries"][0]["what"] = f"Update {number} of {task.reference}"
        response = client.call(
            "PUT", f"{task.path}/fragments/{task.reference}", task.submission, If_Match=task.etag
        )
        if response.status == 200:
            task.etag = response.etag
        elif response.status == 412:
            # An earlier update whose response was lost has been committed.
            task.etag = client.call("GET", f"/v1/fragments/{task.fragment}").headers.get(
                "etag", task.etag
            )
        return response

    def _probe(self, caller: Caller, path: str, address: str) -> None:
        while not self.stop.is_set():
            client = PersistentClient(caller, address, TIMEOUT)
            measurement = timed("GET", lambda: client.call("GET", path))
            client.close()
            self.probes.append((path, measurement))
            self.stop.wait(max(0.0, 1.0 - measurement.seconds))

    def _run_slow_reader(self, caller: Caller, path: str) -> None:
        """Reads a long timeline slowly but steadily; it must receive all of it."""
        while not self.stop.is_set():
            client = PersistentClient(caller, "127.77.1.4", TIMEOUT)
            try:
                response = client.send("GET", path)
                if response.status != 503:
                    self.slow_results.append(read_slowly(response))
            except (OSError, http.client.HTTPException) as error:
                self.slow_results.append(repr(error))
            client.close()
            self.stop.wait(1)


def read_slowly(response: http.client.HTTPResponse) -> str:
    """The error of the response, or an empty string if it is complete."""
    if response.status != 200:
        return f"status {response.status}: {response.read()[:300]!r}"
    content_length, received = int(response.getheader("Content-Length")), b""
    started = time.monotonic()
    while chunk := response.read(READ_SIZE):
        received += chunk
        time.sleep(max(0.0, len(received) / READ_BYTES_PER_SECOND - (time.monotonic() - started)))
    json.loads(received)
    return (
        ""
        if len(received) == content_length
        else f"{len(received)} of {content_length} bytes received"
    )


def timed(method: str, call) -> Measurement:
    """Sends a request and measures it."""
    started = time.monotonic()
    try:
        response = call()
    except (OSError, http.client.HTTPException) as error:
        return Measurement(started, time.monotonic() - started, 0, method, repr(error))
    detail = response.raw.decode(errors="replace")[:300] if response.status >= 400 else ""
    if response.status == 503 and "retry-after" not in response.headers:
        detail = f"without Retry-After: {detail}"
    return Measurement(started, time.monotonic() - started, response.status, method, detail)


def run(
    port: int,
    ca_file: Path,
    clients: list[dict],
    auditor: str,
    slow_reader: tuple[str, str],
    stop,
    results,
) -> None:
    """Main function of the process. Each item of `clients` has a token and the other fields of
    `Task`; `slow_reader` is a token and a path.
    """
    tasks = []
    for fields in clients:
        caller = Caller(fields["reference"], port, ca_file, fields.pop("token"))
        tasks.append(Task(caller, **fields))
    auditor_client, prober = (
        Caller("auditor", port, ca_file, auditor),
        Caller("prober", port, ca_file, None),
    )
    load = LegitimateLoad(
        tasks,
        auditor_client,
        prober,
        (Caller("slow reader", port, ca_file, slow_reader[0]), slow_reader[1]),
        stop,
    )
    results.put(load.wait())
