package web

import (
	"fmt"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How often one address may open the popup without a signature: an office behind one address never gets there, and a
// flood doesn't fill the database. Each launch counts once, and once more for every contactsPerToken contacts, since
// its row is the longer for it.
const (
	launchesAtOnce    = 120
	launchesPerSecond = 1
	contactsPerToken  = 500
)

// mostAddresses is how many addresses a pace remembers at least; twice as many are the most.
const mostAddresses = 5000

// paceError tells that an address does something too often.
type paceError struct{ Wait time.Duration } // until it may again

func (e *paceError) Error() string { return fmt.Sprintf("too often, again in %s", e.Wait) }

// pace bounds how often an address may do something, with a memory that is bounded too. This machine's own addresses
// are not bounded: they are a proxy that isn't in TRUSTED_PROXIES, and stand for everybody.
type pace struct {
	Every rate.Limit // per second
	Burst int
	Now   func() time.Time

	mu         sync.Mutex
	young, old map[netip.Prefix]*rate.Limiter // seen since the last turn, and before it
	turned     time.Time
}

// take counts cost for the address, or gives a *paceError.
func (p *pace) take(address string, cost int) error {
	ip, _ := netip.ParseAddr(address) // who has none shares the zero address
	if ip = ip.Unmap(); ip.IsLoopback() {
		return nil
	}
	from := network(ip)
	now := p.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.limiter(from, now).ReserveN(now, min(cost, p.Burst))
	if wait := r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		return &paceError{Wait: wait}
	}
	return nil
}

// limiter is the address's own. Who wasn't seen between two turns is forgotten: by then all is allowed again.
func (p *pace) limiter(from netip.Prefix, now time.Time) *rate.Limiter {
	full := time.Duration(float64(p.Burst) / float64(p.Every) * float64(time.Second))
	if p.young == nil || len(p.young) >= mostAddresses || now.Sub(p.turned) > full {
		p.young, p.old, p.turned = make(map[netip.Prefix]*rate.Limiter), p.young, now
	}
	l := p.young[from]
	if l == nil {
		l = p.old[from]
	}
	if l == nil {
		l = rate.NewLimiter(p.Every, p.Burst)
	}
	p.young[from] = l
	return l
}

// network is whom an address stands for: itself, and of IPv6 the /64 that a customer gets.
func network(ip netip.Addr) netip.Prefix {
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	p, _ := ip.WithZone("").Prefix(bits) // fails for the zero address alone
	return p
}
