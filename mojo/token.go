package mojo

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// Grant is what signing in gives: tokens, the account they are for and the agent
// who signed in.
type Grant struct {
	Token      *oauth2.Token
	AccountURL string // origin of the account's own host, https (http only on loopback), without a final slash
	Account    Account
	Agent      Agent
}

// Account is one Mojo account.
type Account struct{ ID, Name string }

// Agent is a person in a Mojo account. Permission is Mojo's own word, such as
// "owner" or "dialing_rep"; it is never empty.
type Agent struct{ ID, Name, Email, Permission string }

// wireToken is the answer of the token endpoint (Mojo's API, part B1).
type wireToken struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	ExpiresIn    number `json:"expires_in"` // seconds
	AccountURL   string `json:"account_url"`
	Account      struct {
		ID   label `json:"id"`
		Name label `json:"name"`
	} `json:"account"`
	Agent struct {
		ID         label `json:"id"`
		Name       label `json:"name"`
		Email      label `json:"email"`
		Permission label `json:"permission"`
	} `json:"agent"`
}

// SignIn trades PIN, login and password for tokens (Mojo's API, part B1). The
// password is used for this request and not kept.
//
// Errors: ErrCredentials, ErrSuspended, BackOffError after too many tries.
func (c *Client) SignIn(ctx context.Context, pin, login, password string) (_ Grant, err error) {
	const op = "sign in to Mojo"
	defer c.measured(op, time.Now(), &err)
	w, err := c.token(ctx, op, url.Values{
		"grant_type": {"password"}, "pin": {pin}, "username": {login}, "password": {password},
	})
	switch {
	case oauthError(err) == "invalid_grant":
		return Grant{}, fmt.Errorf("%s: %w", op, ErrCredentials)
	case oauthError(err) == "access_denied":
		return Grant{}, fmt.Errorf("%s: %w", op, ErrSuspended)
	case err != nil:
		return Grant{}, plain(err)
	}
	g, err := w.grant()
	if err != nil {
		return Grant{}, &DoubtError{op, err}
	}
	return g, nil
}

// Renewal is what refreshing gives: new tokens, and what the agent may do by now.
type Renewal struct {
	Token      *oauth2.Token
	Permission string // as in Agent; "" where Mojo did not tell
}

// Refresh trades a refresh token for a new pair (Mojo's API, part B1). Mojo
// rotates: the token it returns carries the new refresh token, and the old one
// is used up. Save the new one before using it.
//
// Errors: ErrGrantDead, together with ErrSuspended when that is the reason.
func (c *Client) Refresh(ctx context.Context, refreshToken string) (_ Renewal, err error) {
	const op = "refresh Mojo token"
	defer c.measured(op, time.Now(), &err)
	w, err := c.token(ctx, op, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}})
	switch {
	case oauthError(err) == "invalid_grant":
		return Renewal{}, fmt.Errorf("%s: %w", op, ErrGrantDead)
	case oauthError(err) == "access_denied":
		return Renewal{}, fmt.Errorf("%s: %w: %w", op, ErrGrantDead, ErrSuspended)
	case err != nil:
		return Renewal{}, plain(err)
	}
	if w.RefreshToken == "" {
		w.RefreshToken = refreshToken // RFC 6749, section 6: the old one stays good
	}
	return Renewal{Token: w.token(), Permission: string(w.Agent.Permission)}, nil
}

// Revoke ends a token; hint is "access_token" or "refresh_token" (RFC 7009). A
// token that Mojo doesn't know any more counts as revoked.
func (c *Client) Revoke(ctx context.Context, token, hint string) (err error) {
	const op = "revoke Mojo token"
	defer c.measured(op, time.Now(), &err)
	_, err = c.form(ctx, op, "/oauth/revoke/", url.Values{"token": {token}, "token_type_hint": {hint}})
	if code := oauthError(err); code == "invalid_grant" || code == "invalid_token" {
		return nil
	}
	return plain(err)
}

// token asks the token endpoint once.
func (c *Client) token(ctx context.Context, op string, form url.Values) (wireToken, error) {
	var w wireToken
	got, err := c.form(ctx, op, "/oauth/token/", form)
	if err != nil {
		return w, err
	}
	if err := decode(op, got.body, &w); err != nil {
		return w, err
	}
	if w.AccessToken == "" {
		return w, &DoubtError{op, errors.New("an answer without a token")}
	}
	return w, nil
}

// form posts to the log-in host as the client.
func (c *Client) form(ctx context.Context, op, path string, form url.Values) (answer, error) {
	req := http.Request{Header: http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"},
		"Accept":       {"application/json"},
	}}
	req.SetBasicAuth(url.QueryEscape(c.ClientID), url.QueryEscape(c.ClientSecret))
	got, err := c.send(ctx, op, http.MethodPost, strings.TrimRight(c.AuthURL, "/")+path, req.Header, []byte(form.Encode()))
	var w struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(got.body, &w) == nil && w.Error != "" && got.status < 500 && got.status != http.StatusTooManyRequests {
		return got, &codeError{w.Error, &RefusedError{op, got.status, refusalText(got)}}
	}
	return got, err
}

// codeError is a refusal of the log-in host with its OAuth error code.
type codeError struct {
	code    string
	refused *RefusedError
}

func (e *codeError) Error() string { return e.refused.Error() }

// oauthError returns the OAuth error code in err, "" when there is none.
func oauthError(err error) string {
	if e, ok := errors.AsType[*codeError](err); ok {
		return e.code
	}
	return ""
}

// plain turns a code that nobody asked for into the refusal that it is.
func plain(err error) error {
	if e, ok := errors.AsType[*codeError](err); ok {
		return e.refused
	}
	return err
}

// grant checks that nothing is missing that the connection stands on.
func (w wireToken) grant() (Grant, error) {
	g := Grant{
		Token:      w.token(),
		AccountURL: strings.TrimRight(w.AccountURL, "/"),
		Account:    Account{string(w.Account.ID), string(w.Account.Name)},
		Agent:      Agent{string(w.Agent.ID), string(w.Agent.Name), string(w.Agent.Email), string(w.Agent.Permission)},
	}
	switch {
	case w.RefreshToken == "":
		return Grant{}, errors.New("an answer without a refresh token")
	case g.Account.ID == "":
		return Grant{}, errors.New("an answer without an account id")
	case g.Agent.Permission == "":
		return Grant{}, errors.New("an answer without the agent's permission")
	case !safeOrigin(g.AccountURL):
		return Grant{}, errors.New("an account_url that is not an https origin")
	}
	return g, nil
}

// token computes the expiry; without expires_in an hour is assumed, so that
// a token never counts as valid for ever.
func (w wireToken) token() *oauth2.Token {
	life := time.Duration(cmp.Or(w.ExpiresIn, 3600)) * time.Second
	return &oauth2.Token{
		AccessToken:  w.AccessToken,
		RefreshToken: w.RefreshToken,
		TokenType:    "Bearer",
		Expiry:       time.Now().Add(life),
	}
}

// safeOrigin reports whether a bearer token may be sent there: https, or http on
// this machine, with nothing behind the host.
func safeOrigin(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Path+u.RawQuery+u.Fragment != "" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	loopback := u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && loopback
}
