//! The partnership, its agencies and its practitioners.

use actix_web::{get, patch, post};
use domain::permission::{
    AgencyList, AgencyRead, AgencyWrite, PartnershipRead, PractitionerList, PractitionerRead,
    PractitionerWrite,
};
use service::{
    AgencyIn, AgencyOut, AgencyPatch, Page, PartnershipOut, PractitionerIn, PractitionerOut,
    PractitionerPatch,
};
use utoipa_actix_web::service_config::ServiceConfig;
use web::extract::Authorized;
use web::response::HandlerResult;

use crate::response::JsonResponder as _;

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
/// The partnership's policy, the categories of entries, and the purposes with their defaults.
#[utoipa::path(
    tag = "Directory",
    responses((status = 200, description = "The partnership the token speaks for", body = PartnershipOut)),
    extensions(("x-audit-event" = json!(PartnershipRead::OPERATION_NAME)))
)]
#[get("/v1/partnership")]
pub(crate) async fn get_partnership(request: Authorized<PartnershipRead>) -> HandlerResult {
    request
        .read(|context| Ok(context.service.directory.get_partnership(&context.call)?))
        .await
}

/// Read your own record
///
/// The practitioner or record system to which the token was issued, as registered in this service.
#[utoipa::path(
    tag = "Directory",
    responses((status = 200, description = "Your record", body = PractitionerOut)),
    extensions(("x-audit-event" = json!(PractitionerRead::OPERATION_NAME)))
)]
#[get("/v1/me")]
pub(crate) async fn get_me(request: Authorized<PractitionerRead>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .directory
                .get_current_practitioner(&context.call)?)
        })
        .await
}

/// List agencies
///
/// All agencies of the partnership, including those that no longer take part.
#[utoipa::path(
    tag = "Directory",
    responses((status = 200, description = "A page of agencies", body = Page<AgencyOut>)),
    extensions(("x-audit-event" = json!(AgencyList::OPERATION_NAME)))
)]
#[get("/v1/agencies")]
pub(crate) async fn list_agencies(request: Authorized<AgencyList>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .directory
                .list_agencies(&context.call, context.page_query()?)?)
        })
        .await
}

/// Register an agency
///
/// Tokens can then speak for the agency, provided that an issuer is configured for its code.
#[utoipa::path(
    tag = "Directory", request_body = AgencyIn,
    responses((status = 201, description = "The new agency", body = AgencyOut)),
    extensions(("x-audit-event" = json!(AgencyWrite::OPERATION_NAME)))
)]
#[post("/v1/agencies")]
pub(crate) async fn create_agency(request: Authorized<AgencyWrite>) -> HandlerResult {
    request
        .create(|context| {
            Ok(context
                .service
                .directory
                .create_agency(&context.call, context.body()?)?)
        })
        .await
}

/// Read an agency
///
/// One agency of the partnership.
#[utoipa::path(
    tag = "Directory",
    responses((status = 200, description = "The agency", body = AgencyOut)),
    extensions(("x-audit-event" = json!(AgencyRead::OPERATION_NAME)))
)]
#[get("/v1/agencies/{agency_id}")]
pub(crate) async fn get_agency(request: Authorized<AgencyRead>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .directory
                .get_agency(&context.call, context.path_id("agency_id")?)?)
        })
        .await
}

/// Change an agency
///
/// Changes its name, whether it has access of its own, and whether it still takes part. Properties that are left out keep their values.
#[utoipa::path(
    tag = "Directory", request_body = AgencyPatch,
    responses((status = 200, description = "The updated agency", body = AgencyOut)),
    extensions(("x-audit-event" = json!(AgencyWrite::OPERATION_NAME)))
)]
#[patch("/v1/agencies/{agency_id}")]
pub(crate) async fn update_agency(request: Authorized<AgencyWrite>) -> HandlerResult {
    request
        .update(|context| {
            let id = context.path_id("agency_id")?;
            let version = context.expected_version()?;
            Ok(context.service.directory.patch_agency(
                &context.call,
                id,
                version,
                context.body()?,
            )?)
        })
        .await
}

/// List practitioners
///
/// The people and record systems of one agency, or of all agencies you may see.
#[utoipa::path(
    tag = "Directory",
    responses((status = 200, description = "A page of practitioners", body = Page<PractitionerOut>)),
    extensions(("x-audit-event" = json!(PractitionerList::OPERATION_NAME)))
)]
#[get("/v1/practitioners")]
pub(crate) async fn list_practitioners(request: Authorized<PractitionerList>) -> HandlerResult {
    request
        .read(|context| {
            let (agency, page) = context.filtered_page("agency")?;
            Ok(context
                .service
                .directory
                .list_practitioners(&context.call, agency, page)?)
        })
        .await
}

/// Register a practitioner
///
/// Registers a practitioner so that an invitation can name them before they first sign in.
#[utoipa::path(
    tag = "Directory", request_body = PractitionerIn,
    responses((status = 201, description = "The new practitioner", body = PractitionerOut)),
    extensions(("x-audit-event" = json!(PractitionerWrite::OPERATION_NAME)))
)]
#[post("/v1/practitioners")]
pub(crate) async fn create_practitioner(request: Authorized<PractitionerWrite>) -> HandlerResult {
    request
        .create(|context| {
            Ok(context
                .service
                .directory
                .create_practitioner(&context.call, context.body()?)?)
        })
        .await
}

/// Read a practitioner
///
/// One practitioner or record system.
#[utoipa::path(
    tag = "Directory",
    responses((status = 200, description = "The practitioner", body = PractitionerOut)),
    extensions(("x-audit-event" = json!(PractitionerRead::OPERATION_NAME)))
)]
#[get("/v1/practitioners/{practitioner_id}")]
pub(crate) async fn get_practitioner(request: Authorized<PractitionerRead>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .directory
                .get_practitioner(&context.call, context.path_id("practitioner_id")?)?)
        })
        .await
}

/// Change a practitioner
///
/// Changes the name, the job title, and whether the practitioner still works at the agency. A practitioner who has left has no permissions.
#[utoipa::path(
    tag = "Directory", request_body = PractitionerPatch,
    responses((status = 200, description = "The updated practitioner", body = PractitionerOut)),
    extensions(("x-audit-event" = json!(PractitionerWrite::OPERATION_NAME)))
)]
#[patch("/v1/practitioners/{practitioner_id}")]
pub(crate) async fn update_practitioner(request: Authorized<PractitionerWrite>) -> HandlerResult {
    request
        .update(|context| {
            let id = context.path_id("practitioner_id")?;
            let version = context.expected_version()?;
            Ok(context.service.directory.patch_practitioner(
                &context.call,
                id,
                version,
                context.body()?,
            )?)
        })
        .await
}
