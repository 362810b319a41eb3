package metrics

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"addtomojo/bridge"
	"addtomojo/store"
)

var _ bridge.Meter = (*Metrics)(nil)

// delivery is what an event is counted by.
type delivery struct {
	kind  string // its type, or otherType
	state store.EventState
}

// otherType stands for the types of events that don't go to Wise Agent.
const otherType = "other"

// refresh is what a refresh of tokens is counted by.
type refresh struct {
	side    store.Side
	outcome outcome
}

// An outcome is a value of the label of that name.
type outcome string

const (
	good   outcome = "ok"
	failed outcome = "failed"
)

// addBridge makes what the bridge is counted by.
func (m *Metrics) addBridge() {
	m.hooks = counters(m, "hooks_received_total", "Mojo's hooks, by what became of them.", "outcome",
		bridge.HookAccepted, bridge.HookDoubled, bridge.HookUnreadable, bridge.HookBadSignature, bridge.HookBadClock, bridge.HookFailed)
	m.caughtUp = m.counter("events_caught_up_total", "Events that were in Mojo's feed and came by no hook.")
	deliveries := m.counterVec("deliveries_total", "What became of events on their way into Wise Agent, each try that failed included.", "type", "outcome")
	m.deliveries = make(map[delivery]prometheus.Counter)
	for _, kind := range append(store.EventTypes(), otherType) {
		for state, outcome := range map[store.EventState]string{
			store.EventWritten: "written", store.EventExcluded: "excluded", store.EventNeedsYou: "needs_you", store.EventWaiting: "retried",
		} {
			m.deliveries[delivery{kind, state}] = deliveries.WithLabelValues(kind, outcome)
		}
	}
	m.delivered = m.histogram("delivery_duration_seconds", "How long after its receipt an event is written into Wise Agent.",
		[]float64{.05, .1, .25, .5, 1, 2.5, 5, 15, 60, 300, 3600, 6 * 3600, 24 * 3600})
	m.pushesBegun = m.counter("pushes_begun_total", "Pushes that were asked for, the first time or by a Retry.")
	m.pushesEnded = counters(m, "pushes_ended_total", "Pushes that came to an end.", "state", store.PushDone, store.PushStopped, store.PushUndone)
	m.contacts = counters(m, "push_contacts_total", "Contacts of pushes, by what became of them.", "state",
		store.ContactAdded, store.ContactUpdated, store.ContactSkipped, store.ContactFailed, store.ContactRemoved)
	refreshes := m.counterVec("token_refreshes_total", "Refreshes of the partners' tokens.", "partner", "outcome")
	m.refreshes = make(map[refresh]prometheus.Counter)
	for _, side := range []store.Side{store.Wise, store.Mojo} {
		for _, o := range []outcome{good, refused, failed} {
			m.refreshes[refresh{side, o}] = refreshes.WithLabelValues(string(side), string(o))
		}
	}
}

// Hook counts a hook.
func (m *Metrics) Hook(o bridge.HookOutcome) { add(m.hooks, o) }

// CaughtUp counts an event of Mojo's feed.
func (m *Metrics) CaughtUp() { m.caughtUp.Inc() }

// Event counts what became of an event.
func (m *Metrics) Event(kind string, state store.EventState, after time.Duration) {
	d := delivery{kind, state}
	if m.deliveries[d] == nil {
		d.kind = otherType
	}
	add(m.deliveries, d)
	if state == store.EventWritten {
		m.delivered.Observe(max(after, 0).Seconds()) // clocks of several instances differ
	}
}

// PushBegun counts a push that was asked for.
func (m *Metrics) PushBegun() { m.pushesBegun.Inc() }

// PushEnded counts a push that came to an end.
func (m *Metrics) PushEnded(s store.PushState) { add(m.pushesEnded, s) }

// Contact counts a contact of a push.
func (m *Metrics) Contact(s store.ContactState) { add(m.contacts, s) }

// Refreshed counts a refresh.
func (m *Metrics) Refreshed(side store.Side, err error) {
	o := failed
	switch {
	case err == nil:
		o = good
	case errors.Is(err, bridge.ErrNeedsSignIn):
		o = refused
	}
	add(m.refreshes, refresh{side, o})
}
