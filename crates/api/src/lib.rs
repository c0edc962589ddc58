//! The HTTP side: REST resources, problem details and the OpenAPI document. A handler names its permission, reads what it
//! needs, calls one use case and answers; everything that all routes share stands before or after it, once.

mod app;
mod ask;
mod body;
mod caller;
mod connection;
mod doc;
mod front;
mod limits;
mod page;
mod permission;
mod plain;
mod problem;
mod reply;
mod resources;
mod send_queue;
mod shown;
mod timed;

pub use app::{ApiState, app};
pub use caller::ClientCertificate;
pub use connection::{ConnectionLimits, Connections, Counted, Transport, listen};
pub use doc::{openapi_json, openapi_yaml};
pub use limits::Limits;
pub use problem::ProblemOut;
pub use resources::configure;
