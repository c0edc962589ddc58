//! Chronologies and their state machine.

use actix_web::{get, patch, post};
use domain::permission::{
    ChronologyClose, ChronologyCreate, ChronologyExtend, ChronologyList, ChronologyOpen,
    ChronologyRead, ChronologyReopen, ChronologySignOff, ChronologyUpdate, ReadersRead,
    TombstoneRead,
};
use service::{
    ChronologyIn, ChronologyOut, ChronologyPatch, ExtendIn, Page, ReaderOut, ReopenIn, SignOffIn,
    TombstoneOut,
};
use utoipa_actix_web::service_config::ServiceConfig;
use web::extract::Authorized;
use web::response::HandlerResult;

use crate::response::JsonResponder as _;

/// Adds the routes of this file.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_chronologies)
        .service(create_chronology)
        .service(get_chronology)
        .service(update_chronology)
        .service(open_chronology)
        .service(close_chronology)
        .service(reopen_chronology)
        .service(extend_chronology)
        .service(sign_off_chronology)
        .service(list_readers)
        .service(get_tombstone);
}

/// List chronologies
///
/// The chronologies you run or are invited to, without content.
#[utoipa::path(
    tag = "Chronologies",
    responses((status = 200, description = "A page of chronologies", body = Page<ChronologyOut>)),
    extensions(("x-audit-event" = json!(ChronologyList::OPERATION_NAME)))
)]
#[get("/v1/chronologies")]
pub(crate) async fn list_chronologies(request: Authorized<ChronologyList>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .chronologies
                .list_chronologies(&context.call, context.page_query()?)?)
        })
        .await
}

/// Create a chronology
///
/// Creates a draft, which invites nobody yet. What is required for opening may still be absent.
#[utoipa::path(
    tag = "Chronologies", request_body = ChronologyIn,
    responses((status = 201, description = "The new draft", body = ChronologyOut)),
    extensions(("x-audit-event" = json!(ChronologyCreate::OPERATION_NAME)))
)]
#[post("/v1/chronologies")]
pub(crate) async fn create_chronology(request: Authorized<ChronologyCreate>) -> HandlerResult {
    request
        .create(|context| {
            Ok(context
                .service
                .chronologies
                .create_chronology(&context.call, context.body()?)?)
        })
        .await
}

/// Read a chronology
///
/// Purpose, grounds, dates and state of the chronology, without content.
#[utoipa::path(
    tag = "Chronologies",
    responses((status = 200, description = "The chronology", body = ChronologyOut)),
    extensions(("x-audit-event" = json!(ChronologyRead::OPERATION_NAME)))
)]
#[get("/v1/chronologies/{chronology_id}")]
pub(crate) async fn get_chronology(request: Authorized<ChronologyRead>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .chronologies
                .get_chronology(&context.call, context.path_id("chronology_id")?)?)
        })
        .await
}

/// Change a chronology
///
/// Changes the purpose (while a draft), grounds, dates, team and owner. Properties that are left out keep their values; null clears a value.
#[utoipa::path(
    tag = "Chronologies", request_body = ChronologyPatch,
    responses((status = 200, description = "The updated chronology", body = ChronologyOut)),
    extensions(("x-audit-event" = json!(ChronologyUpdate::OPERATION_NAME)))
)]
#[patch("/v1/chronologies/{chronology_id}")]
pub(crate) async fn update_chronology(request: Authorized<ChronologyUpdate>) -> HandlerResult {
    request
        .update(|context| {
            let id = context.path_id("chronology_id")?;
            let version = context.expected_version()?;
            Ok(context.service.chronologies.patch_chronology(
                &context.call,
                id,
                version,
                context.body()?,
            )?)
        })
        .await
}

/// Open a chronology
///
/// Sends the invitations. Requires purpose, lawful basis, whether the family was told, and expiry.
#[utoipa::path(
    tag = "Chronologies",
    responses((status = 200, description = "The open chronology", body = ChronologyOut)),
    extensions(("x-audit-event" = json!(ChronologyOpen::OPERATION_NAME)))
)]
#[post("/v1/chronologies/{chronology_id}/open")]
pub(crate) async fn open_chronology(request: Authorized<ChronologyOpen>) -> HandlerResult {
    request
        .perform(|context| {
            context.require_empty_body()?;
            Ok(context
                .service
                .chronologies
                .open_chronology(&context.call, context.path_id("chronology_id")?)?)
        })
        .await
}

/// Close a chronology
///
/// Ends the work on it; social care can read it until it expires.
#[utoipa::path(
    tag = "Chronologies",
    responses((status = 200, description = "The closed chronology", body = ChronologyOut)),
    extensions(("x-audit-event" = json!(ChronologyClose::OPERATION_NAME)))
)]
#[post("/v1/chronologies/{chronology_id}/close")]
pub(crate) async fn close_chronology(request: Authorized<ChronologyClose>) -> HandlerResult {
    request
        .perform(|context| {
            context.require_empty_body()?;
            Ok(context
                .service
                .chronologies
                .close_chronology(&context.call, context.path_id("chronology_id")?)?)
        })
        .await
}

/// Reopen a chronology
///
/// Returns it to the open state, with a reason.
#[utoipa::path(
    tag = "Chronologies", request_body = ReopenIn,
    responses((status = 200, description = "The reopened chronology", body = ChronologyOut)),
    extensions(("x-audit-event" = json!(ChronologyReopen::OPERATION_NAME)))
)]
#[post("/v1/chronologies/{chronology_id}/reopen")]
pub(crate) async fn reopen_chronology(request: Authorized<ChronologyReopen>) -> HandlerResult {
    request
        .perform(|context| {
            let id = context.path_id("chronology_id")?;
            Ok(context.service.chronologies.reopen_chronology(
                &context.call,
                id,
                context.body()?,
            )?)
        })
        .await
}

/// Extend a chronology
///
/// Sets a later expiry within the limits of the partnership, with a reason.
#[utoipa::path(
    tag = "Chronologies", request_body = ExtendIn,
    responses((status = 200, description = "The chronology with its new expiry", body = ChronologyOut)),
    extensions(("x-audit-event" = json!(ChronologyExtend::OPERATION_NAME)))
)]
#[post("/v1/chronologies/{chronology_id}/extend")]
pub(crate) async fn extend_chronology(request: Authorized<ChronologyExtend>) -> HandlerResult {
    request
        .perform(|context| {
            let id = context.path_id("chronology_id")?;
            Ok(context.service.chronologies.extend_chronology(
                &context.call,
                id,
                context.body()?,
            )?)
        })
        .await
}

/// Sign off a chronology
///
/// Exports a snapshot for the social-care record, or records a waiver.
#[utoipa::path(
    tag = "Chronologies", request_body = SignOffIn,
    responses((status = 200, description = "The signed-off chronology", body = ChronologyOut)),
    extensions(("x-audit-event" = json!(ChronologySignOff::OPERATION_NAME)))
)]
#[post("/v1/chronologies/{chronology_id}/sign-off")]
pub(crate) async fn sign_off_chronology(request: Authorized<ChronologySignOff>) -> HandlerResult {
    request
        .perform(|context| {
            let id = context.path_id("chronology_id")?;
            Ok(context.service.chronologies.sign_off_chronology(
                &context.call,
                id,
                context.body()?,
            )?)
        })
        .await
}

/// List recent readers
///
/// The last 25 reads of its content, newest first.
#[utoipa::path(
    tag = "Chronologies",
    responses((status = 200, description = "The recent reads", body = Page<ReaderOut>)),
    extensions(("x-audit-event" = json!(ReadersRead::OPERATION_NAME)))
)]
#[get("/v1/chronologies/{chronology_id}/readers")]
pub(crate) async fn list_readers(request: Authorized<ReadersRead>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .chronologies
                .list_chronology_readers(&context.call, context.path_id("chronology_id")?)?)
        })
        .await
}

/// Read a tombstone
///
/// What remains of an expired or withdrawn chronology or fragment, under its former id: no content and no names.
#[utoipa::path(
    tag = "Chronologies",
    responses((status = 200, description = "The tombstone", body = TombstoneOut)),
    extensions(("x-audit-event" = json!(TombstoneRead::OPERATION_NAME)))
)]
#[get("/v1/tombstones/{tombstone_id}")]
pub(crate) async fn get_tombstone(request: Authorized<TombstoneRead>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .chronologies
                .get_tombstone(&context.call, context.path_id("tombstone_id")?)?)
        })
        .await
}
