// Package chrome drives Chromium for the tests of the pages: real clicks and keys, tabs and popups that are followed, and
// an ear for everything the browser complains about. It is the only place that knows chromedp, whose API moves fast.
//
//	var chromium chrome.Browser              // one process, started by the first test that asks for it
//	user := chromium.User(t, chrome.Popup)   // cookies and windows of its own, gone when the test ends
//	page := user.Open(address)
//	page.Click("button", "Connect")          // waits until the button is there, in sight and not covered
//	popup := page.Opens(func() { page.Click("#open") })
//	popup.Wait("h1", "Welcome")
//
// A selector is CSS, with a text if one is given: the first element in sight that matches and whose text is that, or else
// contains it. What does not come within [Patience] ends the test with what the page shows instead.
//
// A script error, a console error or a breach of the Content-Security-Policy in any of its tabs fails the test.
package chrome

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/remote"
)

// Patience is how long a page may take to show what a test waits for.
const Patience = 20 * time.Second

// Browser is one Chromium process without a window. The zero value is ready: the first User starts it. It is safe for
// concurrent use.
type Browser struct {
	// NoScript starts it with JavaScript switched off.
	NoScript bool

	start  sync.Once
	ctx    context.Context
	cancel context.CancelFunc
	err    error
}

// User gives a person with cookies and windows of its own, looking at pages in this way. They are gone when the test
// ends. Without a Chromium the test fails.
func (b *Browser) User(t testing.TB, look Look) *User {
	t.Helper()
	b.start.Do(b.launch)
	if b.err != nil {
		t.Fatalf("start Chromium: %v", b.err)
	}
	u := &User{t: t, look: look, known: make(map[target.ID]bool)}
	var cancel context.CancelFunc
	u.ctx, cancel = chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(u.hear))
	t.Cleanup(u.report)
	t.Cleanup(cancel)
	if err := chromedp.Do(u.ctx); err != nil {
		t.Fatalf("open a window: %v", err)
	}
	own := chromedp.FromContext(u.ctx)
	if err := chromedp.ListenBrowser(u.ctx, u.watch(own.BrowserContextID)); err != nil {
		t.Fatalf("listen for new windows: %v", err)
	}
	u.known[own.Target.TargetID] = true
	u.first = u.tab(u.ctx)
	return u
}

// Close ends the process, if it was ever started.
func (b *Browser) Close() {
	b.start.Do(func() { b.err = errors.New("closed") })
	if b.cancel != nil {
		b.cancel()
	}
}

func (b *Browser) launch() {
	path, err := find()
	if err != nil {
		b.err = err
		return
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path),
		chromedp.WithDialer(dial),
		chromedp.Flag("disable-component-update", true),
		// The last two are renderers for the address bar, which nobody sees: a fifth of a test's time.
		chromedp.Flag("disable-features", "Translate,BlinkGenPropertyTrees,WebUIOmniboxPopup,WebUIOmniboxAimPopup"),
		chromedp.Flag("disable-popup-blocking", false), // what a customer's browser blocks must fail here
	}
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium's sandbox refuses to run as root
	}
	if b.NoScript {
		options = append(options, chromedp.Flag("blink-settings", "scriptEnabled=false"))
	}
	silent := func(string, ...any) {} // chromedp's own bookkeeping, when a page is left while it is read
	b.ctx, b.cancel = chromedp.NewContext(context.Background(), chromedp.WithAllocatorOptions(options...), chromedp.WithErrorf(silent))
	b.err = chromedp.Do(b.ctx)
}

// withoutNodes is a connection to the browser that leaves out what it tells of changing elements. chromedp keeps a
// picture of them, which nobody here asks for, and while a popup is followed it reads and writes that picture from two
// goroutines at once (v0.23.0, Context.newTarget and Target.domEvent).
type withoutNodes struct{ chromedp.Transport }

func dial(ctx context.Context, address string) (chromedp.Transport, error) {
	connection, err := remote.DialContext(ctx, address)
	return withoutNodes{connection}, err
}

func (c withoutNodes) Read(ctx context.Context, message *cdproto.Message) error {
	for {
		*message = cdproto.Message{}
		if err := c.Transport.Read(ctx, message); err != nil {
			return err
		}
		if !strings.HasPrefix(string(message.Method), "DOM.") {
			return nil
		}
	}
}

// find looks for a Chromium.
func find() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is none: apt-get install chromium")
}
