package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"addtomojo/bridge"
	"addtomojo/store"
	"addtomojo/views"
)

const (
	pushesShown = 100 // in the list of earlier pushes
	perPage     = 100 // contacts on a page of results

	eventsEvery = 200 * time.Millisecond // at most this often, but for the last one
	eventsPoll  = 2 * time.Second        // rows changed by another process are seen this late
	eventsBeat  = 15 * time.Second       // a comment this often keeps proxies from closing the stream
	eventsLife  = 10 * time.Minute       // then the browser connects anew, with its session checked again
)

// startPush takes the press of the button: one key is one push, however often it is pressed.
func (a *app) startPush(c echo.Context) error {
	v := visitOf(c)
	form, err := a.readForm(c)
	if err != nil {
		return err
	}
	key, err := uuid.Parse(form.Get("push"))
	if err != nil {
		return errForm
	}
	group, err := strconv.ParseInt(form.Get("group"), 10, 64)
	if err != nil {
		return errNoGroup
	}
	p, err := a.Bridge.StartPush(c.Request().Context(), v.conn, bridge.StartPush{
		ID: key.String(), LaunchID: v.launch.ID, GroupID: group, IncludeDoNotCall: form.Get("dnc") == "1",
	})
	if errors.Is(err, bridge.ErrNeedsSignIn) {
		return a.seeOther(c, launchPath(v.launch.ID))
	}
	if err != nil {
		return err
	}
	return a.seeOther(c, pushPath(p.ID)+"?landing=1")
}

// showPush is the page of a push, while it runs and afterwards.
func (a *app) showPush(c echo.Context) error {
	page, _, err := a.pushView(c)
	if err != nil {
		return err
	}
	return a.render(c, http.StatusOK, views.PushPage(page))
}

// pushView reads how the push stands.
func (a *app) pushView(c echo.Context) (views.Push, bridge.Progress, error) {
	v, ctx := visitOf(c), c.Request().Context()
	conn, err := a.Store.Connection(ctx, v.conn.ID) // a stream lives longer than what was true at its beginning
	if err != nil {
		return views.Push{}, bridge.Progress{}, fmt.Errorf("read connection: %w", err)
	}
	v.conn = conn
	progress, err := a.Bridge.Progress(ctx, v.conn, v.push.ID)
	if err != nil {
		return views.Push{}, progress, err
	}
	page := pushModel(progress, c.QueryParam("landing") != "")
	page.Page, page.Account = a.page(c, progress.Push.GroupName), a.account(c)
	page.UndoEnds = page.UndoEnds.In(v.zone())
	page.GroupsURL = v.groupsURL()
	if v.conn.Ending() {
		page.Reset, page.StopURL, page.RetryURL, page.UndoURL, page.MojoURL = true, "", "", "", ""
		if page.Again, err = a.again(ctx, v); err != nil {
			return views.Push{}, progress, err
		}
	}
	if progress.Push.State == store.PushPaused {
		page.Cause, page.SignInURL = v.conn.Cause, v.signInURL(progress.Push.ID)
	}
	if progress.Ended() {
		page.Outcomes, err = a.outcomes(ctx, progress, c.QueryParams())
	}
	return page, progress, err
}

// again is what brings contacts to Mojo whose push ended with its connection: the launch's page, which asks for the sign-ins first,
// unless the customer has connected again by now.
func (a *app) again(ctx context.Context, v *visit) (views.Action, error) {
	next := views.Action{Label: "Connect again", URL: v.groupsURL()}
	if next.URL == "" {
		return views.Action{}, nil
	}
	conn, err := a.Bridge.Connection(ctx, v.conn.Email)
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return next, err
	case !conn.Ending():
		next.Label = "Add them again"
	}
	return next, nil
}

// pushModel is the page of a push as far as the push alone says.
func pushModel(p bridge.Progress, landing bool) views.Push {
	own := pushPath(p.Push.ID)
	query := ""
	if landing {
		query = "?landing=1"
	}
	page := views.Push{
		Landing: landing, PartURL: own + "/events" + query, ReloadURL: own + query,
		MojoURL: own + "/land", ResultsURL: own + "?show=failed",
		GroupName: p.Push.GroupName, GroupGone: p.GroupGone, Status: views.PushStatus(p.Push.State), Cause: p.Push.Cause,
		Done: p.Run.Total - p.Run.Waiting, Total: p.Run.Total,
		Added: p.All.Added, Updated: p.All.Updated, Skipped: p.All.Skipped, Failed: p.All.Failed, Removed: p.All.Removed,
		Unsent: p.All.Unsent, UndoEnds: p.UndoUntil,
		Stopping: p.Stopping(), ByCustomer: p.Push.StoppedByCustomer(),
	}
	page.Ahead, page.AheadUndo = p.Ahead.GroupName, p.Ahead.State == store.PushUndoing
	switch p.Push.State {
	case store.PushUndoing:
		page.Done, page.Total = p.All.Removed, p.All.Removed+p.All.Added+p.All.Updated
	case store.PushSending, store.PushWaiting:
		page.Down = downPartner(p.Push.Cause)
	case store.PushDone, store.PushStopped:
		page.Done, page.Total = p.All.Total-p.All.Waiting-p.All.Unsent, p.All.Total // a Retry is over: its numbers count with the others
		if p.All.Failed > 0 && !p.GroupGone {
			page.RetryURL = own + "/retry"
		}
	}
	if p.CanStop() {
		page.StopURL = own + "/stop"
	}
	if !p.UndoUntil.IsZero() {
		page.UndoURL = own + "/undo"
	}
	return page
}

// downPartner is whom a waiting push waits for, as its cause begins with the name.
func downPartner(cause string) string {
	for _, p := range []bridge.Partner{bridge.WiseAgent, bridge.MojoName} {
		if strings.HasPrefix(cause, string(p)) {
			return string(p)
		}
	}
	return ""
}

// results are the tabs of a push's contacts, those that need somebody first.
var results = []struct {
	label  string
	key    string // in the address
	states []store.ContactState
	count  func(store.Counts) int
}{
	{"Need you", "failed", []store.ContactState{store.ContactFailed}, func(c store.Counts) int { return c.Failed }},
	{"Added", "added", []store.ContactState{store.ContactAdded}, func(c store.Counts) int { return c.Added }},
	{"Updated", "updated", []store.ContactState{store.ContactUpdated}, func(c store.Counts) int { return c.Updated }},
	{"Skipped", "skipped", []store.ContactState{store.ContactSkipped}, func(c store.Counts) int { return c.Skipped }},
	{"Taken out", "removed", []store.ContactState{store.ContactRemoved}, func(c store.Counts) int { return c.Removed }},
}

// outcomes is a page of the push's contacts: "show" names the result, "page" counts from 1.
func (a *app) outcomes(ctx context.Context, p bridge.Progress, q url.Values) (views.Outcomes, error) {
	var o views.Outcomes
	current := -1
	for i, r := range results {
		if n := r.count(p.All); n > 0 {
			if current < 0 || r.key == q.Get("show") {
				current = i
			}
			label := r.label
			if r.key == "failed" && p.Push.StoppedByCustomer() && n == p.All.Unsent {
				label = "Not sent"
			}
			o.Tabs = append(o.Tabs, views.Tab{Label: label, Count: n, URL: pushPath(p.Push.ID) + "?show=" + r.key})
		}
	}
	if current < 0 {
		return o, nil
	}
	rows, err := a.Store.PushContacts(ctx, p.Push.ID, results[current].states, -1, bridge.MaxSelected)
	if err != nil {
		return o, fmt.Errorf("read contacts of a push: %w", err)
	}
	own := pushPath(p.Push.ID) + "?show=" + results[current].key
	for i := range o.Tabs {
		o.Tabs[i].Current = o.Tabs[i].URL == own
	}
	turn(&o, len(rows), q.Get("page"), own)
	for _, row := range rows[min((o.Page-1)*perPage, len(rows)):min(o.Page*perPage, len(rows))] {
		o.List = append(o.List, views.Outcome{Name: row.Name, Result: string(row.State), Reason: row.Reason})
	}
	return o, nil
}

// turn sets which page of total rows is shown, and the links around it.
func turn(o *views.Outcomes, total int, page, address string) {
	o.Pages = (total + perPage - 1) / perPage
	o.Page, _ = strconv.Atoi(page) // no number is the first page
	o.Page = max(1, min(o.Page, o.Pages))
	if o.Page > 1 {
		o.PrevURL = address + "&page=" + strconv.Itoa(o.Page-1)
	}
	if o.Page < o.Pages {
		o.NextURL = address + "&page=" + strconv.Itoa(o.Page+1)
	}
}

// pushEvents sends the push's part of the page whenever it has changed, and "end" after the last one. It ends with the
// session, too.
func (a *app) pushEvents(c echo.Context) error {
	changed, stop := a.Bridge.Watch(visitOf(c).push.ID)
	defer stop()
	s := newStream(c)
	defer s.close()
	over, poll := time.After(eventsLife), time.NewTicker(eventsPoll)
	defer poll.Stop()
	for {
		ended, err := a.sendPush(c, s)
		if err != nil || ended {
			return err
		}
		switch err := a.awaitPush(c, changed, poll.C, over); {
		case errors.Is(err, errSignedOut):
			return s.leave(c.Request().Context(), visitOf(c).push.ID)
		case err != nil:
			return nil // the browser connects anew
		}
	}
}

// orLeave has a page go to its own address when the stream is no longer for who looks at it, since they have signed out say: there it
// reads why. A browser that gets an error instead of a stream tries again for ever.
func (a *app) orLeave(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := next(c)
		gone := errors.Is(err, errSignedOut) || errors.Is(err, errNotFound)
		if !gone || c.Response().Committed || c.Request().Header.Get(echo.HeaderAccept) != eventStream {
			return err
		}
		id, err := idIn(c, "push")
		if err != nil {
			return err
		}
		s := newStream(c)
		defer s.close()
		return s.leave(c.Request().Context(), id)
	}
}

// leave sends the page that follows a push to the push's address, as the last thing.
func (s *stream) leave(ctx context.Context, pushID string) error {
	if err := s.sendPart(ctx, views.LeavePage(pushPath(pushID))); err != nil {
		return err
	}
	return s.send("end", "over")
}

// errStreamOver says that a stream has lived long enough, or that nobody reads it.
var errStreamOver = errors.New("the stream is over")

// awaitPush waits until there may be something new to see: soon after a change, not faster than anybody can look, but at
// once when the push has ended, since a tab waits to go to Mojo then. The error is errSignedOut or errStreamOver.
func (a *app) awaitPush(c echo.Context, changed <-chan struct{}, poll, over <-chan time.Time) error {
	ctx := c.Request().Context()
	soon := time.After(eventsEvery)
	var look <-chan time.Time // soon, once something changed
	for {
		select {
		case <-changed:
			if a.pushEnded(c) {
				return nil
			}
			look = soon
		case <-look:
			return nil
		case <-poll:
			if a.sessions.over(ctx, visitOf(c).session) {
				return errSignedOut
			}
			return nil
		case <-over:
			return errStreamOver
		case <-a.Stopping:
			return errStreamOver
		case <-ctx.Done():
			return errStreamOver
		}
	}
}

// pushEnded tells whether the push is at its end. If that can't be read, whoever reads it next says why.
func (a *app) pushEnded(c echo.Context) bool {
	push, err := a.Store.Push(c.Request().Context(), visitOf(c).push.ID)
	return err == nil && bridge.Progress{Push: push}.Ended()
}

// sendPush sends how the push stands now, and says whether that was the last time.
func (a *app) sendPush(c echo.Context, s *stream) (ended bool, err error) {
	page, progress, err := a.pushView(c)
	if err != nil {
		return false, err
	}
	if err := s.sendPart(c.Request().Context(), views.PushPart(page)); err != nil || !progress.Ended() {
		return false, err
	}
	return true, s.send("end", "over")
}

const eventStream = "text/event-stream"

// stream writes server-sent events.
type stream struct {
	w    http.ResponseWriter
	rc   *http.ResponseController
	last string    // data of the last event
	at   time.Time // when something was last written
}

// newStream begins the answer.
func newStream(c echo.Context) *stream {
	w := c.Response()
	w.Header().Set(echo.HeaderContentType, eventStream)
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	return &stream{rc: http.NewResponseController(w), w: w}
}

// close takes back the deadline: the connection may serve other requests.
func (s *stream) close() { s.rc.SetWriteDeadline(time.Time{}) }

// sendPart sends a part of the page, for the place of the one before.
func (s *stream) sendPart(ctx context.Context, part templ.Component) error {
	var b bytes.Buffer
	if err := part.Render(ctx, &b); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	return s.send("push", b.String())
}

// send writes an event, unless the last one said the same; then, now and then, a comment.
func (s *stream) send(event, data string) error {
	var text string
	switch {
	case data != s.last:
		text = "event: " + event + "\ndata: " + strings.ReplaceAll(data, "\n", "\ndata: ") + "\n\n"
	case time.Since(s.at) > eventsBeat:
		text = ": still here\n\n"
	default:
		return nil
	}
	s.last, s.at = data, time.Now()
	if err := s.rc.SetWriteDeadline(time.Now().Add(eventsBeat)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("send event: %w", err)
	}
	if _, err := s.w.Write([]byte(text)); err != nil {
		return fmt.Errorf("send event: %w", err)
	}
	return s.rc.Flush()
}

// land goes to the powerdialer with the group preselected, on the account's own host, once the push is done.
func (a *app) land(c echo.Context) error {
	v := visitOf(c)
	p, err := a.Bridge.Progress(c.Request().Context(), v.conn, v.push.ID)
	if err != nil {
		return err
	}
	if p.Push.State != store.PushDone || v.conn.State == store.StateReset {
		return a.seeOther(c, pushPath(v.push.ID))
	}
	return c.Redirect(http.StatusSeeOther, p.Landing)
}

// stopPush sends nothing more of the push.
func (a *app) stopPush(c echo.Context) error {
	return a.actOnPush(c, func(ctx context.Context, v *visit) error { return a.Bridge.StopPush(ctx, v.push) })
}

// retryPush sends the failed contacts once more.
func (a *app) retryPush(c echo.Context) error {
	return a.actOnPush(c, func(ctx context.Context, v *visit) error {
		_, err := a.Bridge.RetryFailed(ctx, v.conn, v.push)
		return err
	})
}

// undoPush takes out of the group what the push put in.
func (a *app) undoPush(c echo.Context) error {
	return a.actOnPush(c, func(ctx context.Context, v *visit) error { return a.Bridge.Undo(ctx, v.push) })
}

// actOnPush does something with the visit's push, unless its connection is reset, and shows the push.
func (a *app) actOnPush(c echo.Context, act func(context.Context, *visit) error) error {
	v := visitOf(c)
	if v.conn.State == store.StateReset {
		return errNotConnected
	}
	if err := act(c.Request().Context(), v); err != nil {
		return err
	}
	return a.seeOther(c, pushPath(v.push.ID))
}

// pushes lists the earlier pushes of the connection.
func (a *app) pushes(c echo.Context) error {
	v := visitOf(c)
	list, err := a.Store.Pushes(c.Request().Context(), v.conn.ID, pushesShown)
	if err != nil {
		return fmt.Errorf("read pushes: %w", err)
	}
	page := views.Pushes{Page: a.page(c, "Earlier pushes"), Account: a.account(c), BackURL: v.groupsURL()}
	for _, p := range list {
		page.List = append(page.List, views.PushRow{
			URL: pushPath(p.ID), GroupName: p.GroupName, When: p.CreatedAt.In(v.zone()), Status: views.PushStatus(p.State),
			Total: p.Counts.Total, Added: p.Counts.Added, Updated: p.Counts.Updated, Skipped: p.Counts.Skipped, Failed: p.Counts.Failed,
			Unsent: p.Counts.Unsent, ByCustomer: p.StoppedByCustomer(),
		})
	}
	return a.render(c, http.StatusOK, views.PushesPage(page))
}
