//! Children, adults and families.

use actix_web::{get, post, put};
use service::{FamilyIn, FamilyOut, FamilySummary, FindPersonIn, Page, PersonIn, PersonOut};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::ask::Asked;
use crate::permission::{
    FamilyCreate, FamilyList, FamilyRead, FamilyUpdate, PersonCreate, PersonFind, PersonRead, PersonUpdate,
};
use crate::reply::Reply;

/// Adds the routes of this file.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(create_person)
        .service(find_people)
        .service(get_person)
        .service(replace_person)
        .service(list_families)
        .service(create_family)
        .service(get_family)
        .service(replace_family);
}

/// Record a child or an adult
///
/// A child without an NHS number needs the reason why. The record lives only while something live refers to it.
#[utoipa::path(
    tag = "People and families", request_body = PersonIn,
    responses((status = 201, description = "The new record", body = PersonOut)),
    extensions(("x-audit-event" = json!(PersonCreate::WORD)))
)]
#[post("/v1/people")]
pub(crate) async fn create_person(asked: Asked<PersonCreate>) -> Reply {
    asked.create(|ask| Ok(ask.service.create_person(&ask.call, ask.body()?)?)).await
}

/// Look people up
///
/// By NHS number, UPN, or family name with date of birth. A read: it changes nothing and needs no idempotency key; it is a POST so that identifiers stand in no address.
#[utoipa::path(
    tag = "People and families", request_body = FindPersonIn,
    responses((status = 200, description = "Whoever matches exactly; an empty list when nobody does", body = Page<PersonOut>)),
    extensions(("x-audit-event" = json!(PersonFind::WORD)))
)]
#[post("/v1/people/find")]
pub(crate) async fn find_people(asked: Asked<PersonFind>) -> Reply {
    asked
        .read(|ask| {
            let wanted = ask.body()?;
            Ok(ask.service.find_people(&ask.call, wanted)?)
        })
        .await
}

/// Read a child or an adult
///
/// Protected addresses are left out for readers outside social care.
#[utoipa::path(
    tag = "People and families",
    responses((status = 200, description = "The record", body = PersonOut)),
    extensions(("x-audit-event" = json!(PersonRead::WORD)))
)]
#[get("/v1/people/{person_id}")]
pub(crate) async fn get_person(asked: Asked<PersonRead>) -> Reply {
    asked.read(|ask| Ok(ask.service.person(&ask.call, ask.id("person_id")?)?)).await
}

/// Replace the record of a child or an adult
///
/// The whole record as it should be; what is left out is removed.
#[utoipa::path(
    tag = "People and families", request_body = PersonIn,
    responses((status = 200, description = "The record as it is now", body = PersonOut)),
    extensions(("x-audit-event" = json!(PersonUpdate::WORD)))
)]
#[put("/v1/people/{person_id}")]
pub(crate) async fn replace_person(asked: Asked<PersonUpdate>) -> Reply {
    asked
        .change(|ask| {
            let (id, version) = (ask.id("person_id")?, ask.version()?);
            Ok(ask.service.replace_person(&ask.call, id, version, ask.body()?)?)
        })
        .await
}

/// List families
///
/// Families your agency recorded.
#[utoipa::path(
    tag = "People and families",
    responses((status = 200, description = "A page of families", body = Page<FamilySummary>)),
    extensions(("x-audit-event" = json!(FamilyList::WORD)))
)]
#[get("/v1/families")]
pub(crate) async fn list_families(asked: Asked<FamilyList>) -> Reply {
    asked.read(|ask| Ok(ask.service.families(&ask.call, ask.page()?)?)).await
}

/// Record a family
///
/// Children and adults with their relationships and households. A child can belong to two families.
#[utoipa::path(
    tag = "People and families", request_body = FamilyIn,
    responses((status = 201, description = "The new family", body = FamilyOut)),
    extensions(("x-audit-event" = json!(FamilyCreate::WORD)))
)]
#[post("/v1/families")]
pub(crate) async fn create_family(asked: Asked<FamilyCreate>) -> Reply {
    asked.create(|ask| Ok(ask.service.create_family(&ask.call, ask.body()?)?)).await
}

/// Read a family
///
/// Its members, relationships and households.
#[utoipa::path(
    tag = "People and families",
    responses((status = 200, description = "The family", body = FamilyOut)),
    extensions(("x-audit-event" = json!(FamilyRead::WORD)))
)]
#[get("/v1/families/{family_id}")]
pub(crate) async fn get_family(asked: Asked<FamilyRead>) -> Reply {
    asked.read(|ask| Ok(ask.service.family(&ask.call, ask.id("family_id")?)?)).await
}

/// Replace a family
///
/// The whole family as it should be: members, relationships and households.
#[utoipa::path(
    tag = "People and families", request_body = FamilyIn,
    responses((status = 200, description = "The family as it is now", body = FamilyOut)),
    extensions(("x-audit-event" = json!(FamilyUpdate::WORD)))
)]
#[put("/v1/families/{family_id}")]
pub(crate) async fn replace_family(asked: Asked<FamilyUpdate>) -> Reply {
    asked
        .change(|ask| {
            let (id, version) = (ask.id("family_id")?, ask.version()?);
            Ok(ask.service.replace_family(&ask.call, id, version, ask.body()?)?)
        })
        .await
}
