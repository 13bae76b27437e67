//! Arguments of the servers.

use std::net::SocketAddr;

use clap::Args;

/// Arguments of `jpki serve`.
#[derive(Debug, Args)]
#[command(after_help = "\
Addresses are IP:PORT, like 127.0.0.1:8081 or [::1]:8081; port 0 takes any that is free.

Examples:
  jpki serve --dry-run
  jpki serve --crl 127.0.0.1:8081 --admin 127.0.0.1:8082 --dry-run")]
pub(crate) struct ServeArgs {
    /// Answer about status (OCSP) there
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) ocsp: Option<SocketAddr>,
    /// Serve the published lists there
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) crl: Option<SocketAddr>,
    /// Take events and requests for certificates there; needs TLS and clients' certificates
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) register: Option<SocketAddr>,
    /// Serve health and metrics there
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) admin: Option<SocketAddr>,
}
