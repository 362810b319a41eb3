package chrome

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// Look is how a person sees pages.
type Look struct {
	Width, Height int64   // of the window's inside, CSS pixels
	Scale         float64 // device pixels per CSS pixel; 0 is 1
	Dark          bool    // prefers-color-scheme: dark
}

// The windows that the tests look through.
var (
	Popup  = Look{Width: 480, Height: 720}
	Narrow = Look{Width: 400, Height: 720}
	Desk   = Look{Width: 1280, Height: 900}
)

// User is a person with cookies and windows of its own.
type User struct {
	t     testing.TB
	ctx   context.Context
	look  Look
	first *Tab // the empty tab that every window begins with; nil once it is used
	front *Tab // the one that the person works in

	mu         sync.Mutex
	created    []target.ID        // pages in the order in which they were opened
	known      map[target.ID]bool // those that are a Tab by now
	complaints []string
}

// Open goes to an address in a new tab.
func (u *User) Open(address string) *Tab {
	u.t.Helper()
	tab := u.first
	u.first, u.front = nil, nil // a new tab covers the others
	if tab == nil {
		tab = u.attach()
	}
	tab.Go(address)
	return tab
}

// navigated is what Chromium answers when a page goes to another site, and with it to another process, while it is being asked.
const navigated = "Inspected target navigated or closed"

// attach makes a tab of a new page, or of the one that an option names. One that navigates in that moment is attached to once more.
func (u *User) attach(page ...chromedp.ContextOption) *Tab {
	u.t.Helper()
	for end := time.Now().Add(Patience); ; {
		ctx, cancel := chromedp.NewContext(u.ctx, append(page, chromedp.WithListener(u.hear))...)
		u.t.Cleanup(cancel) // and not before: that would close the page
		err := chromedp.Do(ctx)
		if err == nil {
			u.mu.Lock()
			u.known[chromedp.FromContext(ctx).Target.TargetID] = true
			u.mu.Unlock()
			return u.tab(ctx)
		}
		if !strings.Contains(err.Error(), navigated) || time.Now().After(end) {
			u.t.Fatalf("attach to a tab: %v", err)
		}
	}
}

func (u *User) tab(ctx context.Context) *Tab {
	tab := &Tab{user: u, t: u.t, ctx: ctx}
	tab.Look(u.look)
	tab.do("keep the focus", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
		return err
	}))
	return tab
}

// watch notes the pages that are opened in one browser context.
func (u *User) watch(own cdp.BrowserContextID) func(any) {
	return func(event any) {
		created, ok := event.(*target.EventTargetCreated)
		if !ok || created.TargetInfo.Type != "page" || created.TargetInfo.BrowserContextID != own {
			return
		}
		u.mu.Lock()
		defer u.mu.Unlock()
		u.created = append(u.created, created.TargetInfo.TargetID)
	}
}

// Opened waits for a tab or popup that some page has opened and no test has followed yet.
func (u *User) Opened() *Tab {
	u.t.Helper()
	u.front = nil // it covers the one that opened it
	var id target.ID
	within(Patience, func() bool {
		id = u.newPage()
		return id != ""
	})
	if id == "" {
		u.t.Fatal("no new tab was opened")
	}
	return u.attach(chromedp.WithTargetID(id))
}

func (u *User) newPage() target.ID {
	u.mu.Lock()
	defer u.mu.Unlock()
	i := slices.IndexFunc(u.created, func(id target.ID) bool { return !u.known[id] })
	if i < 0 {
		return ""
	}
	return u.created[i]
}

// Tabs is how many tabs were opened so far, by the test and by pages.
func (u *User) Tabs() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, id := range u.created {
		u.known[id] = u.known[id] || false
	}
	return len(u.known)
}

// hear notes what a page must not do. That an answer had an error status is no complaint: it may be the point of the
// test.
func (u *User) hear(event any) {
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Source != log.EntrySourceNetwork && e.Entry.Level == log.EntryLevelError {
			u.complain("%s: the browser says: %s", e.Entry.URL, e.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		what := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			what += " " + e.ExceptionDetails.Exception.Description
		}
		u.complain("%s: script error: %s", e.ExceptionDetails.URL, what)
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" {
			for _, arg := range e.Args {
				u.complain("console error: %s %s", arg.Value, arg.Description)
			}
		}
	}
}

func (u *User) complain(format string, args ...any) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.complaints = append(u.complaints, fmt.Sprintf(format, args...))
}

// report fails the test for what was heard.
func (u *User) report() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, c := range u.complaints {
		u.t.Error(c)
	}
}

// within asks again and again until the answer is yes or the time is over.
func within(limit time.Duration, yes func() bool) bool {
	end := time.Now().Add(limit)
	for !yes() {
		if time.Now().After(end) {
			return false
		}
		time.Sleep(15 * time.Millisecond)
	}
	return true
}
