//! Metrics for Prometheus. All labels have few values (path patterns, known methods, status classes), so clients cannot
//! create series by calling unknown paths.

use std::{
    fmt, fs,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use actix_web::{
    HttpRequest,
    http::{
        Method, StatusCode, Version,
        header::{FORWARDED, HOST, HeaderName, ORIGIN, VIA, X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO},
    },
};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, MetricEncoder, NoLabelSet, prometheus_text},
    metrics::{MetricType, counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};

use crate::{
    domain::Vendor,
    http::{middleware::loopback, peer},
    service::ServerFigures,
};

pub const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

const WAITS_S: [f64; 12] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Methods with a label of their own; all others are `other`.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// Status classes; 0 stands for a client that left before the answer.
const CLASSES: [&str; 6] = ["gone", "1xx", "2xx", "3xx", "4xx", "5xx"];

const NO_ROUTE: &str = "none";

const PROXIES_SAY: [HeaderName; 6] =
    [FORWARDED, X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO, HeaderName::from_static("x-real-ip"), VIA];

/// Whether a request comes directly from a program on this machine.
///
/// A request through a proxy here also comes from loopback. So any mark of a proxy disqualifies: a header that
/// proxies add, a `Host` that is no name of this machine, or HTTP/1.0. A bare `proxy_pass` of nginx since 1.29.7 leaves
/// no mark: the operator must close the path there, and `standin doctor` says so. `Host` and `Origin` also exclude
/// pages of other sites whose name resolves to 127.0.0.1.
pub fn is_of_this_machine(request: &HttpRequest) -> bool {
    let header = |name: &HeaderName| request.headers().get(name).map(|value| value.to_str().unwrap_or("?"));
    peer::client(request).is_some_and(|address: IpAddr| address.is_loopback())
        && request.version() >= Version::HTTP_11
        && !PROXIES_SAY.iter().any(|name| request.headers().contains_key(name))
        && header(&HOST).is_some_and(|host| loopback::is_loopback(&format!("http://{host}")))
        && header(&ORIGIN).is_none_or(loopback::is_loopback)
}

#[derive(Debug, Clone)]
pub struct Metrics(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    waits: Family<RouteLabel, Histogram>,
    in_flight: Arc<AtomicI64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    method: &'static str,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabel {
    route: String,
}

impl Default for Metrics {
    fn default() -> Self {
        let requests = Family::<RequestLabels, Counter>::default();
        let waits = Family::<RouteLabel, Histogram>::new_with_constructor(|| Histogram::new(WAITS_S));
        let mut registry = Registry::with_prefix("standin");
        let help = "Requests, by the pattern of their path, method and class of status; gone: the caller left first";
        registry.register("http_requests", help, requests.clone());
        let help = "Seconds from a request's head to its response's head, by the pattern of its path";
        registry.register("http_request_duration_seconds", help, waits.clone());
        Self(Arc::new(Counts { registry, requests, waits, in_flight: Arc::default() }))
    }
}

pub(in crate::http) struct RequestInFlight {
    metrics: Metrics,
    method: &'static str,
    is_told: bool,
}

impl RequestInFlight {
    pub(in crate::http) fn answered(mut self, route: Option<String>, status: StatusCode, took: Duration) {
        self.is_told = true;
        let class = CLASSES.get(usize::from(status.as_u16() / 100)).copied().unwrap_or("5xx");
        self.count(route, class, Some(took));
    }

    fn count(&self, route: Option<String>, status: &'static str, took: Option<Duration>) {
        let counts = &self.metrics.0;
        let route = RouteLabel { route: route.unwrap_or_else(|| NO_ROUTE.to_owned()) };
        if let Some(took) = took {
            counts.waits.get_or_create(&route).observe(took.as_secs_f64());
        }
        let kind = RequestLabels { route: route.route, method: self.method, status };
        counts.requests.get_or_create(&kind).inc();
    }
}

impl Drop for RequestInFlight {
    fn drop(&mut self) {
        self.metrics.0.in_flight.fetch_sub(1, Relaxed);
        if !self.is_told {
            self.count(None, "gone", None);
        }
    }
}

impl Metrics {
    pub(in crate::http) fn begin(&self, method: &Method) -> RequestInFlight {
        self.0.in_flight.fetch_add(1, Relaxed);
        let method = METHODS.into_iter().find(|known| *known == method.as_str()).unwrap_or("other");
        RequestInFlight { metrics: self.clone(), method, is_told: false }
    }

    /// Reads `/proc/self`: a few microseconds, more with many open files.
    pub fn text(&self, facts: ServerFigures, version: &'static str) -> Result<String, fmt::Error> {
        let mut now = Registry::default();
        now.register_collector(Box::new(CurrentFigures { facts, version, in_flight: self.0.in_flight.load(Relaxed) }));
        let mut text = String::with_capacity(16 * 1024);
        prometheus_text::encode(&mut text, &self.0.registry)?;
        prometheus_text::encode(&mut text, &now)?;
        Ok(text)
    }
}

#[derive(Debug)]
struct CurrentFigures {
    facts: ServerFigures,
    version: &'static str,
    in_flight: i64,
}

impl Collector for CurrentFigures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let facts = &self.facts;
        let mut gauge = |name: &str, help: &str, value: u64| {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            metric.encode_gauge(&i64::try_from(value).unwrap_or(i64::MAX))
        };
        let in_flight = u64::try_from(self.in_flight).unwrap_or_default();
        gauge("standin_http_requests_in_flight", "Requests without a response yet", in_flight)?;
        gauge("standin_writes_waiting", "Writes that wait for the one writer", facts.writes.waiting as u64)?;
        let help = "Bytes of the database, its write-ahead log counted as if it were carried over";
        gauge("standin_database_bytes", help, facts.database_bytes)?;
        let help = "Free bytes on the disk of the picture folder";
        gauge("standin_disk_free_bytes", help, facts.disk_free_bytes)?;
        gauge("standin_pictures", "Stored pictures", facts.pictures.count)?;
        gauge("standin_pictures_bytes", "Bytes of the files of these pictures", facts.pictures.bytes)?;
        let help = "Memory that all pictures being unpacked may take together";
        gauge("standin_decode_budget_bytes", help, facts.decoding.budget_bytes)?;
        gauge(
            "standin_decode_budget_used_bytes",
            "Memory that pictures being unpacked take now",
            facts.decoding.used_bytes,
        )?;
        if let Some(bytes) = resident_bytes() {
            gauge("process_resident_memory_bytes", "Memory of this process that is in RAM", bytes)?;
        }
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            gauge("process_open_fds", "Files and sockets that this process has open", open.count() as u64)?;
        }
        let help = "Open sockets, by vendor";
        self.sockets(encoder.encode_descriptor("standin_sockets_open", help, None, MetricType::Gauge)?)?;
        let mut commits =
            encoder.encode_descriptor("standin_commits", "Commits of the database", None, MetricType::Counter)?;
        commits.encode_counter::<NoLabelSet, _, u64>(&facts.writes.commits(), None)?;
        let help = "How many writes shared a commit";
        self.batches(encoder.encode_descriptor("standin_commit_writes", help, None, MetricType::Histogram)?)?;
        let mut build = encoder.encode_descriptor("standin_build", "Version of this server", None, MetricType::Info)?;
        build.encode_info(&[("version", self.version)])
    }
}

impl CurrentFigures {
    fn sockets(&self, mut metric: MetricEncoder<'_>) -> fmt::Result {
        for (vendor, open) in self.facts.sockets {
            let word = match vendor {
                Vendor::Qiscus => "qiscus",
                Vendor::MirrorFly => "mirrorfly",
                Vendor::Tencent => "tencent",
            };
            metric.encode_family(&[("vendor", word)])?.encode_gauge(&i64::try_from(open).unwrap_or(i64::MAX))?;
        }
        Ok(())
    }

    fn batches(&self, mut metric: MetricEncoder<'_>) -> fmt::Result {
        let writes = &self.facts.writes;
        let bounded = writes.batches.iter().map(|(writes_max, commits)| (f64::from(*writes_max), *commits));
        let classes: Vec<(f64, u64)> = bounded.chain([(f64::INFINITY, 0)]).collect();
        // Exact up to 2^53.
        let sum = writes.batched.to_string().parse().unwrap_or(f64::MAX);
        metric.encode_histogram::<NoLabelSet>(sum, writes.commits(), &classes, None)
    }
}

fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix("kB")?;
    Some(kib.trim().parse::<u64>().ok()? * 1024)
}
