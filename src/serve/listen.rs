//! Where does the server listen, and how does it end?

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;

use super::{AppState, router};
use crate::error::{Context, Error, ErrorKind, Result};

/// Longest wait for connections under way once the server is told to stop.
const STOP_WAIT: Duration = Duration::from_secs(10);

/// Reads `address:port`. Only this machine's own addresses are taken, since the server asks nobody for a key.
///
/// # Errors
/// `BadSetting` for text that is no address with a port, and for an address that others can reach.
pub fn bind_address(text: &str) -> Result<SocketAddr> {
    let unclear = || ErrorKind::BadSetting.on(format!("listen address `{text}`: write an address and a port, such as 127.0.0.1:8080"));
    let address = match text.strip_prefix("localhost:") {
        Some(port) => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port.parse().map_err(|_| unclear())?),
        None => text.parse::<SocketAddr>().map_err(|_| unclear())?,
    };
    check_loopback(address, text)?;
    Ok(address)
}

fn check_loopback(address: SocketAddr, text: &str) -> Result<(), Error> {
    if address.ip().is_loopback() {
        return Ok(());
    }
    Err(ErrorKind::BadSetting.on(format!(
        "listen address `{text}`: frontdesk listens on loopback and refuses other addresses until API keys exist: use 127.0.0.1:{}",
        address.port()
    )))
}

/// Serves until `shutdown` ends, then takes no more connections, lets answers under way finish for a moment and returns
/// after at most ten seconds.
///
/// # Errors
/// `BadSetting` if `listener` can be reached from other machines; `Server` if it cannot be used.
pub async fn serve(listener: TcpListener, state: AppState, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<()> {
    let unusable = || "the listening socket cannot be used: start the server again".to_owned();
    let address = listener.local_addr().on(ErrorKind::Server, unusable)?;
    check_loopback(address, &address.to_string())?;
    // An event is a few bytes: waiting to fill a packet would hold it back.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!("a connection keeps its delay: {error}");
        }
    });
    let (signal, waiting) = (state.clone(), state.clone());
    let server = axum::serve(listener, router(state)).with_graceful_shutdown(async move {
        shutdown.await;
        tracing::info!("stopping: no more connections are taken");
        signal.stop();
    });
    tokio::select! {
        ended = server => ended.on(ErrorKind::Server, unusable),
        () = waiting.stopped(STOP_WAIT) => {
            tracing::warn!("some connections did not end in time and were cut");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses_are_taken() {
        for text in ["127.0.0.1:8080", "127.3.2.1:0", "[::1]:8080", "localhost:8080"] {
            assert!(bind_address(text).unwrap().ip().is_loopback(), "{text}");
        }
        for text in ["0.0.0.0:8080", "[::]:80", "192.168.1.5:8080", "[::ffff:127.0.0.1]:80", "8.8.8.8:53"] {
            let error = bind_address(text).unwrap_err();
            assert!(error.to_string().contains("refuses other addresses until API keys exist"), "{error}");
        }
        for text in ["", "8080", "127.0.0.1", "localhost:", "localhost:99999", "example.com:80", ":8080"] {
            let error = bind_address(text).unwrap_err();
            assert!(error.to_string().contains("such as 127.0.0.1:8080"), "{error}");
        }
    }
}
