package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/labstack/echo/v4"
	"golang.org/x/oauth2"

	"addtomojo/store"
)

const (
	supportOIDCPath     = supportPath + "/oidc"
	supportStartPath    = supportOIDCPath + "/start"
	supportCallbackPath = supportOIDCPath + "/callback"
)

const (
	identityTimeout = 10 * time.Second // for each call of the sign-in service
	identityPause   = 5 * time.Second  // after a failed discovery nobody else is made to wait for the next one
)

// Why nobody is signed in. A staffError adds who it was.
var (
	errFlowOver      = errors.New("no visit to the sign-in service is under way in this browser with that state")
	errNotFinished   = errors.New("the sign-in service sent back an error")
	errIdentityDown  = errors.New("the sign-in service isn't answering")
	errIdentityToken = errors.New("what the sign-in service sent can't be trusted")
	errNoEmail       = errors.New("the sign-in service told no e-mail")
	errUnverified    = errors.New("the e-mail isn't verified")
	errNotStaff      = errors.New("not on the list of support staff")
)

// staffError is an error that the sign-in service vouches for the e-mail of.
type staffError struct {
	Email string
	err   error
}

func (e *staffError) Error() string { return e.err.Error() }
func (e *staffError) Unwrap() error { return e.err }

// identity is the OpenID Connect provider of the settings. It is asked for its addresses when first needed, and again when that
// failed: a provider that is down stops nobody but who wants to sign in. The library keeps its keys and fetches new ones.
type identity struct {
	Support  Support
	Redirect string // our callback, whole
	Now      func() time.Time

	client   *http.Client
	mu       sync.Mutex // held while the provider is asked
	provider *oidc.Provider
	failedAt time.Time
}

func newIdentity(s Support, base string, now func() time.Time) *identity {
	return &identity{Support: s, Redirect: base + supportCallbackPath, Now: now, client: &http.Client{Timeout: identityTimeout}}
}

// discover gives the provider. The error is errIdentityDown with the reason.
func (i *identity) discover(ctx context.Context) (*oidc.Provider, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.provider != nil {
		return i.provider, nil
	}
	if wait := i.Now().Sub(i.failedAt); wait >= 0 && wait < identityPause {
		return nil, errIdentityDown
	}
	p, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), i.client), i.Support.Issuer)
	if err != nil {
		i.failedAt = i.Now()
		return nil, fmt.Errorf("%w: discovery: %s", errIdentityDown, clip(err.Error(), 200))
	}
	i.provider = p
	return p, nil
}

// config is what the code flow needs. How the secret is sent is settled here: the library would try both ways, and a code
// works once.
func (i *identity) config(p *oidc.Provider) *oauth2.Config {
	endpoint := p.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	var meta struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if p.Claims(&meta) == nil && len(meta.Methods) > 0 && !slices.Contains(meta.Methods, "client_secret_basic") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{
		ClientID: i.Support.ClientID, ClientSecret: i.Support.ClientSecret, Endpoint: endpoint,
		RedirectURL: i.Redirect, Scopes: []string{oidc.ScopeOpenID, "email"},
	}
}

// flow is a visit to the sign-in service under way. A signed cookie ties it to the browser.
type flow struct {
	State    string
	Nonce    string
	Verifier string // PKCE
	Until    time.Time
}

// address is where the visit begins.
func (i *identity) address(ctx context.Context, f flow) (string, error) {
	p, err := i.discover(ctx)
	if err != nil {
		return "", err
	}
	return i.config(p).AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), nil
}

// email takes the code to the sign-in service and gives the e-mail that it vouches for.
func (i *identity) email(ctx context.Context, f flow, code string) (string, error) {
	p, err := i.discover(ctx)
	if err != nil {
		return "", err
	}
	ctx = oidc.ClientContext(ctx, i.client)
	answer, err := i.config(p).Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return "", exchangeError(err)
	}
	raw, _ := answer.Extra("id_token").(string)
	token, err := p.Verifier(&oidc.Config{ClientID: i.Support.ClientID, Now: i.Now}).Verify(ctx, raw)
	if err != nil {
		return "", verifyError(err)
	}
	if token.Nonce != f.Nonce {
		return "", fmt.Errorf("%w: the nonce is another one", errIdentityToken)
	}
	return vouchedEmail(token)
}

// exchangeError is what may be told of a failed exchange: an answer's body may hold what it was asked with.
func exchangeError(err error) error {
	var refused *oauth2.RetrieveError
	switch {
	case !errors.As(err, &refused) || refused.Response == nil:
		return fmt.Errorf("%w: no answer to the code", errIdentityDown)
	case refused.Response.StatusCode >= 500:
		return fmt.Errorf("%w: the code was answered with status %d", errIdentityDown, refused.Response.StatusCode)
	}
	return fmt.Errorf("%w: the code was answered with status %d, %q", errIdentityToken, refused.Response.StatusCode, clip(refused.ErrorCode, 50))
}

// verifyError tells a token that can't be trusted from keys that can't be had; the library does so in words alone.
func verifyError(err error) error {
	kind := errIdentityToken
	if strings.Contains(err.Error(), "fetching keys") {
		kind = errIdentityDown
	}
	return fmt.Errorf("%w: %s", kind, clip(err.Error(), 200))
}

// vouchedEmail is the token's e-mail, once the sign-in service says that it is verified.
func vouchedEmail(token *oidc.IDToken) (string, error) {
	var claims struct {
		Email    string `json:"email"`
		Verified any    `json:"email_verified"`
	}
	if err := token.Claims(&claims); err != nil {
		return "", fmt.Errorf("%w: its claims can't be read", errIdentityToken)
	}
	email := clip(plainEmail(claims.Email), 254)
	switch {
	case email == "":
		return "", errNoEmail
	case claims.Verified != true:
		return "", &staffError{email, errUnverified}
	}
	return email, nil
}

// oidcURL is where the sign-in with OpenID Connect begins, "" where it isn't set up.
func (a *app) oidcURL() string {
	if a.Support.Issuer == "" {
		return ""
	}
	return supportStartPath
}

const flowCookie = "staff-flow"

// startOIDC sends the browser to the sign-in service.
func (a *app) startOIDC(c echo.Context) error {
	if a.Support.Issuer == "" {
		return errNotFound
	}
	f := flow{State: randomID(), Nonce: randomID(), Verifier: oauth2.GenerateVerifier(), Until: a.now().Add(staffCookieLife)}
	address, err := a.identity.address(c.Request().Context(), f)
	if err != nil {
		return a.notSignedIn(c, err)
	}
	plain, err := json.Marshal(f)
	if err != nil {
		return err
	}
	if err := a.keep(c, flowCookie, supportOIDCPath, plain); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, address)
}

// finishOIDC takes the sign-in service's answer. Whatever comes of it is shown under an address without the code.
func (a *app) finishOIDC(c echo.Context) error {
	if a.Support.Issuer == "" {
		return errNotFound
	}
	if err := a.signIns.take(c.RealIP(), 1); err != nil {
		return err
	}
	f, err := a.takeFlow(c)
	if err != nil {
		return a.notSignedIn(c, err)
	}
	email, err := a.identity.email(c.Request().Context(), f, c.QueryParam("code"))
	if err != nil {
		return a.notSignedIn(c, err)
	}
	who := staffMember{Email: email, Role: role(a.Support.Role(email)), Via: viaOIDC}
	if who.Role == "" {
		return a.notSignedIn(c, &staffError{email, errNotStaff})
	}
	next, err := a.letIn(c, who)
	if err != nil {
		return err
	}
	return a.seeOther(c, next)
}

// takeFlow gives the visit that the answer belongs to: one that began in this browser less than ten minutes ago, and was not
// answered before.
func (a *app) takeFlow(c echo.Context) (f flow, err error) {
	state := c.QueryParam("state")
	kept := a.kept(c, flowCookie)
	if json.Unmarshal(kept, &f) != nil || state == "" || state != f.State || !a.now().Before(f.Until) {
		return flow{}, errFlowOver
	}
	a.drop(c, flowCookie, supportOIDCPath)
	err = a.Store.UseNonce(c.Request().Context(), "support "+hashID(state), f.Until)
	switch {
	case errors.Is(err, store.ErrStale):
		return flow{}, errFlowOver
	case err != nil:
		return flow{}, err
	case c.QueryParam("code") == "":
		return flow{}, errNotFinished
	}
	return f, nil
}

// staffNotes are what the sign-in page says of a sign-in that came to nothing.
var staffNotes = []struct {
	err error
	staffNote
}{
	{errFlowOver, staffNote{Status: http.StatusGone, What: "That sign-in was finished before, took longer than 10 minutes, or began in another browser.",
		Next: "Please begin once more here."}},
	{errNotFinished, staffNote{Status: http.StatusForbidden, What: "You didn't finish signing in at the sign-in service.", Next: "You can begin once more."}},
	{errIdentityDown, staffNote{Status: http.StatusServiceUnavailable, Calm: true, What: "The sign-in service isn't answering just now.",
		Next: "Try again in a minute. If it is urgent, whoever runs the service can make you a one-time link."}},
	{errIdentityToken, staffNote{Status: http.StatusBadGateway, What: "We couldn't be sure of what the sign-in service told us, so you aren't signed in.",
		Next: "Begin once more. If it happens again, tell whoever runs the service."}},
	{errNoEmail, staffNote{Status: http.StatusForbidden, What: "The sign-in service didn't tell us your e-mail address, and we know you by it.",
		Next: "Tell whoever runs the service."}},
	{errUnverified, staffNote{Status: http.StatusForbidden, What: "isn't confirmed at the sign-in service yet.", Next: "Confirm it there, then sign in again."}},
	{errNotStaff, staffNote{Status: http.StatusForbidden, What: "isn't on the list of support staff.",
		Next: "Ask whoever runs the service to put you on it, or sign in as somebody else."}},
}

// notSignedIn says on the sign-in page why. Of whom the sign-in service vouches for, the refusal is in the audit log; anybody
// may send us anything else, so that is in the log alone.
func (a *app) notSignedIn(c echo.Context, err error) error {
	for _, n := range staffNotes {
		if !errors.Is(err, n.err) {
			continue
		}
		note := n.staffNote
		var who *staffError
		if errors.As(err, &who) {
			note.What = who.Email + " " + note.What
			if err := a.audit(c.Request().Context(), store.Audit{Who: who.Email, Action: auditRefused, Detail: who.Error()}); err != nil {
				return err
			}
		} else if !errors.Is(err, errFlowOver) && !errors.Is(err, errNotFinished) {
			a.log().Warn("support sign-in failed", "err", err)
		}
		return a.backToSignIn(c, note)
	}
	return err
}
