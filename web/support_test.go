package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/oauth2"

	"addtomojo/store"
)

// find searches as support staff do.
func (b *browser) find(query string) *answer {
	b.t.Helper()
	b.post(supportPath, url.Values{"q": {query}}).to(supportPath)
	return b.get(supportPath).want(200)
}

// account is the path of a customer's screen.
func (h *house) account(email string) string {
	h.t.Helper()
	conn, err := h.store.ConnectionByEmail(h.t.Context(), email)
	if err != nil {
		h.t.Fatal(err)
	}
	return supportAccountPath(conn.ID)
}

func TestSupportFindsAnAccountByWhatPeopleSay(t *testing.T) {
	h := newHouse(t, nil)
	launch := h.browser().connect(2)
	code := h.browser().get("/").code() // one that nobody has
	l, err := h.store.Launch(t.Context(), strings.TrimPrefix(launch, "/add/"))
	if err != nil {
		t.Fatal(err)
	}
	b := h.staff(vera, roleViewer)
	account := h.account(jane)
	for _, query := range []string{"jane", "DOE", "jane@example.com", "8812", "dana", "ruiz realty"} {
		if got := b.find(query); len(got.all("a", "href", account)) != 1 {
			t.Errorf("search %q: the account isn't there\n%s", query, got.text())
		} else if strings.Contains(got.text(), jane) {
			t.Errorf("search %q shows the e-mail whole", query)
		}
	}
	for _, spelled := range []string{l.Code, strings.ToLower(strings.Replace(l.Code, "-", " ", 1))} {
		if got := b.find(spelled); len(got.all("a", "href", "/support/launches/"+l.ID)) != 1 {
			t.Errorf("code %q: the launch isn't there\n%s", spelled, got.text())
		}
	}
	b.find("nobody at all").says("Nobody fits")
	b.find(code).says("Nobody fits", "why the popup couldn't open")
	b.find("<script>alert(1)</script>").says("Nobody fits")
	b.find("   ").says("The beginnings of words are enough")
	if got := h.audits(); !strings.Contains(strings.Join(got, "\n"), "search") {
		t.Errorf("audit log %q, want the searches", got)
	}
	if strings.Contains(h.log.String(), "realty") {
		t.Error("the log tells what was searched for")
	}
}

func TestTheScreenOfAnAccount(t *testing.T) {
	h := newHouse(t, nil)
	customer := h.browser()
	customer.connect(2)
	b, account := h.staff(sam, roleOperator), h.account(jane)
	got := b.get(account).want(200)
	got.says("Connected", "j***@example.com", "Ruiz Realty Group", "8812", "owner", "Nothing that we know of.", "Test now", "Make a reconnect link", "End sessions (1)", "None were needed.")
	if strings.Contains(got.text(), jane) {
		t.Error("the e-mail is shown whole before anybody asked")
	}
	b.post(account+"/show", nil).to(account)
	b.get(account).want(200).says(jane, "shown for 5 minutes")
	h.clock.advance(6 * time.Minute)
	if strings.Contains(b.get(account).want(200).text(), jane) {
		t.Error("the e-mail is still shown after 6 minutes")
	}
	b.post(account+"/test", nil).to(account)
	b.get(account).says("Wise Agent answered as it should.", "Mojo answered as it should.")
	if len(b.get(account).all("div", "role", "status")) != 1 { // the layout's own
		t.Error("what a test brought is shown a second time")
	}
	b.post(account+"/sessions", nil).to(account)
	b.get(account).says("1 session was ended. The connection itself goes on.")
	customer.get("/pushes").want(401)
	audits := strings.Join(h.audits(), "\n")
	for _, action := range []string{auditAccount, auditShow, auditTest, auditSessions} {
		if !strings.Contains(audits, sam+" operator "+action) {
			t.Errorf("the audit log lacks %q:\n%s", action, audits)
		}
	}
}

// "My call to Bob isn't in the CRM": support finds what came about Bob, and nothing of the name gets into an address.
func TestSupportFindsTheEventsOfAContact(t *testing.T) {
	h := newHouse(t, nil)
	h.browser().connect(1)
	for i, name := range []string{"Bob Lee", "Ann Lee", "Bob 520-555-0143"} {
		body := strings.NewReplacer("Ann Lee", name, "90210", strconv.Itoa(90210+i)).Replace(aCall)
		h.sendHook(h.signedHook(fmt.Sprint("evt-", i), []byte(body))).want(202)
	}
	b, account := h.staff(vera, roleViewer), h.account(jane)
	find := func(name string) *answer {
		at := b.post(account+"/find", url.Values{"contact": {name}}).to(account)
		if strings.Contains(strings.ToLower(at), "bob") {
			t.Errorf("the address bar shows %s", at)
		}
		return b.get(account).want(200)
	}
	page := find("bob")
	page.says("Received 3", "Only contacts with this name are listed", "Bob Lee", "Bob •••0143")
	if strings.Contains(page.text(), "Ann Lee") || page.value("contact") != "bob" {
		t.Errorf("want Bob's events and the name in the field\n%s", page.text())
	}
	if got := len(b.get(account+"?state=written").want(200).all("ul", "class", "history")); got != 0 {
		t.Error("written events of Bob: want none")
	}
	find("bob smith").says("Nothing here is about a contact with this name.")
	find("<script>alert(1)</script>").says("Nothing here is about a contact with this name.")
	find("call 5205550143")
	find("").says("Ann Lee", "Bob Lee")

	found, _, err := h.store.Audits(t.Context(), store.AuditFilter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, detail := range []string{"contact: bob", "contact: call •••0143"} {
		if !slices.ContainsFunc(found, func(v store.Audit) bool { return v.Action == auditAccount && v.Detail == detail }) {
			t.Errorf("the audit log lacks %q: %+v", detail, found)
		}
	}
	if strings.Contains(strings.ToLower(h.log.String()), "bob") {
		t.Error("the log tells who was looked for")
	}
}

// Whatever happens to a connection, no token and no password is ever in a page of support's, or in its database rows that the
// page is made of.
func TestSupportNeverSeesASecret(t *testing.T) {
	h := newHouse(t, nil)
	h.browser().connect(1)
	conn, err := h.store.ConnectionByEmail(t.Context(), jane)
	if err != nil {
		t.Fatal(err)
	}
	b, account := h.staff(sam, roleOperator), supportAccountPath(conn.ID)
	b.post(account+"/show", nil)
	pages := b.get(account).text() + b.get("/support/now").text() + b.get(supportAuditPath).text() + b.find("jane").text()
	for _, side := range []store.Side{store.Wise, store.Mojo} {
		tokens, err := h.store.Tokens(t.Context(), conn.ID, side)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{tokens.Token.AccessToken, tokens.Token.RefreshToken, "dana-sandbox"} {
			if strings.Contains(pages, secret) {
				t.Errorf("a secret of %s is in a page", side)
			}
		}
	}
}

func TestSupportRetriesOneAllAndSince(t *testing.T) {
	h := newHouse(t, nil)
	h.browser().connect(3)
	account := h.account(jane)
	for i, id := range []string{"one", "two", "three"} {
		h.sendCall(id, i+1, "contact")
		h.settle(id, store.EventNeedsYou, "Wise Agent refused this: call 520-555-0143.")
		h.clock.advance(time.Hour)
	}
	b := h.staff(sam, roleOperator)
	page := b.get(account).want(200)
	page.says("3 deliveries need a person: Wise Agent refused this: call •••0143.", "Retry what needs a person (3)")

	one := regexp.MustCompile(account+`/events/[0-9a-f-]{36}/retry`).FindAllString(page.body, -1)
	b.post(one[len(one)-1], nil).to(account) // the oldest
	b.get(account).says("The delivery is tried once more now.")
	h.states("waiting needs_you needs_you")
	h.settle("one", store.EventWritten, "")
	b.post(one[len(one)-1], nil).to(account)
	b.get(account).says("needs nobody any more")

	since := h.clock.Now().Add(-90 * time.Minute).In(zoneOr("America/Phoenix")).Format("2006-01-02T15:04") // jane's zone
	b.post(account+"/retry", url.Values{"since": {since}}).to(account)
	b.get(account).says("1 delivery is tried once more now.")
	h.states("written needs_you waiting")

	b.post(account+"/retry", url.Values{"since": {"yesterday"}}).to(account)
	b.get(account).says("That isn't a time we can read, so nothing was retried.")
	h.states("written needs_you waiting")
	b.post(account+"/retry", nil).to(account)
	b.get(account).says("1 delivery is tried once more now.")
	h.states("written waiting waiting")
}

// states fails the test unless the events of account 8812 are in these states, in the order of their receipt.
func (h *house) states(want string) {
	h.t.Helper()
	var got []string
	for _, e := range h.received() {
		got = append(got, string(e.State))
	}
	if slices.Reverse(got); strings.Join(got, " ") != want {
		h.t.Errorf("states: got %v, want %s", got, want)
	}
}

func TestAReconnectLinkFromSupport(t *testing.T) {
	h := newHouse(t, nil)
	customer := h.browser()
	customer.connect(1)
	account := h.account(jane)
	h.lose(store.Mojo)
	b := h.staff(sam, roleOperator)
	got := b.get(account).want(200)
	got.says("Needs sign-in", "The customer signs in to Mojo again")
	made := b.post(account+"/link", nil).want(200)
	link := regexp.MustCompile(regexp.QuoteMeta(h.url) + `/reconnect/[^"]+`).FindString(made.body)
	if link == "" {
		t.Fatalf("no link on the page:\n%s", made.text())
	}
	if strings.Contains(b.get(account).body, "/reconnect/") {
		t.Error("the link is shown a second time")
	}
	h.browser().get(strings.TrimPrefix(link, h.url)).to("/add/")
	if strings.Contains(h.log.String(), strings.TrimPrefix(link, h.url+"/reconnect/")) {
		t.Error("the link is in the log")
	}
}

func TestAnAccountThatWasReset(t *testing.T) {
	h := newHouse(t, nil)
	customer := h.browser()
	customer.connect(1)
	account := h.account(jane)
	customer.post("/reset", nil).want(200)
	b := h.staff(sam, roleOperator)
	b.get(account).want(200).says("Reset", "Nothing: the connection is over.")
	for _, action := range []string{"/test", "/link", "/retry"} {
		b.post(account+action, nil).to(account)
		audits := h.audits()
		b.get(account).says("This connection was reset, so nothing was done.", "nothing: the connection was reset")
		if want := map[string]string{"/test": auditTest, "/link": auditReconnect, "/retry": auditRetry}[action]; audits[0] != sam+" operator "+want {
			t.Errorf("audit log after %s: got %q, want it there", action, audits[0])
		}
	}
}

func TestWhatCameToNothingIsWrittenDown(t *testing.T) {
	h := newHouse(t, nil)
	h.browser().connect(1)
	b, account := h.staff(sam, roleOperator), h.account(jane)
	for path, form := range map[string]url.Values{
		"/retry":                              {"since": {"yesterday"}},
		"/events/" + store.NewID() + "/retry": nil,
	} {
		b.post(account+path, form).to(account)
		if got, want := h.audits()[0], sam+" operator "+auditRetry; got != want {
			t.Errorf("%s: the audit log has %q, want %q", path, got, want)
		}
	}
	a := &app{Server: h.server}
	c := echo.New().NewContext(httptest.NewRequest(http.MethodPost, account+"/sessions", nil), httptest.NewRecorder())
	c.Set("staff", &staffMember{Email: sam, Role: roleOperator})
	if err := a.failed(c, auditSessions, store.ErrStale); !errors.Is(err, store.ErrStale) {
		t.Errorf("got %v, want the action's own error", err)
	}
	if got, want := h.audits()[0], sam+" operator "+auditSessions; got != want {
		t.Errorf("an action that failed: the audit log has %q, want %q", got, want)
	}
}

func TestWhatIsWrongRightNow(t *testing.T) {
	h := newHouse(t, nil)
	b := h.staff(vera, roleViewer)
	b.get(supportNowPath).want(200).says("Nothing is wrong")
	h.browser().connect(1)
	h.lose(store.Wise)
	got := b.get(supportNowPath).want(200)
	got.says("1 account", "Each customer signs in to Wise Agent again")
	if len(got.all("a", "href", h.account(jane))) != 1 {
		t.Errorf("the account isn't named\n%s", got.text())
	}
	h.staff(sam, roleOperator).get(supportAuditPath).says("Looked at what is wrong 0 causes", "Looked at what is wrong 1 cause ")
}

func TestALaunchSaysHowFarItCame(t *testing.T) {
	h := newHouse(t, nil)
	customer := h.browser()
	launch := customer.launch(2)
	id := strings.TrimPrefix(launch, "/add/")
	b := h.staff(vera, roleViewer)
	b.get("/support/launches/"+id).want(200).says("Not connected", "Nobody has signed in in this popup yet")
	customer.post(launch+"/mojo", url.Values{"pin": {"482913"}, "login": {"dana"}, "password": {"dana-sandbox"}}).to(h.wiseURL)
	b.get("/support/launches/"+id).want(200).says("Waiting for Wise Agent", "has not allowed access in Wise Agent yet")
	b.get("/support/launches/" + store.NewID()).want(404).says("We can't find this page")
	b.get("/support/accounts/" + store.NewID()).want(404)
	b.get("/support/accounts/x'y").want(404)
}

func TestEMailsAndNumbersAreMasked(t *testing.T) {
	for text, want := range map[string]string{
		"ann@example.com":                       "a***@example.com",
		"Call Ann at (520) 555-0143, please":    "Call Ann at •••0143, please",
		"+1 520.555.0143 or bob.lee@example.io": "•••0143 or b***@example.io",
		"5205550143":                            "•••0143",
		"26855 not updated":                     "26855 not updated",
		"555 - 010 - 0143":                      "•••0143",
		"520/555/0143":                          "•••0143",
		"520\u00a0555\u20110143 x 22":           "•••0143 x 22",
		"(520) 555–0143 ext. 9":                 "•••0143 ext. 9",
		"jose@":                                 "j***@",
		"mailto:ann@example.com":                "mailto:a***@example.com",
		"2 calls on 2026-11-24 at 09:00":        "2 calls on 2026-11-24 at 09:00",
		"0193a4f2-1111-7222-8333-123456789012":  "0193a4f2-1111-7222-8333-123456789012",
		"Ann Lee":                               "Ann Lee",
		"":                                      "",
	} {
		if got := (veil{}).text(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// People type e-mails and numbers where names belong.
func TestNamesAreMaskedToo(t *testing.T) {
	h := newHouse(t, nil)
	typed := "Ann ann@example.net 520-555-0143"
	conn, err := h.store.Connect(t.Context(), store.Connection{
		Email: "ann@example.net", Name: typed, Scopes: "profile contacts team", MojoAccountID: "777", MojoAccountName: typed,
		MojoAgentName: typed, MojoAgentEmail: "ann@example.net", MojoLogin: "ann@example.net", CreatedAt: h.clock.Now(),
	}, &oauth2.Token{AccessToken: "m"}, &oauth2.Token{AccessToken: "w"}, "")
	if err != nil {
		t.Fatal(err)
	}
	push := store.Push{ID: store.NewID(), ConnectionID: conn.ID, GroupName: typed, CreatedAt: h.clock.Now()}
	if _, _, err = h.store.CreatePush(t.Context(), push, []store.PushContact{{ClientID: "1"}}); err != nil {
		t.Fatal(err)
	}
	if err = h.store.SetPush(t.Context(), push.ID, store.PushStopped, "Refused for "+typed, 0, h.clock.Now(), h.clock.Now()); err != nil {
		t.Fatal(err)
	}
	b := h.staff(vera, roleViewer)
	for name, page := range map[string]*answer{
		"search": b.find("ann 520-555-0143"), "account": b.get(supportAccountPath(conn.ID)), "now": b.get(supportNowPath),
		"audit": b.get(supportAuditPath),
	} {
		got := page.want(200).body
		for _, value := range page.all("input", "id", "q") { // what was typed stands in its field
			v, _ := attr(value, "value")
			got = strings.Replace(got, v, "", 1)
		}
		if strings.Contains(got, "ann@example.net") || strings.Contains(got, "555-0143") {
			t.Errorf("%s shows more than it should:\n%s", name, page.text())
		}
	}
	b.post(supportAccountPath(conn.ID)+"/show", nil)
	b.get(supportAccountPath(conn.ID)).want(200).says(typed, "ann@example.net")
}

// On a full disk, of all days, support must find people.
func TestSupportOnAFullDisk(t *testing.T) {
	var small *store.Store
	h := newHouse(t, func(s *Server) {
		small = openSmallStore(t)
		s.Store, s.Bridge.Store = small, small
	})
	h.store = small
	h.browser().connect(1)
	b, account := h.staff(sam, roleOperator), h.account(jane)
	long := strings.Repeat("𝐣𝐚𝐧𝐞 ", 40) // written so, a session soon has no room in its page
	b.post(supportAuditPath, url.Values{"who": {long}, "action": {long}, "text": {long}, "from": {long}, "to": {long}}).want(303)
	for _, contacts := range [][]string{slices.Repeat([]string{"1234567890"}, 5000), {"1"}} {
		var err error
		for err == nil {
			_, err = small.CreateLaunch(t.Context(), store.Launch{Contacts: contacts, CreatedAt: h.clock.Now()}, "", time.Time{})
		}
		if !errors.Is(err, store.ErrFull) {
			t.Fatal(err)
		}
	}
	if got := b.post(supportPath, url.Values{"q": {long}}).want(200); len(got.all("a", "href", account)) != 1 {
		t.Errorf("the search shows\n%s", got.text())
	}
	b.get(account).want(200).says("Our disk is full")
	b.get(supportNowPath).want(200).says("Our disk is full")
	b.get(supportAuditPath).want(200)
}
