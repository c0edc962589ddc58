"""The restore drill: copies of the database taken while 500 narratives lived are brought back after their keys were
destroyed, each in the way operators do it. Nobody reads any of them: not through the service, in the present or with
its clock set back to when they lived; not by opening rows with every key the keystore still has. What is kept under a
permanent key comes back whole from the same copies, and so would the narratives if the keys had been backed up.

    restore.py KIND FOLDER      KIND is sqlite or postgresql
"""

import shutil
import sys
from pathlib import Path

from clockwork import HOUR, next_hour, written
from cluster import Cluster
from opener import Loot
from rows import holds_in, narratives_in
from world import CONTRIBUTORS, LONG, Staff, Told, World, control, control_readable, found_in, same, say, until

CHRONOLOGIES, EACH, ENTRIES = 5, 4, 5
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
        lasting = self.told.open(self.clock.now() + LONG, agencies=["millrace-surgery"])
        self.told.chronologies.remove(lasting)
        brief = [self.told.open(self.ends) for _ in range(CHRONOLOGIES)]
        if self.world.cluster:
            self.world.cluster.base_backup(self.folder / "point-in-time" / "data")
        self.told.submit(brief, EACH, ENTRIES)
        self.control = control(staff, lasting, NUMBER, self.clock.now() + LONG)
        say(f"{NUMBER} narratives in {FRAGMENTS} fragments, and {NUMBER} reasons under the permanent key")

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
        say(f"copies taken: {', '.join(self.copies)}; and the keys, against the rules, as a control")

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
        rows = narratives_in(database)
        same(f"{name}: narratives whose rows came back", len(rows), NUMBER)
        thief = self._opens(rows, surviving)
        owner_would = self._opens(rows, backed_up)
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
        same(f"{name}: control by its permanent key, by the thief", kept, NUMBER)
        same(f"{name}: control by its permanent key, served", control_served, NUMBER)
        same(f"{name}: openable had the keys been backed up", owner_would, NUMBER)
        print(f"{self.kind}, {name}: {max(thief, served, present)} of {NUMBER} readable; permanent key {control_served} of {NUMBER}; "
              f"had the keys been backed up {owner_would} of {NUMBER}", flush=True)

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
