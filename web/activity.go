package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"addtomojo/bridge"
	"addtomojo/store"
	"addtomojo/views"
)

// eventsShown is how many events a page of activity has.
const eventsShown = 50

// ledger are the numbers of the activity page; each shows the events it counts.
var ledger = []struct {
	label string
	state store.EventState // in the address, too; "" is all
	tone  string
	count func(store.Ledger) int
}{
	{"Received", "", "", func(l store.Ledger) int { return l.Received }},
	{"Written", store.EventWritten, "ok", func(l store.Ledger) int { return l.Written }},
	{"Waiting", store.EventWaiting, "", func(l store.Ledger) int { return l.Waiting }},
	{"Need you", store.EventNeedsYou, "bad", func(l store.Ledger) int { return l.NeedsYou }},
	{"Excluded", store.EventExcluded, "skip", func(l store.Ledger) int { return l.Excluded }},
}

// activity shows what came from Mojo: the whole page, or the part of it that htmx asks for.
func (a *app) activity(c echo.Context) error {
	v := visitOf(c)
	feed, err := a.feed(c.Request().Context(), v, c.QueryParams())
	if err != nil {
		return err
	}
	if isPart(c) {
		return a.render(c, http.StatusOK, views.FeedPart(feed))
	}
	return a.render(c, http.StatusOK, views.ActivityPage(views.Activity{
		Page: a.page(c, "Activity"), Account: a.account(c), BackURL: v.groupsURL(), Feed: feed,
		Zone: views.ZoneForm{Action: activityPath + "/zone", Zones: v.zones()},
	}))
}

// feed reads the ledger and a page of events: "state" names one of the ledger's, "before" the event that the page ends at, and
// "retried" one that stays in the list whatever its state is now.
func (a *app) feed(ctx context.Context, v *visit, q url.Values) (views.Feed, error) {
	filter := eventFilter(q)
	mail, err := a.Bridge.Mail(ctx, v.conn, filter)
	if err != nil {
		return views.Feed{}, err
	}
	f := views.Feed{
		PartURL: activityURL("/now", filter.State, filter.Before), Now: a.now(),
		LastCall: mail.Ledger.LastCallAt, Waiting: mail.Ledger.Waiting, NeedsYou: mail.Ledger.NeedsYou,
		Filtered: filter.State != "",
	}
	for _, cell := range ledger {
		f.Cells = append(f.Cells, views.Cell{
			Label: cell.label, Count: cell.count(mail.Ledger), Tone: cell.tone,
			URL: activityURL("", cell.state, 0), Current: cell.state == filter.State,
		})
		if cell.state == filter.State {
			f.Shown = cell.label
		}
	}
	standing, err := a.Bridge.Standing(ctx, v.conn)
	if err != nil {
		return views.Feed{}, err
	}
	f.Standing, f.SignInURL = standingView(standing, v.zone(), a.now()), v.groupsURL()
	if mail.Ledger.NeedsYou > 0 && (filter.State == "" || filter.State == store.EventNeedsYou) { // not beside others
		f.RetryAllURL = activityURL("/retry", filter.State, filter.Before)
	}
	turnFeed(&f, mail.Events, filter)
	shown := mail.Events[:min(len(mail.Events), eventsShown)]
	retried, err := a.retried(ctx, v.conn, q.Get("retried"))
	if err != nil {
		return views.Feed{}, err
	}
	if retried.ID != "" {
		f.PartURL = retriedURL(f.PartURL, retried.ID)
		shown = withRetried(shown, retried)
	}
	for _, e := range shown {
		h := happening(e, filter, v.zone())
		f.List = append(f.List, h)
		if e.ID == retried.ID {
			f.Retried = h
		}
	}
	return f, nil
}

// retried is the event that the customer has just tried once more, the zero one when id names none of theirs.
func (a *app) retried(ctx context.Context, conn store.Connection, id string) (store.Event, error) {
	if id == "" {
		return store.Event{}, nil
	}
	e, err := a.Store.Event(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && e.ConnectionID != conn.ID:
		return store.Event{}, nil
	case err != nil:
		return store.Event{}, err
	}
	return e, nil
}

// withRetried is the page of events with the one that was tried once more at its old place: whoever pressed its button there
// finds what came of it. Events are listed newest first.
func withRetried(events []store.Event, e store.Event) []store.Event {
	at, there := slices.BinarySearchFunc(events, e.Seq, func(one store.Event, seq int64) int { return cmp.Compare(seq, one.Seq) })
	if there {
		return events
	}
	return slices.Insert(slices.Clone(events), at, e)
}

// retriedURL is an address of the activity page that keeps the event in its list.
func retriedURL(address, id string) string {
	mark := "?"
	if strings.Contains(address, "?") {
		mark = "&"
	}
	return address + mark + "retried=" + url.QueryEscape(id)
}

// eventFilter is what the address asks for, with one event more than the page shows. An unknown state is all.
func eventFilter(q url.Values) store.EventFilter {
	f := store.EventFilter{Limit: eventsShown + 1}
	for _, cell := range ledger {
		if string(cell.state) == q.Get("state") {
			f.State = cell.state
		}
	}
	if before, err := strconv.ParseInt(q.Get("before"), 10, 64); err == nil && before > 0 {
		f.Before = before
	}
	return f
}

// activityURL is an address of the activity page, or below it, with the same events shown.
func activityURL(below string, state store.EventState, before int64) string {
	q := url.Values{}
	if state != "" {
		q.Set("state", string(state))
	}
	if before > 0 {
		q.Set("before", strconv.FormatInt(before, 10))
	}
	if len(q) == 0 {
		return activityPath + below
	}
	return activityPath + below + "?" + q.Encode()
}

// turnFeed sets the links to the events before and after.
func turnFeed(f *views.Feed, events []store.Event, filter store.EventFilter) {
	if filter.Before > 0 {
		f.NewestURL = activityURL("", filter.State, 0)
	}
	if len(events) > eventsShown {
		f.OlderURL = activityURL("", filter.State, events[eventsShown-1].Seq)
	}
}

// happening is an event as the page shows it.
func happening(e store.Event, filter store.EventFilter, zone *time.Location) views.Happening {
	h := views.Happening{
		ID: e.ID, What: eventWords(e), When: e.OccurredAt.In(zone), Contact: e.ContactName,
		State: string(e.State), Reason: e.Reason,
	}
	switch {
	case e.State == store.EventNeedsYou:
		h.RetryURL = activityURL("/"+e.ID+"/retry", filter.State, filter.Before)
	case e.State == store.EventWaiting && e.Attempts > 0:
		h.NextTry = e.NextAt
	}
	return h
}

// orWhole leads a part that can't be had, because the session has ended say, to the page at path, which tells why.
func (a *app) orWhole(path string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			err := next(c)
			if isPart(c) && (errors.Is(err, errSignedOut) || errors.Is(err, errNotConnected)) {
				return a.seeOther(c, path)
			}
			return err
		}
	}
}

// retryEvent tries an event once more that needed the customer, and leads back to it in the list. One that was settled meanwhile
// stays as it is.
func (a *app) retryEvent(c echo.Context) error {
	id, err := idIn(c, "event")
	if err != nil {
		return err
	}
	err = a.Bridge.RetryEvent(c.Request().Context(), visitOf(c).conn, id)
	if err != nil && !errors.Is(err, store.ErrStale) {
		return notFound(err)
	}
	return a.seeOther(c, retriedURL(sameEvents(c), id)+"#"+views.HappeningID(id))
}

// retryEvents tries all events once more that need the customer, and leads back to the list.
func (a *app) retryEvents(c echo.Context) error {
	if _, err := a.Bridge.RetryEvents(c.Request().Context(), visitOf(c).conn, time.Time{}); err != nil {
		return notFound(err)
	}
	return a.seeOther(c, sameEvents(c)+"#"+views.HappeningsID)
}

// sameEvents is the address that shows the same events again.
func sameEvents(c echo.Context) string {
	f := eventFilter(c.QueryParams())
	return activityURL("", f.State, f.Before)
}

// setZone changes the time zone of the page and of the notes.
func (a *app) setZone(c echo.Context) error {
	form, err := a.readForm(c)
	if err != nil {
		return err
	}
	if _, known := zoneOf(form.Get("zone")); !known {
		return bridge.ErrTimeZone
	}
	if err := a.Bridge.SetTimeZone(c.Request().Context(), visitOf(c).conn, form.Get("zone")); err != nil {
		return notFound(err)
	}
	return a.seeOther(c, activityPath+"#"+views.ZoneID)
}

// zones are the time zones to choose: where Mojo's customers live, with the present one and the browser's.
func (v *visit) zones() []views.Zone {
	list := []views.Zone{
		{Name: "America/New_York", Label: "Eastern"},
		{Name: "America/Chicago", Label: "Central"},
		{Name: "America/Denver", Label: "Mountain"},
		{Name: "America/Phoenix", Label: "Arizona"},
		{Name: "America/Los_Angeles", Label: "Pacific"},
		{Name: "America/Anchorage", Label: "Alaska"},
		{Name: "Pacific/Honolulu", Label: "Hawaii"},
		{Name: "America/Halifax", Label: "Atlantic"},
		{Name: "America/St_Johns", Label: "Newfoundland"},
		{Name: "America/Regina", Label: "Saskatchewan"},
		{Name: "America/Puerto_Rico", Label: "Puerto Rico"},
	}
	for _, name := range []string{v.conn.TimeZone, v.who().TimeZone, v.zone().String()} {
		_, known := zoneOf(name)
		for _, z := range list {
			known = known && z.Name != name
		}
		if known {
			list = append(list, views.Zone{Name: name, Label: name})
		}
	}
	for i := range list {
		list[i].Chosen = list[i].Name == v.zone().String()
	}
	return list
}
