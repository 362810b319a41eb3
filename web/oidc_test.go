package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// office is a house whose support staff sign in with OpenID Connect.
type office struct {
	*house
	identity *identityServer
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{}
	o.house = newHouse(t, func(s *Server) {
		o.identity = newIdentityServer(t, s.Now)
		s.Support = Support{
			Issuer: o.identity.url, ClientID: oidcClient, ClientSecret: oidcSecret,
			Viewers: []string{" Vera.Support@Example.com"}, Operators: []string{sam},
		}
	})
	t.Cleanup(func() {
		for _, secret := range []string{oidcSecret, url.QueryEscape(oidcSecret), "access-canary", "eyJ", "code_verifier"} {
			if strings.Contains(o.log.String(), secret) {
				t.Errorf("the log holds %q", secret)
			}
		}
	})
	return o
}

// visit begins a sign-in and gives the address that the sign-in service sends the browser back to.
func (o *office) visit(b *browser) string {
	o.t.Helper()
	asked := b.get(b.get(supportStartPath).to(o.identity.url + "/authorize?")).want(http.StatusFound)
	if !strings.HasPrefix(asked.location, o.url+supportCallbackPath+"?") {
		o.t.Fatalf("back to: got %q", asked.location)
	}
	return asked.location
}

// refusedAs wants the answer to lead to the sign-in page, which says so under a clean address. Nobody is signed in.
func (o *office) refusedAs(b *browser, a *answer, status int, words ...string) {
	o.t.Helper()
	if at := a.to(supportSignInPath); at != supportSignInPath {
		o.t.Errorf("address of the refusal: got %q, want %s", at, supportSignInPath)
	}
	b.get(supportSignInPath).want(status).says(words...)
}

func TestOIDCSignIn(t *testing.T) {
	o := newOffice(t)
	for email, as := range map[string]string{"Sam.Support@Example.com": "operator", vera: "viewer"} {
		o.identity.as(email)
		b := o.browser()
		b.get("/support/audit?text=x").to(supportSignInPath)
		b.get(supportSignInPath).want(200).says("Continue to sign in")
		b.get(o.visit(b)).to("/support/audit?text=x")
		b.get(supportAuditPath).want(200).says(plainEmail(email), as, "Signed in with OpenID Connect")
		if got, want := o.audits()[1], plainEmail(email)+" "+as+" sign-in"; got != want {
			t.Errorf("audit log: got %q, want %q", got, want)
		}
	}
	if got := o.identity.count("/.well-known/openid-configuration"); got != 1 {
		t.Errorf("discovery: asked %d times, want once", got)
	}
	if got := o.identity.count("/keys"); got != 1 {
		t.Errorf("keys: asked %d times, want once", got)
	}
	if got := o.identity.count("/token"); got != 2 {
		t.Errorf("token: asked %d times for 2 sign-ins", got)
	}
}

func TestOIDCSecretInTheBody(t *testing.T) {
	o := newOffice(t)
	o.identity.set(func(s *identityServer) { s.postOnly = true })
	o.identity.as(sam)
	b := o.browser()
	b.get(o.visit(b)).to(supportPath)
	if got := o.identity.count("/token"); got != 1 {
		t.Errorf("token: asked %d times, want once: a code works once", got)
	}
}

func claim(name string, value any) func(map[string]any) {
	return func(claims map[string]any) { claims[name] = value }
}

func TestOIDCTokensThatCannotBeTrusted(t *testing.T) {
	o := newOffice(t)
	for name, change := range map[string]func(map[string]any){
		"wrong nonce":    claim("nonce", "another"),
		"no nonce":       func(claims map[string]any) { delete(claims, "nonce") },
		"wrong audience": claim("aud", "somebody else"),
		"wrong issuer":   claim("iss", "https://evil.example.com"),
		"expired":        claim("exp", o.clock.Now().Add(-time.Second).Unix()),
	} {
		o.identity.as(sam, change)
		b := o.browser()
		t.Log(name)
		o.refusedAs(b, b.get(o.visit(b)), 502, "you aren't signed in")
	}
	if got := o.audits(); len(got) != 0 {
		t.Errorf("audit log: got %q, want nothing of who can't be told", got)
	}
}

func TestOIDCRefusals(t *testing.T) {
	o := newOffice(t)
	for _, tt := range []struct {
		email  string
		change func(map[string]any)
		says   string
		audit  string
	}{
		{"mallory@example.com", claim("x", 1), "mallory@example.com isn't on the list of support staff.", "mallory@example.com  refused"},
		{sam + ".example.org", claim("x", 1), "isn't on the list", sam + ".example.org  refused"},
		{sam, claim("email_verified", false), sam + " isn't confirmed", sam + "  refused"},
		{sam, claim("email_verified", "true"), "isn't confirmed", sam + "  refused"},
		{sam, func(c map[string]any) { delete(c, "email_verified") }, "isn't confirmed", sam + "  refused"},
		{"", claim("x", 1), "didn't tell us your e-mail", ""},
	} {
		o.identity.as(tt.email, tt.change)
		before := len(o.audits())
		b := o.browser()
		o.refusedAs(b, b.get(o.visit(b)), 403, tt.says)
		b.get(supportSignInPath).want(200) // said once
		audits := o.audits()
		if fresh := audits[:len(audits)-before]; tt.audit == "" && len(fresh) != 0 || tt.audit != "" && !slices.Equal(fresh, []string{tt.audit}) {
			t.Errorf("audit log for %q: got %q, want %q", tt.email, fresh, tt.audit)
		}
	}
}

func TestOIDCAnswerWorksOnceAndInOneBrowser(t *testing.T) {
	o := newOffice(t)
	o.identity.as(sam)
	over := "began in another browser"

	b := o.browser()
	back := o.visit(b)
	cookies := b.http.Jar.Cookies(mustURL(t, o.url+supportCallbackPath))
	other := o.browser()
	o.refusedAs(other, other.get(back), 410, over)
	theirs := o.visit(other) // a visit of its own under way doesn't help
	o.refusedAs(other, other.get(back), 410, over)
	other.get(theirs).to(supportPath) // and is still good
	b.get(back).to(supportPath)

	// Once more, in the same browser and in one that has a copy of its cookies
	b.post(supportSignOutPath, nil)
	b.get(supportSignInPath)
	o.refusedAs(b, b.get(back), 410, over)
	copied := o.browser()
	copied.http.Jar.SetCookies(mustURL(t, o.url+supportCallbackPath), cookies)
	o.refusedAs(copied, copied.get(back), 410, over)
	if got := o.identity.count("/token"); got != 2 {
		t.Errorf("token: asked %d times, want 2: the sign-in service is asked for nothing that was used", got)
	}

	late := o.browser()
	back = o.visit(late)
	o.clock.advance(staffCookieLife)
	o.refusedAs(late, late.get(back), 410, over)
	for _, path := range []string{supportCallbackPath, supportCallbackPath + "?code=x", supportCallbackPath + "?state=&code=x"} {
		b := o.browser()
		o.refusedAs(b, b.get(path), 410, over)
	}
}

func mustURL(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestOIDCNotFinished(t *testing.T) {
	o := newOffice(t)
	b := o.browser()
	state := mustURL(t, o.visit(b)).Query().Get("state")
	o.refusedAs(b, b.get(supportCallbackPath+"?error=access_denied&state="+state), 403, "You didn't finish signing in")
}

func TestOIDCDown(t *testing.T) {
	o := newOffice(t) // starts although nobody has asked the issuer
	o.identity.as(sam)
	down := func(is bool) { o.identity.set(func(s *identityServer) { s.down = is }) }
	b := o.browser()

	down(true)
	for range 5 {
		o.refusedAs(b, b.get(supportStartPath), 503, "The sign-in service isn't answering just now.", "one-time link")
	}
	if got := o.identity.count("/.well-known/openid-configuration"); got != 1 {
		t.Errorf("discovery: asked %d times within a moment, want once", got)
	}
	b.post(o.staffLink(sam, ""), nil).to(supportPath) // break the glass
	b.get(supportAuditPath).want(200).says("operator", "with a one-time link")
	b.post(supportSignOutPath, nil)
	b.get(supportSignInPath)

	down(false)
	o.clock.advance(identityPause)
	back := o.visit(b)
	down(true)
	o.refusedAs(b, b.get(back), 503, "isn't answering")
	down(false)
	b.get(o.visit(b)).to(supportPath)
}

func TestOIDCKeysRotate(t *testing.T) {
	o := newOffice(t)
	o.identity.as(sam)
	b := o.browser()
	b.get(o.visit(b)).to(supportPath)
	o.identity.rotate()
	b.post(supportSignOutPath, nil)
	b.get(supportSignInPath)
	b.get(o.visit(b)).to(supportPath)
	if got := o.identity.count("/keys"); got != 2 {
		t.Errorf("keys: asked %d times, want twice", got)
	}
	b.post(supportSignOutPath, nil)
	b.get(supportSignInPath)
	o.identity.rotate()
	o.identity.set(func(s *identityServer) { s.publish = 0 }) // signs with a key that it tells nobody
	o.refusedAs(b, b.get(o.visit(b)), 502, "couldn't be sure")
}

// Who is taken off the lists has no access from the next request on, and who changes lists has another role.
func TestOIDCRoleIsThatOfTheLists(t *testing.T) {
	o := newOffice(t)
	o.identity.as(sam)
	b := o.browser()
	b.get(o.visit(b)).to(supportPath)
	b.get(supportAuditPath).want(200).says("operator")

	again := func(s Support) *browser { // the service starts anew, on the same database
		server := *o.server
		server.Support = s
		handler, err := server.Handler()
		if err != nil {
			t.Fatal(err)
		}
		front := httptest.NewServer(handler)
		t.Cleanup(front.Close)
		return b.at(front.URL)
	}
	lists := o.server.Support
	lists.Operators, lists.Viewers = nil, []string{sam}
	again(lists).get(supportAuditPath).want(200).says("viewer")
	lists.Viewers = []string{vera}
	again(lists).get(supportAuditPath).to(supportSignInPath)

	link := o.staff("somebody@example.com", roleOperator) // a link says itself
	link.get(supportAuditPath).want(200).says("operator")
}

// at is the same browser, where the service answers at another address. Cookies don't know ports.
func (b *browser) at(address string) *browser {
	h := *b.h
	h.url = address
	return &browser{t: b.t, h: &h, http: b.http}
}
