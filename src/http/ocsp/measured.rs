//! What is counted of answers, for Prometheus.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Unit;

use crate::authority::respond::Counts;
use crate::authority::respond::Responder;
use crate::clock::Clock;
use crate::http::metrics::Metrics;
use crate::ocsp::Refusal;

/// Adds the metrics of a responder.
pub(super) fn register(responder: &Arc<Responder>, clock: &Arc<dyn Clock>, metrics: &Metrics) {
    let measured = Measured::default();
    metrics.add(|registry| {
        let answers = measured.answers.clone();
        registry.register("ocsp_answers", "Answers by what they came to", answers);
        let numbers = measured.numbers.clone();
        registry.register("ocsp_numbers", "Numbers that are answered for", numbers);
        let mute = measured.mute.clone();
        registry.register("ocsp_mute_generations", "Generations that nobody answers for", mute);
        let stale = measured.stale.clone();
        registry.register("ocsp_stale", "Whether the store cannot be read", stale);
        registry.register_with_unit(
            "ocsp_responder_certificate_left",
            "Until the first responder's certificate ends",
            Unit::Seconds,
            measured.left.clone(),
        );
        registry.register_with_unit(
            "register_event_to_ocsp",
            "From the register's record of an event to the answers that say it",
            Unit::Seconds,
            measured.to_answer.clone(),
        );
        registry.register_with_unit(
            "register_event_to_crl",
            "From the register's record of an event to the lists that say it",
            Unit::Seconds,
            measured.to_list.clone(),
        );
    });
    let (responder, clock) = (Arc::clone(responder), Arc::clone(clock));
    metrics.before_reading(move || {
        measured.count(responder.counts());
        let health = responder.health();
        measured.numbers.set(i64::try_from(health.numbers).unwrap_or(i64::MAX));
        measured.mute.set(i64::try_from(health.mute.len()).unwrap_or(i64::MAX));
        measured.stale.set(health.is_stale.into());
        let left = health.first_end.map(|end| end.to_unix() - clock.now().to_unix());
        measured.left.set(left.unwrap_or(0));
        let delays = responder.take_delays();
        observe(&measured.to_answer, &delays.to_answer);
        observe(&measured.to_list, &delays.to_list);
    });
}

struct Measured {
    answers: Family<AnswerLabels, Counter>,
    numbers: Gauge,
    mute: Gauge,
    stale: Gauge,
    left: Gauge,
    to_answer: Histogram,
    to_list: Histogram,
    /// What was counted at the last reading.
    counted: Mutex<Counts>,
}

impl Default for Measured {
    fn default() -> Self {
        Self {
            answers: Family::default(),
            numbers: Gauge::default(),
            mute: Gauge::default(),
            stale: Gauge::default(),
            left: Gauge::default(),
            to_answer: Histogram::new(BOUNDS),
            to_list: Histogram::new(BOUNDS),
            counted: Mutex::default(),
        }
    }
}

impl Measured {
    fn count(&self, counts: Counts) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let more = counts.since(*counted);
        *counted = counts;
        let refused = Refusal::ALL.into_iter().zip(more.refused);
        let refused = refused.map(|(refusal, count)| (refusal.as_str(), count));
        for (outcome, count) in
            [("signed", more.signed), ("kept", more.kept)].into_iter().chain(refused)
        {
            self.answers.get_or_create(&AnswerLabels { outcome }).inc_by(count);
        }
    }
}

fn observe(histogram: &Histogram, seconds: &[i64]) {
    for seconds in seconds {
        // Below a century of seconds, which a float holds exactly.
        #[expect(clippy::cast_precision_loss, reason = "below 2^52")]
        histogram.observe(*seconds as f64);
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AnswerLabels {
    outcome: &'static str,
}

/// Bounds of the histograms, in seconds: from at once over the published quarter of an hour (answers)
/// and day (lists) to a week.
const BOUNDS: [f64; 12] = [
    1.0, 5.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 21_600.0, 43_200.0, 86_400.0, 172_800.0, 604_800.0,
];
