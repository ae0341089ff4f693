//! `frontdesk serve`: load, check, warm up, listen.

use std::net::SocketAddr;
use std::time::Instant;

use tokio::net::TcpSocket;
use tokio::runtime::Handle;

use super::open::open_desk;
use super::upkeep;
use super::watch::watch;
use crate::answer::Desk;
use crate::config::Settings;
use crate::error::{ErrorKind, Result};
use crate::library::Library;
use crate::policy::folder_state;
use crate::serve::{AppState, bind_address, serve};
use crate::store::Store;

/// Wishes of `serve`.
#[derive(Debug, Clone, clap::Args)]
pub struct ServeArgs {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, env = "FRONTDESK_LISTEN", value_name = "ADDRESS", default_value = LISTEN)]
    listen: String,
}

/// Connections that may wait to be taken.
const BACKLOG: u32 = 1024;

const LISTEN: &str = "127.0.0.1:8080";

impl Default for ServeArgs {
    fn default() -> Self {
        Self { listen: std::env::var("FRONTDESK_LISTEN").unwrap_or_else(|_| LISTEN.to_owned()) }
    }
}

/// Serves until told to stop (Ctrl-C or SIGTERM).
pub(super) async fn run(settings: &Settings, wishes: ServeArgs) -> Result<u8> {
    let started = Instant::now();
    let address = bind_address(&wishes.listen)?;
    let taken = |cause| ErrorKind::Server.on(format!("{address} cannot be listened on: choose another with --listen")).because(cause);
    // Reserved before the models load, so that a taken port is said at once; listened on only when everything is ready.
    let socket = reserve(address).map_err(taken)?;
    let store = Store::open_at(&settings.database).await?;
    let loaded = folder_state(&settings.corpus);
    let (runtime, owned) = (Handle::current(), settings.clone());
    let open = move || {
        let desk = open_desk(&runtime, &owned, true)?;
        desk.warm_up();
        Ok(desk)
    };
    let desk = tokio::task::spawn_blocking(open).await.map_err(|cause| ErrorKind::Server.on("loading stopped half-way").because(cause))?;
    let desk: Desk = desk?;
    for correction in store.corrections().await? {
        desk.learn(correction);
    }
    let info = desk.info();
    tracing::info!(
        corpus = %settings.corpus.display(), data = %settings.data.display(), database = %settings.database, workers = info.limits.workers, queue = info.limits.queue,
        embedding = info.models.embedding, llm = info.models.llm, device = info.device, index_version = info.index.version, "settings"
    );
    let library = Library::new(desk.clone(), store.clone(), Handle::current(), settings.corpus.clone(), settings.index_dir());
    watch(library.clone(), settings.corpus.clone(), loaded);
    upkeep::start(settings, desk.clone(), store.clone())?;
    let listener = socket.listen(BACKLOG).map_err(taken)?;
    let address = listener.local_addr().unwrap_or(address);
    println!(
        "frontdesk answers from {} documents ({} passages). Ready after {:.1} s.\nOpen http://{address}",
        info.index.documents,
        info.index.passages,
        started.elapsed().as_secs_f64()
    );
    serve(listener, AppState::new(desk, store, library), shutdown()).await?;
    Ok(0)
}

fn reserve(address: SocketAddr) -> std::io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A server that was just stopped leaves connections behind that would keep the port for a minute.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

async fn shutdown() {
    let interrupt = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
