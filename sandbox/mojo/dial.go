package mojo

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// dialing is a session in which an agent calls the contacts of a group, one
// after the other. Server.mu guards it.
type dialing struct {
	id      int64
	account *account
	agent   Agent
	group   Group // as it was at the start
	queue   []int64
	at      int // index in queue of the contact in front of the agent

	phone   string // the number that is being called, "" for none
	started time.Time
	tried   []string // numbers of this contact that were called in this round
	calls   []Call
}

// ended says whether everybody was called, or the agent ended the session.
func (d *dialing) ended() bool { return d.at >= len(d.queue) }

// contact is who is in front of the agent, nil when the session has ended.
func (d *dialing) contact() *Contact {
	if d.ended() {
		return nil
	}
	return d.account.contacts[d.queue[d.at]]
}

// dial starts a call, unless the number must not be called.
func (d *dialing) dial(number string, now time.Time) bool {
	c := d.contact()
	if c == nil || d.phone != "" || d.account.numbers[number] != NumberNormal ||
		!slices.ContainsFunc(c.phones(), func(m Media) bool { return m.Value == number }) {
		return false
	}
	d.phone, d.started = number, now
	return true
}

// best is the number to call next, "" when there is none left.
func (d *dialing) best() string {
	c := d.contact()
	if c == nil {
		return ""
	}
	for _, m := range c.phones() {
		if d.account.numbers[m.Value] == NumberNormal && !slices.Contains(d.tried, m.Value) {
			return m.Value
		}
	}
	return ""
}

// move goes on to the next contact, or to the end.
func (d *dialing) move(to int) {
	d.at, d.phone, d.tried = to, "", nil
}

// hangUp ends the call that runs, if one does, with a result.
func (s *Server) hangUp(d *dialing, result, notes string) bool {
	c := d.contact()
	if c == nil || d.phone == "" {
		return false
	}
	call := Call{Result: result, Phone: d.phone, Started: d.started, Notes: notes, SessionID: d.id, GroupID: d.group.ID,
		Duration: s.cfg.Now().Sub(d.started).Truncate(time.Second)}
	s.record(d.account, d.agent, c, call)
	of := d.account.calls[c.ContactID]
	d.calls = append(d.calls, of[len(of)-1])
	d.tried = append(d.tried, d.phone)
	d.phone = ""
	return true
}

// showDialStart serves GET /dial/?group_id=: what the session would be.
func (s *Server) showDialStart(w http.ResponseWriter, r *http.Request, who session) {
	s.mu.Lock()
	g := who.account.group(groupID(r))
	var v startView
	if g != nil {
		v.Group = g.out()
		for _, c := range who.account.members(g) {
			if c.reachable(who.account) {
				v.Reachable++
			}
		}
	}
	s.mu.Unlock()
	if g == nil {
		s.notFound(w, who, "This account has no such group to dial.")
		return
	}
	s.render(w, http.StatusOK, "dialstart", who, "Dial "+v.Group.Name, v)
}

// startView is what the page before a session shows.
type startView struct {
	Group     Group
	Reachable int // contacts with a number that may be called
}

// reachable says whether any number of the contact may be called.
func (c *Contact) reachable(a *account) bool {
	return slices.ContainsFunc(c.phones(), func(m Media) bool { return a.numbers[m.Value] == NumberNormal })
}

// startDialing serves POST /dial/?group_id=.
func (s *Server) startDialing(w http.ResponseWriter, r *http.Request, who session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := who.account.group(groupID(r))
	if g == nil || len(g.members) == 0 {
		s.notFound(w, who, "There is nobody to dial in this group.")
		return
	}
	s.lastDialing++
	d := &dialing{id: s.lastDialing, account: who.account, agent: who.agent, group: g.out(), queue: slices.Clone(g.members)}
	s.dialings[d.id] = d
	http.Redirect(w, r, d.path(), http.StatusSeeOther)
}

func (d *dialing) path() string { return fmt.Sprintf("/dial/%d/", d.id) }

// dialing finds the session that the address names. Server.mu must be held.
func (s *Server) dialing(id string, who session) *dialing {
	n, err := strconv.ParseInt(id, 10, 64)
	d := s.dialings[n]
	if err != nil || d == nil || d.account != who.account {
		return nil
	}
	return d
}

// showDialing serves GET /dial/{session}/.
func (s *Server) showDialing(w http.ResponseWriter, r *http.Request, who session) {
	s.mu.Lock()
	d := s.dialing(r.PathValue("session"), who)
	var v dialView
	if d != nil {
		v = d.view()
	}
	s.mu.Unlock()
	switch {
	case d == nil:
		s.notFound(w, who, "There is no such dialing session in this account.")
	case v.Ended:
		s.render(w, http.StatusOK, "dialend", who, "Session ended", v)
	default:
		s.render(w, http.StatusOK, "dial", who, v.Name, v)
	}
}

// dialStep serves the buttons of a session: they change it and show it again. A
// button of a page that is out of date changes nothing.
func (s *Server) dialStep(step func(d *dialing, r *http.Request)) func(http.ResponseWriter, *http.Request, session) {
	return func(w http.ResponseWriter, r *http.Request, who session) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		if err := r.ParseForm(); err != nil {
			http.Error(w, "Bad Request (400)", http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		d := s.dialing(r.PathValue("session"), who)
		if d == nil {
			s.notFound(w, who, "There is no such dialing session in this account.")
			return
		}
		if r.PostForm.Get("contact") == d.contactID() {
			step(d, r)
		}
		http.Redirect(w, r, d.path(), http.StatusSeeOther)
	}
}

// contactID is the id of the contact in front of the agent, as forms carry it.
func (d *dialing) contactID() string {
	if d.ended() {
		return ""
	}
	return strconv.FormatInt(d.queue[d.at], 10)
}

// dialNumber is the step of the button Dial.
func (s *Server) dialNumber(d *dialing, r *http.Request) {
	d.dial(r.PostForm.Get("phone"), s.cfg.Now())
}

// setResult is the step of a result's button. Next Record and Next Number do
// what they say.
func (s *Server) setResult(d *dialing, r *http.Request) {
	result := r.PostForm.Get("result")
	if resultName(result) == result || !s.hangUp(d, result, strings.TrimSpace(r.PostForm.Get("notes"))) {
		return
	}
	switch result {
	case resultNextRecord:
		d.move(d.at + 1)
	case resultNextNumber, resultSkipped:
		if next := d.best(); next != "" {
			d.dial(next, s.cfg.Now())
		}
	}
}

// nextContact is the step of the button Next contact.
func (s *Server) nextContact(d *dialing, r *http.Request) {
	s.hangUp(d, resultIncomplete, strings.TrimSpace(r.PostForm.Get("notes")))
	d.move(d.at + 1)
}

// endDialing is the step of the button End session.
func (s *Server) endDialing(d *dialing, r *http.Request) {
	s.hangUp(d, resultIncomplete, strings.TrimSpace(r.PostForm.Get("notes")))
	d.move(len(d.queue))
}

// dialView is what a session shows.
type dialView struct {
	ID     int64
	Group  Group
	Ended  bool
	Calls  []callRow // of the session, oldest first
	Counts []resultCount

	row
	Name       string
	Number     int // of the contact in the queue, from 1
	Total      int
	Best       string // the number to call next, "" when none is left
	OnCall     *labelled
	Since      time.Time
	User       []Result // that the agent sets
	System     []Result // that Mojo sets by itself
	Last       *callRow // the call before
	Activities []activityRow
}

// resultCount is how often a result was set.
type resultCount struct {
	Name  string
	Count int
}

func (d *dialing) view() dialView {
	v := dialView{ID: d.id, Group: d.group, Ended: d.ended(), Total: len(d.queue), Number: d.at + 1, Counts: d.counts()}
	for _, call := range d.calls {
		v.Calls = append(v.Calls, d.account.callRow(call))
	}
	if v.Ended {
		return v
	}
	c := d.contact().clone()
	v.row, v.Name, v.Best = d.account.row(c), c.title(), d.best()
	v.Notes = c.newestFirst(d.account.zone())
	v.Activities = d.account.activityRows(c.ContactID)
	if len(v.Calls) > 0 {
		v.Last = &v.Calls[len(v.Calls)-1]
	}
	if i := slices.IndexFunc(v.Phones, func(p labelled) bool { return p.Value == d.phone }); i >= 0 {
		v.OnCall, v.Since = &v.Phones[i], d.started.In(d.account.zone())
	}
	for _, result := range Results() {
		if result.BySystem {
			v.System = append(v.System, result)
		} else {
			v.User = append(v.User, result)
		}
	}
	return v
}

// counts are the results of the session in the order of [Results].
func (d *dialing) counts() []resultCount {
	var counts []resultCount
	for _, result := range Results() {
		n := 0
		for _, call := range d.calls {
			if call.Result == result.Slug {
				n++
			}
		}
		if n > 0 {
			counts = append(counts, resultCount{result.Name, n})
		}
	}
	return counts
}

// callRow is a call as pages show it.
type callRow struct {
	Call
	Who, Agent string // the contact and the agent
	ResultName string
	Label      string    // type of the number
	When       time.Time // in the account's zone
	Took       string
}

func (a *account) callRow(call Call) callRow {
	r := callRow{Call: call, ResultName: resultName(call.Result), Label: mediaLabel(call.PhoneType),
		When: call.Started.In(a.zone()), Took: took(call.Duration), Agent: a.agent(call.AgentID).Name}
	if c := a.contacts[call.ContactID]; c != nil {
		r.Who = c.title()
	}
	return r
}

// took writes how long a call was.
func took(d time.Duration) string {
	seconds := int(d.Seconds())
	if seconds < 60 {
		return fmt.Sprintf("%d s", seconds)
	}
	return fmt.Sprintf("%d min %d s", seconds/60, seconds%60)
}
