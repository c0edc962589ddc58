//! Assembles the actix application.

use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::guard;
use actix_web::middleware::from_fn;
use actix_web::{App, Error, web};
use domain::{Clock, IdGenerator};
use identity::Verifier;
use service::Service;
use utoipa_actix_web::AppExt as _;

use crate::connection::BareResponseRewriter;
use crate::middleware::{MiddlewareState, request_pipeline};
use crate::{Limits, body, system_routes};

/// Shared state of the routes. Cheap to clone; all worker threads use the same one, because rate
/// limits are shared.
#[derive(Clone)]
pub struct ApiState {
    service: web::Data<Service>,
    middleware: web::Data<MiddlewareState>,
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
        body::schema::compile_validators();
        let middleware = MiddlewareState::new(verifier, clock, ids, limits);
        Self {
            service: web::Data::new(service),
            middleware: web::Data::new(middleware),
        }
    }

    /// Replaces bare responses of the HTTP parser by problem documents.
    pub(crate) fn rewriter(&self) -> BareResponseRewriter {
        BareResponseRewriter {
            clock: Arc::clone(&self.middleware.clock),
            ids: Arc::clone(&self.middleware.ids),
        }
    }
}

/// Builds the application with all routes and middleware; each worker thread has one.
///
/// [`crate::listen`] serves it and provides the connection data.
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

fn build_app(
    middleware: web::Data<MiddlewareState>,
    service: Option<web::Data<Service>>,
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
    let find_fallback = web::resource("/v1/people/find")
        .guard(guard::Not(guard::Post()))
        .to(system_routes::not_found);
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
        .default_service(web::to(system_routes::not_found))
        .wrap(from_fn(request_pipeline::process_request))
}

#[cfg(test)]
mod tests;
