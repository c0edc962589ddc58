//! What an application declares about its routes, so that the middleware and the extractor need not
//! know them.

use std::collections::{BTreeSet, HashMap};

use actix_web::http::Method;

use crate::BodySchemas;

/// What the middleware and the extractor need to know about the routes of an application.
#[derive(Default)]
pub struct RouteDeclarations {
    /// The start of the paths that may use the capacity reserved for the audit.
    pub audit_paths: Option<&'static str>,
    /// The schemas of request bodies.
    pub bodies: BodySchemas,
    /// The query parameters of each route. All others are rejected.
    pub query_parameters: QueryParameters,
}

/// The names of the query parameters of each route.
#[derive(Debug, Default)]
pub struct QueryParameters {
    by_pattern: HashMap<String, HashMap<Method, BTreeSet<String>>>,
    none: BTreeSet<String>,
}

impl QueryParameters {
    /// Declares the parameters of the route with this method and path pattern.
    pub fn declare(&mut self, method: Method, pattern: &str, names: BTreeSet<String>) {
        self.by_pattern
            .entry(pattern.to_owned())
            .or_default()
            .insert(method, names);
    }

    /// The parameters of a route; none for a route that was not declared.
    pub(crate) fn of_route(&self, method: &Method, pattern: &str) -> &BTreeSet<String> {
        self.by_pattern
            .get(pattern)
            .and_then(|methods| methods.get(method))
            .unwrap_or(&self.none)
    }
}
