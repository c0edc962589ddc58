//! What all HTTP interfaces of the service share: connections, middleware, authentication, limits,
//! the extractor that names a permission, request bodies, problem documents, and responses with an
//! expiry. It knows no route but those outside `/v1` that every node serves.

mod auth;
mod body;
mod connection;
mod expiring_body;
pub mod extract;
pub mod html;
mod limits;
pub mod middleware;
pub mod problem;
pub mod response;
mod routes;
mod send_queue;
pub mod system_routes;

pub use auth::ClientCertificate;
pub use body::{Body, BodySchemas};
pub use connection::{ConnectionLimits, Connections, CountedStream, Transport, listen};
pub use expiring_body::{BodyExpired, ExpiringBody, stream_text};
pub use limits::Limits;
pub use routes::{QueryParameters, RouteDeclarations};
