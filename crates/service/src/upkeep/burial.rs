//! Deleting one thing: its tombstone, everything derived from it, its rows, and what its key's certificate covers.

use std::collections::BTreeSet;

use domain::{ChronologyId, FamilyId, FragmentId, Instant, PartnershipId, PersonId};
use store::{
    ChronologyRow, Due, FragmentRow, Part, StoreError, TombstoneAgencyRow, TombstoneKind, TombstoneReason,
    TombstoneRow, Tx,
};
use uuid::Uuid;
use vault::KeyScope;

use super::OwnDeed;
use super::holding::held;
use super::purge::{Fate, Keys};
use crate::{Answer, Service};

/// Why and when something goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Burial {
    reason: TombstoneReason,
    now: Instant,
}

/// Its time is over.
pub(crate) const fn late(now: Instant) -> Burial {
    Burial { reason: TombstoneReason::Expired, now }
}

/// It is destroyed before its time.
pub(crate) const fn early(now: Instant) -> Burial {
    Burial { reason: TombstoneReason::Destroyed, now }
}

impl Burial {
    /// From when on something was not served that had its end at `end`.
    fn gone_from(self, end: Instant) -> Instant {
        end.min(self.now)
    }
}

impl Service {
    pub(super) fn bury_chronology(&self, tx: &mut Tx<'_>, due: &Due<ChronologyId>, now: Instant) -> Answer<Fate> {
        let Some(row) = store::purge::chronology(tx, due.partnership, due.id)? else { return Ok(Fate::Left) };
        if held(tx, due.partnership, Some(row.id), row.family_id, now)? {
            return Ok(Fate::Left);
        }
        let keys = self.inter(tx, &row, late(now))?;
        self.append(tx, &self.expiry_record(due.partnership, "chronology", row.id.0, Some(row.id), now))?;
        Ok(Fate::Gone(keys))
    }

    /// Deletes a chronology and everything derived from it; what stays is the tombstones. Says by which keys it lived.
    pub(crate) fn inter(&self, tx: &mut Tx<'_>, row: &ChronologyRow, burial: Burial) -> Answer<Keys> {
        let partnership = row.partnership_id;
        let fragments = store::purge::fragments_of(tx, partnership, row.id)?;
        let mut hashes = Vec::new();
        let mut entries = 0;
        for fragment in &fragments {
            let stone = self.fragment_stone(tx, fragment, burial)?;
            hashes.extend_from_slice(stone.content_index.as_ref());
            entries += stone.entry_count;
            store::tombstones::insert(tx, &stone, &[], &[])?;
        }
        self.insert_chronology_stone(tx, row, &hashes, entries, burial)?;
        let taken_in = store::origins::of_chronology(tx, partnership, row.id)?;
        // What was sent ahead lived under a key of its own alone until it was taken in; where a former version did not note
        // that, it is told by its age.
        let opened = |one: &&FragmentRow| row.opened_at.is_some_and(|opened| one.created_at <= opened);
        let ahead = fragments.iter().filter(|one| one.wrapped_until.is_none()).filter(opened);
        let ahead = ahead.map(|one| one.id.0).chain(taken_in.iter().map(|origin| origin.fragment_id.0));
        let scopes: BTreeSet<Uuid> = ahead.chain([row.id.0]).collect();
        let scopes: Vec<KeyScope> = scopes.into_iter().map(KeyScope).collect();
        self.note_covered(tx, partnership, Part::Chronology(row.id), burial.now)?;
        if burial.reason == TombstoneReason::Destroyed {
            self.decide_scopes(tx, row, &scopes, burial.now)?;
        }
        store::purge::delete_chronology(tx, partnership, row.id)?;
        // The others' own keys open nothing without the chronology's.
        let own = fragments.iter().filter(|one| one.wrapped_until.is_some()).map(|one| KeyScope(one.id.0));
        let unneeded = own.filter(|scope| !scopes.contains(scope)).collect();
        Ok(Keys { destroyed: scopes, unneeded })
    }

    fn insert_chronology_stone(
        &self,
        tx: &mut Tx<'_>,
        row: &ChronologyRow,
        hashes: &[u8],
        entry_count: i64,
        burial: Burial,
    ) -> Answer<()> {
        let stone = TombstoneRow {
            id: row.id.0,
            kind: TombstoneKind::Chronology,
            partnership_id: row.partnership_id,
            chronology_id: Some(row.id),
            agency_id: row.owner_agency_id,
            owner_id: row.owner_id,
            reason: burial.reason,
            created_at: row.created_at,
            expired_at: burial.gone_from(row.expires_at),
            deleted_at: burial.now,
            entry_count,
            content_index: self.vault().index(row.partnership_id, "tombstone", hashes).to_vec().into(),
        };
        let mut practitioners = store::chronologies::team(tx, row.partnership_id, row.id)?;
        let mut agencies = Vec::new();
        // Agencies that were never asked never knew of a draft.
        if row.opened_at.is_some() {
            for invitation in store::invitations::list(tx, row.partnership_id, row.id)? {
                practitioners.extend(store::invitations::practitioners(tx, row.partnership_id, invitation.id)?);
                agencies.push(TombstoneAgencyRow {
                    tombstone_id: row.id.0,
                    agency_id: invitation.agency_id,
                    partnership_id: row.partnership_id,
                    invitation_state: invitation.state,
                });
            }
        }
        practitioners.sort_unstable();
        practitioners.dedup();
        Ok(store::tombstones::insert(tx, &stone, &agencies, &practitioners)?)
    }

    pub(super) fn bury_fragment(&self, tx: &mut Tx<'_>, due: &Due<FragmentId>, now: Instant) -> Answer<Fate> {
        let Some(row) = store::fragments::find(tx, due.partnership, due.id)? else { return Ok(Fate::Left) };
        if held(tx, due.partnership, row.chronology_id, row.family_id, now)? {
            return Ok(Fate::Left);
        }
        let stone = self.fragment_stone(tx, &row, late(now))?;
        store::tombstones::insert(tx, &stone, &[], &[])?;
        self.note_covered(tx, due.partnership, Part::Fragment(row.id), now)?;
        self.forget_links(tx, due.partnership, row.chronology_id, row.id)?;
        store::purge::delete_fragment(tx, due.partnership, row.id)?;
        self.unanswer(tx, &row, now)?;
        self.append(tx, &self.expiry_record(due.partnership, "fragment", row.id.0, row.chronology_id, now))?;
        Ok(Fate::Gone(self.own_keys(&row)?))
    }

    /// A fragment's own key, once the fragment is deleted at its end. The hour's key ends what it opens; but where the end
    /// was brought forward, older copies of the database still know a later hour.
    fn own_keys(&self, row: &FragmentRow) -> Answer<Keys> {
        let own = KeyScope(row.id.0);
        Ok(match row.wrapped_until {
            Some(until) if until <= row.expires_at && row.chronology_id.is_some() => {
                Keys { unneeded: vec![own], ..Keys::default() }
            }
            // Of a former version, submitted where it was: it had none.
            None if self.vault().scope(own)?.is_none() => Keys::default(),
            _ => Keys { destroyed: vec![own], ..Keys::default() },
        })
    }

    fn fragment_stone(&self, tx: &mut Tx<'_>, row: &FragmentRow, burial: Burial) -> Answer<TombstoneRow> {
        let digests = store::fragments::digests(tx, row.partnership_id, row.id)?;
        let hashes: Vec<u8> = digests.iter().flat_map(|digest| digest.content_index.as_ref().to_vec()).collect();
        Ok(TombstoneRow {
            id: row.id.0,
            kind: TombstoneKind::Fragment,
            partnership_id: row.partnership_id,
            chronology_id: row.chronology_id,
            agency_id: row.agency_id,
            owner_id: row.author_id,
            reason: burial.reason,
            created_at: row.created_at,
            expired_at: burial.gone_from(row.expires_at),
            deleted_at: burial.now,
            entry_count: digests.iter().max_by_key(|digest| digest.version).map_or(0, |digest| digest.entry_count),
            content_index: self.vault().index(row.partnership_id, "tombstone", &hashes).to_vec().into(),
        })
    }

    /// A family goes when nothing refers to it any more; while something held does, it stays, unread.
    pub(super) fn drop_family(&self, tx: &mut Tx<'_>, due: &Due<FamilyId>, now: Instant) -> Answer<Fate> {
        let in_use = store::unpurged::family_in_use(tx, due.partnership, due.id)?;
        if in_use || held(tx, due.partnership, None, due.id, now)? {
            return Ok(Fate::Left);
        }
        self.note_covered(tx, due.partnership, Part::Family(due.id), now)?;
        let gone = store::purge::delete_family(tx, due.partnership, due.id);
        self.record_dropped(tx, gone, "family", (due.partnership, due.id.0), now)
    }

    /// A person goes when no family has them any more.
    pub(super) fn drop_person(&self, tx: &mut Tx<'_>, due: &Due<PersonId>, now: Instant) -> Answer<Fate> {
        let in_family = !store::people::families_of(tx, due.partnership, due.id)?.is_empty();
        if in_family || store::holds::active(tx, due.partnership, None, &[due.id], now)? {
            return Ok(Fate::Left);
        }
        self.note_covered(tx, due.partnership, Part::Person(due.id), now)?;
        let gone = store::purge::delete_person(tx, due.partnership, due.id);
        self.record_dropped(tx, gone, "person", (due.partnership, due.id.0), now)
    }

    fn record_dropped(
        &self,
        tx: &mut Tx<'_>,
        gone: Result<bool, StoreError>,
        kind: &str,
        (partnership, id): (PartnershipId, Uuid),
        now: Instant,
    ) -> Answer<Fate> {
        if !gone? {
            return Ok(Fate::Left);
        }
        self.append(tx, &self.expiry_record(partnership, kind, id, None, now))?;
        Ok(Fate::Gone(Keys { destroyed: vec![KeyScope(id)], ..Keys::default() }))
    }

    /// A return that has run out no longer counts as one: its agency's invitation is open again when nothing else of it
    /// stands.
    fn unanswer(&self, tx: &mut Tx<'_>, gone: &FragmentRow, now: Instant) -> Answer<()> {
        let Some(id) = gone.chronology_id else { return Ok(()) };
        let Some(chronology) = store::chronologies::find(tx, gone.partnership_id, id, now)? else { return Ok(()) };
        self.reopen_invitation(tx, now, &chronology, gone.agency_id)
    }

    fn expiry_record(
        &self,
        partnership: PartnershipId,
        kind: &str,
        id: Uuid,
        chronology: Option<ChronologyId>,
        now: Instant,
    ) -> crate::AuditRecord {
        let operation = format!("{kind}.expire");
        let deed = OwnDeed { operation: &operation, reason: "expired", kind, id: Some(id), chronology };
        self.own_record(partnership, &deed, now)
    }
}
