//! The audit: append-only, in the transaction of what it tells.

use diesel::dsl::max;
use diesel::prelude::*;
use domain::{AuditId, Instant, Operation, PartnershipId};
use ledger::{Hash, Leaf};
use uuid::Uuid;

use crate::connection::on_either;
use crate::page::{after, within};
use crate::rows::row;
use crate::schema::audit_records::{self, dsl};
use crate::statements::insert_one;
use crate::types::Bind;
use crate::{Keyset, Sealed, StoreError, Token, Tx};

row! {
    /// Who did or tried what, to which object, when, and why it was allowed. What says who and to what is sealed; the
    /// tokens are keyed by the record's period.
    AuditRow in audit_records {
        /// The record.
        id: AuditId,
        /// Its partnership.
        partnership_id: PartnershipId,
        /// The run of a node that wrote it.
        run_id: Uuid,
        /// The run's own number for it.
        number: i64,
        /// When it happened.
        at: Instant,
        /// What was done or tried.
        operation: String,
        /// How it ended.
        outcome: String,
        /// Whose key seals it: thirty days from 1970 on.
        period: i64,
        /// The salted hash of the payload, 32 bytes.
        payload_hash: Token,
        /// Who.
        practitioner_token: Option<Token>,
        /// For which agency.
        agency_token: Option<Token>,
        /// Which object.
        object_token: Option<Token>,
        /// The chronology concerned.
        chronology_token: Option<Token>,
        /// Salt and payload.
        sealed: Sealed,
    }
}

impl AuditRow {
    /// What of the record is in the tree.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the payload's hash is none.
    pub fn leaf(&self) -> Result<Leaf, StoreError> {
        let hash = self.payload_hash.as_slice().try_into().map_err(|_| StoreError::Corrupt("payload hash"))?;
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

/// A record before it has its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditDraft {
    /// The record.
    pub id: AuditId,
    /// Its partnership.
    pub partnership_id: PartnershipId,
    /// When it happened.
    pub at: Instant,
    /// What was done or tried.
    pub operation: String,
    /// How it ended.
    pub outcome: String,
    /// Whose key seals it.
    pub period: i64,
    /// The salted hash of the payload.
    pub payload_hash: Hash,
    /// Who.
    pub practitioner_token: Option<Token>,
    /// For which agency.
    pub agency_token: Option<Token>,
    /// Which object.
    pub object_token: Option<Token>,
    /// The chronology concerned.
    pub chronology_token: Option<Token>,
    /// Salt and payload.
    pub sealed: Sealed,
}

impl AuditDraft {
    fn numbered(&self, run_id: Uuid, number: i64) -> AuditRow {
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

/// Which records to show; what is none does not matter. Tokens are keyed by period, so that one thing has several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// About this chronology.
    pub chronology: Option<Vec<Token>>,
    /// About this object.
    pub object: Option<Vec<Token>>,
    /// By this practitioner.
    pub practitioner: Option<Vec<Token>>,
    /// For this agency.
    pub agency: Option<Vec<Token>>,
    /// Of this operation.
    pub operation: Option<String>,
    /// With this outcome.
    pub outcome: Option<String>,
    /// At this instant or later.
    pub from: Option<Instant>,
    /// Before this instant.
    pub until: Option<Instant>,
}

/// Operations that give somebody the chronology's content to read.
const READS: [Operation; 10] = [
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

/// Records of content that was given out.
macro_rules! readings {
    ($partnership:expr, $chronology:expr) => {
        dsl::audit_records
            .filter(within!(dsl::partnership_id, $partnership))
            .filter(dsl::chronology_token.eq_any($chronology))
            .filter(dsl::practitioner_token.is_not_null())
            .filter(dsl::outcome.eq_any(["allowed", "replayed"]))
            .filter(dsl::operation.eq_any(READS.map(Operation::as_str)))
    };
}

/// Adds a record, with the next number of this node's run.
///
/// # Errors
/// When the database or the journal fails: then what the record tells must not happen.
pub fn insert(tx: &mut Tx<'_>, draft: &AuditDraft) -> Result<(), StoreError> {
    let partnership = draft.partnership_id;
    let row = tx.pen()?.take(partnership, |run, number| {
        let row = draft.numbered(run, number);
        let hash = row.leaf()?.hash();
        Ok((row, hash))
    })?;
    if row.number == 1 {
        crate::audit_tree::begin_run(tx, partnership, row.run_id, draft.at)?;
    }
    insert_one!(tx, audit_records::table, &row)
}

/// Puts a record in the place of a number that stands for none, and gives the hash of its leaf. None when there is a record
/// after all. The journal is to hear of it once it is committed ([`crate::Book::filled`]), and not before: a line about a
/// number that stands for another record would be a false witness.
///
/// # Errors
/// When the database fails.
pub fn fill(tx: &mut Tx<'_>, draft: &AuditDraft, run: Uuid, number: i64) -> Result<Option<Hash>, StoreError> {
    let row = draft.numbered(run, number);
    let hash = row.leaf()?.hash();
    crate::audit_tree::begin_run(tx, draft.partnership_id, run, draft.at)?;
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
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, partnership: PartnershipId, id: AuditId) -> Result<Option<AuditRow>, StoreError> {
    let query = dsl::audit_records.filter(dsl::partnership_id.eq(Bind(partnership))).filter(dsl::id.eq(Bind(id)));
    tx.run(|c| query.select(AuditRow::as_select()).get_result(c).optional())
}

/// At most `limit` records after a place, oldest first.
///
/// # Errors
/// When the database fails.
pub fn page(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    filter: &AuditFilter,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<AuditRow>, StoreError> {
    let by_token = [&filter.chronology, &filter.object, &filter.practitioner];
    // Such a token leads to its own records; without one the partnership's are gone through in the order of time.
    let mut query = match by_token.iter().any(|tokens| tokens.is_some()) {
        true => dsl::audit_records.filter(within!(dsl::partnership_id, partnership)).into_boxed(),
        false => dsl::audit_records.filter(dsl::partnership_id.eq(Bind(partnership))).into_boxed(),
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
    let query = after!(query, after, dsl::at, dsl::id, AuditId);
    let query = query.order((dsl::at, dsl::id)).limit(limit.into());
    tx.run(|c| query.select(AuditRow::as_select()).load(c))
}

/// The latest reading of each of the last `limit` readers of a chronology's content, newest first. A practitioner who read in
/// several periods comes once for each.
///
/// # Errors
/// When the database fails.
pub fn readers(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    chronology: &[Token],
    limit: impl Into<i64>,
) -> Result<Vec<AuditRow>, StoreError> {
    let latest = readings!(partnership, chronology)
        .group_by(dsl::practitioner_token)
        .order((max(dsl::at).desc(), dsl::practitioner_token))
        .limit(limit.into())
        .select((dsl::practitioner_token, max(dsl::at)));
    let latest: Vec<(Option<Token>, Option<Instant>)> = tx.run(|c| latest.load(c))?;
    let instants: Vec<Bind<Instant>> = latest.iter().filter_map(|(_, at)| *at).map(Bind).collect();
    let readings = readings!(partnership, chronology)
        .filter(dsl::at.eq_any(instants))
        .order((dsl::at.desc(), dsl::id.desc()))
        .select(AuditRow::as_select());
    let readings: Vec<AuditRow> = tx.run(|c| readings.load(c))?;
    let of = |reader: (Option<Token>, Option<Instant>)| {
        readings.iter().find(|row| row.practitioner_token == reader.0 && Some(row.at) == reader.1).cloned()
    };
    Ok(latest.into_iter().filter_map(of).collect())
}
