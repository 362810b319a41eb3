package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// hookSize is how large the jobs of the hook rows are. Tests take small ones.
type hookSize struct {
	Accounts    int           // customers, each with eight deliveries side by side
	Contacts    int           // of each customer
	Connections int           // to the service, and calls side by side at the partner
	Warm, Span  time.Duration // of a closed loop
	Slices      int           // of an open loop: both sides take turns
	Slice       time.Duration
	AcceptRate  int // hooks per second where the answer is timed
	CallRate    int // hooks per second where the call at Wise Agent is timed
	Burst       int // hooks that come at once
	WiseTime    time.Duration
	Database    string // URL of a PostgreSQL server's database; "" is SQLite
}

// hookScenarios are the jobs that begin with what Mojo tells.
func hookScenarios(s hookSize) []scenario {
	engine := "SQLite (synchronous=FULL)"
	if s.Database != "" {
		engine = "PostgreSQL (fsync, synchronous_commit)"
	}
	hooks := fmt.Sprintf("Signed hooks of %d bytes for %d contacts of %d customers, over HTTP, on disk in %s when they are answered. ",
		hookBytes, s.Accounts*s.Contacts, s.Accounts, engine)
	times := func(name, unit, measure string, aim float64, b better, limit string) definition {
		return definition{
			Row:   Row{Name: name, Unit: unit, Aim: aim, Better: b, Measure: measure, Limit: limit},
			value: func(x sample) float64 { return x.product / x.control },
		}
	}
	return []scenario{
		{
			rows: []definition{
				times("hooks_accepted", "of the control", "hooks/s", 0.35, higher, fmt.Sprintf(
					"the same handler without a write. %s%d connections; nothing is delivered meanwhile.", hooks, s.Connections)),
				times("hooks_accepted_bare", "of the control", "hooks/s", 0.35, higher, fmt.Sprintf(
					"a bare handler of net/http that reads the body, checks the signature and does nothing else. %s%d connections.",
					hooks, s.Connections)),
				times("hooks_shared_commits", "times", "hooks/s", 2, higher, fmt.Sprintf(
					"the service with one commit for each hook. %s%d connections.", hooks, s.Connections)),
			},
			round: s.accepted,
		},
		{
			rows: []definition{
				times("hooks_accept_p99", "times", "ms", 1.5, lower, fmt.Sprintf(
					"the same handler without a write. %s%d a second; p99 from the moment a hook was to be sent until its answer.",
					hooks, s.AcceptRate)),
				times("hooks_accept_p99_least", "times", "ms", 1.5, lower,
					"as hooks_accept_p99. Not the service, but a bare handler that inserts one row of SQLite for each hook: less than that "+
						"nobody takes on this disk."),
			},
			round: s.answers,
		},
		{
			rows: []definition{
				times("hook_to_call_p50", "times", "ms", 2.5, lower, fmt.Sprintf(
					"a bare client making the same calls. %s%d a second; from the moment a hook, or the bare call, was to be sent until "+
						"Wise Agent is called; Wise Agent answers after %v.", hooks, s.CallRate, s.WiseTime)),
				times("hook_to_call_p99", "times", "ms", 3, lower, "as hook_to_call_p50."),
			},
			round: s.calls,
		},
		{
			rows: []definition{times("hooks_delivered", "of the bare rate", "calls/s", 0.50, higher, fmt.Sprintf(
				"a bare client making the same calls, %d side by side, at Wise Agent (%v each). %sFrom the first of %d hooks that come at once "+
					"over %d connections until the last is delivered; each arrives once.",
				s.Connections, s.WiseTime, hooks, s.Burst, s.Connections))},
			round: s.delivered,
		},
	}
}

// accepted sends hooks as fast as they are answered: to the service, to the service that stores nothing, to a bare handler, and to
// the service that commits each alone.
func (s hookSize) accepted(ctx context.Context, _ string) (_ []sample, err error) {
	t, err := newHookTown(ctx, s, "http://127.0.0.1") // which delivers nothing
	if err != nil {
		return nil, err
	}
	bare := httptest.NewServer(http.HandlerFunc(checkOnly))
	defer func() { bare.Close(); err = errors.Join(err, t.close()) }()
	var samples []sample
	product, err := s.flood(ctx, newHookSender(s, t.url))
	if err != nil {
		return nil, err
	}
	for _, url := range []string{t.forgets, bare.URL, t.alone} {
		control, err := s.flood(ctx, newHookSender(s, url))
		if err != nil {
			return nil, err
		}
		samples = append(samples, sample{product, control})
	}
	return samples, t.allKept(ctx)
}

// flood sends hooks over all connections and tells how many are answered in a second.
func (s hookSize) flood(ctx context.Context, sender *hookSender) (float64, error) {
	defer sender.close()
	if _, err := closedLoop(ctx, s.Connections, s.Warm, sender.send); err != nil {
		return 0, err
	}
	return closedLoop(ctx, s.Connections, s.Span, sender.send)
}

// answers sends hooks at a fixed rate and times their answers. The sides take turns, so that a disturbance meets all.
func (s hookSize) answers(ctx context.Context, _ string) (_ []sample, err error) {
	t, err := newHookTown(ctx, s, "http://127.0.0.1")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	least, err := newOneInsert(filepath.Join(t.dir, "least.db"))
	if err != nil {
		return nil, err
	}
	server := httptest.NewServer(least)
	defer func() { server.Close(); err = errors.Join(err, least.close()) }()
	var senders [3]*hookSender
	for side, url := range []string{t.url, t.forgets, server.URL} {
		senders[side] = newHookSender(s, url)
		defer senders[side].close()
	}
	var took [3][]time.Duration
	for range s.Slices {
		for side, sender := range senders {
			more, err := openLoop(ctx, s.Connections, s.AcceptRate, s.Slice, func(ctx context.Context, _ time.Time) error { return sender.send(ctx) })
			if err != nil {
				return nil, err
			}
			took[side] = append(took[side], settled(more)...)
		}
	}
	product, control, bare := quantile(took[0], 0.99), quantile(took[1], 0.99), quantile(took[2], 0.99)
	return []sample{{product, control}, {bare, control}}, t.allKept(ctx)
}

// calls sends hooks at a fixed rate and times their arrival at Wise Agent, and so with the bare calls.
func (s hookSize) calls(ctx context.Context, _ string) (_ []sample, err error) {
	d, err := s.delivery(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	var took [2][]time.Duration
	for range s.Slices {
		for side, send := range []func(context.Context, string) error{d.sender.sendCall, d.straight} {
			more, err := d.timed(ctx, s, send)
			if err != nil {
				return nil, err
			}
			took[side] = append(took[side], settled(more)...)
		}
	}
	if err := d.town.allWritten(ctx); err != nil {
		return nil, err
	}
	product, control := took[0], took[1]
	return []sample{
		{quantile(product, 0.50), quantile(control, 0.50)},
		{quantile(product, 0.99), quantile(control, 0.99)},
	}, nil
}

// delivered sends many hooks at once and times them until the last is delivered, and so with the bare calls.
func (s hookSize) delivered(ctx context.Context, _ string) (_ []sample, err error) {
	d, err := s.delivery(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	var rates [2]float64
	for side, send := range []func(context.Context, string) error{d.sender.sendCall, d.straight} {
		begin := time.Now()
		ids := newIDs(s.Burst)
		if err := each(ctx, s.Connections, ids, send); err != nil {
			return nil, err
		}
		last, err := d.wise.more(ctx, len(ids))
		if err != nil {
			return nil, err
		}
		rates[side] = float64(s.Burst) / last.Sub(begin).Seconds()
	}
	return []sample{{rates[0], rates[1]}}, d.town.allWritten(ctx)
}

// delivery is the service at work between a sender of hooks and a Wise Agent that counts.
type delivery struct {
	town   *hookTown
	wise   *noteTaker
	server *httptest.Server
	sender *hookSender
	bare   *bare
}

// delivery starts all of it, with one hook for each customer delivered, so that every worker runs and a call is known.
func (s hookSize) delivery(ctx context.Context) (_ *delivery, err error) {
	d := &delivery{wise: newNoteTaker(s.WiseTime)}
	d.server = httptest.NewServer(d.wise)
	if d.town, err = newHookTown(ctx, s, d.server.URL); err != nil {
		d.server.Close()
		return nil, err
	}
	d.town.work(ctx)
	d.sender, d.bare = newHookSender(s, d.town.url), newBare(d.server.URL, "straight")
	err = each(ctx, s.Connections, newIDs(s.Accounts), d.sender.sendCall)
	if err == nil {
		_, err = d.wise.more(ctx, s.Accounts)
	}
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// straight makes the call that the service made, for another hook.
func (d *delivery) straight(ctx context.Context, id string) error {
	return d.bare.do(ctx, d.wise.like(id))
}

// timed sends at a fixed rate and tells how long after its time each arrived, in order.
func (d *delivery) timed(ctx context.Context, s hookSize, send func(context.Context, string) error) ([]time.Duration, error) {
	var mu sync.Mutex
	planned := make(map[string]time.Time)
	_, err := openLoop(ctx, s.Connections, s.CallRate, s.Slice, func(ctx context.Context, at time.Time) error {
		id := newID()
		mu.Lock()
		planned[id] = at
		mu.Unlock()
		return send(ctx, id)
	})
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(planned))
	for id := range planned {
		ids = append(ids, id)
	}
	if _, err := d.wise.more(ctx, len(ids)); err != nil {
		return nil, err
	}
	slices.SortFunc(ids, func(a, b string) int { return planned[a].Compare(planned[b]) })
	var took []time.Duration
	for _, id := range ids {
		took = append(took, d.wise.at(id).Sub(planned[id]))
	}
	return took, nil
}

func (d *delivery) close() error {
	d.sender.close()
	d.bare.http.CloseIdleConnections()
	err := d.town.close()
	d.server.CloseClientConnections()
	d.server.Close()
	return err
}

// settled leaves out the first tenth, while connections are made and caches fill.
func settled(took []time.Duration) []time.Duration { return took[len(took)/10:] }

// quantile is a value in milliseconds that so many of them don't exceed.
func quantile(took []time.Duration, q float64) float64 {
	if len(took) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(took))
	return milliseconds(sorted[min(int(q*float64(len(sorted))), len(sorted)-1)])
}
