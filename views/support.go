package views

import "time"

// SupportSearch is where support staff look for an account.
type SupportSearch struct {
	Page
	Staff  Staff
	Action string // POST; field q
	Query  string // what was searched last; "" before any search
	Rows   []AccountRow
	More   bool // there are others that fit
	Launch *LaunchRow

	LikeCode bool   // Query may be meant as a support code
	Problem  string // why nothing was searched; "" when it was
}

// AccountRow is an account in a list.
type AccountRow struct {
	URL      string // GET
	Name     string
	Email    string // masked
	Mojo     string // the account's name
	Login    string // in that account, masked where it is an e-mail
	Standing Standing
}

// LaunchRow is a launch in a list.
type LaunchRow struct {
	URL      string // GET
	Code     string
	When     time.Time
	Contacts int
	Signed   bool
	Link     bool   // it came from a reconnect link
	Email    string // masked; "" while unknown
}

// SupportNow is what is wrong right now, over all accounts.
type SupportNow struct {
	Page
	Staff  Staff
	Now    time.Time
	Groups []TroubleGroup
}

// TroubleGroup is one cause, with some of the accounts it concerns.
type TroubleGroup struct {
	What  string
	Count string // "3 accounts, 12 deliveries"
	Next  string
	Since time.Time
	Calm  bool // passes by itself
	Rows  []AccountRow
	More  int // accounts that aren't in Rows
}

// SupportAccount is one account on one screen.
type SupportAccount struct {
	Page
	Staff Staff
	Now   time.Time
	URL   string // of this page

	Name, Email string // Email masked unless Shown
	Shown       bool   // e-mails and numbers are shown whole
	Standing    Standing
	Findings    []SupportFinding
	Facts       []Fact
	Note        *SupportNote // what the last action brought
	Link        string       // a fresh reconnect link
	Do          SupportDo

	Cells     []Cell // the ledger; each filters the events
	Oldest    time.Time
	Find      string // POST, field "contact": only the events of contacts with this name; an empty one shows all
	Contact   string // the name that is looked for, "" when none is
	Heading   string // of the events: "Need you"
	Events    []Happening
	NewestURL string
	OlderURL  string

	Pushes   []SupportPush
	Launches []LaunchRow
	Notices  []SupportNotice
	Audits   []AuditLine
	AuditURL string
	Others   []AccountRow // other connections of the same Wise Agent account
}

// SupportDo are the addresses of what may be done, all POST; "" where this person may not, or there is nothing to do.
type SupportDo struct {
	Show, Test, Retry, Link, Sessions string
	NeedsYou                          int // what Retry is for
	Live                              int // sessions that Sessions ends
}

// SupportFinding is something that is wrong, and what to do.
type SupportFinding struct {
	What, Next string
	Since      time.Time
	Calm       bool
}

// SupportNoteID is the id of the note, which takes the focus.
const SupportNoteID = "brought"

// SupportNote is what an action brought.
type SupportNote struct {
	Lines []string
	Bad   bool
}

// Fact is a line of what is known: a label, and a text or a time.
type Fact struct {
	Label, Text string
	At          time.Time // zero: Text alone
}

// SupportPush is a push in a list.
type SupportPush struct {
	When   time.Time
	Group  string
	State  string // as people read it
	Bad    bool
	Counts string // "44 added, 3 failed"
	Cause  string
}

// SupportNotice is a notice that was sent, or is to be.
type SupportNotice struct {
	When    time.Time
	Channel string // "e-mail" or "webhook"
	State   string
	Cause   string
	Bad     bool
}

// SupportLaunch is one launch on one screen, of an account that may not be connected.
type SupportLaunch struct {
	Page
	Staff    Staff
	Row      LaunchRow
	Standing Standing
	What     string // how far its sign-in came, in plain words
	Next     string
	Accounts []AccountRow // connections of the account
}

// sinceText says since when and for how long something is so.
func sinceText(at, now time.Time) string { return moment(at) + ", " + ago(now.Sub(at)) }

// accountsHeading names the results of a search.
func (s SupportSearch) heading() string {
	if s.More {
		return "The first " + plural(len(s.Rows), "account", "accounts")
	}
	return plural(len(s.Rows), "account", "accounts")
}
