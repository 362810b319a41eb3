package bridge

import (
	"context"
	"errors"
	"slices"

	"addtomojo/wiseagent"
)

// Wise Agent's words for a note or an entry that was deleted there are not published. A refusal that says nothing known may mean that:
// whether it does is looked up. What a contact had went with it.

// callGone tells whether a request about an entry of the Call List ended so since the entry is no more.
func callGone(ctx context.Context, api *wiseagent.API, clientID, callID string, err error) bool {
	if !unexplained(err) {
		return errors.Is(err, wiseagent.ErrUnknownCall)
	}
	calls, err := api.Calls(ctx, clientID)
	there := slices.ContainsFunc(calls, func(c wiseagent.Call) bool { return c.ID == callID })
	return err == nil && !there || errors.Is(err, wiseagent.ErrUnknownContact)
}

// noteGone tells whether a request about a note ended so since the note is no more.
func noteGone(ctx context.Context, api *wiseagent.API, clientID string, noteID int64, err error) bool {
	if !unexplained(err) {
		return errors.Is(err, wiseagent.ErrUnknownNote)
	}
	there, err := anyNote(ctx, api, clientID, func(n wiseagent.Note) bool { return n.ID == noteID })
	return err == nil && there == 0 || errors.Is(err, wiseagent.ErrUnknownContact)
}

// unexplained tells whether an error is a refusal of which only Wise Agent's words are known.
func unexplained(err error) bool {
	refused, ok := errors.AsType[*wiseagent.RefusedError](err)
	return ok && refused.Cause == nil
}
