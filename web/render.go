package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"addtomojo/store"
	"addtomojo/views"
)

// render sends a page or a part of one, a large one compressed. It is rendered whole before the first byte leaves, so that an error can still
// become an error page.
func (a *app) render(c echo.Context, status int, page templ.Component) error {
	var b bytes.Buffer
	if err := page.Render(c.Request().Context(), &b); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	small, err := a.zipped(c.Response().Header(), c.Request(), b.Bytes())
	if err != nil {
		return err
	}
	if small != nil {
		return c.HTMLBlob(status, small)
	}
	return c.HTMLBlob(status, b.Bytes())
}

// isPart says whether htmx asks, which wants the changed part and no page.
func isPart(c echo.Context) bool { return c.Request().Header.Get("HX-Request") == "true" }

// page is what every page of this visit carries.
func (a *app) page(c echo.Context, title string) views.Page {
	return views.Page{Title: title, Code: a.code(c), Assets: a.assets()}
}

func (a *app) assets() views.Assets {
	return views.Assets{
		CSS:  a.static.Path("app.css"),
		HTMX: a.static.Path("vendor/htmx.min.js"),
		SSE:  a.static.Path("vendor/sse.min.js"),
		JS:   a.static.Path("app.js"),
		Icon: a.static.Path("icon.svg"),
	}
}

// account is who the page is for. Without a connection it offers to sign out, where somebody is signed in.
func (a *app) account(c echo.Context) views.Account {
	v := visitOf(c)
	if v.session == nil || v.who().Email == "" {
		return views.Account{}
	}
	if v.conn.ID == "" || v.conn.State == store.StateReset {
		return views.Account{SignOutURL: signOutPath}
	}
	return views.Account{
		Email: v.conn.Email, MojoName: v.conn.MojoAccountName, MojoLogin: v.conn.MojoLogin,
		GroupsURL: v.groupsURL(), ActivityURL: activityPath, PushesURL: pushesPath, ResetURL: resetPath, SignOutURL: signOutPath,
	}
}

const (
	activityPath = "/activity"
	pushesPath   = "/pushes"
	resetPath    = "/reset"
	signOutPath  = "/signout"
)

// groupsURL leads to the group page of this visit's launch, unless a reconnect link made it, else of the last one this browser opened; "" without any.
func (v *visit) groupsURL() string {
	if v.launch.ID != "" && v.launch.ConnectionID == "" {
		return launchPath(v.launch.ID)
	}
	if held := v.held(); held != "" {
		return launchPath(held)
	}
	return ""
}

// held is the last launch this browser opened, "" without any.
func (v *visit) held() string {
	if v.session == nil {
		return ""
	}
	held := v.who().Launches
	if len(held) == 0 {
		return ""
	}
	return held[len(held)-1]
}

// zone is the customer's time zone: the connection's, else the browser's, else UTC.
func (v *visit) zone() *time.Location { return v.zoneOf(v.conn) }

func (v *visit) zoneOf(conn store.Connection) *time.Location {
	for _, name := range []string{conn.TimeZone, v.who().TimeZone} {
		if zone, ok := zoneOf(name); ok {
			return zone
		}
	}
	return time.UTC
}

// zoneOf is the zone of an IANA name as a browser tells it.
func zoneOf(name string) (*time.Location, bool) {
	if name == "" || name == "Local" || len(name) > 64 {
		return nil, false
	}
	zone, err := time.LoadLocation(name)
	return zone, err == nil
}

// home tells who comes without a launch how to start.
func (a *app) home(c echo.Context) error {
	return a.render(c, http.StatusOK, views.ProblemPage(views.Problem{
		Page: a.page(c, "Add to Mojo starts in Wise Agent"), Calm: true,
		What: "Select contacts in Wise Agent, then choose Add to Mojo.",
		Next: "A window opens, you choose a group, and the contacts are ready to dial in Mojo.",
	}))
}

// healthTime is how long the database may take to answer: less than who asks waits, which is 5 s in fly.toml.
const healthTime = 3 * time.Second

// health answers whether the database does.
func (a *app) health(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), healthTime)
	defer cancel()
	if err := a.Store.Ping(ctx); err != nil {
		a.log().Error("health check failed", "err", err)
		return c.String(http.StatusServiceUnavailable, "database not answering\n")
	}
	return c.String(http.StatusOK, "ok\n")
}
