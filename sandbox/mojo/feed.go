package mojo

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
)

// longestFeed is how many events the feed gives at most.
const longestFeed = 500

// feedOut is an event of the feed: what its hook says, with the webhook-id.
type feedOut struct {
	WebhookID string          `json:"webhook_id"`
	Type      string          `json:"type"`
	Timestamp string          `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
}

// feed serves GET /api/integration-events/, part B5: the account's events after
// the one that is named, oldest first; without a name from the very first.
func (s *Server) feed(w http.ResponseWriter, r *http.Request, a *account) {
	limit, ok := feedLimit(r)
	if !ok {
		(&fieldError{"limit", "A valid integer is required."}).write(w)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.options.NoFeed {
		writeJSON(w, http.StatusNotFound, detail{"Not found."})
		return
	}
	events := s.hooks
	if after := r.URL.Query().Get("after"); after != "" {
		h := s.hookByID[after]
		if h == nil || h.AccountID != a.ID {
			(&fieldError{"after", "There is no event with this webhook-id."}).write(w)
			return
		}
		events = events[slices.Index(events, h)+1:]
	}
	out := []feedOut{}
	for _, h := range events {
		if len(out) == limit {
			break
		}
		if h.AccountID == a.ID {
			out = append(out, h.feedOut())
		}
	}
	writeJSON(w, http.StatusOK, out)
}

// feedLimit reads how many events are wanted.
func feedLimit(r *http.Request) (limit int, ok bool) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return longestFeed, true
	}
	limit, err := strconv.Atoi(text)
	return min(limit, longestFeed), err == nil && limit > 0
}

// feedOut takes the body apart again; it was made by enqueue.
func (h *hook) feedOut() feedOut {
	out := feedOut{}
	json.Unmarshal(h.Body, &out) // our own JSON
	out.WebhookID = h.ID
	return out
}
