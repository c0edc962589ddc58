//! Who is who: questions for social care, decisions, links and undoing them.

use actix_web::{get, patch, post};
use service::{Page, PersonDecisionIn, PersonLinkOut, PersonLinkPatch, PersonQuestionOut};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::ask::Asked;
use crate::permission::{PersonLinkDecide, PersonLinkRead, PersonLinkUndo};
use crate::reply::Reply;

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
/// Children about whom an invited agency has sent a fragment ahead, and who may or may not be children of this family: both records side by side, with the facts for and against. Nothing of what the agency wrote is shown before the answer.
#[utoipa::path(
    tag = "Who is who",
    responses((status = 200, description = "A page of open questions", body = Page<PersonQuestionOut>)),
    extensions(("x-audit-event" = json!(PersonLinkRead::WORD)))
)]
#[get("/v1/chronologies/{chronology_id}/questions")]
pub(crate) async fn list_person_questions(asked: Asked<PersonLinkRead>) -> Reply {
    asked.read(|ask| Ok(ask.service.person_questions(&ask.call, ask.id("chronology_id")?, ask.page()?)?)).await
}

/// Decide whether two records are one person
///
/// Answers a question, or names both people. The decision stands over what the facts say, for later fragments too. Once every child of the agency's family is known to be one of this family, what the agency sent is taken in.
#[utoipa::path(
    tag = "Who is who", request_body = PersonDecisionIn,
    responses((status = 201, description = "The link with the decision", body = PersonLinkOut)),
    extensions(("x-audit-event" = json!(PersonLinkDecide::WORD)))
)]
#[post("/v1/chronologies/{chronology_id}/person-decisions")]
pub(crate) async fn decide_person(asked: Asked<PersonLinkDecide>) -> Reply {
    asked
        .create(|ask| {
            let id = ask.id("chronology_id")?;
            Ok(ask.service.decide_person(&ask.call, id, ask.body()?)?)
        })
        .await
}

/// List links between records of people
///
/// What the facts linked, what somebody decided and what was undone, each with its evidence in words and all that happened to it.
#[utoipa::path(
    tag = "Who is who",
    responses((status = 200, description = "A page of links", body = Page<PersonLinkOut>)),
    extensions(("x-audit-event" = json!(PersonLinkRead::WORD)))
)]
#[get("/v1/chronologies/{chronology_id}/person-links")]
pub(crate) async fn list_person_links(asked: Asked<PersonLinkRead>) -> Reply {
    asked.read(|ask| Ok(ask.service.person_links(&ask.call, ask.id("chronology_id")?, ask.page()?)?)).await
}

/// Read a link between records of people
///
/// With its evidence and all that happened to it.
#[utoipa::path(
    tag = "Who is who",
    responses((status = 200, description = "The link", body = PersonLinkOut)),
    extensions(("x-audit-event" = json!(PersonLinkRead::WORD)))
)]
#[get("/v1/chronologies/{chronology_id}/person-links/{link_id}")]
pub(crate) async fn get_person_link(asked: Asked<PersonLinkRead>) -> Reply {
    asked.read(|ask| Ok(ask.service.person_link(&ask.call, ask.id("chronology_id")?, ask.id("link_id")?)?)).await
}

/// Undo a link between records of people
///
/// Takes back the last decision, or what the facts alone linked; the facts do not link the two again by themselves. What was taken in by it goes back to where it was: ahead of the chronology, unseen, its people named as its agency names them.
#[utoipa::path(
    tag = "Who is who", request_body = PersonLinkPatch,
    responses((status = 200, description = "The link as it is now", body = PersonLinkOut)),
    extensions(("x-audit-event" = json!(PersonLinkUndo::WORD)))
)]
#[patch("/v1/chronologies/{chronology_id}/person-links/{link_id}")]
pub(crate) async fn undo_person_link(asked: Asked<PersonLinkUndo>) -> Reply {
    asked
        .change(|ask| {
            let (id, link, version) = (ask.id("chronology_id")?, ask.id("link_id")?, ask.version()?);
            Ok(ask.service.undo_person_link(&ask.call, id, link, version, ask.body()?)?)
        })
        .await
}
