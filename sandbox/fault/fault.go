// Package fault makes the stand-in partners fail on demand: slow answers,
// refusals, cut connections, rubbish instead of JSON, dead tokens.
//
// A [Set] holds the rules that are in force. A stand-in wraps its handler once
// and names the endpoint of each request; tests add rules by Go calls, people
// by the [Page]:
//
//	faults := new(fault.Set)
//	handler := faults.Wrap(endpointOf, refuse, api)
//	faults.Add(fault.Rule{Endpoint: "bulk_create", Kind: fault.CutAfter, Times: 1})
//
// A request meets the rules in the order they were added. Every latency that
// applies is waited for, one after the other; the first rule of another kind
// that applies decides the answer. A request whose endpoint is named "" (a
// page, say) never meets a fault, not even one for [Any] endpoint.
//
// Go's HTTP transport repeats a GET by itself when a connection that it had
// kept open is closed before the first byte of the answer. A test that counts
// the requests of a cut GET must expect that.
package fault

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Any is the endpoint of a rule that applies to every named endpoint.
const Any = "*"

// DefaultTimeout is how long a [Timeout] without a delay keeps a client waiting.
const DefaultTimeout = 60 * time.Second

// Kind says what goes wrong.
type Kind string

// The kinds of faults, and whether the request still takes effect.
const (
	Latency      Kind = "latency"       // waits for Rule.Delay, then answers as usual; takes effect
	TooMany      Kind = "too_many"      // 429, with Retry-After when the rule has one; no effect
	ServerError  Kind = "server_error"  // Rule.Status (500 when it is 0); no effect
	Timeout      Kind = "timeout"       // no answer until the client leaves or Rule.Delay is over; no effect
	CutBefore    Kind = "cut_before"    // the connection is closed at once; no effect
	Late         Kind = "late"          // takes effect at once; answers after Rule.Delay, unless the client has left
	CutAfter     Kind = "cut_after"     // takes effect, then the connection is closed without an answer
	HTML         Kind = "html"          // 200 with a log-in page; no effect
	Truncated    Kind = "truncated"     // takes effect; the connection ends in the middle of the body
	HalfJSON     Kind = "half_json"     // takes effect; half of the body as a complete HTTP answer
	ErrorIn200   Kind = "error_in_200"  // 200 with an error in the body, as both partners put it; no effect
	ExpiredToken Kind = "expired_token" // the partner's answer to an expired access token; no effect
	RevokedToken Kind = "revoked_token" // the partner's answer to a revoked access token; no effect
)

// Kinds lists every kind in the order in which the page offers them.
func Kinds() []Kind {
	return []Kind{Latency, Late, TooMany, ServerError, Timeout, CutBefore, CutAfter,
		HTML, Truncated, HalfJSON, ErrorIn200, ExpiredToken, RevokedToken}
}

// Rule is one fault: what goes wrong, where, and how often.
type Rule struct {
	ID         int           // given by Set.Add
	Endpoint   string        // the partner's name of an endpoint, or Any
	Kind       Kind          // what goes wrong
	Delay      time.Duration // Latency, Late: how long; Timeout: how long at most (0: DefaultTimeout)
	Status     int           // ServerError: the HTTP status, 500 when 0
	RetryAfter time.Duration // TooMany, ServerError: sent in whole seconds, rounded up; 0: no header
	Share      float64       // of the requests to the endpoint, 0 < share <= 1; 0 means 1
	After      int           // requests to the endpoint that it lets pass first
	Times      int           // how often it still happens before it goes away; 0: until removed
}

// Set is the rules in force at one partner. The zero value is ready, and a
// nil *Set has no rules. It is safe for concurrent use.
type Set struct {
	// Seed feeds the choices of rules with a share, so that a run can be
	// repeated. It must not change after the first request.
	Seed int64

	mu    sync.Mutex
	rules []Rule
	last  int // the newest rule's ID
	hits  map[int]int
	rand  *rand.Rand
}

// Add puts a rule in force after the existing ones and returns its ID, which
// is never used again.
func (s *Set) Add(r Rule) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	r.ID = s.last
	s.rules = append(s.rules, r)
	return r.ID
}

// Remove ends a rule. An ID that is unknown or gone is ignored.
func (s *Set) Remove(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = slices.DeleteFunc(s.rules, func(r Rule) bool { return r.ID == id })
}

// Clear ends all rules.
func (s *Set) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = nil
}

// Rules returns the rules in force, oldest first; Times is what is left.
func (s *Set) Rules() []Rule {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.rules)
}

// Hits returns how often the rule struck, also when it is gone by now.
func (s *Set) Hits(id int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hits[id]
}

// Wrap returns a handler that serves what next serves, except for the faults.
//
// The function endpoint names the endpoint of a request as rules do, "" for
// requests that are never disturbed. The function refuse writes the partner's
// own answer to a token that is [ExpiredToken] or [RevokedToken].
func (s *Set) Wrap(endpoint func(*http.Request) string, refuse func(http.ResponseWriter, *http.Request, Kind), next http.Handler) http.Handler {
	if s == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := endpoint(r)
		if name == "" {
			next.ServeHTTP(w, r)
			return
		}
		delay, rule, struck := s.strike(name)
		if delay > 0 {
			r = wait(r, delay)
		}
		if !struck {
			next.ServeHTTP(w, r)
			return
		}
		rule.serve(w, r, refuse, next)
	})
}

// strike decides the fate of one request: the sum of the latencies, and the
// rule that decides the answer, if there is one.
func (s *Set) strike(endpoint string) (delay time.Duration, rule Rule, struck bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.rules {
		r := &s.rules[i]
		if !s.applies(r, endpoint) || (struck && r.Kind != Latency) {
			continue
		}
		s.count(r)
		if r.Kind == Latency {
			delay += r.Delay
		} else {
			rule, struck = *r, true
		}
	}
	s.rules = slices.DeleteFunc(s.rules, func(r Rule) bool { return r.Times < 0 })
	return delay, rule, struck
}

// applies says whether the rule strikes a request to endpoint, drawing lots
// when it has a share. It counts those that the rule lets pass.
func (s *Set) applies(r *Rule, endpoint string) bool {
	if r.Endpoint != Any && r.Endpoint != endpoint {
		return false
	}
	if r.After > 0 {
		r.After--
		return false
	}
	if r.Share <= 0 || r.Share >= 1 {
		return true
	}
	if s.rand == nil {
		s.rand = rand.New(rand.NewPCG(uint64(s.Seed), 0))
	}
	return s.rand.Float64() < r.Share
}

// count notes one strike. A rule that struck for the last time is marked with
// negative Times for the caller to delete.
func (s *Set) count(r *Rule) {
	if s.hits == nil {
		s.hits = make(map[int]int)
	}
	s.hits[r.ID]++
	switch r.Times {
	case 0:
	case 1:
		r.Times = -1
	default:
		r.Times--
	}
}
