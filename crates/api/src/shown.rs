//! What an answer shows of itself to HTTP: when it expires, its version, where it is found.

use aws_lc_rs::digest::{Context, Digest, SHA256, digest};
use domain::Instant;
use serde::Serialize;
use service as s;

/// Something a use case answers with. One place says when each kind of answer stops being served.
pub(crate) trait Shown: Serialize + Send + 'static {
    /// When it expires; from then on it must not leave, even if it was read in time.
    fn expires_at(&self) -> Option<Instant> {
        None
    }

    /// Its version, which is its `ETag`.
    fn version(&self) -> Option<i64> {
        None
    }

    /// Where it is found.
    fn location(&self) -> Option<String> {
        None
    }

    /// Cursor of the page after it.
    fn next(&self) -> Option<&str> {
        None
    }

    /// Takes out the parts that have expired while the whole lives on.
    fn prune(&mut self, _now: Instant) {}

    /// Of an answer without a version, a hash of the part that stays the same while nothing changes; `None` means all
    /// of it. `body` is the answer as it was written out, so that what is large need not be written a second time.
    fn steady(&self, _body: &[u8]) -> Option<Digest> {
        None
    }
}

/// Lines of the table below: what a kind of answer has.
macro_rules! shown {
    ($($kind:ty { $($what:ident = |$it:ident| $value:expr),* $(,)? })+) => {$(
        impl Shown for $kind { $(shown!(@ $what $it $value);)* }
    )+};
    (@ expires_at $it:ident $value:expr) => { fn expires_at(&self) -> Option<Instant> { let $it = self; $value } };
    (@ version $it:ident $value:expr) => { fn version(&self) -> Option<i64> { let $it = self; Some($value) } };
    (@ location $it:ident $value:expr) => { fn location(&self) -> Option<String> { let $it = self; Some($value) } };
}

shown! {
    s::PartnershipOut {}
    s::AgencyOut { version = |it| it.version, location = |it| format!("/v1/agencies/{}", it.id) }
    s::PractitionerOut { version = |it| it.version, location = |it| format!("/v1/practitioners/{}", it.id) }
    s::PersonOut {
        expires_at = |it| sooner(it.expires_at, it.emergency.as_ref()), version = |it| it.version,
        location = |it| format!("/v1/people/{}", it.id),
    }
    s::FamilyOut {
        expires_at = |it| Some(it.expires_at), version = |it| it.version,
        location = |it| format!("/v1/families/{}", it.id),
    }
    s::FamilySummary { expires_at = |it| Some(it.expires_at), version = |it| it.version }
    s::ChronologyOut {
        expires_at = |it| sooner(it.expires_at, it.emergency.as_ref()), version = |it| it.version,
        location = |it| format!("/v1/chronologies/{}", it.id),
    }
    s::ConsolidationOut {
        expires_at = |it| it.view.as_ref().and_then(Shown::expires_at),
        location = |it| format!("/v1/chronologies/{}/consolidations/{}", it.chronology_id, it.id),
    }
    s::SnapshotOut {
        expires_at = |it| [Some(it.chronology.expires_at), Shown::expires_at(&it.consolidation)].into_iter().flatten().min(),
    }
    s::TombstoneOut {}
    s::DestructionOut {}
    s::DeletionCertificateSummary {}
    s::DeletionCertificateOut {}
    s::UnpurgedOut {}
    s::ReaderOut {}
    s::FragmentReaderOut {}
    s::EmergencyAccessOut {
        version = |it| it.version, location = |it| format!("/v1/emergency-accesses/{}", it.id),
    }
    s::AlertOut {}
    s::InvitationOut {
        expires_at = |it| it.emergency.as_ref().map(|notice| notice.until),
        version = |it| it.version, location = |it| format!("/v1/invitations/{}", it.id),
    }
    s::FormOut { expires_at = |it| form_expires_at(it) }
    s::FragmentSummary { expires_at = |it| Some(it.expires_at), version = |it| it.version }
    s::FragmentOut { expires_at = |it| sooner(it.expires_at, it.emergency.as_ref()), version = |it| it.version }
    s::FragmentVersionOut {}
    s::FragmentReceipt {
        expires_at = |it| Some(it.expires_at), version = |it| it.version,
        location = |it| format!("/v1/fragments/{}", it.fragment_id),
    }
    s::PersonQuestionOut { expires_at = |it| Some(it.expires_at), version = |it| it.version }
    s::PersonLinkOut {
        expires_at = |it| Some(it.expires_at), version = |it| it.version,
        location = |it| format!("/v1/chronologies/{}/person-links/{}", it.chronology_id, it.id),
    }
    s::LinksOut { expires_at = |it| sooner(it.expires_at, it.emergency.as_ref()) }
    s::LinkDecisionOut {
        expires_at = |it| Some(it.expires_at), version = |it| it.version,
        location = |it| format!("/v1/chronologies/{}/link-decisions/{}", it.chronology_id, it.id),
    }
    s::HoldOut { version = |it| it.version }
    s::AuditOut {}
    s::AuditCheckpointOut {}
    s::AuditConsistencyOut {}
    s::AuditTileOut {}
    s::AuditProofOut {}
}

/// What is read under an emergency access is served no longer than that lasts.
fn sooner(end: Instant, emergency: Option<&s::EmergencyNotice>) -> Option<Instant> {
    Some(emergency.map_or(end, |notice| end.min(notice.until)))
}

/// A form holds the family and the last return, each with an expiry of its own.
fn form_expires_at(form: &s::FormOut) -> Option<Instant> {
    let last = form.last_return.as_ref().map(|fragment| fragment.expires_at);
    [Some(form.chronology.expires_at), Some(form.family.expires_at), last].into_iter().flatten().min()
}

impl Shown for s::TimelineOut {
    fn expires_at(&self) -> Option<Instant> {
        sooner(self.until.unwrap_or(self.header.expires_at), self.header.emergency.as_ref())
    }

    fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// Without the moment it was drawn up, and without the cursor, which differs each time.
    fn steady(&self, body: &[u8]) -> Option<Digest> {
        let header = s::TimelineHeader { generated_at: Instant::MIN, ..self.header.clone() };
        let mut hash = Context::new(&SHA256);
        hash.update(&serde_json::to_vec(&(header, self.next.is_some())).ok()?);
        hash.update(rows_of(self, body)?);
        Some(hash.finish())
    }
}

/// The rows of a timeline in its body: what stands between the header and the cursor.
fn rows_of<'b>(timeline: &s::TimelineOut, body: &'b [u8]) -> Option<&'b [u8]> {
    let header = serde_json::to_vec(&timeline.header).ok()?;
    let next = timeline.next.as_ref().map(serde_json::to_vec).transpose().ok()?;
    let rows = body.strip_prefix(b"{\"header\":")?.strip_prefix(header.as_slice())?.strip_prefix(b",\"rows\":")?;
    let rows = rows.strip_suffix(b"}")?;
    match next {
        Some(next) => rows.strip_suffix(next.as_slice())?.strip_suffix(b",\"next\":"),
        None => Some(rows),
    }
}

impl<T: Shown> Shown for s::Page<T> {
    fn expires_at(&self) -> Option<Instant> {
        self.items.iter().filter_map(Shown::expires_at).min()
    }

    fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    fn prune(&mut self, now: Instant) {
        self.items.retain(|item| item.expires_at().is_none_or(|end| end > now));
    }

    fn steady(&self, _body: &[u8]) -> Option<Digest> {
        let steady = serde_json::to_vec(&(&self.items, self.next.is_some())).ok()?;
        Some(digest(&SHA256, &steady))
    }
}

#[cfg(test)]
mod tests;
