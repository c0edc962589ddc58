//! The whole application, put together.

use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::guard;
use actix_web::middleware::from_fn;
use actix_web::{App, Error, web};
use domain::{Clock, Ids};
use identity::Verifier;
use service::Service;
use utoipa_actix_web::AppExt as _;

use crate::connection::Rewriter;
use crate::front::{Front, frame};
use crate::{Limits, body, plain};

/// What the routes work with. Cheap to clone; one for all worker threads, because allowances are shared.
#[derive(Clone)]
pub struct ApiState {
    service: web::Data<Service>,
    front: web::Data<Front>,
}

impl ApiState {
    /// A state over these use cases. `clock` and `ids` are the service's own. Compiles the schemas of all inputs, so
    /// that the first request does not wait for it.
    #[must_use]
    pub fn new(
        service: Service,
        verifier: Arc<Verifier>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        limits: Limits,
    ) -> Self {
        body::schema::prepare();
        let front = Front::new(verifier, clock, ids, limits);
        Self { service: web::Data::new(service), front: web::Data::new(front) }
    }

    /// Writes what the HTTP reader cannot say.
    pub(crate) fn rewriter(&self) -> Rewriter {
        Rewriter { clock: Arc::clone(&self.front.clock), ids: Arc::clone(&self.front.ids) }
    }
}

/// The application with all its routes and everything that stands before them: one for each worker thread.
///
/// [`crate::listen`] serves it, and puts what is known of a connection among its data.
pub fn app(
    state: &ApiState,
) -> App<
    impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<BoxBody>, Error = Error, InitError = ()>
    + use<>,
> {
    built(state.front.clone(), Some(state.service.clone()))
}

fn built(
    front: web::Data<Front>,
    service: Option<web::Data<Service>>,
) -> App<
    impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<BoxBody>, Error = Error, InitError = ()>
    + use<>,
> {
    // Before the routes: to the router it is also the path of a person who is called "find".
    let find = web::resource("/v1/people/find").guard(guard::Not(guard::Post())).to(plain::nowhere);
    let (routes, _) = App::new().service(find).into_utoipa_app().configure(crate::configure).split_for_parts();
    let routes = match service {
        Some(service) => routes.app_data(service),
        None => routes,
    };
    routes
        .app_data(front)
        .configure(plain::configure)
        .default_service(web::to(plain::nowhere))
        .wrap(from_fn(frame::frame))
}

#[cfg(test)]
mod tests;
