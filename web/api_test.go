package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
)

// callAPI asks as Mojo's contact form does. body "" sends none.
func (h *house) callAPI(method, path, token, body string) *answer {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), method, h.address(path), strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return h.browser().do(r)
}

// json is the answer's body, which must be plain JSON.
func (a *answer) json() map[string]any {
	a.t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(a.body), &m); err != nil || !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		a.t.Fatalf("answer: got %d %s\n%s\nwant JSON", a.status, a.header.Get("Content-Type"), a.body)
	}
	return m
}

// sending is the body that sends a contact.
func sending(contact string) string {
	return `{"account_id": "8812", "agent": {"id": 31, "name": "Dana Ruiz", "email": "dana@example.com"}, "contact": ` + contact + `}`
}

// contactBody is a contact as in part A2 of Mojo's API, with its id.
func contactBody(id int64, name, phone string) string {
	return fmt.Sprintf(`{"contact_id": %d, "api_contact_id": "m-%d", "full_name": %q, "address": "12 N Oak St Apt 4",
		"city": "Tucson", "state": "AZ", "zip_code": "85701", "mediainfo_set": [{"type": 2, "value": %q}]}`, id, id, name, phone)
}

func TestAPIAsksForAToken(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	for name, header := range map[string]string{
		"none": "", "wrong": "Bearer " + strings.ToUpper(newToken), "a part of it": "Bearer " + newToken[:20], "more than it": "Bearer " + newToken + "0",
		"another scheme": "Basic " + newToken, "no scheme": newToken, "nothing behind it": "Bearer ", "both at once": "Bearer " + newToken + "," + oldToken,
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			path := apiPath
			if method == http.MethodGet {
				path += "/58?account_id=8812"
			}
			r, err := http.NewRequestWithContext(t.Context(), method, h.url+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if header != "" {
				r.Header.Set("Authorization", header)
			}
			a := b.do(r)
			a.problem(401)
			if got := a.header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer") {
				t.Errorf("%s: WWW-Authenticate: got %q, want Bearer", name, got)
			}
		}
	}
	for _, token := range []string{newToken, oldToken} {
		h.callAPI(http.MethodGet, apiPath+"/58?account_id=8812", token, "").want(200)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+apiPath+"/58?account_id=8812", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "bearer "+newToken)
	b.do(r).want(200) // the scheme's name has no case
}

func TestAPIWithoutTokensIsClosed(t *testing.T) {
	h := newHouse(t, func(s *Server) { s.APITokens = nil })
	for _, token := range []string{"", newToken} {
		h.callAPI(http.MethodGet, apiPath+"/58?account_id=8812", token, "").problem(401)
	}
}

func TestButtonSaysWhatToShow(t *testing.T) {
	h := newHouse(t, nil)
	h.work()
	none := map[string]any{"connected": false, "linked": false, "client_id": nil, "url": nil, "last_synced_at": nil}
	ask := func() map[string]any {
		t.Helper()
		return h.callAPI(http.MethodGet, apiPath+"/58?account_id=8812", newToken, "").want(200).json()
	}
	if got := ask(); !reflect.DeepEqual(got, none) {
		t.Errorf("not connected: got %v, want %v", got, none)
	}
	h.browser().connect(1)
	none["connected"] = true
	if got := ask(); !reflect.DeepEqual(got, none) {
		t.Errorf("not linked: got %v, want %v", got, none)
	}
	sent := h.callAPI(http.MethodPost, apiPath, newToken, sending(contactBody(58, "Ann Lee", "5205550143"))).want(201).json()
	got := ask()
	if got["linked"] != true || got["client_id"] != sent["client_id"] || got["url"] != sent["url"] || got["last_synced_at"] == nil {
		t.Errorf("linked: got %v, want what the answer to sending said: %v", got, sent)
	}
	h.callAPI(http.MethodGet, apiPath+"/abc?account_id=8812", newToken, "").problem(422)
	h.callAPI(http.MethodGet, apiPath+"/58", newToken, "").problem(422)
	h.callAPI(http.MethodDelete, apiPath+"/58", newToken, "").problem(405)
}

// A contact that was deleted in Wise Agent is no page to go to: the form offers to send it once more.
func TestButtonOffersToSendWhatIsGone(t *testing.T) {
	h := newHouse(t, nil)
	h.work()
	b := h.browser()
	b.connect(1)
	ask := func() map[string]any {
		t.Helper()
		return h.callAPI(http.MethodGet, apiPath+"/58?account_id=8812", newToken, "").want(200).json()
	}
	press := func(status int) any {
		t.Helper()
		return h.callAPI(http.MethodPost, apiPath, newToken, sending(contactBody(58, "Ann Lee", "5205550143"))).want(status).json()["client_id"]
	}
	first := press(201)
	h.wise.DeleteContact(jane, fmt.Sprint(first))
	h.sendCall("msg_1", 58, "contact")
	b.until(activityPath, "The contact is no longer in Wise Agent. Send it again from Mojo's contact form, then press Retry.")
	if got, want := ask(), (map[string]any{"connected": true, "linked": false, "client_id": nil, "url": nil, "last_synced_at": nil}); !reflect.DeepEqual(got, want) {
		t.Errorf("deleted: got %v, want %v", got, want)
	}
	anew := press(201)
	if again := press(200); anew == first || again != anew {
		t.Errorf("sent again: got %v and %v, want another contact than %v, once", anew, again, first)
	}
	if got := ask(); got["linked"] != true || got["client_id"] != anew {
		t.Errorf("sent again: got %v, want contact %v", got, anew)
	}
}

func TestSendOneContact(t *testing.T) {
	h := newHouse(t, nil)
	h.work()
	body := sending(contactBody(58, "Ann van der Berg", "5205550143"))
	h.callAPI(http.MethodPost, apiPath, newToken, body).problem(409)
	h.browser().connect(1)
	before := len(h.wise.Contacts(jane))

	created := h.callAPI(http.MethodPost, apiPath, newToken, body).want(201).json()
	if id, ok := created["client_id"].(float64); !ok || id <= 0 || created["status"] != 201.0 || !strings.Contains(fmt.Sprint(created["url"]), fmt.Sprint(int64(id))) {
		t.Errorf("answer: got %v, want status, client_id and url", created)
	}
	again := h.callAPI(http.MethodPost, apiPath, newToken, body).want(200).json()
	if again["client_id"] != created["client_id"] || again["status"] != 200.0 {
		t.Errorf("second time: got %v, want the same contact as %v", again, created)
	}
	all := h.wise.Contacts(jane)
	if len(all) != before+1 {
		t.Fatalf("contacts: got %d more, want 1", len(all)-before)
	}
	c, ok := h.wise.Contact(jane, fmt.Sprint(created["client_id"]))
	if !ok || c.First != "Ann" || c.Last != "van der Berg" {
		t.Errorf("contact: got %+v, %t, want Ann van der Berg", c, ok)
	}
}

func TestSendSaysWhatIsMissing(t *testing.T) {
	h := newHouse(t, nil)
	h.work()
	h.browser().connect(1)
	many := `{"account_id": 8812, "contacts": [` + strings.TrimSuffix(strings.Repeat("{},", sendAtOne+1), ",") + `]}`
	cases := []struct {
		name, body string
		status     int
		says       string
	}{
		{"empty", "", 400, "JSON"},
		{"no JSON", "contact=58", 400, "JSON"},
		{"a list", "[]", 400, "JSON"},
		{"the account an object", `{"account_id": {}, "contact": {}}`, 400, "JSON"},
		{"no account", `{"contact": {"contact_id": 58, "full_name": "Ann"}}`, 422, "account_id is missing"},
		{"account null", `{"account_id": null, "contact": {}}`, 422, "account_id is missing"},
		{"nobody", `{"account_id": "8812"}`, 422, "contact is missing"},
		{"null", `{"account_id": "8812", "contact": null}`, 422, "contact is missing"},
		{"empty list", `{"account_id": "8812", "contacts": []}`, 422, "contact is missing"},
		{"both", `{"account_id": "8812", "contact": {}, "contacts": [{}]}`, 422, "not both"},
		{"too many", many, 422, "At most 500 contacts go at once; these are 501."},
		{"no id", sending(`{"full_name": "Ann Lee"}`), 422, "contact_id"},
		{"neither name nor phone", sending(`{"contact_id": 58}`), 422, "name, a phone or an e-mail"},
		{"too large", strings.Repeat(" ", apiLimit+1), 413, "more than fits"},
		{"another account", strings.Replace(sending(contactBody(58, "Ann Lee", "5205550143")), `"8812"`, "8840", 1), 409, "not connected"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := h.callAPI(http.MethodPost, apiPath, newToken, c.body).problem(c.status)
			if !strings.Contains(p.Title, c.says) {
				t.Errorf("title: got %q, want %q in it", p.Title, c.says)
			}
		})
	}
}

func TestSendSeveralContacts(t *testing.T) {
	h := newHouse(t, nil)
	h.work()
	bodies := []string{contactBody(61, "Ann Lee", "5205550143"), `{"contact_id": 62}`, contactBody(63, "Luis Ruiz", "5205550144")}
	body := `{"account_id": 8812, "agent": {"id": 31, "name": "Dana Ruiz", "email": "dana@example.com"}, "contacts": [` + strings.Join(bodies, ",") + `]}`
	h.callAPI(http.MethodPost, apiPath, newToken, body).problem(409)
	h.browser().connect(1)
	for round, want := range [][]int{{201, 422, 201}, {200, 422, 200}} {
		var out struct {
			Results []struct {
				ContactID int64   `json:"contact_id"`
				Status    int     `json:"status"`
				ClientID  *int64  `json:"client_id"`
				URL       *string `json:"url"`
				Error     *string `json:"error"`
			} `json:"results"`
		}
		a := h.callAPI(http.MethodPost, apiPath, newToken, body).want(200)
		if err := json.Unmarshal([]byte(a.body), &out); err != nil {
			t.Fatalf("answer: %v\n%s", err, a.body)
		}
		var ids []int64
		var statuses []int
		for _, r := range out.Results {
			ids, statuses = append(ids, r.ContactID), append(statuses, r.Status)
			if fine := r.Status < 300; fine != (r.ClientID != nil) || fine != (r.URL != nil) || fine != (r.Error == nil) {
				t.Errorf("round %d: got %s", round, a.body)
			}
		}
		if !slices.Equal(statuses, want) || !slices.Equal(ids, []int64{61, 62, 63}) {
			t.Errorf("round %d: got contacts %d with %d, want 61, 62, 63 with %d", round, ids, statuses, want)
		}
	}
}

func TestSendWaitsForWiseAgent(t *testing.T) {
	h := newHouse(t, nil)
	h.work()
	h.browser().connect(1)
	h.wiseFaults.Add(fault.Rule{Endpoint: "*", Kind: "server_error", Status: 500})
	got := h.callAPI(http.MethodPost, apiPath, newToken, sending(contactBody(58, "Ann Lee", "5205550143"))).want(202).json()
	if want := (map[string]any{"status": 202.0, "client_id": nil, "url": nil}); !reflect.DeepEqual(got, want) {
		t.Errorf("answer: got %v, want %v", got, want)
	}
}

// The stand-in's own button reads the answers as Mojo would.
func TestMojosButton(t *testing.T) {
	h := newHouse(t, nil)
	h.work()
	id := h.mojo.AddContact("8812", mojobox.Contact{FullName: "Ann & Bob Lee"}, h.hot)
	if r, err := h.mojo.Send(t.Context(), "8812", id); err != nil || r.Status != 409 || !strings.Contains(r.Error, "not connected") {
		t.Errorf("before connecting: got %+v, %v, want 409 in plain words", r, err)
	}
	h.browser().connect(1)
	r, err := h.mojo.Send(t.Context(), "8812", id)
	if err != nil || r.Status != 201 || r.ClientID == 0 || r.URL == "" {
		t.Fatalf("send: got %+v, %v, want 201", r, err)
	}
	if s, err := h.mojo.Linked(t.Context(), "8812", id); err != nil || !s.Connected || !s.Linked || s.ClientID != r.ClientID || s.LastSynced.IsZero() {
		t.Errorf("linked: got %+v, %v, want contact %d", s, err, r.ClientID)
	}
}
