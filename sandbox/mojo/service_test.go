package mojo_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"addtomojo/sandbox/mojo"
)

// desk is a service that takes contacts and answers as it is told.
type desk struct {
	mu       sync.Mutex
	link     string // the answer to GET
	status   int    // of the answer to POST
	sent     string // its body
	kind     string // its type; "" is JSON
	requests []string
}

func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	d.requests = append(d.requests, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("Authorization")+" "+string(body))
	kind := d.kind
	if kind == "" {
		kind = "application/json; charset=utf-8"
	}
	w.Header().Set("Content-Type", kind)
	if r.Method == http.MethodGet {
		io.WriteString(w, d.link)
		return
	}
	w.WriteHeader(d.status)
	io.WriteString(w, d.sent)
}

func (d *desk) last() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.requests[len(d.requests)-1]
}

const notLinked = `{"connected": true, "linked": false}`

// newDesk gives a stand-in whose button leads to a desk, and a contact in it.
func newDesk(t *testing.T) (*box, *desk, int64) {
	t.Helper()
	d := &desk{link: notLinked}
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	b := newBox(t, mojo.Config{ServiceURL: server.URL, APIToken: "t0ken"})
	return b, d, b.AddContact("8812", mojo.Contact{FullName: "Ann & Bob Lee", City: "Tucson",
		Media: []mojo.Media{{Type: mojo.MediaMobile, Value: "5205550143"}}, Notes: []mojo.Note{{Contents: "Hi"}}})
}

func TestLinked(t *testing.T) {
	b, d, id := newDesk(t)
	d.link = `{"connected": true, "linked": true, "client_id": 26855, "url": "https://wise.test/c/26855", "last_synced_at": "2026-11-22T08:00:00Z"}`
	got, err := b.Linked(t.Context(), "8812", id)
	want := mojo.LinkState{Connected: true, Linked: true, ClientID: 26855, URL: "https://wise.test/c/26855", LastSynced: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)}
	if err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if want := "GET /api/mojo/v1/contacts/" + itoa(id) + "?account_id=8812 Bearer t0ken "; d.last() != want {
		t.Errorf("got request %q, want %q", d.last(), want)
	}
	d.kind = "text/html"
	if _, err := b.Linked(t.Context(), "8812", id); err == nil {
		t.Error("got no error for a page")
	}
}

func TestSend(t *testing.T) {
	b, d, id := newDesk(t)
	const problem = "application/problem+json"
	tests := []struct {
		status     int
		kind, body string
		want       mojo.SendResult
		fails      bool
	}{
		{201, "", `{"status":201,"client_id":26855,"url":"https://wise.test/26855"}`, mojo.SendResult{ContactID: id, Status: 201, ClientID: 26855, URL: "https://wise.test/26855"}, false},
		{200, "", `{"client_id":26855,"url":"https://wise.test/26855"}`, mojo.SendResult{ContactID: id, Status: 200, ClientID: 26855, URL: "https://wise.test/26855"}, false},
		{202, "", `{"status":202,"client_id":null,"url":null}`, mojo.SendResult{ContactID: id, Status: 202}, false},
		{409, problem, `{"title":"Not connected."}`, mojo.SendResult{ContactID: id, Status: 409, Error: "Not connected."}, false},
		{422, problem, `{"title":"The name is missing.","detail":"Give it one."}`, mojo.SendResult{ContactID: id, Status: 422, Error: "The name is missing. Give it one."}, false},
		{401, problem, `{"title":"No."}`, mojo.SendResult{}, true},
		{500, "text/html", `<h1>Oh</h1>`, mojo.SendResult{}, true},
		{201, "", `{"client_id":`, mojo.SendResult{}, true},
	}
	for _, test := range tests {
		d.status, d.kind, d.sent = test.status, test.kind, test.body
		got, err := b.Send(t.Context(), "8812", id)
		if got != test.want || (err != nil) != test.fails {
			t.Errorf("%d %s: got %+v, %v; want %+v", test.status, test.body, got, err, test.want)
		}
	}
	want := `POST /api/mojo/v1/contacts Bearer t0ken {` + dana + `,"contact":{"contact_id":` + itoa(id) +
		`,"full_name":"Ann \u0026 Bob Lee","contactgroup_set":[],"city":"Tucson","contactnote_set":[{"type":1,"contents":"Hi"}],` +
		`"mediainfo_set":[{"type":2,"value":"5205550143"}],"api_contact_id":null}}`
	if d.last() != want {
		t.Errorf("got request\n%s\nwant\n%s", d.last(), want)
	}
}

func TestSendAll(t *testing.T) {
	b, d, id := newDesk(t)
	other := b.AddContact("8812", mojo.Contact{FullName: "Bob"})
	d.status = 200
	d.sent = `{"results":[{"contact_id":` + itoa(id) + `,"status":201,"client_id":1,"url":"u"},{"contact_id":` + itoa(other) + `,"status":422,"error":"No phone."}]}`
	got, err := b.SendAll(t.Context(), "8812", id, other)
	if err != nil || len(got) != 2 || got[0] != (mojo.SendResult{ContactID: id, Status: 201, ClientID: 1, URL: "u"}) ||
		got[1] != (mojo.SendResult{ContactID: other, Status: 422, Error: "No phone."}) {
		t.Errorf("got %+v, %v; want both results", got, err)
	}
	if !strings.Contains(d.last(), `"contacts":[{"contact_id":`+itoa(id)) || strings.Contains(d.last(), `"contact":`) {
		t.Errorf("got request %s, want contacts and no contact", d.last())
	}
	for name, sent := range map[string]string{"another order": `{"results":[{"contact_id":9,"status":201},{"contact_id":8,"status":201}]}`, "too few": `{"results":[]}`} {
		d.sent = sent
		if _, err := b.SendAll(t.Context(), "8812", id, other); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	d.status, d.sent = 409, `{"title":"Not connected."}`
	if got, err := b.SendAll(t.Context(), "8812", id, other); err != nil || len(got) != 1 || got[0].Status != 409 {
		t.Errorf("got %+v, %v; want one 409", got, err)
	}
}

func TestSetService(t *testing.T) {
	e := newEar(t)
	b := newBox(t, mojo.Config{HookSecret: hookSecret, ManualHooks: true})
	id := b.AddContact("8812", mojo.Contact{FullName: "Ann"})
	b.Call("8812", id, mojo.Call{Result: "contact", Phone: "5205550143"})
	if got := b.HookCounts(); got.Dropped != 1 {
		t.Errorf("got %+v without an address, want one dropped", got)
	}
	b.SetService(e.URL)
	b.Call("8812", id, mojo.Call{Result: "contact", Phone: "5205550143"})
	b.flush(t)
	if got := len(e.ids()); got != 1 {
		t.Errorf("got %d hooks, want 1", got)
	}
	if _, err := b.Linked(t.Context(), "8812", id); err == nil {
		t.Error("got no error from a service without that page")
	}
}
