package views

import (
	"slices"
	"testing"
	"time"

	"github.com/a-h/templ"
)

func someStanding(state string) Standing {
	return Standing{State: state, Since: someTime().Add(-26 * time.Hour), Waiting: 12, Now: someTime(), Sides: []Side{
		{Name: "Wise Agent", State: "needs_sign_in", Since: someTime().Add(-26 * time.Hour), Cause: "Wise Agent ended our access.", GoodAt: someTime().Add(-27 * time.Hour)},
		{Name: "Mojo", State: "silent", Since: someTime().Add(-time.Hour), Cause: "Mojo isn't answering as it should.", HeardAt: someTime()},
	}}
}

func someRows(names ...string) (rows []AccountRow) {
	for _, name := range names {
		rows = append(rows, AccountRow{URL: "/support/accounts/1", Name: name, Email: "j***@" + name, Mojo: name, Login: name, Standing: someStanding("needs_sign_in")})
	}
	return rows
}

func someLaunchRow() LaunchRow {
	return LaunchRow{URL: "/support/launches/1", Code: "K7M4-Q2XD", When: someTime(), Contacts: 1200, Email: "j***@example.com"}
}

func searchWith(change func(*SupportSearch)) templ.Component {
	s := SupportSearch{Page: Page{Title: "Find an account", Assets: someAssets}, Staff: someStaff(), Action: "/support", Query: "lee"}
	change(&s)
	return SupportSearchPage(s)
}

func accountWith(change func(*SupportAccount)) templ.Component {
	a := SupportAccount{
		Page: Page{Title: "Account", Assets: someAssets}, Staff: someStaff(), Now: someTime(), URL: "/support/accounts/1",
		Name: "Jane Lee", Email: "j***@example.com", Standing: someStanding("connected"), Heading: "Received", AuditURL: "/support/audit?account=1", Find: "/support/accounts/1/find",
		Facts: []Fact{{Label: "Connected", At: someTime()}, {Label: "Mojo login", Text: "jane"}},
		Cells: []Cell{{Label: "Received", URL: "/support/accounts/1", Current: true}, {Label: "Written", URL: "/support/accounts/1?state=written", Tone: "ok"}},
		Do:    SupportDo{Show: "/show", Test: "/test"},
	}
	change(&a)
	return SupportAccountPage(a)
}

// hostileAccount is an account with all that its screen can show, and names that want to break it.
func hostileAccount(a *SupportAccount) {
	a.Name, a.Email = hostile[3], "j***@"+hostile[3]+".example.com"
	a.Note = &SupportNote{Lines: []string{"Wise Agent answered as it should.", hostile[1]}, Bad: true}
	a.Link = "https://example.com/reconnect/" + hostile[2]
	a.Do = SupportDo{Show: "/show", Test: "/test", Retry: "/retry", Link: "/link", Sessions: "/sessions", NeedsYou: 1200, Live: 2}
	a.Oldest, a.NewestURL, a.OlderURL = someTime(), "/support/accounts/1", "/support/accounts/1?before=4"
	for i, name := range hostile {
		a.Findings = append(a.Findings, SupportFinding{What: name, Next: name, Since: someTime(), Calm: i%2 == 0})
		a.Facts = append(a.Facts, Fact{Label: "Mojo account", Text: name})
		a.Events = append(a.Events, Happening{ID: "1" + a.Heading[:i%3], What: "Call: Contact", When: someTime(), Contact: name, State: "needs_you", Reason: name})
		a.Pushes = append(a.Pushes, SupportPush{When: someTime(), Group: name, State: "stopped", Bad: true, Counts: "44 added, 3 failed", Cause: name})
		a.Notices = append(a.Notices, SupportNotice{When: someTime(), Channel: "E-mail", State: "failed", Cause: name, Bad: true})
		a.Audits = append(a.Audits, AuditLine{ID: "9" + a.Heading[:i], When: someTime(), Who: name, Role: "viewer", What: "Looked at an account", Detail: name})
	}
	a.Events = a.Events[:2]
	a.Events[0].RetryURL, a.Events[0].Ref = "/support/accounts/1/events/1/retry", "0199-event"
	a.Contact = hostile[2]
	a.Launches, a.Others = []LaunchRow{someLaunchRow()}, someRows(hostile...)
}

func supportStates() []state {
	now := func(groups ...TroubleGroup) templ.Component {
		return SupportNowPage(SupportNow{Page: Page{Title: "Right now", Assets: someAssets}, Staff: someStaff(), Now: someTime(), Groups: groups})
	}
	return []state{
		{"support-search", searchWith(func(s *SupportSearch) { s.Query = "" })},
		{"support-search-nobody", searchWith(func(s *SupportSearch) { s.Query = hostile[1] })},
		{"support-search-code", searchWith(func(s *SupportSearch) { s.Query, s.LikeCode = "K7M4-Q2XD", true })},
		{"support-search-too-many", searchWith(func(s *SupportSearch) { s.More = true })},
		{"support-search-hostile", searchWith(func(s *SupportSearch) {
			row := someLaunchRow()
			s.Query, s.Rows, s.More, s.Launch = hostile[2], someRows(hostile...), true, &row
		})},
		{"support-now-well", now()},
		{"support-now", now(
			TroubleGroup{What: hostile[3], Count: "3 accounts", Next: hostile[0], Since: someTime(), Rows: someRows(hostile...), More: 1200},
			TroubleGroup{What: "Mojo isn't answering as it should.", Count: "1 account", Next: "Nothing to do.", Since: someTime(), Calm: true},
		)},
		{"support-account", accountWith(func(*SupportAccount) {})},
		{"support-account-reset", accountWith(func(a *SupportAccount) {
			a.Standing, a.Do = Standing{State: "reset", Now: someTime()}, SupportDo{Show: "/show"}
		})},
		{"support-account-hostile", accountWith(hostileAccount)},
		{"support-launch", SupportLaunchPage(SupportLaunch{
			Page: Page{Title: "Launch K7M4-Q2XD", Assets: someAssets}, Staff: someStaff(), Row: someLaunchRow(), Standing: Standing{State: "not_connected"},
			What: "Nobody has signed in in this popup yet.", Next: "The customer signs in there.", Accounts: someRows(hostile...),
		})},
	}
}

func TestSearchSaysWhyItShowsNobody(t *testing.T) {
	for name, want := range map[string]string{
		"support-search-nobody":   "Nobody fits “" + hostile[1] + "”. Ask for the support code at the bottom of the popup: it finds people who were never connected, too.",
		"support-search-too-many": "So many accounts have words that begin like this that we couldn't look at each. Type more: a whole name, an e-mail, or the support code at the bottom of the popup.",
	} {
		if got := render(t, stateNamed(t, name)).texts("main .card"); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
