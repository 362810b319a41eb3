package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	clock := &clock{now: launchNow}
	p := &pace{Every: 1, Burst: 3, Now: clock.Now}
	waits := func(address string, cost int) time.Duration {
		var slow *paceError
		if err := p.take(address, cost); errors.As(err, &slow) {
			return slow.Wait
		}
		return 0
	}
	steps := []struct {
		pass    time.Duration
		address string
		cost    int
		want    time.Duration
	}{
		{0, "203.0.113.7", 1, 0},
		{0, "203.0.113.7", 2, 0},
		{0, "203.0.113.7", 1, time.Second},
		{0, "203.0.113.7", 2, 2 * time.Second}, // what was refused counts for nothing
		{0, "203.0.113.8", 1, 0},               // somebody else
		{time.Second, "203.0.113.7", 1, 0},
		{0, "203.0.113.7", 1, time.Second},
		{0, "::ffff:203.0.113.7", 1, time.Second}, // the same one
		{time.Hour, "203.0.113.7", 99, 0},         // never more than all there is
		{0, "203.0.113.7", 1, time.Second},
		{0, "2001:db8::1", 3, 0},
		{0, "2001:db8::2", 1, time.Second}, // the same /64
		{0, "2001:db8:0:1::1", 1, 0},
		{0, "", 3, 0},
		{0, "not an address", 1, time.Second},
	}
	for _, s := range steps {
		clock.advance(s.pass)
		if got := waits(s.address, s.cost); got != s.want {
			t.Errorf("%q takes %d: got a wait of %s, want %s", s.address, s.cost, got, s.want)
		}
	}
	for range 100 {
		for _, address := range []string{"127.0.0.1", "127.9.9.9", "::1"} {
			if waits(address, 3) != 0 {
				t.Fatalf("%s has to wait: it may stand for everybody", address)
			}
		}
	}
}

func TestPaceForgets(t *testing.T) {
	clock := &clock{now: launchNow}
	p := &pace{Every: 1, Burst: 3, Now: clock.Now}
	at := netip.MustParseAddr("198.18.0.0")
	for range 3 * mostAddresses {
		at = at.Next()
		if err := p.take(at.String(), 3); err != nil {
			t.Fatalf("%s: %v", at, err)
		}
	}
	if n := len(p.young) + len(p.old); n > 2*mostAddresses {
		t.Errorf("addresses remembered: got %d, want %d at most", n, 2*mostAddresses)
	}
	if err := p.take(at.String(), 1); err == nil {
		t.Error("the last address is forgotten at once")
	}
	clock.advance(time.Minute)
	p.take("203.0.113.7", 1)
	clock.advance(time.Minute)
	p.take("203.0.113.7", 1)
	if len(p.young) != 1 || len(p.old) != 1 {
		t.Errorf("addresses remembered a while later: got %d and %d, want the one that came back", len(p.young), len(p.old))
	}
}

// from is a browser behind a proxy that tells its address.
type from struct {
	address string
	next    http.RoundTripper
}

func (f from) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Forwarded-For", f.address)
	return f.next.RoundTrip(r)
}

// An unsigned launch writes a row for whoever asks, so that one address may not ask without end.
func TestFloodOfUnsignedLaunches(t *testing.T) {
	h := newHouse(t, func(s *Server) { s.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} })
	flood, neighbour := h.browser(), h.browser()
	flood.http.Transport = from{"203.0.113.7", http.DefaultTransport}
	neighbour.http.Transport = from{"203.0.113.8", http.DefaultTransport}
	address := "/launch?contacts=" + h.contacts[0]
	taken := 0
	for ; taken < 2*launchesAtOnce; taken++ {
		if flood.get(address).location == problemPath {
			break
		}
	}
	if taken != launchesAtOnce {
		t.Errorf("launches taken at once: got %d, want %d", taken, launchesAtOnce)
	}
	page := flood.refuses(flood.get(address), 429, "opened very often", "Wait a moment", "choose Add to Mojo")
	if page.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After: got %q, want 1", page.header.Get("Retry-After"))
	}
	flood.refuses(flood.post("/launch", url.Values{"contacts": {"1"}}), 429, "opened very often")
	neighbour.launch(1)
	h.clock.advance(time.Second)
	flood.launch(1)
	flood.refuses(flood.get(address), 429, "opened very often")

	h.clock.advance(11 * time.Second)
	flood.post("/launch", url.Values{"contacts": {strings.Join(manyIDs(5000), ",")}}).to("/add/") // counts ten times
	flood.launch(1)
	flood.refuses(flood.get(address), 429, "opened very often")
}

// A signature is worth more than an address: Wise Agent's own launches are not counted.
func TestSignedLaunchesAreNotCounted(t *testing.T) {
	h := newHouse(t, func(s *Server) {
		s.LaunchSecret = launchSecret
		s.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	})
	b := h.browser()
	b.http.Transport = from{"203.0.113.7", http.DefaultTransport}
	for i := range launchesAtOnce + 5 {
		form := h.signedForm(fmt.Sprintf("user%d@example.com", i), "26855")
		b.get("/launch?" + form.Encode()).to("/add/")
	}
}

// Behind Fly's proxy one customer's many tries must not hold up the others, whose X-Forwarded-For ends in the same address.
func TestFloodBehindAProxyWithAHeaderOfItsOwn(t *testing.T) {
	h := newHouse(t, func(s *Server) {
		s.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
		s.ClientIPHeader = "Fly-Client-IP"
	})
	flood, neighbour := h.browser(), h.browser()
	flood.http.Transport = behindFly{"203.0.113.7"}
	neighbour.http.Transport = behindFly{"203.0.113.8"}
	address := "/launch?contacts=" + h.contacts[0]
	for range launchesAtOnce {
		flood.get(address).to("/add/")
	}
	flood.refuses(flood.get(address), 429, "opened very often")
	neighbour.launch(1)
}

// behindFly sends requests as Fly's proxy hands them on.
type behindFly struct{ client string }

func (f behindFly) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Fly-Client-IP", f.client)
	r.Header.Set("X-Forwarded-For", f.client+", 66.241.124.1")
	return http.DefaultTransport.RoundTrip(r)
}
