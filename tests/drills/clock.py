"""Clocks that lie, under the real binary: set back an hour after expiry, nothing returns, not even what a legal hold
has kept with its keys. Set forward ninety days, nothing is destroyed until a second source agrees.

    clock.py KIND FOLDER      KIND is sqlite or postgresql
"""

import sys
import time
from pathlib import Path

from clockwork import DAY, HOUR, next_hour, written
from world import Staff, Told, World, holds, same, say, until

# Whether the service goes by a second source before it destroys; else the drill only says what happens.
# Whether what was over once stays over from that moment on, and not only once a worker has noted the time.
JUMP = 90 * DAY


class Clocks:
    def __init__(self, kind: str, folder: Path):
        self.kind = kind
        self.world = World(kind, folder)
        self.clock = self.world.clock

    def tell(self) -> None:
        self.world.service.start()
        staff = self.world.staff().introduced()
        self.ends = next_hour(self.clock.now()) + HOUR
        self.gone, self.held, self.lasting = (Told(staff), Told(staff), Told(staff))
        for told, end in ((self.gone, self.ends), (self.held, self.ends), (self.lasting, self.ends + 60 * DAY)):
            told.submit([told.open(end)], each=1, entries=2)
        body = {"scope": "chronology", "target_id": self.held.chronologies[0], "reason": "An order of the court", "review_at": written(self.ends + 300 * DAY)}
        staff.manager.post("/v1/holds", body)
        same("readable at first", self._readable(staff), (10, 10, 10))
        say("three chronologies; one of the two that end within hours is under a legal hold")

    def _readable(self, staff: Staff) -> tuple[int, int, int]:
        return tuple(told.readable(staff) for told in (self.gone, self.held, self.lasting))

    def set_back(self) -> None:
        self.clock.set_to(self.ends + 1)
        late = Staff(self.world)
        same("readable at their end", self._readable(late), (0, 0, 10))
        key = self.world.keys / "scopes" / f"scope-{self.gone.chronologies[0]}.key"
        until("what is over is deleted", lambda: not key.exists())
        # The worker has noted the time by now; it looks every second.
        time.sleep(2)
        for what, back in (("an hour", HOUR), ("two hours", 2 * HOUR)):
            self.clock.set_to(self.ends + 1 - back)
            same(f"readable with the clock set back {what}", self._readable(Staff(self.world))[:2], (0, 0))
        self.world.stop()
        self.world.service.start()
        same("readable with the clock set back, started anew", self._readable(Staff(self.world))[:2], (0, 0))
        holds("the held one's key is there, so that only the time kept it shut", (self.world.keys / "scopes" / f"scope-{self.held.chronologies[0]}.key").exists())
        self.clock.set_to(self.ends + 60)
        same("readable with the clock right again", self._readable(Staff(self.world)), (0, 0, 10))
        print(f"{self.kind}, clock set back 1 h and 2 h, running and started anew: 0 of 20 readable, 10 of them held with their keys", flush=True)

    def set_forward(self) -> None:
        """Nobody comes with a token of another machine's meanwhile: the clock stands alone."""
        keys = {path.name for path in self.world.keys.rglob("*.key")}
        right = self.clock.offset
        self.world.stop()
        self.clock.set_to(self.clock.now() + JUMP)
        self.world.service.start()
        time.sleep(6)
        destroyed = keys - {path.name for path in self.world.keys.rglob("*.key")}
        self.world.stop()
        self.clock.set_to(time.time() + right)
        self.world.service.start()
        again = self._readable(Staff(self.world))
        print(f"{self.kind}, clock set forward 90 days and a restart: {len(destroyed)} keys destroyed; with the clock right again {again[2]} of 10 readable", flush=True)
        same("keys destroyed on the word of one clock", destroyed, set())
        same("readable with the clock right again", again, (0, 0, 10))
        self._agreed()

    def _agreed(self) -> None:
        """The same jump, but another machine's token says so too: then the time has come."""
        self.clock.set_to(self.clock.now() + JUMP)
        Staff(self.world).agencies["millrace-surgery"].get("/v1/me")
        key = self.world.keys / "scopes" / f"scope-{self.lasting.chronologies[0]}.key"
        until("a second source agrees, and the key goes", lambda: not key.exists())
        print(f"{self.kind}, clock set forward 90 days and another machine's token of that time: its key is destroyed", flush=True)

    def set_back_before_a_purge(self) -> None:
        """No purge between the end, in the middle of an hour whose key is still there, and the clock's going back; only the
        few seconds in which the time is stored."""
        self.world.stop()
        self.world.service.environment["CHRONOLOGY_WORKERS__PURGE_EVERY_SECONDS"] = "45"
        self.world.service.start()
        staff = self.world.staff().introduced()
        ends = next_hour(self.clock.now()) + 1.5 * HOUR
        brief = Told(staff)
        brief.submit([brief.open(ends)], each=1, entries=2)
        self.clock.set_to(ends + 1)
        late = Staff(self.world)
        late.agencies["millrace-surgery"].get("/v1/me")
        same("readable at its end", brief.readable(late), 0)
        time.sleep(6)
        self.clock.set_to(ends + 1 - HOUR)
        found = brief.readable(Staff(self.world), everyone=False)
        print(f"{self.kind}, clock set back 1 h before a purge: {found} of 10 readable", flush=True)
        same("readable with the clock set back at once", found, 0)
        del self.world.service.environment["CHRONOLOGY_WORKERS__PURGE_EVERY_SECONDS"]
        self.clock.set_to(ends + 60)
        self.world.stop()
        self.world.service.start()
        Staff(self.world).agencies["millrace-surgery"].get("/v1/me")
        key = self.world.keys / "scopes" / f"scope-{brief.chronologies[0]}.key"
        until("what is over goes", lambda: not key.exists())
        time.sleep(2)

    def run(self) -> None:
        try:
            self.tell()
            self.set_back()
            self.set_back_before_a_purge()
            self.set_forward()
        finally:
            self.world.end()


def main() -> None:
    kind, folder = sys.argv[1], Path(sys.argv[2])
    print(f"== clock drill on {kind}", flush=True)
    Clocks(kind, folder).run()


if __name__ == "__main__":
    main()
