"""The restore drill: copies of the database that were made before 500 texts expired are restored
after the keys were destroyed, in every way that operators use. None of the texts may be readable:
not through the service at the present time, not with its clock set back to before the expiry, and
not by decrypting the rows with every key that the keystore still contains. The same holds, in every
table, for texts that were withdrawn, destroyed or given an earlier expiry after the copies were
made, although the hour of their original expiry has not come. As a control, all unexpired texts
must be readable from the same copies, and all texts would be if the keys had been backed up.

    restore.py DATABASE FOLDER      DATABASE is sqlite or postgresql
"""

import shutil
import sys
from pathlib import Path

from cluster import Cluster
from deployment import (
    CONTRIBUTORS,
    LONG,
    CaseFixture,
    Deployment,
    Staff,
    check_equal,
    count_found,
    count_readable_control,
    create_control,
    say,
    wait_until,
)
from fake_clock import HOUR, format_instant, next_hour
from row_decryptor import RecoveredKeys
from sealed_rows import entry_rows, expiring_rows, hold_rows, unhandled_tables

CHRONOLOGIES, FRAGMENTS_EACH, ENTRIES = 5, 4, 5
SENDER = "millrace-surgery"
FRAGMENTS = CHRONOLOGIES * FRAGMENTS_EACH * len(CONTRIBUTORS)
TEXTS = FRAGMENTS * ENTRIES
# Seconds before the expiry at which the last copies are made, and at which the service reads them
# with its clock set back.
COPIED_BEFORE, SERVED_BEFORE = 60, 30
# Seconds after the expiry at which the service reads the restored copies.
SERVED_AFTER = 60


class RestoreDrill:
    def __init__(self, kind: str, folder: Path):
        self.kind, self.folder = kind, folder
        self.deployment = Deployment(
            kind, folder, **({"server": {"archive": True}} if kind == "postgresql" else {})
        )
        self.service, self.clock = self.deployment.service, self.deployment.clock
        self.copies: dict[str, object] = {}

    # --- Before the expiry ------------------------------------------------------------------------

    def prepare(self) -> None:
        self.service.start()
        staff = self.deployment.staff().registered()
        self.case = CaseFixture(staff)
        self.expires_at = next_hour(self.clock.now()) + HOUR
        lasting, destroyed, changed = (
            self.case.open_chronology(self.clock.now() + LONG, agencies=[SENDER]) for _ in range(3)
        )
        for chronology in (lasting, destroyed, changed):
            self.case.chronologies.remove(chronology)
        self.destroyed_chronology, self.changed_chronology = destroyed, changed
        expiring = [self.case.open_chronology(self.expires_at) for _ in range(CHRONOLOGIES)]
        if self.deployment.cluster:
            self.deployment.cluster.base_backup(self.folder / "point-in-time" / "data")
        # Two fragments in each of these chronologies, so that there are links between entries.
        self.lasting_texts, self.destroyed_texts = (
            self._submit(chronology) | self._submit(chronology)
            for chronology in (lasting, destroyed)
        )
        self.kept_texts, self.withdrawn_texts, self.shortened_texts = (
            self._submit(changed) for _ in range(3)
        )
        self.case.submit_from_all(expiring, FRAGMENTS_EACH, ENTRIES)
        for chronology in (*expiring, lasting, destroyed, changed):
            self._sign_off(chronology)
        self.control = create_control(staff, lasting, TEXTS, self.clock.now() + LONG)
        say(
            f"{TEXTS} texts in {FRAGMENTS} fragments, and {TEXTS} reasons of holds that do not expire"
        )

    def _submit(self, chronology: str) -> dict[str, str]:
        """Submits a fragment to a chronology that does not expire with the others. Returns the
        fragment's id by text.
        """
        fragment = self.case.submit(SENDER, chronology, [f"Seen {part} times" for part in range(3)])
        return dict.fromkeys(self.case.fragments.pop(fragment)[1], fragment)

    def _sign_off(self, chronology: str) -> None:
        """Records a link decision with a reason, creates a consolidation and signs the chronology
        off.
        """
        staff, path = self.case.staff, f"/v1/chronologies/{chronology}"
        entries = [
            row["accounts"][0]["entry_id"]
            for row in staff.worker.get(f"{path}/timeline")["rows"][:2]
        ]
        decision = {
            "decision": "different_events",
            "entries": entries,
            "reason": "Two visits, says the record",
        }
        staff.worker.post(f"{path}/link-decisions", decision, expect=201)
        consolidation = staff.worker.post(f"{path}/consolidations", expect=201)["id"]
        staff.manager.post(
            f"{path}/sign-off", {"snapshot": "export", "consolidation_id": consolidation}
        )

    def copy(self) -> None:
        if self.deployment.cluster:
            self._copy_postgresql()
        else:
            # A file copy of the running database with its write-ahead log, as a simple backup
            # program would make it.
            self._copy_sqlite("file copy")
        self.clock.set_to(self.expires_at - COPIED_BEFORE)
        self.staff = Staff(self.deployment)
        check_equal(
            "readable a minute before expiry",
            self.case.count_readable(self.staff, as_contributors=False),
            TEXTS,
        )
        if self.deployment.cluster:
            self._detach_standby()
        else:
            self._copy_sqlite("file copy a minute before")
        # The keys must never be backed up; here they are, as a control.
        shutil.copytree(self.deployment.keys, self.folder / "keys-backed-up")
        self._end_early()
        say(f"copies made: {', '.join(self.copies)}; and the keys, against the rules, as a control")

    def _end_early(self) -> None:
        """After all copies: destroys one chronology, withdraws a fragment and gives another an
        earlier expiry.
        """
        manager, agency = self.staff.manager, self.staff.agencies[SENDER]
        order = {"reason_code": "made_in_error", "reason": "Opened for the wrong family"}
        path = f"/v1/chronologies/{self.destroyed_chronology}/destruction"
        response = manager.post(path, order)
        self.staff.deputy.post(path, {**order, "confirms": response["request"]["id"]})
        manager.post(
            f"/v1/chronologies/{self.changed_chronology}/reopen",
            {"reason": "A return is withdrawn"},
        )
        (withdrawn,), (shortened,) = (
            set(self.withdrawn_texts.values()),
            set(self.shortened_texts.values()),
        )
        agency.delete(
            f"/v1/fragments/{withdrawn}",
            etag=agency.get(f"/v1/fragments/{withdrawn}").etag,
            expect=204,
        )
        extension = {
            "expires_at": format_instant(self.expires_at),
            "reason": "Needed for the conference alone",
        }
        agency.post(f"/v1/fragments/{shortened}/extend", extension)

    def _copy_sqlite(self, name: str) -> None:
        target = self.folder / name.replace(" ", "-")
        target.mkdir()
        for path in self.service.data.glob("chronology.db*"):
            shutil.copy(path, target)
        self.copies[name] = target

    def _copy_postgresql(self) -> None:
        cluster = self.deployment.cluster
        cluster.base_backup(self.folder / "base-backup" / "data")
        self.copies["base backup"] = cluster.attach_copy(self.folder / "base-backup")
        cluster.base_backup(self.folder / "standby" / "data", standby=True)
        self.standby = cluster.attach_copy(self.folder / "standby")
        self.standby.add_settings("hot_standby = on\n")
        self.standby.start()
        self.dump = cluster.run("pg_dump", f"--dbname={cluster.url}", "--format=custom")
        self.copies["dump"] = None

    def _detach_standby(self) -> None:
        """Stops the standby a minute before expiry, when it has replayed everything so far."""
        current_position = self.deployment.cluster.sql("SELECT pg_current_wal_lsn()")
        wait_until(
            "the standby has caught up",
            lambda: (
                self.standby.sql(f"SELECT pg_last_wal_replay_lsn() >= '{current_position}'") == "t"
            ),
        )
        self.standby.stop()
        self.copies["old standby"] = self.standby
        self.copies["point in time"] = None

    # --- The expiry -------------------------------------------------------------------------------

    def expire(self) -> None:
        self.clock.set_to(self.expires_at + 1)
        scopes = self.deployment.keys / "scopes"
        keys_to_destroy = [
            scopes / f"scope-{chronology}.key" for chronology in self.case.chronologies
        ] + [self.deployment.epoch_key(self.expires_at)]
        # The tokens of these callers come from other machines and confirm the time, which
        # destruction needs.
        check_equal("readable after expiry", self.case.count_readable(Staff(self.deployment)), 0)
        wait_until(
            "the keys are destroyed", lambda: not any(path.exists() for path in keys_to_destroy), 60
        )
        self.deployment.stop()
        if self.deployment.cluster:
            # The archiver stores files in order, so all earlier ones are in the archive too. The
            # file is the one that the switch completed: the server may already write to the next.
            completed = self.deployment.cluster.sql("SELECT pg_walfile_name(pg_switch_wal() - 1)")
            archived = f"SELECT last_archived_wal >= '{completed}' FROM pg_stat_archiver"
            wait_until(
                f"the write-ahead log is archived up to {completed}",
                lambda: self.deployment.cluster.sql(archived) == "t",
                60,
            )
            self.deployment.cluster.stop()
        shutil.copytree(self.deployment.keys, self.folder / "keys-that-survive")
        say("after expiry the service has deleted rows and destroyed keys, and is stopped")

    # --- The restore ------------------------------------------------------------------------------

    def restore(self, name: str) -> str | None:
        """Restores a copy, and starts its server if there is one. Returns the server's URL."""
        cluster = self.deployment.cluster
        if not cluster:
            for path in self.service.data.glob("chronology.db*"):
                path.unlink()
            for path in self.copies[name].iterdir():
                shutil.copy(path, self.service.data)
            return None
        if name == "point in time":
            copy = self.copies[name] = cluster.attach_copy(self.folder / "point-in-time")
            copy.add_settings(
                f"restore_command = 'cp {cluster.archive_folder}/%f %p'\nrecovery_target_action = 'promote'\n"
                f"recovery_target_time = '{format_for_postgresql(self.expires_at - COPIED_BEFORE)}'\n"
            )
            (copy.data / "recovery.signal").touch()
            cluster.chown_to_server(copy.data)
        if name == "dump":
            copy = self.copies[name] = self._create_empty_cluster(self.folder / "dump")
        copy = self.copies[name]
        copy.start()
        if name == "dump":
            copy.run(
                "pg_restore",
                f"--dbname={copy.url}",
                "--clean",
                "--if-exists",
                "--no-owner",
                data=self.dump,
            )
        if name == "old standby":
            copy.run("pg_ctl", f"--pgdata={copy.data}", "--wait", "promote")
        wait_until(
            "the copy accepts writes", lambda: copy.sql("SELECT NOT pg_is_in_recovery()") == "t"
        )
        return copy.url

    def _create_empty_cluster(self, folder: Path) -> Cluster:
        """A new server, to which the dump is restored."""
        cluster = Cluster(folder, self.clock)
        cluster.create()
        return cluster

    def attack(self, name: str) -> None:
        """Tries to read expired texts from a restored copy."""
        self.clock.set_to(self.expires_at + SERVED_AFTER)
        url = self.restore(name)
        surviving, backed_up = self.folder / "keys-that-survive", self.folder / "keys-backed-up"
        database = self.copies[name] if url else self.service.data / "chronology.db"
        rows = [row for row in entry_rows(database) if self._has_ended(row)]
        ended_early = (
            len(self.destroyed_texts) + len(self.withdrawn_texts) + len(self.shortened_texts)
        )
        check_equal(
            f"{name}: restored rows of texts that have ended", len(rows), TEXTS + ended_early
        )
        decrypted = self._count_decryptable(rows, surviving)
        decrypted_with_backup = self._count_decryptable(rows, backed_up)
        self._check_every_table(name, database, surviving, backed_up)
        keys = RecoveredKeys(surviving, self.service.data / "root.key")
        control_decrypted = sum(
            self.control[row["id"]] in (keys.decrypt_row(row) or "") for row in hold_rows(database)
        )
        served_set_back, control_served = self._count_served(
            url, surviving, self.expires_at - SERVED_BEFORE
        )
        if name == self.first_copy:
            # With backed-up keys, the same requests return every text.
            check_equal(
                "served if the keys had been backed up",
                self._count_served(url, backed_up, self.expires_at - SERVED_BEFORE)[0],
                TEXTS,
            )
        # Last, because it deletes the rows again.
        served_now, _ = self._count_served(url, surviving, self.expires_at + SERVED_AFTER)
        if url:
            self.copies[name].stop("immediate")
        check_equal(f"{name}: decrypted with all surviving keys", decrypted, 0)
        check_equal(f"{name}: served with the clock set back", served_set_back, 0)
        check_equal(f"{name}: served now", served_now, 0)
        check_equal(f"{name}: control, decrypted", control_decrypted, TEXTS)
        check_equal(f"{name}: control, served", control_served, TEXTS)
        check_equal(
            f"{name}: decrypted if the keys had been backed up", decrypted_with_backup, TEXTS
        )
        print(
            f"{self.kind}, {name}: {max(decrypted, served_set_back, served_now)} of {TEXTS} readable; control {control_served} of {TEXTS}; "
            f"if the keys had been backed up {decrypted_with_backup} of {TEXTS}",
            flush=True,
        )

    def _has_ended(self, row: dict) -> bool:
        """Whether the row has expired, its chronology was destroyed, or its fragment was withdrawn
        or given an earlier expiry.
        """
        ended_fragments = {*self.withdrawn_texts.values(), *self.shortened_texts.values()}
        return (
            row["expires_at"] <= self.expires_at * 1_000_000
            or self.destroyed_chronology in row["scopes"]
            or row["id"] in ended_fragments
        )

    def _check_every_table(self, name: str, database, surviving: Path, backed_up: Path) -> None:
        """In every table, the surviving keys decrypt no ended row and every other row, and the
        backed-up keys decrypt all rows.
        """
        check_equal(
            f"{name}: sealed tables that this drill does not handle",
            unhandled_tables(database),
            set(),
        )
        rows = entry_rows(database) + expiring_rows(database)
        surviving_keys, all_keys = (
            RecoveredKeys(keys, self.service.data / "root.key") for keys in (surviving, backed_up)
        )
        for table in sorted({row["sealed_table"] for row in rows}):
            table_rows = [row for row in rows if row["sealed_table"] == table]
            ended = [row for row in table_rows if self._has_ended(row)]
            lasting = [row for row in table_rows if not self._has_ended(row)]
            decrypted = [
                sum(keys.decrypt_row(row) is not None for row in selected)
                for keys, selected in (
                    (surviving_keys, ended),
                    (surviving_keys, lasting),
                    (all_keys, table_rows),
                )
            ]
            check_equal(
                f"{name}, {table}: decrypted ended rows, other rows, and all rows with the backed-up keys",
                decrypted,
                [0, len(lasting), len(table_rows)],
            )
            print(
                f"{self.kind}, {name}, {table}: 0 of {len(ended)} readable; control {len(lasting)} of {len(lasting)}",
                flush=True,
            )
        content = " ".join(surviving_keys.decrypt_row(row) or "" for row in rows)
        ended_texts = (
            self.case.texts,
            self.destroyed_texts,
            self.withdrawn_texts,
            self.shortened_texts,
        )
        lasting_texts = (self.lasting_texts, self.kept_texts)
        check_equal(
            f"{name}: texts in decrypted rows",
            [count_found(content, texts) for texts in (*ended_texts, *lasting_texts)],
            [0] * len(ended_texts) + [len(texts) for texts in lasting_texts],
        )

    def _count_decryptable(self, rows: list[dict], key_folder: Path) -> int:
        keys = RecoveredKeys(key_folder, self.service.data / "root.key")
        content = " ".join(keys.decrypt_row(row) or "" for row in rows)
        return count_found(content, self.case.texts)

    def _count_served(self, url: str | None, key_folder: Path, moment: float) -> tuple[int, int]:
        """The number of expired texts and of control texts that the service returns from the copy
        at this time.
        """
        shutil.rmtree(self.deployment.keys)
        shutil.copytree(key_folder, self.deployment.keys)
        self.clock.set_to(moment)
        self.service.use_database(url)
        self.service.start()
        staff = Staff(self.deployment)
        counts = self.case.count_readable(staff), count_readable_control(staff, self.control)
        if key_folder == self.folder / "keys-that-survive":
            timeline = staff.worker.get(
                f"/v1/chronologies/{self.changed_chronology}/timeline"
            ).raw.decode()
            shown = [
                count_found(timeline, texts)
                for texts in (self.kept_texts, self.withdrawn_texts, self.shortened_texts)
            ]
            check_equal(
                "texts on the changed timeline: kept, withdrawn, shortened",
                shown,
                [len(self.kept_texts), 0, 0],
            )
        self.deployment.stop()
        return counts

    def run(self) -> None:
        try:
            self.prepare()
            self.copy()
            self.expire()
            names = list(self.copies)
            self.first_copy = names[0]
            for name in names:
                self.attack(name)
        finally:
            for copy in self.copies.values():
                if hasattr(copy, "stop"):
                    copy.stop("immediate")
            self.deployment.cleanup()


def format_for_postgresql(instant: float) -> str:
    return format_instant(instant).replace("T", " ").replace("Z", "+00")


def main() -> None:
    kind, folder = sys.argv[1], Path(sys.argv[2])
    print(f"== restore drill on {kind}", flush=True)
    RestoreDrill(kind, folder).run()


if __name__ == "__main__":
    main()
