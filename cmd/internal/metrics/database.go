package metrics

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"addtomojo/store"
)

const (
	// totalsLast is for how long totals are told that were read from the database: who scrapes often, or twice, costs it nothing.
	totalsLast = 10 * time.Second
	// totalsTime is how long reading them may take.
	totalsTime = 5 * time.Second
)

// Watch has the metrics tell what is in a database: what waits, for how long, and how the connections are. It is read when somebody
// asks. Several instances on one database tell the same. now is the clock that the rows are written by; nil is time.Now.
func (m *Metrics) Watch(db *store.Store, now func() time.Time, log *slog.Logger) {
	if now == nil {
		now = time.Now
	}
	m.registry.MustRegister(&database{db: db, now: now, log: log})
}

type database struct {
	db  *store.Store
	now func() time.Time
	log *slog.Logger

	mu     sync.Mutex // one reads, the others wait for it
	readAt time.Time
	totals store.Totals
	err    error
}

var (
	databaseUp   = gauge("database_up", "Whether the database answers.")
	databaseFull = gauge("database_full_timestamp_seconds", "When this process last found the database's disk full, in Unix time; 0 never.")
	connections  = gauge("connections", "Connections, by state.", "state")
	waiting      = gauge("events_waiting", "Events that wait for their delivery, or for a sign-in of their customer first.", "waits_for")
	oldest       = gauge("oldest_event_waiting_seconds", "How long ago the oldest of them was received; 0 when none waits.", "waits_for")
	revocations  = gauge("revocations_waiting", "Tokens that are still to be revoked.", "partner")
)

func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prefix+name, help, labels, nil)
}

// What an event waits for.
const (
	delivering = "delivery"
	signIn     = "sign_in"
)

// Describe implements prometheus.Collector.
func (d *database) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{databaseUp, databaseFull, connections, waiting, oldest, revocations} {
		to <- desc
	}
}

// Collect implements prometheus.Collector. Without the database all but itself is missing: that is no reason to call nothing zero.
func (d *database) Collect(to chan<- prometheus.Metric) {
	set := func(desc *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v, labels...)
	}
	if full := d.db.FullAt(); full.IsZero() {
		set(databaseFull, 0)
	} else {
		set(databaseFull, float64(full.UnixMilli())/1000)
	}
	t, err := d.read()
	if err != nil {
		set(databaseUp, 0)
		return
	}
	set(databaseUp, 1)
	for _, s := range []store.State{store.StateConnected, store.StateLimited, store.StateNeedsSignIn, store.StateReset} {
		set(connections, float64(t.Connections[s]), string(s))
	}
	for _, s := range []store.Side{store.Wise, store.Mojo} {
		set(revocations, float64(t.Revocations[s]), string(s))
	}
	now := d.now()
	for what, w := range map[string]store.Waiting{delivering: deliverable(t), signIn: t.Waiting[store.StateNeedsSignIn]} {
		set(waiting, float64(w.Events), what)
		age := 0.0
		if w.Events > 0 {
			age = max(now.Sub(w.Since), 0).Seconds()
		}
		set(oldest, age, what)
	}
}

// deliverable are the events that nothing but we ourselves, or a partner, holds up.
func deliverable(t store.Totals) (all store.Waiting) {
	for s, w := range t.Waiting {
		if s == store.StateNeedsSignIn {
			continue
		}
		if all.Events == 0 || w.Since.Before(all.Since) {
			all.Since = w.Since
		}
		all.Events += w.Events
	}
	return all
}

// read gives the totals as they were a moment ago at most.
func (d *database) read() (store.Totals, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Since(d.readAt) < totalsLast {
		return d.totals, d.err
	}
	ctx, cancel := context.WithTimeout(context.Background(), totalsTime)
	defer cancel()
	if d.totals, d.err = d.db.Totals(ctx); d.err != nil {
		d.log.Error("count what is in the database", "err", d.err)
	}
	d.readAt = time.Now()
	return d.totals, d.err
}
