package mojo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// FeedLimit is how many events one page of the feed holds at most (Mojo's API, part B5).
const FeedLimit = 500

// Event is an entry of Mojo's feed: what a hook says, with the hook's id.
type Event struct {
	WebhookID string
	Type      string
	At        time.Time // zero when Mojo doesn't say
	Data      json.RawMessage
}

// feedTime is when an event happened. One that can't be read is none: the rest of the page is to be read in any case.
type feedTime struct{ at time.Time }

func (t *feedTime) UnmarshalJSON(b []byte) error {
	var read Time
	if read.UnmarshalJSON(b) == nil {
		t.at = read.Time
	}
	return nil
}

// Events reads the account's events after the one named, oldest first, at most FeedLimit (Mojo's API, part B5); after ""
// from the very first.
//
// Errors: ErrNotAvailable where the host has no feed; a RefusedError when it doesn't know the event that after names.
func (a *API) Events(ctx context.Context, after string) (_ []Event, err error) {
	const op = "read feed"
	defer a.client.measured(op, time.Now(), &err)
	query := url.Values{"after": {after}, "limit": {strconv.Itoa(FeedLimit)}}
	got, err := a.call(ctx, op, http.MethodGet, a.account+"/api/integration-events/?"+query.Encode(), nil)
	if got.status == http.StatusNotFound {
		return nil, fmt.Errorf("%s: %w", op, ErrNotAvailable)
	}
	if err != nil {
		return nil, err
	}
	var w []struct {
		WebhookID string          `json:"webhook_id"`
		Type      string          `json:"type"`
		Timestamp feedTime        `json:"timestamp"`
		Data      json.RawMessage `json:"data"`
	}
	if err := decode(op, got.body, &w); err != nil {
		return nil, err
	}
	if w == nil {
		return nil, &DoubtError{op, errors.New("an answer without events")}
	}
	events := make([]Event, len(w))
	for i, e := range w {
		if e.WebhookID == "" {
			return nil, &DoubtError{op, errors.New("an event without its webhook-id")}
		}
		events[i] = Event{WebhookID: e.WebhookID, Type: e.Type, At: e.Timestamp.at, Data: e.Data}
	}
	return events, nil
}
