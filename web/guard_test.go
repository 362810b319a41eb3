package web

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"addtomojo/bridge"
)

var nonceIn = regexp.MustCompile(`'nonce-([A-Za-z0-9+/]+)'`)

// A hook that is taken is answered to a machine alone.
func TestHookHasNoPageHeaders(t *testing.T) {
	p := newParty(t)
	a := p.sendHook(p.signedHook("evt-1", []byte(aCall)))
	if a.status != 202 || a.header.Get("Cache-Control") != "no-store" || a.header.Get("Content-Security-Policy") != "" {
		t.Errorf("got %d with %v, want 202, nothing cached and no page's headers", a.status, a.header)
	}
}

func TestHeadersOnEveryAnswer(t *testing.T) {
	p := newParty(t)
	answers := map[string]*answer{
		"page":           p.jane.get(p.launch),
		"push":           p.jane.get(p.push),
		"part":           p.jane.get(p.launch + "/preflight"),
		"redirect":       p.jane.get(p.push + "/land"),
		"home":           p.jane.get("/"),
		"form again":     p.jane.post(p.launch+"/groups", url.Values{}),
		"not found":      p.jane.get("/nothing/here"),
		"somebody's":     p.joe.get(p.launch),
		"cross-site":     p.jane.post("/reset", nil, "Sec-Fetch-Site", "cross-site"),
		"too large":      p.jane.post("/reset", url.Values{"x": {strings.Repeat("x", formLimit+1)}}),
		"static":         p.jane.get("/static/app.css"),
		"events":         p.jane.get(p.push + "/events"),
		"health":         p.jane.get("/healthz"),
		"wrong method":   p.jane.post(p.push, nil),
		"refused launch": p.jane.get("/launch?contacts="),
		"refused hook":   p.jane.post(hookPath, nil),
		"API":            p.callAPI(http.MethodGet, apiPath+"/58?account_id=8812", newToken, ""),
		"refused by API": p.jane.get(apiPath + "/58"),
		"no such API":    p.jane.get("/api/nothing"),
	}
	want := map[string]string{
		"Cross-Origin-Opener-Policy":   "same-origin-allow-popups",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Cross-Origin-Embedder-Policy": "require-corp",
		"Referrer-Policy":              "no-referrer",
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
	}
	seen := map[string]string{}
	for name, a := range answers {
		for header, value := range want {
			if got := a.header.Get(header); got != value {
				t.Errorf("%s: %s: got %q, want %q", name, header, got, value)
			}
		}
		csp := a.header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "'strict-dynamic'", "style-src 'self'", "connect-src 'self'",
			"form-action 'self' " + p.wiseURL + ";", "base-uri 'none'", "frame-ancestors 'none'", "object-src 'none'"} {
			if !strings.Contains(csp, part) {
				t.Errorf("%s: Content-Security-Policy: got %q, want %q in it", name, csp, part)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "%!") {
			t.Errorf("%s: Content-Security-Policy: got %q", name, csp)
		}
		nonce := nonceIn.FindStringSubmatch(csp)
		if nonce == nil || seen[nonce[1]] != "" {
			t.Errorf("%s: nonce: got %v, want one that no other answer has (%s)", name, nonce, seen[nonce[1]])
			continue
		}
		seen[nonce[1]] = name
		for _, script := range a.all("script", "src", "*") {
			if got, _ := attr(script, "nonce"); got != nonce[1] {
				t.Errorf("%s: a script's nonce: got %q, want %q", name, got, nonce[1])
			}
		}
		if got := a.header.Get("Cache-Control"); name != "static" && got != "no-store" {
			t.Errorf("%s: Cache-Control: got %q, want no-store", name, got)
		}
		if a.header.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: Strict-Transport-Security on http", name)
		}
		if a.header.Get("Permissions-Policy") == "" {
			t.Errorf("%s: no Permissions-Policy", name)
		}
	}
}

func TestHTTPSOnly(t *testing.T) {
	h := newHouse(t, nil)
	h.server.BaseURL = "https://add.example.com"
	handler, err := h.server.Handler()
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://add.example.com/launch?contacts=1", nil))
	if got := w.Header().Get("Strict-Transport-Security"); !strings.HasPrefix(got, "max-age=63072000") {
		t.Errorf("Strict-Transport-Security: got %q, want two years", got)
	}
	claim := onlyCookie(t, w)
	if claim.Name != "__Secure-launch" || !claim.Secure || !claim.HttpOnly || claim.SameSite != http.SameSiteLaxMode ||
		claim.Path != w.Header().Get("Location") || claim.MaxAge != 600 {
		t.Errorf("claim: got %s, want it for %s alone", claim.Raw, w.Header().Get("Location"))
	}
}

func TestSettingsAreChecked(t *testing.T) {
	h := newHouse(t, nil)
	cases := map[string]func(*Server){
		"no bridge":         func(s *Server) { s.Bridge = nil },
		"no keys":           func(s *Server) { s.SessionKeys = nil },
		"plain http":        func(s *Server) { s.BaseURL = "http://add.example.com" },
		"no address":        func(s *Server) { s.BaseURL = "add.example.com" },
		"password in it":    func(s *Server) { s.BaseURL = "https://u:secret@add.example.com" },
		"consent elsewhere": func(s *Server) { s.WiseAgentAuthURL = "javascript:alert(1)" },
	}
	for name, change := range cases {
		s := *h.server
		change(&s)
		if _, err := s.Handler(); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want an error without secrets", name, err)
		}
	}
}

func TestBodyLimits(t *testing.T) {
	p := newParty(t)
	big := url.Values{"name": {strings.Repeat("x", formLimit)}}
	for _, path := range []string{p.launch + "/groups", p.launch + "/mojo", p.launch + "/wiseagent", p.launch + "/push"} {
		p.jane.post(path, big).want(413).says("That is more than fits")
	}
	p.jane.post(p.launch+"/groups", nil, "Content-Type", "text/plain").want(422) // no form: no name
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+p.launch+"/groups", strings.NewReader("name=%zz"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	p.jane.do(r).want(400).says("didn't arrive whole")
}

// What comes in by an address or a field must not become a header or a line of the log.
func TestLineBreaksStayWhereTheyAre(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	for _, path := range []string{
		"/launch?contacts=1%0d%0aSet-Cookie:%20evil=1", "/add/x%0d%0aSet-Cookie:%20evil=1",
		bridge.CallbackPath + "?state=%0d%0aX-Evil:%201&error=%0d%0alevel=ERROR", "/push/%0alevel=ERROR",
	} {
		a := b.get(path)
		if a.header.Get("X-Evil") != "" || strings.Contains(strings.Join(a.header.Values("Set-Cookie"), ";"), "evil") {
			t.Errorf("%s: got headers %v", path, a.header)
		}
	}
	for line := range strings.Lines(h.log.String()) {
		if !strings.HasPrefix(line, "time=") || strings.Contains(line, "evil") {
			t.Errorf("log line: got %q", line)
		}
	}
}

func TestLogNamesRoutesAndNobody(t *testing.T) {
	p := newParty(t)
	p.jane.get("/nothing/" + jane)
	p.jane.get("/launch?contacts=" + p.contacts[0])
	log := p.log.String()
	for _, want := range []string{"route=/add/:launch", "route=/push/:push", "route=none", "method=POST", "status=303", "ms="} {
		if !strings.Contains(log, want) {
			t.Errorf("log: no %q", want)
		}
	}
	for _, never := range []string{jane, "jane", p.launch, p.contacts[0] + " ", "dana", "127.0.0.1:", "sandbox", "secret", "wa_", "Hot Lead"} {
		if i := strings.Index(log, never); i >= 0 {
			t.Errorf("log: %q is in it: …%s…", never, log[max(0, i-80):min(len(log), i+80)])
		}
	}
}

func TestPanicIsAPage(t *testing.T) {
	h := newHouse(t, nil)
	a, err := h.server.app()
	if err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	e.HTTPErrorHandler = a.problem
	e.Use(a.logged, recovered, a.headers)
	e.GET("/boom/:who", func(echo.Context) error { panic("the roof is on fire") })
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/boom/"+jane, nil))
	page := &answer{t: t, status: w.Code, body: w.Body.String()}
	page.want(500).says("Something went wrong on our side", "Support code")
	code := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(page.text())
	log := h.log.String()
	if strings.Contains(page.body, "roof") || strings.Count(log, "roof is on fire") != 1 || !strings.Contains(log, "code="+code) ||
		!strings.Contains(log, "route=/boom/:who") || strings.Contains(log, jane) {
		t.Errorf("page %s\nlog %s\nwant the cause once in the log with code %s, and not in the page", page.text(), log, code)
	}
}

func TestTrustedProxies(t *testing.T) {
	fly := netip.MustParsePrefix("172.16.0.0/12")
	six := netip.MustParsePrefix("fdaa::/16")
	cases := []struct {
		name    string
		proxies []netip.Prefix
		remote  string
		forward string
		want    string
	}{
		{"nobody is trusted", nil, "10.0.0.9:1", "203.0.113.7", "10.0.0.9"},
		{"the proxy is", []netip.Prefix{fly}, "172.16.5.5:1", "203.0.113.7", "203.0.113.7"},
		{"only its own hop", []netip.Prefix{fly}, "172.16.5.5:1", "198.51.100.1, 203.0.113.7", "203.0.113.7"},
		{"somebody else says so", []netip.Prefix{fly}, "10.0.0.9:1", "203.0.113.7", "10.0.0.9"},
		{"loopback says so", []netip.Prefix{fly}, "127.0.0.1:1", "203.0.113.7", "127.0.0.1"},
		{"over IPv6", []netip.Prefix{six}, "[fdaa::3]:1", "203.0.113.7", "203.0.113.7"},
	}
	for _, c := range cases {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.remote
		r.Header.Set("X-Forwarded-For", c.forward)
		if got := trustedIP(c.proxies, "")(r); net.ParseIP(got).String() != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// Fly's proxy ends X-Forwarded-For with the app's own address, one for all customers, and says in a header of its own who asks.
func TestHeaderOfTheProxy(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("fdaa::/16")}
	cases := []struct {
		name   string
		remote string
		header []string
		want   string
	}{
		{"the proxy says it", "172.16.5.5:1", []string{"203.0.113.7"}, "203.0.113.7"},
		{"over IPv6", "[fdaa::3]:1", []string{"2001:db8::7"}, "2001:db8::7"},
		{"written another way", "172.16.5.5:1", []string{" ::ffff:203.0.113.7 "}, "203.0.113.7"},
		{"somebody else says it", "198.51.100.9:1", []string{"203.0.113.7"}, "198.51.100.9"},
		{"loopback says it", "127.0.0.1:1", []string{"203.0.113.7"}, "127.0.0.1"},
		{"nobody says it", "172.16.5.5:1", nil, "172.16.5.5"},
		{"said twice", "172.16.5.5:1", []string{"203.0.113.7", "203.0.113.8"}, "172.16.5.5"},
		{"a list", "172.16.5.5:1", []string{"203.0.113.7, 203.0.113.8"}, "172.16.5.5"},
		{"no address", "172.16.5.5:1", []string{"you"}, "172.16.5.5"},
		{"a zone, of which there are as many as you like", "172.16.5.5:1", []string{"fe80::1%a"}, "172.16.5.5"},
	}
	for _, c := range cases {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.remote
		r.Header.Set("X-Forwarded-For", "203.0.113.99, 66.241.124.1")
		r.Header["Fly-Client-Ip"] = c.header
		if got := trustedIP(proxies, "Fly-Client-IP")(r); net.ParseIP(got).String() != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
