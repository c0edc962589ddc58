"""The restore drill: copies of the database taken while 500 narratives lived are brought back after their keys were
destroyed, each in the way operators do it. Nobody reads any of them: not through the service, in the present or with
its clock set back to when they lived; not by opening rows with every key the keystore still has. Nor does anybody read,
in any table, what was withdrawn, destroyed or given an earlier end after the copies were taken, though its own hour has
not come. What lives on comes back whole from the same copies, and so would everything if the keys had been backed up.

    restore.py KIND FOLDER      KIND is sqlite or postgresql
"""

import shutil
import sys
from pathlib import Path

from clockwork import HOUR, next_hour, written
from cluster import Cluster
from opener import Loot
from rows import holds_in, mortal_in, narratives_in, unknown_tables
from world import CONTRIBUTORS, LONG, Staff, Told, World, control, control_readable, found_in, same, say, until

CHRONOLOGIES, EACH, ENTRIES = 5, 4, 5
SENDER = "millrace-surgery"
FRAGMENTS = CHRONOLOGIES * EACH * len(CONTRIBUTORS)
NUMBER = FRAGMENTS * ENTRIES
BEFORE, LATE = 60, 30


class Drill:
    def __init__(self, kind: str, folder: Path):
        self.kind, self.folder = kind, folder
        self.world = World(kind, folder, **({"server": {"archive": True}} if kind == "postgresql" else {}))
        self.service, self.clock = self.world.service, self.world.clock
        self.copies: dict[str, object] = {}

    # --- While everything lives --------------------------------------------------------------------------------

    def tell(self) -> None:
        self.service.start()
        staff = self.world.staff().introduced()
        self.told = Told(staff)
        self.ends = next_hour(self.clock.now()) + HOUR
        lasting, destroyed, changed = (self.told.open(self.clock.now() + LONG, agencies=[SENDER]) for _ in range(3))
        for one in (lasting, destroyed, changed):
            self.told.chronologies.remove(one)
        self.destroyed, self.changed = destroyed, changed
        brief = [self.told.open(self.ends) for _ in range(CHRONOLOGIES)]
        if self.world.cluster:
            self.world.cluster.base_backup(self.folder / "point-in-time" / "data")
        # What lives on, and what ends before its time: two fragments each, so that something is linked.
        self.lasting, self.early = (self._beside(one) | self._beside(one) for one in (lasting, destroyed))
        self.stays, self.withdrawn, self.sooner = (self._beside(changed) for _ in range(3))
        self.told.submit(brief, EACH, ENTRIES)
        for chronology in (*brief, lasting, destroyed, changed):
            self._freeze(chronology)
        self.control = control(staff, lasting, NUMBER, self.clock.now() + LONG)
        say(f"{NUMBER} narratives in {FRAGMENTS} fragments, and {NUMBER} reasons that live on")

    def _beside(self, chronology: str) -> dict[str, str]:
        """A fragment of a chronology that does not end with the others: its texts, each with its identifier."""
        fragment = self.told.send(SENDER, chronology, [f"Seen {part} times" for part in range(3)])
        return dict.fromkeys(self.told.fragments.pop(fragment)[1], fragment)

    def _freeze(self, chronology: str) -> None:
        """A decision about links with its reason, and a frozen view that is signed off."""
        staff, path = self.told.staff, f"/v1/chronologies/{chronology}"
        entries = [row["accounts"][0]["entry_id"] for row in staff.worker.get(f"{path}/timeline")["rows"][:2]]
        staff.worker.post(f"{path}/link-decisions", {"decision": "different_events", "entries": entries, "reason": "Two visits, says the record"}, expect=201)
        view = staff.worker.post(f"{path}/consolidations", expect=201)["id"]
        staff.manager.post(f"{path}/sign-off", {"snapshot": "export", "consolidation_id": view})

    def copy(self) -> None:
        if self.world.cluster:
            self._copy_postgresql()
        else:
            # A file copy of a running database, write-ahead log and all: what a careless backup program takes.
            self._copy_sqlite("file copy")
        self.clock.set_to(self.ends - BEFORE)
        self.staff = Staff(self.world)
        same("readable a minute before expiry", self.told.readable(self.staff, everyone=False), NUMBER)
        if self.world.cluster:
            self._detach_standby()
        else:
            self._copy_sqlite("file copy a minute before")
        # Never to be done: the keys, kept too.
        shutil.copytree(self.world.keys, self.folder / "keys-backed-up")
        self._end_early()
        say(f"copies taken: {', '.join(self.copies)}; and the keys, against the rules, as a control")

    def _end_early(self) -> None:
        """After every copy: a chronology is destroyed, a fragment is withdrawn, and another given the end of the brief ones."""
        manager, agency = self.staff.manager, self.staff.agencies[SENDER]
        order = {"reason_code": "made_in_error", "reason": "Opened for the wrong family"}
        asked = manager.post(f"/v1/chronologies/{self.destroyed}/destruction", order)
        self.staff.deputy.post(f"/v1/chronologies/{self.destroyed}/destruction", {**order, "confirms": asked["request"]["id"]})
        manager.post(f"/v1/chronologies/{self.changed}/reopen", {"reason": "A return is withdrawn"})
        (withdrawn,), (sooner,) = set(self.withdrawn.values()), set(self.sooner.values())
        agency.delete(f"/v1/fragments/{withdrawn}", etag=agency.get(f"/v1/fragments/{withdrawn}").etag, expect=204)
        agency.post(f"/v1/fragments/{sooner}/extend", {"expires_at": written(self.ends), "reason": "Needed for the conference alone"})

    def _copy_sqlite(self, name: str) -> None:
        to = self.folder / name.replace(" ", "-")
        to.mkdir()
        for path in self.service.data.glob("chronology.db*"):
            shutil.copy(path, to)
        self.copies[name] = to

    def _copy_postgresql(self) -> None:
        cluster = self.world.cluster
        cluster.base_backup(self.folder / "base-backup" / "data")
        self.copies["base backup"] = cluster.sibling(self.folder / "base-backup")
        cluster.base_backup(self.folder / "standby" / "data", standby=True)
        self.standby = cluster.sibling(self.folder / "standby")
        self.standby.settings("hot_standby = on\n")
        self.standby.start()
        self.dump = cluster.run("pg_dump", f"--dbname={cluster.url}", "--format=custom")
        self.copies["dump"] = None

    def _detach_standby(self) -> None:
        """The standby follows until a minute before expiry, and then hears no more."""
        written_so_far = self.world.cluster.sql("SELECT pg_current_wal_lsn()")
        until("the standby keeps up", lambda: self.standby.sql(f"SELECT pg_last_wal_replay_lsn() >= '{written_so_far}'") == "t")
        self.standby.stop()
        self.copies["old standby"] = self.standby
        self.copies["point in time"] = None

    # --- Their time ends ---------------------------------------------------------------------------------------

    def expire(self) -> None:
        self.clock.set_to(self.ends + 1)
        gone = [self.world.keys / "scopes" / f"scope-{one}.key" for one in self.told.chronologies] + [self.world.epoch_key(self.ends)]
        # Their tokens, of other machines, say what time it is: destruction may go by that.
        same("readable after expiry", self.told.readable(Staff(self.world)), 0)
        until("the keys are destroyed", lambda: not any(path.exists() for path in gone), 60)
        self.world.stop()
        if self.world.cluster:
            self.world.cluster.sql("SELECT pg_switch_wal()")
            until("the log is archived", lambda: self.world.cluster.sql("SELECT last_failed_wal IS NULL AND last_archived_wal >= pg_walfile_name(pg_current_wal_lsn() - 1) FROM pg_stat_archiver") == "t")
            self.world.cluster.stop()
        shutil.copytree(self.world.keys, self.folder / "keys-that-survive")
        say("the hour is over: the service has deleted rows and destroyed keys, and is stopped")

    # --- Everything is brought back ----------------------------------------------------------------------------

    def bring_back(self, name: str) -> str | None:
        """Starts the copy; its URL."""
        cluster = self.world.cluster
        if not cluster:
            for path in self.service.data.glob("chronology.db*"):
                path.unlink()
            for path in self.copies[name].iterdir():
                shutil.copy(path, self.service.data)
            return None
        if name == "point in time":
            copy = self.copies[name] = cluster.sibling(self.folder / "point-in-time")
            copy.settings(f"restore_command = 'cp {cluster.archived}/%f %p'\nrecovery_target_action = 'promote'\n"
                          f"recovery_target_time = '{as_postgresql(self.ends - BEFORE)}'\n")
            (copy.data / "recovery.signal").touch()
            cluster.own(copy.data)
        if name == "dump":
            copy = self.copies[name] = self._emptied(self.folder / "dump")
        copy = self.copies[name]
        copy.start()
        if name == "dump":
            copy.run("pg_restore", f"--dbname={copy.url}", "--clean", "--if-exists", "--no-owner", data=self.dump)
        if name == "old standby":
            copy.run("pg_ctl", f"--pgdata={copy.data}", "--wait", "promote")
        until("the copy takes writes", lambda: copy.sql("SELECT NOT pg_is_in_recovery()") == "t")
        return copy.url

    def _emptied(self, folder: Path):
        """Another server altogether, with nothing in it but what the dump will bring."""
        fresh = Cluster(folder, self.clock)
        fresh.make()
        return fresh

    def attack(self, name: str) -> None:
        self.clock.set_to(self.ends + BEFORE)
        url = self.bring_back(name)
        surviving, backed_up = self.folder / "keys-that-survive", self.folder / "keys-backed-up"
        database = self.copies[name] if url else self.service.data / "chronology.db"
        rows = [row for row in narratives_in(database) if self._ends(row)]
        same(f"{name}: narratives whose rows came back", len(rows), NUMBER + len(self.early) + len(self.withdrawn) + len(self.sooner))
        thief = self._opens(rows, surviving)
        owner_would = self._opens(rows, backed_up)
        self._every_table(name, database, surviving, backed_up)
        loot = Loot(surviving, self.service.data / "root.key")
        kept = sum(self.control[row["id"]] in (loot.words(row) or "") for row in holds_in(database))
        served, control_served = self._serves(url, surviving, self.ends - LATE)
        if name == self.first:
            # The same questions find everything when the keys come back with the database.
            same("served had the keys been backed up", self._serves(url, backed_up, self.ends - LATE)[0], NUMBER)
        # Last, because it deletes them again.
        present, _ = self._serves(url, surviving, self.ends + BEFORE)
        if url:
            self.copies[name].stop("immediate")
        same(f"{name}: opened with all keys at hand", thief, 0)
        same(f"{name}: served with the clock set back", served, 0)
        same(f"{name}: served now", present, 0)
        same(f"{name}: control, what lives on, by the thief", kept, NUMBER)
        same(f"{name}: control, what lives on, served", control_served, NUMBER)
        same(f"{name}: openable had the keys been backed up", owner_would, NUMBER)
        print(f"{self.kind}, {name}: {max(thief, served, present)} of {NUMBER} readable; what lives on {control_served} of {NUMBER}; "
              f"had the keys been backed up {owner_would} of {NUMBER}", flush=True)

    def _ends(self, row: dict) -> bool:
        """Whether its time was over, its chronology destroyed, or its fragment withdrawn or given an earlier end."""
        gone = {*self.withdrawn.values(), *self.sooner.values()}
        return row["expires_at"] <= self.ends * 1_000_000 or self.destroyed in row["scopes"] or row["id"] in gone

    def _every_table(self, name: str, database, surviving: Path, backed_up: Path) -> None:
        """Of no table does anything open that has ended; of each everything else does, and all had the keys been kept."""
        same(f"{name}: tables that nobody knows how to open", unknown_tables(database), set())
        rows = narratives_in(database) + mortal_in(database)
        thief, owner = (Loot(keys, self.service.data / "root.key") for keys in (surviving, backed_up))
        for table in sorted({row["sealed_table"] for row in rows}):
            of_table = [row for row in rows if row["sealed_table"] == table]
            ended = [row for row in of_table if self._ends(row)]
            lasting = [row for row in of_table if not self._ends(row)]
            opened = [sum(loot.words(row) is not None for row in some) for loot, some in ((thief, ended), (thief, lasting), (owner, of_table))]
            same(f"{name}, {table}: opened of what has ended, of what has not, and with the keys backed up", opened, [0, len(lasting), len(of_table)])
            print(f"{self.kind}, {name}, {table}: 0 of {len(ended)} readable; control {len(lasting)} of {len(lasting)}", flush=True)
        said = " ".join(thief.words(row) or "" for row in rows)
        over, lives = (self.told.texts, self.early, self.withdrawn, self.sooner), (self.lasting, self.stays)
        same(f"{name}: texts in anything that opens", [found_in(said, some) for some in (*over, *lives)], [0] * len(over) + [len(some) for some in lives])

    def _opens(self, rows: list[dict], keys: Path) -> int:
        loot = Loot(keys, self.service.data / "root.key")
        said = " ".join(loot.words(row) or "" for row in rows)
        return found_in(said, self.told.texts)

    def _serves(self, url: str | None, keys: Path, moment: float) -> tuple[int, int]:
        """How many narratives and how many of the control the service serves from this copy at that time."""
        shutil.rmtree(self.world.keys)
        shutil.copytree(keys, self.world.keys)
        self.clock.set_to(moment)
        self.service.reconfigure(url)
        self.service.start()
        staff = Staff(self.world)
        found = self.told.readable(staff), control_readable(staff, self.control)
        if keys == self.folder / "keys-that-survive":
            drawn = staff.worker.get(f"/v1/chronologies/{self.changed}/timeline").raw.decode()
            shown = [found_in(drawn, some) for some in (self.stays, self.withdrawn, self.sooner)]
            same("shown beside what was withdrawn, and of it", shown, [len(self.stays), 0, 0])
        self.world.stop()
        return found

    def run(self) -> None:
        try:
            self.tell()
            self.copy()
            self.expire()
            names = list(self.copies)
            self.first = names[0]
            for name in names:
                self.attack(name)
        finally:
            for copy in self.copies.values():
                if hasattr(copy, "stop"):
                    copy.stop("immediate")
            self.world.end()


def as_postgresql(instant: float) -> str:
    return written(instant).replace("T", " ").replace("Z", "+00")


def main() -> None:
    kind, folder = sys.argv[1], Path(sys.argv[2])
    print(f"== restore drill on {kind}", flush=True)
    Drill(kind, folder).run()


if __name__ == "__main__":
    main()
