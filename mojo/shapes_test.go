package mojo_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"addtomojo/mojo"
)

// calls are the endpoints of an account by name.
func calls(t *testing.T, api *mojo.API) map[string]func() error {
	ctx := t.Context()
	return map[string]func() error{
		"groups": func() error { _, err := api.Groups(ctx); return err },
		"group":  func() error { _, err := api.CreateGroup(ctx, "Hot Lead"); return err },
		"create": func() error { _, err := api.BulkCreate(ctx, annAndBob); return err },
		"update": func() error { _, err := api.BulkUpdate(ctx, annAndBob); return err },
		"note":   func() error { return api.AddNote(ctx, "wa-26855", "Hello") },
		"get":    func() error { _, err := api.Contact(ctx, "wa-26855"); return err },
		"remove": func() error { return api.RemoveFromGroup(ctx, 12, []string{"wa-26855"}) },
	}
}

// TestOddAnswers holds answers that are no success, whatever they look like.
func TestOddAnswers(t *testing.T) {
	const page = "text/html; charset=utf-8"
	login, created := testdata(t, "login.html"), testdata(t, "bulk_created.json")
	tests := []struct {
		name   string
		call   string // "*" is every one
		status int
		typ    string
		body   string
		want   string
	}{
		{"log-in page", "*", 200, page, login, "doubt"},
		{"log-in page labelled JSON", "*", 200, asJSON, "\r\n" + login, "doubt"},
		{"log-in page as created", "group", 201, page, login, "doubt"},
		{"empty", "*", 200, asJSON, "", "doubt"},
		{"blank", "*", 200, asJSON, " \r\n", "doubt"},
		{"null", "*", 200, asJSON, "null", "doubt"},
		{"number", "*", 200, asJSON, "1", "doubt"},
		{"true", "*", 200, asJSON, "true", "doubt"},
		{"text", "*", 200, asJSON, `"OK"`, "doubt"},
		{"bare text", "*", 200, "text/plain", "OK", "doubt"},
		{"half an object", "*", 200, asJSON, `{"result": [{"api_cont`, "doubt"},
		{"half an array", "*", 200, asJSON, `[{"group_id": 12, "na`, "doubt"},
		{"two objects", "*", 200, asJSON, `{}{}`, "doubt"},
		{"JSON with a page behind", "create", 200, asJSON, created + login, "doubt"},
		{"right JSON labelled HTML", "create", 200, page, created, "doubt"},
		{"detail", "*", 200, asJSON, `{"detail": "Not now."}`, "refused"},
		{"detail as list", "*", 200, asJSON, `{"detail": ["Not now."]}`, "refused"},
		{"error", "*", 200, asJSON, `{"error": "nope", "error_description": "Not now."}`, "refused"},
		{"error that is true", "*", 200, asJSON, `{"error": true}`, "refused"},
		{"unknown errors", "*", 200, asJSON, `{"errors": ["Something else."], "result": null}`, "refused"},
		{"errors as objects", "*", 200, asJSON, `{"errors": [{"message": "Something."}]}`, "refused"},
		{"errors as numbers", "*", 200, asJSON, `{"errors": [7]}`, "refused"},
		{"bad token", "*", 403, asJSON, `{"detail": "Invalid access_token"}`, "token"},
		{"bad token as page", "*", 403, page, login, "token"},
		{"bad token, nothing said", "*", 403, asJSON, "", "token"},
		{"bad token as 401", "*", 401, asJSON, `{"detail": "no"}`, "token"},
		{"error 500", "*", 500, page, "<h1>Server Error (500)</h1>", "doubt"},
		{"error 502", "*", 502, page, "<h1>Bad gateway</h1>", "doubt"},
		{"error 500 with good JSON", "create", 500, asJSON, created, "doubt"},
		{"error 500 about the contact", "note", 500, asJSON, `{"non_field_errors": ["Invalid api_contact_id."]}`, "doubt"},
		{"moved", "*", 301, page, "", "doubt"},
		{"request timeout", "*", 408, page, "", "doubt"},
		{"not allowed", "*", 405, asJSON, `{"detail": "Method not allowed."}`, "refused"},
		{"unprocessable", "*", 422, asJSON, `{"detail": "No."}`, "refused"},
		{"too large", "*", 413, page, "<h1>413</h1>", "too large"},
		{"throttled", "*", 429, page, "", "back off"},

		{"no envelope", "create", 200, asJSON, "{}", "doubt"},
		{"nothing accounted for", "create", 200, asJSON, `{"duplicated_api_contact_id": [], "errors": [], "result": []}`, "doubt"},
		{"result null", "update", 200, asJSON, `{"duplicated_api_contact_id": [], "errors": [], "result": null}`, "doubt"},
		{"half accounted for", "create", 200, asJSON, `{"errors": [], "result": [{"api_contact_id": "wa-26855", "contact_id": 1}]}`, "doubt"},
		{"result is an object", "create", 200, asJSON, `{"errors": [], "result": {"api_contact_id": "wa-26855"}}`, "doubt"},
		{"bare array", "create", 200, asJSON, `[{"api_contact_id": "wa-26855", "contact_id": 58}]`, "doubt"},
		{"created with an unknown error", "create", 200, asJSON, strings.Replace(created, `"errors": []`, `"errors": ["Oops."]`, 1), "refused"},
		{"created with a numeric error", "create", 200, asJSON, strings.Replace(created, `"errors": []`, `"errors": [{"code": 7}]`, 1), "refused"},
		{"created with a text error", "create", 200, asJSON, strings.Replace(created, `"errors": []`, `"errors": "Oops."`, 1), "refused"},
		{"duplicates and another error", "create", 200, asJSON, strings.Replace(testdata(t, "bulk_duplicates.json"), `wa-26856"], "r`, `wa-26856", "Oops."], "r`, 1), "refused"},
		{"mixed groups", "create", 200, asJSON, testdata(t, "bulk_mixed_groups.json"), "mixed groups"},
		{"busy", "create", 200, asJSON, testdata(t, "bulk_busy.json"), "busy"},
		{"busy update", "update", 200, asJSON, testdata(t, "bulk_busy.json"), "busy"},
		{"validation", "create", 400, asJSON, testdata(t, "bulk_validation.json"), "refused"},
		{"no bulk create", "create", 404, page, "<h1>Not Found</h1>", "refused"},
		{"no bulk update", "update", 404, page, "<h1>Not Found</h1>", "not available"},

		{"note of a stranger", "note", 200, asJSON, `{"non_field_errors": ["Invalid api_contact_id."]}`, "unknown contact"},
		{"note of a stranger as 400", "note", 400, asJSON, `{"non_field_errors": ["Invalid api_contact_id."]}`, "unknown contact"},
		{"note refused by field", "note", 200, asJSON, `{"contents": ["This field may not be blank."]}`, "refused"},
		{"note as array", "note", 200, asJSON, `[]`, "doubt"},

		{"groups without results", "groups", 200, asJSON, `{"count": 0, "next": null}`, "doubt"},
		{"groups without ids", "groups", 200, asJSON, `[{"name": "Hot Lead"}]`, "doubt"},
		{"groups of nothing", "groups", 200, asJSON, `[null]`, "doubt"},
		{"groups with odd ids", "groups", 200, asJSON, `[{"group_id": 12.5, "name": "Hot Lead"}]`, "doubt"},
		{"groups nested", "groups", 200, asJSON, `[[{"group_id": 12}]]`, "doubt"},
		{"groups gone", "groups", 404, page, "", "refused"},
		{"group without id", "group", 201, asJSON, `{"name": "Hot Lead"}`, "doubt"},
		{"group as array", "group", 201, asJSON, `[{"group_id": 12}]`, "doubt"},
		{"group taken", "group", 400, asJSON, `{"name": ["A group with this name already exists."]}`, "group taken"},
		{"group name refused", "group", 400, asJSON, `{"name": ["Ensure this field has no more than 100 characters."]}`, "refused"},

		{"unknown contact", "get", 404, asJSON, `{"detail": "Not found."}`, "unknown contact"},
		{"another contact", "get", 200, asJSON, `{"api_contact_id": "wa-1", "contact_id": 1}`, "doubt"},
		{"no contact", "get", 200, asJSON, `{}`, "doubt"},
		{"contacts", "get", 200, asJSON, `[{"api_contact_id": "wa-26855"}]`, "doubt"},
		{"removed from nothing", "remove", 400, asJSON, `{"group_id": ["Unknown group."]}`, "refused"},
		{"removed as 200 with a field's error", "remove", 200, asJSON, `{"group_id": ["Unknown group."]}`, "refused"},
	}
	for _, tt := range tests {
		_, api := serve(t, says(tt.status, tt.typ, tt.body))
		for name, call := range calls(t, api) {
			if tt.call != "*" && tt.call != name {
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
	for _, name := range []string{"bulk_created", "bulk_duplicates", "bulk_duplicates_in_text", "bulk_busy", "bulk_update", "token", "groups", "contact"} {
		f.Add(200, testdata(f, name+".json"))
	}
	f.Add(200, "<html>")
	f.Add(400, `{"name": [[{"x": ["already exists"]}]]}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		c := &mojo.Client{AuthURL: "http://127.0.0.1", HTTP: &http.Client{Transport: answers{status, body}}}
		api := c.At("http://127.0.0.1", "live-token")
		if res, err := api.BulkCreate(t.Context(), annAndBob); err == nil {
			for _, contact := range annAndBob {
				if !strings.Contains(fmt.Sprintf("%+v", res), contact.APIContactID) {
					t.Errorf("success, but %s is not accounted for: %+v", contact.APIContactID, res)
				}
			}
		}
		if groups, err := api.Groups(t.Context()); err == nil {
			for _, g := range groups {
				if g.ID <= 0 {
					t.Errorf("success with group %+v", g)
				}
			}
		}
		if g, err := c.SignIn(t.Context(), "1", "l", "p"); err == nil &&
			(g.Token.AccessToken == "" || g.Token.RefreshToken == "" || g.Account.ID == "" || g.Agent.Permission == "" || g.AccountURL == "") {
			t.Errorf("success with half a grant: %+v", g)
		}
		for name, call := range calls(t, api) {
			if err := call(); err == nil && (status < 200 || status > 299 || strings.HasPrefix(strings.TrimSpace(body), "<")) {
				t.Errorf("%s: HTTP %d %q counted as success", name, status, body)
			}
		}
	})
}
