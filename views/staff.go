package views

import "time"

// Staff is who looks at the support console, with the addresses of its parts. The zero value is nobody; a part without an
// address isn't shown.
type Staff struct {
	Email string
	Role  string // "viewer" or "operator"

	SearchURL  string // GET
	NowURL     string // GET: what is wrong right now
	AuditURL   string // GET
	SignOutURL string // POST

	Current string // the one of the addresses that the page is at, "" for none
}

// SupportSignIn is the page where support staff come in.
type SupportSignIn struct {
	Page
	Note string // what happened before: "sam@example.com isn't on the list of support staff."
	Calm bool   // Note is no refusal
	Wait bool   // Note asks to try again later

	OIDCURL string // GET: sign in with OpenID Connect; "" where it isn't set up

	LinkEmail string // masked; whom the one-time link of this address signs in; "" without one
	LinkURL   string // POST
}

// StaffProblem is a Problem in the support console.
type StaffProblem struct {
	Page
	Staff   Staff
	What    string
	Next    string
	Actions []Action
	Calm    bool
}

// AuditLog is the page of what support staff looked at and did.
type AuditLog struct {
	Page
	Staff     Staff
	Now       time.Time // what "14 s ago" counts from
	Form      AuditForm
	List      []AuditLine
	NewestURL string // GET; "" on the first page
	OlderURL  string // GET; "" on the last page

	SearchedTo time.Time // older lines were not searched yet; zero when all were
}

// AuditForm filters the audit log: it posts who, action, text, from, to and account.
type AuditForm struct {
	Action   string // POST; GET shows all
	Who      string // a staff member's e-mail
	Actions  []AuditAction
	Text     string
	From, To string // days as typed: "2026-11-24"
	Account  string // id of the one account that is shown, "" for all
	Filtered bool   // not all is shown

	FromError, ToError string
}

// AuditAction is something that can be done, to choose.
type AuditAction struct {
	Value  string
	Label  string
	Chosen bool
}

// AuditLine is something that a staff member looked at or did.
type AuditLine struct {
	ID         string
	When       time.Time
	Who        string // whole
	Role       string
	What       string // "Looked at the audit log"
	Account    string // masked e-mail of the customer; "" where it isn't about one
	AccountURL string // GET
	Detail     string
}

// utc writes a time in UTC, to the second: "Nov 24, 2026, 16:14:03 UTC".
func utc(t time.Time) string { return t.UTC().Format("Jan 2, 2006, 15:04:05 UTC") }

// nothing says why the list is empty.
func (a AuditLog) nothing() string {
	switch {
	case !a.SearchedTo.IsZero():
		return "Nothing that fits was found so far."
	case a.NewestURL != "":
		return "There is nothing older."
	case a.Form.FromError+a.Form.ToError != "":
		return "Nothing was searched, because a day couldn't be read."
	case a.Form.Filtered:
		return "Nothing fits all of that."
	}
	return "Nobody has looked at anything yet."
}
