//! Assembles the actix application.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use actix_server::ServerBuilder;
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::web::{self as routing, Data};
use actix_web::{App, Error, guard};
use domain::{Clock, IdGenerator};
use identity::Verifier;
use service::Service;
use utoipa_actix_web::AppExt as _;
use web::middleware::{MiddlewareState, process_request};
use web::{Connections, Limits, Transport, system_routes};

use crate::{doc, document_routes};

/// Shared state of the routes. Cheap to clone; all worker threads use the same one, because rate
/// limits are shared.
#[derive(Clone)]
pub struct ApiState {
    service: Data<Service>,
    middleware: Data<MiddlewareState>,
}

impl ApiState {
    /// A state with these use cases. `clock` and `ids` must be those of the service. Compiles the
    /// validators of all inputs, so that the first request does not wait for it.
    #[must_use]
    pub fn new(
        service: Service,
        verifier: Arc<Verifier>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
        limits: Limits,
    ) -> Self {
        let routes = doc::route_declarations();
        let middleware = MiddlewareState::new(verifier, clock, ids, limits, routes);
        Self {
            service: Data::new(service),
            middleware: Data::new(middleware),
        }
    }
}

/// Builds the application with all routes and middleware; each worker thread has one.
///
/// [`listen`] serves it and provides the connection data.
pub fn app(
    state: &ApiState,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    build_app(state.middleware.clone(), Some(state.service.clone()))
}

/// Adds a listener that serves the application to `server`.
///
/// # Errors
/// When the listener cannot be used.
pub fn listen(
    server: ServerBuilder,
    listener: TcpListener,
    state: &ApiState,
    connections: &Connections,
    transport: impl Transport,
) -> io::Result<ServerBuilder> {
    let application = state.clone();
    web::listen(
        server,
        listener,
        move || app(&application),
        &state.middleware,
        connections,
        transport,
    )
}

fn build_app(
    middleware: Data<MiddlewareState>,
    service: Option<Data<Service>>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    // Registered before the other routes, because the router would take "find" for the id of a
    // person.
    let find_fallback = routing::resource("/v1/people/find")
        .guard(guard::Not(guard::Post()))
        .to(document_routes::not_found);
    let (routes, _) = App::new()
        .service(find_fallback)
        .into_utoipa_app()
        .configure(crate::configure)
        .split_for_parts();
    let routes = match service {
        Some(service) => routes.app_data(service),
        None => routes,
    };
    routes
        .app_data(middleware)
        .configure(system_routes::configure)
        .configure(document_routes::configure)
        .default_service(routing::to(document_routes::not_found))
        .wrap(from_fn(process_request))
}

#[cfg(test)]
mod tests;
