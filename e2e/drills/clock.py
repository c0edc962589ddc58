"""Wrong system clocks. When the clock is set back an hour after expiry, no expired data becomes
readable again, not even data whose keys a legal hold has kept. When it is set forward ninety days,
nothing is destroyed until a second source confirms.

    clock.py DATABASE FOLDER      DATABASE is sqlite or postgresql
"""

import sys
import time
from pathlib import Path

from deployment import CaseFixture, Deployment, Staff, check, check_equal, say, wait_until
from fake_clock import DAY, HOUR, format_instant, next_hour

FORWARD_JUMP = 90 * DAY


class ClockDrill:
    def __init__(self, kind: str, folder: Path):
        self.kind = kind
        self.deployment = Deployment(kind, folder)
        self.clock = self.deployment.clock

    def prepare(self) -> None:
        self.deployment.service.start()
        staff = self.deployment.staff().registered()
        self.expires_at = next_hour(self.clock.now()) + HOUR
        self.expiring, self.held, self.long_lived = (
            CaseFixture(staff),
            CaseFixture(staff),
            CaseFixture(staff),
        )
        long_expiry = self.expires_at + 60 * DAY
        for case, expires_at in (
            (self.expiring, self.expires_at),
            (self.held, self.expires_at),
            (self.long_lived, long_expiry),
        ):
            case.submit_from_all([case.open_chronology(expires_at)], each=1, entries=2)
        hold = {
            "scope": "chronology",
            "target_id": self.held.chronologies[0],
            "reason": "An order of the court",
            "review_at": format_instant(self.expires_at + 300 * DAY),
        }
        staff.manager.post("/v1/holds", hold)
        check_equal("readable before expiry", self._count_readable(staff), (10, 10, 10))
        say("three chronologies; one of the two that expire within hours is under a legal hold")

    def _count_readable(self, staff: Staff) -> tuple[int, int, int]:
        return tuple(
            case.count_readable(staff) for case in (self.expiring, self.held, self.long_lived)
        )

    def _key(self, case: CaseFixture) -> Path:
        return self.deployment.keys / "scopes" / f"scope-{case.chronologies[0]}.key"

    def set_back(self) -> None:
        self.clock.set_to(self.expires_at + 1)
        staff = Staff(self.deployment)
        check_equal("readable at expiry", self._count_readable(staff), (0, 0, 10))
        key = self._key(self.expiring)
        wait_until("the expired chronology's key is destroyed", lambda: not key.exists())
        # The worker stores the time every second; wait until it has done so.
        time.sleep(2)
        for what, back in (("an hour", HOUR), ("two hours", 2 * HOUR)):
            self.clock.set_to(self.expires_at + 1 - back)
            check_equal(
                f"readable with the clock set back {what}",
                self._count_readable(Staff(self.deployment))[:2],
                (0, 0),
            )
        self.deployment.stop()
        self.deployment.service.start()
        check_equal(
            "readable with the clock set back, after a restart",
            self._count_readable(Staff(self.deployment))[:2],
            (0, 0),
        )
        check(
            "the key of the held chronology exists, so only the time prevented access",
            self._key(self.held).exists(),
        )
        self.clock.set_to(self.expires_at + 60)
        check_equal(
            "readable with the clock corrected",
            self._count_readable(Staff(self.deployment)),
            (0, 0, 10),
        )
        print(
            f"{self.kind}, clock set back 1 h and 2 h, before and after a restart: 0 of 20 readable, the keys of 10 of them kept by a hold",
            flush=True,
        )

    def set_forward(self) -> None:
        """Meanwhile no caller presents a token of another machine, so there is only one clock."""
        keys = {path.name for path in self.deployment.keys.rglob("*.key")}
        correct_offset = self.clock.offset
        self.deployment.stop()
        self.clock.set_to(self.clock.now() + FORWARD_JUMP)
        self.deployment.service.start()
        time.sleep(6)
        destroyed = keys - {path.name for path in self.deployment.keys.rglob("*.key")}
        self.deployment.stop()
        self.clock.set_to(time.time() + correct_offset)
        self.deployment.service.start()
        readable = self._count_readable(Staff(self.deployment))
        print(
            f"{self.kind}, clock set forward 90 days and a restart: {len(destroyed)} keys destroyed; with the clock corrected "
            f"{readable[2]} of 10 readable",
            flush=True,
        )
        check_equal("keys destroyed because of one clock", destroyed, set())
        check_equal("readable with the clock corrected", readable, (0, 0, 10))
        self._set_forward_with_confirmation()

    def _set_forward_with_confirmation(self) -> None:
        """The same jump, confirmed by the issue time of another machine's token: expired data is
        destroyed.
        """
        self.clock.set_to(self.clock.now() + FORWARD_JUMP)
        Staff(self.deployment).agencies["millrace-surgery"].get("/v1/me")
        key = self._key(self.long_lived)
        wait_until("a second source confirms, and the key is destroyed", lambda: not key.exists())
        print(
            f"{self.kind}, clock set forward 90 days and confirmed by another machine's token: the key is destroyed",
            flush=True,
        )

    def set_back_before_purge(self) -> None:
        """The clock is set back after expiry and before a purge, in the middle of an hour whose key
        still exists. Only the time has been stored, which happens every few seconds.
        """
        self.deployment.stop()
        self.deployment.service.environment["CHRONOLOGY_WORKERS__PURGE_EVERY_SECONDS"] = "45"
        self.deployment.service.start()
        staff = self.deployment.staff().registered()
        expires_at = next_hour(self.clock.now()) + 1.5 * HOUR
        case = CaseFixture(staff)
        case.submit_from_all([case.open_chronology(expires_at)], each=1, entries=2)
        self.clock.set_to(expires_at + 1)
        staff = Staff(self.deployment)
        staff.agencies["millrace-surgery"].get("/v1/me")
        check_equal("readable at expiry", case.count_readable(staff), 0)
        time.sleep(6)
        self.clock.set_to(expires_at + 1 - HOUR)
        readable = case.count_readable(Staff(self.deployment), as_contributors=False)
        print(
            f"{self.kind}, clock set back 1 h before a purge: {readable} of 10 readable", flush=True
        )
        check_equal("readable with the clock set back before a purge", readable, 0)
        del self.deployment.service.environment["CHRONOLOGY_WORKERS__PURGE_EVERY_SECONDS"]
        self.clock.set_to(expires_at + 60)
        self.deployment.stop()
        self.deployment.service.start()
        Staff(self.deployment).agencies["millrace-surgery"].get("/v1/me")
        key = self._key(case)
        wait_until("the expired chronology's key is destroyed", lambda: not key.exists())
        time.sleep(2)

    def run(self) -> None:
        try:
            self.prepare()
            self.set_back()
            self.set_back_before_purge()
            self.set_forward()
        finally:
            self.deployment.cleanup()


def main() -> None:
    kind, folder = sys.argv[1], Path(sys.argv[2])
    print(f"== clock drill on {kind}", flush=True)
    ClockDrill(kind, folder).run()


if __name__ == "__main__":
    main()
