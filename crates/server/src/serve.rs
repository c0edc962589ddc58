//! A running service: listens, works in the background, and ends in order.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use actix_server::{Server, ServerBuilder, ServerHandle};
use actix_web::rt;
use anyhow::Context as _;
use api::{ApiState, Connections, Limits};
use domain::Clock as _;
use identity::Verifier;
use service::Service;
use socket2::{Domain, Socket, Type};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::DemoArgs;
use crate::clock::SystemClock;
use crate::config::Settings;
use crate::startup::Ground;
use crate::tls::{self, CertificateFiles, TlsState};
use crate::workers::{Workers, Works};
use crate::{demo, logging, metrics_listener, output, process, startup};

/// How long the start waits for issuers' keys.
const KEYS_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections that the operating system keeps until they are accepted.
const BACKLOG: i32 = 1_024;

/// Runs the service until it is told to end.
pub(crate) fn serve(settings: Settings) -> anyhow::Result<()> {
    process::keep_memory_together();
    prepare(&settings);
    let ground = Ground::open(&settings)?;
    run(settings, ground, String::new())
}

/// Fills an empty database with the demonstration, then runs the service.
pub(crate) fn demo(settings: Settings, arguments: DemoArgs) -> anyhow::Result<()> {
    process::keep_memory_together();
    prepare(&settings);
    demo::refuse_unless_for_demonstration(&settings)?;
    let ground = Ground::open(&settings)?;
    let filled = demo::fill(&settings, &ground)?;
    let files = certificate_files(&settings)?;
    let guide = demo::guide(&settings, &filled, files.authority.as_deref());
    if arguments.fill_only {
        return Ok(output::text(&guide)?);
    }
    run(settings, ground, guide)
}

fn prepare(settings: &Settings) {
    logging::start(settings.logging);
    process::harden();
}

/// The files of the service's certificate; made when none are configured.
fn certificate_files(settings: &Settings) -> anyhow::Result<CertificateFiles> {
    match &settings.tls.certificate {
        Some((certificate, key)) => {
            Ok(CertificateFiles { certificate: certificate.clone(), key: key.clone(), authority: None })
        }
        None => {
            let names = tls::Names::new(settings.server.listen, &settings.server.public_url);
            tls::generated(&settings.data_folder.join("tls"), &names, SystemClock.now())
        }
    }
}

fn run(settings: Settings, ground: Ground, guide: String) -> anyhow::Result<()> {
    let service = ground.service(&settings, startup::system_clock())?;
    settle_audit(&service)?;
    let verifier = Arc::new(startup::verifier(&settings)?);
    let tls = TlsState::open(certificate_files(&settings)?, settings.tls.clients.clone())?;
    read_issuers_keys(&verifier);
    rt::System::new().block_on(Running { settings, ground, service, verifier, tls }.run(guide))
}

/// Reads the issuers' keys before it is said that the service is ready, so that the first token is not refused. An issuer that
/// does not answer is not waited for long: its keys are asked for again when somebody brings a token of its own.
fn read_issuers_keys(verifier: &Arc<Verifier>) {
    let (verifier, (tell, told)) = (Arc::clone(verifier), mpsc::channel());
    std::thread::spawn(move || {
        let troubles = verifier.refresh(SystemClock.now()).len();
        // Nobody waits any more when it took long.
        let _ = tell.send(troubles);
    });
    if told.recv_timeout(KEYS_TIMEOUT).is_err() {
        tracing::warn!("the keys of some issuers have not come yet");
    }
}

/// Before anything is served: what earlier runs left in the middle is finished, what was recorded in older ways is taken
/// over, and every record has its place.
fn settle_audit(service: &Service) -> anyhow::Result<()> {
    service.keep_time().context("the time cannot be stored")?;
    let filled = service.recover_audit().context("the audit of earlier runs cannot be finished")?;
    let taken_over = service.take_over_audit().context("the audit of before cannot be taken over")?;
    let placed = service.sequence_audit().context("the audit's records cannot be given their places")?;
    tracing::info!(filled, taken_over, placed, "the audit is whole");
    Ok(())
}

/// Everything a running service consists of.
struct Running {
    settings: Settings,
    ground: Ground,
    service: Service,
    verifier: Arc<Verifier>,
    tls: TlsState,
}

impl Running {
    async fn run(self, guide: String) -> anyhow::Result<()> {
        let metrics = self.settings.metrics.map(|address| metrics_listener::collect().map(|handle| (address, handle)));
        let metrics = metrics.transpose()?;
        let (server, address) = self.listen()?;
        let watch = metrics.clone().map(|(address, handle)| metrics_listener::listen(address, handle)).transpose()?;
        if let Some(watch) = watch {
            rt::spawn(watch);
        }
        let workers = Workers::start(self.works(metrics.map(|(_, handle)| handle)), self.settings.workers);
        rt::spawn(watch_signals(server.handle(), self.tls.clone(), Signals::new()?));
        self.say_ready(address, &guide)?;
        let ended = server.await;
        workers.stop().await;
        self.last_words().await;
        Ok(ended?)
    }

    fn works(&self, metrics: Option<metrics_exporter_prometheus::PrometheusHandle>) -> Works {
        Works {
            service: self.service.clone(),
            vault: self.ground.vault.clone(),
            verifier: Arc::clone(&self.verifier),
            metrics,
        }
    }

    fn listen(&self) -> anyhow::Result<(Server, SocketAddr)> {
        let settings = &self.settings.server;
        let limits =
            Limits { request_id_is_key: settings.request_id_is_idempotency_key, ..self.settings.limits.clone() };
        let limits = Limits { turns: self.settings.database.turns(), ..limits };
        let state = ApiState::new(
            self.service.clone(),
            Arc::clone(&self.verifier),
            startup::system_clock(),
            Arc::clone(&self.ground.ids),
            limits,
        );
        let connections = Connections::new(process::fit_connections(settings.connections.clone()));
        let listener =
            listen(settings.listen).with_context(|| format!("server.listen: cannot listen on {}", settings.listen))?;
        let address = listener.local_addr()?;
        let server = ServerBuilder::new()
            .workers(settings.workers)
            .worker_max_blocking_threads(settings.blocking_threads)
            // The connections count themselves, so that one that is idle can end in favour of the next.
            .max_concurrent_connections(usize::MAX)
            .shutdown_timeout(settings.shutdown_timeout.as_secs())
            .disable_signals();
        let server = api::listen(server, listener, &state, &connections, self.tls.transport()?)?;
        Ok((server.run(), address))
    }

    fn say_ready(&self, address: SocketAddr, guide: &str) -> anyhow::Result<()> {
        tracing::info!(%address, "ready");
        output::text(guide)?;
        Ok(output::line(&format!("ready: https://{address}"))?)
    }

    /// Background work but for linking stands still by now: lets that finish, and folds the write-ahead log into the database, so that nothing that was
    /// deleted stays behind in it.
    async fn last_words(self) {
        let (db, service) = (self.ground.db, self.service);
        let done = rt::task::spawn_blocking(move || {
            service.wait_for_links();
            if let Err(error) = service.keep_time() {
                tracing::warn!(%error, "the time is not stored");
            }
            store::purge::checkpoint(&db)
        });
        let done = done.await;
        match done {
            Ok(Ok(complete)) => tracing::info!(complete, "ended in order"),
            Ok(Err(error)) => tracing::warn!(%error, "ended without a last checkpoint"),
            Err(_) => tracing::warn!("ended without a last checkpoint"),
        }
    }
}

/// A listener on an address that a service before may have left a moment ago.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// The signals a service listens to.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }
}

/// SIGTERM and SIGINT end the service in order; SIGHUP reads the certificates, client authorities and revocation lists again.
async fn watch_signals(server: ServerHandle, tls: TlsState, mut signals: Signals) {
    loop {
        tokio::select! {
            _ = signals.terminate.recv() => break,
            _ = signals.interrupt.recv() => break,
            _ = signals.hang_up.recv() => tls.reload(),
        }
    }
    tracing::info!("ending: no new connections, requests under way are answered");
    server.stop(true).await;
}
