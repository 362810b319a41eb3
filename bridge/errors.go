package bridge

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"addtomojo/mojo"
	"addtomojo/wiseagent"
)

// What a customer can meet; the web turns each into a page.
var (
	ErrNothingSelected = errors.New("no contacts are selected")
	ErrLaunchUsed      = errors.New("this launch was used before")
	ErrConsentDenied   = errors.New("access to Wise Agent was denied")
	ErrConsentExpired  = errors.New("the visit to Wise Agent took too long or was finished before")
	ErrOtherBrowser    = errors.New("the visit to Wise Agent began in another browser session")
	ErrLinkEnded       = errors.New("this reconnect link has expired, was used or is unknown")
	ErrLinkMojoAccount = errors.New("this reconnect link is for another Mojo account")
	ErrNeedsSignIn     = errors.New("the connection needs a new sign-in")
	ErrGroupName       = errors.New("a group needs a name")
	ErrGroupNameLong   = fmt.Errorf("a group's name has at most %d characters", maxGroupName)
	ErrGroupGone       = errors.New("the group is no longer in Mojo")
	ErrNothingToSend   = errors.New("none of the selected contacts can be sent")
)

// Partner names one of the two sides in messages.
type Partner string

// The two partners.
const (
	WiseAgent Partner = "Wise Agent"
	MojoName  Partner = "Mojo"
)

// TooManyError tells that more contacts were selected than one push takes.
type TooManyError struct{ Got, Most int }

func (e *TooManyError) Error() string {
	return fmt.Sprintf("%d contacts are selected, at most %d go at once", e.Got, e.Most)
}

// BadIDError names ids of a launch that are neither ClientIDs nor vendor ids, at most ten of them.
type BadIDError struct{ IDs []string }

func (e *BadIDError) Error() string { return "not a contact's id: " + strings.Join(e.IDs, ", ") }

// WaitError tells that too many wrong sign-ins came from here or for this account.
type WaitError struct{ Until time.Time }

func (e *WaitError) Error() string { return "too many tries" }

// DialingRepError refuses a Mojo agent whose permission must not connect.
type DialingRepError struct{ Permission string }

func (e *DialingRepError) Error() string { return "a Mojo " + e.Permission + " can't be connected" }

// TakenError refuses a Mojo account that belongs to another Wise Agent account, named masked.
type TakenError struct{ Masked string }

func (e *TakenError) Error() string {
	return "this Mojo account is connected with the Wise Agent account of " + e.Masked
}

// ScopeError names the Wise Agent scopes that were denied and without which nothing works.
type ScopeError struct{ Missing []string }

func (e *ScopeError) Error() string { return "not allowed: " + strings.Join(e.Missing, ", ") }

// OtherPersonError tells that the popup, or a reconnect link, was opened for one Wise Agent account and signed in as
// another. Both are masked.
type OtherPersonError struct {
	Launched, SignedIn string
	ByLink             bool // opened by a reconnect link
}

func (e *OtherPersonError) Error() string {
	return "opened for " + e.Launched + ", signed in as " + e.SignedIn
}

// DownError tells that a partner does not answer as it should; the cause is for the log.
type DownError struct {
	Partner Partner
	Err     error
}

func (e *DownError) Error() string { return fmt.Sprintf("%s is not answering: %v", e.Partner, e.Err) }
func (e *DownError) Unwrap() error { return e.Err }

// down wraps what a partner's client could not make sense of.
func down(p Partner, err error) error { return &DownError{Partner: p, Err: err} }

// transient tells whether trying again later may help: the partner is slow, down or asks for patience.
// after is the time it asked for, 0 when it named none.
func transient(err error) (after time.Duration, ok bool) {
	var (
		mb *mojo.BackOffError
		md *mojo.DoubtError
		mu *mojo.UnreachableError
		wb *wiseagent.BackOffError
		wd *wiseagent.DoubtError
		wu *wiseagent.UnreachableError
		dn *DownError
	)
	switch {
	case errors.As(err, &mb):
		return mb.After, true
	case errors.As(err, &wb):
		return wb.After, true
	case errors.As(err, &md), errors.As(err, &mu), errors.As(err, &wd), errors.As(err, &wu), errors.As(err, &dn):
		return 0, true
	}
	return 0, errors.Is(err, mojo.ErrBusy)
}
