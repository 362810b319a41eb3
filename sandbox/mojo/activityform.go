package mojo

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// activityRow is an activity as pages show it.
type activityRow struct {
	Activity
	KindName string
	When     string // in the account's zone
}

func (a *account) activityRows(contactID int64) []activityRow {
	var rows []activityRow
	for _, act := range a.activitiesOf(contactID) {
		rows = append(rows, activityRow{act, kindName(act.Kind), act.when(a.zone())})
	}
	return rows
}

// kindName is a kind as pages show it.
func kindName(kind string) string {
	switch kind {
	case KindAppointment:
		return "Appointment"
	case KindToDo:
		return "To-do"
	case KindFollowUpCall:
		return "Follow-up call"
	}
	return kind
}

func (act *Activity) when(zone *time.Location) string {
	if !act.Starts.IsZero() {
		return act.Starts.In(zone).Format("Jan 2, 2006 3:04 PM MST")
	}
	day, err := time.Parse(time.DateOnly, act.Date)
	if err != nil {
		return act.Date
	}
	return day.Format("Jan 2, 2006") + ", no time"
}

// choice is an entry of a list to choose from.
type choice struct{ Value, Label string }

// activityForm is the page of one activity, with what was typed.
type activityForm struct {
	ContactID                  int64
	Name, Dialing              string
	ID                         int64 // 0 for a new one
	Kind, Title, Description   string
	Date, Time, Ends, Priority string
	Recurring, Completed       bool
	Problems                   []string
	Kinds, Priorities          []choice
	ZoneName                   string
}

func newActivityForm(r *http.Request, a *account, c Contact) activityForm {
	f := activityForm{ContactID: c.ContactID, Name: c.title(), Dialing: dialingOf(r), Kind: KindAppointment, Priority: "medium",
		Priorities: []choice{{"low", "Low"}, {"medium", "Medium"}, {"high", "High"}}, ZoneName: a.zone().String()}
	for _, kind := range []string{KindAppointment, KindToDo, KindFollowUpCall} {
		f.Kinds = append(f.Kinds, choice{kind, kindName(kind)})
	}
	return f
}

// show fills the form with an activity.
func (f *activityForm) show(act Activity, zone *time.Location) {
	f.ID, f.Kind, f.Title, f.Description = act.ID, act.Kind, act.Title, act.Description
	f.Date, f.Priority, f.Recurring, f.Completed = act.Date, act.Priority, act.Recurring, !act.Completed.IsZero()
	if !act.Starts.IsZero() {
		f.Date, f.Time = act.Starts.In(zone).Format(time.DateOnly), act.Starts.In(zone).Format("15:04")
	}
	if !act.Ends.IsZero() {
		f.Ends = act.Ends.In(zone).Format("15:04")
	}
}

// read takes over what was typed.
func (f *activityForm) read(r *http.Request) {
	get := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	f.Kind, f.Title, f.Description = get("kind"), get("title"), get("description")
	f.Date, f.Time, f.Ends, f.Priority = get("date"), get("time"), get("ends"), get("priority")
	f.Recurring = get("recurring") != ""
}

// fill changes an activity to what was typed and notes what can't be.
func (f *activityForm) fill(act *Activity, zone *time.Location) {
	act.Kind, act.Title, act.Description = f.Kind, f.Title, f.Description
	act.Priority, act.Recurring = f.Priority, f.Recurring
	act.Starts, act.Ends, act.Date = time.Time{}, time.Time{}, f.Date
	problem := func(text string) { f.Problems = append(f.Problems, text) }
	if !slices.ContainsFunc(f.Kinds, func(k choice) bool { return k.Value == f.Kind }) {
		problem("Choose a kind.")
	}
	if !slices.ContainsFunc(f.Priorities, func(p choice) bool { return p.Value == f.Priority }) {
		problem("Choose a priority.")
	}
	if f.Title == "" {
		problem("Give it a title.")
	}
	if _, err := time.Parse(time.DateOnly, f.Date); err != nil {
		problem("Choose a date.")
		return
	}
	switch {
	case f.Time == "" && f.Kind == KindAppointment:
		problem("An appointment needs a time.")
	case f.Time == "" && f.Ends != "":
		problem("Say when it starts, too.")
	case f.Time != "":
		f.fillTimes(act, zone, problem)
	}
}

func (f *activityForm) fillTimes(act *Activity, zone *time.Location, problem func(string)) {
	var err error
	const layout = time.DateOnly + " 15:04"
	if act.Starts, err = time.ParseInLocation(layout, f.Date+" "+f.Time, zone); err != nil {
		problem("Give the time as 14:30.")
	}
	act.Date = ""
	if f.Ends == "" {
		return
	}
	if act.Ends, err = time.ParseInLocation(layout, f.Date+" "+f.Ends, zone); err != nil || !act.Ends.After(act.Starts) {
		problem("It ends before it starts.")
	}
}

// newActivity serves GET /contacts/{contact_id}/activities/new/.
func (s *Server) newActivity(w http.ResponseWriter, r *http.Request, who session) {
	c, _, ok := s.find(r, who.account)
	if !ok {
		s.notFound(w, who, "There is no such contact in this account.")
		return
	}
	s.render(w, http.StatusOK, "activity", who, "Add an activity", newActivityForm(r, who.account, c))
}

// showActivity serves GET /contacts/{contact_id}/activities/{activity}/.
func (s *Server) showActivity(w http.ResponseWriter, r *http.Request, who session) {
	c, act, ok := s.findActivity(r, who.account)
	if !ok {
		s.notFound(w, who, "There is no such activity with this contact.")
		return
	}
	f := newActivityForm(r, who.account, c)
	f.show(act, who.account.zone())
	s.render(w, http.StatusOK, "activity", who, "Edit an activity", f)
}

// createActivity serves POST /contacts/{contact_id}/activities/new/.
func (s *Server) createActivity(w http.ResponseWriter, r *http.Request, who session) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	c, _, ok := s.find(r, who.account)
	if !ok {
		s.notFound(w, who, "There is no such contact in this account.")
		return
	}
	f := newActivityForm(r, who.account, c)
	f.read(r)
	var act Activity
	if f.fill(&act, who.account.zone()); len(f.Problems) > 0 {
		s.render(w, http.StatusUnprocessableEntity, "activity", who, "Add an activity", f)
		return
	}
	s.mu.Lock()
	s.addActivity(who.account, who.agent, &c, act)
	s.mu.Unlock()
	http.Redirect(w, r, contactPath(r, "saved"), http.StatusSeeOther)
}

// saveActivity serves POST /contacts/{contact_id}/activities/{activity}/.
func (s *Server) saveActivity(w http.ResponseWriter, r *http.Request, who session) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	c, act, ok := s.findActivity(r, who.account)
	if !ok {
		s.notFound(w, who, "There is no such activity with this contact.")
		return
	}
	f := newActivityForm(r, who.account, c)
	f.show(act, who.account.zone())
	f.read(r)
	if f.fill(&act, who.account.zone()); len(f.Problems) > 0 {
		s.render(w, http.StatusUnprocessableEntity, "activity", who, "Edit an activity", f)
		return
	}
	s.changeActivity(act.ID, who, func(stored *Activity) { s.editActivity(who.account, who.agent, stored, act) })
	http.Redirect(w, r, contactPath(r, "saved"), http.StatusSeeOther)
}

// activityButton serves the buttons Complete and Delete.
func (s *Server) activityButton(did string, press func(*account, Agent, *Activity) string) func(http.ResponseWriter, *http.Request, session) {
	return func(w http.ResponseWriter, r *http.Request, who session) {
		_, act, ok := s.findActivity(r, who.account)
		if !ok {
			s.notFound(w, who, "There is no such activity with this contact.")
			return
		}
		s.changeActivity(act.ID, who, func(stored *Activity) { press(who.account, who.agent, stored) })
		http.Redirect(w, r, contactPath(r, did), http.StatusSeeOther)
	}
}

// changeActivity changes an activity unless it was deleted meanwhile.
func (s *Server) changeActivity(id int64, who session, change func(*Activity)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if stored := who.account.activity(id); stored != nil {
		change(stored)
	}
}

// findActivity copies the contact and the activity that the address names.
func (s *Server) findActivity(r *http.Request, a *account) (Contact, Activity, bool) {
	c, _, ok := s.find(r, a)
	id, err := strconv.ParseInt(r.PathValue("activity"), 10, 64)
	if !ok || err != nil {
		return Contact{}, Activity{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	act := a.activity(id)
	if act == nil || act.ContactID != c.ContactID {
		return Contact{}, Activity{}, false
	}
	return c, *act, true
}
