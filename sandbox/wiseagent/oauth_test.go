package wiseagent_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"addtomojo/sandbox/wiseagent"
)

func TestAuthorizeAsksForSignInThenConsent(t *testing.T) {
	b := newBox(t)
	path := "/WiseAuth/auth?" + authorization().Encode()
	got := b.get(path)
	if want := "/login?" + (url.Values{"next": {path}}).Encode(); got.status != http.StatusSeeOther || got.header.Get("Location") != want {
		t.Errorf("signed out: got %d to %q, want 303 to %q", got.status, got.header.Get("Location"), want)
	}
	b.signIn()
	page := string(b.get(path).body)
	for _, scope := range []string{"profile", "contacts", "team"} {
		if !strings.Contains(page, `id="scope-`+scope+`"`) {
			t.Errorf("the consent page has no checkbox for %s", scope)
		}
	}
	if strings.Contains(page, "scope-calendar") {
		t.Error("the consent page offers a scope that was not asked for")
	}
}

func TestConsentGivesACode(t *testing.T) {
	b := newBox(t)
	b.signIn()
	form := authorization()
	form["allow"], form["decision"] = []string{"profile", "contacts"}, []string{"allow"}
	got := back(t, b.post("/WiseAuth/auth", form))
	if got.Get("state") != "st/a te" {
		t.Errorf("got state %q, want it echoed", got.Get("state"))
	}
	if got.Get("scope") != "profile contacts" {
		t.Errorf("got scope %q, want the ticked ones", got.Get("scope"))
	}
	if got.Get("expires_at") != "2026-11-22T17:04:11.000Z" {
		t.Errorf("got expires_at %q, want a minute from now", got.Get("expires_at"))
	}
	tok, status := b.exchange(got.Get("code"))
	if status != http.StatusOK || tok.AccessToken == "" || tok.RefreshToken == "" || tok.ExpiresAt != "2026-11-22T18:03:11.000Z" {
		t.Fatalf("exchange: got %d %+v, want tokens for an hour", status, tok)
	}
	if a := b.api(tok.AccessToken, "GET", "getTeam"); a.status != http.StatusForbidden || !strings.Contains(string(a.body), "insufficient_scope") {
		t.Errorf("getTeam without the scope: got %d %s, want 403 insufficient_scope", a.status, a.body)
	}
}

func TestConsentDenied(t *testing.T) {
	b := newBox(t)
	b.signIn()
	for what, form := range map[string]url.Values{
		"deny all":      {"allow": {"profile"}, "decision": {"deny"}},
		"nothing given": {"decision": {"allow"}},
	} {
		for name, v := range authorization() {
			form[name] = v
		}
		got := back(t, b.post("/WiseAuth/auth", form))
		if got.Get("error") != "access_denied" || got.Get("state") != "st/a te" || got.Get("code") != "" {
			t.Errorf("%s: got %v, want access_denied with the state", what, got)
		}
	}
}

func TestConsentIsSkippedWhenGivenBefore(t *testing.T) {
	b := newBox(t)
	tok, _ := b.exchange(b.consent("profile", "contacts", "team"))
	path := "/WiseAuth/auth?" + authorization().Encode()
	if got := back(t, b.get(path)).Get("code"); got == "" {
		t.Error("the second time: got no code, want consent skipped")
	}
	if got := b.get("/WiseAuth/auth?" + authorization("scope", "profile calendar").Encode()); got.status != http.StatusOK {
		t.Errorf("more scopes: got %d, want the consent page", got.status)
	}
	b.post("/WiseAuth/revoke", url.Values{"token": {tok.RefreshToken}, "token_type_hint": {"refresh_token"}})
	if got := b.get(path); got.status != http.StatusOK {
		t.Errorf("after revoking: got %d, want the consent page", got.status)
	}
}

func TestAuthorizeRefuses(t *testing.T) {
	b := newBox(t)
	b.signIn()
	for what, change := range map[string][]string{
		"unknown app":        {"client_id", "other"},
		"foreign host":       {"redirect_uri", "http://evil.example/callback"},
		"similar host":       {"redirect_uri", "http://evil127.0.0.1/callback"},
		"host as user":       {"redirect_uri", "http://127.0.0.1@evil.example/"},
		"not an address":     {"redirect_uri", "javascript:alert(1)"},
		"no redirect at all": {"redirect_uri", ""},
	} {
		if got := b.get("/WiseAuth/auth?" + authorization(change...).Encode()); got.status != http.StatusBadRequest || got.header.Get("Location") != "" {
			t.Errorf("%s: got %d to %q, want a page with 400", what, got.status, got.header.Get("Location"))
		}
	}
	for want, change := range map[string][]string{
		"unsupported_response_type": {"response_type", "token"},
		"invalid_scope":             {"scope", "profile everything"},
		"invalid_request":           {"code_challenge_method", "plain"},
	} {
		if got := back(t, b.get("/WiseAuth/auth?"+authorization(change...).Encode())).Get("error"); got != want {
			t.Errorf("%v: got error %q, want %q", change, got, want)
		}
	}
}

func TestACodeIsGoodOnceAndBriefly(t *testing.T) {
	b := newBox(t)
	code := b.consent("profile", "contacts", "team")
	tok, _ := b.exchange(code)
	if again, status := b.exchange(code); status != http.StatusBadRequest || again.Error != "invalid_grant" {
		t.Errorf("second use: got %d %q, want 400 invalid_grant", status, again.Error)
	}
	if got := b.api(tok.AccessToken, "GET", "getUser"); got.status != http.StatusUnauthorized {
		t.Errorf("after the second use: got %d from the first token, want 401", got.status)
	}
	late := b.consent("profile")
	b.clock.forward(time.Minute)
	if got, status := b.exchange(late); status != http.StatusBadRequest || got.Error != "invalid_grant" {
		t.Errorf("after a minute: got %d %q, want 400 invalid_grant", status, got.Error)
	}
}

func TestExchangeRefuses(t *testing.T) {
	for what, change := range map[string]map[string]string{
		"wrong verifier":  {"code_verifier": "another"},
		"no verifier":     {"code_verifier": ""},
		"other redirect":  {"redirect_uri": "http://127.0.0.1:9000/other"},
		"unknown code":    {"code": "nonsense"},
		"wrong secret":    {"client_secret": "wrong"},
		"unknown app":     {"client_id": "other"},
		"unknown request": {"grant_type": "password"},
	} {
		t.Run(what, func(t *testing.T) {
			b := newBox(t)
			fields := map[string]string{"client_id": "mojo", "client_secret": "client-secret", "grant_type": "authorization_code",
				"code": b.consent("profile"), "code_verifier": verifier, "redirect_uri": redirect}
			for name, v := range change {
				fields[name] = v
			}
			got, status := b.json(fields)
			if status < 400 || got.Error == "" || got.AccessToken != "" {
				t.Errorf("got %d %+v, want a refusal", status, got)
			}
		})
	}
}

func TestTokenRequestsInOtherShapes(t *testing.T) {
	b := newBox(t)
	form := url.Values{"grant_type": {"authorization_code"}, "code": {b.consent("profile")}, "code_verifier": {verifier}}
	basic := b.do("POST", "/WiseAuth/token", "application/x-www-form-urlencoded", form.Encode(), "Authorization", "Basic bW9qbzpjbGllbnQtc2VjcmV0")
	if basic.status != http.StatusOK {
		t.Errorf("form with HTTP Basic: got %d %s, want 200", basic.status, basic.body)
	}
	public, status := b.json(map[string]string{"client_id": "mojo", "grant_type": "authorization_code", "code": b.consent("profile"), "code_verifier": verifier})
	if status != http.StatusOK {
		t.Errorf("PKCE without a secret: got %d %q, want 200", status, public.Error)
	}
	if got, status := b.json(map[string]string{"client_id": "mojo", "grant_type": "refresh_token", "refresh_token": public.RefreshToken}); status != http.StatusOK {
		t.Errorf("refresh of a public grant: got %d %q, want 200", status, got.Error)
	}
	confidential := decode[tokens](t, basic)
	if got, status := b.json(map[string]string{"client_id": "mojo", "grant_type": "refresh_token", "refresh_token": confidential.RefreshToken}); status != http.StatusUnauthorized || got.Error != "invalid_client" {
		t.Errorf("refresh without the secret: got %d %q, want 401 invalid_client", status, got.Error)
	}
	if got := b.do("POST", "/WiseAuth/token", "application/json", "{not json"); got.status != http.StatusBadRequest {
		t.Errorf("broken JSON: got %d, want 400", got.status)
	}
}

func TestRefreshRotates(t *testing.T) {
	b := newBox(t)
	first, _ := b.exchange(b.consent("profile"))
	second, status := b.renew(first.RefreshToken)
	if status != http.StatusOK || second.RefreshToken == first.RefreshToken || second.AccessToken == first.AccessToken {
		t.Fatalf("refresh: got %d %+v, want two new tokens", status, second)
	}
	if got, status := b.renew(first.RefreshToken); status != http.StatusUnauthorized || got.Error != "invalid_grant" {
		t.Errorf("old refresh token: got %d %q, want 401 invalid_grant", status, got.Error)
	}
	if _, status := b.renew(second.RefreshToken); status != http.StatusOK {
		t.Errorf("new refresh token: got %d, want 200", status)
	}
	if got := b.RefreshCount(); got != 2 {
		t.Errorf("got %d refreshes counted, want 2", got)
	}
}

func TestRevoke(t *testing.T) {
	b := newBox(t)
	tok, _ := b.exchange(b.consent("profile"))
	revoke := func(token string) { b.post("/WiseAuth/revoke", url.Values{"token": {token}}) }
	revoke(tok.RefreshToken)
	if _, status := b.renew(tok.RefreshToken); status != http.StatusUnauthorized {
		t.Errorf("revoked refresh token: got %d, want 401", status)
	}
	if got := b.api(tok.AccessToken, "GET", "getUser"); got.status != http.StatusOK {
		t.Errorf("access token after that: got %d, want it to live on", got.status)
	}
	revoke(tok.AccessToken)
	if got := b.api(tok.AccessToken, "GET", "getUser"); got.status != http.StatusUnauthorized {
		t.Errorf("revoked access token: got %d, want 401", got.status)
	}
	if access, refresh := b.LiveTokens(dana); access != 0 || refresh != 0 {
		t.Errorf("got %d access and %d refresh tokens alive, want none", access, refresh)
	}
	if got := b.post("/WiseAuth/revoke", url.Values{"token": {"unknown"}}); got.status != http.StatusOK {
		t.Errorf("unknown token: got %d, want 200", got.status)
	}
	if got := b.post("/WiseAuth/revoke", nil); got.status != http.StatusBadRequest {
		t.Errorf("no token: got %d, want 400", got.status)
	}
}

func TestRefusedTokens(t *testing.T) {
	b := newBox(t)
	expired := b.token()
	b.clock.forward(time.Hour)
	want := `{"error":"invalid_grant","error_description":"The token has expired"}`
	if got := b.api(expired, "GET", "getUser"); got.status != http.StatusUnauthorized || string(got.body) != want {
		t.Errorf("expired: got %d %s, want 401 %s", got.status, got.body, want)
	}
	if got := b.api("an-api-key", "GET", "getUser"); got.status != http.StatusUnauthorized || !strings.Contains(string(got.body), "invalid_client") {
		t.Errorf("not a token: got %d %s, want 401 invalid_client", got.status, got.body)
	}
	wantBody(t, "no token", b.get("/http/webconnect.asp?requestType=getUser&apikey=1"), "permission denied")

	fresh, refresh, _ := b.Tokens(dana, "profile")
	b.ExpireTokens(dana)
	if got := b.api(fresh, "GET", "getUser"); got.status != http.StatusUnauthorized {
		t.Errorf("after ExpireTokens: got %d, want 401", got.status)
	}
	renewed, status := b.renew(refresh)
	if status != http.StatusOK {
		t.Errorf("refresh after ExpireTokens: got %d, want 200", status)
	}
	b.RevokeTokens(dana)
	if got := b.api(renewed.AccessToken, "GET", "getUser"); got.status != http.StatusUnauthorized {
		t.Errorf("after RevokeTokens: got %d, want 401", got.status)
	}
	if _, status := b.renew(renewed.RefreshToken); status != http.StatusUnauthorized {
		t.Errorf("refresh after RevokeTokens: got %d, want 401", status)
	}
}

func TestOneUserSeesNothingOfAnother(t *testing.T) {
	b := newBox(t)
	const sam = "sam@example.com"
	b.AddUser(wiseagent.User{Email: sam, Password: "pw"})
	id := b.AddContact(sam, wiseagent.Contact{First: "Ann", Last: "Lee"})
	wantBody(t, "a contact of somebody else", b.api(b.token(), "GET", "getSingleContact", "clientID", id), "[]")
	if got := b.api(b.token(), "POST", "addContactNote", "clientids", id, "note", "x"); !strings.Contains(string(got.body), "Error") {
		t.Errorf("a note about it: got %s, want an error", got.body)
	}
}
