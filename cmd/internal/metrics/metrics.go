// Package metrics counts what the service does and tells it to Prometheus.
//
// A [Metrics] is handed to the parts that have something to tell. They know nothing of Prometheus: it is the bridge's Meter, and
// its methods fit what the others call:
//
//	m := metrics.New()
//	db.OnCommit = m.Commit
//	between.Meter = m
//	between.Mojo.Measure, between.Wise.Measure = m.Mojo, m.WiseAgent
//	server.Measure = m.Request
//	m.Watch(db, nil, log)
//	http.Handle("/metrics", m.Handler(log))
//
// Labels hold words of our own and nothing that comes from outside: no path, no name, no id. So their number is bounded, whatever
// is sent to us. What may be needed is there from the start, with a zero: an alert then sees the very first time, too. Adding to a
// series takes no lock and looks up no labels: they were resolved before, see memo.
//
// docs/operations.md says what each metric is for.
package metrics

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"addtomojo/bridge"
	"addtomojo/store"
	"addtomojo/web"
)

// prefix begins the name of every metric of ours.
const prefix = "addtomojo_"

// Metrics are what is counted in this process. Make them with [New].
type Metrics struct {
	registry *prometheus.Registry

	requests memo[request, prometheus.Observer]
	calls    memo[call, prometheus.Observer]

	hooks       map[bridge.HookOutcome]prometheus.Counter
	caughtUp    prometheus.Counter
	deliveries  map[delivery]prometheus.Counter
	delivered   prometheus.Histogram
	pushesBegun prometheus.Counter
	pushesEnded map[store.PushState]prometheus.Counter
	contacts    map[store.ContactState]prometheus.Counter
	refreshes   map[refresh]prometheus.Counter

	commits     map[outcome]prometheus.Observer
	commitItems prometheus.Histogram
	logged      map[string]prometheus.Counter // by level
}

// New makes metrics that are all zero.
func New() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewBuildInfoCollector(),
	)
	requests := m.histograms("http_request_duration_seconds", "How long requests take, by route.",
		[]float64{.005, .025, .1, .25, 1, 2.5, 10}, "method", "route", "status")
	m.requests.resolve = func(r request) prometheus.Observer {
		return requests.WithLabelValues(r.Method, r.Pattern, r.class)
	}
	m.addBridge()
	m.addPartners()
	commits := m.histograms("commit_duration_seconds", "How long the shared commits of events and deliveries take.",
		[]float64{.0005, .001, .0025, .005, .01, .025, .1, .25, 1, 5}, "outcome")
	m.commits = map[outcome]prometheus.Observer{good: commits.WithLabelValues(string(good)), failed: commits.WithLabelValues(string(failed))}
	m.commitItems = m.histogram("commit_items", "How many events and deliveries go into a shared commit.", prometheus.ExponentialBuckets(1, 2, 9))
	m.logged = counters(m, "log_records_total", "Lines of the log that tell of trouble.", "level", "warn", "error")
	return m
}

// Handler tells all metrics at GET /metrics.
func (m *Metrics) Handler(log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog:            slog.NewLogLogger(log.Handler(), slog.LevelError),
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: 4,
	}))
	return mux
}

// request is what a request is counted by.
type request struct {
	web.Route
	class string // of its status, "2xx"
}

// classes of statuses, by their first digit.
var classes = [...]string{1: "1xx", 2: "2xx", 3: "3xx", 4: "4xx", 5: "5xx"}

// Request counts a request that we have answered.
func (m *Metrics) Request(r web.Route, status int, took time.Duration) {
	class := "none" // it was never answered
	if status >= 100 && status < 600 {
		class = classes[status/100]
	}
	m.requests.of(request{r, class}).Observe(took.Seconds())
}

// Commit counts a shared commit.
func (m *Metrics) Commit(items int, took time.Duration, err error) {
	if err != nil {
		m.commits[failed].Observe(took.Seconds())
		return
	}
	m.commits[good].Observe(took.Seconds())
	m.commitItems.Observe(float64(items))
}

func (m *Metrics) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: prefix + name, Help: help})
	m.registry.MustRegister(c)
	return c
}

func (m *Metrics) counterVec(name, help string, labels ...string) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: prefix + name, Help: help}, labels)
	m.registry.MustRegister(v)
	return v
}

// counters are those of each value that a label may have.
func counters[V ~string](m *Metrics, name, help, label string, values ...V) map[V]prometheus.Counter {
	v, all := m.counterVec(name, help, label), make(map[V]prometheus.Counter)
	for _, value := range values {
		all[value] = v.WithLabelValues(string(value))
	}
	return all
}

// add counts one more under a key, if it is one of those that are counted.
func add[K comparable](all map[K]prometheus.Counter, key K) {
	if c := all[key]; c != nil {
		c.Inc()
	}
}

func (m *Metrics) histogram(name, help string, buckets []float64) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: prefix + name, Help: help, Buckets: buckets})
	m.registry.MustRegister(h)
	return h
}

func (m *Metrics) histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: prefix + name, Help: help, Buckets: buckets}, labels)
	m.registry.MustRegister(v)
	return v
}
