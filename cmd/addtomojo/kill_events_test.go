package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	"addtomojo/store"
)

const (
	killedDialing = 30  // contacts that are called
	killedEvents  = 720 // calls, notes and activities with them
	killedTimes   = 3
)

// TestKillWhileEventsArrive kills the program (SIGKILL) at random points while hooks come in and are delivered, and starts it again.
// Whatever the point: each call, note and activity is in Wise Agent once, each contact's in order, and the ledger has all of them.
//
// CHAOS_ROUNDS and CHAOS_SEED as in TestKillInTheMiddleOfAPush.
func TestKillWhileEventsArrive(t *testing.T) {
	killings(t, func(k *killing, ctx context.Context) error {
		return k.events(ctx, killedTimes, killedEvents/killedTimes, k.killAmongWrites)
	})
}

// events interrupts the program so many times, each time among what has just happened in Mojo.
func (k *killing) events(ctx context.Context, times, each int, interrupt func(context.Context, int) error) error {
	defer k.kill()
	if err := k.start(ctx); err != nil {
		return err
	}
	called := k.ids[:killedDialing]
	key, err := k.push(ctx, called)
	if err != nil {
		return err
	}
	if err := k.until(ctx, "/push/"+key, store.PushDone); err != nil {
		return err
	}
	if err := k.ended(ctx, key, killedDialing, store.ContactAdded); err != nil {
		return err
	}
	// Half of the calls that a kill meets have had their effect.
	k.faults.wise.Add(fault.Rule{Endpoint: fault.Any, Kind: fault.Latency, Delay: 10 * time.Millisecond})
	k.faults.wise.Add(fault.Rule{Endpoint: fault.Any, Kind: fault.Late, Delay: 10 * time.Millisecond})
	want := make(map[string]*told)
	for part := range times {
		if err := k.happen(part*each, (part+1)*each, want); err != nil {
			return err
		}
		if err := interrupt(ctx, each); err != nil {
			return err
		}
	}
	conn, err := k.db.ConnectionByEmail(ctx, sampleEmail)
	if err != nil {
		return err
	}
	var l store.Ledger
	done := eventually(ctx, "all is written", func() bool {
		l, err = k.db.Ledger(ctx, conn.ID)
		return err == nil && l.Received == times*each && l.Waiting == 0
	})
	if err := errors.Join(done, err); err != nil || l.Written != times*each {
		return fmt.Errorf("%w; the ledger is %+v, want all %d written", err, l, times*each)
	}
	return k.same(want)
}

// told is what must be in Wise Agent of a contact.
type told struct {
	notes  []string // their last lines, in order
	titles []string // of the Call List, sorted
}

// happen lets calls, notes and activities happen in Mojo, the contacts in turn, and adds to want what must become of them, by ClientID.
func (k *killing) happen(from, to int, want map[string]*told) error {
	inMojo := make(map[string]int64)
	for _, c := range k.mojo.Contacts(ruiz, k.group) {
		inMojo[strings.TrimPrefix(c.APIContactID, "wa-")] = c.ContactID
	}
	for n := from; n < to; n++ {
		id := k.ids[n%killedDialing]
		if inMojo[id] == 0 {
			return fmt.Errorf("contact %s is not in the group in Mojo: %d are", id, len(inMojo))
		}
		if want[id] == nil {
			want[id] = &told{}
		}
		switch w := want[id]; n / killedDialing % 4 {
		case 1:
			note, _ := k.mojo.AddNote(ruiz, inMojo[id], fmt.Sprintf("Note %d", n))
			w.notes = append(w.notes, fmt.Sprintf("Mojo note #%d", note))
		case 3:
			title := fmt.Sprintf("Activity %d", n)
			k.mojo.AddActivity(ruiz, inMojo[id], mojobox.Activity{Kind: mojobox.KindAppointment, Title: title, Starts: time.Now().Add(24 * time.Hour)})
			w.titles = append(w.titles, title)
		default:
			call, _ := k.mojo.Call(ruiz, inMojo[id], mojobox.Call{Result: "contact", Duration: time.Minute, Notes: fmt.Sprintf("Call %d", n)})
			w.notes = append(w.notes, fmt.Sprintf("Mojo call #%d", call))
		}
	}
	return nil
}

// killAmongWrites kills the program up to 30 ms after one of the writes that are still to come, and starts it again.
func (k *killing) killAmongWrites(ctx context.Context, each int) error {
	if err := k.amongWrites(ctx, each); err != nil {
		return err
	}
	k.kill()
	return k.start(ctx)
}

// amongWrites waits until up to 30 ms after one of so many writes that are still to come.
func (k *killing) amongWrites(ctx context.Context, each int) error {
	writes := func() int { n := k.wise.Requests(); return n["addContactNote"] + n["POST calls"] }
	before := writes()
	more, wait := k.dice.IntN(each), time.Duration(k.dice.IntN(30_000))*time.Microsecond
	for limit := time.Now().Add(20 * time.Second); writes() < before+more && time.Now().Before(limit); {
		if err := pause(ctx, time.Millisecond/2); err != nil {
			return err
		}
	}
	k.story = append(k.story, fmt.Sprintf("%v after write %d, with %d hooks still at Mojo", wait, before+more, k.mojo.HookCounts().Waiting))
	return pause(ctx, wait)
}

// same checks that Wise Agent has what was told, once.
func (k *killing) same(want map[string]*told) error {
	var wrong []error
	for id, w := range want {
		var got told
		for _, n := range slices.Backward(k.wise.Notes(sampleEmail, id)) { // the newest comes first
			if mark := n.Text[strings.LastIndexByte(n.Text, '\n')+1:]; strings.HasPrefix(mark, "Mojo ") {
				got.notes = append(got.notes, mark)
			}
		}
		for _, c := range k.wise.CallList(sampleEmail, id) {
			got.titles = append(got.titles, c.Reason)
		}
		slices.Sort(got.titles)
		slices.Sort(w.titles)
		if !slices.Equal(got.notes, w.notes) {
			wrong = append(wrong, fmt.Errorf("contact %s has the notes\n%q, want\n%q", id, got.notes, w.notes))
		}
		if !slices.Equal(got.titles, w.titles) {
			wrong = append(wrong, fmt.Errorf("contact %s has in the Call List\n%q, want\n%q", id, got.titles, w.titles))
		}
	}
	return errors.Join(wrong...)
}
