package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"addtomojo/views"
)

// askReset says what Reset Credentials will do and asks for it.
func (a *app) askReset(c echo.Context) error {
	v := visitOf(c)
	waiting, err := a.Bridge.Waiting(c.Request().Context(), v.conn.ID)
	if err != nil {
		return err
	}
	back := v.groupsURL()
	if back == "" {
		back = pushesPath
	}
	return a.render(c, http.StatusOK, views.ResetPage(views.Reset{
		Page: a.page(c, "Reset Credentials"), Account: a.account(c), Action: resetPath, BackURL: back,
		Waiting: waiting.Events, Pushing: waiting.Contacts,
	}))
}

// reset ends the connection. The session stays: the same person may connect again at once.
func (a *app) reset(c echo.Context) error {
	v, ctx := visitOf(c), c.Request().Context()
	ended, err := a.Bridge.Reset(ctx, v.conn.ID)
	if err != nil {
		return err
	}
	done := views.ResetDone{
		Page: a.page(c, "Disconnected"), Email: v.conn.Email, MojoName: v.conn.MojoAccountName,
		Delivered: ended.Delivered, Excluded: ended.Excluded,
	}
	if back := v.groupsURL(); back != "" {
		done.Next = views.Action{Label: "Connect again", URL: back}
	}
	return a.render(c, http.StatusOK, views.ResetDonePage(done))
}
