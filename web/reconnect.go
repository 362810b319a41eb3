package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"addtomojo/bridge"
	"addtomojo/store"
	"addtomojo/views"
)

// openReconnect takes a reconnect link and goes on at a clean address, in a launch of its own that this browser holds. It
// signs nobody in. A mail scanner that opens the link changes nothing.
func (a *app) openReconnect(c echo.Context) error {
	if err := a.launches.take(c.RealIP(), 1); err != nil {
		return a.elsewhere(c, err, "")
	}
	l, err := a.Bridge.OpenReconnectLink(c.Request().Context(), c.Param("token"))
	if err != nil {
		return a.elsewhere(c, err, "")
	}
	if err := a.claim(c, l); err != nil {
		return err
	}
	return a.seeOther(c, launchPath(l.ID))
}

// reconnect is the page of a reconnect link's launch: it asks for the sign-in that its connection needs, or says that all is
// well. The customer's e-mail is masked until Wise Agent has said that it is theirs.
func (a *app) reconnect(c echo.Context, last try) error {
	v, ctx := visitOf(c), c.Request().Context()
	conn, err := a.Bridge.Reconnecting(ctx, v.launch)
	if err != nil {
		return err
	}
	waiting, err := a.Bridge.Waiting(ctx, conn.ID)
	if err != nil {
		return err
	}
	email := bridge.Masked(conn.Email)
	if v.who().Email == conn.Email {
		v.conn, email = conn, conn.Email
	}
	if conn.State == store.StateNeedsSignIn {
		return a.askReconnect(c, conn, email, last)
	}
	page := views.Reconnected{
		Account: a.account(c), Email: email, Waiting: waiting.Events + waiting.Contacts, Again: !conn.Since.Before(v.launch.CreatedAt),
	}
	page.Page = a.page(c, page.Heading())
	if v.conn.ID != "" {
		page.Actions = []views.Action{{Label: "See the activity", URL: activityPath}}
	}
	return a.render(c, http.StatusOK, views.ReconnectedPage(page))
}

// askReconnect asks for the side that needs the sign-in; when both do, for one after the other.
func (a *app) askReconnect(c echo.Context, conn store.Connection, email string, last try) error {
	v := visitOf(c)
	last.Form.Action = launchPath(v.launch.ID) + "/mojo"
	lost, err := a.lost(c.Request().Context(), conn, v.zoneOf(conn))
	if err != nil {
		return err
	}
	retryAfter(c, last.Form.Wait)
	return a.render(c, last.Status, views.WelcomePage(views.Welcome{
		Page: a.page(c, "Sign in again"), Account: a.account(c), Email: email, Lost: lost,
		AskWise: conn.Side == store.Wise, WiseURL: launchPath(v.launch.ID) + "/wiseagent",
		AskMojo: conn.Side == store.Mojo, Mojo: last.Form,
	}))
}

// launchedFor is the connection that the launch is about: a reconnect link's, else that of who is signed in. store.ErrNotFound
// when there is none.
func (a *app) launchedFor(c echo.Context) (store.Connection, error) {
	v, ctx := visitOf(c), c.Request().Context()
	if v.launch.ConnectionID == "" {
		return a.Bridge.Connection(ctx, v.who().Email)
	}
	conn, err := a.Bridge.Reconnecting(ctx, v.launch)
	if errors.Is(err, bridge.ErrLinkEnded) {
		return conn, store.ErrNotFound
	}
	return conn, err
}

// wanted lets a sign-in through a reconnect link pass only while it is this side that its connection needs. Otherwise the
// launch's page says how things stand.
func (a *app) wanted(side store.Side) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			v := visitOf(c)
			if v.launch.ConnectionID == "" {
				return next(c)
			}
			conn, err := a.Bridge.Reconnecting(c.Request().Context(), v.launch)
			switch {
			case err != nil:
				return err
			case conn.State != store.StateNeedsSignIn || conn.Side != side:
				return a.seeOther(c, launchPath(v.launch.ID))
			}
			return next(c)
		}
	}
}
