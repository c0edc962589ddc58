//! REST resources, problem details and the OpenAPI document.
