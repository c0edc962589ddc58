//! The resource routes, one file per group. A handler names its permission, reads its parameters,
//! calls one use case and builds the response.

mod audit;
mod chronologies;
mod deletion;
mod directory;
mod emergency;
mod fragments;
mod holds;
mod invitations;
mod links;
mod people;
mod person_links;
mod timeline;

use utoipa_actix_web::service_config::ServiceConfig;

/// Adds every route under `/v1`, both to the application and to the OpenAPI document.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .configure(directory::configure)
        .configure(people::configure)
        .configure(chronologies::configure)
        .configure(invitations::configure)
        .configure(links::configure)
        .configure(fragments::configure)
        .configure(timeline::configure)
        .configure(person_links::configure)
        .configure(holds::configure)
        .configure(emergency::configure)
        .configure(deletion::configure)
        .configure(audit::configure);
}
