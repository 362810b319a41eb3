package web

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/labstack/echo/v4"

	"addtomojo/bridge"
	"addtomojo/mojo"
	"addtomojo/store"
	"addtomojo/views"
	"addtomojo/wiseagent"
)

var (
	errNotFound      = errors.New("not found, or somebody else's")
	errSignedOut     = errors.New("nobody is signed in")
	errNotConnected  = errors.New("not connected")
	errCrossOrigin   = errors.New("a request from another site")
	errForm          = errors.New("not a readable form")
	errConsentFailed = errors.New("a failure of its own that Wise Agent reported")
	errNoGroup       = errors.New("no group is chosen")
)

// problem is an error as a person reads it: what happened to them and what to do next.
type problem struct {
	Status  int
	Title   string
	What    string
	Details []string `json:",omitempty"`
	Next    string
	Calm    bool          `json:",omitempty"` // a wait, not a failure
	Way     way           `json:",omitempty"` // the button, where a launch is known
	Wait    time.Duration `json:",omitempty"` // Retry-After

	Launch string `json:",omitempty"` // id, for the button
	Code   string `json:",omitempty"` // support code
}

// sentences is the problem where it stands within a page: what is wrong, and what to do.
func (p problem) sentences() string {
	return strings.Join(slices.Concat([]string{p.What}, p.Details, []string{p.Next}), " ")
}

// way is what the problem's button does.
type way string

const (
	wayBack    way = "back"    // to the launch's page
	wayAllow   way = "allow"   // to Wise Agent's consent
	wayConnect way = "connect" // to the launch's page, else that of the last launch this browser opened
)

const startAgain = "Go back to Wise Agent, select your contacts and choose Add to Mojo again."

// problems is the table from sentinel errors to pages. Errors that carry something are in describe and its parts.
var problems = []struct {
	err error
	problem
}{
	// The launch
	{bridge.ErrNothingSelected, problem{Status: http.StatusUnprocessableEntity, Title: "Nothing is selected",
		What: "Add to Mojo was opened without any contacts.", Next: "Select contacts in Wise Agent, then choose Add to Mojo."}},
	{bridge.ErrLaunchUsed, problem{Status: http.StatusGone, Title: "This link was used before",
		What: "Each link from Wise Agent opens Add to Mojo once.", Next: startAgain}},
	{errLaunchOld, problem{Status: http.StatusGone, Title: "This link is too old",
		What: "A link from Wise Agent works for 90 seconds.", Next: startAgain}},
	{errLaunchEarly, problem{Status: http.StatusGone, Title: "This link isn't good yet",
		What: "Its time is more than 90 seconds ahead of our clock.", Next: startAgain + " If it happens again, tell us the support code below."}},
	{errLaunchUnsigned, unproven}, {errLaunchSignature, unproven}, {errLaunchTwice, unproven}, {errLaunchForm, unproven},

	// Signing in with Mojo; the first two come back beside the form
	{mojo.ErrCredentials, problem{Status: http.StatusUnprocessableEntity, Title: "Mojo didn't let you in",
		What: "Mojo didn't accept that PIN, login or password.", Next: "Check all three and try again.", Way: wayBack}},
	{mojo.ErrSuspended, problem{Status: http.StatusUnprocessableEntity, Title: "This Mojo account is suspended",
		What: "Mojo says that this account is suspended.", Next: "Ask Mojo to open it again, then try once more.", Way: wayBack}},

	// Wise Agent's consent
	{bridge.ErrConsentDenied, problem{Status: http.StatusForbidden, Title: "You didn't allow access",
		What: "Without access to your profile and contacts, nothing can be sent to Mojo. Nothing was connected.",
		Next: "You can allow it now, or close this window.", Way: wayAllow}},
	{errConsentFailed, problem{Status: http.StatusBadGateway, Title: "Wise Agent couldn't finish this",
		What: "Wise Agent reported a problem of its own. Nothing was connected.", Next: "Continue with Wise Agent once more.", Way: wayAllow}},
	{bridge.ErrConsentExpired, problem{Status: http.StatusGone, Title: "That took too long",
		What: "The visit to Wise Agent was finished before, or took longer than 10 minutes.", Next: "Continue with Wise Agent once more.", Way: wayAllow}},
	{bridge.ErrOtherBrowser, problem{Status: http.StatusForbidden, Title: "This belongs to another window",
		What: "The visit to Wise Agent began in another browser, or you have signed out since.", Next: startAgain}},
	{bridge.ErrLinkEnded, problem{Status: http.StatusGone, Title: "This link has ended", Calm: true,
		What: "A link to sign in again works for 7 days: until you have signed in, or the credentials are reset.",
		Next: "Open Add to Mojo in Wise Agent: select a contact and choose Add to Mojo. If your connection needs you, it says so there."}},
	{bridge.ErrLinkMojoAccount, problem{Status: http.StatusConflict, Title: "That is another Mojo account",
		What: "This link is for the Mojo account that is connected already. You signed in to another one, so nothing was changed.",
		Next: "Sign in with a login of the connected account. To change to another one, open Add to Mojo in Wise Agent.", Way: wayBack}},
	{bridge.ErrNeedsSignIn, problem{Status: http.StatusConflict, Title: "Please sign in again",
		What: "Your connection needs a new sign-in. Nothing is lost.", Next: "Sign in, then go on where you were.", Way: wayBack}},
	{wiseagent.ErrScope, problem{Status: http.StatusForbidden, Title: "Wise Agent doesn't allow this",
		What: "A part of the access that is needed was not allowed.", Next: "Continue with Wise Agent and allow Profile and Contacts.", Way: wayAllow}},

	// Groups and pushes
	{bridge.ErrGroupName, problem{Status: http.StatusUnprocessableEntity, Title: "The group has no name yet",
		What: "A new group needs a name.", Next: "Type a name, then choose New group.", Way: wayBack}},
	{bridge.ErrGroupNameLong, problem{Status: http.StatusUnprocessableEntity, Title: "That name is too long",
		What: "A group's name has at most 100 characters.", Next: "Choose a shorter name.", Way: wayBack}},
	{mojo.ErrGroupTaken, problem{Status: http.StatusUnprocessableEntity, Title: "That name is taken",
		What: "Mojo already has a group with this name.", Next: "Choose it in the list, or pick another name.", Way: wayBack}},
	{bridge.ErrGroupGone, problem{Status: http.StatusConflict, Title: "The group is gone",
		What: "The group you chose is no longer in Mojo. Nothing was sent.", Next: "Choose another group.", Way: wayBack}},
	{bridge.ErrNothingToSend, problem{Status: http.StatusUnprocessableEntity, Title: "There is nobody to add",
		What: "None of the selected contacts can be sent to Mojo.", Next: startAgain, Way: wayBack}},
	{errNoGroup, problem{Status: http.StatusUnprocessableEntity, Title: "No group is chosen",
		What: "Nothing was sent, because no group was chosen.", Next: "Choose a group and press the button again.", Way: wayBack}},
	{store.ErrTooLate, problem{Status: http.StatusConflict, Title: "Undo is no longer possible",
		What: "A push can be undone for 24 hours after it has finished.", Next: "You can take contacts out of the group in Mojo."}},
	{store.ErrPushKeyTaken, problem{Status: http.StatusConflict, Title: "This page is out of date",
		What: "The button belongs to a push that was made before.", Next: "Open the groups again and press the button there.", Way: wayBack}},

	{store.ErrFull, problem{Status: http.StatusServiceUnavailable, Title: "We can't save anything right now",
		What: "Our disk is full, so what you did was not done. Nothing that was saved before is lost.",
		Next: "Try again in a few minutes. We have been told.", Way: wayBack, Wait: 5 * time.Minute}},

	// Everything else
	{errNotFound, problem{Status: http.StatusNotFound, Title: "We can't find this page",
		What: "It doesn't exist, it belongs to somebody else, or you have been signed out meanwhile.", Next: startAgain}},
	{errSignedOut, problem{Status: http.StatusUnauthorized, Title: "You are signed out",
		What: "You stay signed in until you sign out, support ends it, or half an hour goes by without use. Nothing is lost.",
		Next: startAgain + " If you come here each time, your browser keeps no cookies: allow them for this site."}},
	{errNotConnected, problem{Status: http.StatusConflict, Title: "Nothing is connected yet",
		What: "Your Wise Agent account is not connected to a Mojo account.", Next: startAgain, Way: wayConnect}},
	{errCrossOrigin, problem{Status: http.StatusForbidden, Title: "That came from another site",
		What: "Another website tried to press a button here for you, so nothing was done.", Next: "Use the buttons on this page's own site."}},
	{bridge.ErrTimeZone, problem{Status: http.StatusUnprocessableEntity, Title: "We don't know that time zone",
		What: "Nothing was changed, because the time zone isn't one we know.", Next: "Go back and choose one in the list."}},
	{errForm, problem{Status: http.StatusBadRequest, Title: "That didn't arrive whole",
		What: "What your browser sent couldn't be read, so nothing was done.", Next: "Go back, reload the page and try again.", Way: wayBack}},
}

var unproven = problem{Status: http.StatusForbidden, Title: "We couldn't check this link",
	What: "It doesn't look like Wise Agent's own link, so nothing was opened.", Next: startAgain}

var tooLarge = problem{Status: http.StatusRequestEntityTooLarge, Title: "That is more than fits",
	What: "Your browser sent more than we take at once, so nothing was done.", Next: "At most 5,000 contacts go at once. Select fewer and try again."}

// unknown is what a person sees of an error that the table doesn't know.
var unknown = problem{Status: http.StatusInternalServerError, Title: "Something went wrong on our side",
	What: "What you did may not have been done. Nothing that was sent before is lost.",
	Next: "Try again in a minute. If it happens again, tell us the support code below.", Way: wayBack}

// describe turns an error into a page; false for one that nobody foresaw.
func describe(err error, now time.Time) (problem, bool) {
	for _, p := range problems {
		if errors.Is(err, p.err) {
			return p.problem, true
		}
	}
	if p, known := describeSelection(err); known {
		return p, true
	}
	if p, known := describeSignIn(err, now); known {
		return p, true
	}
	var (
		down    *bridge.DownError
		refused *mojo.RefusedError
		large   *http.MaxBytesError
		he      *echo.HTTPError
	)
	switch {
	case errors.As(err, &down):
		return problem{Status: http.StatusServiceUnavailable, Title: string(down.Partner) + " isn't answering", Calm: true,
			What: string(down.Partner) + " isn't answering as it should. Nothing is lost.", Next: "Try again in a minute.",
			Way: wayBack, Wait: time.Minute}, true
	case errors.As(err, &refused):
		return problem{Status: http.StatusBadGateway, Title: "Mojo refused this",
			What: "Mojo answered:", Details: cut([]string{refused.Text}, 500), Next: "Change what Mojo asks for, or try again in a minute.", Way: wayBack}, true
	case errors.As(err, &large):
		return tooLarge, true
	case errors.As(err, &he):
		return statusProblem(he.Code)
	}
	return unknown, false
}

// describeSelection is for what a launch brought.
func describeSelection(err error) (problem, bool) {
	var (
		tooMany *bridge.TooManyError
		badID   *bridge.BadIDError
		often   *paceError
	)
	switch {
	case errors.As(err, &often):
		return problem{Status: http.StatusTooManyRequests, Title: "That was a lot at once", Calm: true, Wait: often.Wait,
			What: "Add to Mojo was opened very often from your network just now, so this time it was not.",
			Next: "Wait a moment, then choose Add to Mojo in Wise Agent again."}, true
	case errors.As(err, &tooMany):
		return problem{Status: http.StatusUnprocessableEntity, Title: "That is more than fits",
			What: fmt.Sprintf("You selected %s contacts. At most %s go at once.", comma(tooMany.Got), comma(tooMany.Most)),
			Next: "Select fewer in Wise Agent, then choose Add to Mojo again."}, true
	case errors.As(err, &badID):
		return problem{Status: http.StatusUnprocessableEntity, Title: "Some contacts couldn't be read",
			What: "These are not the ids of Wise Agent contacts, so nothing was opened:", Details: cut(badID.IDs, 40),
			Next: "Reload the contact list in Wise Agent, select your contacts and choose Add to Mojo again."}, true
	}
	return problem{}, false
}

// describeSignIn is for what the two sign-ins refuse.
func describeSignIn(err error, now time.Time) (problem, bool) {
	var (
		wait  *bridge.WaitError
		rep   *bridge.DialingRepError
		taken *bridge.TakenError
		scope *bridge.ScopeError
		other *bridge.OtherPersonError
	)
	switch {
	case errors.As(err, &wait):
		return problem{Status: http.StatusTooManyRequests, Title: "Too many tries", Calm: true, Wait: max(wait.Until.Sub(now), time.Second),
			What: "There were too many tries to sign in.", Next: "Wait a little, then try again, or reset your password in Mojo.", Way: wayBack}, true
	case errors.As(err, &rep):
		return problem{Status: http.StatusUnprocessableEntity, Title: "This Mojo login is a dialing rep",
			What: "A dialing rep's login can't be connected.", Next: "Sign in with an owner or agent login to connect.", Way: wayBack}, true
	case errors.As(err, &taken):
		return problem{Status: http.StatusConflict, Title: "This Mojo account is connected already",
			What: "It is connected to the Wise Agent account of " + taken.Masked + ". One Mojo account belongs to one Wise Agent account.",
			Next: "Choose Reset Credentials there to release it, or sign in to another Mojo account here.", Way: wayBack}, true
	case errors.As(err, &scope):
		return problem{Status: http.StatusForbidden, Title: "Something is missing",
			What: "You didn't allow " + scopeNames(scope.Missing) + ". Without it, nothing can be sent to Mojo. Nothing was connected.",
			Next: "Continue with Wise Agent and allow Profile and Contacts.", Way: wayAllow}, true
	case errors.As(err, &other) && other.ByLink:
		return problem{Status: http.StatusConflict, Title: "That is another Wise Agent account",
			What: "This link is for the Wise Agent account of " + other.Launched + ", and you signed in to Wise Agent as " + other.SignedIn + ". Nothing was changed.",
			Next: "Sign out of Wise Agent there, then continue and sign in as " + other.Launched + ".", Way: wayAllow}, true
	case errors.As(err, &other):
		return problem{Status: http.StatusConflict, Title: "That is another Wise Agent account",
			What: "You opened Add to Mojo as " + other.Launched + ", and signed in to Wise Agent as " + other.SignedIn + ". Nothing was connected.",
			Next: "Sign in to Wise Agent as " + other.Launched + ", or open Add to Mojo again as the other one.", Way: wayAllow}, true
	}
	return problem{}, false
}

// statusProblem is for what the router itself refuses.
func statusProblem(status int) (problem, bool) {
	switch status {
	case http.StatusNotFound:
		return describe(errNotFound, time.Time{})
	case http.StatusMethodNotAllowed:
		p, ok := describe(errNotFound, time.Time{})
		p.Status = status
		return p, ok
	case http.StatusRequestEntityTooLarge:
		return tooLarge, true
	}
	return unknown, false
}

// problem is echo's error handler: it turns what a handler returned into a page, and logs what needs somebody to look.
func (a *app) problem(err error, c echo.Context) {
	if c.Response().Committed || errors.Is(err, context.Canceled) && c.Request().Context().Err() != nil {
		return // too late to say anything, or nobody left to hear it
	}
	if err := a.answerProblem(c, err); err != nil {
		a.log().Error("problem page failed", "route", route(c), "code", a.code(c), "err", err)
	}
}

func (a *app) answerProblem(c echo.Context, err error) error {
	if forAPI(c) {
		return a.answerAPI(c, err)
	}
	if forStaff(c) {
		return a.showStaffProblem(c, err)
	}
	v, p := visitOf(c), a.noted(c, err)
	p.Launch = v.launch.ID
	if held := v.held(); p.Way == wayConnect && held != "" {
		p.Launch, p.Next = held, "Connect, then go on with the contacts you selected last."
	}
	return a.showProblem(c, p)
}

// noted is the page of err with a support code. What the table doesn't know, and what is our trouble or a partner's, is
// logged.
func (a *app) noted(c echo.Context, err error) problem {
	p, known := describe(err, a.now())
	p.Code = a.code(c)
	if !known || p.Status >= 500 {
		a.logFailure(c, p.Code, err, known)
	}
	return p
}

// logFailure logs a request that failed. At ERROR, which wakes somebody, is what nobody foresaw, and a disk that is full; a partner that
// stumbles is not, nor a hook while there is no secret, which anybody can send.
func (a *app) logFailure(c echo.Context, code string, err error, known bool) {
	level := slog.LevelError
	if known && !errors.Is(err, store.ErrFull) {
		level = slog.LevelWarn
	}
	a.log().Log(c.Request().Context(), level, "request failed", "method", method(c), "route", route(c), "code", code, "err", err)
}

func (a *app) showProblem(c echo.Context, p problem) error {
	if p.Way == wayAllow && p.Launch == "" { // no launch, no button
		p.Next = startAgain
	}
	retryAfter(c, p.Wait)
	a.recognize(c)
	return a.render(c, p.Status, views.ProblemPage(views.Problem{
		Page:    views.Page{Title: p.Title, Code: p.Code, Assets: a.assets()},
		Account: a.account(c),
		What:    p.What, Details: p.Details, Next: p.Next, Calm: p.Calm,
		Actions: p.actions(),
	}))
}

// recognize finds out who is signed in, and their connection, where the request had not come that far: a problem is no
// dead end for them. What can't be read now is left out, since the page is about another problem.
func (a *app) recognize(c echo.Context) {
	v := visitOf(c)
	if v.session == nil {
		s, err := a.sessions.Get(c.Request(), a.sessions.cookieName())
		if err != nil {
			return
		}
		v.session = s
	}
	if v.conn.ID != "" {
		return
	}
	if conn, err := a.Bridge.Connection(c.Request().Context(), v.who().Email); err == nil && !conn.Ending() {
		v.conn = conn
	}
}

// retryAfter tells programs how long to wait, in whole seconds.
func retryAfter(c echo.Context, wait time.Duration) {
	if wait > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
}

// actions are the buttons of the problem's page.
func (p problem) actions() []views.Action {
	switch {
	case p.Launch == "":
		return nil
	case p.Way == wayBack:
		return []views.Action{{Label: "Go back", URL: launchPath(p.Launch)}}
	case p.Way == wayConnect:
		return []views.Action{{Label: "Connect", URL: launchPath(p.Launch)}}
	case p.Way == wayAllow:
		return []views.Action{
			{Label: "Continue with Wise Agent", URL: launchPath(p.Launch) + "/wiseagent", Post: true},
			{Label: "Go back", URL: launchPath(p.Launch)},
		}
	}
	return nil
}

// A problem that is met under an address with something in its query (a launch's contacts, Wise Agent's code), or with a
// reconnect link's token, is shown under a clean one: a signed cookie carries it there.

const (
	problemPath   = "/problem"
	problemCookie = "problem"
	problemLife   = 10 * time.Minute
)

// elsewhere shows err under a clean address. launchID is for the page's button, "" when none is known.
func (a *app) elsewhere(c echo.Context, err error, launchID string) error {
	if c.Request().URL.RawQuery == "" && c.Param("token") == "" {
		return err
	}
	if l, err := a.Store.Launch(c.Request().Context(), launchID); err == nil {
		visitOf(c).code = l.Code
	}
	p := a.noted(c, err)
	p.Launch = launchID
	plain, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("keep problem: %w", err)
	}
	value, err := securecookie.EncodeMulti(problemCookie, plain, a.sessions.Codecs...)
	if err != nil {
		return fmt.Errorf("keep problem: %w", err)
	}
	c.SetCookie(&http.Cookie{Name: problemCookie, Value: value, Path: problemPath, MaxAge: int(problemLife / time.Second),
		Secure: a.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return c.Redirect(http.StatusSeeOther, problemPath)
}

// keptProblem shows the problem that elsewhere kept.
func (a *app) keptProblem(c echo.Context) error {
	cookie, err := c.Cookie(problemCookie)
	if err != nil {
		return a.seeOther(c, "/")
	}
	var plain []byte
	var p problem
	if securecookie.DecodeMulti(problemCookie, cookie.Value, &plain, a.sessions.Codecs...) != nil || json.Unmarshal(plain, &p) != nil {
		return a.seeOther(c, "/")
	}
	return a.showProblem(c, p)
}

// code is the support code of the answer: that of its launch, else of the last launch that this browser opened, else
// one made up for this request.
func (a *app) code(c echo.Context) string {
	v := visitOf(c)
	if v.code == "" {
		v.code = a.lastCode(c)
	}
	if v.code == "" {
		v.code = newCode()
	}
	return v.code
}

// lastCode is the support code of the last launch that this browser opened, "" without one.
func (a *app) lastCode(c echo.Context) string {
	v := visitOf(c)
	if v.session == nil { // a page that asks for no session
		s, err := a.sessions.Get(c.Request(), a.sessions.cookieName())
		if err != nil {
			return ""
		}
		v.session = s
	}
	if len(v.who().Launches) == 0 {
		return ""
	}
	held := v.who().Launches
	l, err := a.Store.Launch(c.Request().Context(), held[len(held)-1])
	if err != nil {
		return ""
	}
	return l.Code
}

// crockford is Crockford's base32: no letter that is read out wrong.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// newCode makes a support code that looks like a launch's: "K7M4-Q2XD".
func newCode() string {
	b := make([]byte, 5)
	rand.Read(b) // never fails, see crypto/rand
	s := crockford.EncodeToString(b)
	return s[:4] + "-" + s[4:]
}

// scopeNames lists Wise Agent's scopes as its consent page names them: "Profile and Contacts".
func scopeNames(scopes []string) string {
	names := make([]string, len(scopes))
	for i, s := range scopes {
		if s != "" {
			names[i] = strings.ToUpper(s[:1]) + s[1:]
		}
	}
	return strings.Join(names, " and ")
}

// cut shortens what somebody else wrote to most runes each.
func cut(texts []string, most int) []string {
	short := make([]string, len(texts))
	for i, t := range texts {
		if r := []rune(t); len(r) > most {
			t = string(r[:most]) + "…"
		}
		short[i] = t
	}
	return short
}

// comma writes n with commas: 5,001.
func comma(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
