package web

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	"addtomojo/sandbox/people"
	"addtomojo/store"
	"addtomojo/views"
)

// event is a server-sent event.
type event struct{ name, data string }

// events reads a push's stream until it ends or the test does.
func (b *browser) events(path string) <-chan event {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.h.url+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream") // as a browser does
	endless := *b.http
	endless.Timeout = 0
	resp, err := endless.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	if got := resp.Header.Get("Content-Type"); resp.StatusCode != 200 || got != "text/event-stream" {
		b.t.Fatalf("events: got %d %s, want a stream", resp.StatusCode, got)
	}
	b.t.Cleanup(func() { resp.Body.Close() })
	list := make(chan event)
	go func() {
		defer close(list)
		var e event
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			field, value, _ := strings.Cut(lines.Text(), ": ")
			switch field {
			case "event":
				e.name = value
			case "data":
				e.data += value + "\n"
			case "":
				select {
				case list <- e:
				case <-b.t.Context().Done():
					return
				}
				e = event{}
			}
		}
	}()
	return list
}

func TestPushEvents(t *testing.T) {
	h := newHouse(t, nil)
	h.bridge.BatchSize = 2
	h.contacts = h.wise.AddContacts(jane, people.Make(20, 3))
	b := h.browser()
	launch := b.connect(20)
	push := b.push(launch)
	stream := b.events(push + "/events?landing=1")
	first := <-stream
	if first.name != "push" || !strings.Contains(first.data, "push-waiting") {
		t.Fatalf("first event: got %+v, want the push as it waits", first)
	}
	h.work()
	var last event
	done, before := 0, event{}
	for e := range stream {
		if e.name == "push" {
			a := &answer{t: t, body: e.data}
			at, _ := attr(a.all("progress", "id", "push-bar")[0], "value")
			n, _ := strconv.Atoi(at)
			if n < done {
				t.Errorf("bar: went back from %d to %d", done, n)
			}
			done = n
		}
		before, last = last, e
	}
	if last.name != "end" || !strings.Contains(before.data, "push-done") || done != 20 {
		t.Errorf("stream: ended with %q after a bar at %d, want end after 20", last.name, done)
	}
	page := &answer{t: t, body: before.data}
	if landing := page.all("div", "data-landing", push+"/land"); len(landing) != 1 {
		t.Errorf("the tab's last part: got %d ways to land, want one", len(landing))
	}
	if again := b.events(push + "/events"); (<-again).name != "push" || (<-again).name != "end" {
		t.Error("a stream of a push that is over: want one event and the end")
	}
}

// A page without JavaScript shows the same part.
func TestPushPageHoldsThePart(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	push := b.push(b.connect(3))
	page := b.get(push + "?landing=1").want(200)
	part := <-b.events(push + "/events?landing=1")
	if !strings.Contains(strings.Join(strings.Fields(page.body), " "), strings.Join(strings.Fields(part.data), " ")) {
		t.Errorf("the page doesn't hold the part\n%s\n%s", page.body, part.data)
	}
}

func TestEventsEndWhenTheServerStops(t *testing.T) {
	stopping := make(chan struct{})
	h := newHouse(t, func(s *Server) { s.Stopping = stopping })
	b := h.browser()
	push := b.push(b.connect(1)) // nobody works: it waits for ever
	stream := b.events(push + "/events")
	<-stream
	close(stopping)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	select {
	case e, more := <-stream:
		if more {
			t.Errorf("after stopping: got %+v, want the end of the stream", e)
		}
	case <-ctx.Done():
		t.Error("the stream goes on after the server stopped")
	}
}

func TestEventsEndWithTheSession(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	push := b.push(b.connect(1)) // nobody works: it waits for ever
	watched := b.events(push + "/events")
	<-watched
	b.post("/signout", nil).want(200)
	b.get(push + "/events").want(401)
	for name, stream := range map[string]<-chan event{"the stream": watched, "one that is asked for again": b.events(push + "/events")} {
		for _, want := range []event{{"push", fmt.Sprintf("data-landing=%q", push)}, {"end", ""}, {}} {
			select {
			case e := <-stream: // nothing when it has ended
				if e.name != want.name || !strings.Contains(e.data, want.data) {
					t.Errorf("after signing out %s says %+v, want the page sent to its own address, and then the end", name, e)
				}
			case <-time.After(3 * eventsPoll):
				t.Errorf("%s goes on after signing out", name)
			}
		}
	}
}

func TestMojoDownInTheMiddle(t *testing.T) {
	h := newHouse(t, nil)
	h.work()
	b := h.browser()
	launch := b.connect(3)
	b.ready(launch)
	rule := h.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: "too_many", RetryAfter: time.Second})
	push := b.push(launch)
	stream := b.events(push + "/events")
	for e := range stream {
		if strings.Contains(e.data, "Mojo isn&#39;t answering. We keep trying; nothing is lost.") {
			h.mojoFaults.Remove(rule)
			h.clock.advance(time.Minute)
		}
	}
	b.ended(push, store.PushDone).says("3 added")
}

func TestResultsAndRetry(t *testing.T) {
	h := newHouse(t, nil)
	h.work()
	b := h.browser()
	vendor := h.contacts[0]
	launch := b.get("/launch?contacts=V12," + vendor + ",999999").to("/add/")
	consent := b.post(launch+"/mojo", dana()).to(h.wiseURL)
	b.get(b.atWiseAgent(consent, jane, allScopes...)).to(launch)
	b.ready(launch).says("Add 1 contact to Mojo", "1 is a vendor", "1 is no longer in Wise Agent")

	rule := h.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: "server_error", Status: 422})
	push := b.push(launch)
	page := b.ended(push, store.PushDone).says("1 needs you", "Skipped 2", "Retry")
	if strings.Contains(page.text(), "Undo") {
		t.Error("a push that put nobody in offers Undo")
	}
	b.get(push+"?landing=1").says("See the 1 that needs you", "Open Mojo")
	b.get(push+"?show=skipped").says("Vendors are not sent to the dialer.", "No longer in Wise Agent")
	b.get(push + "?show=nonsense&page=-7").want(200)

	h.mojoFaults.Remove(rule)
	b.post(push+"/retry", nil).to(push)
	b.ended(push, store.PushDone).says("1 added")
}

// One push of a Mojo account goes at a time: the next says which one it waits for, live and in the page, until it begins.
func TestAPushThatWaitsForAnotherSaysSo(t *testing.T) {
	h := newHouse(t, nil)
	h.bridge.BatchSize = 4
	h.work()
	b := h.browser()
	launch := b.connect(12)
	h.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.Latency, Delay: 300 * time.Millisecond})
	h.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkUpdate, Kind: fault.Latency, Delay: 900 * time.Millisecond}) // the page looks every 2 s
	first := b.push(launch)
	fsbo := url.Values{"push": {b.ready(launch).value("push")}, "group": {strconv.FormatInt(h.fsbo, 10)}}
	second := strings.TrimSuffix(b.post(launch+"/push", fsbo).to("/push/"), "?landing=1")
	third := b.push(launch)
	const toHot, toFSBO = "Waits for the push to Hot Lead to end. You can close this window.", "Waits for the push to FSBO to end."
	b.get(second).want(200).says(toHot, "0 of 12 done, 12 left")
	if page := b.get(first).want(200); strings.Contains(page.text(), "Waits for the push") {
		t.Errorf("the first push waits for another:\n%s", page.text())
	}
	var said []string
	for e := range b.events(third + "/events") {
		text := (&answer{t: t, body: e.data}).text()
		for _, s := range []string{toHot, toFSBO} {
			if strings.Contains(text, s) && !slices.Contains(said, s) {
				said = append(said, s)
			}
			if s == toFSBO && len(said) == 2 {
				h.mojoFaults.Clear()
			}
		}
	}
	if want := []string{toHot, toFSBO}; !slices.Equal(said, want) {
		t.Errorf("the third push said %q, want %q", said, want)
	}
	for _, push := range []string{first, second, third} {
		if page := b.ended(push, store.PushDone); strings.Contains(page.text(), "Waits for the push") {
			t.Errorf("a push that is done waits for another:\n%s", page.text())
		}
	}
}

// stoppable begins a push of 12 contacts that is at its second batch of 4.
func stoppable(t *testing.T) (h *house, b *browser, launch, push string) {
	t.Helper()
	h = newHouse(t, nil)
	h.bridge.BatchSize = 4
	h.work()
	b = h.browser()
	launch = b.connect(12)
	b.h.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.Latency, Delay: 800 * time.Millisecond})
	push = b.push(launch)
	for end := time.Now().Add(10 * time.Second); !strings.Contains(b.get(push).text(), "4 of 12 done"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("the push gets nowhere: %s", b.get(push).text())
		}
	}
	return h, b, launch, push
}

func TestStopSendsNothingMore(t *testing.T) {
	h, b, launch, push := stoppable(t)
	if got := b.get(push).all("form", "action", push+"/stop"); len(got) != 1 {
		t.Fatalf("the page offers Stop %d times, want once", len(got))
	}
	for range 2 {
		b.post(push+"/stop", nil).to(push)
	}
	page := b.get(push).want(200).says("Stopping the push to Hot Lead", "Nothing more is sent. What is at Mojo just now comes to its end and counts.")
	if len(page.all("form", "action", push+"/stop")) != 0 {
		t.Error("a push that is being stopped offers Stop")
	}
	page = b.ended(push, store.PushStopped).says("You stopped this push", "What was sent is in Hot Lead", "4 contacts were never sent.",
		"Retry sends them whenever you like.", "8 of 12 done, 4 left", "Added 8", "Failed 0", "Not sent 4", "sends the 4 left", "Undo")
	if strings.Contains(page.text(), "may have reached") {
		t.Errorf("the page is in doubt:\n%s", page.text())
	}
	b.post(push+"/stop", nil).to(push) // harmless
	b.get("/pushes").want(200).says("you stopped it, 8 added")
	b.get(launch).want(200)

	h.mojoFaults.Clear()
	b.post(push+"/retry", nil).to(push)
	b.ended(push, store.PushDone).says("12 added")
	b.post(push+"/stop", nil).to(push)
	b.ended(push, store.PushDone).says("12 added")
}

func TestWhatWasSentBeforeAStopIsUndone(t *testing.T) {
	_, b, _, push := stoppable(t)
	b.post(push+"/stop", nil).to(push)
	b.ended(push, store.PushStopped)
	b.post(push+"/undo", nil).to(push)
	b.ended(push, store.PushUndone).says("8 contacts taken out of Hot Lead", "Not sent 4", "Taken out 8")
}

func TestNobodyElseStopsAPush(t *testing.T) {
	h, b, _, push := stoppable(t)
	b.post(push+"/stop", nil, "Sec-Fetch-Site", "cross-site").want(403)
	if got := h.browser().post(push+"/stop", nil).status; got != 401 && got != 404 {
		t.Errorf("a stranger's Stop is answered with %d, want a refusal", got)
	}
	b.ended(push, store.PushDone).says("12 added")
}

func TestSupportSeesThatTheCustomerStopped(t *testing.T) {
	h, b, _, push := stoppable(t)
	b.post(push+"/stop", nil).to(push)
	conn, err := h.bridge.Connection(t.Context(), jane)
	if err != nil {
		t.Fatal(err)
	}
	s := h.staff(vera, roleViewer)
	s.get(supportAccountPath(conn.ID)).want(200).says("being stopped by the customer")
	b.ended(push, store.PushStopped)
	page := s.get(supportAccountPath(conn.ID)).want(200).says("stopped by the customer", "8 added, 4 not sent", "Nothing is broken")
	if strings.Contains(page.text(), "You stopped") {
		t.Errorf("support reads what is meant for the customer:\n%s", page.text())
	}
	if now := s.get(supportNowPath).want(200).text(); strings.Contains(now, "You stopped") {
		t.Errorf("a customer's stop is called a trouble:\n%s", now)
	}
}

func TestAnUndoThatWaitsForAPushSaysSo(t *testing.T) {
	h := newHouse(t, nil)
	h.bridge.BatchSize = 4
	h.work()
	b := h.browser()
	launch := b.connect(12)
	first := b.push(launch)
	b.ended(first, store.PushDone)
	h.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkUpdate, Kind: fault.Latency, Delay: 900 * time.Millisecond}) // the page looks every 2 s
	fsbo := url.Values{"push": {b.ready(launch).value("push")}, "group": {strconv.FormatInt(h.fsbo, 10)}}
	second := strings.TrimSuffix(b.post(launch+"/push", fsbo).to("/push/"), "?landing=1")
	for end := time.Now().Add(10 * time.Second); !strings.Contains(b.get(second).text(), "4 of 12 done"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the second push gets nowhere: %s", b.get(second).text())
		}
	}
	b.post(first+"/undo", nil).to(first)
	const waits = "Waits for the push to FSBO to end."
	b.get(first).want(200).says("Taking contacts out of Hot Lead", waits, "0 of 12 done, 12 left")
	if page := b.get(second).want(200); strings.Contains(page.text(), "Waits for the push") {
		t.Errorf("the push at work waits for the undo behind it:\n%s", page.text())
	}
	b.ended(second, store.PushDone)
	if page := b.ended(first, store.PushUndone).says("12 contacts taken out of Hot Lead"); strings.Contains(page.text(), waits) {
		t.Errorf("what is undone waits for a push:\n%s", page.text())
	}
}

// One push is at Mojo and one waits for it when the customer resets the credentials.
func TestResetStopsPushesAndSaysWhoWasNeverSent(t *testing.T) {
	h := newHouse(t, nil)
	h.bridge.BatchSize = 1
	h.work()
	b := h.browser()
	launch := b.connect(12)
	h.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.Latency, Delay: 300 * time.Millisecond})
	first, second := b.push(launch), b.push(launch)
	for end := time.Now().Add(10 * time.Second); !strings.Contains(b.get(first).text(), "2 of 12 done"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the first push gets nowhere: %s", b.get(first).text())
		}
	}
	b.post("/reset", nil).want(200)
	b.ended(second, store.PushStopped).says("This push has stopped", "The credentials were reset.", "12 contacts were never sent.",
		"0 of 12 done, 12 left", "Not sent 12", "Failed 0", "Connect again")
	page := b.ended(first, store.PushStopped).says("The credentials were reset.", "never sent.", "left", "Connect again")
	if text := page.text(); strings.Contains(text, "12 of 12 done") || strings.Contains(text, "another group") {
		t.Errorf("the push that was at Mojo reads as finished, or blames the group:\n%s", text)
	}
	if got := page.all("a", "href", launch); len(got) == 0 {
		t.Errorf("nothing leads to %s, where the customer connects again", launch)
	}
	b.get(b.atWiseAgent(b.post(launch+"/mojo", dana()).to(h.wiseURL), jane, allScopes...)).to(launch)
	b.get(second).want(200).says("12 contacts were never sent.", "Add them again")
}

func TestUndoEndsAfterADay(t *testing.T) {
	h := newHouse(t, nil)
	h.work()
	b := h.browser()
	push := b.push(b.connect(1))
	b.ended(push, store.PushDone).says("Undo")
	h.clock.advance(24*time.Hour + time.Minute)
	launch := b.launch(1) // signed out meanwhile
	b.get(b.atWiseAgent(b.post(launch+"/wiseagent", nil).to(h.wiseURL), jane, allScopes...)).to(launch)
	if page := b.get(push).want(200); len(page.all("form", "action", push+"/undo")) != 0 {
		t.Error("a day later the page still offers Undo")
	}
	b.post(push+"/undo", nil).want(409).says("24 hours")
}

func TestResultPages(t *testing.T) {
	cases := []struct {
		total               int
		page                string
		at, pages           int
		previous, following string
	}{
		{0, "", 1, 0, "", ""},
		{100, "", 1, 1, "", ""},
		{101, "1", 1, 2, "", "/p?show=added&page=2"},
		{101, "2", 2, 2, "/p?show=added&page=1", ""},
		{250, "2", 2, 3, "/p?show=added&page=1", "/p?show=added&page=3"},
		{250, "99", 3, 3, "/p?show=added&page=2", ""},
		{250, "-1", 1, 3, "", "/p?show=added&page=2"},
		{250, "x", 1, 3, "", "/p?show=added&page=2"},
	}
	for _, c := range cases {
		var o views.Outcomes
		turn(&o, c.total, c.page, "/p?show=added")
		if o.Page != c.at || o.Pages != c.pages || o.PrevURL != c.previous || o.NextURL != c.following {
			t.Errorf("%d rows, page %q: got %+v, want %+v", c.total, c.page, o, c)
		}
	}
}

// The states of a push are the same words in the store and on the page.
func TestPushModel(t *testing.T) {
	for _, s := range []store.PushState{store.PushWaiting, store.PushSending, store.PushPaused, store.PushDone, store.PushStopped,
		store.PushUndoing, store.PushUndone} {
		got := pushModel(bridge.Progress{Push: store.Push{ID: "p", State: s}}, false)
		known := []views.PushStatus{views.PushWaiting, views.PushSending, views.PushPaused, views.PushDone, views.PushStopped, views.PushUndoing, views.PushUndone}
		if !slices.Contains(known, got.Status) {
			t.Errorf("state %q: the page doesn't know %q", s, got.Status)
		}
	}
	for cause, want := range map[string]string{"Mojo isn't answering as it should.": "Mojo", "Wise Agent isn't answering.": "Wise Agent", "": ""} {
		if got := pushModel(bridge.Progress{Push: store.Push{State: store.PushSending, Cause: cause}}, false).Down; got != want {
			t.Errorf("cause %q: got partner %q, want %q", cause, got, want)
		}
	}
}

// Landing goes to the account's own host, whatever the template says.
func TestLandingStaysOnTheAccountsHost(t *testing.T) {
	for _, template := range []string{
		"https://evil.example.com/?{group_id}", "//evil.example.com", "{account_url}.evil.example.com/", "{account_url}@evil.example.com/",
		`{account_url}\@evil.example.com/`, "javascript:alert(1)", "http://user@127.0.0.1/",
	} {
		t.Run(template, func(t *testing.T) {
			h := newHouse(t, func(s *Server) { s.Bridge.DialerURL = template })
			h.work()
			b := h.browser()
			push := b.push(b.connect(1))
			for range 500 {
				p, err := h.store.Push(t.Context(), strings.TrimPrefix(push, "/push/"))
				if err != nil {
					t.Fatal(err)
				}
				if p.State == store.PushDone {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			if a := b.get(push + "/land"); a.status != 500 || a.location != "" {
				t.Errorf("landing: got %d to %q, want no redirect", a.status, a.location)
			}
		})
	}
}

func TestStreamSendsChangesOnly(t *testing.T) {
	var out strings.Builder
	w := &plainWriter{w: &out}
	s := &stream{w: w, rc: http.NewResponseController(w)}
	for _, data := range []string{"a\nb", "a\nb", "c"} {
		if err := s.send("push", data); err != nil {
			t.Fatal(err)
		}
	}
	s.at = s.at.Add(-time.Hour)
	if err := s.send("push", "c"); err != nil {
		t.Fatal(err)
	}
	want := "event: push\ndata: a\ndata: b\n\nevent: push\ndata: c\n\n: still here\n\n"
	if out.String() != want {
		t.Errorf("stream: got %q, want %q", out.String(), want)
	}
}

// plainWriter is a ResponseWriter that flushes and knows no deadlines.
type plainWriter struct{ w *strings.Builder }

func (p *plainWriter) Header() http.Header         { return http.Header{} }
func (p *plainWriter) WriteHeader(int)             {}
func (p *plainWriter) Write(b []byte) (int, error) { return fmt.Fprint(p.w, string(b)) }
func (p *plainWriter) Flush()                      {}
