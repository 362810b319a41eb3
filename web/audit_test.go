package web

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

// lines are the details on a page of the audit log, in its order.
func (a *answer) lines() (list []string) {
	for _, li := range a.all("li", "id", "*") {
		var words []string
		for n := range li.Descendants() {
			if n.Type == html.TextNode {
				words = append(words, strings.Fields(n.Data)...)
			}
		}
		list = append(list, strings.Join(words, " "))
	}
	return list
}

// audits filters the audit log as support staff do, and gives the page that comes.
func (b *browser) audits(form url.Values) *answer {
	b.t.Helper()
	return b.get(b.post(supportAuditPath, form).want(303).location)
}

// deed adds a line to the audit log, that many minutes ago.
func (h *house) deed(minutes int, v store.Audit) {
	h.t.Helper()
	v.At = h.clock.Now().Add(-time.Duration(minutes) * time.Minute)
	if err := h.store.AddAudit(h.t.Context(), v); err != nil {
		h.t.Fatal(err)
	}
}

func TestAuditLog(t *testing.T) {
	h := newHouse(t, nil)
	h.browser().connect(1)
	conn, err := h.store.ConnectionByEmail(t.Context(), jane)
	if err != nil {
		t.Fatal(err)
	}
	h.clock.mu.Lock()
	h.clock.now = time.Date(2026, 11, 24, 16, 14, 3, 0, time.UTC)
	h.clock.mu.Unlock()
	h.deed(3*24*60, store.Audit{Who: vera, Role: "viewer", Action: "sign-out"})
	h.deed(5, store.Audit{Who: vera, Role: "viewer", Action: "knit", ConnectionID: conn.ID, Detail: "two scarves"})
	b := h.staff(sam, roleOperator)

	page := b.get(supportAuditPath).want(200)
	want := []string{
		"Nov 24, 2026, 16:14:03 UTC just now " + sam + " operator Signed in with a one-time link",
		"Nov 24, 2026, 16:14:03 UTC just now " + sam + " operator Got a sign-in link on the server's command line",
		"Nov 24, 2026, 16:09:03 UTC 5 min ago " + vera + " viewer knit j***@example.com two scarves",
		"Nov 21, 2026, 16:14:03 UTC 3 days ago " + vera + " viewer Signed out",
	}
	if got := page.lines(); !slices.Equal(got, want) {
		t.Errorf("lines: got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(page.all("a", "href", "/support/accounts/"+conn.ID)) != 1 {
		t.Error("page: got no link to the account")
	}

	for _, look := range []struct {
		form url.Values
		want int // lines; -1 is any number
	}{
		{url.Values{"who": {vera}}, 2}, {url.Values{"action": {"sign-out"}}, 1}, {url.Values{"who": {vera}, "action": {"sign-out"}}, 1},
		{url.Values{"text": {"SCARVES"}}, 1}, {url.Values{"text": {"jane@"}}, 1}, {url.Values{"account": {conn.ID}}, 1},
		{url.Values{"to": {"2026-11-21"}}, 1}, {url.Values{"from": {"2026-11-21"}, "to": {"2026-11-21"}}, 1},
		{url.Values{"from": {"2026-11-22"}, "to": {"2026-11-23"}}, 0}, {url.Values{"text": {"nothing of the kind"}}, 0},
		{url.Values{"account": {"1'"}}, -1}, {url.Values{"who": {"\x00\xff"}}, -1}, {url.Values{"action": {strings.Repeat("x", 3000)}}, 0},
	} {
		got := b.audits(look.form).want(200)
		if n := len(got.lines()); look.want >= 0 && n != look.want {
			t.Errorf("%s: got %d lines, want %d: %q", look.form, n, look.want, got.lines())
		}
	}
	b.get(supportAuditPath + "?before=x").want(200)
	b.audits(url.Values{"who": {"nobody@example.com"}}).says("Nothing fits all of that.", "Show all")
	if b.get(supportAuditPath).value("who") != "" {
		t.Error("all is asked for, and the filter is still there")
	}
}

// Whom the audit log was searched for stands in no address.
func TestAuditFilterIsInNoAddress(t *testing.T) {
	h := newHouse(t, nil)
	b := h.staff(sam, roleOperator)
	for i := range auditsShown {
		h.deed(i, store.Audit{Who: sam, Role: "operator", Action: "knit", Detail: "for jane@example.com"})
	}
	at := b.post(supportAuditPath, url.Values{"who": {sam}, "text": {"jane@example.com"}}).want(303).location
	page := b.get(at).want(200)
	if page.value("text") != jane || page.value("who") != sam {
		t.Errorf("the form came back with %q and %q", page.value("text"), page.value("who"))
	}
	for _, address := range append(page.all("a", "href", "*"), page.all("form", "action", "*")...) {
		for _, name := range []string{"href", "action"} {
			if to, _ := attr(address, name); strings.Contains(at+to, "jane") || strings.Contains(to, "sam") {
				t.Errorf("%q leads to %q", at, to)
			}
		}
	}
}

// Looking at the audit log is in it, with what was looked for and no customer's whole e-mail.
func TestAuditLogIsAudited(t *testing.T) {
	h := newHouse(t, nil)
	b := h.staff(sam, roleOperator)
	b.audits(url.Values{"who": {vera}, "action": {"audit"}, "text": {"jane@example.com 520-555-0143"}, "from": {"2026-11-01"}, "to": {"2026-11-30"}}).want(200)
	found, _, err := h.store.Audits(t.Context(), store.AuditFilter{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	want := "who: " + vera + ", what: audit, text: j***@example.com •••0143, from: 2026-11-01, to: 2026-11-30"
	if found[0].Action != auditLook || found[0].Detail != want {
		t.Errorf("audit log: got %+v, want %q", found[0], want)
	}
}

func TestAuditLogHasPages(t *testing.T) {
	h := newHouse(t, nil)
	b := h.staff(sam, roleOperator)
	for i := range 2*auditsShown + 7 {
		h.deed(i+1, store.Audit{Who: vera, Role: "viewer", Action: "knit", Detail: fmt.Sprint("row ", i)})
	}
	var got []string
	page := b.audits(url.Values{"who": {vera}, "action": {"knit"}, "text": {"row"}}).want(200)
	for {
		got = append(got, page.lines()...)
		older := page.all("a", "id", "older")
		if len(older) == 0 {
			break
		}
		href, _ := attr(older[0], "href")
		page = b.get(href).want(200)
	}
	if len(got) != 2*auditsShown+7 || !strings.HasSuffix(got[0], "row 0") || !strings.HasSuffix(got[len(got)-1], fmt.Sprint("row ", 2*auditsShown+6)) {
		t.Errorf("got %d lines from %q to %q, want all of them in order", len(got), got[0], got[len(got)-1])
	}
	newest, _ := attr(page.all("a", "id", "newest")[0], "href")
	if got := b.get(newest).want(200); got.value("who") != vera || got.value("text") != "row" || !strings.HasSuffix(got.lines()[0], "row 0") {
		t.Errorf("newest: got %s, want the same filter without a place", newest)
	}
}

// A search through many lines stops on its way, says so, and goes on when asked to.
func TestAuditSearchGoesOn(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			h, database := newHouseOn(t, engine)
			storetest.FillAudits(t, database, 50_100)
			h.deed(20*365*24*60, store.Audit{Who: vera, Role: "viewer", Action: "knit", Detail: "two scarves"})
			b := h.staff(sam, roleOperator)
			page := b.audits(url.Values{"text": {"scarves"}}).want(200)
			page.says("Nothing that fits was found so far.", "The search went back to Nov 14, 2023", "Go on searching older")
			href, _ := attr(page.all("a", "id", "older")[0], "href")
			got := b.get(href).want(200)
			if lines := got.lines(); len(lines) != 1 || !strings.HasSuffix(lines[0], "two scarves") || len(got.all("a", "id", "older")) != 0 {
				t.Errorf("got %q, want the oldest line and no more", lines)
			}
		})
	}
}

func TestAuditLogDaysThatAreNone(t *testing.T) {
	h := newHouse(t, nil)
	b := h.staff(sam, roleOperator)
	for _, day := range []string{"yesterday", "2026-02-30", "24.11.2026", "-1", "0001-01-01", "99999-01-01"} {
		page := b.audits(url.Values{"from": {day}, "text": {"kept"}}).want(422)
		page.says("Choose a day, such as 2026-11-24.", "Nothing was searched")
		if page.value("text") != "kept" || page.value("from") != day {
			t.Errorf("%s: the form came back with %q and %q", day, page.value("from"), page.value("text"))
		}
	}
}

// What staff typed and what customers are called is text on the page.
func TestAuditLogShowsTextAsText(t *testing.T) {
	h := newHouse(t, nil)
	b := h.staff(sam, roleOperator)
	script := `</b><script>alert(1)</script>`
	h.deed(1, store.Audit{Who: script + "@example.com", Role: script, Action: script, Detail: script})
	page := b.audits(url.Values{"text": {script}}).want(200)
	if n := len(page.all("script", "src", "*")); n != 3 || len(page.lines()) != 1 || strings.Contains(page.body, "<script>") {
		t.Errorf("page: got %d scripts and lines %q, want the page's own 3 and the text", n, page.lines())
	}
}
