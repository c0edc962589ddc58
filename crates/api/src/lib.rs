//! The HTTP API: REST resources, problem details and the OpenAPI document. A handler names its
//! permission, reads its parameters, calls one use case and builds the response; middleware and
//! extractors implement what all routes share.

mod app;
mod auth;
mod body;
mod connection;
mod doc;
mod expiring_body;
mod extract;
mod html;
mod limits;
mod middleware;
mod permission;
mod problem;
mod representation;
mod resources;
mod response;
mod send_queue;
mod system_routes;

pub use app::{ApiState, app};
pub use auth::ClientCertificate;
pub use connection::{ConnectionLimits, Connections, CountedStream, Transport, listen};
pub use doc::{openapi_json, openapi_yaml};
pub use limits::Limits;
pub use problem::ProblemOut;
pub use resources::configure;
