package bridge_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	wisebox "addtomojo/sandbox/wiseagent"
	"addtomojo/store"
)

// marked is a contact of whom nothing may be in the log.
var marked = wisebox.Contact{
	First: "Zanzibar\r\nlevel=ERROR", Last: "Quagga", Email: "zanzibar@example.com", MobilePhone: "(520) 555-0177", HomePhone: "520-555-0178 ask for Okapi",
	AddressNumber: "77", AddressStreet: "Marula Rd", City: "Tucson", State: "AZ", Zip: "85701",
}

// never are words of the marked contact, of what is told of it, and secrets.
var never = []string{
	"zanzibar", "quagga", "okapi", "marula", "ibex", "kudu", "gnu", "tapir", "5550177", "555-0177", "5550178", "555-0178", "5550179", "555-0179",
	"kate@", "moreno", "ruiz", "dana", password, "482913", "wise-secret", "mojo-secret", doorSecret, "bearer",
}

// toldOf is each kind of event about a contact, with marked words in it.
func toldOf(n int) map[string]string {
	call := func(result string) string {
		return fmt.Sprintf(`,"call":{"id":%d,"result":%q,"phone":"5205550177","phone_type":2,"started_at":"2026-11-22T17:01:40Z","duration_seconds":91,
			"group":{"group_id":12,"name":"Tapir"},"notes":"Kudu","recording_url":"https://mojo.example.com/gnu"}`, 10*n+len(result), result)
	}
	plan := func(revision int) string {
		return fmt.Sprintf(`,"event":{"id":%d,"revision":%d,"kind":"appointment","title":"Ibex","description":"Kudu","starts_at":"2026-12-01T17:00:00Z"}`, n, revision)
	}
	note := fmt.Sprintf(`,"note":{"id":%d,"contents":"Kudu","created_at":"2026-11-22T17:03:11Z"}`, n)
	return map[string]string{
		"call.completed": call("contact"), "call.completed dnc": call("dnc_contact"), "call.completed odd": call("gnu"),
		"note.created": note, "note.updated": note,
		"event.created": plan(1), "event.updated": plan(2), "event.completed": plan(3), "event.deleted": plan(4),
		"contact.updated": fmt.Sprintf(`,"revision":%d,"changes":[{"field":"phone","old":null,"new":{"type":3,"value":"5205550179"}},
			{"field":"email","old":"zanzibar@example.com","new":"tapir%d@example.com"},{"field":"full_name","old":"Zanzibar Quagga","new":"Zanzibar Gnu"}]`, n+1, n),
		"moon.full": `,"moon":"Gnu"`, "call.completed unreadable": `,"call":"Gnu"`,
	}
}

// Whatever happens to a contact, and however Wise Agent answers, the log says nothing of it, no secret, and no line of somebody's own.
func TestTheLogHoldsNobodyAndNoSecret(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		kinds := slices.Sorted(maps.Keys(toldOf(0)))
		ids := make([]string, len(kinds)) // a contact for each: what waits holds up the contact
		for i := range ids {
			ids[i] = w.wise.AddContact(kate, marked)
			w.wise.AddNote(kate, wisebox.Note{ClientID: ids[i], Subject: "Gnu", Text: "Kudu", Date: w.Now()})
		}
		tokens := w.tokensOf(conn)
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.ServerError, Times: 1})
		w.push(conn, w.mojo.AddGroup(account, "Tapir"), ids...)
		answers := []string{
			"", `{"Error":"Zanzibar Quagga 5205550177"}`, `[{"success":"false","error":"zanzibar@example.com"}]`, `<html>Zanzibar Quagga</html>`,
			`{"NoteID":"Quagga","ClientID":"Zanzibar","success":["Kudu"]}`, `{"success":"tr`, `[]`,
		}
		requests := []string{
			"addContactNote", "updateContactNote", "getContactNotes", "getSingleContact", "updateContact", "calls", "getTeam", "addContactsToCategory",
			"webcontact", "addClientCustom",
		}
		for n, answer := range answers {
			for _, request := range requests {
				if answer != "" {
					w.instead.Store(request, answer)
				}
			}
			for i, name := range kinds {
				kind, _, _ := strings.Cut(name, " ")
				w.tell(store.NewID(), w.hook(kind, w.who(ids[i]), toldOf(n)[name]))
			}
			w.tell(store.NewID(), w.hook("call.completed", `{"contact_id":5550177,"full_name":"Zanzibar"}`, toldOf(n)["call.completed"]))
			w.send(9000 + n)
			w.stir(conn)
			w.instead.Clear()
			w.ended(customer{conn: conn}, 10*time.Second)
		}
		lines := w.logged.lines.String()
		for _, word := range append(slices.Clone(never), tokens...) {
			if at := strings.Index(strings.ToLower(lines), strings.ToLower(word)); at >= 0 {
				t.Errorf("the log has %q: …%s…", word, lines[max(0, at-150):min(len(lines), at+50)])
			}
		}
		for line := range strings.Lines(lines) {
			if !strings.HasPrefix(line, "time=") {
				t.Errorf("the log has the line %q", line)
			}
		}
		if n := strings.Count(lines, "delivery waits"); n < 10 {
			t.Errorf("the log tells of %d deliveries that wait, want some: else nothing is tested", n)
		}
	})
}

// tokensOf are a connection's tokens.
func (w *town) tokensOf(conn store.Connection) (tokens []string) {
	w.t.Helper()
	for _, side := range []store.Side{store.Wise, store.Mojo} {
		t, err := w.Store.Tokens(w.t.Context(), conn.ID, side)
		w.need(err)
		tokens = append(tokens, t.Token.AccessToken, t.Token.RefreshToken)
	}
	return tokens
}

// send sends a marked contact from Mojo, and leaves before Wise Agent has answered.
func (w *town) send(contactID int) {
	ctx, leave := context.WithTimeout(w.t.Context(), 200*time.Millisecond)
	defer leave()
	contact := fmt.Sprintf(`{"contact_id":%d,"full_name":"Zanzibar Gnu","mediainfo_set":[{"type":2,"value":"5205550178"}]}`, contactID)
	if _, err := w.SendToWise(ctx, account, []json.RawMessage{json.RawMessage(contact)}, nil); err != nil && ctx.Err() == nil {
		w.t.Error(err)
	}
}

// stir has the first event that waits of each contact tried.
func (w *town) stir(conn store.Connection) {
	w.t.Helper()
	w.eventually("each was tried", func() bool {
		waiting, err := w.Store.Events(w.t.Context(), conn.ID, store.EventFilter{State: store.EventWaiting, Limit: 1000})
		w.need(err)
		if slices.ContainsFunc(waiting, func(e store.Event) bool { return e.Attempts == 0 }) {
			w.pass(customer{conn: conn}, 5*time.Second) // Wise Agent is down for most of them: one is tried now and then
			return false
		}
		return true
	})
}
