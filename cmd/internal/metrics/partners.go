package metrics

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"addtomojo/mojo"
	"addtomojo/store"
	"addtomojo/wiseagent"
)

// call is what a call to a partner is counted by.
type call struct {
	partner store.Side
	op      string
	outcome outcome
}

// What came of a call, besides good. Only the last three are trouble at the partner or on the way there.
const (
	refused     outcome = "refused"     // a no to what was asked for
	token       outcome = "token"       // a no to the token, as when it is too old
	calledOff   outcome = "called_off"  // by ourselves: nobody waited for it any more
	asksToWait  outcome = "wait"        // 429 and the like
	unclear     outcome = "unclear"     // sent, and no clear answer
	unreachable outcome = "unreachable" // never sent
)

func (m *Metrics) addPartners() {
	calls := m.histograms("partner_call_duration_seconds", "How long calls to the partners take.",
		[]float64{.025, .1, .25, .5, 1, 2.5, 5, 10, 30}, "partner", "operation", "outcome")
	m.calls.resolve = func(c call) prometheus.Observer {
		return calls.WithLabelValues(string(c.partner), c.op, string(c.outcome))
	}
}

// Mojo counts a call to Mojo.
func (m *Metrics) Mojo(op string, took time.Duration, err error) {
	m.calls.of(call{store.Mojo, op, outcomeOf(err)}).Observe(took.Seconds())
}

// WiseAgent counts a call to Wise Agent.
func (m *Metrics) WiseAgent(op string, took time.Duration, err error) {
	m.calls.of(call{store.Wise, op, outcomeOf(err)}).Observe(took.Seconds())
}

func outcomeOf(err error) outcome {
	switch {
	case err == nil:
		return good
	case errors.Is(err, context.Canceled):
		return calledOff
	case is[*mojo.BackOffError](err), is[*wiseagent.BackOffError](err), errors.Is(err, mojo.ErrBusy):
		return asksToWait
	case is[*mojo.DoubtError](err), is[*wiseagent.DoubtError](err):
		return unclear
	case is[*mojo.UnreachableError](err), is[*wiseagent.UnreachableError](err):
		return unreachable
	case errors.Is(err, mojo.ErrToken), errors.Is(err, wiseagent.ErrToken),
		errors.Is(err, mojo.ErrGrantDead), errors.Is(err, wiseagent.ErrGrantDead):
		return token
	}
	return refused
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
