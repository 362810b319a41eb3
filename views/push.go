package views

import (
	"slices"
	"strconv"
	"time"
)

// PushStatus is where a push stands.
type PushStatus string

// The states of a push.
const (
	PushWaiting PushStatus = "waiting" // accepted, not begun
	PushSending PushStatus = "sending"
	PushPaused  PushStatus = "paused"  // a side needs sign-in; goes on afterwards
	PushDone    PushStatus = "done"    // every contact is through, one way or another
	PushStopped PushStatus = "stopped" // will not go on by itself; Cause says why
	PushUndoing PushStatus = "undoing"
	PushUndone  PushStatus = "undone"
)

// Push is the page of one push: progress while it runs, results when it is done,
// in the popup and, with Landing, in the tab that the form opened.
type Push struct {
	Page
	Account Account
	Landing bool // this is the new tab: it goes on to Mojo by itself

	PartURL    string // GET, text/event-stream: see PushPart
	ReloadURL  string // GET: this page again, for browsers without JavaScript
	MojoURL    string // GET, same origin: answers 303 to the powerdialer with the group; "" offers no Mojo
	ResultsURL string // GET: the results, linked from the landing tab when contacts need attention
	GroupsURL  string // GET: back to the group page; "" when the launch is gone

	GroupName string
	GroupGone bool // it was deleted in Mojo: the contacts need another one
	Status    PushStatus
	Ahead     string // group of the push that it waits for, as one goes at a time; "" when it waits for none
	AheadUndo bool   // that push is being undone
	Down      string // partner that isn't answering ("Mojo", "Wise Agent"); "" when all is well
	Cause     string // a sentence in plain words: why it is paused or stopped
	// Stopping: the customer has stopped it, and what is at Mojo just now comes to its end. ByCustomer: it is stopped because of that.
	Stopping, ByCustomer bool
	SignInURL            string // GET: sign in again, when paused

	// The bar: how many of Total are through in the present run. A retry is a
	// run of its own over the contacts that failed.
	Done, Total int

	Added, Updated, Skipped, Failed, Removed int // over all runs
	Unsent                                   int // of Failed: never sent, because the push was stopped; not Done

	Reset bool   // its connection has ended: nothing more can be done with the push itself
	Again Action // what brings the contacts to Mojo after that; no Label where no launch is at hand

	Outcomes Outcomes
	StopURL  string // POST: nothing more is sent; "" when there is nothing to stop
	RetryURL string // POST: failed contacts once more; "" when there is nothing to retry
	UndoURL  string // POST; "" when it can't be undone (any more)
	UndoEnds time.Time
}

// Outcomes is one page of a push's contacts.
type Outcomes struct {
	Tabs []Tab
	List []Outcome
	// Pages counts from 1; no links are shown when there is one page.
	Page, Pages      int
	PrevURL, NextURL string // "" at the ends
}

// Tab is a link to the contacts with one result.
type Tab struct {
	Label   string // "Need you", "Added", ...
	Count   int
	URL     string // GET
	Current bool
}

// Outcome is what happened to one contact.
type Outcome struct {
	Name   string
	Result string // "added", "updated", "skipped", "failed", "removed", "waiting"
	Reason string // in plain words; "" when there is nothing to say
}

// mixed reports whether the list holds contacts with different results.
func (o Outcomes) mixed() bool {
	for _, outcome := range o.List {
		if outcome.Result != o.List[0].Result {
			return true
		}
	}
	return false
}

// running reports whether the page still changes by itself.
func (p Push) running() bool {
	switch p.Status {
	case PushWaiting, PushSending, PushPaused, PushUndoing:
		return true
	}
	return false
}

// left is how many contacts the bar still waits for.
func (p Push) left() int { return max(p.Total-p.Done, 0) }

// aheadText is what the push before this one must come to.
func (p Push) aheadText() string {
	if p.AheadUndo {
		return "to be undone."
	}
	return "to end."
}

// closeText says what happens to a window that shows the push on its way; "" says nothing.
func (p Push) closeText() string {
	switch {
	case p.Landing:
		return "This tab opens Mojo by itself when all are through."
	case p.Status == PushSending || p.Status == PushWaiting:
		return "You can close this window. The push goes on."
	}
	return ""
}

// heading is the page's first sentence.
func (p Push) heading() string {
	switch p.Status {
	case PushUndoing:
		return "Taking contacts out of " + p.GroupName
	case PushUndone:
		return "Undone"
	case PushStopped:
		if p.ByCustomer {
			return "You stopped this push"
		}
		return "This push has stopped"
	case PushPaused:
		return "Sign in to go on"
	case PushDone:
		if p.Failed > 0 {
			return doneText(p.Added, p.Updated) + ". " + needText(p.Failed)
		}
		return doneText(p.Added, p.Updated)
	}
	if p.Stopping {
		return "Stopping the push to " + p.GroupName
	}
	return "Adding " + contacts(p.Total) + " to " + p.GroupName
}

// doneText counts what arrived: "497 added", "44 added, 3 updated".
func doneText(added, updated int) string {
	if added == 0 && updated == 0 {
		return "Nothing was added"
	}
	if updated == 0 {
		return number(added) + " added"
	}
	if added == 0 {
		return number(updated) + " updated"
	}
	return number(added) + " added, " + number(updated) + " updated"
}

func needText(failed int) string {
	if failed == 1 {
		return "1 needs you"
	}
	return number(failed) + " need you"
}

// progressText is the text beside the bar.
func (p Push) progressText() string {
	return number(p.Done) + " of " + number(p.Total) + " done, " + number(p.left()) + " left"
}

// announcement is what a screen reader is told. It changes with every tenth of
// the way and with the state, not with every contact.
func (p Push) announcement() string {
	if !p.running() || p.Status == PushPaused {
		return p.heading()
	}
	if p.Stopping {
		return p.heading() + ". " + stoppingText
	}
	if p.Down != "" {
		return p.Down + " isn't answering. We keep trying; nothing is lost."
	}
	if p.Ahead != "" {
		return "Waits for the push to " + p.Ahead + " " + p.aheadText()
	}
	tenth := 0
	if p.Total > 0 {
		tenth = p.Done * 10 / p.Total
	}
	return strconv.Itoa(tenth*10) + " percent done"
}

// lands reports whether the tab goes on to Mojo by itself.
func (p Push) lands() bool {
	return p.Landing && p.Status == PushDone && p.Failed == 0 && p.MojoURL != ""
}

// refresh is the meta refresh for browsers without JavaScript.
func (p Push) refresh() string {
	switch {
	case p.lands():
		return "0;url=" + p.MojoURL
	case p.running() && p.ReloadURL != "":
		return "2;url=" + p.ReloadURL
	case p.running():
		return "2"
	}
	return ""
}

// countOf is one number of the results.
type countOf struct {
	label string
	n     int
	tone  string // "ok", "skip" or "bad"
}

// counts are the numbers of the results. An undo shows only what there is.
func (p Push) counts() []countOf {
	all := []countOf{
		{"Added", p.Added, "ok"}, {"Updated", p.Updated, "ok"}, {"Skipped", p.Skipped, "skip"}, {"Failed", p.Failed - p.Unsent, "bad"},
	}
	if p.Unsent > 0 {
		tone := "bad"
		if p.ByCustomer || p.Status == PushUndoing || p.Status == PushUndone {
			tone = "skip" // as somebody wanted it
		}
		all = append(all, countOf{"Not sent", p.Unsent, tone})
	}
	if p.Status != PushUndoing && p.Status != PushUndone {
		return all
	}
	all = append(all, countOf{"Taken out", p.Removed, "skip"})
	return slices.DeleteFunc(all, func(c countOf) bool { return c.n == 0 })
}

// unsentText says how many a stopped push never sent.
func unsentText(n int) string {
	if n == 1 {
		return "1 contact was never sent."
	}
	return contacts(n) + " were never sent."
}

// stoppingText says what a push does that the customer has stopped just now.
const stoppingText = "Nothing more is sent. What is at Mojo just now comes to its end and counts."

// laterText says what becomes of those that were not sent because the customer stopped the push; "" when there is nothing to press.
func (p Push) laterText() string {
	switch {
	case p.RetryURL == "" || p.Unsent == 0 || p.Landing:
		return ""
	case p.Unsent == 1:
		return "Retry sends it whenever you like."
	}
	return "Retry sends them whenever you like."
}

// total is the number of contacts over all runs that have a result.
func (p Push) total() int { return p.Added + p.Updated + p.Skipped + p.Failed + p.Removed }

// needLink is what a tab that was to open Mojo leads to instead.
func (p Push) needLink() string {
	switch {
	case p.ByCustomer:
		return "what was not sent"
	case p.Failed == 1:
		return "the 1 that needs you"
	}
	return "the " + number(p.Failed) + " that need you"
}

func retryText(failed, unsent int) string {
	switch {
	case unsent == failed:
		return "sends the " + number(failed) + " left"
	case unsent > 0:
		return "sends the " + number(failed) + " that failed or were not sent"
	case failed == 1:
		return "sends the 1 that failed once more"
	}
	return "sends the " + number(failed) + " that failed once more"
}

// page is the layout's page with the title that PushPart keeps up to date.
func (p Push) page() Page {
	page := p.Page
	page.Title = p.shortTitle()
	return page
}

func (p Push) windowTitle() string { return p.shortTitle() + productInTitle }

// shortTitle is what a tab shows: how far, then what.
func (p Push) shortTitle() string {
	if (p.Status == PushSending || p.Status == PushUndoing) && p.Total > 0 {
		return strconv.Itoa(p.Done*100/p.Total) + " % · " + p.heading()
	}
	return p.heading()
}
