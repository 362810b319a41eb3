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
// *DialingRepError, a *DownError or a *TakenError, and through a reconnect link ErrLinkMojoAccount or ErrLinkEnded; after each of
// them no token is left.
//
// When the account is connected with another Mojo account, nothing happens to that connection, which is the answer. This one's
// side waits for Switch or Keep.
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
		b.recent.drop(connID)
		b.wake(connID)
		return b.joined(ctx, in.LaunchID, connID)
	}
	return b.join(ctx, in.LaunchID)
}

// keepMojoSide checks and stores Mojo's side: for a live connection of the signed-in account as its new tokens, else as one half
// of a sign-in. It gives that connection's id, also when that is with another Mojo account. After an error nothing is kept.
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
	side := store.MojoSide{
		AccountID: grant.Account.ID, AccountName: grant.Account.Name, AccountURL: grant.AccountURL,
		AgentID: grant.Agent.ID, AgentName: grant.Agent.Name, AgentEmail: grant.Agent.Email,
		Permission: grant.Agent.Permission, Login: strings.TrimSpace(in.Login), Token: grant.Token,
	}
	if launch.ConnectionID != "" {
		return b.reconnectMojo(ctx, launch, side)
	}
	conn, err := b.open(ctx, in.Email)
	switch {
	case err == nil && conn.MojoAccountID != grant.Account.ID:
		if err := b.unlessTaken(ctx, grant.Account.ID, conn.Email); err != nil {
			return "", err
		}
		connID = conn.ID
	case err == nil:
		err = b.Store.RenewMojo(ctx, conn.ID, side, b.now())
		if !errors.Is(err, store.ErrNotFound) { // else it was reset just now
			return conn.ID, err
		}
	case !errors.Is(err, store.ErrNotFound):
		return "", err
	}
	return connID, b.Store.SaveMojoSide(ctx, in.LaunchID, side, b.now().Add(signInTime), b.now())
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
// session started. signedIn is the Wise Agent account that the session is of, or "". The error is ErrConsentExpired,
// ErrOtherBrowser, ErrConsentDenied, a *ScopeError, an *OtherPersonError, a *DownError, a *TakenError or ErrLinkEnded; after each
// of them no token is left. The LaunchID of the answer is set whenever it is known.
//
// When somebody else than signedIn signed in at Wise Agent, nothing happens to either's connection, and the answer names nobody:
// this side waits for GoOn or Keep.
func (b *Bridge) FinishConsent(ctx context.Context, sessionID, signedIn string, q url.Values) (Joined, error) {
	consent, err := b.Store.TakeConsent(ctx, hash(q.Get("state")), b.now())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Joined{}, ErrConsentExpired
	case err != nil:
		return Joined{}, fmt.Errorf("take consent: %w", err)
	case consent.SessionID != sessionID:
		return Joined{}, ErrOtherBrowser
	}
	done, err := b.takeConsent(context.WithoutCancel(ctx), consent, plainEmail(signedIn), q) // the code works once: now or never
	done.LaunchID = consent.LaunchID
	return done, err
}

// takeConsent redeems the code and keeps Wise Agent's side of the connection.
func (b *Bridge) takeConsent(ctx context.Context, consent store.Consent, signedIn string, q url.Values) (Joined, error) {
	scopes, err := granted(q)
	if err != nil {
		return Joined{}, err
	}
	wise, err := b.exchange(ctx, q.Get("code"), consent.Verifier)
	if err != nil {
		return Joined{}, err
	}
	wise.Scopes, wise.Unconfirmed = scopes, signedIn != "" && signedIn != wise.Email
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
	conn, err := b.renewable(ctx, launchID, wise)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return store.Connection{}, err
	}
	if err == nil {
		err = b.Store.RefreshSide(ctx, conn.ID, store.Wise, wise.Token, wise.Scopes, b.now())
		if !errors.Is(err, store.ErrNotFound) { // else it was reset just now
			return conn, err
		}
	}
	return store.Connection{}, b.Store.SaveWiseSide(ctx, launchID, wise, b.now().Add(signInTime), b.now())
}

// renewable is the live connection that a fresh Wise Agent side is for; store.ErrNotFound when it is one half of a sign-in: there
// is none, the customer must first say that this is meant, or has just given the connection's other side too.
func (b *Bridge) renewable(ctx context.Context, launchID string, wise store.WiseSide) (store.Connection, error) {
	if wise.Unconfirmed {
		return store.Connection{}, store.ErrNotFound
	}
	in, err := b.SignIn(ctx, launchID)
	if err != nil {
		return store.Connection{}, err
	}
	conn, err := b.open(ctx, wise.Email)
	if err == nil && in.Mojo != nil && in.Mojo.AccountID == conn.MojoAccountID {
		return store.Connection{}, store.ErrNotFound
	}
	return conn, err
}

// renewed goes on with a connection whose Wise Agent side is fresh. If the launch's sign-in holds another Mojo account's
// side, that waits for Switch or Keep, unless it is taken.
func (b *Bridge) renewed(ctx context.Context, launchID string, conn store.Connection) (Joined, error) {
	b.recent.drop(conn.ID)
	b.wake(conn.ID)
	in, err := b.SignIn(ctx, launchID)
	if err != nil {
		return Joined{}, err
	}
	if in.Wise != nil { // somebody else's, from before
		if err := b.Store.DropSide(ctx, launchID, store.Wise, b.now()); err != nil {
			return Joined{}, fmt.Errorf("drop side: %w", err)
		}
		b.wakeRevoking()
	}
	if in.Mojo != nil {
		if err := b.unlessTaken(ctx, in.Mojo.AccountID, conn.Email); err != nil {
			return Joined{Email: conn.Email}, b.dropping(ctx, launchID, err)
		}
	}
	return b.joined(ctx, launchID, conn.ID)
}

// unlessTaken is a *TakenError when the Mojo account is connected with another Wise Agent account.
func (b *Bridge) unlessTaken(ctx context.Context, mojoAccount, email string) error {
	conn, err := b.Store.ConnectionByMojoAccount(ctx, mojoAccount)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("read connection: %w", err)
	case conn.Email != email && !conn.Ending():
		return &TakenError{Masked: maskEmail(conn.Email)}
	}
	return nil
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

// join makes the connection once both sides are in hand and meant; before that it tells whose turn it is. The error
// is a *TakenError: then all fresh tokens are on their way to be revoked.
func (b *Bridge) join(ctx context.Context, launchID string) (Joined, error) {
	j := Joined{LaunchID: launchID}
	for range 3 {
		in, err := b.SignIn(ctx, launchID)
		if err != nil {
			return j, err
		}
		if in.Wise != nil && !in.Wise.Unconfirmed {
			j.Email = in.Wise.Email
		}
		if in.Mojo == nil || j.Email == "" || in.Wise == nil {
			break
		}
		conn, err := b.connect(ctx, in)
		switch {
		case errors.Is(err, store.ErrStale): // another tab was faster
			continue
		case errors.Is(err, store.ErrOtherMojoAccount):
			return b.besides(ctx, in)
		case err != nil:
			return j, b.refuseJoin(ctx, launchID, err)
		}
		b.log().Info("connected", "connection", conn.ID, "state", conn.State)
		b.wake(conn.ID)
		return b.joined(ctx, launchID, conn.ID)
	}
	conn, err := b.open(ctx, j.Email)
	if errors.Is(err, store.ErrNotFound) {
		return j, nil
	}
	if err != nil {
		return j, err
	}
	return b.joined(ctx, launchID, conn.ID)
}

// connect makes the connection of both sides. What is ending of either account gets its last deliveries first.
func (b *Bridge) connect(ctx context.Context, in store.SignIn) (store.Connection, error) {
	for _, find := range []func() (store.Connection, error){
		func() (store.Connection, error) { return b.Store.ConnectionByEmail(ctx, in.Wise.Email) },
		func() (store.Connection, error) { return b.Store.ConnectionByMojoAccount(ctx, in.Mojo.AccountID) },
	} {
		if conn, err := find(); err == nil && conn.Ending() {
			if err := b.lastDeliveries(ctx, conn.ID); err != nil {
				return store.Connection{}, err
			}
		}
	}
	return b.Store.Connect(ctx, store.Connection{
		Email: in.Wise.Email, Name: in.Wise.Name, Scopes: in.Wise.Scopes,
		MojoAccountID: in.Mojo.AccountID, MojoAccountName: in.Mojo.AccountName, MojoAccountURL: in.Mojo.AccountURL,
		MojoAgentID: in.Mojo.AgentID, MojoAgentName: in.Mojo.AgentName, MojoAgentEmail: in.Mojo.AgentEmail,
		MojoPermission: in.Mojo.Permission, MojoLogin: in.Mojo.Login, CreatedAt: b.now(),
	}, in.Mojo.Token, in.Wise.Token, in.LaunchID)
}

// besides goes on where the account was connected with another Mojo account meanwhile: its Wise Agent side is taken, Mojo's waits
// for Switch or Keep.
func (b *Bridge) besides(ctx context.Context, in store.SignIn) (Joined, error) {
	conn, err := b.open(ctx, in.Wise.Email)
	if err == nil {
		err = b.Store.TakeWiseSide(ctx, in.LaunchID, conn.ID, b.now())
	}
	if err != nil {
		return Joined{LaunchID: in.LaunchID, Email: in.Wise.Email}, fmt.Errorf("connect: %w", err)
	}
	return b.renewed(ctx, in.LaunchID, conn)
}

// refuseJoin drops what the sign-in holds when the accounts can't be joined.
func (b *Bridge) refuseJoin(ctx context.Context, launchID string, why error) error {
	var taken *store.TakenError
	if !errors.As(why, &taken) {
		return fmt.Errorf("connect: %w", why)
	}
	return b.dropping(ctx, launchID, &TakenError{Masked: maskEmail(taken.Email)})
}

// dropping forgets a launch's sign-in, has its tokens revoked, and returns why.
func (b *Bridge) dropping(ctx context.Context, launchID string, why error) error {
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

// open is the account's live connection, unless that is ending.
func (b *Bridge) open(ctx context.Context, email string) (store.Connection, error) {
	conn, err := b.Connection(ctx, email)
	if err == nil && conn.Ending() {
		return store.Connection{}, store.ErrNotFound
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
