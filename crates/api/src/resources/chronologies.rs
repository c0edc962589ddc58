//! Chronologies and their state machine.

use actix_web::{get, patch, post};
use service::{
    ChronologyIn, ChronologyOut, ChronologyPatch, ExtendIn, Page, ReaderOut, ReopenIn, SignOffIn, TombstoneOut,
};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::ask::Asked;
use crate::permission::{
    ChronologyClose, ChronologyCreate, ChronologyExtend, ChronologyList, ChronologyOpen, ChronologyRead,
    ChronologyReopen, ChronologySignOff, ChronologyUpdate, ReadersRead, TombstoneRead,
};
use crate::reply::Reply;

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
/// Those you run or are invited to, without content.
#[utoipa::path(
    tag = "Chronologies",
    responses((status = 200, description = "A page of chronologies", body = Page<ChronologyOut>)),
    extensions(("x-audit-event" = json!(ChronologyList::WORD)))
)]
#[get("/v1/chronologies")]
pub(crate) async fn list_chronologies(asked: Asked<ChronologyList>) -> Reply {
    asked.read(|ask| Ok(ask.service.chronologies(&ask.call, ask.page()?)?)).await
}

/// Prepare a chronology
///
/// A draft: nobody is asked yet. What opening needs may still be absent.
#[utoipa::path(
    tag = "Chronologies", request_body = ChronologyIn,
    responses((status = 201, description = "The new draft", body = ChronologyOut)),
    extensions(("x-audit-event" = json!(ChronologyCreate::WORD)))
)]
#[post("/v1/chronologies")]
pub(crate) async fn create_chronology(asked: Asked<ChronologyCreate>) -> Reply {
    asked.create(|ask| Ok(ask.service.create_chronology(&ask.call, ask.body()?)?)).await
}

/// Read a chronology
///
/// Purpose, grounds, dates and state, without content.
#[utoipa::path(
    tag = "Chronologies",
    responses((status = 200, description = "The chronology", body = ChronologyOut)),
    extensions(("x-audit-event" = json!(ChronologyRead::WORD)))
)]
#[get("/v1/chronologies/{chronology_id}")]
pub(crate) async fn get_chronology(asked: Asked<ChronologyRead>) -> Reply {
    asked.read(|ask| Ok(ask.service.chronology(&ask.call, ask.id("chronology_id")?)?)).await
}

/// Change a chronology
///
/// Purpose (while a draft), grounds, dates, team and owner. What is left out stays; null clears.
#[utoipa::path(
    tag = "Chronologies", request_body = ChronologyPatch,
    responses((status = 200, description = "The chronology as it is now", body = ChronologyOut)),
    extensions(("x-audit-event" = json!(ChronologyUpdate::WORD)))
)]
#[patch("/v1/chronologies/{chronology_id}")]
pub(crate) async fn update_chronology(asked: Asked<ChronologyUpdate>) -> Reply {
    asked
        .change(|ask| {
            let (id, version) = (ask.id("chronology_id")?, ask.version()?);
            Ok(ask.service.patch_chronology(&ask.call, id, version, ask.body()?)?)
        })
        .await
}

/// Open a chronology
///
/// Asks the invited agencies. Needs purpose, lawful basis, whether the family was told, and expiry.
#[utoipa::path(
    tag = "Chronologies",
    responses((status = 200, description = "The chronology, open", body = ChronologyOut)),
    extensions(("x-audit-event" = json!(ChronologyOpen::WORD)))
)]
#[post("/v1/chronologies/{chronology_id}/open")]
pub(crate) async fn open_chronology(asked: Asked<ChronologyOpen>) -> Reply {
    asked
        .step(|ask| {
            ask.no_body()?;
            Ok(ask.service.open_chronology(&ask.call, ask.id("chronology_id")?)?)
        })
        .await
}

/// Close a chronology
///
/// Work has ended; social care can read it until it expires.
#[utoipa::path(
    tag = "Chronologies",
    responses((status = 200, description = "The chronology, closed", body = ChronologyOut)),
    extensions(("x-audit-event" = json!(ChronologyClose::WORD)))
)]
#[post("/v1/chronologies/{chronology_id}/close")]
pub(crate) async fn close_chronology(asked: Asked<ChronologyClose>) -> Reply {
    asked
        .step(|ask| {
            ask.no_body()?;
            Ok(ask.service.close_chronology(&ask.call, ask.id("chronology_id")?)?)
        })
        .await
}

/// Reopen a chronology
///
/// Back to open, with a reason.
#[utoipa::path(
    tag = "Chronologies", request_body = ReopenIn,
    responses((status = 200, description = "The chronology, open again", body = ChronologyOut)),
    extensions(("x-audit-event" = json!(ChronologyReopen::WORD)))
)]
#[post("/v1/chronologies/{chronology_id}/reopen")]
pub(crate) async fn reopen_chronology(asked: Asked<ChronologyReopen>) -> Reply {
    asked
        .step(|ask| {
            let id = ask.id("chronology_id")?;
            Ok(ask.service.reopen_chronology(&ask.call, id, ask.body()?)?)
        })
        .await
}

/// Extend a chronology
///
/// A later expiry within what the partnership allows, with a reason.
#[utoipa::path(
    tag = "Chronologies", request_body = ExtendIn,
    responses((status = 200, description = "The chronology with its new expiry", body = ChronologyOut)),
    extensions(("x-audit-event" = json!(ChronologyExtend::WORD)))
)]
#[post("/v1/chronologies/{chronology_id}/extend")]
pub(crate) async fn extend_chronology(asked: Asked<ChronologyExtend>) -> Reply {
    asked
        .step(|ask| {
            let id = ask.id("chronology_id")?;
            Ok(ask.service.extend_chronology(&ask.call, id, ask.body()?)?)
        })
        .await
}

/// Sign a chronology off
///
/// A snapshot is exported for the social-care record, or its waiver is recorded.
#[utoipa::path(
    tag = "Chronologies", request_body = SignOffIn,
    responses((status = 200, description = "The chronology, signed off", body = ChronologyOut)),
    extensions(("x-audit-event" = json!(ChronologySignOff::WORD)))
)]
#[post("/v1/chronologies/{chronology_id}/sign-off")]
pub(crate) async fn sign_off_chronology(asked: Asked<ChronologySignOff>) -> Reply {
    asked
        .step(|ask| {
            let id = ask.id("chronology_id")?;
            Ok(ask.service.sign_off_chronology(&ask.call, id, ask.body()?)?)
        })
        .await
}

/// List the last readers
///
/// The last 25 reads of its content, newest first.
#[utoipa::path(
    tag = "Chronologies",
    responses((status = 200, description = "Who read it", body = Page<ReaderOut>)),
    extensions(("x-audit-event" = json!(ReadersRead::WORD)))
)]
#[get("/v1/chronologies/{chronology_id}/readers")]
pub(crate) async fn list_readers(asked: Asked<ReadersRead>) -> Reply {
    asked.read(|ask| Ok(ask.service.readers(&ask.call, ask.id("chronology_id")?)?)).await
}

/// Read a tombstone
///
/// What is left of an expired or withdrawn chronology or fragment, under its old id: no content, no names.
#[utoipa::path(
    tag = "Chronologies",
    responses((status = 200, description = "What is left", body = TombstoneOut)),
    extensions(("x-audit-event" = json!(TombstoneRead::WORD)))
)]
#[get("/v1/tombstones/{tombstone_id}")]
pub(crate) async fn get_tombstone(asked: Asked<TombstoneRead>) -> Reply {
    asked.read(|ask| Ok(ask.service.tombstone(&ask.call, ask.id("tombstone_id")?)?)).await
}
