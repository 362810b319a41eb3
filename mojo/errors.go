package mojo

import (
	"errors"
	"fmt"
	"time"
)

// What callers act on. All are returned wrapped with the operation's name.
var (
	// ErrCredentials: PIN, login or password is wrong; Mojo never says which.
	ErrCredentials = errors.New("wrong PIN, login or password")
	// ErrSuspended: the Mojo account may not be used at present.
	ErrSuspended = errors.New("account suspended")
	// ErrGrantDead: Mojo refused the refresh token; the customer has to sign in again.
	// Trouble at Mojo (5xx, HTML, no answer) is never this.
	ErrGrantDead = errors.New("refresh token refused")
	// ErrToken: Mojo refused the access token; refresh it and repeat.
	ErrToken = errors.New("access token refused")
	// ErrBusy: an earlier bulk create of the account still runs or broke off;
	// nothing happened, wait and repeat.
	ErrBusy = errors.New("another bulk request of the account is unfinished")
	// ErrMixedGroups: the contacts of one request named different groups.
	ErrMixedGroups = errors.New("contacts of different groups in one request")
	// ErrTooLarge: the batch is too large for Mojo; send smaller ones.
	ErrTooLarge = errors.New("request too large")
	// ErrIncomplete, inside a DoubtError: Mojo answered a bulk request clearly, but says
	// nothing of some of its contacts.
	ErrIncomplete = errors.New("the answer leaves out contacts")
	// ErrGroupTaken: the account has a group of this name already.
	ErrGroupTaken = errors.New("a group with this name exists")
	// ErrUnknownContact: the account has no contact with this api_contact_id.
	ErrUnknownContact = errors.New("unknown api_contact_id")
	// ErrNotAvailable: this Mojo host does not have the endpoint.
	ErrNotAvailable = errors.New("not available on this host")
)

// RefusedError is a permanent no: Mojo understood the request and won't do it.
type RefusedError struct {
	Op     string // what was asked for: "create group"
	Status int    // HTTP status; 200 when the error was in the body
	Text   string // Mojo's own words, at most 500 runes; may hold personal data: show it to the customer, never log it
}

// Error leaves Text out, so that it can be logged.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s: refused by Mojo with HTTP %d", e.Op, e.Status)
}

// BackOffError says that Mojo wants us to wait; nothing happened there.
type BackOffError struct {
	Op     string
	Status int           // 429 or 503
	After  time.Duration // from now; 0 when Mojo named no time
}

// Error holds nothing of a contact, so that it can be logged.
func (e *BackOffError) Error() string {
	return fmt.Sprintf("%s: HTTP %d, asked to wait %s", e.Op, e.Status, e.After)
}

// DoubtError says that the request was sent, or may have been, and that no clear
// answer came: timeout, cut connection, 5xx, HTML, half a JSON text.
// A write may have had its effect.
type DoubtError struct {
	Op  string
	Err error
}

// Error holds nothing of a contact, so that it can be logged.
func (e *DoubtError) Error() string { return e.Op + ": no clear answer: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *DoubtError) Unwrap() error { return e.Err }

// UnreachableError says that the request surely was never sent: no address, no
// connection, no TLS, or the context ended before there was one.
type UnreachableError struct {
	Op  string
	Err error
}

// Error holds nothing of a contact, so that it can be logged.
func (e *UnreachableError) Error() string { return e.Op + ": not sent: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *UnreachableError) Unwrap() error { return e.Err }
