package wiseagent

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"addtomojo/sandbox/people"
)

// Load on an account, from the page /sandbox/load: many contacts, so that a push is large, and edits such as colleagues make while
// a push or deliveries run.

// The bounds of a load.
const (
	mostAdded     = 5_000  // contacts at once, as many as a launch may carry
	mostContacts  = 15_000 // in an account: so long nobody's number is another one's
	mostPerMinute = 6_000
	mostSeconds   = 900
	mostEdits     = 20_000

	grace = time.Second // for a busy machine, after the time for edits
)

// inventedSeed gives the list of people that loads continue; the sample people of the sandbox are its beginning.
const inventedSeed = 1

// invent gives the next people of the list.
func (a *account) invent(n int) []people.Person {
	from := a.invented
	a.invented += n
	return people.Make(a.invented, inventedSeed)[from:]
}

// addInvented adds contacts to an account, or says why it doesn't.
func (s *Server) addInvented(a *account, n int) (problem string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch room := mostContacts - len(a.order); {
	case room <= 0:
		return fmt.Sprintf("The account has %d contacts and takes no more.", len(a.order))
	case n > room:
		return fmt.Sprintf("The account has %d contacts and takes %d more.", len(a.order), room)
	}
	s.addPeople(a, a.invent(n))
	return ""
}

// edits says which edits are to be made.
type edits struct {
	PerMinute, Seconds int
	Query              string // of contacts that the list finds by it; "" is all contacts
}

// count is how many edits that is.
func (e edits) count() int { return (e.PerMinute*e.Seconds + 59) / 60 }

// editing are the edits that are being made in an account, or the last ones.
type editing struct {
	planned, made int
	until         time.Time // they end then at the latest
	over, stopped bool
	stop          context.CancelFunc
}

// startEdits begins to make edits in an account, or says why it doesn't, and which field of the form is to blame. They end by
// themselves, by stopEdits and by Close.
func (s *Server) startEdits(a *account, e edits) (problem, field string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life.Err() != nil {
		return "The sandbox is ending.", ""
	}
	if a.editing != nil && !a.editing.over {
		return "Edits are being made already. Stop them first.", ""
	}
	found := a.found(e.Query)
	switch {
	case len(a.order) == 0:
		return "The account has no contacts to edit. Add some first.", ""
	case len(found) == 0:
		return "No contact is found by this. Try another name, city or category, or leave it empty.", "q"
	}
	ctx, stop := context.WithCancel(s.life)
	run := &editing{planned: e.count(), until: time.Now().Add(time.Duration(e.Seconds)*time.Second + grace), stop: stop}
	a.editing = run
	models := a.models(run.planned)
	s.running.Go(func() {
		defer stop()
		s.makeEdits(ctx, time.Minute/time.Duration(e.PerMinute), run, func(i int) {
			if c := a.contacts[found[rand.IntN(len(found))]]; c != nil {
				s.edit(a, c, i, models[i%len(models)])
				run.made++
			}
		})
	})
	return "", ""
}

// found gives the ids of the contacts that the query finds.
func (a *account) found(query string) (ids []int) {
	for _, c := range a.order {
		if c.matches(query) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// models invents people from whom edits take what they write, all of them with everything that is needed.
func (a *account) models(edits int) []people.Person {
	var complete []people.Person
	for _, p := range a.invent(min(max(edits, 50), 1000)) {
		if p.First != "" && p.MobilePhone != "" && p.Email != "" && p.City != "" && len(p.Notes) > 0 {
			complete = append(complete, p)
		}
	}
	return complete
}

// makeEdits makes one edit after the other at the pace, with the lock held. What a busy machine was too late for is caught up with.
func (s *Server) makeEdits(ctx context.Context, pace time.Duration, run *editing, edit func(i int)) {
	began := time.Now()
	for i := range run.planned {
		if !pause(ctx, time.Until(began.Add(time.Duration(i)*pace))) || !s.whileUnderWay(run, func() { edit(i) }) {
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	run.over = true
}

// whileUnderWay does something with the lock held, unless the edits were stopped or their time is over.
func (s *Server) whileUnderWay(run *editing, do func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if run.over || time.Now().After(run.until) {
		return false
	}
	do()
	return true
}

// stopEdits ends the edits of an account: none is made after it.
func (s *Server) stopEdits(a *account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if run := a.editing; run != nil && !run.over {
		run.over, run.stopped = true, true
		run.stop()
	}
}

// Close ends what the stand-in does by itself, and waits for it. It still answers afterwards.
func (s *Server) Close() {
	s.mu.Lock()
	s.endLife()
	s.mu.Unlock()
	s.running.Wait()
}

// edit is what a colleague does to a contact, one thing after the other in turn; the contact gets something of the model's. The lock
// is held.
func (s *Server) edit(a *account, c *Contact, turn int, model people.Person) {
	switch turn % 8 {
	case 0:
		c.MobilePhone = model.MobilePhone
	case 1:
		c.Email = model.Email
	case 2:
		n := model.Notes[0]
		s.addNote(a, Note{ClientID: itoa(c.ID), Subject: n.Subject, Text: n.Text})
	case 3:
		c.HomePhone = model.MobilePhone
	case 4:
		c.AddressNumber, c.AddressStreet, c.SuiteNo = model.AddressNumber, model.AddressStreet, model.SuiteNo
		c.City, c.State, c.Zip = model.City, model.State, model.Zip
	case 5:
		c.Status = model.Status
	case 6:
		c.WorkPhone = model.MobilePhone
	case 7:
		c.rename(model)
	}
	c.Updated = s.cfg.Now()
}

// rename gives a person another last name, a company another name.
func (c *Contact) rename(model people.Person) {
	if c.First != "" || c.Company == "" {
		c.Last = model.Last
		return
	}
	c.Company = model.Last + " & Partners"
}

// pause waits, and says whether it waited to the end.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
