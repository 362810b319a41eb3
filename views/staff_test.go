package views

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
)

func someStaff() Staff {
	return Staff{
		Email: "sam.support@example.com", Role: "operator", SearchURL: "/support", NowURL: "/support/now",
		AuditURL: "/support/audit", SignOutURL: "/support/signout", Current: "/support/audit",
	}
}

func someAuditLog() AuditLog {
	now := someTime()
	return AuditLog{
		Page: Page{Title: "Audit log", Assets: someAssets}, Staff: someStaff(), Now: now,
		Form: AuditForm{Action: "/support/audit", Actions: []AuditAction{{"sign-in", "Signed in", false}, {"audit", "Looked at the audit log", true}}},
		List: []AuditLine{
			{ID: "4", When: now.Add(-14 * time.Second), Who: "sam.support@example.com", Role: "operator", What: "Looked at an account", Account: "j***@example.com", AccountURL: "/support/accounts/1"},
			{ID: "3", When: now.Add(-time.Hour), Who: "vera.support@example.com", Role: "viewer", What: "Looked at the audit log", Detail: "who: sam.support@example.com, from: 2026-11-01"},
			{ID: "2", When: now.Add(-26 * time.Hour), Who: "vera.support@example.com", Role: "viewer", What: "Was refused", Detail: "only operators may: /support/accounts/:account/retry"},
			{ID: "1", When: now.Add(-50 * time.Hour), Who: "mallory@example.com", What: "Was refused", Detail: "not on the list of support staff"},
		},
		OlderURL: "/support/audit?before=1",
	}
}

func auditLogWith(change func(*AuditLog)) templ.Component {
	a := someAuditLog()
	change(&a)
	return AuditPage(a)
}

func supportSignIn(change func(*SupportSignIn)) templ.Component {
	s := SupportSignIn{Page: Page{Title: "Sign in to support", Assets: someAssets}}
	change(&s)
	return SupportSignInPage(s)
}

func staffStates() []state {
	return []state{
		{"support-signin-oidc", supportSignIn(func(s *SupportSignIn) { s.OIDCURL = "/support/oidc/start" })},
		{"support-signin-no-oidc", supportSignIn(func(*SupportSignIn) {})},
		{"support-signin-signed-out", supportSignIn(func(s *SupportSignIn) { s.OIDCURL, s.Note, s.Calm = "/support/oidc/start", "You are signed out.", true })},
		{"support-signin-refused", supportSignIn(func(s *SupportSignIn) {
			s.OIDCURL, s.Note = "/support/oidc/start", hostile[3]+"@example.com isn't on the list of support staff. Ask whoever runs the service to put you on it, or sign in as somebody else."
		})},
		{"support-signin-link", supportSignIn(func(s *SupportSignIn) { s.LinkEmail, s.LinkURL = "s***@example.com", "/support/signin/link/1" })},
		{"support-signin-link-long", supportSignIn(func(s *SupportSignIn) {
			s.LinkEmail, s.LinkURL = "s***@"+hostile[3]+".example.com", "/support/signin/link/1"
		})},
		{"support-problem", StaffProblemPage(StaffProblem{Page: somePage("Your role doesn't allow this"), Staff: someStaff(),
			What: "You may look at everything here, but not change anything, so nothing was done.", Next: "Ask an operator to do it, or to make you one."})},
		{"support-problem-signed-out", StaffProblemPage(StaffProblem{Page: somePage("You are signed out"), Calm: true, What: "After half an hour without use we sign you out.",
			Next: "Sign in, then do it again.", Actions: []Action{{Label: "Sign in", URL: "/support/signin"}}})},
		{"audit", AuditPage(someAuditLog())},
		{"audit-empty", auditLogWith(func(a *AuditLog) { a.List, a.OlderURL = nil, "" })},
		{"audit-filtered-empty", auditLogWith(func(a *AuditLog) {
			a.List, a.OlderURL = nil, ""
			a.Form.Filtered, a.Form.Who, a.Form.Text, a.Form.Account = true, "vera.support@example.com", "kate@example.com", "0199-account"
		})},
		{"audit-bad-days", auditLogWith(func(a *AuditLog) {
			a.List, a.OlderURL = nil, ""
			a.Form.Filtered, a.Form.From, a.Form.FromError = true, "yesterday", "Choose a day, such as 2026-11-24."
			a.Form.To, a.Form.ToError = "2026-02-30", "Choose a day, such as 2026-11-24."
		})},
		{"audit-hostile", auditLogWith(func(a *AuditLog) {
			a.List, a.NewestURL, a.Staff.Email = nil, "/support/audit", strings.Repeat("very.long.", 12)+"name@example.com"
			for _, name := range hostile {
				a.List = append(a.List, AuditLine{ID: "1" + strings.Repeat("x", len(a.List)), When: someTime(), Who: name, Role: name, What: name, Account: "j***@" + name, AccountURL: "/support/accounts/1", Detail: name})
			}
			a.Form.Who, a.Form.Text = hostile[2], hostile[0]
		})},
	}
}

func TestStaffLayoutNamesWhoIsSignedIn(t *testing.T) {
	n := render(t, stateNamed(t, "audit"))
	if got, want := n.texts(".parts a"), []string{"Search", "Right now", "Audit log"}; !slices.Equal(got, want) {
		t.Errorf("parts: got %q, want %q", got, want)
	}
	if got := n.one(t, ".parts [aria-current]").text(); got != "Audit log" {
		t.Errorf("current part: got %q, want Audit log", got)
	}
	if got := n.one(t, ".signed-in p").text(); got != "sam.support@example.com operator" {
		t.Errorf("signed in: got %q", got)
	}
	nobody := render(t, stateNamed(t, "support-signin-oidc"))
	if got := len(nobody.all(".masthead a, .masthead form")); got != 0 {
		t.Errorf("masthead for nobody: got %d links and forms, want none", got)
	}
}

func TestSignInPageOffersOneWay(t *testing.T) {
	for name, want := range map[string]string{"support-signin-oidc": "Continue to sign in", "support-signin-link": "Sign in as s***@example.com"} {
		if got := render(t, stateNamed(t, name)).one(t, "main .button").text(); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if got := render(t, stateNamed(t, "support-signin-no-oidc")).one(t, "main").text(); !strings.Contains(got, "addtomojo support-link --email you@example.com") {
		t.Errorf("page: got %q, want how a link is made", got)
	}
}
