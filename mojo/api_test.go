package mojo_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"addtomojo/mojo"
)

var annAndBob = []mojo.Contact{
	{
		APIContactID: "wa-26855", FullName: "Ann Lee", GroupIDs: []int64{12},
		Address: "12 E Palm Ln 4B", City: "Tucson", State: "AZ", Zip: "85701",
		Notes: []string{"2026-03-01 Wants to sell in spring"},
		Media: []mojo.Media{
			{Type: mojo.MediaWork, Value: "5205550101"}, {Type: mojo.MediaMobile, Value: "5205550143"},
			{Type: mojo.MediaHome, Value: "5205550144"}, {Type: mojo.MediaEmail, Value: "ann@example.com"},
		},
	},
	{APIContactID: "wa-26856", GroupIDs: []int64{12}, Media: []mojo.Media{{Type: mojo.MediaMobile, Value: "5205550145"}}},
}

// records answers with a file of testdata and keeps what was asked.
type record struct{ method, path, auth, contentType, body string }

func records(t *testing.T, into *record, status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		*into = record{r.Method, r.URL.EscapedPath(), r.Header.Get("Authorization"), r.Header.Get("Content-Type"), string(b)}
		says(status, asJSON, body)(w, r)
	}
}

func TestBulk(t *testing.T) {
	ann, bob := mojo.Created{APIContactID: "wa-26855", ContactID: 58}, mojo.Created{APIContactID: "wa-26856", ContactID: 59}
	tests := []struct {
		file   string
		update bool
		want   mojo.BulkResult
	}{
		{"bulk_created.json", false, mojo.BulkResult{Created: []mojo.Created{ann, bob}}},
		{"bulk_duplicates.json", false, mojo.BulkResult{Created: []mojo.Created{ann}, Duplicated: []string{"wa-26856"}}},
		{"bulk_duplicates_in_text.json", false, mojo.BulkResult{Duplicated: []string{"wa-26855", "wa-26856"}}},
		{"bulk_update.json", true, mojo.BulkResult{Created: []mojo.Created{ann}, NotFound: []string{"wa-26856"}, AlreadyInGroup: []string{"wa-26855"}}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			var asked record
			_, api := serve(t, records(t, &asked, 200, testdata(t, tt.file)))
			call, path := api.BulkCreate, "/api/contacts/bulk_create/"
			if tt.update {
				call, path = api.BulkUpdate, "/api/contacts/bulk_update/"
			}
			got, err := call(t.Context(), annAndBob)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			sameJSON(t, asked.body, testdata(t, "bulk_request.json"))
			asked.body = ""
			if want := (record{"POST", path, "Bearer live-token", asJSON, ""}); asked != want {
				t.Errorf("asked %+v, want %+v", asked, want)
			}
		})
	}
}

func TestBulkOfNothingAsksNothing(t *testing.T) {
	_, api := serve(t, func(w http.ResponseWriter, r *http.Request) { t.Errorf("asked %s", r.URL) })
	if _, err := api.BulkCreate(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if err := api.RemoveFromGroup(t.Context(), 12, nil); err != nil {
		t.Error(err)
	}
}

// An answer in doubt tells what it does account for, and never about strangers.
func TestBulkLeavingContactsOut(t *testing.T) {
	_, api := serve(t, says(200, asJSON, `{"errors": [], "duplicated_api_contact_id": ["stranger"],
		"result": [{"api_contact_id": "wa-26856", "contact_id": 59}, {"api_contact_id": "other", "contact_id": 60}]}`))
	got, err := api.BulkCreate(t.Context(), annAndBob)
	if kind(err) != "doubt" {
		t.Errorf("got %v, want doubt", err)
	}
	if want := (mojo.BulkResult{Created: []mojo.Created{{APIContactID: "wa-26856", ContactID: 59}}}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestBulkKeepsTheTextOfAValidationError(t *testing.T) {
	_, api := serve(t, says(400, asJSON, testdata(t, "bulk_validation.json")))
	_, err := api.BulkCreate(t.Context(), annAndBob)
	refused, ok := errors.AsType[*mojo.RefusedError](err)
	if !ok || refused.Text != "value: Only digits are allowed." {
		t.Errorf("got %#v, want the text about digits", err)
	}
}

func TestGroups(t *testing.T) {
	want := []mojo.Group{{ID: 12, Name: "Hot Lead", Contacts: 41, IsLead: true}, {ID: 13, Name: "Expired"}}
	t.Run("array", func(t *testing.T) {
		var asked record
		_, api := serve(t, records(t, &asked, 200, testdata(t, "groups.json")))
		got, err := api.Groups(t.Context())
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
		if want := (record{"GET", "/api/groups/", "Bearer live-token", asJSON, ""}); asked != want {
			t.Errorf("asked %+v, want %+v", asked, want)
		}
	})
	for _, next := range []string{"http://HOST/api/groups/?page=2", "https://HOST/api/groups/?page=2", "/api/groups/?page=2", "?page=2"} {
		t.Run("pages, next "+next, func(t *testing.T) {
			_, api := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("page") == "2" {
					says(200, asJSON, `{"count": 2, "next": null, "results": [{"group_id": 13, "name": "Expired"}]}`)(w, r)
					return
				}
				page := fmt.Sprintf(`{"count": 2, "next": %q, "results": [{"group_id": 12, "name": "Hot Lead", "contacts": "41", "is_lead": true}]}`,
					strings.Replace(next, "HOST", r.Host, 1))
				says(200, asJSON, page)(w, r)
			})
			got, err := api.Groups(t.Context())
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
		})
	}
}

func TestGroupsDoNotLeaveTheHost(t *testing.T) {
	elsewhere := 0
	_, other := serve(t, func(w http.ResponseWriter, r *http.Request) { elsewhere++ })
	next := strings.TrimPrefix(other.String(), "mojo account at ") + "/api/groups/?page=2"
	_, api := serve(t, says(200, asJSON, fmt.Sprintf(`{"next": %q, "results": []}`, next)))
	_, err := api.Groups(t.Context())
	if kind(err) != "doubt" || elsewhere != 0 {
		t.Errorf("got %v and %d calls elsewhere, want doubt and none", err, elsewhere)
	}
}

func TestGroupsGoingRoundInCircles(t *testing.T) {
	_, api := serve(t, says(200, asJSON, `{"next": "/api/groups/?page=2", "results": []}`))
	_, err := api.Groups(t.Context())
	if kind(err) != "doubt" {
		t.Errorf("got %v, want doubt", err)
	}
}

func TestCreateGroup(t *testing.T) {
	var asked record
	_, api := serve(t, records(t, &asked, 201, `{"group_id": 14, "name": "Spring \"26", "contacts": 0, "is_lead": false}`))
	got, err := api.CreateGroup(t.Context(), `Spring "26`)
	if want := (mojo.Group{ID: 14, Name: `Spring "26`}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if want := (record{"POST", "/api/groups/", "Bearer live-token", asJSON, `{"name":"Spring \"26"}`}); asked != want {
		t.Errorf("asked %+v, want %+v", asked, want)
	}
}

func TestContact(t *testing.T) {
	var asked record
	_, api := serve(t, records(t, &asked, 200, testdata(t, "contact.json")))
	got, err := api.Contact(t.Context(), "wa-26855")
	want := mojo.Contact{
		APIContactID: "wa-26855", ContactID: 58, FullName: "Ann Lee", GroupIDs: []int64{12},
		Address: "12 E Palm Ln 4B", City: "Tucson", State: "AZ", Zip: "85701",
		Notes: []string{"Wants to sell in spring"}, Media: []mojo.Media{{Type: mojo.MediaMobile, Value: "5205550143"}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if asked.path != "/api/contacts/wa-26855/" {
		t.Errorf("asked %q, want /api/contacts/wa-26855/", asked.path)
	}
	api.Contact(t.Context(), "../groups?x")
	if want := "/api/contacts/..%2Fgroups%3Fx/"; asked.path != want {
		t.Errorf("asked %q, want %q", asked.path, want)
	}
}

func TestAddNote(t *testing.T) {
	for _, answer := range []string{`{"id": 5, "contents": "Hi. There.", "tags": [], "groups": [12]}`, `{}`} {
		var asked record
		_, api := serve(t, records(t, &asked, 200, answer))
		if err := api.AddNote(t.Context(), "wa-26855", "Hi. There."); err != nil {
			t.Errorf("%s: %v", answer, err)
		}
		if asked.path != "/api/notes/" {
			t.Errorf("asked %q, want /api/notes/", asked.path)
		}
		sameJSON(t, asked.body, `{"api_contact_id": "wa-26855", "contents": "Hi. There.", "type": 1}`)
	}
}

func TestRemoveFromGroup(t *testing.T) {
	for status, answer := range map[int]string{200: `{"removed": 1}`, 204: ""} {
		var asked record
		_, api := serve(t, records(t, &asked, status, answer))
		if err := api.RemoveFromGroup(t.Context(), 12, []string{"wa-26855"}); err != nil {
			t.Errorf("HTTP %d: %v", status, err)
		}
		if asked.path != "/api/contacts/remove_from_group/" {
			t.Errorf("asked %q, want /api/contacts/remove_from_group/", asked.path)
		}
		sameJSON(t, asked.body, `{"group_id": 12, "api_contact_ids": ["wa-26855"]}`)
	}
}
