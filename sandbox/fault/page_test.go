package fault_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"addtomojo/sandbox/fault"
)

func newPage() fault.Page {
	return fault.Page{Set: new(fault.Set), Partner: "Acme", Home: "/", Endpoints: []string{"groups", "notes"}}
}

func submit(p fault.Page, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/sandbox/faults", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w
}

func TestPageAdds(t *testing.T) {
	p := newPage()
	w := submit(p, url.Values{
		"action": {"add"}, "endpoint": {"notes"}, "kind": {"server_error"},
		"delay": {"1.5"}, "status": {"503"}, "retry_after": {"7"}, "share": {"50"}, "times": {"3"},
	})
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/sandbox/faults" {
		t.Errorf("got status %d to %q, want 303 to the page", w.Code, w.Header().Get("Location"))
	}
	want := fault.Rule{ID: 1, Endpoint: "notes", Kind: fault.ServerError, Delay: 1500 * time.Millisecond,
		Status: 503, RetryAfter: 7 * time.Second, Share: 0.5, Times: 3}
	if got := p.Set.Rules(); len(got) != 1 || got[0] != want {
		t.Errorf("got rules %+v, want %+v", got, want)
	}
}

func TestPageShows(t *testing.T) {
	p := newPage()
	p.Set.Add(fault.Rule{Endpoint: "notes", Kind: fault.TooMany, RetryAfter: time.Minute, Times: 2})
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest("GET", "/sandbox/faults", nil))
	for _, want := range []string{"<option>groups</option>", "429 Too Many Requests", "Retry-After 60 s; 2 left; struck 0 times"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if got := w.Header().Get("Content-Security-Policy"); !strings.Contains(got, "default-src 'none'") {
		t.Errorf("got Content-Security-Policy %q, want one that forbids everything else", got)
	}
}

func TestPageRemoves(t *testing.T) {
	p := newPage()
	for range 3 {
		p.Set.Add(fault.Rule{Endpoint: "notes", Kind: fault.HTML})
	}
	submit(p, url.Values{"action": {"remove"}, "id": {"2"}})
	if got := p.Set.Rules(); len(got) != 2 || got[0].ID != 1 || got[1].ID != 3 {
		t.Errorf("got rules %v after removing the second, want the first and third", got)
	}
	submit(p, url.Values{"action": {"clear"}})
	if got := p.Set.Rules(); len(got) != 0 {
		t.Errorf("got rules %v after removing all, want none", got)
	}
}

func TestPageRefuses(t *testing.T) {
	tests := []struct {
		name   string
		form   url.Values
		status int
	}{
		{"unknown endpoint", url.Values{"action": {"add"}, "endpoint": {"nope"}, "kind": {"html"}}, 422},
		{"unknown kind", url.Values{"action": {"add"}, "endpoint": {"*"}, "kind": {"nope"}}, 422},
		{"latency without delay", url.Values{"action": {"add"}, "endpoint": {"*"}, "kind": {"latency"}}, 422},
		{"words for a number", url.Values{"action": {"add"}, "endpoint": {"*"}, "kind": {"html"}, "times": {"often"}}, 422},
		{"not a number", url.Values{"action": {"add"}, "endpoint": {"*"}, "kind": {"html"}, "share": {"NaN"}}, 422},
		{"status out of range", url.Values{"action": {"add"}, "endpoint": {"*"}, "kind": {"server_error"}, "status": {"200"}}, 422},
		{"no action", url.Values{}, 400},
		{"remove nothing", url.Values{"action": {"remove"}}, 400},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newPage()
			if w := submit(p, test.form); w.Code != test.status {
				t.Errorf("got status %d, want %d", w.Code, test.status)
			}
			if rules := p.Set.Rules(); len(rules) != 0 {
				t.Errorf("got rules %v, want none", rules)
			}
		})
	}
}

func TestPageRefusesOtherSites(t *testing.T) {
	p := newPage()
	p.Set.Add(fault.Rule{Endpoint: "notes", Kind: fault.HTML})
	r := httptest.NewRequest("POST", "/sandbox/faults", strings.NewReader("action=clear"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	if w.Code != http.StatusForbidden || len(p.Set.Rules()) != 1 {
		t.Errorf("got status %d and %d rules left, want 403 and 1", w.Code, len(p.Set.Rules()))
	}
}
