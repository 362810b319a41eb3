package web

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/store"
)

// lost connects jane and takes sides away from her connection, each with a cause of its own.
func (h *house) lost(sides ...store.Side) store.Connection {
	h.t.Helper()
	h.browser().connect(1)
	h.lose(sides...)
	conn, err := h.store.ConnectionByEmail(h.t.Context(), jane)
	if err != nil {
		h.t.Fatal(err)
	}
	return conn
}

func (h *house) lose(sides ...store.Side) {
	h.t.Helper()
	conn, err := h.store.ConnectionByEmail(h.t.Context(), jane)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, side := range sides {
		h.clock.advance(time.Second)
		tokens, err := h.store.Tokens(h.t.Context(), conn.ID, side)
		if err == nil {
			err = h.store.NeedSignIn(h.t.Context(), conn.ID, side, "The "+string(side)+" password was changed.", tokens.Version, h.clock.Now())
		}
		if err != nil {
			h.t.Fatal(err)
		}
	}
	h.clock.advance(time.Second)
}

// link makes a reconnect link and gives its path.
func (h *house) link(conn store.Connection) string {
	h.t.Helper()
	address, err := h.bridge.ReconnectLink(h.t.Context(), conn)
	if err != nil {
		h.t.Fatal(err)
	}
	path, ours := strings.CutPrefix(address, h.url)
	if !ours || len(path) < len(bridge.ReconnectPath)+26 {
		h.t.Fatalf("link: got %q, want one of ours with 26 characters of base32 at least", address)
	}
	return path
}

func (h *house) state() store.State {
	h.t.Helper()
	conn, err := h.store.ConnectionByEmail(h.t.Context(), jane)
	if err != nil {
		h.t.Fatal(err)
	}
	return conn.State
}

func TestReconnectLinkForMojo(t *testing.T) {
	h := newHouse(t, nil)
	link := h.link(h.lost(store.Mojo))
	b := h.browser()
	launch := b.get(link).to("/add/")
	page := b.get(launch).want(200).says("Sign in to Mojo again", "The mojo password was changed.", "j***@example.com", "Mojo PIN", "Nothing is lost")
	if strings.Contains(page.body, jane) || strings.Contains(page.body, "Ruiz") || strings.Contains(page.body, "Continue with Wise Agent") {
		t.Errorf("the page tells who it is, or asks for the other side\n%s", page.text())
	}
	form := dana()
	form.Set("password", "guess")
	b.try(launch, form).want(422).says("didn't accept", "j***@example.com")
	b.post(launch+"/mojo", dana()).to(launch)
	page = b.get(launch).want(200).says("Connected again", "j***@example.com", "Nothing is waiting")
	if strings.Contains(page.body, jane) || strings.Contains(page.body, activityPath) {
		t.Error("a Mojo sign-in through a link shows whose it is, want it masked")
	}
	if got := h.state(); got != store.StateConnected {
		t.Errorf("state: got %s, want connected", got)
	}
	for _, path := range []string{"/activity", "/pushes", "/reset"} { // the link opens no session
		b.get(path).want(401)
	}
	b.get(launch + "/preflight").to(launch)
	b.post(launch+"/groups", url.Values{"name": {"New"}}).to(launch)
	b.post(launch+"/push", url.Values{"push": {store.NewID()}, "group": {"1"}}).to(launch)
	b.post(launch+"/mojo", dana()).to(launch) // not needed any more
	b.post(launch+"/wiseagent", nil).to(launch)
	b.get(link).to("/problem")
	b.get("/problem").want(410).says("This link has ended", "Open Add to Mojo in Wise Agent", "Support code")
}

func TestReconnectLinkForWiseAgent(t *testing.T) {
	h := newHouse(t, nil)
	link := h.link(h.lost(store.Wise))
	b := h.browser()
	b.get(b.get(link).to("/add/")).want(200)
	launch := b.get(link).to("/add/") // once more, as after a mail scanner
	page := b.get(launch).want(200).says("Sign in to Wise Agent again", "j***@example.com", "Continue with Wise Agent")
	if len(page.all("input", "name", "pin")) > 0 {
		t.Error("the page asks for Mojo, too")
	}
	consent := b.post(launch+"/wiseagent", url.Values{"tz": {"America/Phoenix"}}).to(h.wiseURL)
	b.get(b.atWiseAgent(consent, jane, allScopes...)).to(launch)
	b.get(launch).want(200).says("Connected again", jane, "Ruiz Realty Group", "See the activity")
	b.get("/activity").want(200)
	b.get(launch + "/preflight").to(launch)
	for _, link := range b.get("/activity").all("a", "href", launch) {
		t.Errorf("the activity page leads back to a launch without contacts: %v", link.Attr)
	}
	b.get(link).to("/problem")
}

func TestReconnectLinkForBothSides(t *testing.T) {
	h := newHouse(t, nil)
	link := h.link(h.lost(store.Mojo, store.Wise))
	b := h.browser()
	launch := b.get(link).to("/add/")
	b.get(launch).want(200).says("Sign in to Mojo again", "comes next")
	b.post(launch+"/wiseagent", nil).to(launch) // one after the other
	b.post(launch+"/mojo", dana()).to(launch)
	b.get(launch).want(200).says("Sign in to Wise Agent again", "j***@example.com")
	b.get(link).to("/add/") // it has not done what it is for
	consent := b.post(launch+"/wiseagent", nil).to(h.wiseURL)
	b.get(b.atWiseAgent(consent, jane, allScopes...)).to(launch)
	b.get(launch).want(200).says("Connected again")
	b.get(link).to("/problem")
}

func TestReconnectLinkOfAnotherWiseAgentAccount(t *testing.T) {
	h := newHouse(t, nil)
	link := h.link(h.lost(store.Wise))
	b := h.browser()
	launch := b.get(link).to("/add/")
	consent := b.post(launch+"/wiseagent", nil).to(h.wiseURL)
	b.get(b.atWiseAgent(consent, joe, allScopes...)).to("/problem")
	page := b.get("/problem").want(409).says("This link is for the Wise Agent account of j***@example.com", "signed in to Wise Agent as j***@example.org", "Nothing was changed")
	if strings.Contains(page.body, jane) {
		t.Error("the page tells whose link it is")
	}
	b.get("/pushes").want(401) // and nobody is signed in
	if got := h.state(); got != store.StateNeedsSignIn {
		t.Errorf("state: got %s, want needs sign-in", got)
	}
	h.revokes(func() bool { access, refresh := h.wise.LiveTokens(joe); return access+refresh == 0 })
	b.get(launch).want(200).says("Sign in to Wise Agent again")
}

func TestReconnectLinkOfAnotherMojoAccount(t *testing.T) {
	h := newHouse(t, nil)
	link := h.link(h.lost(store.Mojo))
	b := h.browser()
	launch := b.get(link).to("/add/")
	fran := url.Values{"pin": {"310577"}, "login": {"fran"}, "password": {"fran-sandbox"}}
	b.try(launch, fran).want(409).says("This link is for the Mojo account that is connected already", "nothing was changed", "Mojo PIN")
	if got := h.state(); got != store.StateNeedsSignIn {
		t.Errorf("state: got %s, want needs sign-in", got)
	}
	h.revokes(func() bool { access, refresh := h.mojo.LiveTokens("8840"); return access+refresh == 0 })
	b.post(launch+"/mojo", dana()).to(launch)
	b.get(launch).want(200).says("Connected again")
}

// revokes lets the workers run until done.
func (h *house) revokes(done func() bool) {
	h.t.Helper()
	h.work()
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			h.t.Fatal("fresh tokens of the wrong account still live")
		}
	}
}

// Somebody else's session neither counts as the customer nor is lost.
func TestReconnectLinkInSomebodyElsesSession(t *testing.T) {
	h := newHouse(t, nil)
	link := h.link(h.lost(store.Mojo))
	b := h.browser()
	own := b.launch(1)
	consent := b.post(own+"/wiseagent", nil).to(h.wiseURL)
	b.get(b.atWiseAgent(consent, joe, allScopes...)).to(own)
	launch := b.get(link).to("/add/")
	page := b.get(launch).want(200).says("j***@example.com")
	if strings.Contains(page.body, jane) || strings.Contains(page.body, resetPath) {
		t.Errorf("joe sees who it is, or her buttons\n%s", page.text())
	}
	b.post(launch+"/mojo", dana()).to(launch)
	page = b.get(launch).want(200).says("Connected again")
	if strings.Contains(page.body, jane) || strings.Contains(page.body, activityPath) {
		t.Errorf("joe sees who it is, or her activity\n%s", page.text())
	}
	b.get(own).want(200).says(joe) // his own launch goes on
	h.browser().get(launch).want(401)
}

func TestReconnectLinkThatIsNotNeeded(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	b.connect(1)
	h.lose(store.Mojo)
	conn, err := h.store.ConnectionByEmail(t.Context(), jane)
	if err != nil {
		t.Fatal(err)
	}
	link := h.link(conn)
	b.post(b.launch(1)+"/mojo", dana()).to("/add/") // in the popup meanwhile
	h.clock.advance(time.Second)
	other := h.browser()
	other.get(other.get(link).to("/add/")).want(200).says("No sign-in is needed", "This connection works", "j***@example.com")
	b.get(b.get(link).to("/add/")).want(200).says("No sign-in is needed", jane)
}

func TestReconnectLinkThatHasEnded(t *testing.T) {
	h := newHouse(t, nil)
	conn := h.lost(store.Mojo)
	b := h.browser()
	ended := func(why, path string) {
		t.Helper()
		b.get(path).to("/problem")
		if b.get("/problem").want(410).says("This link has ended"); t.Failed() {
			t.Error(why)
		}
	}
	link := h.link(conn)
	for _, token := range []string{"A", strings.Repeat("A", 26), strings.Repeat("x", 5000), "%00", "'--", "%F0%9F%98%80"} {
		ended("made up", bridge.ReconnectPath+token)
	}
	h.clock.advance(7*24*time.Hour - time.Second)
	b.get(link).to("/add/")
	h.clock.advance(time.Second)
	ended("expired", link)

	link = h.link(conn)
	launch := b.get(link).to("/add/")
	b.get(launch).want(200)
	if _, err := h.bridge.Reset(t.Context(), conn.ID); err != nil {
		t.Fatal(err)
	}
	ended("reset", link)
	b.get(launch).want(410).says("This link has ended")
	b.post(launch+"/mojo", dana()).want(410)
	b.post(launch+"/wiseagent", nil).want(410)
}

// Between the page and the sign-in the customer may reset the connection.
func TestReconnectLinkAndAResetDuringConsent(t *testing.T) {
	h := newHouse(t, nil)
	conn := h.lost(store.Wise)
	b := h.browser()
	launch := b.get(h.link(conn)).to("/add/")
	back := b.atWiseAgent(b.post(launch+"/wiseagent", nil).to(h.wiseURL), jane, allScopes...)
	if _, err := h.bridge.Reset(t.Context(), conn.ID); err != nil {
		t.Fatal(err)
	}
	b.get(back).to("/problem")
	b.get("/problem").want(410).says("This link has ended")
	b.get("/pushes").want(401)
	h.revokes(func() bool { access, refresh := h.wise.LiveTokens(jane); return access+refresh == 0 })
}

func TestHeadOfAReconnectLinkDoesNothing(t *testing.T) {
	h := newHouse(t, nil)
	link := h.link(h.lost(store.Mojo))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodHead, h.url+link, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := h.browser()
	if a := b.do(r); a.status < 400 || len(a.header.Values("Set-Cookie")) > 0 || a.location != "" {
		t.Errorf("HEAD: got %d to %q with cookies %q, want nothing done", a.status, a.location, a.header.Values("Set-Cookie"))
	}
}

func TestReconnectLinksArePaced(t *testing.T) {
	h := newHouse(t, func(s *Server) { s.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} })
	link := h.link(h.lost(store.Mojo))
	flood, neighbour := h.browser(), h.browser()
	flood.http.Transport = from{"203.0.113.7", http.DefaultTransport}
	neighbour.http.Transport = from{"203.0.113.8", http.DefaultTransport}
	for range launchesAtOnce {
		flood.get(link).to("/add/")
	}
	flood.get(link).to("/problem")
	flood.get("/problem").want(429).says("opened very often", "Wait a moment")
	neighbour.get(link).to("/add/")
}

func TestReconnectTokenIsNotLogged(t *testing.T) {
	h := newHouse(t, nil)
	link := h.link(h.lost(store.Mojo))
	b := h.browser()
	b.get(b.get(link).to("/add/")).want(200)
	if token := strings.TrimPrefix(link, bridge.ReconnectPath); strings.Contains(h.log.String(), token) {
		t.Error("the token is in the log")
	}
}
