package mojo

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Hook is one thing that Mojo tells the service, see Mojo's API, part B5.
type Hook struct {
	ID        string // the webhook-id
	Type      string // "call.completed", say
	AccountID string
	ContactID int64 // 0 for account.disconnected
	Created   time.Time
	Body      []byte // the JSON that is signed and sent

	State    HookState
	Attempts int    // how often it was sent, doubles included
	Status   int    // of the last answer, 0 when there was none
	Problem  string // why the last attempt failed, "" when it didn't
}

// HookState says how far a hook is.
type HookState string

// The states of a hook.
const (
	HookWaiting      HookState = "waiting"      // on its way, or to be tried again
	HookAcknowledged HookState = "acknowledged" // answered with a 2xx
	HookDropped      HookState = "dropped"      // never sent: only the feed has it
)

// HookOptions say what goes wrong with hooks on their way.
type HookOptions struct {
	Doubles  bool // every hook is sent twice at once
	Disorder bool // hooks wait a random time up to [DisorderSpread] and overtake each other
	DropAll  bool // what happens now is never sent, only the feed has it
	NoFeed   bool // the feed answers 404, as hosts without one do

	// Echo also tells what the service itself writes through the API: its bulk
	// updates as contact.updated, its notes, those of bulk updates among them, as
	// note.created.
	Echo bool
}

// DisorderSpread is how long a hook waits at most with [HookOptions.Disorder].
const DisorderSpread = 3 * time.Second

// HookCounts count the hooks by state; Attempts is how often anything was sent.
type HookCounts struct {
	Total, Waiting, Acknowledged, Dropped, Attempts int
}

// hook is a hook on its way; Server.mu guards it.
type hook struct {
	Hook
	inFlight bool
	nextAt   time.Time // not before; by the wall clock, not Config.Now
}

// Hooks returns all hooks in the order in which things happened.
func (s *Server) Hooks() []Hook {
	s.mu.Lock()
	defer s.mu.Unlock()
	hooks := make([]Hook, len(s.hooks))
	for i, h := range s.hooks {
		hooks[i] = h.Hook
	}
	return hooks
}

// Hook returns the hook with that webhook-id.
func (s *Server) Hook(webhookID string) (Hook, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hookByID[webhookID]
	if h == nil {
		return Hook{}, false
	}
	return h.Hook, true
}

// HookCounts counts the hooks of all accounts.
func (s *Server) HookCounts() HookCounts {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := HookCounts{Total: len(s.hooks)}
	for _, h := range s.hooks {
		counts.Attempts += h.Attempts
		switch h.State {
		case HookWaiting:
			counts.Waiting++
		case HookAcknowledged:
			counts.Acknowledged++
		case HookDropped:
			counts.Dropped++
		}
	}
	return counts
}

// HookOptions returns the options in force.
func (s *Server) HookOptions() HookOptions {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.options
}

// SetHookOptions changes the options for what happens from now on.
func (s *Server) SetHookOptions(o HookOptions) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options = o
	s.changed.Broadcast()
}

// Tell sends a hook of any type with any data, for what the other handles can't
// say: types that nobody knows, data that is wrong. The account need not exist.
// It returns the webhook-id.
func (s *Server) Tell(accountID, kind string, data any) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.enqueue(accountID, 0, kind, data)
}

// Disconnect ends the integration of an account as its customer does in Mojo:
// all tokens of the account end and account.disconnected is sent, nothing more
// until the service signs in again. It returns the hook's webhook-id, "" when
// the integration had ended before.
func (s *Server) Disconnect(accountID string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(accountID)
	return s.disconnect(a, a.owner())
}

func (s *Server) disconnect(a *account, who Agent) string {
	id := s.tell(a, who, nil, "account.disconnected", hookData{})
	for _, g := range s.tokens {
		if g.account == a {
			g.end()
		}
	}
	a.disconnected = true
	return id
}

// tell makes a hook of what happened in an account, unless its customer ended
// the integration. Server.mu must be held.
func (s *Server) tell(a *account, who Agent, c *Contact, kind string, data hookData) string {
	if a.disconnected {
		return ""
	}
	data.AccountID, data.Agent = a.ID, who.out()
	var contactID int64
	if c != nil {
		contactID, data.Contact = c.ContactID, c.brief()
	}
	if kind == "contact.updated" {
		data.Contact = c.whole()
	}
	return s.enqueue(a.ID, contactID, kind, data)
}

// enqueue keeps a hook for the feed and puts it on its way.
func (s *Server) enqueue(accountID string, contactID int64, kind string, data any) string {
	now := s.cfg.Now()
	body, err := json.Marshal(hookOut{kind, utc(now), data})
	if err != nil {
		panic(fmt.Sprintf("mojo sandbox: %s hook: %v", kind, err))
	}
	h := &hook{Hook: Hook{ID: "msg_" + rand.Text(), Type: kind, AccountID: accountID, ContactID: contactID,
		Created: now, Body: body, State: HookWaiting}}
	s.hooks = append(s.hooks, h)
	s.hookByID[h.ID] = h
	if s.options.DropAll || s.hookURL == "" {
		h.State = HookDropped
		return h.ID
	}
	if s.options.Disorder {
		h.nextAt = time.Now().Add(time.Duration(s.rand.Int64N(int64(DisorderSpread))))
	}
	s.waiting = append(s.waiting, h)
	s.startSending()
	return h.ID
}

// settled takes a hook that was acknowledged off the queue.
func (s *Server) settled(h *hook) {
	if i := slices.Index(s.waiting, h); i >= 0 {
		s.waiting = slices.Delete(s.waiting, i, i+1)
	}
}
