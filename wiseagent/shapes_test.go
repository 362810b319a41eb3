package wiseagent_test

import (
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"addtomojo/wiseagent"
)

// calls are the requests of the data API by name.
func calls(t *testing.T, api *wiseagent.API) map[string]func() error {
	all := reads(t, api)
	maps.Copy(all, writes(t, api))
	return all
}

// reads are the requests that change nothing.
func reads(t *testing.T, api *wiseagent.API) map[string]func() error {
	ctx := t.Context()
	return map[string]func() error{
		"user":     func() error { _, err := api.User(ctx); return err },
		"count":    func() error { _, err := api.ContactsCount(ctx); return err },
		"contacts": func() error { _, err := api.Contacts(ctx, 1, 100); return err },
		"contact":  func() error { _, err := api.Contact(ctx, "26855"); return err },
		"notes":    func() error { _, err := api.Notes(ctx, "26855", 1, 100); return err },
		"find":     func() error { _, err := api.FindContacts(ctx, wiseagent.Query{Phone: "5205550143"}); return err },
		"calls":    func() error { _, err := api.Calls(ctx, "26855"); return err },
		"team":     func() error { _, err := api.Team(ctx); return err },
	}
}

// writes are the requests that change something.
func writes(t *testing.T, api *wiseagent.API) map[string]func() error {
	ctx := t.Context()
	return map[string]func() error{
		"add note": func() error {
			_, err := api.AddNote(ctx, wiseagent.NewNote{ClientID: "26855", Subject: "Mojo call: Contact", Text: "Mojo call #90210"})
			return err
		},
		"update note": func() error { return api.UpdateNote(ctx, 81001, "Mojo note", "Mojo note #7") },
		"add call":    func() error { _, err := api.AddCall(ctx, valuation); return err },
		"update call": func() error { return api.UpdateCall(ctx, "4401", valuation) },
		"delete call": func() error { return api.DeleteCall(ctx, "4401") },
		"create": func() error {
			_, _, err := api.CreateContact(ctx, wiseagent.NewContact{First: "Ann", Last: "Lee", Source: "Mojo"})
			return err
		},
		"update":      func() error { return api.UpdateContact(ctx, "26855", map[string]string{"CFirst": "Ann"}) },
		"categorize":  func() error { return api.AddToCategory(ctx, "DNC", "26855") },
		"category":    func() error { return api.EnsureCategory(ctx, "DNC") },
		"custom":      func() error { return api.AddCustom(ctx, "26855", "MojoContactID", "58") },
		"edit custom": func() error { return api.EditCustom(ctx, "26855", "MojoContactID", "58") },
	}
}

// valuation is a Call List entry.
var valuation = wiseagent.NewCall{
	ClientID: "26855", Type: "Appointment", Reason: "Valuation", Next: "2026-11-25 15:30", Important: true, TeamID: 8,
}

// TestOddAnswers holds answers that are no success, whatever they look like.
func TestOddAnswers(t *testing.T) {
	login, contact := testdata(t, "login.html"), testdata(t, "single_contact.json")
	tests := []struct {
		name   string
		call   string // "*" is every one, "reads" every one that changes nothing
		status int
		body   string
		want   string
	}{
		{"log-in page", "*", 200, login, "doubt"},
		{"log-in page after a blank line", "*", 200, "\r\n\r\n" + login, "doubt"},
		{"HTML fragment", "*", 200, "<font face=\"Arial\">ADODB error</font>", "doubt"},
		{"empty", "*", 200, "", "doubt"},
		{"blank", "*", 200, "\r\n", "doubt"},
		{"null", "*", 200, "null", "doubt"},
		{"true", "*", 200, "true", "doubt"},
		{"number", "*", 200, "0", "doubt"},
		{"bare text", "*", 200, "Object moved", "doubt"},
		{"text in quotes", "*", 200, `"OK"`, "doubt"},
		{"empty text", "*", 200, `""`, "doubt"},
		{"text holding half a JSON", "*", 200, `"[{\"ClientID\": 26855"`, "doubt"},
		{"text holding a page", "*", 200, `"<html>"`, "doubt"},
		{"half an array", "*", 200, `[{"ClientID": 26855, "Email": "a`, "doubt"},
		{"half an object", "*", 200, `{"count": 5`, "doubt"},
		{"array of null", "*", 200, "[null]", "doubt"},
		{"array of texts", "*", 200, `["26855"]`, "doubt"},
		{"array of arrays", "*", 200, `[[{"ClientID": 26855, "Email": "a@example.com", "count": 1, "NoteID": 1}]]`, "doubt"},
		{"array of empty objects", "*", 200, "[{}]", "doubt"},
		{"empty object", "*", 200, "{}", "doubt"},
		{"success and nothing else", "reads", 200, `[{"success": "true"}]`, "doubt"},
		{"real success and nothing else", "reads", 200, `{"success": true}`, "doubt"},
		{"data null", "reads", 200, `{"success": "true", "data": null}`, "doubt"},
		{"JSON with a page behind", "contact", 200, contact + login, "doubt"},
		{"typographic quotes", "*", 200, `[{“ClientID”: 26855}]`, "doubt"},
		{"trailing comma", "*", 200, `[{"ClientID": 26855, "NoteID": 1, "count": 1, "Email": "a@example.com",}]`, "doubt"},

		{"error", "*", 200, `{"error": "Something."}`, "refused"},
		{"Error", "*", 200, `{"Error": "Missing ClientID"}`, "refused"},
		{"error in an array", "*", 200, `[{"error": "Something."}]`, "refused"},
		{"error behind success", "*", 200, `[{"success": "true"}, {"Error": "Something."}]`, "refused"},
		{"error as object", "*", 200, `{"error": {"code": 7}}`, "refused"},
		{"error that is true", "*", 200, `{"error": true}`, "refused"},
		{"success false", "*", 200, `{"success": false, "message": "No."}`, "refused"},
		{"success \"false\"", "*", 200, `[{"success": "False", "message": "No."}]`, "refused"},
		{"success 0", "*", 200, `{"success": 0}`, "refused"},
		{"success null", "*", 200, `[{"Success": ""}]`, "refused"},
		{"status error", "*", 200, `{"status": "error", "data": [{"ClientID": 26855}]}`, "refused"},
		{"error in a text", "*", 200, `"{\"error\": \"Something.\"}"`, "refused"},
		{"error with raw control bytes", "*", 200, "{\"error\": \"Some\r\nthing.\"}", "refused"},
		{"contact with an error", "contact", 200, `[{"ClientID": 26855, "error": "Locked."}]`, "refused"},

		{"token expired", "*", 401, testdata(t, "expired.json"), "token"},
		{"token expired as 200", "*", 200, testdata(t, "expired.json"), "token"},
		{"401 as page", "*", 401, login, "token"},
		{"401, nothing said", "*", 401, "", "token"},
		{"no token at all", "*", 401, `{"error": "invalid_client", "error_description": "OAuth client not found"}`, "token"},
		{"permission denied", "*", 200, "permission denied", "token"},
		{"Permission denied in quotes", "*", 200, `"Permission denied."`, "token"},
		{"permission denied as error", "*", 200, `{"error": "permission denied"}`, "token"},
		{"permission denied as 403", "*", 403, "permission denied", "token"},
		{"scope", "*", 403, `{"error": "insufficient_scope"}`, "scope"},
		{"scope as 401", "*", 401, `{"error": "access_denied", "error_description": "Missing scope contacts"}`, "scope"},
		{"scope as 200", "*", 200, `{"error": "Token lacks the scope"}`, "scope"},
		{"403", "*", 403, `{"error": "No."}`, "refused"},
		{"firewall page", "*", 403, login, "doubt"},

		{"bad request", "*", 400, `{"error": "Unknown requestType"}`, "refused"},
		{"not found", "*", 404, "<html>404</html>", "refused"},
		{"not allowed", "*", 405, "", "refused"},
		{"error 500", "*", 500, "<html>500</html>", "doubt"},
		{"error 500 with good JSON", "contact", 500, contact, "doubt"},
		{"error 502", "*", 502, "", "doubt"},
		{"moved", "*", 302, "", "doubt"},
		{"request timeout", "*", 408, "", "doubt"},
		{"throttled", "*", 429, "", "back off"},

		{"nobody", "user", 200, "[]", "doubt"},
		{"user without e-mail", "user", 200, `[{"First": "Dana", "Email": " "}]`, "doubt"},
		{"count that is none", "count", 200, `{"count": "many"}`, "doubt"},
		{"count below zero", "count", 200, `{"count": -1}`, "doubt"},
		{"count of nothing", "count", 200, "[]", "doubt"},
		{"unknown contact", "contact", 200, "[]", "unknown contact"},
		{"another contact", "contact", 200, strings.ReplaceAll(contact, "26855", "26856"), "doubt"},
		{"a vendor instead", "contact", 200, testdata(t, "vendor.json"), "doubt"},
		{"contact 0", "contact", 200, `[{"ClientID": 0}]`, "doubt"},
		{"contacts, one without id", "contacts", 200, `[{"ClientID": 26855}, {"CFirst": "Ann"}]`, "doubt"},
		{"contact with an odd id", "contacts", 200, `[{"ClientID": "../26855"}]`, "doubt"},
		{"contact with a list for a name", "contacts", 200, `[{"ClientID": 26855, "CFirst": ["Ann"]}]`, "doubt"},
		{"note without id", "notes", 200, `[{"Subject": "Call"}]`, "doubt"},
		{"call without id", "calls", 200, `{"Data": [{"Reason": "Valuation"}]}`, "doubt"},
		{"member without id", "team", 200, `[{"Name": "Dana Ruiz"}]`, "doubt"},
	}
	for _, tt := range tests {
		_, api := serve(t, says(tt.status, "text/html", tt.body))
		for name, call := range calls(t, api) {
			if _, reading := reads(t, api)[name]; tt.call != "*" && tt.call != name && !(tt.call == "reads" && reading) {
				continue
			}
			err := call()
			if got := kind(err); got != tt.want {
				t.Errorf("%s: %s: got %q (%v), want %q", tt.name, name, got, err, tt.want)
			}
		}
	}
}

// answers is a transport that gives one answer to everything.
type answers struct {
	status int
	body   string
}

func (a answers) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: a.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(a.body))}, nil
}

// FuzzAnswers throws anything at the decoders: no panic, and what counts as
// success holds what success promises.
func FuzzAnswers(f *testing.F) {
	for _, name := range []string{"single_contact.json", "vendor.json", "notes.json", "calls.json", "team.json", "created.json", "created_list.json", "note_added.json", "token.json", "expired.json", "login.html"} {
		f.Add(200, testdata(f, name))
	}
	f.Add(200, `"[{\"Email\": \"dana@example.com\", \"count\": 1}]"`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		c := &wiseagent.Client{AuthURL: "http://127.0.0.1", APIURL: "http://127.0.0.1", HTTP: &http.Client{Transport: answers{status, body}}}
		api := c.With("live-token")
		if u, err := api.User(t.Context()); err == nil && u.Email == "" {
			t.Errorf("success with user %+v", u)
		}
		if contact, err := api.Contact(t.Context(), "26855"); err == nil && contact.ClientID != "26855" {
			t.Errorf("success with contact %q", contact.ClientID)
		}
		if token, err := c.Exchange(t.Context(), "c", "v", "r"); err == nil &&
			(token.AccessToken == "" || token.RefreshToken == "" || token.Expiry.IsZero()) {
			t.Errorf("success with half a token")
		}
		if id, err := api.AddNote(t.Context(), wiseagent.NewNote{ClientID: "26855"}); err == nil && id <= 0 {
			t.Errorf("success with note %d", id)
		}
		if id, err := api.AddCall(t.Context(), valuation); err == nil && id == "" {
			t.Errorf("success with an entry without an id")
		}
		for name, call := range calls(t, api) {
			if err := call(); err == nil && (status < 200 || status > 299 || strings.HasPrefix(strings.TrimSpace(body), "<")) {
				t.Errorf("%s: HTTP %d %q counted as success", name, status, body)
			}
		}
	})
}
