//! The REST API: resources, their JSON representations and the OpenAPI document. A handler names its
//! permission, reads its parameters, calls one use case and builds the response; `web` implements
//! what all routes share.

mod app;
mod doc;
mod document_routes;
mod representation;
mod resources;
mod response;

pub use app::{ApiState, app, listen};
pub use doc::{openapi_json, openapi_yaml};
pub use resources::configure;
