//! Fragments: what an agency submits.

use actix_web::{delete, get, post, put};
use service::{
    AheadFragmentIn, ExtendIn, FragmentIn, FragmentOut, FragmentReaderOut, FragmentReceipt, FragmentSummary,
    FragmentVersionOut, Page,
};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::ask::Asked;
use crate::permission::{
    FragmentAhead, FragmentCorrect, FragmentExtend, FragmentList, FragmentRead, FragmentReaders, FragmentSubmit,
    FragmentVersions, FragmentWithdraw,
};
use crate::reply::Reply;

/// Adds the routes of this file.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_chronology_fragments)
        .service(submit_fragment)
        .service(put_fragment)
        .service(list_fragments)
        .service(submit_fragment_ahead)
        .service(get_fragment)
        .service(correct_fragment)
        .service(withdraw_fragment)
        .service(extend_fragment)
        .service(list_fragment_versions)
        .service(get_fragment_version)
        .service(list_fragment_readers);
}

/// List a chronology's fragments
///
/// Those submitted so far, without their entries; an agency sees its own.
#[utoipa::path(
    tag = "Fragments",
    responses((status = 200, description = "A page of fragments", body = Page<FragmentSummary>)),
    extensions(("x-audit-event" = json!(FragmentList::WORD)))
)]
#[get("/v1/chronologies/{chronology_id}/fragments")]
pub(crate) async fn list_chronology_fragments(asked: Asked<FragmentList>) -> Reply {
    asked
        .read(|ask| {
            let (id, page) = (ask.id("chronology_id")?, ask.page()?);
            Ok(ask.service.fragments(&ask.call, id, page)?)
        })
        .await
}

/// Submit a fragment
///
/// The agency's return, for the whole family or for one child. All of it is taken or none. Sent again with the same agency reference it is an update; with the same content it changes nothing.
#[utoipa::path(
    tag = "Fragments", request_body = FragmentIn,
    responses((status = 201, description = "Received: a new fragment", body = FragmentReceipt),
        (status = 200, description = "Received: updated, or nothing had changed", body = FragmentReceipt)),
    extensions(("x-audit-event" = json!(FragmentSubmit::WORD)))
)]
#[post("/v1/chronologies/{chronology_id}/fragments")]
pub(crate) async fn submit_fragment(asked: Asked<FragmentSubmit>) -> Reply {
    asked
        .submit(|ask| {
            let id = ask.id("chronology_id")?;
            Ok(ask.service.submit_fragment(&ask.call, id, ask.body()?)?)
        })
        .await
}

/// Submit a fragment under your own reference
///
/// Creates it without If-Match; an existing one is updated under If-Match with its ETag. Sending it twice has one effect.
#[utoipa::path(
    tag = "Fragments", request_body = FragmentIn,
    responses((status = 201, description = "Received: a new fragment", body = FragmentReceipt),
        (status = 200, description = "Received: updated, or nothing had changed", body = FragmentReceipt)),
    extensions(("x-audit-event" = json!(FragmentSubmit::WORD)))
)]
#[put("/v1/chronologies/{chronology_id}/fragments/{agency_reference}")]
pub(crate) async fn put_fragment(asked: Asked<FragmentSubmit>) -> Reply {
    asked
        .put(|ask| {
            let (id, reference) = (ask.id("chronology_id")?, ask.reference("agency_reference")?);
            let version = ask.version_if_any()?;
            Ok(ask.service.put_fragment(&ask.call, id, reference, version, ask.body()?)?)
        })
        .await
}

/// List your agency's fragments
///
/// On chronologies and ahead of them, without their entries.
#[utoipa::path(
    tag = "Fragments",
    responses((status = 200, description = "A page of fragments", body = Page<FragmentSummary>)),
    extensions(("x-audit-event" = json!(FragmentList::WORD)))
)]
#[get("/v1/fragments")]
pub(crate) async fn list_fragments(asked: Asked<FragmentList>) -> Reply {
    asked.read(|ask| Ok(ask.service.my_fragments(&ask.call, ask.page()?)?)).await
}

/// Submit ahead of a chronology
///
/// Kept, and unseen by others, until social care opens one about the family or it expires; where the partnership allows it.
#[utoipa::path(
    tag = "Fragments", request_body = AheadFragmentIn,
    responses((status = 201, description = "Received: a new fragment", body = FragmentReceipt),
        (status = 200, description = "Received: updated, or nothing had changed", body = FragmentReceipt)),
    extensions(("x-audit-event" = json!(FragmentAhead::WORD)))
)]
#[post("/v1/fragments")]
pub(crate) async fn submit_fragment_ahead(asked: Asked<FragmentAhead>) -> Reply {
    asked.submit(|ask| Ok(ask.service.submit_ahead(&ask.call, ask.body()?)?)).await
}

/// Read a fragment
///
/// Its present version with its entries.
#[utoipa::path(
    tag = "Fragments",
    responses((status = 200, description = "The fragment", body = FragmentOut)),
    extensions(("x-audit-event" = json!(FragmentRead::WORD)))
)]
#[get("/v1/fragments/{fragment_id}")]
pub(crate) async fn get_fragment(asked: Asked<FragmentRead>) -> Reply {
    asked.read(|ask| Ok(ask.service.fragment(&ask.call, ask.id("fragment_id")?)?)).await
}

/// Correct a fragment
///
/// A new version; the earlier ones stay readable until it expires.
#[utoipa::path(
    tag = "Fragments", request_body = FragmentIn,
    responses((status = 200, description = "Received", body = FragmentReceipt)),
    extensions(("x-audit-event" = json!(FragmentCorrect::WORD)))
)]
#[put("/v1/fragments/{fragment_id}")]
pub(crate) async fn correct_fragment(asked: Asked<FragmentCorrect>) -> Reply {
    asked
        .change(|ask| {
            let (id, version) = (ask.id("fragment_id")?, ask.version()?);
            Ok(ask.service.correct_fragment(&ask.call, id, version, ask.body()?)?)
        })
        .await
}

/// Withdraw a fragment
///
/// Its entries leave the timeline and its content is destroyed; a tombstone stays.
#[utoipa::path(
    tag = "Fragments",
    responses((status = 204, description = "Withdrawn")),
    extensions(("x-audit-event" = json!(FragmentWithdraw::WORD)))
)]
#[delete("/v1/fragments/{fragment_id}")]
pub(crate) async fn withdraw_fragment(asked: Asked<FragmentWithdraw>) -> Reply {
    asked
        .remove(|ask| {
            let (id, version) = (ask.id("fragment_id")?, ask.version()?);
            Ok(ask.service.withdraw_fragment(&ask.call, id, version)?)
        })
        .await
}

/// Change a fragment's expiry
///
/// At most the chronology's expiry, with a reason.
#[utoipa::path(
    tag = "Fragments", request_body = ExtendIn,
    responses((status = 200, description = "The fragment with its new expiry", body = FragmentReceipt)),
    extensions(("x-audit-event" = json!(FragmentExtend::WORD)))
)]
#[post("/v1/fragments/{fragment_id}/extend")]
pub(crate) async fn extend_fragment(asked: Asked<FragmentExtend>) -> Reply {
    asked
        .step(|ask| {
            let id = ask.id("fragment_id")?;
            Ok(ask.service.extend_fragment(&ask.call, id, ask.body()?)?)
        })
        .await
}

/// List a fragment's versions
///
/// Who wrote each, when and why, without the entries.
#[utoipa::path(
    tag = "Fragments",
    responses((status = 200, description = "All versions", body = Page<FragmentVersionOut>)),
    extensions(("x-audit-event" = json!(FragmentVersions::WORD)))
)]
#[get("/v1/fragments/{fragment_id}/versions")]
pub(crate) async fn list_fragment_versions(asked: Asked<FragmentVersions>) -> Reply {
    asked.read(|ask| Ok(ask.service.fragment_versions(&ask.call, ask.id("fragment_id")?)?)).await
}

/// Read an earlier version
///
/// The fragment as it was.
#[utoipa::path(
    tag = "Fragments",
    responses((status = 200, description = "That version", body = FragmentOut)),
    extensions(("x-audit-event" = json!(FragmentVersions::WORD)))
)]
#[get("/v1/fragments/{fragment_id}/versions/{version}")]
pub(crate) async fn get_fragment_version(asked: Asked<FragmentVersions>) -> Reply {
    asked
        .read(|ask| {
            let (id, version) = (ask.id("fragment_id")?, ask.number("version")?);
            Ok(ask.service.fragment_version(&ask.call, id, version)?)
        })
        .await
}

/// List who was shown a fragment
///
/// For the agency that submitted it: each answer in which entries of the fragment were shown, newest first; of the fragment itself, a timeline, its links or a frozen view.
#[utoipa::path(
    tag = "Fragments",
    responses((status = 200, description = "A page of readers", body = Page<FragmentReaderOut>)),
    extensions(("x-audit-event" = json!(FragmentReaders::WORD)))
)]
#[get("/v1/fragments/{fragment_id}/readers")]
pub(crate) async fn list_fragment_readers(asked: Asked<FragmentReaders>) -> Reply {
    asked
        .read(|ask| {
            let (id, page) = (ask.id("fragment_id")?, ask.page()?);
            Ok(ask.service.fragment_readers(&ask.call, id, page)?)
        })
        .await
}
