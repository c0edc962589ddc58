//! The partnership, its agencies and its practitioners.

use actix_web::{get, patch, post};
use service::{
    AgencyIn, AgencyOut, AgencyPatch, Page, PartnershipOut, PractitionerIn, PractitionerOut, PractitionerPatch,
};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::ask::Asked;
use crate::permission::{
    AgencyList, AgencyRead, AgencyWrite, PartnershipRead, PractitionerList, PractitionerRead, PractitionerWrite,
};
use crate::reply::Reply;

/// Adds the routes of this file.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(get_partnership)
        .service(get_me)
        .service(list_agencies)
        .service(create_agency)
        .service(get_agency)
        .service(update_agency)
        .service(list_practitioners)
        .service(create_practitioner)
        .service(get_practitioner)
        .service(update_practitioner);
}

/// Read the partnership
///
/// Its policy, the categories an entry can have, and the purposes with their defaults.
#[utoipa::path(
    tag = "Directory",
    responses((status = 200, description = "The partnership the token speaks for", body = PartnershipOut)),
    extensions(("x-audit-event" = json!(PartnershipRead::WORD)))
)]
#[get("/v1/partnership")]
pub(crate) async fn get_partnership(asked: Asked<PartnershipRead>) -> Reply {
    asked.read(|ask| Ok(ask.service.partnership(&ask.call)?)).await
}

/// Read your own record
///
/// The practitioner or record system the token was issued to, as this service knows it.
#[utoipa::path(
    tag = "Directory",
    responses((status = 200, description = "You", body = PractitionerOut)),
    extensions(("x-audit-event" = json!(PractitionerRead::WORD)))
)]
#[get("/v1/me")]
pub(crate) async fn get_me(asked: Asked<PractitionerRead>) -> Reply {
    asked.read(|ask| Ok(ask.service.me(&ask.call)?)).await
}

/// List agencies
///
/// Every agency of the partnership, those that no longer take part included.
#[utoipa::path(
    tag = "Directory",
    responses((status = 200, description = "A page of agencies", body = Page<AgencyOut>)),
    extensions(("x-audit-event" = json!(AgencyList::WORD)))
)]
#[get("/v1/agencies")]
pub(crate) async fn list_agencies(asked: Asked<AgencyList>) -> Reply {
    asked.read(|ask| Ok(ask.service.agencies(&ask.call, ask.page()?)?)).await
}

/// Register an agency
///
/// From then on tokens can speak for it, if an issuer is configured for its code.
#[utoipa::path(
    tag = "Directory", request_body = AgencyIn,
    responses((status = 201, description = "The new agency", body = AgencyOut)),
    extensions(("x-audit-event" = json!(AgencyWrite::WORD)))
)]
#[post("/v1/agencies")]
pub(crate) async fn create_agency(asked: Asked<AgencyWrite>) -> Reply {
    asked.create(|ask| Ok(ask.service.create_agency(&ask.call, ask.body()?)?)).await
}

/// Read an agency
///
/// One agency of the partnership.
#[utoipa::path(
    tag = "Directory",
    responses((status = 200, description = "The agency", body = AgencyOut)),
    extensions(("x-audit-event" = json!(AgencyRead::WORD)))
)]
#[get("/v1/agencies/{agency_id}")]
pub(crate) async fn get_agency(asked: Asked<AgencyRead>) -> Reply {
    asked.read(|ask| Ok(ask.service.agency(&ask.call, ask.id("agency_id")?)?)).await
}

/// Change an agency
///
/// Its name, whether it has access of its own, and whether it still takes part. What is left out stays as it is.
#[utoipa::path(
    tag = "Directory", request_body = AgencyPatch,
    responses((status = 200, description = "The agency as it is now", body = AgencyOut)),
    extensions(("x-audit-event" = json!(AgencyWrite::WORD)))
)]
#[patch("/v1/agencies/{agency_id}")]
pub(crate) async fn update_agency(asked: Asked<AgencyWrite>) -> Reply {
    asked
        .change(|ask| {
            let (id, version) = (ask.id("agency_id")?, ask.version()?);
            Ok(ask.service.patch_agency(&ask.call, id, version, ask.body()?)?)
        })
        .await
}

/// List practitioners
///
/// People and record systems known to the service, of one agency or of all you may see.
#[utoipa::path(
    tag = "Directory",
    responses((status = 200, description = "A page of practitioners", body = Page<PractitionerOut>)),
    extensions(("x-audit-event" = json!(PractitionerList::WORD)))
)]
#[get("/v1/practitioners")]
pub(crate) async fn list_practitioners(asked: Asked<PractitionerList>) -> Reply {
    asked
        .read(|ask| {
            let (agency, page) = ask.filtered_page("agency")?;
            Ok(ask.service.practitioners(&ask.call, agency, page)?)
        })
        .await
}

/// Register a practitioner
///
/// So that an invitation can name them before their first visit.
#[utoipa::path(
    tag = "Directory", request_body = PractitionerIn,
    responses((status = 201, description = "The new practitioner", body = PractitionerOut)),
    extensions(("x-audit-event" = json!(PractitionerWrite::WORD)))
)]
#[post("/v1/practitioners")]
pub(crate) async fn create_practitioner(asked: Asked<PractitionerWrite>) -> Reply {
    asked.create(|ask| Ok(ask.service.create_practitioner(&ask.call, ask.body()?)?)).await
}

/// Read a practitioner
///
/// One practitioner or record system.
#[utoipa::path(
    tag = "Directory",
    responses((status = 200, description = "The practitioner", body = PractitionerOut)),
    extensions(("x-audit-event" = json!(PractitionerRead::WORD)))
)]
#[get("/v1/practitioners/{practitioner_id}")]
pub(crate) async fn get_practitioner(asked: Asked<PractitionerRead>) -> Reply {
    asked.read(|ask| Ok(ask.service.practitioner(&ask.call, ask.id("practitioner_id")?)?)).await
}

/// Change a practitioner
///
/// Name, job title, and whether they still work there: once they have left they may do nothing.
#[utoipa::path(
    tag = "Directory", request_body = PractitionerPatch,
    responses((status = 200, description = "The practitioner as they are now", body = PractitionerOut)),
    extensions(("x-audit-event" = json!(PractitionerWrite::WORD)))
)]
#[patch("/v1/practitioners/{practitioner_id}")]
pub(crate) async fn update_practitioner(asked: Asked<PractitionerWrite>) -> Reply {
    asked
        .change(|ask| {
            let (id, version) = (ask.id("practitioner_id")?, ask.version()?);
            Ok(ask.service.patch_practitioner(&ask.call, id, version, ask.body()?)?)
        })
        .await
}
