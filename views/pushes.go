package views

import "time"

// Pushes is the list of earlier pushes, newest first.
type Pushes struct {
	Page
	Account Account
	BackURL string // GET: the group page; "" when there is no launch
	List    []PushRow
}

// PushRow is one push in the list.
type PushRow struct {
	URL       string // GET: its page
	GroupName string
	When      time.Time // begun, in the customer's zone
	Status    PushStatus

	Total, Added, Updated, Skipped, Failed int
	Unsent                                 int  // of Failed: never sent, because the push was stopped
	ByCustomer                             bool // it was stopped as the customer wanted
}

// bad reports whether something went wrong that nobody wanted.
func (r PushRow) bad() bool { return r.Failed > 0 && !(r.ByCustomer && r.Failed == r.Unsent) }

// text says in a few words how a push stands or ended.
func (r PushRow) text() string {
	switch r.Status {
	case PushWaiting, PushSending:
		return "on its way"
	case PushPaused:
		return "waits for you to sign in"
	case PushStopped:
		if r.ByCustomer {
			return "you stopped it, " + doneText(r.Added, r.Updated)
		}
		return "stopped, " + doneText(r.Added, r.Updated)
	case PushUndoing:
		return "being undone"
	case PushUndone:
		return "undone"
	}
	if r.Failed > 0 {
		return doneText(r.Added, r.Updated) + ", " + needText(r.Failed)
	}
	return doneText(r.Added, r.Updated)
}
