package bridge

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"addtomojo/mojo"
	"addtomojo/store"
	"addtomojo/wiseagent"

	"golang.org/x/oauth2"
)

// signInTime is how long a sign-in may stay half done: one side given, the other not yet.
const signInTime = 30 * time.Minute

// consentTime is how long a visit to Wise Agent's consent page may take.
const consentTime = 10 * time.Minute

// MojoSignIn is what the customer typed on the Mojo authentication page, and where.
type MojoSignIn struct {
	LaunchID string
	Email    string // the signed-in Wise Agent account, "" when not known yet
	Address  string // of the browser, for the growing waits

	PIN, Login, Password string
}

// SignInMojo signs in with Mojo and keeps the account's side of the connection. The password is used for
// this one call and forgotten. The error is mojo.ErrCredentials, mojo.ErrSuspended, a *WaitError, a
// *DialingRepError, a *DownError, ErrOtherMojoAccount or a *TakenError, and through a reconnect link ErrLinkMojoAccount or
// ErrLinkEnded; after each of them no token is left.
func (b *Bridge) SignInMojo(ctx context.Context, in MojoSignIn) (Joined, error) {
	t := triesOf(in)
	if err := b.mayTry(ctx, t); err != nil {
		return Joined{}, err
	}
	ctx = context.WithoutCancel(ctx) // tokens that come for a browser that has left must not stay behind unknown
	grant, err := b.Mojo.SignIn(ctx, strings.TrimSpace(in.PIN), strings.TrimSpace(in.Login), in.Password)
	if err != nil {
		return Joined{}, b.failedTry(ctx, t, err)
	}
	connID, err := "", b.goodTry(ctx, t)
	if err == nil {
		connID, err = b.keepMojoSide(ctx, in, grant)
	}
	switch {
	case err != nil:
		return Joined{}, b.forget(ctx, store.Mojo, grant.Token, err)
	case connID != "":
		b.wake(connID)
		return b.joined(ctx, in.LaunchID, connID)
	}
	return b.join(ctx, in.LaunchID)
}

// keepMojoSide checks and stores Mojo's side: for a live connection of the signed-in account, whose id it gives, as its
// new tokens, else as one half of a sign-in. After an error nothing is kept.
func (b *Bridge) keepMojoSide(ctx context.Context, in MojoSignIn, grant mojo.Grant) (connID string, err error) {
	if b.refused(grant.Agent.Permission) {
		return "", &DialingRepError{Permission: grant.Agent.Permission}
	}
	if _, err := accountOrigin(grant.AccountURL); err != nil {
		return "", fmt.Errorf("sign in with Mojo: %w", err)
	}
	launch, err := b.Store.Launch(ctx, in.LaunchID)
	if err != nil {
		return "", fmt.Errorf("launch of a sign-in: %w", err)
	}
	if launch.ConnectionID != "" {
		return b.reconnectMojo(ctx, launch, grant)
	}
	conn, err := b.Connection(ctx, in.Email)
	switch {
	case err == nil && conn.MojoAccountID != grant.Account.ID:
		return "", ErrOtherMojoAccount
	case err == nil:
		err = b.Store.RefreshSide(ctx, conn.ID, store.Mojo, grant.Token, "", b.now())
		if !errors.Is(err, store.ErrNotFound) { // else it was reset just now
			return conn.ID, err
		}
	case !errors.Is(err, store.ErrNotFound):
		return "", err
	}
	return "", b.Store.SaveMojoSide(ctx, in.LaunchID, store.MojoSide{
		AccountID: grant.Account.ID, AccountName: grant.Account.Name, AccountURL: grant.AccountURL,
		AgentID: grant.Agent.ID, AgentName: grant.Agent.Name, AgentEmail: grant.Agent.Email,
		Permission: grant.Agent.Permission, Login: strings.TrimSpace(in.Login), Token: grant.Token,
	}, b.now().Add(signInTime), b.now())
}

// refused tells whether a Mojo permission must not connect; case, blanks and underscores don't count.
func (b *Bridge) refused(permission string) bool {
	plain := func(s string) string {
		return strings.ToLower(strings.NewReplacer(" ", "", "_", "", "-", "").Replace(s))
	}
	refused := b.RefusedPermissions
	if refused == nil {
		refused = []string{"dialing_rep"}
	}
	return slices.ContainsFunc(refused, func(r string) bool { return plain(r) == plain(permission) })
}

// forget hands fresh tokens that must not be kept to the revoking worker and returns why.
func (b *Bridge) forget(ctx context.Context, side store.Side, t *oauth2.Token, why error) error {
	if err := b.Store.AddRevocations(ctx, side, "", t, b.now()); err != nil {
		return errors.Join(why, fmt.Errorf("keep tokens for revoking: %w", err))
	}
	b.wakeRevoking()
	return why
}

// StartConsent begins a visit to Wise Agent's consent page and gives its address. sessionID ties the
// answer to this browser.
func (b *Bridge) StartConsent(ctx context.Context, launchID, sessionID string) (string, error) {
	state, verifier := rand.Text()+rand.Text(), oauth2.GenerateVerifier()
	err := b.Store.StartConsent(ctx, store.Consent{
		StateHash: hash(state), LaunchID: launchID, SessionID: sessionID, Verifier: verifier,
		ExpiresAt: b.now().Add(consentTime),
	})
	if err != nil {
		return "", fmt.Errorf("start consent: %w", err)
	}
	return b.Wise.ConsentURL(b.redirectURL(), state, verifier), nil
}

// CallbackPath is where Wise Agent sends the browser back.
const CallbackPath = "/oauth/wiseagent/callback"

func (b *Bridge) redirectURL() string { return strings.TrimSuffix(b.BaseURL, "/") + CallbackPath }

// Joined is how far a sign-in has come.
type Joined struct {
	LaunchID   string
	Email      string            // the Wise Agent account, "" while it is not known
	Connection *store.Connection // nil while a side is missing
}

// FinishConsent takes Wise Agent's answer (the query of the callback) to a consent that the same browser
// session started. The error is ErrConsentExpired, ErrOtherBrowser, ErrConsentDenied, a *ScopeError, an
// *OtherPersonError, a *DownError, ErrOtherMojoAccount, a *TakenError or ErrLinkEnded; after each of them no token is left. The
// LaunchID of the answer is set whenever it is known.
func (b *Bridge) FinishConsent(ctx context.Context, sessionID string, q url.Values) (Joined, error) {
	consent, err := b.Store.TakeConsent(ctx, hash(q.Get("state")), b.now())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Joined{}, ErrConsentExpired
	case err != nil:
		return Joined{}, fmt.Errorf("take consent: %w", err)
	case consent.SessionID != sessionID:
		return Joined{}, ErrOtherBrowser
	}
	done, err := b.takeConsent(context.WithoutCancel(ctx), consent, q) // the code works once: now or never
	done.LaunchID = consent.LaunchID
	return done, err
}

// takeConsent redeems the code and keeps Wise Agent's side of the connection.
func (b *Bridge) takeConsent(ctx context.Context, consent store.Consent, q url.Values) (Joined, error) {
	scopes, err := granted(q)
	if err != nil {
		return Joined{}, err
	}
	wise, err := b.exchange(ctx, q.Get("code"), consent.Verifier)
	if err != nil {
		return Joined{}, err
	}
	wise.Scopes = scopes
	conn, err := b.keepWiseSide(ctx, consent.LaunchID, wise)
	switch {
	case err != nil:
		return Joined{}, b.forget(ctx, store.Wise, wise.Token, err)
	case conn.ID != "":
		return b.renewed(ctx, consent.LaunchID, conn)
	}
	return b.join(ctx, consent.LaunchID)
}

// granted reads the callback: what the customer allowed. Without "contacts" and "profile" nothing is
// exchanged, so that nothing has to be revoked either.
func granted(q url.Values) (scopes string, err error) {
	switch {
	case q.Get("error") == "access_denied":
		return "", ErrConsentDenied
	case q.Get("error") != "" || q.Get("code") == "":
		return "", ErrConsentExpired
	case !q.Has("scope"):
		return wiseagent.Scopes, nil // an answer without the list is a grant of what was asked for
	}
	have := strings.Fields(q.Get("scope"))
	if len(have) == 0 {
		return "", ErrConsentDenied
	}
	var missing []string
	for _, need := range []string{"profile", "contacts"} {
		if !slices.Contains(have, need) {
			missing = append(missing, need)
		}
	}
	if len(missing) > 0 {
		return "", &ScopeError{Missing: missing}
	}
	return strings.Join(have, " "), nil
}

// exchange redeems the code, once, and asks whose it is.
func (b *Bridge) exchange(ctx context.Context, code, verifier string) (store.WiseSide, error) {
	token, err := b.Wise.Exchange(ctx, code, verifier, b.redirectURL())
	if err != nil {
		if errors.Is(err, wiseagent.ErrGrantDead) {
			return store.WiseSide{}, ErrConsentExpired
		}
		return store.WiseSide{}, down(WiseAgent, err)
	}
	user, err := b.Wise.With(token.AccessToken).User(ctx)
	if err != nil {
		return store.WiseSide{}, b.forget(ctx, store.Wise, token, down(WiseAgent, err))
	}
	return store.WiseSide{Email: plainEmail(user.Email), Name: joinWords(user.First, user.Last), Token: token}, nil
}

// keepWiseSide checks and stores Wise Agent's side: for a live connection of that account, which it gives, as its new
// tokens, else as one half of a sign-in. After an error nothing is kept.
//
// The tokens that a connection had are not revoked: a partner may end the whole grant with them, the fresh tokens
// included (RFC 7009, section 2.1).
func (b *Bridge) keepWiseSide(ctx context.Context, launchID string, wise store.WiseSide) (store.Connection, error) {
	launch, err := b.Store.Launch(ctx, launchID)
	if err != nil {
		return store.Connection{}, fmt.Errorf("launch of a consent: %w", err)
	}
	if launch.ConnectionID != "" {
		return b.reconnectWise(ctx, launch, wise)
	}
	if launch.Signed && plainEmail(launch.Email) != wise.Email {
		return store.Connection{}, &OtherPersonError{Launched: maskEmail(launch.Email), SignedIn: maskEmail(wise.Email)}
	}
	in, err := b.SignIn(ctx, launchID)
	if err != nil {
		return store.Connection{}, err
	}
	conn, err := b.Connection(ctx, wise.Email)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return store.Connection{}, err
	}
	both := in.Mojo != nil && in.Mojo.AccountID == conn.MojoAccountID // the customer has just given both sides anew
	if err == nil && !both {
		err = b.Store.RefreshSide(ctx, conn.ID, store.Wise, wise.Token, wise.Scopes, b.now())
		if !errors.Is(err, store.ErrNotFound) { // else it was reset just now
			return conn, err
		}
	}
	return store.Connection{}, b.Store.SaveWiseSide(ctx, launchID, wise, b.now().Add(signInTime), b.now())
}

// renewed goes on with a connection whose Wise Agent side is fresh. If the launch's sign-in holds another Mojo account's
// side, that is dropped.
func (b *Bridge) renewed(ctx context.Context, launchID string, conn store.Connection) (Joined, error) {
	b.wake(conn.ID)
	in, err := b.SignIn(ctx, launchID)
	if err != nil {
		return Joined{}, err
	}
	if in.Mojo == nil {
		return b.joined(ctx, launchID, conn.ID)
	}
	err = b.Store.DropSignIn(ctx, launchID, b.now())
	b.wakeRevoking()
	if err != nil {
		return Joined{}, fmt.Errorf("drop sign-in: %w", err)
	}
	return Joined{Email: conn.Email}, ErrOtherMojoAccount
}

// joined is the answer when a connection exists.
func (b *Bridge) joined(ctx context.Context, launchID, connID string) (Joined, error) {
	conn, err := b.Store.Connection(ctx, connID)
	if err != nil {
		return Joined{}, fmt.Errorf("read connection: %w", err)
	}
	b.Prefetch(ctx, conn, launchID)
	return Joined{LaunchID: launchID, Email: conn.Email, Connection: &conn}, nil
}

// join makes the connection once both sides are in hand; before that it tells whose turn it is. The error
// is a *TakenError or ErrOtherMojoAccount: then all fresh tokens are on their way to be revoked.
func (b *Bridge) join(ctx context.Context, launchID string) (Joined, error) {
	in, err := b.SignIn(ctx, launchID)
	if err != nil {
		return Joined{}, err
	}
	if in.Mojo == nil || in.Wise == nil {
		j := Joined{LaunchID: launchID}
		if in.Wise != nil {
			j.Email = in.Wise.Email
		}
		return j, nil
	}
	conn, err := b.Store.Connect(ctx, store.Connection{
		Email: in.Wise.Email, Name: in.Wise.Name, Scopes: in.Wise.Scopes,
		MojoAccountID: in.Mojo.AccountID, MojoAccountName: in.Mojo.AccountName, MojoAccountURL: in.Mojo.AccountURL,
		MojoAgentID: in.Mojo.AgentID, MojoAgentName: in.Mojo.AgentName, MojoAgentEmail: in.Mojo.AgentEmail,
		MojoPermission: in.Mojo.Permission, MojoLogin: in.Mojo.Login, CreatedAt: b.now(),
	}, in.Mojo.Token, in.Wise.Token, launchID)
	if err != nil {
		return Joined{LaunchID: launchID, Email: in.Wise.Email}, b.refuseJoin(ctx, launchID, err)
	}
	b.log().Info("connected", "connection", conn.ID, "state", conn.State)
	b.wake(conn.ID)
	return b.joined(ctx, launchID, conn.ID)
}

// refuseJoin drops what the sign-in holds when the accounts can't be joined.
func (b *Bridge) refuseJoin(ctx context.Context, launchID string, why error) error {
	var taken *store.TakenError
	switch {
	case errors.As(why, &taken):
		why = &TakenError{Masked: maskEmail(taken.Email)}
	case errors.Is(why, store.ErrOtherMojoAccount):
		why = ErrOtherMojoAccount
	default:
		return fmt.Errorf("connect: %w", why)
	}
	err := b.Store.DropSignIn(ctx, launchID, b.now())
	b.wakeRevoking()
	if err != nil {
		return errors.Join(why, fmt.Errorf("drop sign-in: %w", err))
	}
	return why
}

// Connection is the live connection of a Wise Agent account; store.ErrNotFound when there is none.
func (b *Bridge) Connection(ctx context.Context, email string) (store.Connection, error) {
	if email = plainEmail(email); email == "" {
		return store.Connection{}, store.ErrNotFound
	}
	conn, err := b.Store.ConnectionByEmail(ctx, email)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return conn, fmt.Errorf("read connection: %w", err)
	}
	return conn, err
}

// SignIn is how far the sign-in of a launch has come; empty when it has not begun.
func (b *Bridge) SignIn(ctx context.Context, launchID string) (store.SignIn, error) {
	in, err := b.Store.SignIn(ctx, launchID, b.now())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return in, fmt.Errorf("read sign-in: %w", err)
	}
	return in, nil
}

func plainEmail(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// maskEmail keeps the first letter and the domain: j***@kw.com.
func maskEmail(s string) string {
	name, domain, ok := strings.Cut(plainEmail(s), "@")
	if !ok || name == "" {
		return "***"
	}
	return string([]rune(name)[:1]) + "***@" + domain
}

// hash is what the database keeps of a value that only its owner may know.
func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
