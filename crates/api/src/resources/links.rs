//! Links: which entries describe the same event, the evidence, and people's decisions about it.

use actix_web::{get, post};
use domain::permission::{LinkDecide, LinkDecisionRead, LinkRead};
use service::{LinkDecisionIn, LinkDecisionOut, LinkWithdrawalIn, LinksOut, Page};
use utoipa_actix_web::service_config::ServiceConfig;
use web::extract::Authorized;
use web::response::HandlerResult;

use crate::response::JsonResponder as _;

/// Adds the routes of this file.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(get_links)
        .service(list_link_decisions)
        .service(create_link_decision)
        .service(get_link_decision)
        .service(withdraw_link_decision);
}

/// List links between entries
///
/// Every row that more than one entry describes and every row that a decision concerns, with the evidence in words; related events; and events that may be the same, which somebody has yet to decide (`suggested`).
#[utoipa::path(
    tag = "Links",
    responses((status = 200, description = "The links", body = LinksOut)),
    extensions(("x-audit-event" = json!(LinkRead::OPERATION_NAME)))
)]
#[get("/v1/chronologies/{chronology_id}/links")]
pub(crate) async fn get_links(request: Authorized<LinkRead>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .linking
                .get_event_links(&context.call, context.path_id("chronology_id")?)?)
        })
        .await
}

/// List decisions about links
///
/// Who decided what, when and why, including withdrawn decisions.
#[utoipa::path(
    tag = "Links",
    responses((status = 200, description = "A page of decisions", body = Page<LinkDecisionOut>)),
    extensions(("x-audit-event" = json!(LinkDecisionRead::OPERATION_NAME)))
)]
#[get("/v1/chronologies/{chronology_id}/link-decisions")]
pub(crate) async fn list_link_decisions(request: Authorized<LinkDecisionRead>) -> HandlerResult {
    request
        .read(|context| {
            let id = context.path_id("chronology_id")?;
            let page = context.page_query()?;
            Ok(context
                .service
                .linking
                .list_link_decisions(&context.call, id, page)?)
        })
        .await
}

/// Decide about a link
///
/// Accepts or rejects a link that was found or suggested, splits a row, or merges rows. To accept a suggestion of `GET …/links`, send `same_event`, and to reject it `different_events`, with its `entries` and `with` as they were read; a rejected suggestion is not made again. The text, handling and expiry of entries do not change, and later submissions do not undo the decision.
#[utoipa::path(
    tag = "Links", request_body = LinkDecisionIn,
    responses((status = 201, description = "The decision", body = LinkDecisionOut)),
    extensions(("x-audit-event" = json!(LinkDecide::OPERATION_NAME)))
)]
#[post("/v1/chronologies/{chronology_id}/link-decisions")]
pub(crate) async fn create_link_decision(request: Authorized<LinkDecide>) -> HandlerResult {
    request
        .create(|context| {
            let id = context.path_id("chronology_id")?;
            Ok(context
                .service
                .linking
                .decide_link(&context.call, id, context.body()?)?)
        })
        .await
}

/// Read a decision about a link
///
/// Who decided what, when and why.
#[utoipa::path(
    tag = "Links",
    responses((status = 200, description = "The decision", body = LinkDecisionOut)),
    extensions(("x-audit-event" = json!(LinkDecisionRead::OPERATION_NAME)))
)]
#[get("/v1/chronologies/{chronology_id}/link-decisions/{link_decision_id}")]
pub(crate) async fn get_link_decision(request: Authorized<LinkDecisionRead>) -> HandlerResult {
    request
        .read(|context| {
            let id = context.path_id("chronology_id")?;
            let decision = context.path_id("link_decision_id")?;
            Ok(context
                .service
                .linking
                .get_link_decision(&context.call, id, decision)?)
        })
        .await
}

/// Withdraw a decision about a link
///
/// Restores the timeline to what it would be without the decision. The decision stays on record.
#[utoipa::path(
    tag = "Links", request_body = LinkWithdrawalIn,
    responses((status = 200, description = "The withdrawn decision", body = LinkDecisionOut)),
    extensions(("x-audit-event" = json!(LinkDecide::OPERATION_NAME)))
)]
#[post("/v1/chronologies/{chronology_id}/link-decisions/{link_decision_id}/withdrawal")]
pub(crate) async fn withdraw_link_decision(request: Authorized<LinkDecide>) -> HandlerResult {
    request
        .perform(|context| {
            let id = context.path_id("chronology_id")?;
            let decision = context.path_id("link_decision_id")?;
            Ok(context.service.linking.withdraw_link_decision(
                &context.call,
                id,
                decision,
                context.body()?,
            )?)
        })
        .await
}
