//! The resources, one file for each group. A handler names its permission, reads what it needs, calls one use case and
//! answers.

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

/// Adds every route under `/v1`: used for the running service and for the document alike.
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
