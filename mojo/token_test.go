package mojo_test

import (
	"errors"
	"io"
	"log"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"addtomojo/mojo"
)

var quiet = log.New(io.Discard, "", 0)

func TestSignIn(t *testing.T) {
	var form url.Values
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		id, secret, _ := r.BasicAuth()
		if r.Method != "POST" || r.URL.Path != "/oauth/token/" || id != "us" || secret != "our-secret" {
			t.Errorf("got %s %s as %q, want POST /oauth/token/ as \"us\"", r.Method, r.URL.Path, id)
		}
		r.ParseForm()
		form = r.PostForm
		says(200, asJSON, testdata(t, "token.json"))(w, r)
	})
	before := time.Now()
	g, err := c.SignIn(t.Context(), "1234", "dana", "pass word&")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := form.Encode(), "grant_type=password&password=pass+word%26&pin=1234&username=dana"; got != want {
		t.Errorf("got form %q, want %q", got, want)
	}
	if g.AccountURL != "https://palm.example.com" {
		t.Errorf("got account URL %q, want it without the slash", g.AccountURL)
	}
	if want := (mojo.Account{ID: "8812", Name: "Palm Realty"}); g.Account != want {
		t.Errorf("got account %+v, want %+v", g.Account, want)
	}
	if want := (mojo.Agent{ID: "31", Name: "Dana Ruiz", Email: "dana@example.com", Permission: "owner"}); g.Agent != want {
		t.Errorf("got agent %+v, want %+v", g.Agent, want)
	}
	if g.Token.AccessToken != "fresh-access" || g.Token.RefreshToken != "fresh-refresh" || g.Token.Type() != "Bearer" {
		t.Errorf("got other tokens than the ones given")
	}
	if life := g.Token.Expiry.Sub(before); life < time.Hour || life > time.Hour+time.Minute {
		t.Errorf("got a token good for %s, want an hour", life)
	}
}

func TestRefresh(t *testing.T) {
	tests := []struct {
		name, body, wantRefresh string
		life                    time.Duration
		wantPermission          string
	}{
		{"rotated", `{"access_token": "a", "refresh_token": "r2", "expires_in": 600}`, "r2", 10 * time.Minute, ""},
		{"seconds as text", `{"access_token": "a", "refresh_token": "r2", "expires_in": "600"}`, "r2", 10 * time.Minute, ""},
		{"not rotated", `{"access_token": "a", "expires_in": 600}`, "r1", 10 * time.Minute, ""},
		{"no expiry told", `{"access_token": "a", "refresh_token": "r2"}`, "r2", time.Hour, ""},
		{"permission told", `{"access_token": "a", "refresh_token": "r2", "expires_in": 600, "agent": {"id": 31, "permission": "dialing_rep"}}`, "r2", 10 * time.Minute, "dialing_rep"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var form url.Values
			c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
				r.ParseForm()
				form = r.PostForm
				says(200, asJSON, tt.body)(w, r)
			})
			renewed, err := c.Refresh(t.Context(), "r1")
			if err != nil {
				t.Fatal(err)
			}
			token := renewed.Token
			if renewed.Permission != tt.wantPermission {
				t.Errorf("got permission %q, want %q", renewed.Permission, tt.wantPermission)
			}
			if got, want := form.Encode(), "grant_type=refresh_token&refresh_token=r1"; got != want {
				t.Errorf("got form %q, want %q", got, want)
			}
			if token.RefreshToken != tt.wantRefresh {
				t.Errorf("got refresh token %q, want %q", token.RefreshToken, tt.wantRefresh)
			}
			if d := time.Until(token.Expiry) - tt.life; d > 0 || d < -time.Minute {
				t.Errorf("got expiry %s off %s from now", d, tt.life)
			}
		})
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
		{"done with an object", 200, "{}", "success"},
		{"unknown token", 400, `{"error": "invalid_grant"}`, "success"},
		{"unknown token, other word", 400, `{"error": "invalid_token"}`, "success"},
		{"our secret is wrong", 401, `{"error": "invalid_client"}`, "refused"},
		{"log-in page", 200, "<html>", "doubt"},
		{"trouble", 500, `{"error": "invalid_grant"}`, "doubt"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
				r.ParseForm()
				if got, want := r.URL.Path+"?"+r.PostForm.Encode(), "/oauth/revoke/?token=a&token_type_hint=access_token"; got != want {
					t.Errorf("got %q, want %q", got, want)
				}
				says(tt.status, asJSON, tt.body)(w, r)
			})
			err := c.Revoke(t.Context(), "a", "access_token")
			if got := kind(err); got != tt.want {
				t.Errorf("got %q (%v), want %q", got, err, tt.want)
			}
		})
	}
}

// The token endpoint's answers: who is to blame decides whether a customer is
// asked to sign in again.
func TestTokenRefusals(t *testing.T) {
	whole := testdata(t, "token.json")
	without := func(old, new string) string {
		if !strings.Contains(whole, old) {
			t.Fatalf("token.json has no %s", old)
		}
		return strings.Replace(whole, old, new, 1)
	}
	tests := []struct {
		name            string
		status          int
		body            string
		signIn, refresh string
	}{
		{"wrong password, dead token", 400, `{"error": "invalid_grant", "error_description": "No match."}`, "credentials", "grant dead"},
		{"the same as 200", 200, `{"error": "invalid_grant"}`, "credentials", "grant dead"},
		{"suspended", 403, `{"error": "access_denied", "error_description": "Suspended."}`, "suspended", "grant dead"},
		{"our secret is wrong", 401, `{"error": "invalid_client"}`, "refused", "refused"},
		{"bare 401", 401, "", "refused", "refused"},
		{"bare 403", 403, "", "refused", "refused"},
		{"firewall page", 403, "<html>blocked</html>", "refused", "refused"},
		{"no such path", 404, "<html>", "refused", "refused"},
		{"trouble", 500, `{"error": "invalid_grant"}`, "doubt", "doubt"},
		{"bad gateway", 502, "<html>", "doubt", "doubt"},
		{"too many tries", 429, `{"error": "invalid_grant"}`, "back off", "back off"},
		{"log-in page", 200, "<!DOCTYPE html>", "doubt", "doubt"},
		{"empty", 200, "", "doubt", "doubt"},
		{"null", 200, "null", "doubt", "doubt"},
		{"half", 200, whole[:60], "doubt", "doubt"},
		{"array", 200, "[" + whole + "]", "doubt", "doubt"},
		{"no access token", 200, without(`"fresh-access"`, `""`), "doubt", "doubt"},
		{"no refresh token", 200, without(`"fresh-refresh"`, `null`), "doubt", "success"},
		{"no account", 200, without(`"id": 8812`, `"id": null`), "doubt", "success"},
		{"no permission", 200, without(`"owner"`, `""`), "doubt", "success"},
		{"no account host", 200, without(`"https://palm.example.com/"`, `""`), "doubt", "success"},
		{"account host in clear", 200, without(`https://palm`, `http://palm`), "doubt", "success"},
		{"account host with a path", 200, without(`example.com/`, `example.com/x`), "doubt", "success"},
		{"account host with a user", 200, without(`palm.example`, `palm.example.com@evil.example`), "doubt", "success"},
		{"account host of another kind", 200, without(`https://`, `javascript:`), "doubt", "success"},
		{"account host here", 200, without(`https://palm.example.com/`, `http://127.0.0.1:8082`), "success", "success"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := serve(t, says(tt.status, asJSON, tt.body))
			_, err := c.SignIn(t.Context(), "1234", "dana", "wrong")
			if got := kind(err); got != tt.signIn {
				t.Errorf("sign in: got %q (%v), want %q", got, err, tt.signIn)
			}
			_, err = c.Refresh(t.Context(), "r1")
			if got := kind(err); got != tt.refresh {
				t.Errorf("refresh: got %q (%v), want %q", got, err, tt.refresh)
			}
		})
	}
}

func TestRefusalsTellWhatMojoSaid(t *testing.T) {
	tests := []struct{ body, want string }{
		{`{"error": "invalid_client", "error_description": "Unknown client."}`, "Unknown client."},
		{`{"detail": "Not today."}`, "Not today."},
		{`{"name": ["Too long.", "Too odd."], "non_field_errors": ["No."]}`, "name: Too long. name: Too odd. No."},
		{"plain\ntext", "plain text"},
		{"<html>page</html>", ""},
		{`["` + strings.Repeat("é", 600) + `"]`, strings.Repeat("é", 500)},
	}
	for _, tt := range tests {
		c, _ := serve(t, says(400, asJSON, tt.body))
		_, err := c.Refresh(t.Context(), "r1")
		refused, ok := errors.AsType[*mojo.RefusedError](err)
		if !ok || refused.Text != tt.want || refused.Status != 400 {
			t.Errorf("%.60s: got %#v, want a RefusedError with text %q", tt.body, err, tt.want)
		}
	}
}
