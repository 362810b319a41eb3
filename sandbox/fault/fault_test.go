package fault_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"addtomojo/sandbox/fault"
)

// partner is a server with one endpoint, /work, that counts its effects.
type partner struct {
	*httptest.Server
	faults  fault.Set
	effects atomic.Int32
	willCut atomic.Bool
}

func newPartner(t *testing.T) *partner {
	t.Helper()
	p := new(partner)
	work := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != "please" {
			http.Error(w, "body lost", http.StatusBadRequest)
			return
		}
		p.effects.Add(1)
		p.willCut.Store(fault.WillCut(r.Context()))
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, `{"done": true, "padding": "0123456789"}`)
	})
	endpoint := func(r *http.Request) string { return strings.Trim(r.URL.Path, "/") }
	refuse := func(w http.ResponseWriter, r *http.Request, k fault.Kind) {
		http.Error(w, string(k), http.StatusForbidden)
	}
	p.Server = httptest.NewServer(p.faults.Wrap(endpoint, refuse, work))
	t.Cleanup(p.Close)
	return p
}

// answer is what a client got.
type answer struct {
	status int
	header http.Header
	body   string
	err    error // of the request or of reading the body
}

func (p *partner) post(ctx context.Context, path string) answer {
	req, err := http.NewRequestWithContext(ctx, "POST", p.URL+path, strings.NewReader("please"))
	if err != nil {
		return answer{err: err}
	}
	res, err := p.Client().Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{status: res.StatusCode, header: res.Header, body: string(body), err: err}
}

func TestKinds(t *testing.T) {
	const whole = `{"done": true, "padding": "0123456789"}`
	tests := []struct {
		rule    fault.Rule
		status  int    // 0: no answer at all
		body    string // a part of it
		broken  bool   // the client sees an error
		effects int32
	}{
		{rule: fault.Rule{Kind: fault.Latency, Delay: time.Millisecond}, status: 201, body: whole, effects: 1},
		{rule: fault.Rule{Kind: fault.Late, Delay: time.Millisecond}, status: 201, body: whole, effects: 1},
		{rule: fault.Rule{Kind: fault.TooMany}, status: 429, body: "throttled"},
		{rule: fault.Rule{Kind: fault.ServerError}, status: 500, body: "Internal"},
		{rule: fault.Rule{Kind: fault.ServerError, Status: 503}, status: 503, body: "Unavailable"},
		{rule: fault.Rule{Kind: fault.Timeout, Delay: time.Millisecond}, broken: true},
		{rule: fault.Rule{Kind: fault.CutBefore}, broken: true},
		{rule: fault.Rule{Kind: fault.CutAfter}, broken: true, effects: 1},
		{rule: fault.Rule{Kind: fault.HTML}, status: 200, body: "<form"},
		{rule: fault.Rule{Kind: fault.Truncated}, status: 201, body: whole[:len(whole)/2], broken: true, effects: 1},
		{rule: fault.Rule{Kind: fault.HalfJSON}, status: 201, body: whole[:len(whole)/2], effects: 1},
		{rule: fault.Rule{Kind: fault.ErrorIn200}, status: 200, body: `"errors": [`},
		{rule: fault.Rule{Kind: fault.ExpiredToken}, status: 403, body: "expired_token"},
		{rule: fault.Rule{Kind: fault.RevokedToken}, status: 403, body: "revoked_token"},
	}
	covered := make(map[fault.Kind]bool)
	for _, test := range tests {
		covered[test.rule.Kind] = true
		t.Run(string(test.rule.Kind), func(t *testing.T) {
			p := newPartner(t)
			test.rule.Endpoint = "work"
			p.faults.Add(test.rule)
			got := p.post(t.Context(), "/work")
			if got.status != test.status || !strings.Contains(got.body, test.body) || (got.err != nil) != test.broken {
				t.Errorf("got status %d, body %q, error %v; want status %d, body with %q, broken %v",
					got.status, got.body, got.err, test.status, test.body, test.broken)
			}
			if n := p.effects.Load(); n != test.effects {
				t.Errorf("got %d effects, want %d", n, test.effects)
			}
			if got, want := p.willCut.Load(), test.rule.Kind == fault.CutAfter; got != want {
				t.Errorf("got WillCut %v, want %v", got, want)
			}
		})
	}
	for _, k := range fault.Kinds() {
		if !covered[k] {
			t.Errorf("kind %q is not tested", k)
		}
	}
}

func TestHalfJSONIsNoJSON(t *testing.T) {
	p := newPartner(t)
	p.faults.Add(fault.Rule{Endpoint: fault.Any, Kind: fault.HalfJSON})
	got := p.post(t.Context(), "/work")
	if got.err != nil || json.Valid([]byte(got.body)) {
		t.Errorf("got body %q, error %v; want a complete answer that is not JSON", got.body, got.err)
	}
}

func TestTimeoutEndsWithTheClient(t *testing.T) {
	p := newPartner(t)
	p.faults.Add(fault.Rule{Endpoint: "work", Kind: fault.Timeout, Delay: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if got := p.post(ctx, "/work"); !errors.Is(got.err, context.DeadlineExceeded) {
		t.Errorf("got error %v, want %v", got.err, context.DeadlineExceeded)
	}
	p.Close() // returns only when the held request has ended
	if n := p.effects.Load(); n != 0 {
		t.Errorf("got %d effects of a request that was never answered, want 0", n)
	}
}

func TestAfterLetsTheFirstRequestsPass(t *testing.T) {
	p := newPartner(t)
	p.faults.Add(fault.Rule{Endpoint: "work", Kind: fault.ServerError, After: 2, Times: 1})
	for i, want := range []int{201, 201, 500, 201} {
		if got := p.post(t.Context(), "/work"); got.status != want {
			t.Errorf("request %d: got status %d, want %d", i+1, got.status, want)
		}
	}
}

func TestLatencyOutlastsTheClient(t *testing.T) {
	p := newPartner(t)
	p.faults.Add(fault.Rule{Endpoint: "work", Kind: fault.Latency, Delay: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	p.post(ctx, "/work")
	p.Close()
	if n := p.effects.Load(); n != 1 {
		t.Errorf("got %d effects of a slow request whose client left, want 1", n)
	}
}

func TestLateTakesEffectAtOnce(t *testing.T) {
	p := newPartner(t)
	p.faults.Add(fault.Rule{Endpoint: "work", Kind: fault.Late, Delay: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	go func() {
		for p.effects.Load() == 0 && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		cancel() // a client that dies right after the effect
	}()
	if got := p.post(ctx, "/work"); got.err == nil || p.effects.Load() != 1 {
		t.Errorf("got error %v and %d effects, want no answer and 1 effect", got.err, p.effects.Load())
	}
}

func TestRetryAfter(t *testing.T) {
	p := newPartner(t)
	p.faults.Add(fault.Rule{Endpoint: "work", Kind: fault.TooMany, RetryAfter: 1500 * time.Millisecond})
	if got, want := p.post(t.Context(), "/work").header.Get("Retry-After"), "2"; got != want {
		t.Errorf("got Retry-After %q, want %q", got, want)
	}
}

func TestTimes(t *testing.T) {
	p := newPartner(t)
	id := p.faults.Add(fault.Rule{Endpoint: "work", Kind: fault.ServerError, Times: 2})
	for i, want := range []int{500, 500, 201} {
		if got := p.post(t.Context(), "/work").status; got != want {
			t.Errorf("request %d: got status %d, want %d", i+1, got, want)
		}
	}
	if rules := p.faults.Rules(); len(rules) != 0 {
		t.Errorf("got rules %v after the last time, want none", rules)
	}
	if got := p.faults.Hits(id); got != 2 {
		t.Errorf("got %d hits, want 2", got)
	}
}

func TestEndpoints(t *testing.T) {
	p := newPartner(t)
	id := p.faults.Add(fault.Rule{Endpoint: "other", Kind: fault.ServerError})
	if got := p.post(t.Context(), "/work").status; got != 201 {
		t.Errorf("got status %d for an endpoint without a rule, want 201", got)
	}
	p.faults.Add(fault.Rule{Endpoint: fault.Any, Kind: fault.HTML})
	if got := p.post(t.Context(), "/work").status; got != 200 {
		t.Errorf("got status %d with a rule for any endpoint, want 200", got)
	}
	if got := p.post(t.Context(), "/other").status; got != 500 {
		t.Errorf("got status %d with two rules, want the older one's 500", got)
	}
	if got := p.post(t.Context(), "/").status; got != 201 {
		t.Errorf("got status %d for a request without endpoint, want 201", got)
	}
	p.faults.Remove(id)
	if got := p.post(t.Context(), "/other").status; got != 200 {
		t.Errorf("got status %d after removing the older rule, want 200", got)
	}
	p.faults.Clear()
	if got := p.post(t.Context(), "/other").status; got != 201 {
		t.Errorf("got status %d after removing all rules, want 201", got)
	}
}

func TestLatencyAddsToAnotherFault(t *testing.T) {
	p := newPartner(t)
	slow := p.faults.Add(fault.Rule{Endpoint: fault.Any, Kind: fault.Latency, Delay: time.Millisecond})
	p.faults.Add(fault.Rule{Endpoint: "work", Kind: fault.ServerError})
	if got := p.post(t.Context(), "/work").status; got != 500 {
		t.Errorf("got status %d, want 500", got)
	}
	if got := p.faults.Hits(slow); got != 1 {
		t.Errorf("got %d waits before the error, want 1", got)
	}
}

func TestShareIsRepeatable(t *testing.T) {
	outcome := func(seed int64) (statuses [200]int, failed int) {
		faults := fault.Set{Seed: seed}
		faults.Add(fault.Rule{Endpoint: fault.Any, Kind: fault.ServerError, Share: 0.25})
		handler := faults.Wrap(func(*http.Request) string { return "work" }, nil, http.NotFoundHandler())
		for i := range statuses {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest("GET", "/work", nil))
			statuses[i] = w.Code
			if w.Code == 500 {
				failed++
			}
		}
		return statuses, failed
	}
	first, failed := outcome(7)
	again, _ := outcome(7)
	if first != again {
		t.Error("the same seed gave different faults")
	}
	if failed < 30 || failed > 70 {
		t.Errorf("got %d of 200 requests failing with a share of 0.25, want about 50", failed)
	}
}

func TestNilSet(t *testing.T) {
	var faults *fault.Set
	handler := faults.Wrap(nil, nil, http.NotFoundHandler())
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 404 || faults.Rules() != nil {
		t.Errorf("got status %d and rules %v of a nil set, want the handler's 404 and no rules", w.Code, faults.Rules())
	}
}
