//! How fresh the published lists are: for `/readyz` and `/metrics`.

use std::collections::BTreeMap;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Unit;

use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::http::metrics::Metrics;
use crate::policy::ListTiming;

use super::edition::Edition;

/// How the lists of one generation stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Age {
    /// Seconds since the `thisUpdate` of the oldest.
    pub(super) oldest: i64,
    /// How many are past half their life (promise 13).
    pub(super) past_half_life: i64,
    /// How many of these are past their `nextUpdate`: verifiers refuse them.
    pub(super) lapsed: i64,
}

/// How the lists stand, by authority and generation.
pub(super) fn ages(
    edition: &Edition,
    timing: ListTiming,
    now: Timestamp,
) -> BTreeMap<(CaName, u16), Age> {
    let mut ages: BTreeMap<_, Age> = BTreeMap::new();
    for shelved in edition.complete_lists() {
        let own = ages.entry((shelved.list.ca, shelved.list.generation)).or_default();
        let age = now.to_unix().saturating_sub(shelved.this_update.to_unix());
        let has_lapsed = shelved.next_update < now;
        own.oldest = own.oldest.max(age);
        own.past_half_life += i64::from(has_lapsed || timing.is_stale(age));
        own.lapsed += i64::from(has_lapsed);
    }
    ages
}

/// Whether the lists are as fresh as they must be.
pub(super) fn judge(ages: &BTreeMap<(CaName, u16), Age>) -> Result<(), String> {
    let stale: i64 = ages.values().map(|age| age.past_half_life).sum();
    let lapsed: i64 = ages.values().map(|age| age.lapsed).sum();
    if stale == 0 {
        return Ok(());
    }
    Err(format!(
        "{stale} list(s) are past half their life, {lapsed} of them past nextUpdate: jpki crl status"
    ))
}

/// The same for Prometheus.
#[derive(Debug)]
pub(super) struct Gauges {
    age: Family<Labels, Gauge>,
    past_half_life: Family<Labels, Gauge>,
    lapsed: Family<Labels, Gauge>,
}

impl Gauges {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let gauges = Self {
            age: Family::default(),
            past_half_life: Family::default(),
            lapsed: Family::default(),
        };
        metrics.add(|registry| {
            registry.register_with_unit(
                "crl_age",
                "Since the thisUpdate of a generation's oldest published list",
                Unit::Seconds,
                gauges.age.clone(),
            );
            registry.register(
                "crl_past_half_life",
                "Published lists with less than half of their life left",
                gauges.past_half_life.clone(),
            );
            registry.register(
                "crl_lapsed",
                "Published lists past their nextUpdate",
                gauges.lapsed.clone(),
            );
        });
        gauges
    }

    pub(super) fn set(&self, ages: Option<BTreeMap<(CaName, u16), Age>>) {
        // A generation that has ended goes, and all of them when nothing can be read.
        for family in [&self.age, &self.past_half_life, &self.lapsed] {
            family.clear();
        }
        for ((ca, generation), age) in ages.unwrap_or_default() {
            let labels = Labels { ca: ca.as_str(), generation };
            self.age.get_or_create(&labels).set(age.oldest);
            self.past_half_life.get_or_create(&labels).set(age.past_half_life);
            self.lapsed.get_or_create(&labels).set(age.lapsed);
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    ca: &'static str,
    generation: u16,
}
