package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"addtomojo/store"
	"addtomojo/views"
)

const (
	supportPath        = "/support"
	supportSignInPath  = supportPath + "/signin"
	supportLinkPath    = supportSignInPath + "/link"
	supportSignOutPath = supportPath + "/signout"
	supportAuditPath   = supportPath + "/audit"
)

// How often one address may try to get in.
const (
	signInsAtOnce    = 30
	signInsPerSecond = 0.5
)

var (
	errStaffSignedOut = errors.New("no staff member is signed in")
	errStaffRole      = errors.New("a viewer's role is too small")
)

// role is what a staff member may do; "" is nothing.
type role string

const (
	roleViewer   role = "viewer"   // looks
	roleOperator role = "operator" // and acts: retries, ends sessions, makes reconnect links
)

// may says whether the role is enough where least is asked for.
func (r role) may(least role) bool {
	return r == roleOperator || r == roleViewer && least == roleViewer
}

// How a staff member came in.
const (
	viaOIDC = "oidc"
	viaLink = "link"
)

// staffMember is a member of the support staff who is signed in.
type staffMember struct {
	Email string `json:"email"`
	Role  role   `json:"role"`
	Via   string `json:"via"`

	Query string    `json:"query,omitempty"` // what was searched last: kept here, since an address bar is no place for an e-mail
	Audit auditWish `json:"audit,omitzero"`  // what the audit log was filtered for last
	Shown shown     `json:"shown,omitzero"`
	Find  find      `json:"find,omitzero"` // whose events were looked for last
}

// Support says who may look at /support. Who signs in with OpenID Connect must be on one of the lists; a one-time link
// says itself who may come and as what.
type Support struct {
	Issuer, ClientID, ClientSecret string   // OpenID Connect; all "" where it isn't set up
	Viewers, Operators             []string // e-mails, compared without case
}

// Role is "operator" or "viewer", and "" for who is on neither list.
func (s Support) Role(email string) string {
	listed := func(list []string) bool {
		return slices.ContainsFunc(list, func(e string) bool { return plainEmail(e) == plainEmail(email) })
	}
	switch {
	case plainEmail(email) == "":
		return ""
	case listed(s.Operators):
		return string(roleOperator)
	case listed(s.Viewers):
		return string(roleViewer)
	}
	return ""
}

func plainEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// staffOf is the staff member who asks, nil on routes that ask for none.
func staffOf(c echo.Context) *staffMember {
	who, _ := c.Get("staff").(*staffMember)
	return who
}

// staff lets in who is signed in as support staff, with that role at least.
func (a *app) staff(least role) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			who, err := a.staffMember(c)
			if err != nil {
				return err
			}
			if who == nil {
				return a.askWho(c)
			}
			c.Set("staff", who)
			if !who.Role.may(least) {
				return a.refuseRole(c)
			}
			return next(c)
		}
	}
}

// refuseRole writes down that somebody wanted what their role doesn't allow.
func (a *app) refuseRole(c echo.Context) error {
	account := c.Param("account")
	if !isID(account) {
		account = ""
	}
	if err := a.audited(c, auditRefused, account, "only operators may: "+route(c)); err != nil {
		return err
	}
	return errStaffRole
}

// staffMember is who is signed in, nil for nobody. Asking for a page counts as use; a part that a page asks for by itself
// does not. Who came with OpenID Connect has the role of the lists as they are now.
func (a *app) staffMember(c echo.Context) (*staffMember, error) {
	s, err := a.memberSession(c)
	if err != nil || s.IsNew {
		return nil, err
	}
	who := *visitorOf(s).Staff
	if who.Via != viaLink {
		who.Role = role(a.Support.Role(who.Email))
	}
	if who.Role == "" {
		return nil, nil
	}
	if isPart(c) && c.Request().Method == http.MethodGet {
		return &who, nil
	}
	// On a full disk the session can't be renewed. That is the day when support has to look.
	if err := a.members.touch(c.Response(), c.Request(), s); err != nil && !errors.Is(err, store.ErrFull) {
		return nil, err
	}
	if s.IsNew {
		return nil, nil // signed out meanwhile
	}
	return &who, nil
}

func (a *app) memberSession(c echo.Context) (*sessions.Session, error) {
	return a.members.Get(c.Request(), a.members.cookieName())
}

// askWho leads to the sign-in page, which leads back. What was to be done is not done.
func (a *app) askWho(c echo.Context) error {
	if c.Request().Method != http.MethodGet {
		return errStaffSignedOut
	}
	if err := a.keepNext(c); err != nil {
		return err
	}
	return a.seeOther(c, supportSignInPath)
}

// letIn signs the staff member in, under a new session, and gives the page that was asked for before. The audit log knows of it
// first: nobody is in without a line there.
func (a *app) letIn(c echo.Context, who staffMember) (next string, err error) {
	s, err := a.memberSession(c)
	if err != nil {
		return "", err
	}
	c.Set("staff", &who)
	if err := a.audited(c, auditSignIn, "", viaWords[who.Via]); err != nil {
		return "", err
	}
	err = a.members.signIn(c.Response(), c.Request(), s, "", func(v *visitor) { *v = visitor{Staff: &who} })
	if err != nil {
		return "", err
	}
	return a.takeNext(c), nil
}

// viaWords are how somebody came in, for people.
var viaWords = map[string]string{viaOIDC: "with OpenID Connect", viaLink: "with a one-time link"}

// signOutStaff ends the session: a copy of its cookie opens nothing any more.
func (a *app) signOutStaff(c echo.Context) error {
	s, err := a.memberSession(c)
	if err != nil {
		return err
	}
	if !s.IsNew {
		c.Set("staff", visitorOf(s).Staff)
		if err := a.audited(c, auditSignOut, "", ""); err != nil {
			return err
		}
	}
	if err := a.members.signOut(c.Response(), c.Request(), s); err != nil {
		return err
	}
	return a.backToSignIn(c, staffNote{Calm: true, What: "You are signed out."})
}

// audited adds to the audit log what the present staff member looks at. On a full disk it goes to the log instead, without the
// detail, so that support can still look. What they do is written down with begins and brought.
func (a *app) audited(c echo.Context, action, connID, detail string) error {
	return a.audit(c.Request().Context(), a.deed(c, action, connID, detail))
}

// deed is the line of the audit log for what the present staff member looks at or does now.
func (a *app) deed(c echo.Context, action, connID, detail string) store.Audit {
	who := staffOf(c)
	return store.Audit{
		At: a.now(), Who: who.Email, Role: string(who.Role), Action: action, ConnectionID: connID, LaunchID: visitOf(c).launch.ID, Detail: detail,
	}
}

func (a *app) audit(ctx context.Context, v store.Audit) error {
	v.At = a.now()
	return a.logInstead(v, a.Store.AddAudit(context.WithoutCancel(ctx), v))
}

// logInstead logs an audit that the disk had no room for, and gives other errors back.
func (a *app) logInstead(v store.Audit, err error) error {
	if !errors.Is(err, store.ErrFull) {
		return err
	}
	a.log().Error("audit not stored: the disk is full", "staff", v.Who, "role", v.Role, "action", v.Action,
		"connection", v.ConnectionID, "launch", v.LaunchID)
	return nil
}

// staffView is what the support console's layout shows of who is signed in.
func (a *app) staffView(c echo.Context) views.Staff {
	who := staffOf(c)
	if who == nil {
		return views.Staff{}
	}
	return views.Staff{
		Email: who.Email, Role: string(who.Role), Current: c.Path(),
		SearchURL: supportPath, NowURL: supportNowPath, AuditURL: supportAuditPath, SignOutURL: supportSignOutPath,
	}
}

// staffPage is what every page of the support console carries.
func (a *app) staffPage(title string) views.Page {
	return views.Page{Title: title, Assets: a.assets()}
}

// Short-lived signed cookies carry what the sign-in needs from one page to the next. None of it stands in an address.

const staffCookieLife = 10 * time.Minute

func (a *app) staffCookie(name, path, value string, maxAge int) *http.Cookie {
	return &http.Cookie{Name: a.staffCookieName(name), Value: value, Path: path, MaxAge: maxAge,
		Secure: a.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

func (a *app) staffCookieName(name string) string {
	if a.secure {
		return "__Secure-" + name
	}
	return name
}

func (a *app) keep(c echo.Context, name, path string, plain []byte) error {
	value, err := securecookie.EncodeMulti(a.staffCookieName(name), plain, a.sessions.Codecs...)
	if err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	setCookie(c.Response(), a.staffCookie(name, path, value, int(staffCookieLife/time.Second)))
	return nil
}

// kept is what keep put there, nil where there is nothing.
func (a *app) kept(c echo.Context, name string) (plain []byte) {
	cookie, err := c.Cookie(a.staffCookieName(name))
	if err != nil || securecookie.DecodeMulti(a.staffCookieName(name), cookie.Value, &plain, a.sessions.Codecs...) != nil {
		return nil
	}
	return plain
}

func (a *app) drop(c echo.Context, name, path string) {
	setCookie(c.Response(), a.staffCookie(name, path, "", -1))
}

// take is kept for what is needed once.
func (a *app) take(c echo.Context, name, path string) []byte {
	plain := a.kept(c, name)
	if plain != nil {
		a.drop(c, name, path)
	}
	return plain
}

const nextCookie = "staff-next"

// keepNext remembers the page that was asked for; of a part, the page that it belongs to.
func (a *app) keepNext(c echo.Context) error {
	asked := c.Request().URL
	if isPart(c) {
		var err error
		if asked, err = url.Parse(c.Request().Header.Get("HX-Current-URL")); err != nil {
			return nil
		}
	}
	next := asked.RequestURI()
	if !leadsBack(next) || len(next) > 1024 {
		return nil
	}
	return a.keep(c, nextCookie, supportPath, []byte(next))
}

// takeNext is the page that was asked for before the sign-in, the first one when there was none.
func (a *app) takeNext(c echo.Context) string {
	if next := string(a.take(c, nextCookie, supportPath)); leadsBack(next) {
		return next
	}
	return supportPath
}

// leadsBack says whether an address is a page of the support console that one can be led to.
func leadsBack(address string) bool {
	rest, ours := strings.CutPrefix(address, supportPath)
	return ours && (rest == "" || rest[0] == '/' || rest[0] == '?') &&
		!strings.HasPrefix(address, supportSignInPath) && !strings.HasPrefix(address, supportSignOutPath)
}
