//! Log lines: on standard error, for people or as JSON, and never what a request held.

use std::io;

use tracing::Subscriber;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::authority::home::LogFormat;
use crate::authority::home::ServeConfig;

/// What writes log lines as the settings say, on standard error.
///
/// # Errors
/// When `log_level` is none.
pub fn subscriber(
    config: &ServeConfig,
    json: bool,
) -> Result<Box<dyn Subscriber + Send + Sync>, String> {
    let filter: Targets = config.log_level.parse().map_err(|_| {
        "serve.log_level: write error, warn, info or debug, or parts: info,jpki_ca::http=debug"
            .to_owned()
    })?;
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(false);
    // A line that cannot be written, to a full disk say, is lost: to complain of it where it cannot be
    // written would end the process.
    let lines = lines.log_internal_errors(false);
    let registry = tracing_subscriber::registry();
    Ok(if json || config.log == LogFormat::Json {
        let lines = lines.json().flatten_event(true).with_current_span(false);
        Box::new(registry.with(lines.with_span_list(false).with_filter(filter)))
    } else {
        Box::new(registry.with(lines.with_filter(filter)))
    })
}
