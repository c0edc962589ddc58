//! Decisions by people about links: made with a reason, withdrawn with a reason, never changed.

use std::collections::BTreeSet;

use contract::{LinkDecisionIn, LinkDecisionOut, LinkWithdrawalIn};
use domain::{
    AccessPermit, ChronologyId, EntryId, Instant, LinkDecisionId, LinkVerdict, Operation,
};
use kernel::{CallContext, Conflict, Fault, ServiceError, ServiceResult, UnitOfWork, WriteReply};
use store::{ChronologyRow, DecidedEntryRow, LinkDecisionRow};
use timeline::{LiveEntry, SortedEvents};

use crate::linking::Linking;
use crate::linking::decision_query::{link_decision_out, shown_expiry};
use crate::linking::reasons::DecisionReasons;
use crate::records::{AuthorizedChronology, VisibleContent, about_chronology, family_facts};

/// Maximum number of decisions about one chronology, including withdrawn ones.
const MAX_DECISIONS: usize = 1_000;

/// A requested decision that has passed validation.
struct ValidatedDecision {
    entries: Vec<EntryId>,
    with: Vec<EntryId>,
}

impl Linking {
    /// Decides whether entries of a chronology report the same event.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); [`ServiceError::Invalid`] with every fault of
    /// the input; a `Conflict` once the chronology is signed off.
    pub fn decide_link(
        &self,
        call: &CallContext,
        id: ChronologyId,
        input: LinkDecisionIn,
    ) -> ServiceResult<WriteReply<LinkDecisionOut>> {
        self.kernel.write_idempotent(
            call,
            Operation::LinkDecide,
            about_chronology(id),
            |uow| {
                let AuthorizedChronology {
                    permit,
                    row: chronology,
                } = self.records.chronologies.authorize_chronology(
                    uow,
                    id,
                    Operation::LinkDecide,
                )?;
                self.people.refuse_disclosed_addresses(
                    uow,
                    &permit,
                    chronology.family_id,
                    &input,
                )?;
                let opened = self.records.content.open_content(
                    uow,
                    &permit,
                    &permit.reader(),
                    &chronology,
                    None,
                )?;
                let shown = self.visible_events(uow, &permit, &chronology, &opened)?;
                let checked = validate_decision(&input, &opened.entries, &shown)?;
                self.check_decision_count(uow, &permit, id)?;
                let about = decided_entries(&checked, &opened.entries);
                let (mut row, entries) = self.new_decision(uow, &chronology, &input, &about);
                let expires_at = earliest_expiry(&entries, &opened, &chronology);
                row.expires_at = expires_at;
                let reasons = DecisionReasons {
                    reason: Some(input.reason.clone()),
                    withdrawal_reason: None,
                };
                self.seal_reasons(uow.tx, &mut row, uow.now(), &reasons)?;
                uow.audit.set_object(row.id);
                uow.audit.expires_at = Some(expires_at);
                store::link_decisions::insert(uow.tx, &row, &entries)?;
                Ok(link_decision_out(&row, &entries, None, expires_at))
            },
            |uow, record| self.read_link_decision(uow, id, record.object()?, false),
        )
    }

    /// Withdraws a decision; the timeline is as if it had not been made.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors); `Conflict::AlreadyWithdrawn` when it has been
    /// withdrawn; [`ServiceError::Invalid`] when the reason is blank.
    pub fn withdraw_link_decision(
        &self,
        call: &CallContext,
        id: ChronologyId,
        decision: LinkDecisionId,
        input: LinkWithdrawalIn,
    ) -> ServiceResult<WriteReply<LinkDecisionOut>> {
        self.kernel.write_idempotent(
            call,
            Operation::LinkDecide,
            about_chronology(id),
            |uow| {
                let AuthorizedChronology {
                    permit,
                    row: chronology,
                } = self.records.chronologies.authorize_chronology(
                    uow,
                    id,
                    Operation::LinkDecide,
                )?;
                uow.audit.set_object(decision);
                self.people.refuse_disclosed_addresses(
                    uow,
                    &permit,
                    chronology.family_id,
                    &input,
                )?;
                self.withdraw_visible_decision(uow, &permit, &chronology, (decision, &input))
            },
            |uow, _| self.read_link_decision(uow, id, decision, false),
        )
    }

    /// Withdraws a decision that the caller may see.
    fn withdraw_visible_decision(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
        (decision, input): (LinkDecisionId, &LinkWithdrawalIn),
    ) -> ServiceResult<LinkDecisionOut> {
        let now = uow.now();
        let (mut row, entries, opened) =
            self.load_visible_decision(uow, permit, chronology, decision)?;
        if row.withdrawn_at.is_some() {
            return Err(ServiceError::Conflict(Conflict::AlreadyWithdrawn));
        }
        if input.reason.as_str().trim().is_empty() {
            return Err(ServiceError::invalid(
                "/reason",
                "required",
                "give a reason",
            ));
        }
        let reasons = DecisionReasons {
            reason: self
                .open_reasons(&row, now)?
                .and_then(|reasons| reasons.reason),
            withdrawal_reason: Some(input.reason.clone()),
        };
        let before = row.version;
        row.version += 1;
        row.updated_at = now;
        row.withdrawn_at = Some(now);
        row.withdrawn_by = Some(uow.caller_id());
        row.expires_at = earliest_expiry(&entries, &opened, chronology);
        self.seal_reasons(uow.tx, &mut row, now, &reasons)?;
        let shown_until = shown_expiry(&row, chronology, now);
        uow.audit.expires_at = Some(shown_until);
        store::link_decisions::update(uow.tx, &row, before)?;
        Ok(link_decision_out(&row, &entries, None, shown_until))
    }

    /// The entries grouped into events as the caller sees them now.
    fn visible_events(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        chronology: &ChronologyRow,
        opened: &VisibleContent,
    ) -> ServiceResult<SortedEvents> {
        let family = self
            .records
            .families
            .open_family(uow, permit, chronology.family_id)?;
        Ok(self
            .load_event_links(uow, permit, chronology, opened, &family_facts(&family))?
            .with_decisions(&opened.entries))
    }

    /// Builds the row of a decision, without its reasons, and the rows of its entries.
    fn new_decision(
        &self,
        uow: &UnitOfWork<'_, '_>,
        chronology: &ChronologyRow,
        input: &LinkDecisionIn,
        about: &[(&LiveEntry, i64)],
    ) -> (LinkDecisionRow, Vec<DecidedEntryRow>) {
        let now = uow.now();
        let row = LinkDecisionRow {
            id: LinkDecisionId::new(self.kernel.ids(), now),
            partnership_id: chronology.partnership_id,
            chronology_id: chronology.id,
            verdict: input.decision,
            author_id: uow.caller_id(),
            expires_at: chronology.expires_at,
            wrapped_key: None,
            sealed: None,
            withdrawn_at: None,
            withdrawn_by: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let entry = |(entry, side): &(&LiveEntry, i64)| DecidedEntryRow {
            decision_id: row.id,
            entry_id: entry.entry_id,
            partnership_id: row.partnership_id,
            fragment_id: entry.fragment_id,
            side: *side,
        };
        let entries = about.iter().map(entry).collect();
        (row, entries)
    }

    fn check_decision_count(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &AccessPermit,
        id: ChronologyId,
    ) -> ServiceResult<()> {
        let count = store::link_decisions::page(uow.tx, permit, id, None, i64::MAX)?.len();
        if count < MAX_DECISIONS {
            return Ok(());
        }
        Err(ServiceError::invalid(
            "",
            "too_many_decisions",
            "a chronology has at most 1,000 decisions about links",
        ))
    }
}

/// The earliest expiry among the fragments of a decision and its chronology.
fn earliest_expiry(
    about: &[DecidedEntryRow],
    opened: &VisibleContent,
    chronology: &ChronologyRow,
) -> Instant {
    let fragments = about
        .iter()
        .filter_map(|entry| opened.fragment_expiries.get(&entry.fragment_id).copied());
    fragments
        .chain([chronology.expires_at])
        .min()
        .unwrap_or(chronology.expires_at)
}

/// The entries of a decision, each with its side.
fn decided_entries<'e>(
    checked: &ValidatedDecision,
    entries: &'e [LiveEntry],
) -> Vec<(&'e LiveEntry, i64)> {
    let sides = checked
        .entries
        .iter()
        .map(|id| (id, 0))
        .chain(checked.with.iter().map(|id| (id, 1)));
    sides
        .filter_map(|(id, side)| Some((entries.iter().find(|entry| entry.entry_id == *id)?, side)))
        .collect()
}

/// Checks that every entry is visible and named once, that both sides are given and that there is a
/// reason.
///
/// # Errors
/// [`ServiceError::Invalid`] with every fault.
fn validate_decision(
    input: &LinkDecisionIn,
    entries: &[LiveEntry],
    shown: &SortedEvents,
) -> ServiceResult<ValidatedDecision> {
    let mut faults = Vec::new();
    let mut named = BTreeSet::new();
    for (field, ids) in [("entries", &input.entries), ("with", &input.with)] {
        for (at, id) in ids.iter().enumerate() {
            let pointer = format!("/{field}/{at}");
            if !entries.iter().any(|entry| entry.entry_id == *id) {
                faults.push(Fault::new(
                    pointer,
                    "unknown",
                    "no such entry on this timeline",
                ));
            } else if !named.insert(*id) {
                faults.push(Fault::new(pointer, "duplicate", "each entry is named once"));
            }
        }
    }
    if input.reason.as_str().trim().is_empty() {
        faults.push(Fault::new("/reason", "required", "give a reason"));
    }
    let with = if input.decision == LinkVerdict::DifferentEvents && input.with.is_empty() {
        other_entries_on_rows(&input.entries, entries, shown)
    } else {
        input.with.clone()
    };
    faults.extend(missing_side(input, &with));
    if faults.is_empty() {
        Ok(ValidatedDecision {
            entries: input.entries.clone(),
            with,
        })
    } else {
        Err(ServiceError::Invalid(faults))
    }
}

fn missing_side(input: &LinkDecisionIn, with: &[EntryId]) -> Option<Fault> {
    let missing = match input.decision {
        LinkVerdict::SameEvent => {
            (input.entries.len() + with.len() < 2).then_some("name two entries or more")
        }
        LinkVerdict::DifferentEvents => with
            .is_empty()
            .then_some("no other entry shares a row with them, so there is nothing to separate"),
        LinkVerdict::Related | LinkVerdict::NotRelated => with
            .is_empty()
            .then_some("name an entry of the other event"),
    };
    missing.map(|message| Fault::new("/with", "required", message))
}

/// The other entries on the rows of these entries.
fn other_entries_on_rows(
    ids: &[EntryId],
    entries: &[LiveEntry],
    shown: &SortedEvents,
) -> Vec<EntryId> {
    let id = |position: &usize| entries.get(*position).map(|entry| entry.entry_id);
    let rows = shown
        .clusters
        .iter()
        .map(|cluster| cluster.members.iter().filter_map(id).collect::<Vec<_>>());
    let affected_rows = rows.filter(|row| row.iter().any(|entry| ids.contains(entry)));
    affected_rows
        .flatten()
        .filter(|entry| !ids.contains(entry))
        .collect()
}
