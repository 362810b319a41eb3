package mojo_test

import (
	"encoding/json"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"addtomojo/sandbox/fault"
	"addtomojo/sandbox/mojo"
)

func TestSignIn(t *testing.T) {
	b := newBox(t, mojo.Config{PublicURL: "http://mojo.test"})
	a := b.oauth(t, "/oauth/token/", password("482913", "Dana", "dana-sandbox"))
	var got map[string]any
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		t.Fatalf("got body %s: %v", a.body, err)
	}
	if got["access_token"] == "" || got["refresh_token"] == "" || got["access_token"] == got["refresh_token"] {
		t.Errorf("got tokens %q and %q, want two different ones", got["access_token"], got["refresh_token"])
	}
	delete(got, "access_token")
	delete(got, "refresh_token")
	want := map[string]any{
		"token_type": "Bearer", "expires_in": 3600.0, "account_url": "http://mojo.test",
		"account": map[string]any{"id": "8812", "name": "Ruiz Realty Group"},
		"agent":   map[string]any{"id": 31.0, "name": "Dana Ruiz", "email": "dana@example.com", "permission": "owner"},
	}
	if a.status != 200 || !reflect.DeepEqual(got, want) {
		t.Errorf("got %d %v\nwant 200 %v", a.status, got, want)
	}
}

func TestSignInTellsPermission(t *testing.T) {
	b := newBox(t, mojo.Config{})
	a := b.oauth(t, "/oauth/token/", password("482913", "dex", "dex-sandbox"))
	if a.status != 200 || !strings.Contains(a.body, `"permission":"dialing_rep"`) {
		t.Errorf("got %d %s, want 200 with the permission dialing_rep", a.status, a.body)
	}
}

func TestSignInRefused(t *testing.T) {
	b := newBox(t, mojo.Config{})
	const wrong = `{"error":"invalid_grant","error_description":"PIN, login or password is wrong."}`
	tests := []struct {
		name   string
		form   url.Values
		status int
		body   string
	}{
		{"wrong PIN", password("000000", "dana", "dana-sandbox"), 400, wrong},
		{"wrong login", password("482913", "dan", "dana-sandbox"), 400, wrong},
		{"wrong password", password("482913", "dana", "dana"), 400, wrong},
		{"nothing", password("", "", ""), 400, wrong},
		{"another account's PIN", password("310577", "dana", "dana-sandbox"), 400, wrong},
		{"suspended, wrong password", password("774120", "cora", "nope"), 400, wrong},
		{"suspended", password("774120", "cora", "cora-sandbox"), 403, `{"error":"access_denied","error_description":"This account is suspended."}`},
		{"unknown refresh token", refresh("nope"), 400, `{"error":"invalid_grant","error_description":"The refresh token is not valid."}`},
		{"empty refresh token", refresh(""), 400, `{"error":"invalid_grant","error_description":"The refresh token is not valid."}`},
		{"other grant", url.Values{"grant_type": {"client_credentials"}}, 400, `{"error":"unsupported_grant_type","error_description":"The grant type is not supported."}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b.oauth(t, "/oauth/token/", test.form).want(t, test.status, test.body)
		})
	}
}

func TestClientMustAuthenticate(t *testing.T) {
	b := newBox(t, mojo.Config{})
	for _, path := range []string{"/oauth/token/", "/oauth/revoke/"} {
		req := b.request(t, "POST", path, password("482913", "dana", "dana-sandbox").Encode())
		req.SetBasicAuth("service", "wrong")
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if a := b.do(t, req); a.status != 401 || !strings.Contains(a.body, "invalid_client") {
			t.Errorf("%s: got %d %s, want 401 invalid_client", path, a.status, a.body)
		}
	}
}

func TestTooManyTries(t *testing.T) {
	b := newBox(t, mojo.Config{WrongTries: 3})
	right := password("482913", "dana", "dana-sandbox")
	for range 3 {
		b.oauth(t, "/oauth/token/", password("482913", "dana", "guess"))
	}
	a := b.oauth(t, "/oauth/token/", right)
	if a.status != 429 || a.header.Get("Retry-After") != "60" {
		t.Errorf("got status %d, Retry-After %q after 3 wrong tries; want 429 and 60", a.status, a.header.Get("Retry-After"))
	}
	if a := b.oauth(t, "/oauth/token/", password("310577", "fran", "fran-sandbox")); a.status != 200 {
		t.Errorf("got status %d for another account, want 200", a.status)
	}
	b.now.Time = b.now.Add(time.Minute)
	if a := b.oauth(t, "/oauth/token/", right); a.status != 200 {
		t.Errorf("got status %d a minute later, want 200", a.status)
	}
}

func TestRefreshRotates(t *testing.T) {
	b := newBox(t, mojo.Config{})
	_, first := b.tokens(t)
	access, second := readTokens(t, b.oauth(t, "/oauth/token/", refresh(first)))
	if first == second {
		t.Error("got the same refresh token, want a new one")
	}
	if a := b.oauth(t, "/oauth/token/", refresh(first)); a.status != 400 {
		t.Errorf("got status %d for a used refresh token, want 400", a.status)
	}
	if a := b.call(t, access, "GET", "/api/groups/", ""); a.status != 200 {
		t.Errorf("got status %d with the new access token, want 200", a.status)
	}
}

func TestBadToken(t *testing.T) {
	tests := []struct {
		name  string
		shape mojo.BadTokenShape
		body  string
	}{
		{"JSON", mojo.BadTokenJSON, `{"detail":"Invalid access_token"}`},
		{"HTML", mojo.BadTokenHTML, "<h1>403 Forbidden</h1>"},
		{"empty", mojo.BadTokenEmpty, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBox(t, mojo.Config{BadToken: test.shape})
			if a := b.call(t, "nope", "GET", "/api/groups/", ""); a.status != 403 || !strings.Contains(a.body, test.body) {
				t.Errorf("got %d %s, want 403 with %q", a.status, a.body, test.body)
			}
		})
	}
}

// live checks how many tokens of account 8812 work.
func (b *box) live(t *testing.T, wantAccess, wantRefresh int) {
	t.Helper()
	if access, refresh := b.LiveTokens("8812"); access != wantAccess || refresh != wantRefresh {
		t.Errorf("got %d access and %d refresh tokens, want %d and %d", access, refresh, wantAccess, wantRefresh)
	}
}

func TestAccessTokenExpires(t *testing.T) {
	b := newBox(t, mojo.Config{AccessTTL: time.Minute})
	access, _ := b.tokens(t)
	b.live(t, 1, 1)
	b.now.Time = b.now.Add(time.Minute)
	b.live(t, 0, 1)
	if a := b.call(t, access, "GET", "/api/groups/", ""); a.status != 403 {
		t.Errorf("got status %d with an expired token, want 403", a.status)
	}
}

func TestHandlesEndTokens(t *testing.T) {
	b := newBox(t, mojo.Config{})
	access, first := b.tokens(t)
	b.ExpireTokens("8840")
	b.live(t, 1, 1)
	b.ExpireTokens("8812")
	b.live(t, 0, 1)
	if a := b.call(t, access, "GET", "/api/groups/", ""); a.status != 403 {
		t.Errorf("got status %d after ExpireTokens, want 403", a.status)
	}
	_, second := readTokens(t, b.oauth(t, "/oauth/token/", refresh(first)))
	b.RevokeTokens("8812")
	b.live(t, 0, 0)
	if a := b.oauth(t, "/oauth/token/", refresh(second)); a.status != 400 {
		t.Errorf("got status %d refreshing after RevokeTokens, want 400", a.status)
	}
}

func TestRevoke(t *testing.T) {
	b := newBox(t, mojo.Config{})
	access, refreshToken := b.tokens(t)
	revoke := func(token, hint string) int {
		return b.oauth(t, "/oauth/revoke/", url.Values{"token": {token}, "token_type_hint": {hint}}).status
	}
	if got := revoke("unknown", "access_token"); got != 200 {
		t.Errorf("got status %d for an unknown token, want 200", got)
	}
	if got := revoke("", "access_token"); got != 400 {
		t.Errorf("got status %d without a token, want 400", got)
	}
	if got := revoke(access, "refresh_token"); got != 200 {
		t.Errorf("got status %d, want 200 whatever the hint", got)
	}
	b.live(t, 0, 1)
	_, refreshToken = readTokens(t, b.oauth(t, "/oauth/token/", refresh(refreshToken)))
	b.live(t, 1, 1)
	if got := revoke(refreshToken, "refresh_token"); got != 200 {
		t.Errorf("got status %d, want 200", got)
	}
	b.live(t, 0, 0)
}

func TestTokenFaultsComeTrue(t *testing.T) {
	faults := new(fault.Set)
	b := newBox(t, mojo.Config{Faults: faults})
	access, first := b.tokens(t)
	faults.Add(fault.Rule{Endpoint: mojo.EndpointGroups, Kind: fault.ExpiredToken, Times: 1})
	b.call(t, access, "GET", "/api/groups/", "").want(t, 403, `{"detail":"Invalid access_token"}`)
	b.live(t, 0, 1)
	access, _ = readTokens(t, b.oauth(t, "/oauth/token/", refresh(first)))
	faults.Add(fault.Rule{Endpoint: mojo.EndpointGroups, Kind: fault.RevokedToken, Times: 1})
	b.call(t, access, "GET", "/api/groups/", "").want(t, 403, `{"detail":"Invalid access_token"}`)
	b.live(t, 0, 0)
	faults.Add(fault.Rule{Endpoint: mojo.EndpointToken, Kind: fault.RevokedToken, Times: 1})
	if a := b.oauth(t, "/oauth/token/", password("482913", "dana", "dana-sandbox")); a.status != 400 || !strings.Contains(a.body, "invalid_grant") {
		t.Errorf("got %d %s at the token endpoint, want 400 invalid_grant", a.status, a.body)
	}
}

func TestEveryCallNeedsAToken(t *testing.T) {
	b := newBox(t, mojo.Config{})
	for _, call := range []string{"GET /api/groups/", "POST /api/groups/", "POST /api/contacts/bulk_create/", "POST /api/contacts/bulk_update/",
		"POST /api/contacts/remove_from_group/", "POST /api/notes/", "GET /api/contacts/wa-1/"} {
		method, path, _ := strings.Cut(call, " ")
		req := b.request(t, method, path, "")
		if a := b.do(t, req); a.status != 403 {
			t.Errorf("%s: got status %d without a token, want 403", call, a.status)
		}
	}
}
