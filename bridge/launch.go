package bridge

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"addtomojo/store"
)

// MaxSelected is how many contacts one launch may carry.
const MaxSelected = 5000

// nonceLife outlives the tolerance of a launch's time on both sides.
const nonceLife = 5 * time.Minute

// clientID is a Wise Agent contact's id, or a vendor's with a V before it. Zeros before it don't count.
var clientID = regexp.MustCompile(`^(V?)0*([1-9][0-9]{0,11})$`)

// LaunchRequest is one opening of the popup, its signature checked already.
type LaunchRequest struct {
	Contacts string // comma-separated ClientIDs
	Signed   bool
	Email    string // the Wise Agent account: the signed one, else the session's or ""
	Nonce    string // "" when unsigned
}

// Launch stores the opening of a popup and begins to fetch its contacts when the account is connected. The
// error is ErrNothingSelected, a *TooManyError, a *BadIDError or ErrLaunchUsed. With the first a
// signed launch still proves who opened it, once: its Email is given back, and its nonce has counted.
func (b *Bridge) Launch(ctx context.Context, r LaunchRequest) (store.Launch, error) {
	ids, err := readIDs(r.Contacts)
	if err != nil {
		return b.refuseLaunch(ctx, r, err)
	}
	launch := store.Launch{Contacts: ids, Signed: r.Signed, CreatedAt: b.now()}
	if r.Signed {
		launch.Email = plainEmail(r.Email)
	}
	launch, err = b.Store.CreateLaunch(ctx, launch, r.Nonce, b.now().Add(nonceLife))
	switch {
	case errors.Is(err, store.ErrNonceUsed):
		return store.Launch{}, ErrLaunchUsed
	case err != nil:
		return store.Launch{}, fmt.Errorf("store launch: %w", err)
	}
	conn, err := b.Connection(ctx, r.Email)
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return store.Launch{}, err
	default:
		b.launched(ctx, conn, launch.ID, launch.Contacts)
	}
	return launch, nil
}

// refuseLaunch gives back the refusal of a selection. Who opened the popup with nothing selected may want their account's
// pages: that launch tells who they are, where it was signed and didn't come before.
func (b *Bridge) refuseLaunch(ctx context.Context, r LaunchRequest, refusal error) (store.Launch, error) {
	if !r.Signed || !errors.Is(refusal, ErrNothingSelected) {
		return store.Launch{}, refusal
	}
	err := b.Store.UseNonce(ctx, r.Nonce, b.now().Add(nonceLife))
	switch {
	case errors.Is(err, store.ErrStale):
		return store.Launch{}, refusal
	case err != nil:
		return store.Launch{}, fmt.Errorf("use nonce: %w", err)
	}
	return store.Launch{Signed: true, Email: plainEmail(r.Email)}, refusal
}

// readIDs reads the selection; the same id twice counts once.
func readIDs(s string) ([]string, error) {
	var ids []string
	var bad BadIDError
	seen := make(map[string]bool)
	for field := range strings.SplitSeq(s, ",") {
		field = strings.TrimSpace(field)
		if field == "" {
			continue
		}
		parts := clientID.FindStringSubmatch(strings.ToUpper(field))
		if parts == nil {
			if len(bad.IDs) < 10 {
				bad.IDs = append(bad.IDs, cut(printable(field), 20, "…"))
			}
			continue
		}
		if id := parts[1] + parts[2]; !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	switch {
	case len(bad.IDs) > 0:
		return nil, &bad
	case len(ids) == 0:
		return nil, ErrNothingSelected
	case len(ids) > MaxSelected:
		return nil, &TooManyError{Got: len(ids), Most: MaxSelected}
	}
	return ids, nil
}
