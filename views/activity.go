package views

import (
	"strings"
	"time"
)

// Activity is the page of what came from Mojo and how far it is on its way into
// Wise Agent. Feed is the part of it that refreshes itself.
type Activity struct {
	Page
	Account Account
	BackURL string // GET: the group page; "" when there is no launch
	Feed    Feed
	Zone    ZoneForm
}

// Feed is how it all stands, and one page of events.
type Feed struct {
	PartURL string    // GET: FeedPart for htmx, and the whole page for a browser without JavaScript
	Now     time.Time // what "14 s ago" counts from

	LastCall time.Time // when the last call was written; zero when none was
	Waiting  int
	NeedsYou int
	Cells    []Cell // the ledger; each filters the list

	Standing  Standing
	SignInURL string // GET: sign in again to a side that needs it; "" when no launch is known

	Shown       string // heading of the list: "Need you"
	Filtered    bool   // the list shows one state alone
	List        []Happening
	Retried     Happening // the one in the list that its reader has just tried once more; zero when there is none
	RetryAllURL string    // POST; "" when nothing that may be shown needs the customer
	NewestURL   string    // GET; "" on the first page
	OlderURL    string    // GET; "" on the last page
}

// Cell is one number of the ledger.
type Cell struct {
	Label   string // "Written"
	Count   int
	URL     string // GET: the events that it counts
	Current bool
	Tone    string // "ok", "skip" or "bad", "" for none
}

// Where the focus goes when the page comes back after a press: names of elements that take it.
const (
	HappeningsID = "happenings-heading"
	ZoneID       = "zone"
)

// HappeningID is the id of an event's entry in the list.
func HappeningID(id string) string { return "event-" + id }

// id is the cell's id: the focus is found again by it when the page refreshes itself.
func (c Cell) id() string { return "cell-" + strings.ReplaceAll(c.Label, " ", "-") }

// Happening is something that happened in Mojo.
type Happening struct {
	ID       string // of the event, for the elements' ids
	What     string // "Call: Contact"
	When     time.Time
	Contact  string
	State    string    // "waiting", "written", "needs_you", "excluded"
	Reason   string    // why, in plain words; "" when there is nothing to say
	NextTry  time.Time // of one that waits after a failure; else zero
	RetryURL string    // POST; "" when there is nothing to retry
	Ref      string    // what engineers find it by; "" where only its customer looks
}

// ZoneForm changes the time zone. It posts zone, an IANA name.
type ZoneForm struct {
	Action string
	Zones  []Zone
}

// Zone is a time zone to choose.
type Zone struct {
	Name   string // "America/Phoenix"
	Label  string // "Arizona"
	Chosen bool
}

// stateText is how a happening's state reads.
func (h Happening) stateText() string {
	if h.State == "needs_you" {
		return "needs you"
	}
	return h.State
}

// nextText says when it is tried again, "" when that isn't planned.
func (h Happening) nextText(now time.Time) string {
	switch {
	case h.NextTry.IsZero():
		return ""
	case !h.NextTry.After(now):
		return "Trying again now."
	case h.NextTry.Sub(now) >= 2*time.Hour:
		return "Next try " + moment(h.NextTry.In(h.When.Location())) + "."
	}
	return "Next try in " + waitText(h.NextTry.Sub(now)) + "."
}

// headline is the page's first sentence: "Last call logged 14 s ago, 0 waiting".
func (f Feed) headline() string {
	waiting := number(f.Waiting) + " waiting"
	if f.LastCall.IsZero() {
		return "No call logged yet, " + waiting
	}
	return "Last call logged " + ago(f.Now.Sub(f.LastCall)) + ", " + waiting
}

// announcement is what a screen reader is told when it changes: what came of a Retry, and what needs its user.
func (f Feed) announcement() string {
	var said []string
	if h := f.Retried; h.ID != "" {
		said = append(said, h.What+", "+orNoName(h.Contact)+": "+h.stateText()+".")
	}
	if f.NeedsYou > 0 {
		said = append(said, needText(f.NeedsYou))
	}
	return strings.Join(said, " ")
}

// nothing says why the list is empty.
func (f Feed) nothing() string {
	switch {
	case f.NewestURL != "":
		return "There is nothing older."
	case f.Filtered:
		return "Nothing here now."
	}
	return "Nothing has come from Mojo yet. Calls, notes, edits and appointments of the contacts you added show up here within seconds."
}

// refresh is the meta refresh for browsers without JavaScript.
func (f Feed) refresh() string {
	if f.PartURL == "" {
		return ""
	}
	return "30;url=" + f.PartURL
}

// ago says how long d is, rounded down, as people say it: "14 s ago".
func ago(d time.Duration) string {
	switch {
	case d < time.Second:
		return "just now"
	case d < time.Minute:
		return number(int(d/time.Second)) + " s ago"
	case d < time.Hour:
		return number(int(d/time.Minute)) + " min ago"
	case d < 24*time.Hour:
		return number(int(d/time.Hour)) + " h ago"
	}
	return plural(int(d/(24*time.Hour)), "day", "days") + " ago"
}
