//! The HTTP metadata of use-case results: expiry, entity tag, location and paging.

use aws_lc_rs::digest::{Context, Digest, SHA256, digest};
use domain::Instant;
use serde::Serialize;
use service as s;

/// A use-case result that is served as JSON. The implementations define in one place until when
/// each kind may be served.
pub(crate) trait Representation: Serialize + Send + 'static {
    /// Expiry, from which on it must not be sent even if it was read earlier.
    fn expires_at(&self) -> Option<Instant> {
        None
    }

    /// Version, the first part of the `ETag`.
    fn version(&self) -> Option<i64> {
        None
    }

    /// URL path, for `Location`.
    fn location(&self) -> Option<String> {
        None
    }

    /// Cursor of the next page.
    fn next_cursor(&self) -> Option<&str> {
        None
    }

    /// Removes items that have expired before the whole has.
    fn remove_expired(&mut self, _now: Instant) {}

    /// For a result without a version, a hash of the part that changes only with its content;
    /// `None` means all of `body`, its serialised form, which is passed so that large parts need
    /// not be serialised again.
    fn stable_hash(&self, _body: &[u8]) -> Option<Digest> {
        None
    }
}

/// Implements [`Representation`] for each type, with the methods that it overrides.
macro_rules! representations {
    ($($kind:ty { $($method:ident = |$value:ident| $body:expr),* $(,)? })+) => {$(
        impl Representation for $kind { $(representations!(@ $method $value $body);)* }
    )+};
    (@ expires_at $value:ident $body:expr) => {
        fn expires_at(&self) -> Option<Instant> {
            let $value = self;
            $body
        }
    };
    (@ version $value:ident $body:expr) => {
        fn version(&self) -> Option<i64> {
            let $value = self;
            Some($body)
        }
    };
    (@ location $value:ident $body:expr) => {
        fn location(&self) -> Option<String> {
            let $value = self;
            Some($body)
        }
    };
}

representations! {
    s::PartnershipOut {}
    s::AgencyOut {
        version = |agency| agency.version,
        location = |agency| format!("/v1/agencies/{}", agency.id),
    }
    s::PractitionerOut {
        version = |practitioner| practitioner.version,
        location = |practitioner| format!("/v1/practitioners/{}", practitioner.id),
    }
    s::PersonOut {
        expires_at = |person| limit_to_emergency(person.expires_at, person.emergency.as_ref()),
        version = |person| person.version,
        location = |person| format!("/v1/people/{}", person.id),
    }
    s::FamilyOut {
        expires_at = |family| Some(family.expires_at),
        version = |family| family.version,
        location = |family| format!("/v1/families/{}", family.id),
    }
    s::FamilySummary {
        expires_at = |family| Some(family.expires_at),
        version = |family| family.version,
    }
    s::ChronologyOut {
        expires_at = |chronology| {
            limit_to_emergency(chronology.expires_at, chronology.emergency.as_ref())
        },
        version = |chronology| chronology.version,
        location = |chronology| format!("/v1/chronologies/{}", chronology.id),
    }
    s::ConsolidationOut {
        expires_at = |consolidation| {
            consolidation.view.as_ref().and_then(Representation::expires_at)
        },
        location = |consolidation| {
            format!(
                "/v1/chronologies/{}/consolidations/{}",
                consolidation.chronology_id, consolidation.id
            )
        },
    }
    s::SnapshotOut {
        expires_at = |snapshot| {
            let chronology = Some(snapshot.chronology.expires_at);
            let consolidation = Representation::expires_at(&snapshot.consolidation);
            [chronology, consolidation].into_iter().flatten().min()
        },
    }
    s::TombstoneOut {}
    s::DestructionOut {}
    s::DeletionCertificateSummary {}
    s::DeletionCertificateOut {}
    s::UnpurgedOut {}
    s::ReaderOut {}
    s::FragmentReaderOut {}
    s::EmergencyAccessOut {
        version = |access| access.version,
        location = |access| format!("/v1/emergency-accesses/{}", access.id),
    }
    s::AlertOut {}
    s::InvitationOut {
        expires_at = |invitation| invitation.emergency.as_ref().map(|notice| notice.until),
        version = |invitation| invitation.version,
        location = |invitation| format!("/v1/invitations/{}", invitation.id),
    }
    s::FormOut {
        expires_at = |form| form_expires_at(form),
    }
    s::FragmentSummary {
        expires_at = |fragment| Some(fragment.expires_at),
        version = |fragment| fragment.version,
    }
    s::FragmentOut {
        expires_at = |fragment| {
            limit_to_emergency(fragment.expires_at, fragment.emergency.as_ref())
        },
        version = |fragment| fragment.version,
    }
    s::FragmentVersionOut {}
    s::FragmentReceipt {
        expires_at = |receipt| Some(receipt.expires_at),
        version = |receipt| receipt.version,
        location = |receipt| format!("/v1/fragments/{}", receipt.fragment_id),
    }
    s::PersonQuestionOut {
        expires_at = |question| Some(question.expires_at),
        version = |question| question.version,
    }
    s::PersonLinkOut {
        expires_at = |link| Some(link.expires_at),
        version = |link| link.version,
        location = |link| {
            format!("/v1/chronologies/{}/person-links/{}", link.chronology_id, link.id)
        },
    }
    s::LinksOut {
        expires_at = |links| limit_to_emergency(links.expires_at, links.emergency.as_ref()),
    }
    s::LinkDecisionOut {
        expires_at = |decision| Some(decision.expires_at),
        version = |decision| decision.version,
        location = |decision| {
            format!("/v1/chronologies/{}/link-decisions/{}", decision.chronology_id, decision.id)
        },
    }
    s::HoldOut {
        version = |hold| hold.version,
    }
    s::AuditOut {}
    s::AuditCheckpointOut {}
    s::AuditConsistencyOut {}
    s::AuditTileOut {}
    s::AuditProofOut {}
}

/// The expiry of what is read under an emergency access: no later than the end of that access.
fn limit_to_emergency(
    expires_at: Instant,
    emergency: Option<&s::EmergencyNotice>,
) -> Option<Instant> {
    Some(emergency.map_or(expires_at, |notice| expires_at.min(notice.until)))
}

/// A form contains the family and the last return, each with its own expiry.
fn form_expires_at(form: &s::FormOut) -> Option<Instant> {
    let last = form
        .last_return
        .as_ref()
        .map(|fragment| fragment.expires_at);
    [
        Some(form.chronology.expires_at),
        Some(form.family.expires_at),
        last,
    ]
    .into_iter()
    .flatten()
    .min()
}

impl Representation for s::TimelineOut {
    fn expires_at(&self) -> Option<Instant> {
        limit_to_emergency(
            self.until.unwrap_or(self.header.expires_at),
            self.header.emergency.as_ref(),
        )
    }

    fn next_cursor(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// Excludes the time of generation, and the cursor, which differs on every read.
    fn stable_hash(&self, body: &[u8]) -> Option<Digest> {
        let header = s::TimelineHeader {
            generated_at: Instant::MIN,
            ..self.header.clone()
        };
        let mut hash = Context::new(&SHA256);
        hash.update(&serde_json::to_vec(&(header, self.next.is_some())).ok()?);
        hash.update(find_rows(self, body)?);
        Some(hash.finish())
    }
}

/// The serialised rows in the body of a timeline, between the header and the cursor.
fn find_rows<'b>(timeline: &s::TimelineOut, body: &'b [u8]) -> Option<&'b [u8]> {
    let header = serde_json::to_vec(&timeline.header).ok()?;
    let next = timeline
        .next
        .as_ref()
        .map(serde_json::to_vec)
        .transpose()
        .ok()?;
    let rows = body
        .strip_prefix(b"{\"header\":")?
        .strip_prefix(header.as_slice())?
        .strip_prefix(b",\"rows\":")?;
    let rows = rows.strip_suffix(b"}")?;
    match next {
        Some(next) => rows
            .strip_suffix(next.as_slice())?
            .strip_suffix(b",\"next\":"),
        None => Some(rows),
    }
}

impl<T: Representation> Representation for s::Page<T> {
    fn expires_at(&self) -> Option<Instant> {
        self.items
            .iter()
            .filter_map(Representation::expires_at)
            .min()
    }

    fn next_cursor(&self) -> Option<&str> {
        self.next.as_deref()
    }

    fn remove_expired(&mut self, now: Instant) {
        self.items
            .retain(|item| item.expires_at().is_none_or(|expires_at| expires_at > now));
    }

    fn stable_hash(&self, _body: &[u8]) -> Option<Digest> {
        let stable = serde_json::to_vec(&(&self.items, self.next.is_some())).ok()?;
        Some(digest(&SHA256, &stable))
    }
}

#[cfg(test)]
mod tests;
