package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"addtomojo/cmd/addtomojo/internal/chrome"
	"addtomojo/store"
)

// inspectConsole looks at a page of the support console as it stands: axe finds nothing at 400 and 1280 px, light and dark, and
// it doesn't scroll sideways. With GALLERY set, pictures of it go to that folder.
func (s *scene) inspectConsole(tab *chrome.Tab, name string) {
	s.t.Helper()
	for _, look := range []chrome.Look{chrome.Narrow, chrome.Desk} {
		for _, dark := range []bool{false, true} {
			look.Dark = dark
			tab.Look(look)
			for _, finding := range tab.Axe(axe) {
				s.t.Errorf("%s, %d px, dark %t: %s", name, look.Width, dark, finding)
			}
		}
		for _, wide := range tab.Overflowing() {
			s.t.Errorf("%s: too wide at %d px: %s", name, look.Width, wide)
		}
	}
	if dir := os.Getenv("GALLERY"); dir != "" {
		s.picture(tab, filepath.Join(dir, name))
	}
	tab.Look(chrome.Desk)
}

// staffLink is a one-time link as `addtomojo support-link` makes it.
func (s *scene) staffLink(email, role string) string {
	s.t.Helper()
	link, err := s.sandbox.staffLink(s.t.Context(), email, role, 10*time.Minute)
	if err != nil {
		s.t.Fatal(err)
	}
	return link
}

func TestSupportSignsInByLink(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	tab := s.user.Open(s.Settings.BaseURL + "/support/audit?before=" + store.NewID())
	tab.Look(chrome.Desk)
	tab.Wait("h1", "Sign in to support")
	tab.Wait(".command", "addtomojo support-link")
	s.inspectConsole(tab, "support-signin")

	link := s.staffLink(sampleOperator, "")
	tab.Go(link)
	tab.Wait("#sign-in", "Sign in as s***@example.com")
	s.inspectConsole(tab, "support-link")
	tab.TabTo("#sign-in")
	tab.Keys("\r")
	tab.Wait("h1", "Audit log") // what was asked for at first
	tab.Wait(".signed-in", sampleOperator)
	if at := tab.Address(); strings.Contains(at, "link") || !strings.Contains(at, "/support/audit?before=") {
		t.Errorf("the address bar shows %s", at)
	}

	other := chromium.User(t, chrome.Desk).Open(link)
	other.Wait("h1", "This link doesn't work any more")
	s.inspectConsole(other, "support-link-used")

	tab.Click("button", "Sign out")
	tab.Wait(".note", "You are signed out.")
	s.inspectConsole(tab, "support-signed-out")
	tab.Back()
	tab.Wait("h1", "Sign in to support")
}

// An issuer that is down keeps the service from nothing else, and the page says so calmly.
func TestSupportWithAnIssuerThatIsDown(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium, func(_ *sandboxOptions, box *sandbox) {
		if box != nil {
			box.Settings.SupportOIDCIssuer, box.Settings.SupportOIDCClientID, box.Settings.SupportOIDCClientSecret = "http://127.0.0.1:1", "addtomojo", "sandbox-oidc"
		}
	})
	tab := s.user.Open(s.Settings.BaseURL + "/support")
	tab.Look(chrome.Desk)
	tab.Wait("#start", "Continue to sign in")
	s.inspectConsole(tab, "support-signin-oidc")
	tab.Click("#start")
	tab.Wait(".note", "The sign-in service isn't answering just now.")
	s.inspectConsole(tab, "support-issuer-down")
	tab.Go(s.staffLink(sampleOperator, ""))
	tab.Click("#sign-in")
	tab.Wait("h1", "Find an account")
}

func TestSupportReadsTheAuditLog(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	s.connected(1)
	s.deeds()
	tab := s.user.Open(s.staffLink("vera.support@example.com", "viewer"))
	tab.Look(chrome.Desk)
	tab.Click("#sign-in")
	tab.Click(".parts a", "Audit log")
	tab.Wait(".audits li", "k***@example.com")
	if n := tab.Count(".audits li"); n != 50 {
		t.Errorf("lines: got %d, want a page of 50", n)
	}
	s.inspectConsole(tab, "audit")
	tab.Click("#older")
	tab.Wait("#newest")
	s.inspectConsole(tab, "audit-older")

	tab.Type("kate@example", "#text")
	tab.Click("button", "Filter")
	tab.Wait("#all")
	for _, line := range tab.Texts(".audits li") {
		if !strings.Contains(line, "k***@example.com") {
			t.Errorf("line: got %q, want those about Kate's account alone", line)
		}
	}
	if page := tab.Text("main"); strings.Contains(page, sampleEmail) {
		t.Error("the page shows a customer's whole e-mail")
	}
	tab.Click("#all")
	tab.WaitGone("#all")
	tab.Type("nobody@example.com", "#who")
	tab.Click("button", "Filter")
	tab.Wait("main", "Nothing fits all of that.")
	s.inspectConsole(tab, "audit-nothing")
	tab.TabTo("#from")
	tab.Keys("01011999")
	tab.Click("button", "Filter")
	tab.Wait(".error", "Choose a day")
	s.inspectConsole(tab, "audit-no-day")
}

// deeds fills the audit log with what two people might have done, with long names among them.
func (s *scene) deeds() {
	s.t.Helper()
	db, err := openStore(s.t.Context(), s.Settings)
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	kate, err := db.ConnectionByEmail(s.t.Context(), sampleEmail)
	if err != nil {
		s.t.Fatal(err)
	}
	who := []string{sampleOperator, "vera.support@example.com", strings.Repeat("long.", 20) + "name@support.example.com"}
	actions := []string{"sign-in", "audit", "refused", "sign-out"}
	for i := range 80 {
		v := store.Audit{At: time.Now().Add(-time.Duration(i*i) * time.Minute), Who: who[i%3], Role: "operator", Action: actions[i%4], Detail: strings.Repeat("word ", i%7)}
		if i%5 == 0 {
			v.ConnectionID = kate.ID
		}
		if err := db.AddAudit(s.t.Context(), v); err != nil {
			s.t.Fatal(err)
		}
	}
}

// The link that `make run` prints signs its operator in.
func TestSandboxPrintsASupportLink(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	link, err := s.supportLink(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	tab := s.user.Open(link)
	tab.Click("#sign-in")
	tab.Wait(".signed-in", sampleOperator+" operator")
	if got := tab.Texts(".parts a"); !slices.Contains(got, "Audit log") {
		t.Errorf("parts: got %q", got)
	}
}

// Long names and all that goes wrong at once fit on support's screens.
func TestSupportWithLongNames(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	conn := s.longNames()
	tab := s.user.Open(s.staffLink(sampleOperator, ""))
	tab.Look(chrome.Desk)
	tab.Click("#sign-in")
	tab.Wait("h1", "Find an account")
	tab.Type("bartholomew", "#q")
	tab.Click("button", "Search")
	tab.Wait(".accounts a", "Bartholomew")
	s.inspectConsole(tab, "support-found-long")
	tab.Go(s.Settings.BaseURL + "/support/now")
	tab.Wait(".troubles h2", "Bartholomew")
	s.inspectConsole(tab, "support-now-long")
	tab.Go(s.Settings.BaseURL + "/support/accounts/" + conn.ID)
	tab.Wait(".finding", "Bartholomew")
	s.inspectConsole(tab, "support-account-long")
	tab.Look(chrome.Narrow)
	if !chrome.Value[bool](tab, `(() => {
		const push = document.querySelector(".sent li"), wide = (css) => push.querySelector(css).getBoundingClientRect().width / push.clientWidth;
		return wide("b") > .6 && wide(".why") > .85;
	})()`) {
		t.Error("push at 400 px: a long group name or cause stands in a narrow column")
	}
	tab.Look(chrome.Desk)
	tab.Type("nobody at all", "#contact")
	tab.Click("#find-contact")
	tab.Wait(".happenings .card", "Nothing here is about a contact with this name.")
	s.inspectConsole(tab, "support-account-find")
	if at := tab.Address(); strings.Contains(at, "nobody") {
		t.Errorf("the address bar shows %s", at)
	}
	tab.Click("#link")
	tab.Wait("label", "Reconnect link for this customer")
	s.inspectConsole(tab, "support-link-made")
	tab.Go(s.Settings.BaseURL + "/support/accounts/" + conn.ID)
	tab.Click("#retry-all")
	tab.Wait(".note", "1 delivery is tried once more now.")
	tab.WaitFocus("#brought") // by keyboard, what came of it is where to go on
	s.inspectConsole(tab, "support-account-retried")
}

// longNames stores a connection that is called all too long, with an event, a push and a side that need somebody.
func (s *scene) longNames() store.Connection {
	s.t.Helper()
	db, err := openStore(s.t.Context(), s.Settings)
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	need := func(err error) {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
	}
	long, now := strings.Repeat("Bartholomew", 14), time.Now()
	conn, err := db.Connect(s.t.Context(), store.Connection{
		Email: "b@" + strings.ToLower(long) + ".example.com", Name: long, Scopes: "profile contacts team", MojoAccountID: "990011", MojoAccountName: long,
		MojoAccountURL: "http://127.0.0.1:1", MojoAgentName: long, MojoAgentEmail: "b@" + long + ".example.com", MojoLogin: long, MojoPermission: long, CreatedAt: now,
	}, &oauth2.Token{AccessToken: "m"}, &oauth2.Token{AccessToken: "w"}, "")
	need(err)
	got, err := db.ReceiveEvent(s.t.Context(), store.Event{
		WebhookID: "long", AccountID: conn.MojoAccountID, Type: "call.completed", MojoContactID: 5, ContactName: long, Body: []byte("{}"), ReceivedAt: now,
	}, "")
	need(err)
	need(db.FinishEvent(s.t.Context(), store.Outcome{EventID: got.Event.ID, At: now, State: store.EventNeedsYou, Reason: "Wise Agent refused this: " + long}))
	push := store.Push{ID: store.NewID(), ConnectionID: conn.ID, GroupName: long, CreatedAt: now}
	_, _, err = db.CreatePush(s.t.Context(), push, []store.PushContact{{ClientID: "1"}})
	need(err)
	need(db.SetPush(s.t.Context(), push.ID, store.PushStopped, "Mojo refused this: "+long, 0, now, now))
	need(db.NeedSignIn(s.t.Context(), conn.ID, store.Mojo, "Mojo ended our access: "+long, 1, now))
	return conn
}
