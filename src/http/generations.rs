//! When the authorities' keys are to be rolled over: for `/metrics`.

use std::path::Path;
use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Unit;

use crate::authority::home::Home;
use crate::clock::Clock;

use super::metrics::Metrics;
use super::server::chain;

/// Has the metrics say how many seconds are left until each authority's key must be rolled over; fewer
/// than none when it is overdue.
pub(super) fn register(home: &Path, clock: &Arc<dyn Clock>, metrics: &Metrics) {
    let due: Family<Labels, Gauge> = Family::default();
    metrics.add(|registry| {
        registry.register_with_unit(
            "ca_rollover_due",
            "Until another generation of the authority's key must issue; negative when overdue",
            Unit::Seconds,
            due.clone(),
        );
    });
    let (home, clock) = (home.to_owned(), Arc::clone(clock));
    metrics.before_reading(move || {
        // None of what cannot be read: the check of the store says so.
        due.clear();
        let now = clock.now();
        let plans = Home::open(&home).and_then(|home| home.roll_over_plans(now));
        match plans {
            Ok(plans) => {
                for plan in plans {
                    let left = plan.due.start_of_day().to_unix() - now.to_unix();
                    due.get_or_create(&Labels { ca: plan.ca.as_str() }).set(left);
                }
            }
            Err(error) => {
                tracing::warn!(error = %chain(&error), "when to roll over could not be read");
            }
        }
    });
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    ca: &'static str,
}
