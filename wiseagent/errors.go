package wiseagent

import (
	"errors"
	"fmt"
	"time"
)

// What callers act on. All are returned wrapped with the operation's name, and within
// a RefusedError where they are known by Wise Agent's words.
var (
	// ErrGrantDead: the token endpoint refused the code or refresh token; the
	// customer has to consent again. Trouble there (5xx, HTML, no answer) is never this.
	ErrGrantDead = errors.New("grant refused")
	// ErrToken: the data API refused the access token; refresh it and repeat.
	ErrToken = errors.New("access token refused")
	// ErrScope: the customer did not allow what this request needs.
	ErrScope = errors.New("scope missing")
	// ErrUnknownContact: the account has no contact with this ClientID (any more).
	ErrUnknownContact = errors.New("unknown ClientID")
	// ErrUnknownNote: the account has no note with this id (any more).
	ErrUnknownNote = errors.New("unknown NoteID")
	// ErrUnknownCall: the Call List has no entry with this id (any more).
	ErrUnknownCall = errors.New("unknown CallId")
	// ErrLocked: the note is locked; it can't be changed.
	ErrLocked = errors.New("note is locked")
	// ErrCustomTaken: the contact has a custom field with this key already.
	ErrCustomTaken = errors.New("custom field is there already")
)

// RefusedError is a permanent no: Wise Agent understood the request and won't do it.
type RefusedError struct {
	Op     string // what was asked for: "get contact"
	Status int    // HTTP status; 200 when the error was in the body
	Text   string // Wise Agent's own words, at most 500 runes; may hold personal data: show it to the customer, never log it
	Cause  error  // the sentinel that Text means, such as ErrUnknownCall; nil when it is none that we know
}

// Unwrap gives the cause.
func (e *RefusedError) Unwrap() error { return e.Cause }

// Error leaves Text out, so that it can be logged.
func (e *RefusedError) Error() string {
	if e.Cause != nil {
		return e.Op + ": " + e.Cause.Error()
	}
	return fmt.Sprintf("%s: refused by Wise Agent with HTTP %d", e.Op, e.Status)
}

// BackOffError says that Wise Agent wants us to wait; nothing happened there.
type BackOffError struct {
	Op     string
	Status int           // 429 or 503
	After  time.Duration // from now; 0 when Wise Agent named no time
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
