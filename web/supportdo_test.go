package web

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

// newHouseOn is a house on a database that the test can reach.
func newHouseOn(t *testing.T, engine string) (h *house, database string) {
	t.Helper()
	database = storetest.URL(t, engine)
	s := storetest.At(t, database)
	h = newHouse(t, func(v *Server) { v.Store, v.Bridge.Store = s, s })
	h.store = s
	return h, database
}

// supportDeeds are what operators do to an account, by the end of the path: the word that the audit log has for it, and the details
// of its two lines.
func supportDeeds(event string) map[string][3]string {
	return map[string][3]string{
		"/test":                       {auditTest, "begun", "Wise Agent answered as it should. Mojo answered as it should."},
		"/retry":                      {auditRetry, "begun: all", "all: 1 delivery"},
		"/events/" + event + "/retry": {auditRetry, "begun: one delivery: " + event, "one delivery: " + event},
		"/link":                       {auditReconnect, "begun", "made"},
		"/sessions":                   {auditSessions, "begun", "1 session"},
	}
}

// helped is an account with a delivery that needs a person, a customer who is signed in, and an operator.
func (h *house) helped() (customer, operator *browser, account, event string) {
	h.t.Helper()
	customer = h.browser()
	customer.connect(1)
	h.sendCall("one", 1, "contact")
	h.refused()
	return customer, h.staff(sam, roleOperator), h.account(jane), h.received()[0].ID
}

// refused settles the delivery as one that needs a person, where it waits.
func (h *house) refused() {
	h.t.Helper()
	if h.received()[0].State == store.EventWaiting {
		h.settle("one", store.EventNeedsYou, "Wise Agent refused this.")
	}
}

// Where the audit log can't be written, nothing is done.
func TestNothingIsDoneThatIsNotWrittenDown(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			h, database := newHouseOn(t, engine)
			customer, b, account, event := h.helped()
			h.still()
			before, lines := h.asked(), h.audits()
			stop := storetest.Refuse(t, database, "insert", "audits")
			for path := range maps.Keys(supportDeeds(event)) {
				b.post(account+path, nil).want(503).says("This was not done", "written into the audit log first", "Try again in a minute")
			}
			if got := h.asked(); !maps.Equal(got, before) {
				t.Errorf("the partners were asked: got %v, want %v", got, before)
			}
			h.states("needs_you")
			customer.get("/pushes").want(200)
			var links int
			if err := storetest.SQL(t, database).QueryRowContext(t.Context(), "select count(*) from reconnect_links").Scan(&links); err != nil || links != 0 {
				t.Errorf("got %d reconnect links and %v, want none", links, err)
			}
			if made, err := h.server.NewStaffLink(t.Context(), sam, "", time.Minute); err == nil || made != "" {
				t.Errorf("a sign-in link: got %q and %v, want none and an error", made, err)
			}
			stop()
			if got := h.audits(); !slices.Equal(got, lines) {
				t.Errorf("audit log: got %q, want %q", got, lines)
			}
			b.post(account+"/retry", nil).to(account)
			h.states("waiting")
		})
	}
}

// What is done stands in the audit log before it is done, and once more with what came of it.
func TestWhatIsDoneHasTwoLines(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			h, database := newHouseOn(t, engine)
			_, b, account, event := h.helped()
			for path, want := range supportDeeds(event) {
				h.refused()
				if got := b.post(account+path, nil); got.status >= 400 {
					t.Errorf("%s: got %d", path, got.status)
				}
				h.wantDeed(want)
			}
			h.refused()
			stop := storetest.Refuse(t, database, "update", "events")
			b.post(account+"/retry", nil).want(500)
			stop()
			h.wantDeed([3]string{auditRetry, "begun: all", "failed on our side"})
			h.states("needs_you")
		})
	}
}

// wantDeed fails the test unless the newest two lines of the audit log are these.
func (h *house) wantDeed(want [3]string) {
	h.t.Helper()
	found, _, err := h.store.Audits(h.t.Context(), store.AuditFilter{Limit: 2})
	if err != nil {
		h.t.Fatal(err)
	}
	for i, detail := range []string{want[2], want[1]} {
		if got := found[i]; got.Action != want[0] || got.Detail != detail || got.Who != sam || got.ConnectionID == "" {
			h.t.Errorf("audit log: got %+v, want %s %q of the account by %s", got, want[0], detail, sam)
		}
	}
}

// When only the second line can't be stored, the staff member hears what was done, and the log has it.
func TestWhatWasDoneIsSaidWithoutItsSecondLine(t *testing.T) {
	h, database := newHouseOn(t, storetest.SQLite)
	_, b, account, _ := h.helped()
	_, err := storetest.SQL(t, database).ExecContext(t.Context(), `create trigger refuse_second before insert on audits
		when new.action = 'retry' and new.detail not like 'begun%' begin select raise(abort, 'refused by the test'); end`)
	if err != nil {
		t.Fatal(err)
	}
	b.post(account+"/retry", url.Values{}).to(account)
	b.get(account).want(200).says("1 delivery is tried once more now.", "begun: all")
	if log := h.log.String(); !strings.Contains(log, "what an action brought is not in the audit log") {
		t.Errorf("log: got %q, want it to say so", log)
	}
}
