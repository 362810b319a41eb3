package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"addtomojo/bridge"
	"addtomojo/store"
	"addtomojo/views"
)

// StaffLinkLife is how long a one-time link that signs a staff member in is good.
const StaffLinkLife = 10 * time.Minute

// NewStaffLink makes a one-time link that signs email in to /support as asRole, "viewer" or "operator"; with "" the lists
// say which, and who is on none is a viewer. The link is good for life; it is the only copy of its secret. Store, BaseURL and
// Support are all it needs of s.
func (s *Server) NewStaffLink(ctx context.Context, email, asRole string, life time.Duration) (link string, err error) {
	email = plainEmail(email)
	if err := checkEmail(email); err != nil {
		return "", err
	}
	if asRole == "" {
		asRole = s.Support.Role(email)
	}
	switch role(asRole) {
	case "":
		asRole = string(roleViewer)
	case roleViewer, roleOperator:
	default:
		return "", errors.New("a role is viewer or operator")
	}
	base, err := origin(s.BaseURL)
	if err != nil {
		return "", err
	}
	// First the audit log: no link is good without a line there.
	err = s.Store.AddAudit(ctx, store.Audit{At: s.now(), Who: email, Role: asRole, Action: auditLink, Detail: "on the server's command line"})
	if err != nil {
		return "", err
	}
	token := randomID()
	err = s.Store.AddStaffLink(ctx, store.StaffLink{TokenHash: hashID(token), Email: email, Role: asRole, ExpiresAt: s.now().Add(life)})
	if err != nil {
		return "", err
	}
	return base + supportLinkPath + "/" + token, nil
}

var errStaffLink = errors.New("a one-time link that was used, or is too old")

// askStaffLink asks whether to use the link. Looking at it doesn't use it up: programs that look after mails and chats open
// links.
func (a *app) askStaffLink(c echo.Context) error {
	l, err := a.Store.StaffLink(c.Request().Context(), hashID(c.Param("token")), a.now())
	if errors.Is(err, store.ErrNotFound) {
		return errStaffLink
	}
	if err != nil {
		return err
	}
	return a.render(c, http.StatusOK, views.SupportSignInPage(views.SupportSignIn{
		Page: a.staffPage("Sign in to support"), LinkEmail: bridge.Masked(l.Email), LinkURL: c.Request().URL.Path,
	}))
}

// takeStaffLink uses the link up and signs its staff member in.
func (a *app) takeStaffLink(c echo.Context) error {
	if err := a.signIns.take(c.RealIP(), 1); err != nil {
		return err
	}
	l, err := a.Store.TakeStaffLink(c.Request().Context(), hashID(c.Param("token")), a.now())
	if errors.Is(err, store.ErrNotFound) {
		return errStaffLink
	}
	if err != nil {
		return err
	}
	next, err := a.letIn(c, staffMember{Email: l.Email, Role: role(l.Role), Via: viaLink})
	if err != nil {
		return err
	}
	return a.seeOther(c, next)
}

// askStaffSignIn says how one gets in. What happened on the way here is said once.
func (a *app) askStaffSignIn(c echo.Context) error {
	who, err := a.staffMember(c)
	if err != nil {
		return err
	}
	if who != nil {
		return a.seeOther(c, a.takeNext(c))
	}
	note := a.takeNote(c)
	return a.render(c, note.status(), views.SupportSignInPage(views.SupportSignIn{
		Page: a.staffPage("Sign in to support"), OIDCURL: a.oidcURL(), Note: note.sentences(), Calm: note.Calm, Wait: note.Status == http.StatusServiceUnavailable,
	}))
}

// staffNote is what the sign-in page says of what happened before.
type staffNote struct {
	Status     int `json:",omitempty"` // 0 is 200
	What, Next string
	Calm       bool `json:",omitempty"` // not a refusal
}

const noteCookie = "staff-note"

func (n staffNote) status() int {
	if n.Status == 0 {
		return http.StatusOK
	}
	return n.Status
}

func (n staffNote) sentences() string { return strings.TrimSpace(n.What + " " + n.Next) }

// backToSignIn shows the sign-in page with a note, under its own address.
func (a *app) backToSignIn(c echo.Context, n staffNote) error {
	plain, err := json.Marshal(n)
	if err != nil {
		return err
	}
	if err := a.keep(c, noteCookie, supportSignInPath, plain); err != nil {
		return err
	}
	return a.seeOther(c, supportSignInPath)
}

func (a *app) takeNote(c echo.Context) (n staffNote) {
	if json.Unmarshal(a.take(c, noteCookie, supportSignInPath), &n) != nil {
		return staffNote{}
	}
	return n
}
