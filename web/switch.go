package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"addtomojo/bridge"
	"addtomojo/store"
	"addtomojo/views"
)

// question asks, on the launch's page, whether somebody else is meant, where its sign-in is somebody else's; else it is not asked.
func (a *app) question(c echo.Context) (asked bool, err error) {
	v := visitOf(c)
	in, err := a.Bridge.SignIn(c.Request().Context(), v.launch.ID)
	switch {
	case err != nil:
		return false, err
	case in.Wise != nil && in.Wise.Unconfirmed:
		return true, a.askPerson(c, in.Wise.Email)
	case in.Mojo != nil && v.conn.ID != "" && in.Mojo.AccountID != v.conn.MojoAccountID:
		return true, a.askSwitch(c, *in.Mojo)
	}
	return false, nil
}

// askPerson asks which of two Wise Agent accounts is meant: who is signed in here, or who signed in there.
func (a *app) askPerson(c echo.Context, other string) error {
	v := visitOf(c)
	return a.render(c, http.StatusOK, views.OtherPersonPage(views.OtherPerson{
		Page: a.page(c, "Another Wise Agent account"), Account: a.account(c),
		SignedIn: v.who().Email, Other: bridge.Masked(other),
		GoOnURL: launchPath(v.launch.ID) + "/person", WiseURL: launchPath(v.launch.ID) + "/wiseagent",
	}))
}

// askSwitch asks whether the other Mojo account is meant, and says what that does.
func (a *app) askSwitch(c echo.Context, other store.MojoSide) error {
	v, ctx := visitOf(c), c.Request().Context()
	waiting, err := a.Bridge.Waiting(ctx, v.conn.ID)
	if err != nil {
		return err
	}
	return a.render(c, http.StatusOK, views.SwitchMojoPage(views.SwitchMojo{
		Page: a.page(c, "Another Mojo account"), Account: a.account(c), Other: other.AccountName, Login: other.Login,
		Waiting: waiting.Events, Pushing: waiting.Contacts,
		SwitchURL: launchPath(v.launch.ID) + "/switch", KeepURL: launchPath(v.launch.ID) + "/keep",
	}))
}

// switchMojo connects the other Mojo account. What became of calls that waited is said before it goes on.
func (a *app) switchMojo(c echo.Context) error {
	v, ctx := visitOf(c), c.Request().Context()
	in, err := a.Bridge.SignIn(ctx, v.launch.ID)
	if err != nil {
		return err
	}
	done, err := a.Bridge.Switch(ctx, v.conn, v.launch.ID)
	if err != nil {
		return err
	}
	if in.Mojo == nil || done.Ended == (store.Ended{}) {
		return a.seeOther(c, launchPath(v.launch.ID))
	}
	page := views.Switched{
		Page: a.page(c, "Switched"), Old: v.conn.MojoAccountName, New: in.Mojo.AccountName,
		Delivered: done.Ended.Delivered, Excluded: done.Ended.Excluded,
		Next: views.Action{Label: "Go on", URL: launchPath(v.launch.ID)},
	}
	v.conn = store.Connection{}
	if done.Connection != nil {
		v.conn = *done.Connection
		page.Account = a.account(c)
	}
	return a.render(c, http.StatusOK, views.SwitchedPage(page))
}

// keepMojo leaves all as it was.
func (a *app) keepMojo(c echo.Context) error {
	v := visitOf(c)
	if err := a.Bridge.Keep(c.Request().Context(), v.launch.ID); err != nil {
		return err
	}
	return a.seeOther(c, launchPath(v.launch.ID))
}

// goOn signs this window in as who signed in at Wise Agent.
func (a *app) goOn(c echo.Context) error {
	v, r := visitOf(c), c.Request()
	joined, err := a.Bridge.GoOn(r.Context(), v.launch.ID)
	if joined.Email != "" {
		hold := func(who *visitor) { who.hold(v.launch.ID, false) }
		if err := a.sessions.signIn(c.Response(), r, v.session, joined.Email, hold); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	if joined.Connection != nil {
		if err := a.keepZone(r.Context(), v, *joined.Connection); err != nil {
			return err
		}
	}
	return a.seeOther(c, launchPath(v.launch.ID))
}
