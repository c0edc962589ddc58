//! Prometheus metrics on a separate listener, so that the service's own address never serves them.

use std::net::SocketAddr;

use actix_web::dev::Server;
use actix_web::http::header::ContentType;
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Context as _;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// Buckets for latencies in seconds, finest around the targets.
const LATENCY_BUCKETS: &[f64] = &[
    0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Installs the metrics recorder for the whole process.
///
/// # Errors
/// Fails when a recorder is already installed.
pub(crate) fn install_recorder() -> anyhow::Result<PrometheusHandle> {
    Ok(PrometheusBuilder::new()
        .set_buckets(LATENCY_BUCKETS)?
        .install_recorder()?)
}

/// Starts a listener that serves `/metrics`.
///
/// # Errors
/// Fails when the address is in use.
pub(crate) fn listen(address: SocketAddr, handle: PrometheusHandle) -> anyhow::Result<Server> {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(handle.clone()))
            .route("/metrics", web::get().to(render))
    });
    let bound = server
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .bind(address);
    Ok(bound
        .with_context(|| format!("metrics.listen: cannot listen on {address}"))?
        .run())
}

async fn render(handle: web::Data<PrometheusHandle>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(ContentType(
            "text/plain; version=0.0.4"
                .parse()
                .unwrap_or(actix_web::mime::TEXT_PLAIN),
        ))
        .body(handle.render())
}
