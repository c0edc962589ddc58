//! Invitations and agencies' responses to them.

use actix_web::{get, patch, post};
use domain::permission::{
    FormRead, InvitationCreate, InvitationDecline, InvitationDraft, InvitationList,
    InvitationNilReturn, InvitationRead, InvitationUpdate,
};
use service::{
    DeclineIn, FormOut, InvitationIn, InvitationOut, InvitationPatch, NilReturnIn, Page,
};
use utoipa_actix_web::service_config::ServiceConfig;
use web::extract::Authorized;
use web::response::HandlerResult;

use crate::response::JsonResponder as _;

/// Adds the routes of this file.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_chronology_invitations)
        .service(create_invitation)
        .service(list_invitations)
        .service(get_invitation)
        .service(update_invitation)
        .service(get_form)
        .service(start_draft)
        .service(submit_nil_return)
        .service(decline_invitation);
}

/// List a chronology's invitations
///
/// Every invited agency and the state of its invitation. An invited agency sees its own.
#[utoipa::path(
    tag = "Invitations",
    responses((status = 200, description = "A page of invitations", body = Page<InvitationOut>)),
    extensions(("x-audit-event" = json!(InvitationList::OPERATION_NAME)))
)]
#[get("/v1/chronologies/{chronology_id}/invitations")]
pub(crate) async fn list_chronology_invitations(
    request: Authorized<InvitationList>,
) -> HandlerResult {
    request
        .read(|context| {
            let id = context.path_id("chronology_id")?;
            let page = context.page_query()?;
            Ok(context
                .service
                .invitations
                .list_invitations(&context.call, id, page)?)
        })
        .await
}

/// Invite an agency
///
/// Each agency can have one invitation.
#[utoipa::path(
    tag = "Invitations", request_body = InvitationIn,
    responses((status = 201, description = "The new invitation", body = InvitationOut)),
    extensions(("x-audit-event" = json!(InvitationCreate::OPERATION_NAME)))
)]
#[post("/v1/chronologies/{chronology_id}/invitations")]
pub(crate) async fn create_invitation(request: Authorized<InvitationCreate>) -> HandlerResult {
    request
        .create(|context| {
            let id = context.path_id("chronology_id")?;
            Ok(context
                .service
                .invitations
                .invite_agency(&context.call, id, context.body()?)?)
        })
        .await
}

/// List your agency's invitations
///
/// The invitations your agency has received.
#[utoipa::path(
    tag = "Invitations",
    responses((status = 200, description = "A page of invitations", body = Page<InvitationOut>)),
    extensions(("x-audit-event" = json!(InvitationList::OPERATION_NAME)))
)]
#[get("/v1/invitations")]
pub(crate) async fn list_invitations(request: Authorized<InvitationList>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .invitations
                .list_own_invitations(&context.call, context.page_query()?)?)
        })
        .await
}

/// Read an invitation
///
/// The first read by the invited agency marks the invitation as viewed.
#[utoipa::path(
    tag = "Invitations",
    responses((status = 200, description = "The invitation", body = InvitationOut)),
    extensions(("x-audit-event" = json!(InvitationRead::OPERATION_NAME)))
)]
#[get("/v1/invitations/{invitation_id}")]
pub(crate) async fn get_invitation(request: Authorized<InvitationRead>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .invitations
                .get_invitation(&context.call, context.path_id("invitation_id")?)?)
        })
        .await
}

/// Change an invitation
///
/// Names practitioners; social care can also set the due date and the message.
#[utoipa::path(
    tag = "Invitations", request_body = InvitationPatch,
    responses((status = 200, description = "The updated invitation", body = InvitationOut)),
    extensions(("x-audit-event" = json!(InvitationUpdate::OPERATION_NAME)))
)]
#[patch("/v1/invitations/{invitation_id}")]
pub(crate) async fn update_invitation(request: Authorized<InvitationUpdate>) -> HandlerResult {
    request
        .update(|context| {
            let id = context.path_id("invitation_id")?;
            let version = context.expected_version()?;
            Ok(context.service.invitations.patch_invitation(
                &context.call,
                id,
                version,
                context.body()?,
            )?)
        })
        .await
}

/// Read the prefilled form
///
/// The form with what the service already knows: chronology, family, agency, practitioner, last return, categories and guidance. Siblings share one form.
#[utoipa::path(
    tag = "Invitations",
    responses((status = 200, description = "The form", body = FormOut)),
    extensions(("x-audit-event" = json!(FormRead::OPERATION_NAME)))
)]
#[get("/v1/invitations/{invitation_id}/form")]
pub(crate) async fn get_form(request: Authorized<FormRead>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .invitations
                .get_invitation_form(&context.call, context.path_id("invitation_id")?)?)
        })
        .await
}

/// Mark a return as being written
///
/// Shows social care that the agency is working on its return.
#[utoipa::path(
    tag = "Invitations",
    responses((status = 200, description = "The invitation, with a return being written", body = InvitationOut)),
    extensions(("x-audit-event" = json!(InvitationDraft::OPERATION_NAME)))
)]
#[post("/v1/invitations/{invitation_id}/draft")]
pub(crate) async fn start_draft(request: Authorized<InvitationDraft>) -> HandlerResult {
    request
        .perform(|context| {
            context.require_empty_body()?;
            Ok(context
                .service
                .invitations
                .start_draft(&context.call, context.path_id("invitation_id")?)?)
        })
        .await
}

/// Submit a nil return
///
/// States that the agency holds nothing relevant, which is an explicit response rather than silence.
#[utoipa::path(
    tag = "Invitations", request_body = NilReturnIn,
    responses((status = 200, description = "The invitation with the nil return", body = InvitationOut)),
    extensions(("x-audit-event" = json!(InvitationNilReturn::OPERATION_NAME)))
)]
#[post("/v1/invitations/{invitation_id}/nil-return")]
pub(crate) async fn submit_nil_return(request: Authorized<InvitationNilReturn>) -> HandlerResult {
    request
        .perform(|context| {
            let id = context.path_id("invitation_id")?;
            Ok(context
                .service
                .invitations
                .submit_nil_return(&context.call, id, context.body()?)?)
        })
        .await
}

/// Decline an invitation
///
/// Declines, stating the reason and who decided.
#[utoipa::path(
    tag = "Invitations", request_body = DeclineIn,
    responses((status = 200, description = "The declined invitation", body = InvitationOut)),
    extensions(("x-audit-event" = json!(InvitationDecline::OPERATION_NAME)))
)]
#[post("/v1/invitations/{invitation_id}/decline")]
pub(crate) async fn decline_invitation(request: Authorized<InvitationDecline>) -> HandlerResult {
    request
        .perform(|context| {
            let id = context.path_id("invitation_id")?;
            Ok(context.service.invitations.decline_invitation(
                &context.call,
                id,
                context.body()?,
            )?)
        })
        .await
}
