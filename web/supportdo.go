package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"addtomojo/store"
	"addtomojo/views"
)

// What support staff do. Each stands in the audit log before it is done, and once more with what came of it. What came to nothing
// is written down, too.

// errUnwritten says that an action was not done, because the audit log couldn't be written.
var errUnwritten = errors.New("the audit log can't be written")

// begins writes down what is about to be done to the account; what says how much of it, "" for all there is. Without that line the
// action must not be done: nobody would ever know of it.
func (a *app) begins(c echo.Context, action, what string) error {
	v := a.deed(c, action, visitOf(c).conn.ID, strings.TrimSuffix("begun: "+what, ": "))
	if err := a.Store.AddAudit(context.WithoutCancel(c.Request().Context()), v); err != nil {
		a.log().Error("not done: the audit log can't be written", "route", route(c), "staff", v.Who, "connection", v.ConnectionID, "err", err)
		return errUnwritten
	}
	return nil
}

// brought writes down what came of an action. The action itself stands in the audit log by then, so where this line can't be stored
// it goes to the log, and the staff member hears all the same what was done.
func (a *app) brought(c echo.Context, action, what string) {
	if err := a.audited(c, action, visitOf(c).conn.ID, what); err != nil {
		a.log().Error("what an action brought is not in the audit log", "route", route(c), "staff", staffOf(c).Email,
			"connection", visitOf(c).conn.ID, "err", err)
	}
}

// doneCookie carries what an action brought to the account's screen.
const doneCookie = "staff-done"

// done leads back to the account's screen, which then says what an action brought.
func (a *app) done(c echo.Context, note views.SupportNote) error {
	path := supportAccountPath(visitOf(c).conn.ID)
	plain, err := json.Marshal(note)
	if err != nil {
		return fmt.Errorf("keep note: %w", err)
	}
	if err := a.keep(c, doneCookie, path, plain); err != nil {
		return err
	}
	return a.seeOther(c, path+"#"+views.SupportNoteID)
}

func (a *app) takeDone(c echo.Context) *views.SupportNote {
	plain := a.take(c, doneCookie, supportAccountPath(visitOf(c).conn.ID))
	var note views.SupportNote
	if plain == nil || json.Unmarshal(plain, &note) != nil {
		return nil
	}
	return &note
}

// liftVeil shows the account's e-mails and numbers for a while.
func (a *app) liftVeil(c echo.Context) error {
	conn := visitOf(c).conn
	if err := a.audited(c, auditShow, conn.ID, ""); err != nil {
		return err
	}
	err := a.changeMember(c, func(m *staffMember) { m.Shown = shown{Account: conn.ID, Until: a.now().Add(shownFor)} })
	if err != nil {
		return err
	}
	return a.seeOther(c, supportAccountPath(conn.ID))
}

// testNow asks both partners whether they answer for this account.
func (a *app) testNow(c echo.Context) error {
	conn := visitOf(c).conn
	if err := a.begins(c, auditTest, ""); err != nil {
		return err
	}
	if conn.State == store.StateReset {
		return a.over(c, auditTest)
	}
	wise, mojo := a.Bridge.TestNow(c.Request().Context(), conn)
	lines, bad := testWords(wise, mojo)
	a.brought(c, auditTest, strings.Join(lines, " "))
	return a.done(c, views.SupportNote{Lines: lines, Bad: bad})
}

// over says that nothing can be done for a connection that was reset.
func (a *app) over(c echo.Context, action string) error {
	a.brought(c, action, "nothing: the connection was reset")
	return a.done(c, views.SupportNote{Lines: []string{"This connection was reset, so nothing was done."}, Bad: true})
}

// failed writes down that an action ended with an error, and gives that back.
func (a *app) failed(c echo.Context, action string, err error) error {
	a.brought(c, action, "failed on our side")
	return err
}

// retryAll delivers again what needed a person and was received since the time in the form, in the customer's zone; all of it
// when there is none.
func (a *app) retryAll(c echo.Context) error {
	conn := visitOf(c).conn
	form, err := a.readForm(c)
	if err != nil {
		return err
	}
	since, said := time.Time{}, "all"
	if text := form.Get("since"); text != "" {
		if since, err = time.ParseInLocation("2006-01-02T15:04", text, zoneOr(conn.TimeZone)); err != nil {
			if err := a.audited(c, auditRetry, conn.ID, "nothing: the time couldn't be read"); err != nil {
				return err
			}
			return a.done(c, views.SupportNote{Lines: []string{"That isn't a time we can read, so nothing was retried. Choose a day and a time, or leave it empty."}, Bad: true})
		}
		said = "since " + since.UTC().Format("2006-01-02 15:04 UTC")
	}
	if err := a.begins(c, auditRetry, said); err != nil {
		return err
	}
	n, err := a.Bridge.RetryEvents(c.Request().Context(), conn, since)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return a.over(c, auditRetry)
	case err != nil:
		return a.failed(c, auditRetry, err)
	}
	a.brought(c, auditRetry, said+": "+many(n, "delivery", "deliveries"))
	return a.done(c, views.SupportNote{Lines: []string{many(n, "delivery is", "deliveries are") + " tried once more now."}})
}

// retryOne delivers one event again that needed a person.
func (a *app) retryOne(c echo.Context) error {
	conn := visitOf(c).conn
	id, err := idIn(c, "event")
	if err != nil {
		return err
	}
	if err := a.begins(c, auditRetry, "one delivery: "+id); err != nil {
		return err
	}
	err = a.Bridge.RetryEvent(c.Request().Context(), conn, id)
	switch {
	case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrStale):
		a.brought(c, auditRetry, "nothing: "+id+" needs nobody")
		return a.done(c, views.SupportNote{Lines: []string{"That delivery needs nobody any more, so nothing was done."}})
	case err != nil:
		return a.failed(c, auditRetry, err)
	}
	a.brought(c, auditRetry, "one delivery: "+id)
	return a.done(c, views.SupportNote{Lines: []string{"The delivery is tried once more now."}})
}

// makeReconnectLink shows a fresh link, once: no cookie and no address carries it.
func (a *app) makeReconnectLink(c echo.Context) error {
	conn := visitOf(c).conn
	if err := a.begins(c, auditReconnect, ""); err != nil {
		return err
	}
	link, err := a.Bridge.ReconnectLink(c.Request().Context(), conn)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return a.over(c, auditReconnect)
	case err != nil:
		return a.failed(c, auditReconnect, err)
	}
	a.brought(c, auditReconnect, "made")
	return a.accountScreen(c, link)
}

// endSessions signs the customer out everywhere.
func (a *app) endSessions(c echo.Context) error {
	conn := visitOf(c).conn
	if err := a.begins(c, auditSessions, ""); err != nil {
		return err
	}
	n, err := a.Store.EndSessions(c.Request().Context(), conn.Email)
	if err != nil {
		return a.failed(c, auditSessions, err)
	}
	a.brought(c, auditSessions, many(n, "session", "sessions"))
	return a.done(c, views.SupportNote{Lines: []string{many(n, "session was", "sessions were") + " ended. The connection itself goes on."}})
}
