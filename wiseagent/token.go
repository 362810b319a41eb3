package wiseagent

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// Scopes are what the service asks the customer to allow, in the order of the consent page (Wise Agent API,
// section 1.2).
const Scopes = "profile contacts team"

// ConsentURL is where the browser goes to sign in at Wise Agent and allow us the
// scopes profile, contacts and team (Wise Agent API, section 1.2). It comes back to
// redirectURL with a code, or with an error. The verifier (PKCE) is kept for Exchange; "" does without.
func (c *Client) ConsentURL(redirectURL, state, verifier string) string {
	config := oauth2.Config{
		ClientID:    c.ClientID,
		RedirectURL: redirectURL,
		Scopes:      strings.Fields(Scopes),
		Endpoint:    oauth2.Endpoint{AuthURL: strings.TrimRight(c.AuthURL, "/") + "/WiseAuth/auth"},
	}
	if verifier == "" {
		return config.AuthCodeURL(state)
	}
	return config.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier))
}

// Exchange trades the code of the consent page for tokens (Wise Agent API,
// section 1.4). A code is good for one try, so that exactly one request
// is made; after a DoubtError the customer has to consent again.
//
// Errors: ErrGrantDead when the code is used, too old or not ours.
func (c *Client) Exchange(ctx context.Context, code, verifier, redirectURL string) (_ *oauth2.Token, err error) {
	const op = "exchange Wise Agent code"
	defer c.measured(op, time.Now(), &err)
	in := map[string]string{"grant_type": "authorization_code", "code": code, "redirect_uri": redirectURL}
	if verifier != "" {
		in["code_verifier"] = verifier
	}
	token, err := c.token(ctx, op, in)
	if err == nil && token.RefreshToken == "" {
		return nil, &DoubtError{op, errors.New("an answer without a refresh token")}
	}
	return token, err
}

// Refresh trades a refresh token for a new pair (Wise Agent API, section 1.5). Wise
// Agent rotates: the token it returns carries the new refresh token, and the old
// one is used up. Save the new one before using it.
//
// Errors: ErrGrantDead.
func (c *Client) Refresh(ctx context.Context, refreshToken string) (_ *oauth2.Token, err error) {
	const op = "refresh Wise Agent token"
	defer c.measured(op, time.Now(), &err)
	token, err := c.token(ctx, op, map[string]string{
		"grant_type": "refresh_token", "refresh_token": refreshToken,
	})
	if err == nil {
		token.RefreshToken = cmp.Or(token.RefreshToken, refreshToken) // RFC 6749, section 6: the old one stays good
	}
	return token, err
}

// Revoke ends a token; hint is "access_token" or "refresh_token" (Wise Agent API,
// section 1.7). Revoking the one leaves the other usable: revoke both. A token
// that Wise Agent doesn't know any more counts as revoked.
func (c *Client) Revoke(ctx context.Context, token, hint string) (err error) {
	const op = "revoke Wise Agent token"
	defer c.measured(op, time.Now(), &err)
	form := url.Values{"token": {token}, "token_type_hint": {hint}}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}}
	got, err := c.send(ctx, op, http.MethodPost, c.auth("/WiseAuth/revoke"), header, []byte(form.Encode()))
	_, answered := errors.AsType[*RefusedError](err)
	no := complaint(got.body)
	switch {
	case err != nil && !answered:
		return err
	case no != nil && (no.code == "invalid_grant" || no.code == "invalid_token"):
		return nil
	case err != nil:
		return err
	case got.html():
		return &DoubtError{op, errors.New("an HTML page instead of JSON")}
	case no != nil || denied(got.body):
		return &RefusedError{Op: op, Status: got.status, Text: refusalText(got)}
	}
	return nil
}

func (c *Client) auth(path string) string { return strings.TrimRight(c.AuthURL, "/") + path }

// wireToken is the answer of the token endpoint (Wise Agent API, section 1.4).
type wireToken struct {
	AccessToken  text `json:"access_token"`
	RefreshToken text `json:"refresh_token"`
	ExpiresAt    text `json:"expires_at"` // ISO 8601, UTC
	ExpiresIn    text `json:"expires_in"` // seconds; not documented
	Scope        text `json:"scope"`      // not documented
}

// token asks the token endpoint once, in the documented way: JSON with our id and secret.
func (c *Client) token(ctx context.Context, op string, in map[string]string) (*oauth2.Token, error) {
	in["client_id"], in["client_secret"] = c.ClientID, c.ClientSecret
	body, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	header := http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}}
	got, err := c.send(ctx, op, http.MethodPost, c.auth("/WiseAuth/token"), header, body)
	if err != nil {
		if _, ok := errors.AsType[*RefusedError](err); ok && grantDead(got) {
			err = fmt.Errorf("%s: %w", op, ErrGrantDead)
		}
		return nil, err
	}
	if no := complaint(got.body); no != nil {
		if no.code == "invalid_grant" {
			return nil, fmt.Errorf("%s: %w", op, ErrGrantDead)
		}
		return nil, &RefusedError{Op: op, Status: got.status, Text: no.text}
	}
	var w wireToken
	if err := decode(got.body, &w); err != nil {
		return nil, &DoubtError{op, err}
	}
	if w.AccessToken == "" {
		return nil, &DoubtError{op, errors.New("an answer without a token")}
	}
	return w.token(time.Now()), nil
}

// grantDead tells a refused grant from a mistake of ours. The codes that are in
// use are not published; clients take a bare 401 for "connect again"
// (Wise Agent API, section 1.5).
func grantDead(a answer) bool {
	no := complaint(a.body)
	switch {
	case a.html():
		return false
	case no == nil:
		return a.status == http.StatusUnauthorized
	}
	switch no.code {
	case "invalid_client", "unauthorized_client", "invalid_request", "unsupported_grant_type", "invalid_scope",
		"server_error", "temporarily_unavailable":
		return false
	case "invalid_grant", "access_denied":
		return true
	}
	return a.status == http.StatusUnauthorized
}

// token reads the expiry; when none is told an hour is assumed, so that a
// token never counts as valid for ever.
func (w wireToken) token(now time.Time) *oauth2.Token {
	expiry := date(string(w.ExpiresAt), time.UTC)
	if seconds, err := strconv.ParseInt(string(w.ExpiresIn), 10, 32); expiry.IsZero() && err == nil {
		expiry = now.Add(time.Duration(seconds) * time.Second)
	}
	if expiry.IsZero() {
		expiry = now.Add(time.Hour)
	}
	t := &oauth2.Token{
		AccessToken:  string(w.AccessToken),
		RefreshToken: string(w.RefreshToken),
		TokenType:    "Bearer",
		Expiry:       expiry,
	}
	if w.Scope != "" {
		t = t.WithExtra(map[string]any{"scope": string(w.Scope)})
	}
	return t
}
