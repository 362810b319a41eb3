package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"addtomojo/store"
	"addtomojo/views"
)

// What support staff do. Each is written down before it is said to be done, and what came to nothing is written down, too.

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
	return a.seeOther(c, path)
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
	if conn.State == store.StateReset {
		return a.over(c, auditTest)
	}
	wise, mojo := a.Bridge.TestNow(c.Request().Context(), conn)
	lines, bad := testWords(wise, mojo)
	if err := a.audited(c, auditTest, conn.ID, strings.Join(lines, " ")); err != nil {
		return err
	}
	return a.done(c, views.SupportNote{Lines: lines, Bad: bad})
}

// over says that nothing can be done for a connection that was reset.
func (a *app) over(c echo.Context, action string) error {
	if err := a.audited(c, action, visitOf(c).conn.ID, "nothing: the connection was reset"); err != nil {
		return err
	}
	return a.done(c, views.SupportNote{Lines: []string{"This connection was reset, so nothing was done."}, Bad: true})
}

// failed writes down that an action ended with an error, and gives that back.
func (a *app) failed(c echo.Context, action string, err error) error {
	return errors.Join(err, a.audited(c, action, visitOf(c).conn.ID, "failed on our side"))
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
	n, err := a.Bridge.RetryEvents(c.Request().Context(), conn, since)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return a.over(c, auditRetry)
	case err != nil:
		return a.failed(c, auditRetry, err)
	}
	if err := a.audited(c, auditRetry, conn.ID, said+": "+many(n, "delivery", "deliveries")); err != nil {
		return err
	}
	return a.done(c, views.SupportNote{Lines: []string{many(n, "delivery is", "deliveries are") + " tried once more now."}})
}

// retryOne delivers one event again that needed a person.
func (a *app) retryOne(c echo.Context) error {
	conn := visitOf(c).conn
	id, err := idIn(c, "event")
	if err != nil {
		return err
	}
	err = a.Bridge.RetryEvent(c.Request().Context(), conn, id)
	switch {
	case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrStale):
		if err := a.audited(c, auditRetry, conn.ID, "nothing: "+id+" needs nobody"); err != nil {
			return err
		}
		return a.done(c, views.SupportNote{Lines: []string{"That delivery needs nobody any more, so nothing was done."}})
	case err != nil:
		return a.failed(c, auditRetry, err)
	}
	if err := a.audited(c, auditRetry, conn.ID, "one delivery: "+id); err != nil {
		return err
	}
	return a.done(c, views.SupportNote{Lines: []string{"The delivery is tried once more now."}})
}

// makeReconnectLink shows a fresh link, once: no cookie and no address carries it.
func (a *app) makeReconnectLink(c echo.Context) error {
	conn := visitOf(c).conn
	link, err := a.Bridge.ReconnectLink(c.Request().Context(), conn)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return a.over(c, auditReconnect)
	case err != nil:
		return a.failed(c, auditReconnect, err)
	}
	if err := a.audited(c, auditReconnect, conn.ID, ""); err != nil {
		return err
	}
	return a.accountScreen(c, link)
}

// endSessions signs the customer out everywhere.
func (a *app) endSessions(c echo.Context) error {
	conn := visitOf(c).conn
	n, err := a.Store.EndSessions(c.Request().Context(), conn.Email)
	if err != nil {
		return a.failed(c, auditSessions, err)
	}
	if err := a.audited(c, auditSessions, conn.ID, many(n, "session", "sessions")); err != nil {
		return err
	}
	return a.done(c, views.SupportNote{Lines: []string{many(n, "session was", "sessions were") + " ended. The connection itself goes on."}})
}
