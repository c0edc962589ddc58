//! Invitations and the answers agencies give.

use actix_web::{get, patch, post};
use service::{DeclineIn, FormOut, InvitationIn, InvitationOut, InvitationPatch, NilReturnIn, Page};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::ask::Asked;
use crate::permission::{
    FormRead, InvitationCreate, InvitationDecline, InvitationDraft, InvitationList, InvitationNilReturn,
    InvitationRead, InvitationUpdate,
};
use crate::reply::Reply;

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
/// Every agency asked and where it stands; an invited agency sees its own.
#[utoipa::path(
    tag = "Invitations",
    responses((status = 200, description = "A page of invitations", body = Page<InvitationOut>)),
    extensions(("x-audit-event" = json!(InvitationList::WORD)))
)]
#[get("/v1/chronologies/{chronology_id}/invitations")]
pub(crate) async fn list_chronology_invitations(asked: Asked<InvitationList>) -> Reply {
    asked
        .read(|ask| {
            let (id, page) = (ask.id("chronology_id")?, ask.page()?);
            Ok(ask.service.invitations(&ask.call, id, page)?)
        })
        .await
}

/// Invite an agency
///
/// One invitation for each agency.
#[utoipa::path(
    tag = "Invitations", request_body = InvitationIn,
    responses((status = 201, description = "The new invitation", body = InvitationOut)),
    extensions(("x-audit-event" = json!(InvitationCreate::WORD)))
)]
#[post("/v1/chronologies/{chronology_id}/invitations")]
pub(crate) async fn create_invitation(asked: Asked<InvitationCreate>) -> Reply {
    asked
        .create(|ask| {
            let id = ask.id("chronology_id")?;
            Ok(ask.service.invite(&ask.call, id, ask.body()?)?)
        })
        .await
}

/// List your agency's invitations
///
/// What your agency is asked for.
#[utoipa::path(
    tag = "Invitations",
    responses((status = 200, description = "A page of invitations", body = Page<InvitationOut>)),
    extensions(("x-audit-event" = json!(InvitationList::WORD)))
)]
#[get("/v1/invitations")]
pub(crate) async fn list_invitations(asked: Asked<InvitationList>) -> Reply {
    asked.read(|ask| Ok(ask.service.my_invitations(&ask.call, ask.page()?)?)).await
}

/// Read an invitation
///
/// The first look by the invited agency marks it as viewed.
#[utoipa::path(
    tag = "Invitations",
    responses((status = 200, description = "The invitation", body = InvitationOut)),
    extensions(("x-audit-event" = json!(InvitationRead::WORD)))
)]
#[get("/v1/invitations/{invitation_id}")]
pub(crate) async fn get_invitation(asked: Asked<InvitationRead>) -> Reply {
    asked.read(|ask| Ok(ask.service.invitation(&ask.call, ask.id("invitation_id")?)?)).await
}

/// Change an invitation
///
/// Names practitioners; social care also sets the due date and the message.
#[utoipa::path(
    tag = "Invitations", request_body = InvitationPatch,
    responses((status = 200, description = "The invitation as it is now", body = InvitationOut)),
    extensions(("x-audit-event" = json!(InvitationUpdate::WORD)))
)]
#[patch("/v1/invitations/{invitation_id}")]
pub(crate) async fn update_invitation(asked: Asked<InvitationUpdate>) -> Reply {
    asked
        .change(|ask| {
            let (id, version) = (ask.id("invitation_id")?, ask.version()?);
            Ok(ask.service.patch_invitation(&ask.call, id, version, ask.body()?)?)
        })
        .await
}

/// Fetch the form, filled in
///
/// What the service knows already: chronology, family, agency, practitioner, last return, categories and guidance. One form for all siblings.
#[utoipa::path(
    tag = "Invitations",
    responses((status = 200, description = "The form", body = FormOut)),
    extensions(("x-audit-event" = json!(FormRead::WORD)))
)]
#[get("/v1/invitations/{invitation_id}/form")]
pub(crate) async fn get_form(asked: Asked<FormRead>) -> Reply {
    asked.read(|ask| Ok(ask.service.form(&ask.call, ask.id("invitation_id")?)?)).await
}

/// Say that a return is being written
///
/// Social care sees that somebody is at it.
#[utoipa::path(
    tag = "Invitations",
    responses((status = 200, description = "The invitation, being answered", body = InvitationOut)),
    extensions(("x-audit-event" = json!(InvitationDraft::WORD)))
)]
#[post("/v1/invitations/{invitation_id}/draft")]
pub(crate) async fn start_draft(asked: Asked<InvitationDraft>) -> Reply {
    asked
        .step(|ask| {
            ask.no_body()?;
            Ok(ask.service.start_draft(&ask.call, ask.id("invitation_id")?)?)
        })
        .await
}

/// Answer nil
///
/// The agency holds nothing relevant and says so. An answer, never silence.
#[utoipa::path(
    tag = "Invitations", request_body = NilReturnIn,
    responses((status = 200, description = "The invitation, answered", body = InvitationOut)),
    extensions(("x-audit-event" = json!(InvitationNilReturn::WORD)))
)]
#[post("/v1/invitations/{invitation_id}/nil-return")]
pub(crate) async fn submit_nil_return(asked: Asked<InvitationNilReturn>) -> Reply {
    asked
        .step(|ask| {
            let id = ask.id("invitation_id")?;
            Ok(ask.service.nil_return(&ask.call, id, ask.body()?)?)
        })
        .await
}

/// Decline
///
/// With the reason, and who decided.
#[utoipa::path(
    tag = "Invitations", request_body = DeclineIn,
    responses((status = 200, description = "The invitation, declined", body = InvitationOut)),
    extensions(("x-audit-event" = json!(InvitationDecline::WORD)))
)]
#[post("/v1/invitations/{invitation_id}/decline")]
pub(crate) async fn decline_invitation(asked: Asked<InvitationDecline>) -> Reply {
    asked
        .step(|ask| {
            let id = ask.id("invitation_id")?;
            Ok(ask.service.decline(&ask.call, id, ask.body()?)?)
        })
        .await
}
