package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"addtomojo/bridge"
	"addtomojo/store"
	"addtomojo/store/storetest"
)

// What requests get that no page of ours makes.

// Nothing but the methods of the table does anything, not even to somebody who is signed in.
func TestOtherMethodsDoNothing(t *testing.T) {
	p := newParty(t)
	signed := newHouse(t, func(s *Server) { s.LaunchSecret = launchSecret })
	routes, err := p.server.Routes()
	if err != nil {
		t.Fatal(err)
	}
	before := p.asked()
	for _, r := range routes {
		for _, method := range []string{http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodTrace, "PROPFIND", "BREW"} {
			if r.Method == method {
				continue
			}
			a := p.jane.with(method, p.path(r.Pattern), "Sec-Fetch-Site", "same-origin")
			if !slices.Contains([]int{204, 404, 405}, a.status) {
				t.Errorf("%s %s: got %d, want 405, or 204 for OPTIONS", method, r.Pattern, a.status)
			}
			if a.status == 405 && !strings.Contains(a.header.Get("Allow"), r.Method) {
				t.Errorf("%s %s: Allow: got %q, want %s in it", method, r.Pattern, a.header.Get("Allow"), r.Method)
			}
			if a.header.Get("Access-Control-Allow-Origin") != "" || a.header.Get("Content-Security-Policy") == "" {
				t.Errorf("%s %s: got headers %v, want ours and no other site let in", method, r.Pattern, a.header)
			}
		}
	}
	if after := p.asked(); fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("asked of the partners: got %v, want nothing new to %v", after, before)
	}
	p.jane.get(p.push).want(200).says("2 added")

	// A scanner that looks at a link before the customer does must not use it up.
	b := signed.browser()
	address := "/launch?" + signed.signedForm(jane, signed.contacts[0]).Encode()
	b.with(http.MethodHead, address)
	b.with(http.MethodOptions, address)
	b.get(address).to("/add/")
}

// with asks with any method and headers, without a body.
func (b *browser) with(method, path string, header ...string) *answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.h.address(path), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return b.do(r)
}

// An id in an address is an id or nothing: no path, no pattern, no text that a database chokes on.
func TestOddIDsInAddresses(t *testing.T) {
	p := newParty(t)
	id := strings.TrimPrefix(p.launch, "/add/")
	odd := []string{
		"..", "../../../etc/passwd", `..\..\windows`, "%", "_", "*", "'", `"`, "' or '1'='1", "\x00", id + "\x00", "\xff\xfe", "\u202e", "🏠",
		"0", "-1", "null", strings.ToUpper(id), "{" + id + "}", "urn:uuid:" + id, strings.ReplaceAll(id, "-", ""), id + "/", " " + id, strings.Repeat("a", 4000),
	}
	for _, base := range []string{"/add/", "/push/"} {
		for _, text := range odd {
			a := p.jane.get(base + url.PathEscape(text))
			if a.status == http.StatusMovedPermanently || a.status == http.StatusTemporaryRedirect {
				t.Errorf("%s%q: redirects to %q", base, text, a.location)
			}
			p.jane.refuses(a, 404, "We can't find this page", "choose Add to Mojo again")
		}
	}
	for _, path := range []string{"/static/../web/server.go", "/static/%2e%2e/go.mod", "/static/..%2f..%2fgo.mod", "/static/", "/static/vendor/", "/static/nothing.css"} {
		if a := p.jane.get(path); a.status == 200 || strings.Contains(a.body, "package web") || strings.Contains(a.body, "module addtomojo") {
			t.Errorf("%s: got %d\n%.200s", path, a.status, a.body)
		}
	}
	for _, query := range []string{"?group=x", "?group=-1", "?group=9223372036854775808", "?fresh=%00", "?" + strings.Repeat("a=b&", 1000)} {
		p.jane.get(p.launch + query).want(200)
	}
	for _, query := range []string{"?show=%00&page=-1", "?page=9223372036854775807", "?page=99999999999999999999", "?show='&landing=%ff"} {
		p.jane.get(p.push + query).want(200)
	}
}

// What is no id is not asked for: PostgreSQL takes neither a NUL nor bytes that are no text for a failure of the asker.
func TestOddIDsAreNotAskedFor(t *testing.T) {
	h := newHouse(t, nil)
	if err := h.store.Close(); err != nil {
		t.Fatal(err)
	}
	b := h.browser()
	for _, path := range []string{"/add/%00", "/add/%ff", "/push/%00", "/push/x'y", "/push/%ff/events"} {
		b.refuses(b.get(path), 404, "We can't find this page")
	}
}

// An event's id, too: it takes somebody who is signed in to come that far.
func TestOddIDsOfEventsAreNotAskedFor(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			h, _ := newHouseOn(t, engine)
			b := h.browser()
			b.connect(1)
			for _, id := range []string{"%00", "%ff", "x'y", strings.ToUpper(store.NewID())} {
				b.refuses(b.post(activityPath+"/"+id+"/retry", nil), 404, "We can't find this page")
			}
			if log := h.log.String(); strings.Contains(log, "level=ERROR") {
				t.Errorf("log: got an error for an odd id\n%s", log)
			}
		})
	}
}

// Cookies that are too many, too long or not ours make a stranger, not a failure.
func TestOddCookies(t *testing.T) {
	p := newParty(t)
	own := p.jane.cookie()
	for _, line := range map[string]string{
		"huge session":       "addtomojo=" + strings.Repeat("A", 100_000),
		"session with more":  "addtomojo=" + own + strings.Repeat("A", 10),
		"session cut":        "addtomojo=" + own[:len(own)/2],
		"empty session":      "addtomojo=",
		"session as problem": "problem=" + own,
		"problem as session": "addtomojo=" + strings.Repeat("problem", 20),
		"a thousand cookies": strings.Repeat("a=b; ", 1000) + "c=d",
		"no cookie at all":   ";;; = ; \"",
		"session twice":      "addtomojo=first; addtomojo=second",
	} {
		b := p.browser()
		b.refuses(b.with(http.MethodGet, p.push, "Cookie", line), 401, "You are signed out")
		b.with(http.MethodGet, "/", "Cookie", line).want(200)
		b.with(http.MethodGet, problemPath, "Cookie", line).to("/")
		b.with(http.MethodGet, "/launch?contacts=26855", "Cookie", line).to("/add/")
	}
	if a := p.browser().with(http.MethodGet, "/", "X-Long", strings.Repeat("x", 2<<20)); a.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("2 MB of headers: got %d, want 431", a.status)
	}
	p.jane.get(p.push).want(200)
}

// What we set must come back: browsers drop cookies over 4,096 bytes.
// A browser without cookies is signed out at every step: starting again alone would lead here for ever.
func TestABrowserThatKeepsNoCookiesIsTold(t *testing.T) {
	h := newHouse(t, nil)
	launch := h.browser().launch(1)
	h.browser().get(launch).want(401).says("You are signed out", "Go back to Wise Agent", "your browser keeps no cookies")
}

func TestCookiesStaySmall(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	b.connect(1)
	for range sessionLaunches + 5 {
		b.get(b.launch(1)).want(200)
	}
	for name, a := range map[string]*answer{
		"page":         b.get(b.launch(1)),
		"launch":       b.get("/launch?contacts=1"),
		"odd ids":      b.get("/launch?contacts=" + url.QueryEscape(strings.Join(slices.Repeat([]string{strings.Repeat("<&>\u2028", 5)}, 12), ","))),
		"consent":      b.post(b.launch(1)+"/wiseagent", url.Values{"tz": {"America/Argentina/ComodRivadavia"}}),
		"odd callback": b.get(bridge.CallbackPath + "?state=" + strings.Repeat("x", 4000) + "&error=" + strings.Repeat("y", 4000)),
		"wrong PIN":    b.post(h.browser().launch(1)+"/mojo", url.Values{"login": {strings.Repeat("<", 9000)}}),
	} {
		if a.status >= 500 {
			t.Errorf("%s: got %d\n%s", name, a.status, a.text())
		}
		for _, line := range a.header.Values("Set-Cookie") {
			if len(line) > 4096 {
				t.Errorf("%s: a cookie of %d bytes: %.60s…", name, len(line), line)
			}
		}
	}
}

// A launch has one code, on all its pages and problems; two launches have two.
func TestOneCodePerLaunch(t *testing.T) {
	h := newHouse(t, nil)
	h.work()
	b := h.browser()
	launch := b.connect(1)
	code := b.get(launch).code()
	push := b.push(launch)
	b.ended(push, store.PushDone)
	pages := map[string]*answer{
		"groups": b.get(launch), "push": b.get(push), "results": b.get(push + "?show=added"), "tab": b.get(push + "?landing=1"),
		"a new group": b.post(launch+"/groups", nil), "no group": b.post(launch+"/push", url.Values{"push": {store.NewID()}}),
		"broken form": b.post(launch+"/push", url.Values{"push": {"x"}}), "pushes": b.get("/pushes"), "reset": b.get("/reset"),
		"home": b.get("/"), "nowhere": b.get("/nothing"), "other method": b.with(http.MethodPut, launch),
	}
	for name, a := range pages {
		if got := a.code(); got != code {
			t.Errorf("%s: got code %s, want the launch's %s", name, got, code)
		}
	}
	other := b.launch(1)
	if got := b.get(other).code(); got == code {
		t.Errorf("the next launch: got code %s again", got)
	}
	if got := b.get(push).code(); got != code {
		t.Errorf("the push of the launch before: got code %s, want %s", got, code)
	}
	b.post("/reset", nil).want(200).code()
	b.post("/signout", nil).want(200).code()
	b.get("/pushes").want(401).code()
	stranger := h.browser()
	if one, two := stranger.get("/nothing").code(), stranger.get("/nothing").code(); one == two {
		t.Errorf("two problems without a launch: got %s for both, want two codes", one)
	}
}

// A full disk is said in words, whatever was being done.
func TestFullDiskIsAPage(t *testing.T) {
	h := newHouse(t, nil)
	a, err := h.server.app()
	if err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	e.HTTPErrorHandler = a.problem
	e.Use(a.logged, recovered, a.headers)
	e.POST("/launch", func(echo.Context) error { return fmt.Errorf("store launch: %w", store.ErrFull) })
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/launch", nil))
	page := &answer{t: t, status: w.Code, header: w.Header(), body: w.Body.String()}
	page.want(503).says("We can't save anything right now", "Nothing that was saved before is lost", "Try again in a few minutes").code()
	if log := h.log.String(); page.header.Get("Retry-After") != "300" || !strings.Contains(log, page.code()) || !strings.Contains(log, "level=ERROR") {
		t.Errorf("got Retry-After %q and log %s, want 5 minutes, and the code at ERROR", page.header.Get("Retry-After"), h.log.String())
	}
}
