//! Links: which entries tell one event, why, and what people decided about it.

use actix_web::{get, post};
use service::{LinkDecisionIn, LinkDecisionOut, LinkWithdrawalIn, LinksOut, Page};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::ask::Asked;
use crate::permission::{LinkDecide, LinkDecisionRead, LinkRead};
use crate::reply::Reply;

/// Adds the routes of this file.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(get_links)
        .service(list_link_decisions)
        .service(create_link_decision)
        .service(get_link_decision)
        .service(withdraw_link_decision);
}

/// See which entries tell one event
///
/// Every row that more than one entry tells, and every row that a decision concerns, with the evidence in words; the events that have to do with each other; and those that may be one event, about which somebody has yet to decide (`suggested`).
#[utoipa::path(
    tag = "Links",
    responses((status = 200, description = "The links", body = LinksOut)),
    extensions(("x-audit-event" = json!(LinkRead::WORD)))
)]
#[get("/v1/chronologies/{chronology_id}/links")]
pub(crate) async fn get_links(asked: Asked<LinkRead>) -> Reply {
    asked.read(|ask| Ok(ask.service.links(&ask.call, ask.id("chronology_id")?)?)).await
}

/// List decisions about links
///
/// Who decided what, when and why, those taken back too.
#[utoipa::path(
    tag = "Links",
    responses((status = 200, description = "A page of decisions", body = Page<LinkDecisionOut>)),
    extensions(("x-audit-event" = json!(LinkDecisionRead::WORD)))
)]
#[get("/v1/chronologies/{chronology_id}/link-decisions")]
pub(crate) async fn list_link_decisions(asked: Asked<LinkDecisionRead>) -> Reply {
    asked
        .read(|ask| {
            let (id, page) = (ask.id("chronology_id")?, ask.page()?);
            Ok(ask.service.link_decisions(&ask.call, id, page)?)
        })
        .await
}

/// Decide about a link
///
/// Accepts or refuses what linkage found or suggests, splits a row or brings rows together. A suggestion of `GET …/links` is accepted with `same_event` and refused with `different_events`, with its `entries` and `with` as they were read; one that was refused is suggested no more. No entry's words, handling or expiry change; later submissions do not undo it.
#[utoipa::path(
    tag = "Links", request_body = LinkDecisionIn,
    responses((status = 201, description = "The decision", body = LinkDecisionOut)),
    extensions(("x-audit-event" = json!(LinkDecide::WORD)))
)]
#[post("/v1/chronologies/{chronology_id}/link-decisions")]
pub(crate) async fn create_link_decision(asked: Asked<LinkDecide>) -> Reply {
    asked
        .create(|ask| {
            let id = ask.id("chronology_id")?;
            Ok(ask.service.decide_link(&ask.call, id, ask.body()?)?)
        })
        .await
}

/// Read a decision about a link
///
/// Who decided what, when and why.
#[utoipa::path(
    tag = "Links",
    responses((status = 200, description = "The decision", body = LinkDecisionOut)),
    extensions(("x-audit-event" = json!(LinkDecisionRead::WORD)))
)]
#[get("/v1/chronologies/{chronology_id}/link-decisions/{link_decision_id}")]
pub(crate) async fn get_link_decision(asked: Asked<LinkDecisionRead>) -> Reply {
    asked
        .read(|ask| {
            let (id, decision) = (ask.id("chronology_id")?, ask.id("link_decision_id")?);
            Ok(ask.service.link_decision(&ask.call, id, decision)?)
        })
        .await
}

/// Take a decision about a link back
///
/// The timeline is exactly as if it had not been made. The decision stays on record.
#[utoipa::path(
    tag = "Links", request_body = LinkWithdrawalIn,
    responses((status = 200, description = "The decision, taken back", body = LinkDecisionOut)),
    extensions(("x-audit-event" = json!(LinkDecide::WORD)))
)]
#[post("/v1/chronologies/{chronology_id}/link-decisions/{link_decision_id}/withdrawal")]
pub(crate) async fn withdraw_link_decision(asked: Asked<LinkDecide>) -> Reply {
    asked
        .step(|ask| {
            let (id, decision) = (ask.id("chronology_id")?, ask.id("link_decision_id")?);
            Ok(ask.service.withdraw_link_decision(&ask.call, id, decision, ask.body()?)?)
        })
        .await
}
