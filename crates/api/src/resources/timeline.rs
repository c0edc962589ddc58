//! The consolidated timeline and its frozen views.

use actix_web::{get, post};
use domain::permission::{
    ChronologyConsolidate, ConsolidationList, ConsolidationRead, SnapshotRead, TimelineRead,
};
use service::{ConsolidationOut, Page, SnapshotOut, TimelineOut};
use utoipa_actix_web::service_config::ServiceConfig;
use web::extract::Authorized;
use web::response::HandlerResult;

use crate::response::JsonResponder as _;

/// Adds the routes of this file.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(get_timeline)
        .service(list_consolidations)
        .service(create_consolidation)
        .service(get_consolidation)
        .service(get_snapshot);
}

/// Read the timeline
///
/// Every live entry in order: one row per event, with every account and its source, under a header that states which agencies have responded. Without a limit the whole timeline is returned, unless it is longer than 3 MiB; `next` then leads to the rest, so follow it until it is absent. Rows that may describe the same event refer to each other (`may_be_same`) and stay separate until somebody decides; they may refer to a row that a filter leaves out.
#[utoipa::path(
    tag = "Timeline",
    responses((status = 200, description = "The timeline", body = TimelineOut)),
    extensions(("x-audit-event" = json!(TimelineRead::OPERATION_NAME)))
)]
#[get("/v1/chronologies/{chronology_id}/timeline")]
pub(crate) async fn get_timeline(request: Authorized<TimelineRead>) -> HandlerResult {
    request
        .read(|context| {
            let id = context.path_id("chronology_id")?;
            let query = context.timeline_query()?;
            Ok(context
                .service
                .timelines
                .get_timeline(&context.call, id, query)?)
        })
        .await
}

/// List frozen views
///
/// The views that were frozen for meetings, without their content.
#[utoipa::path(
    tag = "Timeline",
    responses((status = 200, description = "A page of frozen views", body = Page<ConsolidationOut>)),
    extensions(("x-audit-event" = json!(ConsolidationList::OPERATION_NAME)))
)]
#[get("/v1/chronologies/{chronology_id}/consolidations")]
pub(crate) async fn list_consolidations(request: Authorized<ConsolidationList>) -> HandlerResult {
    request
        .read(|context| {
            let id = context.path_id("chronology_id")?;
            let page = context.page_query()?;
            Ok(context
                .service
                .chronologies
                .list_consolidations(&context.call, id, page)?)
        })
        .await
}

/// Freeze the timeline
///
/// Stores the current timeline for a meeting.
#[utoipa::path(
    tag = "Timeline",
    responses((status = 201, description = "The frozen view", body = ConsolidationOut)),
    extensions(("x-audit-event" = json!(ChronologyConsolidate::OPERATION_NAME)))
)]
#[post("/v1/chronologies/{chronology_id}/consolidations")]
pub(crate) async fn create_consolidation(
    request: Authorized<ChronologyConsolidate>,
) -> HandlerResult {
    request
        .create(|context| {
            context.require_empty_body()?;
            Ok(context
                .service
                .chronologies
                .consolidate(&context.call, context.path_id("chronology_id")?)?)
        })
        .await
}

/// Read a frozen view
///
/// The timeline at the time it was frozen.
#[utoipa::path(
    tag = "Timeline",
    responses((status = 200, description = "The frozen view", body = ConsolidationOut)),
    extensions(("x-audit-event" = json!(ConsolidationRead::OPERATION_NAME)))
)]
#[get("/v1/chronologies/{chronology_id}/consolidations/{consolidation_id}")]
pub(crate) async fn get_consolidation(request: Authorized<ConsolidationRead>) -> HandlerResult {
    request
        .read(|context| {
            let id = context.path_id("chronology_id")?;
            let view = context.path_id("consolidation_id")?;
            Ok(context
                .service
                .chronologies
                .get_consolidation(&context.call, id, view)?)
        })
        .await
}

/// Export the snapshot
///
/// The signed-off view, for the social-care record.
#[utoipa::path(
    tag = "Timeline",
    responses((status = 200, description = "The snapshot", body = SnapshotOut)),
    extensions(("x-audit-event" = json!(SnapshotRead::OPERATION_NAME)))
)]
#[get("/v1/chronologies/{chronology_id}/snapshot")]
pub(crate) async fn get_snapshot(request: Authorized<SnapshotRead>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .chronologies
                .get_snapshot(&context.call, context.path_id("chronology_id")?)?)
        })
        .await
}
