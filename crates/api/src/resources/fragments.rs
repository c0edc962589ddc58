//! Fragments: what an agency submits.

use actix_web::{delete, get, post, put};
use domain::permission::{
    FragmentCorrect, FragmentExtend, FragmentList, FragmentRead, FragmentReaders, FragmentSubmit,
    FragmentSubmitAdvance, FragmentVersions, FragmentWithdraw,
};
use service::{
    AheadFragmentIn, ExtendIn, FragmentIn, FragmentOut, FragmentReaderOut, FragmentReceipt,
    FragmentSummary, FragmentVersionOut, Page,
};
use utoipa_actix_web::service_config::ServiceConfig;
use web::extract::Authorized;
use web::response::HandlerResult;

use crate::response::JsonResponder as _;

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
/// The fragments submitted so far, without their entries. An agency sees its own.
#[utoipa::path(
    tag = "Fragments",
    responses((status = 200, description = "A page of fragments", body = Page<FragmentSummary>)),
    extensions(("x-audit-event" = json!(FragmentList::OPERATION_NAME)))
)]
#[get("/v1/chronologies/{chronology_id}/fragments")]
pub(crate) async fn list_chronology_fragments(request: Authorized<FragmentList>) -> HandlerResult {
    request
        .read(|context| {
            let id = context.path_id("chronology_id")?;
            let page = context.page_query()?;
            Ok(context
                .service
                .fragments
                .list_fragments(&context.call, id, page)?)
        })
        .await
}

/// Submit a fragment
///
/// The agency's return, for the whole family or for one child. It is accepted as a whole or not at all. Sending it again with the same agency reference updates the fragment; sending the same content again changes nothing.
#[utoipa::path(
    tag = "Fragments", request_body = FragmentIn,
    responses((status = 201, description = "Received: a new fragment", body = FragmentReceipt),
        (status = 200, description = "Received: updated, or nothing had changed", body = FragmentReceipt)),
    extensions(("x-audit-event" = json!(FragmentSubmit::OPERATION_NAME)))
)]
#[post("/v1/chronologies/{chronology_id}/fragments")]
pub(crate) async fn submit_fragment(request: Authorized<FragmentSubmit>) -> HandlerResult {
    request
        .submit(|context| {
            let id = context.path_id("chronology_id")?;
            Ok(context
                .service
                .fragments
                .submit_fragment(&context.call, id, context.body()?)?)
        })
        .await
}

/// Submit a fragment under your own reference
///
/// Creates the fragment without If-Match; updates an existing one under If-Match with its ETag. Repeating the request has no further effect.
#[utoipa::path(
    tag = "Fragments", request_body = FragmentIn,
    responses((status = 201, description = "Received: a new fragment", body = FragmentReceipt),
        (status = 200, description = "Received: updated, or nothing had changed", body = FragmentReceipt)),
    extensions(("x-audit-event" = json!(FragmentSubmit::OPERATION_NAME)))
)]
#[put("/v1/chronologies/{chronology_id}/fragments/{agency_reference}")]
pub(crate) async fn put_fragment(request: Authorized<FragmentSubmit>) -> HandlerResult {
    request
        .put(|context| {
            let id = context.path_id("chronology_id")?;
            let reference = context.path_reference("agency_reference")?;
            let version = context.optional_expected_version()?;
            Ok(context.service.fragments.put_fragment(
                &context.call,
                id,
                reference,
                version,
                context.body()?,
            )?)
        })
        .await
}

/// List your agency's fragments
///
/// Fragments on chronologies and advance submissions, without their entries.
#[utoipa::path(
    tag = "Fragments",
    responses((status = 200, description = "A page of fragments", body = Page<FragmentSummary>)),
    extensions(("x-audit-event" = json!(FragmentList::OPERATION_NAME)))
)]
#[get("/v1/fragments")]
pub(crate) async fn list_fragments(request: Authorized<FragmentList>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .fragments
                .list_own_fragments(&context.call, context.page_query()?)?)
        })
        .await
}

/// Submit a fragment in advance of a chronology
///
/// Stores the fragment, invisible to other agencies, until social care opens a chronology about the family or it expires. Available where the partnership allows it.
#[utoipa::path(
    tag = "Fragments", request_body = AheadFragmentIn,
    responses((status = 201, description = "Received: a new fragment", body = FragmentReceipt),
        (status = 200, description = "Received: updated, or nothing had changed", body = FragmentReceipt)),
    extensions(("x-audit-event" = json!(FragmentSubmitAdvance::OPERATION_NAME)))
)]
#[post("/v1/fragments")]
pub(crate) async fn submit_fragment_ahead(
    request: Authorized<FragmentSubmitAdvance>,
) -> HandlerResult {
    request
        .submit(|context| {
            Ok(context
                .service
                .fragments
                .submit_advance_fragment(&context.call, context.body()?)?)
        })
        .await
}

/// Read a fragment
///
/// The current version with its entries.
#[utoipa::path(
    tag = "Fragments",
    responses((status = 200, description = "The fragment", body = FragmentOut)),
    extensions(("x-audit-event" = json!(FragmentRead::OPERATION_NAME)))
)]
#[get("/v1/fragments/{fragment_id}")]
pub(crate) async fn get_fragment(request: Authorized<FragmentRead>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .fragments
                .get_fragment(&context.call, context.path_id("fragment_id")?)?)
        })
        .await
}

/// Correct a fragment
///
/// Creates a new version; earlier versions stay readable until the fragment expires.
#[utoipa::path(
    tag = "Fragments", request_body = FragmentIn,
    responses((status = 200, description = "Received", body = FragmentReceipt)),
    extensions(("x-audit-event" = json!(FragmentCorrect::OPERATION_NAME)))
)]
#[put("/v1/fragments/{fragment_id}")]
pub(crate) async fn correct_fragment(request: Authorized<FragmentCorrect>) -> HandlerResult {
    request
        .update(|context| {
            let id = context.path_id("fragment_id")?;
            let version = context.expected_version()?;
            Ok(context.service.fragments.correct_fragment(
                &context.call,
                id,
                version,
                context.body()?,
            )?)
        })
        .await
}

/// Withdraw a fragment
///
/// Removes its entries from the timeline and destroys its content; a tombstone remains.
#[utoipa::path(
    tag = "Fragments",
    responses((status = 204, description = "Withdrawn")),
    extensions(("x-audit-event" = json!(FragmentWithdraw::OPERATION_NAME)))
)]
#[delete("/v1/fragments/{fragment_id}")]
pub(crate) async fn withdraw_fragment(request: Authorized<FragmentWithdraw>) -> HandlerResult {
    request
        .delete(|context| {
            let id = context.path_id("fragment_id")?;
            let version = context.expected_version()?;
            Ok(context
                .service
                .fragments
                .withdraw_fragment(&context.call, id, version)?)
        })
        .await
}

/// Change a fragment's expiry
///
/// Sets the expiry, with a reason, to no later than that of the chronology.
#[utoipa::path(
    tag = "Fragments", request_body = ExtendIn,
    responses((status = 200, description = "The fragment with its new expiry", body = FragmentReceipt)),
    extensions(("x-audit-event" = json!(FragmentExtend::OPERATION_NAME)))
)]
#[post("/v1/fragments/{fragment_id}/extend")]
pub(crate) async fn extend_fragment(request: Authorized<FragmentExtend>) -> HandlerResult {
    request
        .perform(|context| {
            let id = context.path_id("fragment_id")?;
            Ok(context
                .service
                .fragments
                .extend_fragment(&context.call, id, context.body()?)?)
        })
        .await
}

/// List a fragment's versions
///
/// The author, time and reason of each version, without the entries.
#[utoipa::path(
    tag = "Fragments",
    responses((status = 200, description = "All versions", body = Page<FragmentVersionOut>)),
    extensions(("x-audit-event" = json!(FragmentVersions::OPERATION_NAME)))
)]
#[get("/v1/fragments/{fragment_id}/versions")]
pub(crate) async fn list_fragment_versions(request: Authorized<FragmentVersions>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .fragments
                .list_fragment_versions(&context.call, context.path_id("fragment_id")?)?)
        })
        .await
}

/// Read an earlier version of a fragment
///
/// The fragment with the entries of that version.
#[utoipa::path(
    tag = "Fragments",
    responses((status = 200, description = "That version", body = FragmentOut)),
    extensions(("x-audit-event" = json!(FragmentVersions::OPERATION_NAME)))
)]
#[get("/v1/fragments/{fragment_id}/versions/{version}")]
pub(crate) async fn get_fragment_version(request: Authorized<FragmentVersions>) -> HandlerResult {
    request
        .read(|context| {
            let id = context.path_id("fragment_id")?;
            let version = context.path_number("version")?;
            Ok(context
                .service
                .fragments
                .get_fragment_version(&context.call, id, version)?)
        })
        .await
}

/// List who has read a fragment
///
/// For the agency that submitted it: every response that showed entries of the fragment, newest first, whether it was the fragment itself, a timeline, its links or a frozen view.
#[utoipa::path(
    tag = "Fragments",
    responses((status = 200, description = "A page of readers", body = Page<FragmentReaderOut>)),
    extensions(("x-audit-event" = json!(FragmentReaders::OPERATION_NAME)))
)]
#[get("/v1/fragments/{fragment_id}/readers")]
pub(crate) async fn list_fragment_readers(request: Authorized<FragmentReaders>) -> HandlerResult {
    request
        .read(|context| {
            let id = context.path_id("fragment_id")?;
            let page = context.page_query()?;
            Ok(context
                .service
                .disclosure
                .list_fragment_readers(&context.call, id, page)?)
        })
        .await
}
