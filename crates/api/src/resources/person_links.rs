//! Matching of people: questions for social care, decisions, links, and undoing them.

use actix_web::{get, patch, post};
use domain::permission::{PersonLinkDecide, PersonLinkRead, PersonLinkUndo};
use service::{Page, PersonDecisionIn, PersonLinkOut, PersonLinkPatch, PersonQuestionOut};
use utoipa_actix_web::service_config::ServiceConfig;
use web::extract::Authorized;
use web::response::HandlerResult;

use crate::response::JsonResponder as _;

/// Adds the routes of this file.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_person_questions)
        .service(decide_person)
        .service(list_person_links)
        .service(get_person_link)
        .service(undo_person_link);
}

/// List questions about people
///
/// Children in advance submissions of invited agencies who may be children of this family: both records side by side, with the facts for and against. What the agency wrote stays hidden until the question is answered.
#[utoipa::path(
    tag = "Who is who",
    responses((status = 200, description = "A page of open questions", body = Page<PersonQuestionOut>)),
    extensions(("x-audit-event" = json!(PersonLinkRead::OPERATION_NAME)))
)]
#[get("/v1/chronologies/{chronology_id}/questions")]
pub(crate) async fn list_person_questions(request: Authorized<PersonLinkRead>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context.service.person_matching.list_person_questions(
                &context.call,
                context.path_id("chronology_id")?,
                context.page_query()?,
            )?)
        })
        .await
}

/// Decide whether two records are the same person
///
/// Answers a question, or names both people. The decision overrides what the facts suggest, for later fragments as well. Once every child of the agency's family is matched with a child of this family, the agency's advance submissions are attached to the chronology.
#[utoipa::path(
    tag = "Who is who", request_body = PersonDecisionIn,
    responses((status = 201, description = "The link with the decision", body = PersonLinkOut)),
    extensions(("x-audit-event" = json!(PersonLinkDecide::OPERATION_NAME)))
)]
#[post("/v1/chronologies/{chronology_id}/person-decisions")]
pub(crate) async fn decide_person(request: Authorized<PersonLinkDecide>) -> HandlerResult {
    request
        .create(|context| {
            let id = context.path_id("chronology_id")?;
            Ok(context.service.person_matching.decide_person_link(
                &context.call,
                id,
                context.body()?,
            )?)
        })
        .await
}

/// List links between records of people
///
/// Links made from the facts, decisions and undone links, each with its evidence in words and its history.
#[utoipa::path(
    tag = "Who is who",
    responses((status = 200, description = "A page of links", body = Page<PersonLinkOut>)),
    extensions(("x-audit-event" = json!(PersonLinkRead::OPERATION_NAME)))
)]
#[get("/v1/chronologies/{chronology_id}/person-links")]
pub(crate) async fn list_person_links(request: Authorized<PersonLinkRead>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context.service.person_matching.list_person_links(
                &context.call,
                context.path_id("chronology_id")?,
                context.page_query()?,
            )?)
        })
        .await
}

/// Read a link between records of people
///
/// The link with its evidence and its history.
#[utoipa::path(
    tag = "Who is who",
    responses((status = 200, description = "The link", body = PersonLinkOut)),
    extensions(("x-audit-event" = json!(PersonLinkRead::OPERATION_NAME)))
)]
#[get("/v1/chronologies/{chronology_id}/person-links/{link_id}")]
pub(crate) async fn get_person_link(request: Authorized<PersonLinkRead>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context.service.person_matching.get_person_link(
                &context.call,
                context.path_id("chronology_id")?,
                context.path_id("link_id")?,
            )?)
        })
        .await
}

/// Undo a link between records of people
///
/// Withdraws the last decision, or a link made from the facts, which is then not made again automatically. Fragments that were attached because of it become advance submissions again: hidden, and with their people as their agency recorded them.
#[utoipa::path(
    tag = "Who is who", request_body = PersonLinkPatch,
    responses((status = 200, description = "The updated link", body = PersonLinkOut)),
    extensions(("x-audit-event" = json!(PersonLinkUndo::OPERATION_NAME)))
)]
#[patch("/v1/chronologies/{chronology_id}/person-links/{link_id}")]
pub(crate) async fn undo_person_link(request: Authorized<PersonLinkUndo>) -> HandlerResult {
    request
        .update(|context| {
            let id = context.path_id("chronology_id")?;
            let link = context.path_id("link_id")?;
            let version = context.expected_version()?;
            Ok(context.service.person_matching.undo_person_link(
                &context.call,
                id,
                link,
                version,
                context.body()?,
            )?)
        })
        .await
}
