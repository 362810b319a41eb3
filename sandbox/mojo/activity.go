package mojo

import (
	"fmt"
	"slices"
	"time"
)

// The kinds of activities, see Mojo's API, parts A5 and B5.
const (
	KindAppointment  = "appointment"
	KindToDo         = "todo"
	KindFollowUpCall = "follow_up_call"
)

// Activity is an appointment, a to-do or a follow-up call with a contact.
type Activity struct {
	ID        int64 // given by the server
	ContactID int64 // given by the server
	Revision  int64 // given by the server: 1, and one more with each change
	AgentID   int64 // whom it is assigned to; 0: the account's owner

	Kind        string // one of the Kind constants
	Title       string
	Description string
	Starts      time.Time // zero when it has no time of the day; then Date counts
	Date        string    // "2026-11-24", only when Starts is zero
	Ends        time.Time // zero for none
	Priority    string    // "low", "medium" or "high"; "" is medium
	Recurring   bool
	Completed   time.Time // zero until it is completed
}

// AddActivity adds an activity and sends event.created. It returns the
// activity's id and the hook's webhook-id.
func (s *Server) AddActivity(accountID string, contactID int64, act Activity) (id int64, webhookID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(accountID)
	return s.addActivity(a, a.agent(act.AgentID), a.mustContact(contactID), act)
}

// EditActivity changes an activity (moves it, say) and sends event.updated. It
// returns the hook's webhook-id, "" when nothing changed.
func (s *Server) EditActivity(accountID string, id int64, change func(*Activity)) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(accountID)
	act := a.mustActivity(id)
	edited := *act
	change(&edited)
	return s.editActivity(a, a.agent(edited.AgentID), act, edited)
}

// CompleteActivity completes an activity now and sends event.completed. It
// returns the hook's webhook-id, "" when it was completed before.
func (s *Server) CompleteActivity(accountID string, id int64) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(accountID)
	act := a.mustActivity(id)
	return s.completeActivity(a, a.agent(act.AgentID), act)
}

// DeleteActivity deletes an activity, sends event.deleted with its last state
// and returns the hook's webhook-id.
func (s *Server) DeleteActivity(accountID string, id int64) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(accountID)
	act := a.mustActivity(id)
	return s.deleteActivity(a, a.agent(act.AgentID), act)
}

// Activities returns the contact's activities in the order they were added.
func (s *Server) Activities(accountID string, contactID int64) []Activity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.account(accountID).activitiesOf(contactID)
}

func (s *Server) addActivity(a *account, who Agent, c *Contact, act Activity) (int64, string) {
	act.ID, act.ContactID, act.AgentID, act.Revision = s.newID(), c.ContactID, who.ID, 1
	if act.Priority == "" {
		act.Priority = "medium"
	}
	a.activities = append(a.activities, &act)
	return act.ID, s.tellActivity(a, who, &act, "event.created")
}

func (s *Server) editActivity(a *account, who Agent, act *Activity, edited Activity) string {
	edited.ID, edited.ContactID, edited.Revision = act.ID, act.ContactID, act.Revision
	if edited == *act {
		return ""
	}
	*act = edited
	act.Revision++
	return s.tellActivity(a, who, act, "event.updated")
}

func (s *Server) completeActivity(a *account, who Agent, act *Activity) string {
	if !act.Completed.IsZero() {
		return ""
	}
	act.Completed = s.cfg.Now().UTC().Truncate(time.Second)
	act.Revision++
	return s.tellActivity(a, who, act, "event.completed")
}

func (s *Server) deleteActivity(a *account, who Agent, act *Activity) string {
	a.activities = slices.DeleteFunc(a.activities, func(other *Activity) bool { return other == act })
	act.Revision++
	return s.tellActivity(a, who, act, "event.deleted")
}

func (s *Server) tellActivity(a *account, who Agent, act *Activity, kind string) string {
	return s.tell(a, who, a.contacts[act.ContactID], kind, hookData{Event: act.out(a.zone())})
}

// activity finds an activity, nil when there is none with that id.
func (a *account) activity(id int64) *Activity {
	i := slices.IndexFunc(a.activities, func(act *Activity) bool { return act.ID == id })
	if i < 0 {
		return nil
	}
	return a.activities[i]
}

func (a *account) mustActivity(id int64) *Activity {
	act := a.activity(id)
	if act == nil {
		panic(fmt.Sprintf("mojo sandbox: account %q has no activity %d", a.ID, id))
	}
	return act
}

func (a *account) activitiesOf(contactID int64) []Activity {
	var activities []Activity
	for _, act := range a.activities {
		if act.ContactID == contactID {
			activities = append(activities, *act)
		}
	}
	return activities
}

// zone is the zone of the account's wall clock.
func (a *account) zone() *time.Location {
	if a.Zone == nil {
		return time.FixedZone("MST", -7*60*60) // Arizona, which has no daylight-saving time
	}
	return a.Zone
}
