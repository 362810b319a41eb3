package wiseagent_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"addtomojo/wiseagent"
)

func TestConsentURL(t *testing.T) {
	c := &wiseagent.Client{AuthURL: "https://wise.example.com/", ClientID: "us", ClientSecret: "our-secret"}
	const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636, appendix B
	got, err := url.Parse(c.ConsentURL("https://us.example.com/back", "state&1", verifier))
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"client_id": {"us"}, "redirect_uri": {"https://us.example.com/back"}, "response_type": {"code"},
		"scope": {"profile contacts team"}, "state": {"state&1"},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
	}
	if !reflect.DeepEqual(got.Query(), want) {
		t.Errorf("got %v, want %v", got.Query(), want)
	}
	got.RawQuery = ""
	if want := "https://wise.example.com/WiseAuth/auth"; got.String() != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if without := c.ConsentURL("https://us.example.com/back", "s", ""); strings.Contains(without, "code_challenge") {
		t.Errorf("got a challenge without a verifier: %s", without)
	}
}

// asked decodes a JSON request to the token endpoint.
func asked(t *testing.T, r *http.Request) map[string]string {
	t.Helper()
	if r.Method != "POST" || r.URL.Path != "/WiseAuth/token" || r.Header.Get("Content-Type") != asJSON || r.Header.Get("Authorization") != "" {
		t.Errorf("got %s %s, %s; want a POST of JSON to /WiseAuth/token", r.Method, r.URL.Path, r.Header.Get("Content-Type"))
	}
	var in map[string]string
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		t.Error(err)
	}
	return in
}

func TestExchange(t *testing.T) {
	var in map[string]string
	calls := 0
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		calls++
		in = asked(t, r)
		says(200, asJSON, testdata(t, "token.json"))(w, r)
	})
	token, err := c.Exchange(t.Context(), "code", "verifier", "https://us.example.com/back")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"grant_type": "authorization_code", "code": "code", "code_verifier": "verifier",
		"redirect_uri": "https://us.example.com/back", "client_id": "us", "client_secret": "our-secret",
	}
	if !reflect.DeepEqual(in, want) || calls != 1 {
		t.Errorf("got %v in %d requests, want %v in 1", in, calls, want)
	}
	if token.AccessToken != "fresh-access" || token.RefreshToken != "fresh-refresh" || token.Type() != "Bearer" {
		t.Errorf("got other tokens than the ones given")
	}
	if want := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC); !token.Expiry.Equal(want) {
		t.Errorf("got expiry %s, want %s", token.Expiry, want)
	}
}

func TestRefresh(t *testing.T) {
	soon := func(d time.Duration) func() time.Time { return func() time.Time { return time.Now().Add(d) } }
	at := func(s string) func() time.Time {
		return func() time.Time {
			when, err := time.Parse(time.RFC3339, s)
			if err != nil {
				t.Fatal(err)
			}
			return when
		}
	}
	tests := []struct {
		name, body, wantRefresh string
		expiry                  func() time.Time
	}{
		{"documented", testdata(t, "token.json"), "fresh-refresh", at("2030-01-01T00:00:00Z")},
		{"over already", `{"access_token": "a", "refresh_token": "r2", "expires_at": "2020-01-01T00:00:00.000Z"}`, "r2", at("2020-01-01T00:00:00Z")},
		{"US date", `{"access_token": "a", "refresh_token": "r2", "expires_at": "1/2/2030 3:04:05 PM"}`, "r2", at("2030-01-02T15:04:05Z")},
		{"seconds", `{"access_token": "a", "refresh_token": "r2", "expires_in": 600}`, "r2", soon(10 * time.Minute)},
		{"no expiry told", `{"access_token": "a", "refresh_token": "r2"}`, "r2", soon(time.Hour)},
		{"odd expiry", `{"access_token": "a", "refresh_token": "r2", "expires_at": "soon"}`, "r2", soon(time.Hour)},
		{"not rotated", `{"access_token": "a", "expires_at": "2030-01-01T00:00:00.000Z"}`, "r1", at("2030-01-01T00:00:00Z")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var in map[string]string
			c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
				in = asked(t, r)
				says(200, asJSON, tt.body)(w, r)
			})
			token, err := c.Refresh(t.Context(), "r1")
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{"grant_type": "refresh_token", "refresh_token": "r1", "client_id": "us", "client_secret": "our-secret"}
			if !reflect.DeepEqual(in, want) {
				t.Errorf("got %v, want %v", in, want)
			}
			if token.RefreshToken != tt.wantRefresh {
				t.Errorf("got refresh token %q, want %q", token.RefreshToken, tt.wantRefresh)
			}
			if d := token.Expiry.Sub(tt.expiry()).Abs(); d > time.Minute {
				t.Errorf("got expiry %s, want about %s", token.Expiry, tt.expiry())
			}
		})
	}
}

// The token endpoint's answers: who is to blame decides whether a customer is
// asked to consent again.
func TestTokenRefusals(t *testing.T) {
	whole := testdata(t, "token.json")
	tests := []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"dead", 400, `{"error": "invalid_grant", "error_description": "Gone."}`, "grant dead"},
		{"dead as 401", 401, `{"error": "invalid_grant"}`, "grant dead"},
		{"dead as 200", 200, `{"error": "invalid_grant"}`, "grant dead"},
		{"dead with capitals", 400, `{"Error": "invalid_grant"}`, "grant dead"},
		{"denied", 403, `{"error": "access_denied"}`, "grant dead"},
		{"bare 401", 401, "", "grant dead"},
		{"401 in other words", 401, `{"Message": "Authorization has been denied for this request."}`, "grant dead"},
		{"our secret is wrong", 401, `{"error": "invalid_client"}`, "refused"},
		{"our request is wrong", 400, `{"error": "invalid_request"}`, "refused"},
		{"our secret is wrong, as 200", 200, `{"error": "invalid_client"}`, "refused"},
		{"bare 400", 400, "", "refused"},
		{"firewall page", 401, "<html>", "refused"},
		{"no such path", 404, "<html>", "refused"},
		{"trouble", 500, `{"error": "invalid_grant"}`, "doubt"},
		{"bad gateway", 502, "<html>", "doubt"},
		{"throttled", 429, `{"error": "invalid_grant"}`, "back off"},
		{"log-in page", 200, testdata(t, "login.html"), "doubt"},
		{"empty", 200, "", "doubt"},
		{"null", 200, "null", "doubt"},
		{"half", 200, whole[:40], "doubt"},
		{"no access token", 200, strings.Replace(whole, `"fresh-access"`, `""`, 1), "doubt"},
		{"token as list", 200, strings.Replace(whole, `"fresh-access"`, `["a"]`, 1), "doubt"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := serve(t, says(tt.status, asJSON, tt.body))
			_, err := c.Exchange(t.Context(), "code", "verifier", "https://us.example.com/back")
			if got := kind(err); got != tt.want {
				t.Errorf("exchange: got %q (%v), want %q", got, err, tt.want)
			}
			_, err = c.Refresh(t.Context(), "r1")
			if got := kind(err); got != tt.want {
				t.Errorf("refresh: got %q (%v), want %q", got, err, tt.want)
			}
		})
	}
}

func TestExchangeNeedsARefreshToken(t *testing.T) {
	c, _ := serve(t, says(200, asJSON, `{"access_token": "a", "expires_at": "2030-01-01T00:00:00.000Z"}`))
	_, err := c.Exchange(t.Context(), "code", "verifier", "https://us.example.com/back")
	if got := kind(err); got != "doubt" {
		t.Errorf("got %q (%v), want doubt", got, err)
	}
}

func TestRevoke(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"done", 200, "", "success"},
		{"done with a word", 200, "OK", "success"},
		{"done with an object", 200, `{"success": "true"}`, "success"},
		{"unknown token", 400, `{"error": "invalid_grant"}`, "success"},
		{"unknown token as 401", 401, `{"error": "invalid_token"}`, "success"},
		{"refused", 400, `{"error": "unsupported_token_type"}`, "refused"},
		{"refused as 200", 200, `{"error": "no"}`, "refused"},
		{"denied", 200, "permission denied", "refused"},
		{"log-in page", 200, "<html>", "doubt"},
		{"trouble", 500, `{"error": "invalid_grant"}`, "doubt"},
		{"throttled", 429, `{"error": "invalid_grant"}`, "back off"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
				r.ParseForm()
				if got, want := r.URL.Path+"?"+r.PostForm.Encode(), "/WiseAuth/revoke?token=a&token_type_hint=refresh_token"; got != want {
					t.Errorf("got %q, want %q", got, want)
				}
				says(tt.status, asJSON, tt.body)(w, r)
			})
			err := c.Revoke(t.Context(), "a", "refresh_token")
			if got := kind(err); got != tt.want {
				t.Errorf("got %q (%v), want %q", got, err, tt.want)
			}
		})
	}
}

func TestRefusalsTellWhatWiseAgentSaid(t *testing.T) {
	tests := []struct{ body, want string }{
		{`{"error": "invalid_request", "error_description": "No such request."}`, "invalid_request No such request."},
		{`{"Error": "Missing ClientID"}`, "Missing ClientID"},
		{`{"success": "false", "message": "Duplicate key."}`, "Duplicate key."},
		{`{"status": "error", "data": {"message": "Broken."}}`, "Broken."},
		{"plain\ntext", "plain text"},
		{"<html>page</html>", ""},
		{`["` + strings.Repeat("é", 600) + `"]`, strings.Repeat("é", 500)},
	}
	for _, tt := range tests {
		_, api := serve(t, says(400, asJSON, tt.body))
		_, err := api.User(t.Context())
		refused, ok := errors.AsType[*wiseagent.RefusedError](err)
		if !ok || refused.Text != tt.want || refused.Status != 400 {
			t.Errorf("%.60s: got %#v, want a RefusedError with text %q", tt.body, err, tt.want)
		}
	}
}
