package mojo

import (
	"fmt"
	"slices"
	"time"
)

// Call is one call of one number of a contact.
type Call struct {
	ID        int64 // given by the server, rising over all accounts
	ContactID int64 // given by the server
	AgentID   int64 // who called; 0: the account's owner

	Result    string        // a slug of [Results], or any other text
	Phone     string        // ten digits; "": the contact's first phone
	PhoneType int           // 0: the type the contact has this phone under, else MediaOther
	Started   time.Time     // zero: so that the call ends now
	Duration  time.Duration // told in whole seconds
	Notes     string        // what the agent typed during the call

	SessionID    int64  // the dialing session
	GroupID      int64  // the group that was dialed, 0 for none
	RecordingURL string // "" for none
}

// Call records a call and sends call.completed. It returns the call's id and
// the hook's webhook-id. The result takes its effect on the number or numbers,
// see [NumberStatus].
func (s *Server) Call(accountID string, contactID int64, call Call) (id int64, webhookID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(accountID)
	return s.record(a, a.agent(call.AgentID), a.mustContact(contactID), call)
}

// Calls returns the contact's calls, oldest first.
func (s *Server) Calls(accountID string, contactID int64) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.account(accountID).calls[contactID])
}

// record keeps a call and tells the service.
func (s *Server) record(a *account, who Agent, c *Contact, call Call) (id int64, webhookID string) {
	s.lastCall++
	call.ID, call.ContactID, call.AgentID = s.lastCall, c.ContactID, who.ID
	phones := c.phones()
	if call.Phone == "" && len(phones) > 0 {
		call.Phone = phones[0].Value
	}
	if call.PhoneType == 0 {
		call.PhoneType = MediaOther
		if i := slices.IndexFunc(phones, func(m Media) bool { return m.Value == call.Phone }); i >= 0 {
			call.PhoneType = phones[i].Type
		}
	}
	if call.Started.IsZero() {
		call.Started = s.cfg.Now().Add(-call.Duration)
	}
	a.calls[c.ContactID] = append(a.calls[c.ContactID], call)
	a.mark(c, call)
	return call.ID, s.tell(a, who, c, "call.completed", hookData{Call: a.callOut(call)})
}

// agent finds an agent by id; 0 is the owner.
func (a *account) agent(id int64) Agent {
	if id == 0 {
		return a.owner()
	}
	i := slices.IndexFunc(a.Agents, func(agent Agent) bool { return agent.ID == id })
	if i < 0 {
		panic(fmt.Sprintf("mojo sandbox: account %q has no agent %d", a.ID, id))
	}
	return a.Agents[i]
}

func (a *account) mustContact(id int64) *Contact {
	c := a.contacts[id]
	if c == nil {
		panic(fmt.Sprintf("mojo sandbox: account %q has no contact %d", a.ID, id))
	}
	return c
}
