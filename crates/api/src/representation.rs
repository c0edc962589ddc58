//! The HTTP metadata of use-case results: expiry, entity tag, location and paging.

use aws_lc_rs::digest::{Context, Digest, SHA256, digest};
use domain::Instant;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use service as s;

/// A representation as JSON.
pub(crate) struct JsonRepresentation {
    /// The body of the response.
    pub(crate) body: Vec<u8>,
    /// A hash of what changes only with the content, for the `ETag`.
    pub(crate) stable_hash: Digest,
}

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

    /// Serialises it. By default the whole changes only with the content. What has parts that
    /// change on every read serialises the others separately, once for both body and hash.
    ///
    /// # Errors
    /// When a part cannot be serialised.
    fn to_json(&self) -> serde_json::Result<JsonRepresentation> {
        let body = serde_json::to_vec(self)?;
        let stable_hash = digest(&SHA256, &body);
        Ok(JsonRepresentation { body, stable_hash })
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

    /// The hash excludes the time of generation, and the cursor, which differs on every read.
    fn to_json(&self) -> serde_json::Result<JsonRepresentation> {
        let Self {
            header,
            rows,
            next,
            until: _,
        } = self;
        let rows = to_raw_value(rows)?;
        let body = serde_json::to_vec(&TimelineJson {
            header,
            rows: &rows,
            next: next.as_deref(),
        })?;
        let stable_header = s::TimelineHeader {
            generated_at: Instant::MIN,
            ..header.clone()
        };
        let mut hash = Context::new(&SHA256);
        hash.update(&serde_json::to_vec(&(stable_header, next.is_some()))?);
        hash.update(rows.get().as_bytes());
        Ok(JsonRepresentation {
            body,
            stable_hash: hash.finish(),
        })
    }
}

/// A timeline whose rows are serialised already.
#[derive(Serialize)]
struct TimelineJson<'a> {
    header: &'a s::TimelineHeader,
    rows: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
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

    /// The hash excludes the cursor, which differs on every read.
    fn to_json(&self) -> serde_json::Result<JsonRepresentation> {
        let Self { items, next } = self;
        let items = to_raw_value(items)?;
        let body = serde_json::to_vec(&PageJson {
            items: &items,
            next: next.as_deref(),
        })?;
        let stable = serde_json::to_vec(&(&items, next.is_some()))?;
        let stable_hash = digest(&SHA256, &stable);
        Ok(JsonRepresentation { body, stable_hash })
    }
}

/// A page whose items are serialised already.
#[derive(Serialize)]
struct PageJson<'a> {
    items: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
}

#[cfg(test)]
mod tests;
