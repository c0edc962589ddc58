//! Legal holds.

use actix_web::{get, post};
use domain::permission::{HoldList, HoldPlace, HoldRelease};
use service::{HoldIn, HoldOut, HoldReleaseIn, Page};
use utoipa_actix_web::service_config::ServiceConfig;
use web::extract::Authorized;
use web::response::HandlerResult;

use crate::response::JsonResponder as _;

/// Adds the routes of this file.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_holds)
        .service(place_hold)
        .service(confirm_hold)
        .service(release_hold);
}

/// List legal holds
///
/// Current and released holds.
#[utoipa::path(
    tag = "Holds",
    responses((status = 200, description = "A page of holds", body = Page<HoldOut>)),
    extensions(("x-audit-event" = json!(HoldList::OPERATION_NAME)))
)]
#[get("/v1/holds")]
pub(crate) async fn list_holds(request: Authorized<HoldList>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .legal_holds
                .list_holds(&context.call, context.page_query()?)?)
        })
        .await
}

/// Place a legal hold
///
/// Prevents the destruction of one chronology, of all chronologies about one child, or of everything, until the hold is released. A hold grants no access. Where the partnership requires two people (the default), a hold on everything takes effect once another team manager confirms it.
#[utoipa::path(
    tag = "Holds", request_body = HoldIn,
    responses((status = 201, description = "The new hold", body = HoldOut)),
    extensions(("x-audit-event" = json!(HoldPlace::OPERATION_NAME)))
)]
#[post("/v1/holds")]
pub(crate) async fn place_hold(request: Authorized<HoldPlace>) -> HandlerResult {
    request
        .create(|context| {
            Ok(context
                .service
                .legal_holds
                .place_hold(&context.call, context.body()?)?)
        })
        .await
}

/// Confirm a legal hold on everything
///
/// Confirmed by another team manager than the one who placed it, the hold takes effect.
#[utoipa::path(
    tag = "Holds",
    responses((status = 200, description = "The confirmed hold", body = HoldOut)),
    extensions(("x-audit-event" = json!(HoldPlace::OPERATION_NAME)))
)]
#[post("/v1/holds/{hold_id}/confirmation")]
pub(crate) async fn confirm_hold(request: Authorized<HoldPlace>) -> HandlerResult {
    request
        .perform(|context| {
            Ok(context
                .service
                .legal_holds
                .confirm_hold(&context.call, context.path_id("hold_id")?)?)
        })
        .await
}

/// Release a legal hold
///
/// Everything that has expired in the meantime is deleted at once.
#[utoipa::path(
    tag = "Holds", request_body = HoldReleaseIn,
    responses((status = 200, description = "The released hold", body = HoldOut)),
    extensions(("x-audit-event" = json!(HoldRelease::OPERATION_NAME)))
)]
#[post("/v1/holds/{hold_id}/release")]
pub(crate) async fn release_hold(request: Authorized<HoldRelease>) -> HandlerResult {
    request
        .perform(|context| {
            let id = context.path_id("hold_id")?;
            Ok(context
                .service
                .legal_holds
                .release_hold(&context.call, id, context.body()?)?)
        })
        .await
}
