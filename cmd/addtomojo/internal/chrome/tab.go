package chrome

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// finder defines find(css, text): what a selector means in the page.
//
//go:embed find.js
var finder string

// Keys that have no letter.
const (
	Tabulator = kb.Tab
	Enter     = kb.Enter
	Escape    = kb.Escape
	Space     = " "
	ArrowDown = kb.ArrowDown
	ArrowUp   = kb.ArrowUp
)

// Tab is a tab or popup. Its methods end the test when something does not come; they are for the test's own goroutine.
type Tab struct {
	user *User
	t    testing.TB
	ctx  context.Context
}

// Go opens an address in this tab.
func (tab *Tab) Go(address string) {
	tab.t.Helper()
	tab.do("open "+address, chromedp.Navigate(address))
}

// Reload loads the page again.
func (tab *Tab) Reload() {
	tab.t.Helper()
	tab.do("reload", chromedp.Reload())
}

// Back presses the back button. It says whether there was a page to go back to.
func (tab *Tab) Back() bool {
	tab.t.Helper()
	return tab.travel(-1)
}

// Forward presses the forward button. It says whether there was a page to go to.
func (tab *Tab) Forward() bool {
	tab.t.Helper()
	return tab.travel(1)
}

func (tab *Tab) travel(steps int64) bool {
	tab.t.Helper()
	var moved bool
	tab.do("travel in the history", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		history, err := cdp.Call(ctx, target, page.GetNavigationHistory, cdp.Empty{})
		if err != nil {
			return err
		}
		i := history.CurrentIndex + steps
		if moved = i >= 0 && i < int64(len(history.Entries)); !moved {
			return nil
		}
		to := page.NavigateToHistoryEntryParams{EntryID: history.Entries[i].ID}
		_, err = cdp.Call(ctx, target, page.NavigateToHistoryEntry, to)
		return err
	}))
	return moved
}

// Close closes the tab.
func (tab *Tab) Close() {
	tab.t.Helper()
	if err := chromedp.Cancel(tab.ctx); err != nil {
		tab.t.Fatalf("close a tab: %v", err)
	}
}

// Look changes how the person sees this page.
func (tab *Tab) Look(look Look) {
	tab.t.Helper()
	scheme := "light"
	if look.Dark {
		scheme = "dark"
	}
	tab.do("change the look", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		size := emulation.SetDeviceMetricsOverrideParams{Width: look.Width, Height: look.Height, DeviceScaleFactor: max(look.Scale, 1)}
		if _, err := cdp.Call(ctx, target, emulation.SetDeviceMetricsOverride, size); err != nil {
			return err
		}
		media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, media)
		return err
	}))
}

// Wait waits until a matching element is in sight.
func (tab *Tab) Wait(css string, text ...string) {
	tab.t.Helper()
	tab.find(css, text)
}

// WaitGone waits until no matching element is in sight.
func (tab *Tab) WaitGone(css string, text ...string) {
	tab.t.Helper()
	tab.until(describe(css, text)+" is gone", "loaded() && !"+call(css, text))
}

// WaitAt waits until the tab has loaded an address that contains this.
func (tab *Tab) WaitAt(part string) {
	tab.t.Helper()
	tab.until("an address with "+part, "loaded() && location.href.includes("+quote(part)+")")
}

// Has says whether a matching element is in sight right now.
func (tab *Tab) Has(css string, text ...string) bool {
	tab.t.Helper()
	return Value[bool](tab, "!!"+call(css, text))
}

// Count is how many elements match, in sight or not.
func (tab *Tab) Count(css string) int {
	tab.t.Helper()
	return Value[int](tab, "document.querySelectorAll("+quote(css)+").length")
}

// Text waits for a matching element and gives the text that a person reads in it, in one line.
func (tab *Tab) Text(css string, text ...string) string {
	tab.t.Helper()
	tab.find(css, text)
	return Value[string](tab, "say("+call(css, text)+")")
}

// Texts are the texts of all matching elements that are in sight right now.
func (tab *Tab) Texts(css string) []string {
	tab.t.Helper()
	return Value[[]string](tab, "[...document.querySelectorAll("+quote(css)+")].filter(inSight).map(say)")
}

// Input is what stands in a field.
func (tab *Tab) Input(css string) string {
	tab.t.Helper()
	tab.find(css, nil)
	return Value[string](tab, call(css, nil)+".value")
}

// Address is where the tab is.
func (tab *Tab) Address() string {
	tab.t.Helper()
	return Value[string](tab, "location.href")
}

// Title is the document's title.
func (tab *Tab) Title() string {
	tab.t.Helper()
	return Value[string](tab, "document.title")
}

// WaitFocus waits until a matching element has the focus.
func (tab *Tab) WaitFocus(css string, text ...string) {
	tab.t.Helper()
	tab.until("the focus on "+describe(css, text), "loaded() && hasFocus("+call(css, text)+")")
}

// Click presses the left button once in the middle of a matching element, as soon as it can be pressed.
func (tab *Tab) Click(css string, text ...string) {
	tab.t.Helper()
	tab.press(1, css, text)
}

// DoubleClick clicks twice as fast as it goes.
func (tab *Tab) DoubleClick(css string, text ...string) {
	tab.t.Helper()
	tab.press(2, css, text)
}

func (tab *Tab) press(clicks int64, css string, text []string) {
	tab.t.Helper()
	tab.toFront()
	var at struct{ X, Y float64 }
	tab.until("being able to click "+describe(css, text), "loaded() && spot("+call(css, text)+")", &at)
	tab.do("click "+describe(css, text), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		event := input.DispatchMouseEventParams{Type: "mouseMoved", X: at.X, Y: at.Y}
		if _, err := cdp.Call(ctx, target, input.DispatchMouseEvent, event); err != nil {
			return err
		}
		for n := range clicks {
			event.Button, event.ClickCount, event.Type = "left", n+1, "mousePressed"
			if _, err := cdp.Call(ctx, target, input.DispatchMouseEvent, event); err != nil {
				return err
			}
			event.Type = "mouseReleased"
			if err := release(ctx, target, event); err != nil {
				return err
			}
		}
		return nil
	}))
}

// release lets the button go. It doesn't wait long for the answer: when the click opens a tab, the page is covered by it
// and answers only when it is drawn again.
func release(ctx context.Context, target *chromedp.Target, event input.DispatchMouseEventParams) error {
	ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	_, err := cdp.Call(ctx, target, input.DispatchMouseEvent, event)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// Type clicks into a field and replaces what is there.
func (tab *Tab) Type(text, css string) {
	tab.t.Helper()
	tab.Click(css)
	tab.do("type into "+css, chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	if text == "" {
		tab.Keys(kb.Delete)
		return
	}
	tab.do("type into "+css, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, input.InsertText, input.InsertTextParams{Text: text})
		return err
	}))
}

// Paste clicks into a field and replaces what is there by what was copied last in this browser.
func (tab *Tab) Paste(css string) {
	tab.t.Helper()
	tab.Type("", css)
	tab.do("paste into "+css, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for _, event := range []input.DispatchKeyEventParams{
			{Type: "keyDown", Key: "v", Code: "KeyV", WindowsVirtualKeyCode: 'V', Modifiers: int64(chromedp.ModifierCtrl), Commands: []string{"paste"}},
			{Type: "keyUp", Key: "v", Code: "KeyV", WindowsVirtualKeyCode: 'V', Modifiers: int64(chromedp.ModifierCtrl)},
		} {
			if _, err := cdp.Call(ctx, target, input.DispatchKeyEvent, event); err != nil {
				return err
			}
		}
		return nil
	}))
}

// toFront makes this the tab that the person looks at: Chromium draws a tab behind another one only now and then, and
// lets clicks wait for that.
func (tab *Tab) toFront() {
	tab.t.Helper()
	if tab.user.front == tab {
		return
	}
	tab.user.front = tab
	tab.do("bring to front", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, page.BringToFront, cdp.Empty{})
		return err
	}))
}

// Keys presses keys one after another, wherever the focus is.
func (tab *Tab) Keys(keys string) {
	tab.t.Helper()
	tab.toFront()
	tab.do("press keys", chromedp.KeyEvent(keys))
}

// TabTo presses Tab until a matching element has the focus.
func (tab *Tab) TabTo(css string, text ...string) {
	tab.t.Helper()
	tab.walk(css, text)
}

// BackTabTo presses Shift and Tab until a matching element has the focus.
func (tab *Tab) BackTabTo(css string, text ...string) {
	tab.t.Helper()
	tab.walk(css, text, chromedp.KeyModifiers(chromedp.ModifierShift))
}

func (tab *Tab) walk(css string, text []string, how ...chromedp.KeyOption) {
	tab.t.Helper()
	tab.toFront()
	tab.find(css, text)
	for range 200 {
		if Value[bool](tab, "hasFocus("+call(css, text)+")") {
			return
		}
		tab.do("press Tab", chromedp.KeyEvent(Tabulator, how...))
	}
	tab.t.Fatalf("%s can't be reached by keyboard", describe(css, text))
}

// Opens does something and waits for the tab or popup that comes of it.
func (tab *Tab) Opens(do func()) *Tab {
	tab.t.Helper()
	do()
	return tab.user.Opened()
}

// Shot is a picture of what is in the window, as PNG.
func (tab *Tab) Shot() []byte {
	tab.t.Helper()
	return tab.capture(nil)
}

// WholeShot is a picture of the whole page, as PNG.
func (tab *Tab) WholeShot() []byte {
	tab.t.Helper()
	size := Value[[2]float64](tab, "[document.documentElement.clientWidth, document.documentElement.scrollHeight]")
	return tab.capture(&page.Viewport{Width: size[0], Height: size[1], Scale: 1})
}

func (tab *Tab) capture(part *page.Viewport) []byte {
	tab.t.Helper()
	tab.toFront()
	whole := part != nil
	var png []byte
	tab.do("take a picture", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		shot, err := cdp.Call(ctx, target, page.CaptureScreenshot, page.CaptureScreenshotParams{Clip: part, CaptureBeyondViewport: &whole})
		png = shot.Data
		return err
	}))
	return png
}

// Overflowing are elements that reach beyond the window's right edge, so that the page scrolls sideways.
func (tab *Tab) Overflowing() []string {
	tab.t.Helper()
	return Value[[]string](tab, "overflowing()")
}

// Value is the value of a JavaScript expression in the page as it is now, of a promise what it comes to.
func Value[T any](tab *Tab, expression string) T {
	tab.t.Helper()
	var value T
	err := tab.evaluate(expression, &value)
	if err != nil { // the page may just have been left
		tab.until("the value of "+expression, "loaded()")
		err = tab.evaluate(expression, &value)
	}
	if err != nil {
		tab.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// Until waits until a JavaScript expression is true in the page; what names it in the report of a failure.
func (tab *Tab) Until(what, expression string) {
	tab.t.Helper()
	tab.until(what, expression)
}

// until waits for an expression to be true, and decodes its value into to if that is given.
func (tab *Tab) until(what, expression string, to ...any) {
	tab.t.Helper()
	var last error
	ok := within(Patience, func() bool {
		var raw json.RawMessage
		last = tab.evaluate(expression, &raw)
		if text := string(raw); last != nil || text == "" || text == "null" || text == "false" {
			return false
		}
		for _, v := range to {
			last = json.Unmarshal(raw, v)
		}
		return last == nil
	})
	if !ok {
		tab.fail(what, last)
	}
}

func (tab *Tab) find(css string, text []string) {
	tab.t.Helper()
	tab.until(describe(css, text), "loaded() && !!"+call(css, text))
}

// evaluate runs an expression with the finder at hand, and waits for it when it is a promise.
func (tab *Tab) evaluate(expression string, to any) error {
	ctx, cancel := context.WithTimeout(tab.ctx, Patience)
	defer cancel()
	raw, err := chromedp.Run(ctx, chromedp.Evaluate[[]byte]("(() => {"+finder+"\nreturn ("+expression+")})()", chromedp.EvalAwaitPromise))
	if err != nil || len(raw) == 0 {
		return err
	}
	return json.Unmarshal(raw, to)
}

// do is one action of chromedp.
func (tab *Tab) do(what string, action chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, Patience)
	defer cancel()
	if err := chromedp.Do(ctx, action); err != nil {
		tab.t.Fatalf("%s: %v", what, err)
	}
}

// fail ends the test with what the page shows instead.
func (tab *Tab) fail(what string, err error) {
	tab.t.Helper()
	var shown struct{ URL, Text string }
	if e := tab.evaluate("({URL: location.href, Text: say(document.body).slice(0, 1500)})", &shown); e != nil {
		err = errors.Join(err, e)
	}
	tab.t.Fatalf("waited in vain for %s\nat %s\n%v\nthe page says: %s", what, shown.URL, err, shown.Text)
}

// call is the JavaScript that finds an element.
func call(css string, text []string) string {
	return fmt.Sprintf("find(%s, %s)", quote(css), quote(strings.Join(text, " ")))
}

func quote(text string) string {
	quoted, _ := json.Marshal(text) // of a string never fails
	return string(quoted)
}

func describe(css string, text []string) string {
	if len(text) == 0 {
		return css
	}
	return fmt.Sprintf("%s %q", css, strings.Join(text, " "))
}
