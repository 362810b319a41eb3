package bridge_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	mojobox "addtomojo/sandbox/mojo"
	wisebox "addtomojo/sandbox/wiseagent"
)

// People edit on both sides while their contacts are pushed again and again, and Mojo also tells what the service itself wrote there.
// Nothing goes round: Wise Agent gets at most one write for each edit in Mojo, each note is on the other side once, and when the
// people rest, both sides do.
func TestAThousandEditsOnBothSidesComeToRest(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		const people = 20
		edits := full(1000, 5)
		w.hooked(mojobox.HookOptions{Echo: true})
		c := w.pushed(people)
		e := editing{town: w, customer: c, dice: rand.New(rand.NewPCG(11, 11)), group: w.mojo.AddGroup(account, "Again")}
		begun := w.writes()
		for n := range edits {
			e.edit(n)
			w.skew.Add(int64(10 * time.Minute / time.Duration(edits)))
			if n%(edits/8) == 0 {
				w.push(c.conn, e.group, c.ids...)
			}
		}
		e.rest()
		written, notes := w.writes()-begun, people+e.notes
		if written > e.inMojo || written < e.inMojo/2 {
			t.Errorf("%d edits in Mojo are %d writes into Wise Agent, want no more, and most of them", e.inMojo, written)
		}
		for range 2 {
			e.rest()
		}
		if more := w.writes() - begun - written; more != 0 {
			t.Errorf("while nobody edits, Wise Agent gets %d writes, want none", more)
		}
		if got := e.notesInMojo(); got != notes {
			t.Errorf("Mojo has %d notes, want the %d that people wrote", got, notes)
		}
		if l := w.ledger(c); l.NeedsYou > 0 {
			t.Errorf("ledger %+v, want none for a person", l)
		}
		t.Logf("%d edits in Mojo are %d writes into Wise Agent, by %d hooks", e.inMojo, written, w.ledger(c).Received)
	})
}

// hooked has Mojo send its hooks to the door by itself.
func (w *town) hooked(o mojobox.HookOptions) {
	w.mojo.SetHookSecrets(doorSecret)
	w.mojo.SetService(w.door().url)
	w.mojo.SetHookOptions(o)
	w.t.Cleanup(w.mojo.Close)
}

// writes is how often something of a contact was written into Wise Agent, but for Mojo's id.
func (w *town) writes() int {
	n := w.wise.Requests()
	return n["updateContact"] + n["addContactNote"] + n["updateContactNote"]
}

// editing are the people of both sides.
type editing struct {
	*town
	customer
	dice   *rand.Rand
	group  int64
	inMojo int // edits there, notes among them
	notes  int // that were written on either side
}

// edit is the n-th thing that somebody does.
func (e *editing) edit(n int) {
	i := e.dice.IntN(len(e.ids))
	phone, email := fmt.Sprintf("%d55501%02d", []int{416, 520, 602, 604, 905}[n/100%5], n%100), fmt.Sprintf("person%d.%d@example.com", i, n)
	switch e.dice.IntN(6) {
	case 0:
		e.wise.ChangeContact(kate, e.ids[i], func(c *wisebox.Contact) { c.MobilePhone = phone })
	case 1:
		e.wise.ChangeContact(kate, e.ids[i], func(c *wisebox.Contact) { c.First, c.Email = fmt.Sprint("Wise", n), email })
	case 2:
		e.wise.AddNote(kate, wisebox.Note{ClientID: e.ids[i], Subject: "Talked", Text: fmt.Sprintf("<p>Talk %d</p>", n), Date: e.Now()})
		e.notes++
	case 3:
		e.inMojo++
		e.town.mojo.Edit(account, e.customer.mojo[i], func(c *mojobox.Contact) { e.replace(c, mojobox.MediaMobile, phone) })
	case 4:
		e.inMojo++
		e.town.mojo.Edit(account, e.customer.mojo[i], func(c *mojobox.Contact) { e.replace(c, mojobox.MediaEmail, email) })
	default:
		e.inMojo++
		e.notes++
		e.town.mojo.AddNote(account, e.customer.mojo[i], fmt.Sprint("Thought ", n))
	}
}

// replace gives a contact in Mojo another value in place of the first of its kind.
func (e *editing) replace(c *mojobox.Contact, kind int, value string) {
	if at := slices.IndexFunc(c.Media, func(m mojobox.Media) bool { return m.Type == kind }); at >= 0 {
		c.Media[at].Value = value
	}
}

// rest pushes all once more, and waits until both sides have heard all.
func (e *editing) rest() {
	e.t.Helper()
	e.push(e.customer.conn, e.group, e.ids...)
	e.need(e.town.mojo.Flush(e.t.Context()))
	e.ended(e.customer, 0)
}

// notesInMojo counts the notes of all contacts.
func (e *editing) notesInMojo() (n int) {
	for _, c := range e.town.mojo.Contacts(account, e.group) {
		n += len(c.Notes)
	}
	return n
}
