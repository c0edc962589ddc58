//! Children, adults and families.

use actix_web::{get, post, put};
use domain::permission::{
    FamilyCreate, FamilyList, FamilyRead, FamilyUpdate, PersonCreate, PersonFind, PersonRead,
    PersonUpdate,
};
use service::{FamilyIn, FamilyOut, FamilySummary, FindPersonIn, Page, PersonIn, PersonOut};
use utoipa_actix_web::service_config::ServiceConfig;
use web::extract::Authorized;
use web::response::HandlerResult;

use crate::response::JsonResponder as _;

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
/// A child without an NHS number requires the reason. The record is kept only while a live object refers to it.
#[utoipa::path(
    tag = "People and families", request_body = PersonIn,
    responses((status = 201, description = "The new record", body = PersonOut)),
    extensions(("x-audit-event" = json!(PersonCreate::OPERATION_NAME)))
)]
#[post("/v1/people")]
pub(crate) async fn create_person(request: Authorized<PersonCreate>) -> HandlerResult {
    request
        .create(|context| {
            Ok(context
                .service
                .people
                .create_person(&context.call, context.body()?)?)
        })
        .await
}

/// Find people
///
/// By NHS number, UPN, or family name with date of birth. This is a read: it changes nothing and needs no idempotency key. It is a POST so that no identifiers appear in the URL.
#[utoipa::path(
    tag = "People and families", request_body = FindPersonIn,
    responses((status = 200, description = "The people who match exactly; an empty list when there are none", body = Page<PersonOut>)),
    extensions(("x-audit-event" = json!(PersonFind::OPERATION_NAME)))
)]
#[post("/v1/people/find")]
pub(crate) async fn find_people(request: Authorized<PersonFind>) -> HandlerResult {
    request
        .read(|context| {
            let wanted = context.body()?;
            Ok(context.service.people.find_people(&context.call, wanted)?)
        })
        .await
}

/// Read a child or an adult
///
/// Readers outside social care do not see protected addresses.
#[utoipa::path(
    tag = "People and families",
    responses((status = 200, description = "The record", body = PersonOut)),
    extensions(("x-audit-event" = json!(PersonRead::OPERATION_NAME)))
)]
#[get("/v1/people/{person_id}")]
pub(crate) async fn get_person(request: Authorized<PersonRead>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .people
                .get_person(&context.call, context.path_id("person_id")?)?)
        })
        .await
}

/// Replace the record of a child or an adult
///
/// Replaces the whole record; properties that are left out are removed.
#[utoipa::path(
    tag = "People and families", request_body = PersonIn,
    responses((status = 200, description = "The updated record", body = PersonOut)),
    extensions(("x-audit-event" = json!(PersonUpdate::OPERATION_NAME)))
)]
#[put("/v1/people/{person_id}")]
pub(crate) async fn replace_person(request: Authorized<PersonUpdate>) -> HandlerResult {
    request
        .update(|context| {
            let id = context.path_id("person_id")?;
            let version = context.expected_version()?;
            Ok(context.service.people.replace_person(
                &context.call,
                id,
                version,
                context.body()?,
            )?)
        })
        .await
}

/// List families
///
/// The families your agency has recorded.
#[utoipa::path(
    tag = "People and families",
    responses((status = 200, description = "A page of families", body = Page<FamilySummary>)),
    extensions(("x-audit-event" = json!(FamilyList::OPERATION_NAME)))
)]
#[get("/v1/families")]
pub(crate) async fn list_families(request: Authorized<FamilyList>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .people
                .list_families(&context.call, context.page_query()?)?)
        })
        .await
}

/// Record a family
///
/// Children and adults with their relationships and households. A child can belong to two families.
#[utoipa::path(
    tag = "People and families", request_body = FamilyIn,
    responses((status = 201, description = "The new family", body = FamilyOut)),
    extensions(("x-audit-event" = json!(FamilyCreate::OPERATION_NAME)))
)]
#[post("/v1/families")]
pub(crate) async fn create_family(request: Authorized<FamilyCreate>) -> HandlerResult {
    request
        .create(|context| {
            Ok(context
                .service
                .people
                .create_family(&context.call, context.body()?)?)
        })
        .await
}

/// Read a family
///
/// Its members, relationships and households.
#[utoipa::path(
    tag = "People and families",
    responses((status = 200, description = "The family", body = FamilyOut)),
    extensions(("x-audit-event" = json!(FamilyRead::OPERATION_NAME)))
)]
#[get("/v1/families/{family_id}")]
pub(crate) async fn get_family(request: Authorized<FamilyRead>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .people
                .get_family(&context.call, context.path_id("family_id")?)?)
        })
        .await
}

/// Replace a family
///
/// Replaces the whole family: members, relationships and households.
#[utoipa::path(
    tag = "People and families", request_body = FamilyIn,
    responses((status = 200, description = "The updated family", body = FamilyOut)),
    extensions(("x-audit-event" = json!(FamilyUpdate::OPERATION_NAME)))
)]
#[put("/v1/families/{family_id}")]
pub(crate) async fn replace_family(request: Authorized<FamilyUpdate>) -> HandlerResult {
    request
        .update(|context| {
            let id = context.path_id("family_id")?;
            let version = context.expected_version()?;
            Ok(context.service.people.replace_family(
                &context.call,
                id,
                version,
                context.body()?,
            )?)
        })
        .await
}
