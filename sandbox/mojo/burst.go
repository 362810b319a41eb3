package mojo

import (
	"fmt"
	"slices"
	"time"
)

// Burst records n calls at once, over the contacts of an account in turn and
// with every result in turn, and returns the webhook-ids in order. It is the
// load generator; calls are told apart by their ids and notes. It panics when
// the account has no contacts.
func (s *Server) Burst(accountID string, n int) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(accountID)
	ids := make([]int64, 0, len(a.contacts))
	for id := range a.contacts {
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		panic(fmt.Sprintf("mojo sandbox: account %q has nobody to call", accountID))
	}
	slices.Sort(ids)
	results, webhookIDs := Results(), make([]string, n)
	for i := range n {
		c := a.contacts[ids[i%len(ids)]]
		_, webhookIDs[i] = s.record(a, a.owner(), c, Call{
			Result: results[i%len(results)].Slug, Duration: time.Duration(10+i%120) * time.Second,
			Notes: fmt.Sprintf("Call %d of %d", i+1, n),
		})
	}
	return webhookIDs
}
