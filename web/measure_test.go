package web

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// measured collects what a server's requests are measured as.
type measured struct {
	mu  sync.Mutex
	all []string // "GET /launch 200"
}

func (m *measured) add(r Route, status int, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = append(m.all, fmt.Sprint(r.Method, " ", r.Pattern, " ", status))
}

func (m *measured) take() (all []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all, m.all = m.all, nil
	return all
}

func TestRequestsAreMeasuredByRoute(t *testing.T) {
	var m measured
	h := newHouse(t, func(s *Server) { s.Measure = m.add })
	b := h.browser()
	b.get("/healthz")
	b.get("/add/" + strings.Repeat("0", 36))
	b.post("/signout", nil, "Sec-Fetch-Site", "cross-site")
	h.sendHook(h.signedHook("evt-1", []byte(aCall)))
	h.sendHook(h.hookAt("evt-2", []byte(aCall), time.Unix(0, 0), newHookSecret))
	if got, want := m.take(), []string{"GET /healthz 200", "GET /add/:launch 404", "POST /signout 403", "POST /hooks/mojo 202", "POST /hooks/mojo 401"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Whoever tries out addresses and methods must not multiply what is counted.
func TestWhatHasNoRouteIsMeasuredAsOne(t *testing.T) {
	var m measured
	h := newHouse(t, func(s *Server) { s.Measure = m.add })
	b := h.browser()
	for i := range 200 {
		b.get(fmt.Sprintf("/wp-admin/%d/kate@example.com?phone=5205550143", i))
		b.get(fmt.Sprintf("/add/%d/nothing/here", i))
		b.get(fmt.Sprintf("/support/%d/nothing", i))
		b.get(fmt.Sprintf("/api/nothing/%d", i))
	}
	got := m.take()
	if kinds := slices.Compact(slices.Clone(got)); len(got) != 800 || !slices.Equal(kinds, []string{"GET none 404"}) {
		t.Errorf("%d requests are measured as %q, want all 800 as one", len(got), kinds)
	}

	routes, err := h.server.Routes()
	if err != nil {
		t.Fatal(err)
	}
	param := regexp.MustCompile(`:\w+|\*`)
	for _, r := range routes {
		for _, method := range []string{http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodTrace, "PROPFIND", "BREW", "MAKEUP"} {
			b.with(method, param.ReplaceAllString(r.Pattern, "5205550143"), "Sec-Fetch-Site", "same-origin")
		}
	}
	got = m.take()
	slices.Sort(got)
	kinds := slices.Compact(got)
	for _, what := range kinds {
		if !strings.Contains(what, " "+NoRoute+" ") {
			t.Errorf("%q is measured, want no route's pattern for a method that it doesn't take", what)
		}
	}
	if len(kinds) > 12 {
		t.Errorf("%d kinds of requests: %q", len(kinds), kinds)
	}
}
