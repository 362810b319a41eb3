package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"addtomojo/bridge"
	"addtomojo/store"
	"addtomojo/views"
)

const (
	// firstLook is how long the group page waits for contacts that are on their way: a small selection is then there
	// with the page, a large one shows how far it is.
	firstLook = 400 * time.Millisecond
	// nextLook is how long each look afterwards waits.
	nextLook = 2 * time.Second
)

// add is the one address of a launch: it shows what comes next, the sign-ins that are missing or the group page.
func (a *app) add(c echo.Context) error {
	v, ctx := visitOf(c), c.Request().Context()
	last := a.lastTry(c)
	if v.launch.ConnectionID != "" {
		return a.reconnect(c, last)
	}
	if err := a.comeBack(c); err != nil {
		return err
	}
	conn, err := a.Bridge.Connection(ctx, v.who().Email)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if !conn.Ending() {
		v.conn = conn
	}
	if asked, err := a.question(c); asked || err != nil {
		return err
	}
	if v.conn.ID == "" || v.conn.State == store.StateNeedsSignIn {
		return a.welcome(c, last.Status, last.Form)
	}
	if c.QueryParam("push") != "" {
		return a.seeOther(c, v.signedIn(v.launch.ID))
	}
	chosen, _ := strconv.ParseInt(c.QueryParam("group"), 10, 64) // 0 chooses the first
	return a.choose(c, http.StatusOK, chosen, views.NewGroup{})
}

// choose shows the group page. fresh is the form for a new group as it came back.
func (a *app) choose(c echo.Context, status int, chosen int64, fresh views.NewGroup) error {
	v, ctx := visitOf(c), c.Request().Context()
	groups, err := a.groups(ctx, v, chosen, fresh, c.QueryParam("fresh") != "")
	if err != nil {
		return a.orSignIn(c, err)
	}
	pre, err := a.look(ctx, v, firstLook)
	if err != nil {
		return a.orSignIn(c, err)
	}
	pre.NoGroups = len(groups.List) == 0
	page := views.Choose{
		Page: a.page(c, "Choose a group"), Account: a.account(c), Selected: len(v.launch.Contacts),
		Groups: groups, Preflight: pre,
	}
	if v.conn.State == store.StateLimited {
		page.Notice = "You didn't allow Team in Wise Agent. All works, but entries won't name the team member."
		page.NoticeFix = views.Action{Label: "Allow it", URL: launchPath(v.launch.ID) + "/wiseagent", Post: true}
	}
	return a.render(c, status, views.ChoosePage(page))
}

// orSignIn shows the sign-in of the side that has just turned out to need one, and gives other errors back.
func (a *app) orSignIn(c echo.Context, err error) error {
	if !errors.Is(err, bridge.ErrNeedsSignIn) {
		return err
	}
	v := visitOf(c)
	conn, readErr := a.Bridge.Connection(c.Request().Context(), v.who().Email)
	if readErr != nil || conn.State != store.StateNeedsSignIn {
		return err
	}
	v.conn = conn
	return a.welcome(c, http.StatusOK, views.MojoForm{})
}

// groups is the list of the customer's groups. When Mojo isn't answering, the list says so.
func (a *app) groups(ctx context.Context, v *visit, chosen int64, form views.NewGroup, fresh bool) (views.Groups, error) {
	form.Action = launchPath(v.launch.ID) + "/groups"
	g := views.Groups{Chosen: chosen, FreshURL: launchPath(v.launch.ID) + "?fresh=1", New: form}
	list, err := a.Bridge.Groups(ctx, v.conn, fresh)
	if err != nil {
		p, known := describe(err, a.now())
		if !known || errors.Is(err, bridge.ErrNeedsSignIn) {
			return g, err
		}
		g.Problem = p.sentences()
		if list, _, err = a.Store.Groups(ctx, v.conn.ID); err != nil { // the list of before is better than none
			return g, err
		}
	}
	for i, one := range list {
		g.List = append(g.List, views.Group{
			ID: one.ID, Name: one.Name, Contacts: one.Contacts, Lead: one.IsLead, LastUsed: i == 0 && !one.UsedAt.IsZero(),
		})
	}
	return g, nil
}

// look says what a push would do, when the contacts are there within the wait, and how many are there otherwise.
func (a *app) look(ctx context.Context, v *visit, wait time.Duration) (views.Preflight, error) {
	push := store.NewID()
	p := views.Preflight{
		PollURL: launchPath(v.launch.ID) + "/preflight",
		PushID:  push, AddURL: launchPath(v.launch.ID) + "/push", PushURL: pushPath(push),
	}
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	pre, err := a.Bridge.Preflight(waiting, v.conn, v.launch)
	var down *bridge.DownError
	switch {
	case err == nil:
		p.Ready, p.Add = true, pre.WillSend(false)
		p.Known, p.NoPhone, p.Shared = persons(pre.Known), persons(pre.NoPhone), persons(pre.Shared)
		p.DoNotCall, p.Vendors, p.Missing, p.Empty = persons(pre.DoNotCall), persons(pre.Vendors), persons(pre.Missing), persons(pre.Empty)
		return p, nil
	case errors.As(err, &down):
		p.Problem = string(down.Partner) + " isn't answering. We keep trying; nothing is lost."
	case !errors.Is(err, context.DeadlineExceeded):
		return p, err
	}
	p.Fetched, p.Total = a.Bridge.Arrived(ctx, v.conn, v.launch)
	return p, nil
}

func persons(list []bridge.Person) []views.Person {
	shown := make([]views.Person, len(list))
	for i, p := range list {
		shown[i] = views.Person{Name: p.Name, Detail: p.Why}
	}
	return shown
}

// preflight is the part of the group page that waits for contacts.
func (a *app) preflight(c echo.Context) error {
	v, ctx := visitOf(c), c.Request().Context()
	p, err := a.look(ctx, v, nextLook)
	if errors.Is(err, bridge.ErrNeedsSignIn) {
		return a.seeOther(c, launchPath(v.launch.ID))
	}
	if err != nil {
		return err
	}
	groups, _, err := a.Store.Groups(ctx, v.conn.ID)
	if err != nil {
		return err
	}
	p.NoGroups = len(groups) == 0
	return a.render(c, http.StatusOK, views.PreflightPart(p))
}

// createGroup makes a group in Mojo and chooses it. What Mojo or we don't like about it comes back beside the form.
func (a *app) createGroup(c echo.Context) error {
	v, ctx := visitOf(c), c.Request().Context()
	form, err := a.readForm(c)
	if err != nil {
		return err
	}
	name := form.Get("name")
	group, err := a.Bridge.CreateGroup(ctx, v.conn, name)
	if errors.Is(err, bridge.ErrNeedsSignIn) {
		return a.seeOther(c, launchPath(v.launch.ID))
	}
	if err != nil {
		chosen, _ := strconv.ParseInt(form.Get("group"), 10, 64) // 0 chooses the first
		return a.groupRefused(c, name, chosen, err)
	}
	groups, err := a.groups(ctx, v, group.ID, views.NewGroup{Created: true}, false)
	if err != nil {
		return err
	}
	if !isPart(c) || len(groups.List) == 1 { // the first group opens the button: another part of the page
		return a.seeOther(c, launchPath(v.launch.ID)+"?group="+strconv.FormatInt(group.ID, 10))
	}
	return a.render(c, http.StatusOK, views.GroupsPart(groups))
}

func (a *app) groupRefused(c echo.Context, name string, chosen int64, err error) error {
	p, known := describe(err, a.now())
	if !known {
		return err
	}
	form := views.NewGroup{Name: name, Error: p.sentences()}
	if !isPart(c) {
		return a.choose(c, http.StatusUnprocessableEntity, chosen, form)
	}
	v := visitOf(c)
	groups, err := a.groups(c.Request().Context(), v, chosen, form, false)
	if err != nil {
		return err
	}
	return a.render(c, http.StatusUnprocessableEntity, views.GroupsPart(groups))
}
