package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"addtomojo/bridge"
	"addtomojo/store"
	"addtomojo/views"
)

// How much of each list the screen of an account shows.
const (
	supportEventsShown   = 25
	supportPushesShown   = 8
	supportLaunchesShown = 8
	supportAuditsShown   = 8
)

// ofAccount loads the connection of the address, reset or not.
func (a *app) ofAccount(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id, err := idIn(c, "account")
		if err != nil {
			return err
		}
		if visitOf(c).conn, err = a.Store.Connection(c.Request().Context(), id); err != nil {
			return notFound(err)
		}
		return next(c)
	}
}

// showAccount is one account on one screen.
func (a *app) showAccount(c echo.Context) error {
	return a.accountScreen(c, "")
}

// accountScreen shows the account with what the last action brought. link is a fresh reconnect link, "" for none.
func (a *app) accountScreen(c echo.Context, link string) error {
	conn := visitOf(c).conn
	page, err := a.supportAccount(c, conn)
	if err != nil {
		return err
	}
	page.Link = link
	if link == "" { // else the action itself was written down
		if err := a.audited(c, auditAccount, conn.ID, findWords(page.Contact)); err != nil {
			return err
		}
	}
	return a.render(c, http.StatusOK, views.SupportAccountPage(page))
}

// find is whose events a staff member looks for in an account.
type find struct {
	Account string `json:"account"`
	Contact string `json:"contact"` // as it was typed
}

// of is the name that is looked for in the account, "" when none is.
func (f find) of(connID string) string {
	if f.Account != connID {
		return ""
	}
	return f.Contact
}

// findWords is for the audit log.
func findWords(contact string) string {
	if contact == "" {
		return ""
	}
	return "contact: " + veil{}.text(contact)
}

// findContact keeps the name that is looked for in the staff member's session, as a search does, and shows the account with
// the events of those contacts. An empty name shows all again.
func (a *app) findContact(c echo.Context) error {
	form, err := a.readForm(c)
	if err != nil {
		return err
	}
	conn := visitOf(c).conn
	wanted := find{Account: conn.ID, Contact: clip(strings.TrimSpace(form.Get("contact")), 200)}
	err = a.changeMember(c, func(m *staffMember) { m.Find = wanted })
	switch {
	case errors.Is(err, store.ErrFull): // as with a search
		staffOf(c).Find = wanted
		return a.showAccount(c)
	case err != nil:
		return err
	}
	return a.seeOther(c, supportAccountPath(conn.ID)+"#events-heading")
}

// supportAccount gathers the screen.
func (a *app) supportAccount(c echo.Context, conn store.Connection) (views.SupportAccount, error) {
	ctx, v := c.Request().Context(), a.veilOf(c, conn.ID)
	page := views.SupportAccount{
		Page: a.staffPage("Account"), Staff: a.staffView(c), Now: a.now(), URL: supportAccountPath(conn.ID),
		Name: v.text(conn.Name), Email: v.email(conn.Email), Shown: v.lifted, Note: a.takeDone(c),
		AuditURL: supportAuditPath + "?account=" + conn.ID, Find: supportAccountPath(conn.ID) + "/find", Contact: staffOf(c).Find.of(conn.ID),
	}
	zone := zoneOr(conn.TimeZone)
	for _, part := range []func() error{
		func() error { return a.standingPart(ctx, &page, conn, v, zone) },
		func() error { return a.eventsPart(ctx, &page, conn, v, zone, c.QueryParams()) },
		func() error { return a.workPart(ctx, &page, conn, v, zone) },
		func() error { return a.historyPart(ctx, &page, conn, zone) },
		func() error { return a.doPart(ctx, &page, conn, staffOf(c).Role) },
	} {
		if err := part(); err != nil {
			return page, err
		}
	}
	return page, nil
}

// standingPart is how the account stands, what is wrong, and what is known of it.
func (a *app) standingPart(ctx context.Context, page *views.SupportAccount, conn store.Connection, v veil, zone *time.Location) error {
	standing, err := a.Bridge.Standing(ctx, conn)
	if err != nil {
		return err
	}
	page.Standing = standingView(standing, zone, page.Now)
	found, err := a.Bridge.Findings(ctx, conn, standing)
	if err != nil {
		return err
	}
	for _, f := range found {
		page.Findings = append(page.Findings, views.SupportFinding{What: v.text(f.What), Next: f.Next, Since: in(f.Since, zone), Calm: f.Calm})
	}
	revocations, err := a.Store.Revocations(ctx, conn.ID)
	if err != nil {
		return err
	}
	page.Facts = facts(conn, v, zone, revocations)
	return nil
}

func facts(conn store.Connection, v veil, zone *time.Location, revocations int) []views.Fact {
	list := []views.Fact{
		{Label: "Connected", At: conn.CreatedAt.In(zone)},
		{Label: "Wise Agent allows", Text: strings.Join(strings.Fields(conn.Scopes), ", ")},
		{Label: "Mojo account", Text: v.text(conn.MojoAccountName)},
		{Label: "Mojo account id", Text: conn.MojoAccountID},
		{Label: "Mojo login", Text: v.text(conn.MojoLogin)},
		{Label: "Mojo agent", Text: v.text(conn.MojoAgentName)},
		{Label: "Agent's e-mail", Text: v.email(conn.MojoAgentEmail)},
		{Label: "Permission in Mojo", Text: strings.ReplaceAll(conn.MojoPermission, "_", " ")},
		{Label: "Time zone", Text: conn.TimeZone},
		{Label: "Connection id", Text: conn.ID},
	}
	if revocations > 0 {
		list = append(list, views.Fact{Label: "Tokens not revoked yet", Text: comma(revocations)})
	}
	if conn.TokensLeft > 0 {
		list = append(list, views.Fact{Label: "Tokens never revoked", Text: comma(conn.TokensLeft) + ": given up after 24 hours; the customer can remove the access there"})
	}
	for i := range list {
		if list[i].Text == "" {
			list[i].Text = "not known"
		}
	}
	return list
}

// eventsPart is the ledger with a page of the events that it counts.
func (a *app) eventsPart(ctx context.Context, page *views.SupportAccount, conn store.Connection, v veil, zone *time.Location, q url.Values) error {
	filter := eventFilter(q)
	filter.Limit, filter.Contact = supportEventsShown+1, page.Contact
	mail, err := a.Bridge.Mail(ctx, conn, filter)
	if err != nil {
		return err
	}
	at := func(state store.EventState, before int64) string { return eventsURL(page.URL, state, before) }
	for _, cell := range ledger {
		page.Cells = append(page.Cells, views.Cell{
			Label: cell.label, Count: cell.count(mail.Ledger), Tone: cell.tone, URL: at(cell.state, 0), Current: cell.state == filter.State,
		})
		if cell.state == filter.State {
			page.Heading = cell.label
		}
	}
	page.Do.NeedsYou = mail.Ledger.NeedsYou
	page.Oldest = in(mail.Ledger.OldestWaiting, zone)
	if filter.Before > 0 {
		page.NewestURL = at(filter.State, 0)
	}
	if len(mail.Events) > supportEventsShown {
		page.OlderURL = at(filter.State, mail.Events[supportEventsShown-1].Seq)
	}
	for _, e := range mail.Events[:min(len(mail.Events), supportEventsShown)] {
		h := happening(e, filter, zone)
		h.Contact, h.Reason, h.RetryURL = v.text(h.Contact), v.text(h.Reason), ""
		if e.State == store.EventNeedsYou {
			h.RetryURL, h.Ref = page.URL+"/events/"+e.ID+"/retry", e.ID
		}
		page.Events = append(page.Events, h)
	}
	return nil
}

// workPart is the pushes and the notices.
func (a *app) workPart(ctx context.Context, page *views.SupportAccount, conn store.Connection, v veil, zone *time.Location) error {
	pushes, err := a.Store.Pushes(ctx, conn.ID, supportPushesShown)
	if err != nil {
		return err
	}
	for _, p := range pushes {
		shown := views.SupportPush{
			When: p.CreatedAt.In(zone), Group: v.text(p.GroupName), State: pushWords[p.State], Bad: p.State == store.PushStopped || p.Counts.Failed > 0,
			Counts: countWords(p.Counts), Cause: v.text(p.Cause),
		}
		switch {
		case p.StoppedByCustomer():
			shown.State, shown.Bad, shown.Cause = "stopped by the customer", p.Counts.Failed > p.Counts.Unsent, ""
		case !p.StopAskedAt.IsZero() && p.State == store.PushSending:
			shown.State = "being stopped by the customer"
		}
		page.Pushes = append(page.Pushes, shown)
	}
	notices, err := a.Store.Notices(ctx, conn.ID)
	if err != nil {
		return err
	}
	for _, n := range notices {
		when := n.FinishedAt
		if when.IsZero() {
			when = n.MadeAt
		}
		page.Notices = append(page.Notices, views.SupportNotice{
			When: when.In(zone), Channel: channelWords[n.Channel], State: noticeWords[n.State], Cause: v.text(n.Cause), Bad: n.State == store.NoticeFailed,
		})
	}
	return nil
}

var pushWords = map[store.PushState]string{
	store.PushWaiting: "waiting", store.PushSending: "sending", store.PushPaused: "paused until the sign-in", store.PushDone: "done",
	store.PushStopped: "stopped", store.PushUndoing: "being undone", store.PushUndone: "undone",
}

var channelWords = map[store.Channel]string{store.ChannelEmail: "E-mail", store.ChannelWebhook: "Webhook"}

var noticeWords = map[store.NoticeState]string{
	store.NoticeWaiting: "to be sent", store.NoticeSending: "being sent", store.NoticeSent: "sent", store.NoticeFailed: "failed",
	store.NoticeDropped: "not needed any more",
}

// countWords are a push's numbers, those that aren't 0.
func countWords(n store.Counts) string {
	var words []string
	for _, part := range []struct {
		n    int
		word string
	}{
		{n.Waiting, "waiting"}, {n.Added, "added"}, {n.Updated, "updated"}, {n.Skipped, "skipped"}, {n.Failed - n.Unsent, "failed"}, {n.Unsent, "not sent"}, {n.Removed, "removed"},
	} {
		if part.n > 0 {
			words = append(words, comma(part.n)+" "+part.word)
		}
	}
	return strings.Join(words, ", ")
}

// historyPart is what was before: launches, other connections of the same person, and who looked.
func (a *app) historyPart(ctx context.Context, page *views.SupportAccount, conn store.Connection, zone *time.Location) error {
	launches, err := a.Store.LaunchesByEmail(ctx, conn.Email, supportLaunchesShown)
	if err != nil {
		return err
	}
	for _, l := range launches {
		row := launchRow(l, zone)
		row.Email = ""
		page.Launches = append(page.Launches, row)
	}
	others, err := a.Store.ConnectionsByEmail(ctx, conn.Email, supportLaunchesShown)
	if err != nil {
		return err
	}
	for _, row := range a.accountRows(others) {
		if row.URL != page.URL {
			page.Others = append(page.Others, row)
		}
	}
	audits, _, err := a.Store.Audits(ctx, store.AuditFilter{ConnectionID: conn.ID, Limit: supportAuditsShown})
	if err != nil {
		return err
	}
	page.Audits, err = a.auditLines(ctx, audits)
	for i := range page.Audits {
		page.Audits[i].Account = "" // all are about this one
	}
	return err
}

// doPart is what this staff member may do.
func (a *app) doPart(ctx context.Context, page *views.SupportAccount, conn store.Connection, r role) error {
	page.Do.Show = page.URL + "/show"
	if conn.State == store.StateReset {
		page.Do = views.SupportDo{Show: page.Do.Show, NeedsYou: page.Do.NeedsYou}
		return nil
	}
	page.Do.Test = page.URL + "/test"
	live, err := a.Store.Sessions(ctx, conn.Email, page.Now)
	if err != nil {
		return fmt.Errorf("count sessions: %w", err)
	}
	page.Do.Live = live
	if !r.may(roleOperator) {
		return nil
	}
	page.Do.Link = page.URL + "/link"
	if page.Do.NeedsYou > 0 {
		page.Do.Retry = page.URL + "/retry"
	}
	if live > 0 {
		page.Do.Sessions = page.URL + "/sessions"
	}
	return nil
}

// eventsURL is an address of a page of events in a state.
func eventsURL(path string, state store.EventState, before int64) string {
	return path + strings.TrimPrefix(activityURL("", state, before), activityPath)
}

// testWords are what a test of both sides brought, for people.
func testWords(wise, mojo error) (lines []string, bad bool) {
	return []string{bridge.TestWords(bridge.WiseAgent, wise), bridge.TestWords(bridge.MojoName, mojo)}, wise != nil || mojo != nil
}
