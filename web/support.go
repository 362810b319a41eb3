package web

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"addtomojo/bridge"
	"addtomojo/store"
	"addtomojo/views"
)

const supportNowPath = supportPath + "/now"

// accountsFound is how many accounts a search shows.
const accountsFound = 50

// likeCode is what a support code looks like, read out or typed.
var likeCode = regexp.MustCompile(`^[0-9A-Za-z]{4}[- ]?[0-9A-Za-z]{4}$`)

// searchAccounts keeps what is looked for in the staff member's session and shows what fits: an address bar, with its history,
// is no place for a customer's e-mail.
func (a *app) searchAccounts(c echo.Context) error {
	form, err := a.readForm(c)
	if err != nil {
		return err
	}
	query := clip(strings.TrimSpace(form.Get("q")), 200)
	err = a.changeMember(c, func(m *staffMember) { m.Query = query })
	switch {
	case errors.Is(err, store.ErrFull): // that is the day when support has to look
		staffOf(c).Query = query
		return a.showSearch(c)
	case err != nil:
		return err
	}
	return a.seeOther(c, supportPath)
}

// changeMember changes what the present staff member's session keeps.
func (a *app) changeMember(c echo.Context, f func(*staffMember)) error {
	s, err := a.memberSession(c)
	if err != nil {
		return err
	}
	return a.members.change(c.Response(), c.Request(), s, func(v *visitor) {
		if v.Staff != nil {
			f(v.Staff)
		}
	})
}

// showSearch shows what fits the last search.
func (a *app) showSearch(c echo.Context) error {
	ctx, query := c.Request().Context(), staffOf(c).Query
	page := views.SupportSearch{Page: a.staffPage("Find an account"), Staff: a.staffView(c), Action: supportPath, Query: query}
	if query == "" {
		return a.render(c, http.StatusOK, views.SupportSearchPage(page))
	}
	found, more, err := a.Store.Search(ctx, query, accountsFound)
	if err != nil {
		return err
	}
	page.Rows, page.More, page.LikeCode = a.accountRows(found), more, likeCode.MatchString(query)
	launch, err := a.Store.LaunchByCode(ctx, query)
	if err == nil {
		row := launchRow(launch, time.UTC)
		page.Launch = &row
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err := a.audited(c, auditSearch, "", veil{}.text(query)); err != nil {
		return err
	}
	return a.render(c, http.StatusOK, views.SupportSearchPage(page))
}

// accountRows are connections as lists show them.
func (a *app) accountRows(list []store.Connection) []views.AccountRow {
	rows := make([]views.AccountRow, len(list))
	for i, conn := range list {
		rows[i] = views.AccountRow{
			URL: supportAccountPath(conn.ID), Name: veil{}.text(conn.Name), Email: bridge.Masked(conn.Email),
			Mojo: veil{}.text(conn.MojoAccountName), Login: veil{}.text(conn.MojoLogin),
			Standing: standingView(bridge.Standing{State: bridge.StandingState(conn.State), Since: conn.Since}, zoneOr(conn.TimeZone), a.now()),
		}
	}
	return rows
}

// zoneOr is a customer's zone, UTC when none is known.
func zoneOr(name string) *time.Location {
	if zone, ok := zoneOf(name); ok {
		return zone
	}
	return time.UTC
}

func launchRow(l store.Launch, zone *time.Location) views.LaunchRow {
	row := views.LaunchRow{
		URL: supportPath + "/launches/" + l.ID, Code: l.Code, When: l.CreatedAt.In(zone), Contacts: len(l.Contacts),
		Signed: l.Signed, Link: l.ConnectionID != "",
	}
	if l.Email != "" {
		row.Email = bridge.Masked(l.Email)
	}
	return row
}

// showLaunch shows the launch of a support code: who it was, how far the sign-in came, and the person's connections.
func (a *app) showLaunch(c echo.Context) error {
	ctx := c.Request().Context()
	id, err := idIn(c, "launch")
	if err != nil {
		return err
	}
	launch, err := a.Store.Launch(ctx, id)
	if err != nil {
		return notFound(err)
	}
	visitOf(c).launch = launch
	conns, standing, err := a.whose(ctx, launch)
	if err != nil {
		return err
	}
	if err := a.audited(c, auditLaunch, launch.ConnectionID, launch.Code); err != nil {
		return err
	}
	page := views.SupportLaunch{
		Page: a.staffPage("Launch " + launch.Code), Staff: a.staffView(c), Row: launchRow(launch, time.UTC),
		Standing: standingView(standing, time.UTC, a.now()), Accounts: a.accountRows(conns),
	}
	page.What, page.Next = launchWords(launch, standing)
	return a.render(c, http.StatusOK, views.SupportLaunchPage(page))
}

// whose finds the connections of a launch's account, the newest first, and how it stands.
func (a *app) whose(ctx context.Context, l store.Launch) ([]store.Connection, bridge.Standing, error) {
	var conns []store.Connection
	switch {
	case l.ConnectionID != "":
		conn, err := a.Store.Connection(ctx, l.ConnectionID)
		if err != nil {
			return nil, bridge.Standing{}, err
		}
		conns = []store.Connection{conn}
	case l.Email != "":
		var err error
		if conns, err = a.Store.ConnectionsByEmail(ctx, l.Email, accountsFound); err != nil {
			return nil, bridge.Standing{}, err
		}
	}
	if len(conns) > 0 && conns[0].State != store.StateReset {
		standing, err := a.Bridge.Standing(ctx, conns[0])
		return conns, standing, err
	}
	standing, err := a.Bridge.StandingOfLaunch(ctx, l.ID, l.Email)
	return conns, standing, err
}

// launchWords say how far a launch came, and what helps.
func launchWords(l store.Launch, s bridge.Standing) (what, next string) {
	switch s.State {
	case bridge.Connected, bridge.Limited:
		return "This person is connected.", "Open the connection below."
	case bridge.NeedsSignIn:
		return "This person is connected, but must sign in again.", "Open the connection below: it says which side, why and since when."
	case bridge.WaitingForWise:
		return "The customer signed in to Mojo and has not allowed access in Wise Agent yet.",
			"In the popup, the customer chooses “Continue with Wise Agent” and allows Profile and Contacts. Half an hour after signing in to Mojo, that is asked for again."
	case bridge.WasReset:
		return "This person's connection was reset.", "The customer signs in to Mojo and Wise Agent in the popup to connect again."
	}
	if l.Email == "" {
		return "Nobody has signed in in this popup yet.", "The customer signs in there. If the sign-in is refused, the popup says why."
	}
	return "This person was never connected.", "The customer signs in to Mojo in the popup. A dialing rep's login is refused, and so is a Mojo account that another Wise Agent account holds: the popup says which."
}
