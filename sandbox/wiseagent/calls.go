package wiseagent

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The requests about the Call List (Wise Agent API, section 3.5).

// callWire is an entry of the Call List in an answer. All of it is text.
type callWire struct {
	CallID          string `json:"CallId"`
	Completed       string `json:"Completed"`
	FlagImportant   string `json:"FlagImportant"`
	Reason          string `json:"Reason"`
	AssignedTo      string `json:"AssignedTo"`
	InsideTeamID    string `json:"InsideTeamId"`
	DateAdded       string `json:"DateAdded"` // UTC, and says so
	NextContactDate string `json:"NextContactDate"`
	ClientID        string `json:"ClientId"`
	CallType        string `json:"CallType"`
}

// getCalls gives the entry of callId or those of clientId; there is no way to ask for all.
func getCalls(r request) any {
	type wire struct {
		Data []callWire `json:"Data"`
	}
	if r.get("callId") == "" && r.get("clientId") == "" {
		return failure{Message: "callId or clientId is missing"}
	}
	found := r.callsAsked()
	if r.yes("orderByNextContactDate") {
		slices.SortStableFunc(found, func(a, b *Call) int { return b.Next.Compare(a.Next) })
	}
	all := []callWire{}
	for _, c := range page(r.params, found, 100, false) {
		all = append(all, r.wireCall(c))
	}
	return wire{all}
}

// callsAsked gives the entries of a request.
func (r request) callsAsked() []*Call {
	if id := r.get("callId"); id != "" {
		if c := r.call(id); c != nil {
			return []*Call{c}
		}
		return nil
	}
	known, ok := r.account.known(r.get("clientId"))
	if !ok {
		return nil
	}
	return r.account.callsOf(known)
}

// call finds an entry by its id.
func (r request) call(id string) *Call {
	for _, c := range r.account.calls {
		if c.ID == atoi(id) {
			return c
		}
	}
	return nil
}

func (r request) wireCall(c *Call) callWire {
	m, _ := r.account.member(c.InsideTeamID)
	next := ""
	if !c.Next.IsZero() {
		next = usDate(c.Next)
	}
	return callWire{
		CallID: itoa(c.ID), Completed: strconv.FormatBool(c.Completed), FlagImportant: strconv.FormatBool(c.Important), Reason: c.Reason,
		AssignedTo: m.Name, InsideTeamID: itoa(c.InsideTeamID), DateAdded: usDate(c.Added.UTC()) + " UTC",
		NextContactDate: next, ClientID: c.ClientID, CallType: c.Type,
	}
}

func addCall(r request) any {
	id, ok := r.account.known(r.get("ClientId"))
	if !ok {
		return failure{Message: "ClientId was not found"}
	}
	c := Call{ClientID: id, Added: r.cfg.Now()}
	if problem := r.fillCall(&c); problem != "" {
		return failure{Message: problem}
	}
	c.ID = r.next("call")
	r.account.calls = append(r.account.calls, &c)
	return callDone(c.ID)
}

func changeCall(r request) any {
	c := r.call(r.get("CallId"))
	if c == nil {
		return failure{Message: "CallId was not found"}
	}
	changed := *c
	if problem := r.fillCall(&changed); problem != "" {
		return failure{Message: problem}
	}
	*c = changed
	return callDone(c.ID)
}

func removeCall(r request) any {
	c := r.call(r.get("CallId"))
	if c == nil {
		return failure{Message: "CallId was not found"}
	}
	r.account.calls = slices.DeleteFunc(r.account.calls, func(other *Call) bool { return other == c })
	return done()
}

// callDone is the answer to a written entry.
func callDone(id int) any {
	return struct {
		Success bool `json:"success"`
		ID      int  `json:"id"`
	}{true, id}
}

// fillCall takes over the fields that were sent, or tells what is wrong with them.
func (r request) fillCall(c *Call) (problem string) {
	if utf8.RuneCountInString(r.get("Reason")) > 100 {
		return "Reason may have 100 characters"
	}
	if value := r.get("NextContactDate"); value != "" {
		t, ok := parseTime(value, arizona())
		if !ok {
			return "NextContactDate is not a date"
		}
		c.Next = t
	}
	if problem := r.assignCall(c); problem != "" {
		return problem
	}
	if r.sent("CallType") {
		c.Type = r.get("CallType")
	}
	if r.sent("Reason") {
		c.Reason = r.get("Reason")
	}
	if r.sent("FlagImportant") {
		c.Important = r.yes("FlagImportant")
	}
	if r.sent("Completed") {
		r.complete(c)
	}
	return ""
}

// assignCall gives the entry to a team member by id or by name.
func (r request) assignCall(c *Call) (problem string) {
	if id := r.get("InsideTeamId"); id != "" && id != "0" {
		m, ok := r.account.member(atoi(id))
		if !ok {
			return "InsideTeamId was not found"
		}
		c.InsideTeamID = m.ID
	}
	if name := r.get("AssignedTo"); name != "" {
		i := slices.IndexFunc(r.account.user.Team, func(m Member) bool { return strings.EqualFold(m.Name, name) })
		if i < 0 {
			return "AssignedTo was not found"
		}
		c.InsideTeamID = r.account.user.Team[i].ID
	}
	return ""
}

// complete marks the entry as done or open, at DateCompleted or now.
func (r request) complete(c *Call) {
	c.Completed = r.yes("Completed")
	c.CompletedAt = time.Time{}
	if !c.Completed {
		return
	}
	c.CompletedAt = r.cfg.Now()
	if t, ok := parseTime(r.get("DateCompleted"), time.UTC); ok {
		c.CompletedAt = t
	}
}
