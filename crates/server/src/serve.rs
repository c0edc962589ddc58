//! The running service: listeners, background workers and orderly shutdown.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use actix_server::{Server, ServerBuilder, ServerHandle};
use actix_web::rt;
use anyhow::Context as _;
use api::ApiState;
use domain::Clock as _;
use identity::Verifier;
use service::Service;
use socket2::{Domain, Socket, Type};
use tokio::signal::unix::{Signal, SignalKind, signal};
use web::{Connections, Limits};

use crate::cli::DemoArgs;
use crate::clock::SystemClock;
use crate::config::Settings;
use crate::startup::AppContext;
use crate::tls::{self, CertificateFiles, TlsState};
use crate::workers::{WorkerContext, Workers};
use crate::{demo, logging, metrics_listener, output, process, startup};

/// How long startup waits for the issuers' keys.
const ISSUER_KEYS_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections that the operating system queues until they are accepted.
const BACKLOG: i32 = 1_024;

/// Runs the service until it is stopped.
pub(crate) fn serve(settings: Settings) -> anyhow::Result<()> {
    process::limit_allocator_arenas();
    prepare(&settings);
    let context = AppContext::open(&settings)?;
    run(settings, context, String::new())
}

/// Seeds an empty database with the demonstration, then runs the service.
pub(crate) fn demo(settings: Settings, arguments: DemoArgs) -> anyhow::Result<()> {
    process::limit_allocator_arenas();
    prepare(&settings);
    demo::ensure_demo_allowed(&settings)?;
    let context = AppContext::open(&settings)?;
    let outcome = demo::seed(&settings, &context)?;
    let files = certificate_files(&settings)?;
    let guide = demo::guide(&settings, &outcome, files.authority.as_deref());
    if arguments.fill_only {
        return Ok(output::print_text(&guide)?);
    }
    run(settings, context, guide)
}

fn prepare(settings: &Settings) {
    logging::start(settings.logging);
    process::harden();
}

/// The files of the service's certificate. They are generated when none are configured.
fn certificate_files(settings: &Settings) -> anyhow::Result<CertificateFiles> {
    match &settings.tls.certificate {
        Some((certificate, key)) => Ok(CertificateFiles {
            certificate: certificate.clone(),
            key: key.clone(),
            authority: None,
        }),
        None => {
            let names = tls::ServerNames::new(settings.server.listen, &settings.server.public_url);
            tls::ensure_generated(&settings.data_folder.join("tls"), &names, SystemClock.now())
        }
    }
}

fn run(settings: Settings, context: AppContext, guide: String) -> anyhow::Result<()> {
    let service = context.service(&settings, startup::system_clock())?;
    recover_audit(&service)?;
    let verifier = Arc::new(startup::build_verifier(&settings)?);
    let tls = TlsState::open(certificate_files(&settings)?, settings.tls.clients.clone())?;
    fetch_issuer_keys(&verifier);
    rt::System::new().block_on(
        RunningService {
            settings,
            context,
            service,
            verifier,
            tls,
        }
        .run(guide),
    )
}

/// Fetches the issuers' keys before the service reports that it is ready, so that the first token
/// is not refused. The wait for an issuer that does not respond is short: its keys are fetched
/// again when one of its tokens arrives.
fn fetch_issuer_keys(verifier: &Arc<Verifier>) {
    let verifier = Arc::clone(verifier);
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let failures = verifier.refresh(SystemClock.now()).len();
        // The receiver is gone when fetching took too long.
        let _ = sender.send(failures);
    });
    if receiver.recv_timeout(ISSUER_KEYS_TIMEOUT).is_err() {
        tracing::warn!("the keys of some issuers have not been fetched yet");
    }
}

/// Brings the audit into a consistent state before requests are served: completes records that
/// earlier runs left unfinished, migrates records of former formats, and adds every record to the
/// tree.
fn recover_audit(service: &Service) -> anyhow::Result<()> {
    service
        .kernel
        .persist_time()
        .context("the time cannot be stored")?;
    let filled = service
        .kernel
        .recover_audit()
        .context("audit records of earlier runs cannot be completed")?;
    let migrated = service
        .kernel
        .migrate_former_audit()
        .context("audit records of former formats cannot be migrated")?;
    let sequenced = service
        .kernel
        .sequence_audit()
        .context("audit records cannot be added to the tree")?;
    tracing::info!(filled, migrated, sequenced, "the audit is consistent");
    Ok(())
}

/// Everything that a running service consists of.
struct RunningService {
    settings: Settings,
    context: AppContext,
    service: Service,
    verifier: Arc<Verifier>,
    tls: TlsState,
}

impl RunningService {
    async fn run(self, guide: String) -> anyhow::Result<()> {
        let metrics = self
            .settings
            .metrics
            .map(|address| metrics_listener::install_recorder().map(|handle| (address, handle)));
        let metrics = metrics.transpose()?;
        let (server, address) = self.listen()?;
        let metrics_server = metrics
            .clone()
            .map(|(address, handle)| metrics_listener::listen(address, handle))
            .transpose()?;
        if let Some(metrics_server) = metrics_server {
            rt::spawn(metrics_server);
        }
        let workers = Workers::start(
            self.worker_context(metrics.map(|(_, handle)| handle)),
            self.settings.workers,
        );
        rt::spawn(handle_signals(
            server.handle(),
            self.tls.clone(),
            Signals::new()?,
        ));
        self.announce_ready(address, &guide)?;
        let result = server.await;
        workers.stop().await;
        self.finish_shutdown().await;
        Ok(result?)
    }

    fn worker_context(
        &self,
        metrics: Option<metrics_exporter_prometheus::PrometheusHandle>,
    ) -> WorkerContext {
        WorkerContext {
            service: self.service.clone(),
            vault: self.context.vault.clone(),
            verifier: Arc::clone(&self.verifier),
            metrics,
        }
    }

    fn listen(&self) -> anyhow::Result<(Server, SocketAddr)> {
        let settings = &self.settings.server;
        let limits = Limits {
            request_id_is_key: settings.request_id_is_idempotency_key,
            ..self.settings.limits.clone()
        };
        let limits = Limits {
            concurrent_use_cases: self.settings.database.max_concurrent_use_cases(),
            ..limits
        };
        let state = ApiState::new(
            self.service.clone(),
            Arc::clone(&self.verifier),
            startup::system_clock(),
            Arc::clone(&self.context.ids),
            limits,
        );
        let connections = Connections::new(process::fit_connections_to_open_files(
            settings.connections.clone(),
        ));
        let listener = listen(settings.listen)
            .with_context(|| format!("server.listen: cannot listen on {}", settings.listen))?;
        let address = listener.local_addr()?;
        let server = ServerBuilder::new()
            .workers(settings.workers)
            .worker_max_blocking_threads(settings.blocking_threads)
            // The `Connections` limit counts connections itself, so that an idle one can be closed
            // in favour of a new one.
            .max_concurrent_connections(usize::MAX)
            .shutdown_timeout(settings.shutdown_timeout.as_secs())
            .disable_signals();
        let server = api::listen(
            server,
            listener,
            &state,
            &connections,
            self.tls.transport()?,
        )?;
        Ok((server.run(), address))
    }

    fn announce_ready(&self, address: SocketAddr, guide: &str) -> anyhow::Result<()> {
        tracing::info!(%address, "ready");
        output::print_text(guide)?;
        Ok(output::print_line(&format!("ready: https://{address}"))?)
    }

    /// Completes the shutdown. The workers have stopped, except for linking: waits for it, then
    /// checkpoints the write-ahead log into the database, so that no deleted data stays in the log.
    async fn finish_shutdown(self) {
        let db = self.context.db;
        let service = self.service;
        let shutdown = rt::task::spawn_blocking(move || {
            service.linking.wait_for_links();
            if let Err(error) = service.kernel.persist_time() {
                tracing::warn!(%error, "the time could not be stored");
            }
            store::purge::checkpoint(&db)
        });
        match shutdown.await {
            Ok(Ok(complete)) => tracing::info!(complete, "shutdown complete"),
            Ok(Err(error)) => tracing::warn!(%error, "shutdown without a final checkpoint"),
            Err(_) => tracing::warn!("shutdown without a final checkpoint"),
        }
    }
}

/// Opens a listener on an address that a previous service may have closed a moment ago.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// The signals that the service handles.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }
}

/// SIGTERM and SIGINT stop the service in order. SIGHUP reloads certificates, client authorities
/// and revocation lists.
async fn handle_signals(server: ServerHandle, tls: TlsState, mut signals: Signals) {
    loop {
        tokio::select! {
            _ = signals.terminate.recv() => break,
            _ = signals.interrupt.recv() => break,
            _ = signals.hangup.recv() => tls.reload(),
        }
    }
    tracing::info!("shutting down: no new connections, requests in progress are completed");
    server.stop(true).await;
}
