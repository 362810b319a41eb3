package store

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"addtomojo/store/internal/rows"
)

// ErrNonceUsed says that a signed launch came a second time.
var ErrNonceUsed = errors.New("nonce was used before")

// Launch is one opening of the popup, with the contacts selected in Wise Agent.
type Launch struct {
	ID        string
	Code      string   // the support code that people read out: K7M4-Q2XD
	Email     string   // the Wise Agent user that a signed launch names
	Signed    bool     // Email is proven
	Contacts  []string // ClientIDs ("26855") and vendor ids ("V12"), in the order of the selection
	CreatedAt time.Time

	// ConnectionID is the connection that a reconnect link opened it for, "" for a launch from Wise Agent. With it there
	// are no Contacts.
	ConnectionID string
}

// CreateLaunch stores a launch; it makes the ID, if that is empty, and the Code. A nonce other than "" counts once,
// or [ErrNonceUsed]; it is remembered until nonceUntil.
func (s *Store) CreateLaunch(ctx context.Context, l Launch, nonce string, nonceUntil time.Time) (Launch, error) {
	if l.ID == "" {
		l.ID = NewID()
	}
	l.Email = normal(l.Email)
	err := s.insert(ctx, "create launch", func(q tx) error {
		if err := useNonce(ctx, q, nonce, nonceUntil); err != nil {
			return err
		}
		l.Code = newCode() // another one if it is taken
		return q.InsertLaunch(ctx, rows.InsertLaunchParams{
			ID:           l.ID,
			Code:         l.Code,
			Email:        l.Email,
			Signed:       l.Signed,
			Contacts:     strings.Join(l.Contacts, ","),
			ConnectionID: l.ConnectionID,
			CreatedAt:    millis(l.CreatedAt),
		})
	})
	return l, err
}

func useNonce(ctx context.Context, q tx, nonce string, until time.Time) error {
	if nonce == "" {
		return nil
	}
	n, err := q.InsertNonce(ctx, rows.InsertNonceParams{Nonce: nonce, UntilAt: millis(until)})
	if err == nil && n == 0 {
		return ErrNonceUsed
	}
	return err
}

// newCode makes 40 random bits readable: Crockford's base32, without the letters that are mistaken for digits.
func newCode() string {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	code := make([]byte, 8)
	rand.Read(code) // never fails
	for i, b := range code {
		code[i] = alphabet[b%32]
	}
	return string(code[:4]) + "-" + string(code[4:])
}

// Launch returns a launch, or [ErrNotFound].
func (s *Store) Launch(ctx context.Context, id string) (l Launch, err error) {
	err = s.read(ctx, "get launch", func(q tx) error {
		r, err := q.Launch(ctx, id)
		if err == nil {
			l = launch(r)
		}
		return err
	})
	return l, err
}

func launch(r rows.Launch) Launch {
	l := Launch{
		ID: r.ID, Code: r.Code, Email: r.Email, Signed: r.Signed, ConnectionID: r.ConnectionID, CreatedAt: moment(r.CreatedAt),
	}
	if r.Contacts != "" {
		l.Contacts = strings.Split(r.Contacts, ",")
	}
	return l
}
