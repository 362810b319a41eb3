package views

import (
	"strings"
	"testing"
	"time"
)

func TestAgo(t *testing.T) {
	cases := map[time.Duration]string{
		-time.Second:            "just now",
		0:                       "just now",
		time.Second:             "1 s ago",
		14*time.Second + 999e6:  "14 s ago",
		59 * time.Second:        "59 s ago",
		time.Minute:             "1 min ago",
		59 * time.Minute:        "59 min ago",
		time.Hour:               "1 h ago",
		23 * time.Hour:          "23 h ago",
		24 * time.Hour:          "1 day ago",
		1200 * 24 * time.Hour:   "1,200 days ago",
		47*time.Hour + 59*60e9:  "1 day ago",
		48 * time.Hour:          "2 days ago",
		119*time.Second + 999e6: "1 min ago",
	}
	for d, want := range cases {
		if got := ago(d); got != want {
			t.Errorf("ago(%s): got %q, want %q", d, got, want)
		}
	}
}

func TestFeedSaysHowItStands(t *testing.T) {
	n := render(t, ActivityPage(someActivity()))
	if got, want := n.one(t, "#feed .lead time").text(), "Last call logged 14 s ago, 2 waiting"; got != want {
		t.Errorf("first sentence: got %q, want %q", got, want)
	}
	if got := n.one(t, "#feed").attr("data-announce"); got != "1 needs you" {
		t.Errorf("announcement: got %q, want what needs the customer", got)
	}
	if got := n.one(t, "#feed").attr("hx-get"); got != "/activity/now" {
		t.Errorf("part: got %q, want it to ask for itself", got)
	}
	if got := n.one(t, "noscript meta").attr("content"); got != "30;url=/activity/now" {
		t.Errorf("refresh without JavaScript: got %q", got)
	}
	var cells []string
	for _, c := range n.all(".ledger a") {
		cells = append(cells, c.text())
	}
	if got, want := strings.Join(cells, "; "), "Received 1,204; Written 1,182; Waiting 2; Need you 1; Excluded 19"; got != want {
		t.Errorf("ledger: got %q, want %q", got, want)
	}
}

func TestHappenings(t *testing.T) {
	n := render(t, ActivityPage(someActivity()))
	want := []string{
		"Call: No Contact - Next Number written Ann Lee Tue, Nov 24, 9:13 AM MST",
		"Contact changed: phone, e-mail waiting Luis Ruiz Tue, Nov 24, 9:13 AM MST Wise Agent isn't answering. Next try in 25 seconds.",
		"Appointment added waiting Grace Okafor Tue, Nov 24, 9:11 AM MST Wise Agent isn't answering. Next try Tue, Nov 24, 2:14 PM MST.",
		"Note added needs you Omar Haddad Tue, Nov 24, 7:14 AM MST The contact is no longer in Wise Agent. Send it again from Mojo's contact form, then press Retry. Retry Note added, Omar Haddad",
		"Call: Contact excluded (no name) Mon, Nov 23, 7:14 AM MST Not a contact that you sent from or to this Wise Agent account.",
	}
	got := n.all(".history li")
	if len(got) != len(want) {
		t.Fatalf("list: got %d, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i].text() != want[i] {
			t.Errorf("row %d: got %q, want %q", i, got[i].text(), want[i])
		}
	}
	if got := len(n.all(".history button")); got != 1 {
		t.Errorf("Retry: got %d buttons, want one, at what needs the customer", got)
	}
}

func TestEmptyActivitySaysWhatWillCome(t *testing.T) {
	for _, s := range activityStates() {
		if s.name == "activity-empty" {
			n := render(t, s.page)
			if got := n.one(t, ".happenings p").text(); !strings.HasPrefix(got, "Nothing has come from Mojo yet.") {
				t.Errorf("empty list: got %q", got)
			}
			if got := n.one(t, "#feed .lead").text(); got != "No call logged yet, 0 waiting" {
				t.Errorf("first sentence: got %q", got)
			}
		}
	}
}
