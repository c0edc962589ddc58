//! The audit records: append-only, each written in the transaction of the operation that it
//! records.

pub(crate) mod audit_sequence;
pub mod audit_tree;
pub mod journal;
pub mod legacy_audit;

use diesel::dsl::{auto_type, max};
use diesel::prelude::*;
use domain::{AuditId, Instant, Operation, PartnershipId};
use ledger::{Hash, Leaf};
use uuid::Uuid;

use crate::columns::Bind;
use crate::columns::row;
use crate::connection::on_either;
use crate::connection::page::{rows_after, unindexed_eq};
use crate::connection::statements::insert_one;
use crate::schema::audit_records::{self, dsl};
use crate::{Keyset, Sealed, StoreError, Token, Tx};

row! {
    /// Who did or attempted what, on which object, when, and why it was allowed. Actor and object
    /// are sealed; the tokens are hashes keyed by the record's period.
    AuditRow in audit_records {
        /// The identifier of the record.
        id: AuditId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// The run of the node that wrote it.
        run_id: Uuid,
        /// The sequence number within the run.
        number: i64,
        /// When it happened.
        at: Instant,
        /// The operation done or attempted.
        operation: String,
        /// The outcome of the operation, as stored in the record.
        outcome: String,
        /// The period whose key seals the record: thirty days each, counted from 1970.
        period: i64,
        /// The salted hash of the payload, 32 bytes.
        payload_hash: Token,
        /// The keyed hash of the practitioner who acted, to search by.
        practitioner_token: Option<Token>,
        /// The agency they acted for.
        agency_token: Option<Token>,
        /// The keyed hash of the object concerned, to search by.
        object_token: Option<Token>,
        /// The chronology concerned.
        chronology_token: Option<Token>,
        /// Salt and payload.
        sealed: Sealed,
    }
}

impl AuditRow {
    /// The leaf that stands for the record in the audit tree.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the payload hash has the wrong length.
    pub fn leaf(&self) -> Result<Leaf, StoreError> {
        let hash = self
            .payload_hash
            .as_slice()
            .try_into()
            .map_err(|_| StoreError::Corrupt("payload hash"))?;
        Ok(Leaf {
            id: self.id,
            partnership: self.partnership_id,
            node: self.run_id,
            number: self.number,
            at: self.at,
            period: self.period,
            operation: self.operation.clone(),
            outcome: self.outcome.clone(),
            payload_hash: Hash(hash),
        })
    }
}

/// An audit record before its sequence number is assigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditDraft {
    /// The identifier of the record.
    pub id: AuditId,
    /// The partnership that the row belongs to.
    pub partnership_id: PartnershipId,
    /// When it happened.
    pub at: Instant,
    /// The operation done or attempted.
    pub operation: String,
    /// The outcome of the operation, as stored in the record.
    pub outcome: String,
    /// The period whose key seals the record.
    pub period: i64,
    /// The salted hash of the payload.
    pub payload_hash: Hash,
    /// The keyed hash of the practitioner who acted, to search by.
    pub practitioner_token: Option<Token>,
    /// The agency they acted for.
    pub agency_token: Option<Token>,
    /// The keyed hash of the object concerned, to search by.
    pub object_token: Option<Token>,
    /// The chronology concerned.
    pub chronology_token: Option<Token>,
    /// Salt and payload.
    pub sealed: Sealed,
}

impl AuditDraft {
    fn with_number(&self, run_id: Uuid, number: i64) -> AuditRow {
        AuditRow {
            id: self.id,
            partnership_id: self.partnership_id,
            run_id,
            number,
            at: self.at,
            operation: self.operation.clone(),
            outcome: self.outcome.clone(),
            period: self.period,
            payload_hash: self.payload_hash.0.into(),
            practitioner_token: self.practitioner_token.clone(),
            agency_token: self.agency_token.clone(),
            object_token: self.object_token.clone(),
            chronology_token: self.chronology_token.clone(),
            sealed: self.sealed.clone(),
        }
    }
}

/// Which records to list; `None` does not restrict. Tokens are keyed by period, so one object has
/// several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Records about this chronology.
    pub chronology: Option<Vec<Token>>,
    /// Records about this object.
    pub object: Option<Vec<Token>>,
    /// Records of this practitioner.
    pub practitioner: Option<Vec<Token>>,
    /// Records of practitioners acting for this agency.
    pub agency: Option<Vec<Token>>,
    /// Records of this operation.
    pub operation: Option<String>,
    /// Records with this outcome.
    pub outcome: Option<String>,
    /// Records made at this instant or later.
    pub from: Option<Instant>,
    /// Records made before this instant.
    pub until: Option<Instant>,
}

/// Operations that disclose content of a chronology.
const CONTENT_READS: [Operation; 10] = [
    Operation::ChronologyConsolidate,
    Operation::TimelineRead,
    Operation::LinkRead,
    Operation::LinkDecisionRead,
    Operation::PersonLinkRead,
    Operation::FragmentRead,
    Operation::FragmentVersions,
    Operation::ConsolidationRead,
    Operation::SnapshotRead,
    Operation::FormRead,
];

/// Selects the records of disclosures of a chronology's content.
#[auto_type]
fn content_reads<'a>(partnership: PartnershipId, chronology: &'a [Token]) -> _ {
    let outcomes: [&'static str; 2] = ["allowed", "replayed"];
    let operations: [&'static str; 10] = CONTENT_READS.map(Operation::as_str);
    dsl::audit_records
        .filter(unindexed_eq(dsl::partnership_id, partnership))
        .filter(dsl::chronology_token.eq_any(chronology))
        .filter(dsl::practitioner_token.is_not_null())
        .filter(dsl::outcome.eq_any(outcomes))
        .filter(dsl::operation.eq_any(operations))
}

/// Adds a record under the next sequence number of this node's run.
///
/// # Errors
/// [`StoreError`] when the database or the journal fails: the recorded operation must then not take
/// effect.
pub fn insert(tx: &mut Tx<'_>, draft: &AuditDraft) -> Result<(), StoreError> {
    let partnership = draft.partnership_id;
    let row = tx.sequence_lease()?.assign(partnership, |run, number| {
        let row = draft.with_number(run, number);
        let hash = row.leaf()?.hash();
        Ok((row, hash))
    })?;
    if row.number == 1 {
        crate::audit_tree::register_run(tx, partnership, row.run_id, draft.at)?;
    }
    insert_one(tx, audit_records::table, &row)
}

/// Writes a void record under a number that has no record, and returns the hash of its leaf, or
/// `None` when there is a record after all. The caller reports the hash to the journal after the
/// commit ([`crate::AuditSequence::record_void`]), never before: a line about a number that another
/// record holds would be false evidence.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn fill_gap(
    tx: &mut Tx<'_>,
    draft: &AuditDraft,
    run: Uuid,
    number: i64,
) -> Result<Option<Hash>, StoreError> {
    let row = draft.with_number(run, number);
    let hash = row.leaf()?.hash();
    crate::audit_tree::register_run(tx, draft.partnership_id, run, draft.at)?;
    let inserted = tx.run(|connection| {
        on_either!(connection, |c| diesel::insert_into(audit_records::table)
            .values(&row)
            .on_conflict_do_nothing()
            .execute(c))
    })?;
    Ok((inserted == 1).then_some(hash))
}

/// The record `id`.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    id: AuditId,
) -> Result<Option<AuditRow>, StoreError> {
    let query = dsl::audit_records
        .filter(dsl::partnership_id.eq(Bind(partnership)))
        .filter(dsl::id.eq(Bind(id)));
    tx.run(|c| query.select(AuditRow::as_select()).get_result(c).optional())
}

/// At most `limit` records after a cursor, oldest first.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn page(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    filter: &AuditFilter,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<AuditRow>, StoreError> {
    let by_token = [&filter.chronology, &filter.object, &filter.practitioner];
    // A token selects few records by index; without one the records of the partnership are read in
    // order of time.
    let mut query = match by_token.iter().any(|tokens| tokens.is_some()) {
        true => dsl::audit_records
            .filter(unindexed_eq(dsl::partnership_id, partnership))
            .into_boxed(),
        false => dsl::audit_records
            .filter(dsl::partnership_id.eq(Bind(partnership)))
            .into_boxed(),
    };
    if let Some(tokens) = &filter.chronology {
        query = query.filter(dsl::chronology_token.eq_any(tokens));
    }
    if let Some(tokens) = &filter.object {
        query = query.filter(dsl::object_token.eq_any(tokens));
    }
    if let Some(tokens) = &filter.practitioner {
        query = query.filter(dsl::practitioner_token.eq_any(tokens));
    }
    if let Some(tokens) = &filter.agency {
        query = query.filter(dsl::agency_token.eq_any(tokens));
    }
    if let Some(operation) = &filter.operation {
        query = query.filter(dsl::operation.eq(operation));
    }
    if let Some(outcome) = &filter.outcome {
        query = query.filter(dsl::outcome.eq(outcome));
    }
    if let Some(from) = filter.from {
        query = query.filter(dsl::at.ge(Bind(from)));
    }
    if let Some(until) = filter.until {
        query = query.filter(dsl::at.lt(Bind(until)));
    }
    let query = rows_after(query, after, dsl::at, dsl::id, AuditId);
    let query = query.order((dsl::at, dsl::id)).limit(limit.into());
    tx.run(|c| query.select(AuditRow::as_select()).load(c))
}

/// The latest disclosure to each of the last `limit` readers of a chronology's content, newest
/// first. A practitioner who read in several periods appears once for each period.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn latest_readers(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: &[Token],
    limit: impl Into<i64>,
) -> Result<Vec<AuditRow>, StoreError> {
    let latest = content_reads(partnership, chronology)
        .group_by(dsl::practitioner_token)
        .order((max(dsl::at).desc(), dsl::practitioner_token))
        .limit(limit.into())
        .select((dsl::practitioner_token, max(dsl::at)));
    let latest: Vec<(Option<Token>, Option<Instant>)> = tx.run(|c| latest.load(c))?;
    let instants: Vec<Bind<Instant>> = latest.iter().filter_map(|(_, at)| *at).map(Bind).collect();
    let content_reads = content_reads(partnership, chronology)
        .filter(dsl::at.eq_any(instants))
        .order((dsl::at.desc(), dsl::id.desc()))
        .select(AuditRow::as_select());
    let content_reads: Vec<AuditRow> = tx.run(|c| content_reads.load(c))?;
    let record_of = |reader: (Option<Token>, Option<Instant>)| {
        content_reads
            .iter()
            .find(|row| row.practitioner_token == reader.0 && Some(row.at) == reader.1)
            .cloned()
    };
    Ok(latest.into_iter().filter_map(record_of).collect())
}
