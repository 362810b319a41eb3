package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"addtomojo/store"
)

// claimLife is how long after a launch its claim cookie opens it.
const claimLife = 10 * time.Minute

// visit is what is known of a request by the time its handler runs.
type visit struct {
	session *sessions.Session
	launch  store.Launch     // of the address; zero without one
	push    store.Push       // of the address; zero without one
	conn    store.Connection // set where the route asks for one
	code    string           // support code shown on the answer, "" while none is known
}

// who is the person at the browser.
func (v *visit) who() *visitor { return visitorOf(v.session) }

// visitOf is the request's visit; on routes without a session it has none.
func visitOf(c echo.Context) *visit {
	v, ok := c.Get("visit").(*visit)
	if !ok {
		v = &visit{}
		c.Set("visit", v)
	}
	return v
}

// visited loads the session. It counts as using it.
func (a *app) visited(next echo.HandlerFunc) echo.HandlerFunc {
	return a.glanced(func(c echo.Context) error {
		if err := a.sessions.touch(c.Response(), c.Request(), visitOf(c).session); err != nil {
			return err
		}
		return next(c)
	})
}

// glanced loads the session without using it: a page that only refreshes itself must not keep a session alive.
func (a *app) glanced(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		s, err := a.sessions.Get(c.Request(), a.sessions.cookieName())
		if err != nil {
			return err
		}
		visitOf(c).session = s
		return next(c)
	}
}

// ownLaunch loads the launch of the address. It is the visitor's when this browser opened it, or when it was signed
// for the account that is signed in; otherwise there is no such launch, or nobody is signed in to say whose it is.
func (a *app) ownLaunch(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		v := visitOf(c)
		id, err := idIn(c, "launch")
		if err != nil {
			return err
		}
		l, err := a.Store.Launch(c.Request().Context(), id)
		if err != nil {
			return v.orSignedOut(notFound(fmt.Errorf("read launch: %w", err)))
		}
		if !v.who().owns(l) {
			if !a.claimed(c, l) {
				return v.orSignedOut(errNotFound)
			}
			hold := func(who *visitor) { who.hold(l.ID, l.ConnectionID != "") }
			if err := a.sessions.change(c.Response(), c.Request(), v.session, hold); err != nil {
				return err
			}
		}
		v.launch, v.code = l, l.Code
		if err := a.nameLaunch(c.Request().Context(), l, v.who().Email); err != nil {
			return err
		}
		return next(c)
	}
}

// nameLaunch remembers for support whose an unsigned launch is, once that is known.
func (a *app) nameLaunch(ctx context.Context, l store.Launch, email string) error {
	if l.Signed || email == "" || l.Email == email {
		return nil
	}
	return a.Store.SetLaunchEmail(ctx, l.ID, email)
}

// owns says whether the launch is this visitor's.
func (who *visitor) owns(l store.Launch) bool {
	if l.Signed {
		return who.Email != "" && who.Email == l.Email
	}
	return who.holds(l.ID)
}

// A claim is a cookie that comes with an unsigned launch and is sent to that launch's pages only. It says that this
// browser opened it. The session can't say so: a form that Wise Agent's page posts to us arrives without the session's
// cookie (SameSite=Lax), and setting a new one would sign the customer out.

func (a *app) claimName() string {
	if a.secure {
		return "__Secure-launch"
	}
	return "launch"
}

// claim lets this browser open the launch's pages for claimLife.
func (a *app) claim(c echo.Context, l store.Launch) error {
	value, err := securecookie.EncodeMulti(a.claimName(), []byte(l.ID), a.sessions.Codecs...)
	if err != nil {
		return fmt.Errorf("sign claim: %w", err)
	}
	c.SetCookie(a.claimCookie(l.ID, value, int(claimLife/time.Second)))
	return nil
}

func (a *app) claimCookie(launchID, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: a.claimName(), Value: value, Path: launchPath(launchID), MaxAge: maxAge,
		Secure: a.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

// claimed says whether the request carries a claim to the launch that is still good.
func (a *app) claimed(c echo.Context, l store.Launch) bool {
	cookie, err := c.Cookie(a.claimName())
	if err != nil || l.Signed || a.now().Sub(l.CreatedAt) > claimLife {
		return false
	}
	var id []byte
	err = securecookie.DecodeMulti(a.claimName(), cookie.Value, &id, a.sessions.Codecs...)
	return err == nil && string(id) == l.ID
}

// connected asks for a live connection of who is signed in. Without one the launch's page says what is missing.
func (a *app) connected(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		v := visitOf(c)
		if v.launch.ConnectionID != "" { // there is nothing to add
			return a.seeOther(c, launchPath(v.launch.ID))
		}
		conn, err := a.Bridge.Connection(c.Request().Context(), v.who().Email)
		switch {
		case errors.Is(err, store.ErrNotFound) && v.launch.ID != "":
			return a.seeOther(c, launchPath(v.launch.ID))
		case errors.Is(err, store.ErrNotFound) && v.who().Email == "":
			return errSignedOut
		case errors.Is(err, store.ErrNotFound):
			return errNotConnected
		case err != nil:
			return err
		}
		v.conn = conn
		return next(c)
	}
}

// ownPush loads the push of the address and its connection. Only the account that owns the connection sees it.
func (a *app) ownPush(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		v, ctx := visitOf(c), c.Request().Context()
		id, err := idIn(c, "push")
		if err != nil {
			return err
		}
		p, err := a.Store.Push(ctx, id)
		if err != nil {
			return v.orSignedOut(notFound(fmt.Errorf("read push: %w", err)))
		}
		conn, err := a.Store.Connection(ctx, p.ConnectionID)
		if err != nil {
			return fmt.Errorf("read connection: %w", err)
		}
		if who := v.who().Email; who == "" || who != conn.Email {
			return v.orSignedOut(errNotFound)
		}
		v.push, v.conn = p, conn
		if l, err := a.Store.Launch(ctx, p.LaunchID); err == nil {
			v.code = l.Code
			if v.who().owns(l) {
				v.launch = l
			}
		}
		return next(c)
	}
}

// orSignedOut makes errNotFound errSignedOut where nobody is signed in. Whether the row exists makes no difference.
func (v *visit) orSignedOut(err error) error {
	if errors.Is(err, errNotFound) && v.who().Email == "" {
		return errSignedOut
	}
	return err
}

// idIn is the id in the address. What can't be one is errNotFound without asking: a database may choke on it.
func idIn(c echo.Context, name string) (string, error) {
	if id := c.Param(name); isID(id) {
		return id, nil
	}
	return "", errNotFound
}

// isID says whether a text can be an id of ours.
func isID(text string) bool {
	known, err := uuid.Parse(text)
	return err == nil && known.String() == text
}

// notFound gives errNotFound for a row that isn't there, and other errors back.
func notFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return errNotFound
	}
	return err
}

// seeOther redirects with 303: the browser asks with GET, and going back does not send a form again.
func (a *app) seeOther(c echo.Context, path string) error {
	if isPart(c) {
		c.Response().Header().Set("HX-Redirect", path)
		return c.NoContent(http.StatusOK)
	}
	return c.Redirect(http.StatusSeeOther, path)
}

func launchPath(id string) string { return "/add/" + id }
func pushPath(id string) string   { return "/push/" + id }
