package mojo_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"addtomojo/sandbox/mojo"
)

func TestGroups(t *testing.T) {
	b := newBox(t, mojo.Config{})
	access, _ := b.tokens(t)
	b.call(t, access, "GET", "/api/groups/", "").want(t, 200, `[]`)
	hot, cold := b.AddGroup("8812", "Hot Lead"), b.AddGroup("8812", "Cold")
	b.MarkLead("8812", hot)
	b.AddContact("8812", mojo.Contact{FullName: "Ann"}, hot)
	b.AddGroup("8840", "Somebody else's")
	b.call(t, access, "GET", "/api/groups/", "").want(t, 200, fmt.Sprintf(
		`[{"group_id":%d,"name":"Hot Lead","contacts":1,"is_lead":true},{"group_id":%d,"name":"Cold","contacts":0,"is_lead":false}]`, hot, cold))
}

func TestGroupsInPages(t *testing.T) {
	b := newBox(t, mojo.Config{GroupPage: 2, PublicURL: "http://mojo.test/"})
	access, _ := b.tokens(t)
	b.call(t, access, "GET", "/api/groups/", "").want(t, 200, `{"count":0,"next":null,"results":[]}`)
	for _, name := range []string{"A", "B", "C"} {
		b.AddGroup("8812", name)
	}
	var page struct {
		Count   int
		Next    string
		Results []struct{ Name string }
	}
	a := b.call(t, access, "GET", "/api/groups/", "")
	if err := json.Unmarshal([]byte(a.body), &page); err != nil {
		t.Fatalf("got %s: %v", a.body, err)
	}
	if page.Count != 3 || len(page.Results) != 2 || page.Next != "http://mojo.test/api/groups/?page=2" {
		t.Errorf("got %+v, want 2 of 3 groups and the address of page 2", page)
	}
	if a := b.call(t, access, "GET", "/api/groups/?page=2", ""); !strings.Contains(a.body, `"next":null,"results":[{`) {
		t.Errorf("got %s, want the last page with one group", a.body)
	}
	for _, page := range []string{"3", "0", "9223372036854775807"} {
		if a := b.call(t, access, "GET", "/api/groups/?page="+page, ""); a.status != 404 {
			t.Errorf("page %s: got status %d, want 404", page, a.status)
		}
	}
}

func TestCreateGroup(t *testing.T) {
	b := newBox(t, mojo.Config{})
	access, _ := b.tokens(t)
	a := b.call(t, access, "POST", "/api/groups/", `{"name":" Spring fair "}`)
	groups := b.Groups("8812")
	if len(groups) != 1 {
		t.Fatalf("got %d groups, want 1; answer %d %s", len(groups), a.status, a.body)
	}
	a.want(t, 201, fmt.Sprintf(`{"group_id":%d,"name":"Spring fair","contacts":0,"is_lead":false}`, groups[0].ID))

	b.call(t, access, "POST", "/api/groups/", `{"name":"spring FAIR"}`).want(t, 400, `{"name":["A group with this name already exists."]}`)
	b.call(t, access, "POST", "/api/groups/", `{"name":"  "}`).want(t, 400, `{"name":["This field may not be blank."]}`)
	b.call(t, access, "POST", "/api/groups/", `{"name":"`+strings.Repeat("é", 256)+`"}`).want(t, 400, `{"name":["Ensure this field has no more than 255 characters."]}`)
	if a := b.call(t, access, "POST", "/api/groups/", `{"name":"`+strings.Repeat("é", 255)+`"}`); a.status != 201 {
		t.Errorf("got %d %s for a name of 255 characters, want 201", a.status, a.body)
	}
}

func TestNotes(t *testing.T) {
	b := newBox(t, mojo.Config{})
	b.AddContact("8812", mojo.Contact{APIContactID: "wa-1", FullName: "Ann"})
	access, _ := b.tokens(t)
	note := func(id, contents string, kind int) answer {
		return b.call(t, access, "POST", "/api/notes/", fmt.Sprintf(`{"api_contact_id":%q,"contents":%q,"type":%d}`, id, contents, kind))
	}
	if a := note("wa-1", "Call back", 1); a.status != 200 || !strings.HasPrefix(a.body, "{") {
		t.Errorf("got %d %s, want 200 and some object", a.status, a.body)
	}
	note("wa-9", "Call back", 1).want(t, 200, `{"non_field_errors":["Invalid api_contact_id."]}`)
	note("wa-1", "", 1).want(t, 400, `{"contents":["This field may not be blank."]}`)
	note("wa-1", "Call back", 3).want(t, 400, `{"type":["3 is not a valid type."]}`)
	if got := b.Contacts("8812", 0)[0].Notes; len(got) != 1 || got[0].Contents != "Call back" {
		t.Errorf("got notes %v, want the one", got)
	}
}

func TestGetContact(t *testing.T) {
	b := newBox(t, mojo.Config{})
	group := b.AddGroup("8812", "Hot Lead")
	id := b.AddContact("8812", mojo.Contact{APIContactID: "wa-1/2", FullName: "Ann", City: "Tucson",
		Media: []mojo.Media{{Type: mojo.MediaWork, Value: "5205550143"}}, Notes: []mojo.Note{{Contents: "Likes dogs"}}}, group)
	access, _ := b.tokens(t)
	b.call(t, access, "GET", "/api/contacts/wa-1%2F2/", "").want(t, 200, fmt.Sprintf(
		`{"api_contact_id":"wa-1/2","contact_id":%d,"full_name":"Ann","contactgroup_set":[{"group_id":%d}],"city":"Tucson",`+
			`"contactnote_set":[{"type":1,"contents":"Likes dogs"}],"mediainfo_set":[{"type":1,"value":"5205550143"}]}`, id, group))
	b.call(t, access, "GET", "/api/contacts/wa-9/", "").want(t, 404, `{"detail":"Not found."}`)
}

func TestRemoveFromGroup(t *testing.T) {
	b := newBox(t, mojo.Config{})
	one, two := b.AddGroup("8812", "One"), b.AddGroup("8812", "Two")
	for _, id := range []string{"wa-1", "wa-2", "wa-3"} {
		b.AddContact("8812", mojo.Contact{APIContactID: id}, one, two)
	}
	access, _ := b.tokens(t)
	remove := func(group int64) answer {
		return b.call(t, access, "POST", "/api/contacts/remove_from_group/", fmt.Sprintf(`{"group_id":%d,"api_contact_ids":["wa-1","wa-3","wa-9"]}`, group))
	}
	remove(one).want(t, 200, `{"removed":2}`)
	remove(one).want(t, 200, `{"removed":0}`)
	remove(9999).want(t, 404, `{"detail":"Not found."}`)
	if b.ids(one) != "wa-2" || b.ids(two) != "wa-1 wa-2 wa-3" || len(b.Contacts("8812", 0)) != 3 {
		t.Errorf("got %q in the group and %q in the other, want \"wa-2\" and all three, and no contact deleted", b.ids(one), b.ids(two))
	}
}

func TestDeleteGroupKeepsContacts(t *testing.T) {
	b := newBox(t, mojo.Config{})
	one, two := b.AddGroup("8812", "One"), b.AddGroup("8812", "Two")
	b.AddContact("8812", mojo.Contact{APIContactID: "wa-1"}, one, two)
	b.DeleteGroup("8812", one)
	if got := b.Contacts("8812", 0); len(got) != 1 || len(got[0].GroupIDs) != 1 || got[0].GroupIDs[0] != two {
		t.Errorf("got contacts %+v, want the one, in the other group only", got)
	}
	access, _ := b.tokens(t)
	b.call(t, access, "POST", createPath, batch(person("wa-2", one))).want(t, 400, `{"contactgroup_set":["There is no group with this group_id."]}`)
}

func TestRequestsAreCounted(t *testing.T) {
	b := newBox(t, mojo.Config{})
	access, _ := b.tokens(t)
	b.call(t, access, "GET", "/api/groups/", "")
	b.call(t, "bad", "GET", "/api/groups/", "")
	b.call(t, access, "GET", "/my-data/", "")
	got := b.Requests()
	if len(got) != 2 || got[mojo.EndpointToken] != 1 || got[mojo.EndpointGroups] != 2 {
		t.Errorf("got requests %v, want one for a token and two for groups", got)
	}
}

func TestUnknownPath(t *testing.T) {
	b := newBox(t, mojo.Config{})
	access, _ := b.tokens(t)
	if a := b.call(t, access, "POST", "/api/nothing/", "{}"); a.status != 404 {
		t.Errorf("got status %d, want 404", a.status)
	}
	if a := b.call(t, access, "DELETE", "/api/groups/", ""); a.status != 405 {
		t.Errorf("got status %d for a method that is not there, want 405", a.status)
	}
}
