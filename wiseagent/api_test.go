package wiseagent_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"addtomojo/wiseagent"
)

// answering serves one body and hands out the query it was asked with.
func answering(t *testing.T, body string) (*wiseagent.Client, *wiseagent.API, *string) {
	query := new(string)
	c, api := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "GET" || r.URL.Path != "/http/webconnect.asp" {
			t.Errorf("got %s %s, want GET /http/webconnect.asp", r.Method, r.URL.Path)
		}
		for name, want := range map[string]string{
			"Authorization": "Bearer live-token", "Accept": asJSON, "Content-Type": "application/x-www-form-urlencoded",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("got %s %q, want %q", name, got, want)
			}
		}
		*query = r.URL.RawQuery
		says(200, "text/html", body)(w, r) // as classic ASP labels everything
	})
	return c, api, query
}

func TestUser(t *testing.T) {
	for _, body := range []string{
		`[{"First": "Dana", "Last": "Ruiz", "Email": "dana@example.com"}]`,
		`{"First": "Dana", "Last": "Ruiz", "Email": " dana@example.com "}`,
		`{"Data": [{"first": "Dana", "last": "Ruiz", "email": "dana@example.com"}]}`,
		`"[{\"First\": \"Dana\", \"Last\": \"Ruiz\", \"Email\": \"dana@example.com\"}]"`,
		"\xef\xbb\xbf" + `[{"success": true, "First": "Dana", "Last": "Ruiz", "Email": "dana@example.com"}]`,
	} {
		_, api, query := answering(t, body)
		got, err := api.User(t.Context())
		if want := (wiseagent.User{First: "Dana", Last: "Ruiz", Email: "dana@example.com"}); err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", body, got, err, want)
		}
		if *query != "requestType=getUser" {
			t.Errorf("asked %q, want requestType=getUser", *query)
		}
	}
}

func TestContactsCount(t *testing.T) {
	for _, body := range []string{`{"count": 512}`, `{"count": "512"}`, `[{"count": 512}]`, `[{"success": "true"}, {"Count": 512}]`} {
		_, api, query := answering(t, body)
		got, err := api.ContactsCount(t.Context())
		if err != nil || got != 512 {
			t.Errorf("%s: got %d, %v, want 512", body, got, err)
		}
		if *query != "requestType=getContactsCount" {
			t.Errorf("asked %q, want requestType=getContactsCount", *query)
		}
	}
	_, api, _ := answering(t, `{"count": 0}`)
	if got, err := api.ContactsCount(t.Context()); err != nil || got != 0 {
		t.Errorf("got %d, %v, want 0", got, err)
	}
}

var ann = wiseagent.Contact{
	ClientID: "26855", First: "Ann", Last: "Lee", Email: "ann@example.com",
	HomePhone: "(520) 555-0143", MobilePhone: "520.555.0144 ext 4",
	AddressNumber: "12", AddressStreet: "E Palm Ln", SuiteNo: "4B", City: "Tucson", State: "AZ", Zip: "85701",
	Status: "Hot Lead", URL: "https://crm.example.com/secure/client/summary?clientId=26855",
	Categories: []string{"Buyer", "Do Not Call, ever"}, Custom: map[string]string{"MojoContactID": "58", "Lot": "12"},
	SpouseFirst: "Bo", SpouseLast: "Lee",
}

func TestContact(t *testing.T) {
	_, api, query := answering(t, testdata(t, "single_contact.json"))
	got, err := api.Contact(t.Context(), "26855")
	if err != nil || !reflect.DeepEqual(got, ann) {
		t.Errorf("got %+v, %v, want %+v", got, err, ann)
	}
	if want := "clientID=26855&requestType=getSingleContact"; *query != want {
		t.Errorf("asked %q, want %q", *query, want)
	}
}

func TestVendor(t *testing.T) {
	want := wiseagent.Contact{
		ClientID: "V26855", Vendor: true, First: "Cy Ray", Company: "Desert Title", Email: "cy@example.org",
		MobilePhone: "520-555-0151", WorkPhone: "520-555-0150", AddressStreet: "1 Main St", City: "Tucson", State: "AZ", Zip: "85701",
		URL: "https://title.example.org",
	}
	object := testdata(t, "vendor.json")
	for _, body := range []string{object, "[" + object + "]", strings.Replace(object, `"V26855"`, "26855", 1)} {
		_, api, query := answering(t, body)
		got, err := api.Contact(t.Context(), "V26855")
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
		if want := "clientID=V26855&requestType=getSingleContact"; *query != want {
			t.Errorf("asked %q, want %q", *query, want)
		}
	}
}

func TestContacts(t *testing.T) {
	_, api, query := answering(t, testdata(t, "single_contact.json"))
	got, err := api.Contacts(t.Context(), 2, 100)
	if want := []wiseagent.Contact{ann}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if want := "page=2&page_size=100&requestType=getContacts"; *query != want {
		t.Errorf("asked %q, want %q", *query, want)
	}
	_, api, _ = answering(t, "[]")
	if got, err := api.Contacts(t.Context(), 3, 100); err != nil || len(got) != 0 {
		t.Errorf("got %+v, %v, want an empty page", got, err)
	}
}

// A category may say "do not call": it has to survive every form it comes in.
func TestCategories(t *testing.T) {
	tests := []struct {
		json string
		want []string
	}{
		{`"[{\"name\":\"Buyer\"},{\"name\":\"DNC\"}]"`, []string{"Buyer", "DNC"}},
		{`[{"Name": "Buyer"}, {"name": " DNC "}, {"name": "DNC"}]`, []string{"Buyer", "DNC"}},
		{`"{\"name\":\"DNC\"}"`, []string{"DNC"}},
		{`["Buyer", "DNC"]`, []string{"Buyer", "DNC"}},
		{`"Buyer;DNC"`, []string{"Buyer", "DNC"}},
		{`"Buyer, DNC"`, []string{"Buyer", "DNC"}},
		{"\"[{\\\"name\\\":\\\"D\x0bN\\nC\\\"}]\"", []string{"D\x0bN\nC"}},
		{`"[{\"name\":\"Buyer\"},{\"name\":\"DNC\"},"`, []string{"Buyer", "DNC"}},
		{`"[{\"name\":7}]"`, []string{"7"}},
		{`"[]"`, nil},
		{`""`, nil},
		{`null`, nil},
	}
	for _, tt := range tests {
		_, api, _ := answering(t, `[{"ClientID": 7, "Categories": `+tt.json+`}]`)
		got, err := api.Contact(t.Context(), "7")
		if err != nil || !reflect.DeepEqual(got.Categories, tt.want) {
			t.Errorf("%s: got %q, %v, want %q", tt.json, got.Categories, err, tt.want)
		}
	}
}

func TestNotes(t *testing.T) {
	east := time.FixedZone("EST", -5*60*60)
	for _, zone := range []*time.Location{nil, east} {
		c, api, query := answering(t, testdata(t, "notes.json"))
		c.TimeZone = zone
		want := []wiseagent.Note{
			{ID: 501, Subject: "Call", Text: "<p>Wants a valuation</p>", Date: time.Date(2026, 7, 21, 1, 3, 36, 0, time.UTC)},
			{ID: 502, Text: "Left a message"},
		}
		if zone == east {
			want[0].Date = want[0].Date.Add(-2 * time.Hour)
		}
		got, err := api.Notes(t.Context(), "26855", 1, 20)
		if err != nil || len(got) != 2 || !got[0].Date.Equal(want[0].Date) || !got[1].Date.IsZero() {
			t.Fatalf("got %+v, %v, want %+v", got, err, want)
		}
		got[0].Date = want[0].Date
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if want := "ClientID=26855&page=1&page_size=20&requestType=getContactNotes"; *query != want {
			t.Errorf("asked %q, want %q", *query, want)
		}
	}
}
