package mojo_test

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"addtomojo/sandbox/fault"
	"addtomojo/sandbox/mojo"
)

const (
	createPath = "/api/contacts/bulk_create/"
	updatePath = "/api/contacts/bulk_update/"
	busy       = `{"errors":["Previous request was not finished or was interrupted."],"result":null}`
)

// person is a contact on the wire with nothing but what is required.
func person(id string, group int64) string {
	return fmt.Sprintf(`{"api_contact_id":%q,"full_name":"Ann Lee","contactgroup_set":[{"group_id":%d}]}`, id, group)
}

func batch(contacts ...string) string { return "[" + strings.Join(contacts, ",") + "]" }

// ids are the api_contact_ids of the contacts of a group of account 8812.
func (b *box) ids(group int64) string {
	var ids []string
	for _, c := range b.Contacts("8812", group) {
		ids = append(ids, c.APIContactID)
	}
	return strings.Join(ids, " ")
}

func TestBulkCreate(t *testing.T) {
	b := newBox(t, mojo.Config{})
	group := b.AddGroup("8812", "Hot Lead")
	access, _ := b.tokens(t)
	whole := fmt.Sprintf(`[{"api_contact_id":"wa-1","full_name":"Ann Lee","contactgroup_set":[{"group_id":%d}],
		"address":"12 E Main St","city":"Tucson","state":"AZ","zip_code":"85701",
		"contactnote_set":[{"type":1,"contents":"Likes dogs"}],
		"mediainfo_set":[{"type":3,"value":"5205550143"},{"type":4,"value":"ann@example.com"},{"type":2,"value":"5205550143"}]}]`, group)
	a := b.call(t, access, "POST", createPath, whole)
	got := b.Contacts("8812", group)
	if len(got) != 1 {
		t.Fatalf("got %d contacts, want 1; answer %d %s", len(got), a.status, a.body)
	}
	a.want(t, 200, fmt.Sprintf(`{"duplicated_api_contact_id":[],"errors":[],"result":[{"api_contact_id":"wa-1","contact_id":%d}]}`, got[0].ContactID))
	want := mojo.Contact{
		ContactID: got[0].ContactID, APIContactID: "wa-1", FullName: "Ann Lee", Address: "12 E Main St", City: "Tucson", State: "AZ", Zip: "85701",
		GroupIDs: []int64{group}, Media: []mojo.Media{{Type: mojo.MediaHome, Value: "5205550143"}, {Type: mojo.MediaEmail, Value: "ann@example.com"}},
		Notes: []mojo.Note{{ID: got[0].Notes[0].ID, Contents: "Likes dogs", Created: b.now.Time}},
	}
	if !reflect.DeepEqual(got[0], want) {
		t.Errorf("got contact %+v\nwant %+v", got[0], want)
	}
}

func TestBulkCreateWithDuplicates(t *testing.T) {
	b := newBox(t, mojo.Config{})
	old, group := b.AddGroup("8812", "Old"), b.AddGroup("8812", "New")
	b.AddContact("8812", mojo.Contact{APIContactID: "wa-1"}, old)
	b.AddContact("8812", mojo.Contact{APIContactID: "wa-3"})
	access, _ := b.tokens(t)
	a := b.call(t, access, "POST", createPath, batch(person("wa-1", group), person("wa-2", group), person("wa-3", group), person("wa-2", group)))
	a.want(t, 200, fmt.Sprintf(`{"duplicated_api_contact_id":["wa-1","wa-3","wa-2"],"errors":["Duplicated 'api_contact_id': wa-1, wa-3, wa-2"],"result":[{"api_contact_id":"wa-2","contact_id":%d}]}`,
		b.Contacts("8812", group)[0].ContactID))
	if got, want := b.ids(group), "wa-2"; got != want {
		t.Errorf("got contacts %q in the new group, want %q: those that exist don't move", got, want)
	}
	if got, want := b.ids(old), "wa-1"; got != want {
		t.Errorf("got contacts %q in the old group, want %q", got, want)
	}
}

func TestBulkCreateSameIDInTwoAccounts(t *testing.T) {
	b := newBox(t, mojo.Config{})
	group := b.AddGroup("8812", "Hot Lead")
	b.AddContact("8840", mojo.Contact{APIContactID: "wa-1"})
	access, _ := b.tokens(t)
	if a := b.call(t, access, "POST", createPath, batch(person("wa-1", group))); !strings.Contains(a.body, `"errors":[]`) {
		t.Errorf("got %d %s, want no error: accounts don't share ids", a.status, a.body)
	}
}

func TestBulkMixedGroups(t *testing.T) {
	b := newBox(t, mojo.Config{})
	one, two := b.AddGroup("8812", "One"), b.AddGroup("8812", "Two")
	access, _ := b.tokens(t)
	for _, path := range []string{createPath, updatePath} {
		a := b.call(t, access, "POST", path, batch(person("wa-1", one), person("wa-2", two)))
		a.want(t, 200, `{"errors":["All contacts should have the same group_id."],"result":null}`)
	}
	if got := b.Contacts("8812", 0); len(got) != 0 {
		t.Errorf("got %d contacts, want none", len(got))
	}
}

func TestBulkRefuses(t *testing.T) {
	b := newBox(t, mojo.Config{BatchLimit: 3})
	group := b.AddGroup("8812", "Hot Lead")
	foreign := b.AddGroup("8840", "Somebody else's")
	access, _ := b.tokens(t)
	with := func(fields string) string {
		return fmt.Sprintf(`[{"api_contact_id":"wa-1","full_name":"Ann","contactgroup_set":[{"group_id":%d}],%s}]`, group, fields)
	}
	media := func(kind int, value string) string {
		return with(fmt.Sprintf(`"mediainfo_set":[{"type":%d,"value":%q}]`, kind, value))
	}
	phone := `{"mediainfo_set":["A phone number must be ten digits and nothing else."]}`
	tests := []struct {
		name, body string
		status     int
		answer     string
	}{
		{"not JSON", `[{`, 400, `{"non_field_errors":["JSON parse error."]}`},
		{"an object", person("wa-1", group), 400, `{"non_field_errors":["JSON parse error."]}`},
		{"nobody", `[]`, 400, `{"non_field_errors":["This list may not be empty."]}`},
		{"too many", batch(person("wa-1", group), person("wa-2", group), person("wa-3", group), person("wa-4", group)), 413, ""},
		{"no id", batch(person("", group)), 400, `{"api_contact_id":["This field is required."]}`},
		{"id is a number", `[{"api_contact_id":1}]`, 400, `{"api_contact_id":["Not a valid value."]}`},
		{"no group", `[{"api_contact_id":"wa-1","full_name":"Ann"}]`, 400, `{"contactgroup_set":["This field is required."]}`},
		{"unknown group", batch(person("wa-1", 9999)), 400, `{"contactgroup_set":["There is no group with this group_id."]}`},
		{"another account's group", batch(person("wa-1", foreign)), 400, `{"contactgroup_set":["There is no group with this group_id."]}`},
		{"no name, no phone", fmt.Sprintf(`[{"api_contact_id":"wa-1","full_name":"","contactgroup_set":[{"group_id":%d}]}]`, group), 400,
			`{"full_name":["This field may not be blank when there is no phone or e-mail."]}`},
		{"empty city", with(`"city":""`), 400, `{"city":["This field may not be blank."]}`},
		{"empty notes", with(`"contactnote_set":[]`), 400, `{"contactnote_set":["This list may not be empty."]}`},
		{"empty note", with(`"contactnote_set":[{"type":1,"contents":""}]`), 400, `{"contactnote_set":["The contents may not be blank."]}`},
		{"other type of note", with(`"contactnote_set":[{"type":2,"contents":"x"}]`), 400, `{"contactnote_set":["2 is not a valid type."]}`},
		{"empty media", with(`"mediainfo_set":[]`), 400, `{"mediainfo_set":["This list may not be empty."]}`},
		{"other type of media", media(6, "5205550143"), 400, `{"mediainfo_set":["6 is not a valid type."]}`},
		{"punctuation", media(2, "520-555-0143"), 400, phone},
		{"country code", media(1, "+15205550143"), 400, phone},
		{"leading one", media(3, "15205550143"), 400, phone},
		{"words", media(5, "DNC"), 400, phone},
		{"no e-mail", media(4, "ann"), 400, `{"mediainfo_set":["Enter a valid e-mail address."]}`},
		{"unknown field", with(`"zip":"85701"`), 400, `{"zip":["There is no such field."]}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := b.call(t, access, "POST", createPath, test.body)
			if a.status != test.status || (test.answer != "" && a.body != test.answer) {
				t.Errorf("got %d %s\nwant %d %s", a.status, a.body, test.status, test.answer)
			}
		})
	}
	if got := b.Contacts("8812", 0); len(got) != 0 {
		t.Errorf("got %d contacts after refusals, want none", len(got))
	}
	if a := b.call(t, access, "POST", createPath, batch(person("wa-1", group))); a.status != 200 || strings.Contains(a.body, "Previous") {
		t.Errorf("got %d %s after refusals, want 200: a refusal is not an interruption", a.status, a.body)
	}
}

func TestContentTypeMustBeJSON(t *testing.T) {
	b := newBox(t, mojo.Config{})
	access, _ := b.tokens(t)
	req := b.request(t, "POST", createPath, "[]")
	req.Header.Set("Authorization", "Bearer "+access)
	if a := b.do(t, req); a.status != 415 {
		t.Errorf("got status %d without a content type, want 415", a.status)
	}
}

func TestNameMayBeEmptyWithAPhone(t *testing.T) {
	b := newBox(t, mojo.Config{})
	group := b.AddGroup("8812", "Hot Lead")
	access, _ := b.tokens(t)
	a := b.call(t, access, "POST", createPath, fmt.Sprintf(
		`[{"api_contact_id":"wa-1","full_name":"","contactgroup_set":[{"group_id":%d}],"mediainfo_set":[{"type":5,"value":"5205550143"}]}]`, group))
	if a.status != 200 || len(b.Contacts("8812", group)) != 1 {
		t.Errorf("got %d %s, want the contact created", a.status, a.body)
	}
}

// slow is a bulk create that runs until its client's context ends, or for long.
func (b *box) slow(t *testing.T, ctx context.Context, access, body string) <-chan answer {
	t.Helper()
	done := make(chan answer, 1)
	req := b.request(t, "POST", createPath, body).WithContext(ctx)
	req.Header.Set("Authorization", "Bearer "+access)
	req.Header.Set("Content-Type", "application/json")
	before := len(b.Batches("8812"))
	go func() {
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			done <- answer{}
			return
		}
		res.Body.Close()
		done <- answer{status: res.StatusCode}
	}()
	for deadline := time.Now().Add(5 * time.Second); len(b.Batches("8812")) == before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the slow bulk create did not start in 5 s")
		}
	}
	return done
}

func TestLockWhileAnotherRuns(t *testing.T) {
	b := newBox(t, mojo.Config{BulkTime: 100 * time.Millisecond})
	group := b.AddGroup("8812", "Hot Lead")
	access, _ := b.tokens(t)
	running := b.slow(t, t.Context(), access, batch(person("wa-1", group)))
	b.call(t, access, "POST", createPath, batch(person("wa-2", group))).want(t, 200, busy)
	if a := b.call(t, access, "POST", updatePath, batch(person("wa-3", group))); !strings.Contains(a.body, `"not_found_api_contact_id":["wa-3"]`) {
		t.Errorf("got %d %s for a bulk update meanwhile, want it done: it needs no lock", a.status, a.body)
	}
	if got := <-running; got.status != 200 {
		t.Errorf("got status %d for the running one, want 200", got.status)
	}
	if a := b.call(t, access, "POST", createPath, batch(person("wa-2", group))); strings.Contains(a.body, "Previous") {
		t.Errorf("got %s after the running one, want it created", a.body)
	}
	if got, want := b.ids(group), "wa-1 wa-2"; got != want {
		t.Errorf("got contacts %q, want %q", got, want)
	}
	if got := b.BusyAnswers("8812"); got != 1 {
		t.Errorf("got %d busy answers, want 1", got)
	}
}

func TestLockIsPerAccount(t *testing.T) {
	b := newBox(t, mojo.Config{BulkTime: 50 * time.Millisecond})
	group, other := b.AddGroup("8812", "Hot Lead"), b.AddGroup("8840", "Other")
	access, _ := b.tokens(t)
	fran, _ := readTokens(t, b.oauth(t, "/oauth/token/", password("310577", "fran", "fran-sandbox")))
	running := b.slow(t, t.Context(), access, batch(person("wa-1", group)))
	if a := b.call(t, fran, "POST", createPath, batch(person("wa-1", other))); strings.Contains(a.body, "Previous") {
		t.Errorf("got %s in another account, want it created", a.body)
	}
	<-running
}

func TestLockAfterTheClientLeft(t *testing.T) {
	b := newBox(t, mojo.Config{BulkTime: time.Hour, InterruptedLock: 2 * time.Second})
	group := b.AddGroup("8812", "Hot Lead")
	access, _ := b.tokens(t)
	ctx, leave := context.WithCancel(t.Context())
	running := b.slow(t, ctx, access, batch(person("wa-1", group), person("wa-2", group)))
	leave()
	<-running
	for deadline := time.Now().Add(5 * time.Second); b.ids(group) == ""; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the server did not notice in 5 s that the client left")
		}
	}
	if got, want := b.ids(group), "wa-1"; got != want {
		t.Errorf("got contacts %q of the interrupted batch, want its first half %q", got, want)
	}
	b.now.Time = b.now.Add(2*time.Second - time.Millisecond)
	b.call(t, access, "POST", createPath, batch(person("wa-3", group))).want(t, 200, busy)
	b.now.Time = b.now.Add(time.Millisecond)
	running = b.slow(t, t.Context(), access, batch(person("wa-3", group))) // returns when it has the lock
	select {
	case got := <-running:
		t.Errorf("got status %d at once, want the bulk create to run", got.status)
	default:
	}
}

func TestLockAfterACutAnswer(t *testing.T) {
	faults := new(fault.Set)
	b := newBox(t, mojo.Config{Faults: faults})
	group := b.AddGroup("8812", "Hot Lead")
	access, _ := b.tokens(t)
	faults.Add(fault.Rule{Endpoint: mojo.EndpointBulkCreate, Kind: fault.CutAfter, Times: 1})
	if got := <-b.slow(t, t.Context(), access, batch(person("wa-1", group))); got.status != 0 {
		t.Errorf("got status %d, want no answer", got.status)
	}
	if got, want := b.ids(group), "wa-1"; got != want {
		t.Errorf("got contacts %q, want %q: the effect was there", got, want)
	}
	b.call(t, access, "POST", createPath, batch(person("wa-1", group))).want(t, 200, busy)
	b.now.Time = b.now.Add(2 * time.Second)
	if a := b.call(t, access, "POST", createPath, batch(person("wa-1", group))); !strings.Contains(a.body, `"duplicated_api_contact_id":["wa-1"]`) {
		t.Errorf("got %s when the lock was over, want the contact named as duplicated", a.body)
	}
	if got, want := b.Batches("8812"), []int{1, 1}; !reflect.DeepEqual(got, want) {
		t.Errorf("got batches %v, want %v", got, want)
	}
}

func TestBulkUpdate(t *testing.T) {
	b := newBox(t, mojo.Config{TellsAlreadyInGroup: true})
	old, group := b.AddGroup("8812", "Old"), b.AddGroup("8812", "New")
	ann := b.AddContact("8812", mojo.Contact{APIContactID: "wa-1", FullName: "Ann", Address: "1 Old Rd", City: "Yuma",
		Media: []mojo.Media{{Type: mojo.MediaHome, Value: "5205550143"}}, Notes: []mojo.Note{{Contents: "first"}}}, old)
	bob := b.AddContact("8812", mojo.Contact{APIContactID: "wa-2", FullName: "Bob", Address: "2 Old Rd"}, group)
	access, _ := b.tokens(t)
	body := fmt.Sprintf(`[{"api_contact_id":"wa-1","full_name":"Ann Lee","contactgroup_set":[{"group_id":%[1]d}],"address":"9 New Rd",
		"contactnote_set":[{"type":1,"contents":"first"},{"type":1,"contents":"second"}],
		"mediainfo_set":[{"type":2,"value":"5205550143"},{"type":2,"value":"5205550144"}]},
		{"api_contact_id":"wa-2","full_name":"","contactgroup_set":[{"group_id":%[1]d}],"mediainfo_set":[{"type":4,"value":"bob@example.com"}]},%[2]s]`,
		group, person("wa-3", group))
	b.call(t, access, "POST", updatePath, body).want(t, 200, fmt.Sprintf(`{"duplicated_api_contact_id":[],"errors":[],`+
		`"result":[{"api_contact_id":"wa-1","contact_id":%d},{"api_contact_id":"wa-2","contact_id":%d}],`+
		`"not_found_api_contact_id":["wa-3"],"already_in_group":["wa-2"]}`, ann, bob))
	got := b.Contacts("8812", group)
	if b.ids(group) != "wa-2 wa-1" || b.ids(old) != "wa-1" {
		t.Fatalf("got %q in the new group and %q in the old one, want \"wa-2 wa-1\" and \"wa-1\"", b.ids(group), b.ids(old))
	}
	if c := got[1]; c.FullName != "Ann Lee" || c.Address != "9 New Rd" || c.City != "" || len(c.Media) != 2 || len(c.Notes) != 2 {
		t.Errorf("got %+v, want the new name, the new address alone, one more phone and one more note", c)
	}
	if c := got[0]; c.FullName != "Bob" || c.Address != "2 Old Rd" || len(c.Media) != 1 {
		t.Errorf("got %+v, want name and address kept and an e-mail more", c)
	}
}

func TestBulkUpdateHosts(t *testing.T) {
	b := newBox(t, mojo.Config{})
	group := b.AddGroup("8812", "Hot Lead")
	access, _ := b.tokens(t)
	b.call(t, access, "POST", updatePath, batch(person("wa-1", group))).want(t, 200,
		`{"duplicated_api_contact_id":[],"errors":[],"result":[],"not_found_api_contact_id":["wa-1"]}`)

	without := newBox(t, mojo.Config{NoBulkUpdate: true})
	access, _ = without.tokens(t)
	if a := without.call(t, access, "POST", updatePath, batch(person("wa-1", 1))); a.status != 404 {
		t.Errorf("got status %d from a host without bulk_update, want 404", a.status)
	}
}
