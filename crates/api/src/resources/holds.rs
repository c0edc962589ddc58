//! Legal holds.

use actix_web::{get, post};
use service::{HoldIn, HoldOut, HoldReleaseIn, Page};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::ask::Asked;
use crate::permission::{HoldList, HoldPlace, HoldRelease};
use crate::reply::Reply;

/// Adds the routes of this file.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_holds).service(place_hold).service(confirm_hold).service(release_hold);
}

/// List legal holds
///
/// Present and released ones.
#[utoipa::path(
    tag = "Holds",
    responses((status = 200, description = "A page of holds", body = Page<HoldOut>)),
    extensions(("x-audit-event" = json!(HoldList::WORD)))
)]
#[get("/v1/holds")]
pub(crate) async fn list_holds(asked: Asked<HoldList>) -> Reply {
    asked.read(|ask| Ok(ask.service.holds(&ask.call, ask.page()?)?)).await
}

/// Place a legal hold
///
/// Stops destruction of one chronology, of all about one child, or of everything, until it is released. It gives nobody access. Where the partnership asks for two people (it does unless configured otherwise), a hold on everything stops nothing until another team manager confirms it.
#[utoipa::path(
    tag = "Holds", request_body = HoldIn,
    responses((status = 201, description = "The new hold", body = HoldOut)),
    extensions(("x-audit-event" = json!(HoldPlace::WORD)))
)]
#[post("/v1/holds")]
pub(crate) async fn place_hold(asked: Asked<HoldPlace>) -> Reply {
    asked.create(|ask| Ok(ask.service.place_hold(&ask.call, ask.body()?)?)).await
}

/// Confirm a legal hold on everything
///
/// By another team manager than the one who placed it: from then on it holds.
#[utoipa::path(
    tag = "Holds",
    responses((status = 200, description = "The hold, confirmed", body = HoldOut)),
    extensions(("x-audit-event" = json!(HoldPlace::WORD)))
)]
#[post("/v1/holds/{hold_id}/confirmation")]
pub(crate) async fn confirm_hold(asked: Asked<HoldPlace>) -> Reply {
    asked.step(|ask| Ok(ask.service.confirm_hold(&ask.call, ask.id("hold_id")?)?)).await
}

/// Release a legal hold
///
/// What is past its time goes at once.
#[utoipa::path(
    tag = "Holds", request_body = HoldReleaseIn,
    responses((status = 200, description = "The hold, released", body = HoldOut)),
    extensions(("x-audit-event" = json!(HoldRelease::WORD)))
)]
#[post("/v1/holds/{hold_id}/release")]
pub(crate) async fn release_hold(asked: Asked<HoldRelease>) -> Reply {
    asked
        .step(|ask| {
            let id = ask.id("hold_id")?;
            Ok(ask.service.release_hold(&ask.call, id, ask.body()?)?)
        })
        .await
}
