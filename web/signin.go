package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/securecookie"
	"github.com/labstack/echo/v4"

	"addtomojo/bridge"
	"addtomojo/mojo"
	"addtomojo/store"
	"addtomojo/views"
)

// welcome asks for the sides that are missing: of a new connection, or of one that needs a new sign-in. form is the
// Mojo authentication form as it came back.
func (a *app) welcome(c echo.Context, status int, form views.MojoForm) error {
	v := visitOf(c)
	form.Action = launchPath(v.launch.ID) + "/mojo"
	w := views.Welcome{
		Page: a.page(c, "Connect"), Account: a.account(c), Selected: len(v.launch.Contacts),
		Email: v.who().Email, WiseURL: launchPath(v.launch.ID) + "/wiseagent", Mojo: form,
	}
	if v.conn.ID != "" {
		if err := a.askAgain(c, &w); err != nil {
			return err
		}
	} else if err := a.askMissing(c, &w); err != nil {
		return err
	}
	retryAfter(c, form.Wait)
	return a.render(c, status, views.WelcomePage(w))
}

// askMissing asks for what a connection still needs.
func (a *app) askMissing(c echo.Context, w *views.Welcome) error {
	in, err := a.Bridge.SignIn(c.Request().Context(), visitOf(c).launch.ID)
	if err != nil {
		return err
	}
	switch {
	case in.Mojo != nil:
		w.MojoGiven, w.AskWise = in.Mojo.AccountName, true
	case in.Wise != nil:
		w.Email, w.WiseGiven, w.AskMojo = in.Wise.Email, true, true
	case w.Email != "":
		w.AskMojo = true
	default:
		w.AskWise, w.AskMojo = true, true
	}
	return nil
}

// askAgain asks for the side of the connection that no longer lets us in.
func (a *app) askAgain(c echo.Context, w *views.Welcome) error {
	v := visitOf(c)
	var err error
	if w.Lost, err = a.lost(c.Request().Context(), v.conn, v.zone()); err != nil {
		return err
	}
	w.AskMojo = v.conn.Side == store.Mojo
	w.AskWise = !w.AskMojo
	return nil
}

// lost is the side of the connection that is to be signed in to first.
func (a *app) lost(ctx context.Context, conn store.Connection, zone *time.Location) (*views.Lost, error) {
	standing, err := a.Bridge.Standing(ctx, conn)
	if err != nil {
		return nil, err
	}
	lost := &views.Lost{Side: sideName(string(conn.Side)), Since: conn.Since.In(zone), Cause: conn.Cause, Waiting: standing.Waiting}
	lost.Both = len(standing.NeedsSignIn()) > 1
	return lost, nil
}

// signInMojo takes the Mojo authentication form and goes on to Wise Agent, or to the groups when nothing is missing.
func (a *app) signInMojo(c echo.Context) error {
	v, ctx := visitOf(c), c.Request().Context()
	in, form, err := a.readMojoForm(c)
	if err != nil {
		return err
	}
	if form.PINError+form.LoginError+form.PasswordError != "" {
		return a.mojoAgain(c, http.StatusUnprocessableEntity, form)
	}
	joined, err := a.Bridge.SignInMojo(ctx, in)
	if err != nil {
		return a.mojoRefused(c, form, err)
	}
	if joined.Connection == nil {
		return a.startConsent(c)
	}
	if err := a.keepZone(ctx, v, *joined.Connection); err != nil {
		return err
	}
	return a.seeOther(c, v.signedIn(v.launch.ID))
}

// signInURL leads to the page of this visit's launch and, after signing in there, back to the push; "" without a launch.
func (v *visit) signInURL(pushID string) string {
	at := v.groupsURL()
	if at == "" {
		return ""
	}
	return at + "?push=" + pushID
}

// comeBack remembers the push that the address names: signing in leads back to it.
func (a *app) comeBack(c echo.Context) error {
	v := visitOf(c)
	id, err := uuid.Parse(c.QueryParam("push"))
	to := back{Launch: v.launch.ID, Push: id.String()}
	if err != nil || v.who().Back == to {
		return nil // whatever else it names, nobody is led there
	}
	return a.sessions.change(c.Response(), c.Request(), v.session, func(who *visitor) { who.Back = to })
}

// signedIn is where somebody goes who has signed in at a launch's page: back to the push that waited for it, or to the groups.
func (v *visit) signedIn(launchID string) string {
	if b := v.who().Back; b.Push != "" && b.Launch == launchID {
		return pushPath(b.Push)
	}
	return launchPath(launchID)
}

// readMojoForm reads the form and says what is missing in it. The password goes into the sign-in and nowhere else.
func (a *app) readMojoForm(c echo.Context) (bridge.MojoSignIn, views.MojoForm, error) {
	form, err := a.readForm(c)
	if err != nil {
		return bridge.MojoSignIn{}, views.MojoForm{}, err
	}
	v := visitOf(c)
	in := bridge.MojoSignIn{
		LaunchID: v.launch.ID, Email: v.who().Email, Address: c.RealIP(),
		PIN: strings.TrimSpace(form.Get("pin")), Login: strings.TrimSpace(form.Get("login")), Password: form.Get("password"),
	}
	back := views.MojoForm{Login: string([]rune(in.Login)[:min(len([]rune(in.Login)), 200)])}
	if in.PIN == "" {
		back.PINError = "Type your Mojo PIN."
	}
	if in.Login == "" {
		back.LoginError = "Type your login."
	}
	if in.Password == "" {
		back.PasswordError = "Type your password."
	}
	return in, back, nil
}

// mojoRefused shows the form again where another try can help, and the problem's page where it can't.
func (a *app) mojoRefused(c echo.Context, form views.MojoForm, err error) error {
	var wait *bridge.WaitError
	var rep *bridge.DialingRepError
	var down *bridge.DownError
	again := errors.As(err, &wait) || errors.As(err, &rep) || errors.As(err, &down) ||
		errors.Is(err, mojo.ErrCredentials) || errors.Is(err, mojo.ErrSuspended) || errors.Is(err, bridge.ErrLinkMojoAccount)
	if !again {
		return err
	}
	p := a.noted(c, err)
	if wait != nil {
		form.Wait = p.Wait
	} else {
		form.Error = p.sentences()
	}
	return a.mojoAgain(c, p.Status, form)
}

// mojoAgain shows the form again, on the page it came from, which answers with the status.
func (a *app) mojoAgain(c echo.Context, status int, form views.MojoForm) error {
	v := visitOf(c)
	conn, err := a.launchedFor(c)
	switch {
	case err == nil && conn.State == store.StateNeedsSignIn:
		v.conn = conn
	case err == nil:
		return a.seeOther(c, launchPath(v.launch.ID)) // connected meanwhile, in another tab
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	if err := a.keepTry(c, try{Form: form, Status: status, Until: a.now().Add(form.Wait)}); err != nil {
		return err
	}
	return a.seeOther(c, launchPath(v.launch.ID))
}

// try is a Mojo authentication form that comes back. A signed cookie carries it to the launch's page, where it is shown
// once: the back button and a reload then meet a page that can be asked for again, and never send a password twice.
type try struct {
	Form   views.MojoForm
	Status int
	Until  time.Time // end of Form.Wait
}

const (
	tryCookie = "try"
	tryLife   = 5 * time.Minute
)

func (a *app) keepTry(c echo.Context, t try) error {
	plain, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("keep form: %w", err)
	}
	value, err := securecookie.EncodeMulti(tryCookie, plain, a.sessions.Codecs...)
	if err != nil {
		return fmt.Errorf("keep form: %w", err)
	}
	c.SetCookie(a.tryCookie(c, value, int(tryLife/time.Second)))
	return nil
}

// lastTry takes the form that came back, if there is one.
func (a *app) lastTry(c echo.Context) try {
	t := try{Status: http.StatusOK}
	cookie, err := c.Cookie(tryCookie)
	if err != nil {
		return t
	}
	c.SetCookie(a.tryCookie(c, "", -1))
	var plain []byte
	if securecookie.DecodeMulti(tryCookie, cookie.Value, &plain, a.sessions.Codecs...) != nil || json.Unmarshal(plain, &t) != nil {
		return try{Status: http.StatusOK}
	}
	if t.Form.Wait > 0 {
		t.Form.Wait = max(t.Until.Sub(a.now()), time.Second)
	}
	return t
}

func (a *app) tryCookie(c echo.Context, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: tryCookie, Value: value, Path: launchPath(visitOf(c).launch.ID), MaxAge: maxAge,
		Secure: a.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

// startConsent sends the browser to Wise Agent's consent page. The session remembers which launch the visit is for, so
// that going back to the callback later leads there.
func (a *app) startConsent(c echo.Context) error {
	v, r := visitOf(c), c.Request()
	form, err := a.readForm(c)
	if err != nil {
		return err
	}
	address, err := a.Bridge.StartConsent(r.Context(), v.launch.ID, hashID(v.who().Browser))
	if err != nil {
		return err
	}
	err = a.sessions.change(c.Response(), r, v.session, func(who *visitor) {
		if _, ok := zoneOf(form.Get("tz")); ok {
			who.TimeZone = form.Get("tz")
		}
		who.consent(stateOf(address), v.launch.ID)
	})
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, address)
}

// finishConsent takes Wise Agent's answer. Whoever gave it is signed in from here on, connected or not; somebody else than who is
// signed in already is asked first, on the launch's page.
func (a *app) finishConsent(c echo.Context) error {
	v, r := visitOf(c), c.Request()
	joined, err := a.Bridge.FinishConsent(r.Context(), hashID(v.who().Browser), v.who().Email, c.QueryParams())
	if joined.Email != "" {
		again := slices.Contains(v.who().Reconnects, joined.LaunchID)
		hold := func(who *visitor) { who.hold(joined.LaunchID, again) }
		if err := a.sessions.signIn(c.Response(), r, v.session, joined.Email, hold); err != nil {
			return err
		}
	}
	if err != nil {
		return a.consentFailed(c, joined.LaunchID, err)
	}
	if joined.Connection == nil {
		return a.seeOther(c, launchPath(joined.LaunchID))
	}
	if err := a.keepZone(r.Context(), v, *joined.Connection); err != nil {
		return err
	}
	return a.seeOther(c, v.signedIn(joined.LaunchID))
}

// consentFailed leads back to the launch when the answer was taken before (reload, back button), and shows the problem
// otherwise.
func (a *app) consentFailed(c echo.Context, launchID string, err error) error {
	v := visitOf(c)
	if launchID != "" && c.QueryParam("error") != "" && errors.Is(err, bridge.ErrConsentExpired) {
		return a.elsewhere(c, errConsentFailed, launchID)
	}
	if launchID == "" {
		launchID = v.who().consented(c.QueryParam("state"))
	}
	if errors.Is(err, bridge.ErrConsentExpired) && launchID != "" {
		if _, err := a.Bridge.Connection(c.Request().Context(), v.who().Email); err == nil {
			return a.seeOther(c, launchPath(launchID))
		}
	}
	return a.elsewhere(c, err, launchID)
}

// signOut ends the session. What a half-done sign-in holds is revoked, and the launches of this browser are closed.
func (a *app) signOut(c echo.Context) error {
	v, r := visitOf(c), c.Request()
	page := a.page(c, "Signed out") // its code is that of the launch that is left now
	for _, id := range slices.Concat(v.who().Launches, v.who().Reconnects) {
		c.SetCookie(a.claimCookie(id, "", -1))
		if err := a.Store.DropSignIn(r.Context(), id, a.now()); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	if err := a.sessions.signOut(c.Response(), r, v.session); err != nil {
		return err
	}
	return a.render(c, http.StatusOK, views.SignedOutPage(views.SignedOut{Page: page}))
}

// keepZone gives a connection without a time zone the browser's.
func (a *app) keepZone(ctx context.Context, v *visit, conn store.Connection) error {
	zone := v.who().TimeZone
	if conn.TimeZone != "" || zone == "" {
		return nil
	}
	return a.Store.SetTimeZone(ctx, conn.ID, zone)
}

// readForm reads a posted form and nothing of the query.
func (a *app) readForm(c echo.Context) (url.Values, error) {
	r := c.Request()
	if err := r.ParseForm(); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, large
		}
		return nil, errForm // the error itself would quote what was sent
	}
	return r.PostForm, nil
}

// stateOf is the state in the address of a consent page.
func stateOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Query().Get("state")
}

// hashState is what the session keeps of a consent's state.
func hashState(state string) string {
	sum := sha256.Sum256([]byte(state))
	return hex.EncodeToString(sum[:16])
}
