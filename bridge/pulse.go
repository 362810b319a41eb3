package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"addtomojo/store"
)

const (
	// pulseEvery is how often what was felt is stored. A way that is well is stored once in pulseCalm, so that its calls cost
	// next to nothing.
	pulseEvery = time.Second
	pulseCalm  = time.Minute
	// mostRefused is how many accounts' refused hooks are remembered between two storings: whoever sends them makes up the names.
	mostRefused = 1000
)

// pulses are how the ways of connections go, as felt by the calls of this process, on their way to the database.
type pulses struct {
	mu      sync.Mutex
	ways    map[pulseKey]*pulse
	refused map[refusedKey]store.RefusedHooks
}

type pulseKey struct {
	connID string
	way    store.Way
}

type pulse struct {
	store.Health
	storedAt time.Time
	changed  bool // and worth storing soon
}

type refusedKey struct {
	accountID string
	reason    store.HookReason
}

// felt notes how a call ended. A partner that says no has answered; what was never sent, or was called off, tells nothing.
func (p *pulses) felt(connID string, way store.Way, err error, now time.Time) {
	_, slow := transient(err)
	bad := slow || refusedToken(err)
	if errors.Is(err, ErrNeedsSignIn) || errors.Is(err, errHeld) || errors.Is(err, errStopping) ||
		errors.Is(err, context.Canceled) || troubleAt(err) == "" && err != nil && refusalReason(err) == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.of(pulseKey{connID, way})
	if later(h.GoodAt, h.BadAt).After(now.Add(pulseCalm)) { // our clock went back
		h.GoodAt, h.BadAt, h.BadSince, h.changed = time.Time{}, time.Time{}, time.Time{}, true
	}
	if !bad {
		h.changed = h.changed || h.BadAt.After(h.GoodAt) || now.Sub(h.storedAt) >= pulseCalm
		h.GoodAt = now
		return
	}
	if !h.BadAt.After(h.GoodAt) {
		h.BadSince, h.changed = now, true
	}
	h.changed = h.changed || now.Sub(h.storedAt) >= pulseCalm
	h.BadAt, h.Cause = now, silence(err)
}

// of finds the way's pulse; the caller holds the lock.
func (p *pulses) of(key pulseKey) *pulse {
	if p.ways == nil {
		p.ways = make(map[pulseKey]*pulse)
	}
	if p.ways[key] == nil {
		p.ways[key] = &pulse{Health: store.Health{ConnectionID: key.connID, Way: key.way}}
	}
	return p.ways[key]
}

// turnedAway counts a hook that wasn't taken.
func (p *pulses) turnedAway(r store.RefusedHooks) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refused == nil {
		p.refused = make(map[refusedKey]store.RefusedHooks)
	}
	key := refusedKey{r.AccountID, r.Reason}
	known, ok := p.refused[key]
	if !ok && len(p.refused) >= mostRefused {
		return
	}
	r.Times = known.Times + 1
	p.refused[key] = r
}

// news takes what is worth storing.
func (p *pulses) news(now time.Time) (ways []store.Health, refused []store.RefusedHooks) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, h := range p.ways {
		switch {
		case h.changed:
			h.changed, h.storedAt = false, now
			ways = append(ways, h.Health)
		case now.Sub(later(h.GoodAt, h.BadAt)) > 2*pulseCalm:
			delete(p.ways, key) // silent by now: the database knows the rest
		}
	}
	for _, r := range p.refused {
		refused = append(refused, r)
	}
	clear(p.refused)
	return ways, refused
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// silence says in plain words why a partner's answer counts as none.
func silence(err error) string {
	name := string(troubleAt(err))
	after, slow := transient(err)
	switch {
	case after > 0:
		return name + " asked us to wait."
	case refusedToken(err):
		return name + " refused our access, though it had been renewed."
	case slow:
		return name + " isn't answering as it should."
	}
	return name + " refused what we asked."
}

// pulseLoop stores what was felt, now and then and at the end.
func (b *Bridge) pulseLoop(ctx context.Context) {
	for {
		ended := sleep(ctx, pulseEvery) != nil
		if err := b.storePulses(context.WithoutCancel(ctx)); err != nil {
			b.log().Error("store how the ways go", "err", err)
		}
		if ended {
			return
		}
	}
}

func (b *Bridge) storePulses(ctx context.Context) error {
	ways, refused := b.pulses.news(b.now())
	var err error
	if len(ways) > 0 {
		err = b.Store.SaveHealth(ctx, ways)
	}
	if len(refused) > 0 {
		err = errors.Join(err, b.Store.CountRefusedHooks(ctx, refused))
	}
	return err
}

// RefuseHook counts a hook that was turned away: none of our secrets fits it, or it is signed for a time that lies behind our
// clock by so much. body is unproven, and only asked for the account it names.
func (b *Bridge) RefuseHook(body []byte, reason store.HookReason, behind time.Duration) {
	outcome := HookBadSignature
	if reason == store.HookClock {
		outcome = HookBadClock
	}
	b.meter().Hook(outcome)
	account := accountIn(body)
	if account == "" {
		return
	}
	b.pulses.turnedAway(store.RefusedHooks{AccountID: account, Reason: reason, LastAt: b.now(), Behind: behind})
}

// accountIn is the account that a hook names, "" when it names none.
func accountIn(body []byte) string {
	var hook struct {
		Data struct {
			AccountID text `json:"account_id"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &hook) != nil {
		return ""
	}
	return cut(printable(string(hook.Data.AccountID)), 60, "")
}
