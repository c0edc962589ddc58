//! What nobody asks for and everybody relies on: deleting what is over, passing due dates, destroying keys. Any node may
//! do any of it; rows are claimed in the transaction that deals with them.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::{
    AuditId, ChronologyId, FamilyId, FragmentId, Instant, InvitationState, PartnershipId, PersonId, RequestId,
    Transition,
};
use store::{
    AuditRow, ChronologyRow, Due, FragmentRow, Keyset, StoreError, TombstoneAgencyRow, TombstoneKind, TombstoneReason,
    TombstoneRow, Tx,
};
use uuid::Uuid;
use vault::KeyScope;

use crate::{Answer, Service, ServiceError};

/// What a purge did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PurgeReport {
    /// Chronologies deleted, with everything that belonged to them.
    pub chronologies: u32,
    /// Fragments deleted that expired before their chronology, or had none.
    pub fragments: u32,
    /// People deleted.
    pub people: u32,
    /// Families deleted.
    pub families: u32,
    /// Stored replies deleted.
    pub replies: u32,
    /// How long the oldest thing that is due has been waiting; something held or failed to go stays in here.
    pub oldest_unpurged: Option<Duration>,
}

/// What became of one thing that was due.
enum Fate {
    /// Deleted; these scopes' keys have nothing left to open.
    Gone(Vec<KeyScope>),
    /// Left behind: under a legal hold, or still referred to by something that is.
    Left,
}

impl Fate {
    /// The scopes whose keys are to go with it.
    const fn scopes(&self) -> Option<&Vec<KeyScope>> {
        match self {
            Self::Gone(scopes) => Some(scopes),
            Self::Left => None,
        }
    }
}

/// Lists what is due, after a place, at most so many.
type Lister<I> = fn(&mut Tx<'_>, Instant, Option<Keyset>, i64) -> Result<Vec<Due<I>>, StoreError>;

impl Service {
    /// Deletes what is over, `limit` rows of a kind in a transaction, until nothing is left that can go. Each deletion
    /// leaves its tombstone and its audit record in the same transaction.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when database or keystore do not answer; what was deleted before stays deleted.
    pub fn purge(&self, limit: u32) -> Answer<PurgeReport> {
        let now = self.settle_time()?;
        let mut report = PurgeReport {
            chronologies: self
                .purge_each(limit, now, list_chronologies, |tx, due| self.bury_chronology(tx, due, now))?,
            fragments: self.purge_each(limit, now, list_fragments, |tx, due| self.bury_fragment(tx, due, now))?,
            families: self.purge_each(limit, now, list_families, |tx, due| self.drop_family(tx, due, now))?,
            people: self.purge_each(limit, now, list_people, |tx, due| self.drop_person(tx, due, now))?,
            replies: self.purge_replies(limit, now)?,
            oldest_unpurged: None,
        };
        store::purge::checkpoint(&self.0.db)?;
        let backlog = self.0.db.read("purge.backlog", |tx| store::purge::backlog(tx, now))?;
        report.oldest_unpurged = backlog.oldest.map(|since| now.since(since));
        Ok(report)
    }

    fn purge_each<I: Copy + Into<Uuid>>(
        &self,
        limit: u32,
        now: Instant,
        list: Lister<I>,
        bury: impl Fn(&mut Tx<'_>, &Due<I>) -> Answer<Fate>,
    ) -> Answer<u32> {
        let (mut gone, mut after) = (0, None);
        loop {
            let (batch, deleted) = self.0.db.write("purge.batch", |tx| {
                let batch = list(tx, now, after, i64::from(limit.max(1)))?;
                let fates = batch.iter().map(|due| bury(tx, due)).collect::<Answer<Vec<Fate>>>()?;
                let gone: Vec<&Vec<KeyScope>> = fates.iter().filter_map(Fate::scopes).collect();
                store::scopes_to_destroy::insert(tx, gone.iter().copied().flatten().map(|scope| scope.0), now)?;
                Ok::<_, ServiceError>((batch, u32::try_from(gone.len()).unwrap_or(u32::MAX)))
            })?;
            gone += deleted;
            self.destroy_noted_scopes(now)?;
            match batch.last() {
                Some(last) if batch.len() >= limit.max(1) as usize => {
                    after = Some(Keyset::of(last.expired_at, last.id))
                }
                _ => return Ok(gone),
            }
        }
    }

    fn purge_replies(&self, limit: u32, now: Instant) -> Answer<u32> {
        let mut gone = 0;
        loop {
            let deleted = self
                .0
                .db
                .write("purge.replies", |tx| store::purge::delete_expired_replies(tx, now, i64::from(limit.max(1))))?;
            gone += u32::try_from(deleted).unwrap_or(u32::MAX);
            if deleted < limit.max(1) as usize {
                return Ok(gone);
            }
        }
    }

    fn bury_chronology(&self, tx: &mut Tx<'_>, due: &Due<ChronologyId>, now: Instant) -> Answer<Fate> {
        let Some(row) = store::purge::chronology(tx, due.partnership, due.id)? else { return Ok(Fate::Left) };
        if held(tx, due.partnership, Some(row.id), row.family_id, now)? {
            return Ok(Fate::Left);
        }
        let fragments = store::purge::fragments_of(tx, due.partnership, row.id)?;
        let mut hashes = Vec::new();
        let mut entries = 0;
        for fragment in &fragments {
            let stone = self.fragment_stone(tx, fragment, fragment.expires_at, now)?;
            hashes.extend_from_slice(stone.content_index.as_ref());
            entries += stone.entry_count;
            store::tombstones::insert(tx, &stone, &[], &[])?;
        }
        self.insert_chronology_stone(tx, &row, &hashes, entries, now)?;
        let taken_in = store::origins::of_chronology(tx, due.partnership, row.id)?;
        store::idempotency::delete_for_object(tx, due.partnership, row.id)?;
        store::purge::delete_chronology(tx, due.partnership, row.id)?;
        store::audit::insert(tx, &self.expiry_record(due.partnership, "chronology", row.id.0, Some(row.id), now))?;
        // What was sent ahead lived under a key of its own until it was taken in.
        let ahead = fragments.iter().filter(|one| row.opened_at.is_some_and(|opened| one.created_at <= opened));
        let ahead = ahead.map(|one| one.id.0).chain(taken_in.iter().map(|origin| origin.fragment_id.0));
        let scopes: BTreeSet<Uuid> = ahead.chain([row.id.0]).collect();
        Ok(Fate::Gone(scopes.into_iter().map(KeyScope).collect()))
    }

    fn insert_chronology_stone(
        &self,
        tx: &mut Tx<'_>,
        row: &ChronologyRow,
        hashes: &[u8],
        entry_count: i64,
        now: Instant,
    ) -> Answer<()> {
        let stone = TombstoneRow {
            id: row.id.0,
            kind: TombstoneKind::Chronology,
            partnership_id: row.partnership_id,
            chronology_id: Some(row.id),
            agency_id: row.owner_agency_id,
            owner_id: row.owner_id,
            reason: TombstoneReason::Expired,
            created_at: row.created_at,
            expired_at: row.expires_at,
            deleted_at: now,
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

    fn bury_fragment(&self, tx: &mut Tx<'_>, due: &Due<FragmentId>, now: Instant) -> Answer<Fate> {
        let Some(row) = store::fragments::find(tx, due.partnership, due.id)? else { return Ok(Fate::Left) };
        if held(tx, due.partnership, row.chronology_id, row.family_id, now)? {
            return Ok(Fate::Left);
        }
        let stone = self.fragment_stone(tx, &row, row.expires_at, now)?;
        store::tombstones::insert(tx, &stone, &[], &[])?;
        store::idempotency::delete_for_object(tx, due.partnership, row.id)?;
        self.forget_links(tx, due.partnership, row.chronology_id, row.id)?;
        store::purge::delete_fragment(tx, due.partnership, row.id)?;
        self.unanswer(tx, &row, now)?;
        store::audit::insert(tx, &self.expiry_record(due.partnership, "fragment", row.id.0, row.chronology_id, now))?;
        Ok(Fate::Gone(vec![KeyScope(row.id.0)]))
    }

    fn fragment_stone(
        &self,
        tx: &mut Tx<'_>,
        row: &FragmentRow,
        expired_at: Instant,
        now: Instant,
    ) -> Answer<TombstoneRow> {
        let digests = store::fragments::digests(tx, row.partnership_id, row.id)?;
        let hashes: Vec<u8> = digests.iter().flat_map(|digest| digest.content_index.as_ref().to_vec()).collect();
        Ok(TombstoneRow {
            id: row.id.0,
            kind: TombstoneKind::Fragment,
            partnership_id: row.partnership_id,
            chronology_id: row.chronology_id,
            agency_id: row.agency_id,
            owner_id: row.author_id,
            reason: TombstoneReason::Expired,
            created_at: row.created_at,
            expired_at,
            deleted_at: now,
            entry_count: digests.iter().max_by_key(|digest| digest.version).map_or(0, |digest| digest.entry_count),
            content_index: self.vault().index(row.partnership_id, "tombstone", &hashes).to_vec().into(),
        })
    }

    /// A family goes when nothing refers to it any more; while something held does, it stays, unread.
    fn drop_family(&self, tx: &mut Tx<'_>, due: &Due<FamilyId>, now: Instant) -> Answer<Fate> {
        if held(tx, due.partnership, None, due.id, now)? {
            return Ok(Fate::Left);
        }
        let fate = fate(tx.nested(|tx| store::purge::delete_family(tx, due.partnership, due.id)), due.id.0)?;
        self.record_if_gone(tx, &fate, "family", due.partnership, due.id.0, now)?;
        Ok(fate)
    }

    /// A person goes when no family has them any more.
    fn drop_person(&self, tx: &mut Tx<'_>, due: &Due<PersonId>, now: Instant) -> Answer<Fate> {
        let in_family = !store::people::families_of(tx, due.partnership, due.id)?.is_empty();
        if in_family || store::holds::active(tx, due.partnership, None, &[due.id], now)? {
            return Ok(Fate::Left);
        }
        let fate = fate(tx.nested(|tx| store::purge::delete_person(tx, due.partnership, due.id)), due.id.0)?;
        self.record_if_gone(tx, &fate, "person", due.partnership, due.id.0, now)?;
        Ok(fate)
    }

    fn record_if_gone(
        &self,
        tx: &mut Tx<'_>,
        fate: &Fate,
        kind: &str,
        partnership: PartnershipId,
        id: Uuid,
        now: Instant,
    ) -> Answer<()> {
        if matches!(fate, Fate::Gone(_)) {
            // The kept reply to the request that recorded it dies with it.
            store::idempotency::delete_for_object(tx, partnership, id)?;
            store::audit::insert(tx, &self.expiry_record(partnership, kind, id, None, now))?;
        }
        Ok(())
    }

    /// A return that has run out no longer counts as one: its agency's invitation is open again when nothing else of it
    /// stands.
    fn unanswer(&self, tx: &mut Tx<'_>, gone: &FragmentRow, now: Instant) -> Answer<()> {
        let Some(id) = gone.chronology_id else { return Ok(()) };
        let Some(chronology) = store::chronologies::find(tx, gone.partnership_id, id, now)? else { return Ok(()) };
        self.forget_in_frozen_views(tx, now, &chronology, gone.id)?;
        self.reopen_invitation(tx, now, &chronology, gone.agency_id)
    }

    /// The service's own record of an expiry: nobody asked for it.
    fn expiry_record(
        &self,
        partnership: PartnershipId,
        kind: &str,
        id: Uuid,
        chronology: Option<ChronologyId>,
        now: Instant,
    ) -> AuditRow {
        AuditRow {
            id: AuditId::new(self.ids(), now),
            partnership_id: partnership,
            at: now,
            operation: format!("{kind}.expire"),
            outcome: "allowed".to_owned(),
            reason: Some("expired".to_owned()),
            practitioner_id: None,
            agency_id: None,
            role: None,
            purpose: None,
            object_kind: Some(kind.to_owned()),
            object_id: Some(id),
            chronology_id: chronology,
            request_id: RequestId::new(self.ids(), now),
            entry_count: None,
        }
    }

    /// Marks invitations overdue and chronologies closing whose due date has passed; says how many.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the database does not answer.
    pub fn pass_due(&self, limit: u32) -> Answer<u32> {
        let now = self.agreed_now();
        let invitations = self.0.db.write("due.invitations", |tx| {
            let due = store::invitations::past_due(tx, now, i64::from(limit))?;
            for mut row in due.clone() {
                let Some(chronology) = store::chronologies::find(tx, row.partnership_id, row.chronology_id, now)?
                else {
                    continue;
                };
                let details = self.invitation_details(&chronology, &row, now)?;
                row.state = InvitationState::Overdue;
                self.save_invitation(tx, now, &chronology, &mut row, &details)?;
            }
            Ok::<_, ServiceError>(due.len())
        })?;
        let chronologies = self.0.db.write("due.chronologies", |tx| {
            let due = store::chronologies::past_due(tx, now, i64::from(limit))?;
            for mut row in due.clone() {
                let details = self.chronology_details(&row, now)?;
                let Some(next) = row.state.after(Transition::PassDue) else { continue };
                row.state = next;
                self.save_chronology(tx, now, &mut row, &details)?;
            }
            Ok::<_, ServiceError>(due.len())
        })?;
        Ok(u32::try_from(invitations + chronologies).unwrap_or(u32::MAX))
    }

    /// Destroys the keys of every hour that is over, but for those by which something under a legal hold lives; says how
    /// many.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when database or keystore do not answer.
    pub fn destroy_keys(&self) -> Answer<u32> {
        let now = self.settle_time()?;
        let held = self.0.db.read("keys.held", |tx| held_expiries(tx, now))?;
        let destroyed = self.vault().destroy_epochs_over_except(now, &held)?;
        Ok(u32::try_from(destroyed.len()).unwrap_or(u32::MAX))
    }
}

fn list_chronologies(
    tx: &mut Tx<'_>,
    now: Instant,
    after: Option<Keyset>,
    limit: i64,
) -> Result<Vec<Due<ChronologyId>>, StoreError> {
    store::purge::due_chronologies(tx, now, after, limit)
}

fn list_fragments(
    tx: &mut Tx<'_>,
    now: Instant,
    after: Option<Keyset>,
    limit: i64,
) -> Result<Vec<Due<FragmentId>>, StoreError> {
    store::purge::due_fragments(tx, now, after, limit)
}

fn list_families(
    tx: &mut Tx<'_>,
    now: Instant,
    after: Option<Keyset>,
    limit: i64,
) -> Result<Vec<Due<FamilyId>>, StoreError> {
    store::purge::due_families(tx, now, after, limit)
}

fn list_people(
    tx: &mut Tx<'_>,
    now: Instant,
    after: Option<Keyset>,
    limit: i64,
) -> Result<Vec<Due<PersonId>>, StoreError> {
    store::purge::due_people(tx, now, after, limit)
}

fn fate(gone: Result<bool, StoreError>, scope: Uuid) -> Answer<Fate> {
    match gone {
        Ok(true) => Ok(Fate::Gone(vec![KeyScope(scope)])),
        Ok(false) => Ok(Fate::Left),
        Err(error @ (StoreError::Unavailable | StoreError::Timeout)) => Err(error.into()),
        Err(_) => Ok(Fate::Left),
    }
}

fn held(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: Option<ChronologyId>,
    family: FamilyId,
    now: Instant,
) -> Answer<bool> {
    let people = store::families::members(tx, partnership, family)?;
    Ok(store::holds::active(tx, partnership, chronology, &people, now)?)
}

/// The expiries by which something under a legal hold lives: its own, its fragments', its family's and its people's.
pub(crate) fn held_expiries(tx: &mut Tx<'_>, now: Instant) -> Answer<Vec<Instant>> {
    let mut kept = Vec::new();
    for due in store::purge::due_chronologies_unlocked(tx, now)? {
        let Some(row) = store::purge::chronology(tx, due.partnership, due.id)? else { continue };
        if held(tx, due.partnership, Some(row.id), row.family_id, now)? {
            kept.push(due.expired_at);
            let fragments = store::purge::fragments_of(tx, due.partnership, due.id)?;
            kept.extend(fragments.iter().map(|fragment| fragment.expires_at));
        }
    }
    for due in store::purge::due_fragments_unlocked(tx, now)? {
        let Some(row) = store::fragments::find(tx, due.partnership, due.id)? else { continue };
        if held(tx, due.partnership, row.chronology_id, row.family_id, now)? {
            kept.push(due.expired_at);
        }
    }
    for due in store::purge::due_families_unlocked(tx, now)? {
        if held(tx, due.partnership, None, due.id, now)? {
            kept.push(due.expired_at);
        }
    }
    for due in store::purge::due_people_unlocked(tx, now)? {
        let families = store::people::families_of(tx, due.partnership, due.id)?;
        let of_family = families.iter().map(|family| held(tx, due.partnership, None, *family, now));
        let mut of_family = of_family.collect::<Answer<Vec<bool>>>()?.into_iter();
        if of_family.any(|held| held) || store::holds::active(tx, due.partnership, None, &[due.id], now)? {
            kept.push(due.expired_at);
        }
    }
    Ok(kept)
}
