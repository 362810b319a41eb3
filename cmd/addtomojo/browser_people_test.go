package main

import (
	"strings"
	"testing"
	"time"

	"addtomojo/cmd/addtomojo/internal/chrome"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	wisebox "addtomojo/sandbox/wiseagent"
)

// What tries to run when a page takes it for HTML, and what tries to burst a page.
const (
	runsImage  = `<img src=x onerror="window.ran=1">`
	runsScript = `</script><script>window.ran=1</script>`
)

func TestHostileNamesRunNothingAndBreakNoLayout(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium, smallBatches)
	long := strings.Repeat("Wolfenbüttel", 10)
	var ids []string
	for _, name := range []string{runsImage, runsScript, long, `"'&lt;b&gt;{{7*7}}`} {
		id := s.Wise.AddContact(sampleEmail, wisebox.Contact{First: name, Last: name, HomePhone: "ask for <b>Bob</b> " + name})
		s.Wise.AddNote(sampleEmail, wisebox.Note{ClientID: id, Subject: name, Text: name, Date: time.Now()})
		ids = append(ids, id)
	}
	for _, name := range []string{runsImage, runsScript, long[:100]} {
		s.Mojo.AddGroup(ruiz, strings.ToValidUTF8(name, ""))
	}
	calm := func(page *chrome.Tab, name string) {
		t.Helper()
		s.inspect(page, name)
		if chrome.Value[bool](page, `"ran" in window || document.querySelector("img[src=x], main b b") !== null`) {
			t.Errorf("%s: a name was taken for HTML", name)
		}
	}
	popup := s.addToMojo(s.contacts(), ids...)
	s.connect(popup)
	popup.Wait("h2", "4 will be added")
	popup.Click("summary", "4 have no phone")
	calm(popup, "hostile-groups")
	popup.Type(`<b onclick="window.ran=1">New</b>`, "#new-group-name")
	popup.Click("button", "New group")
	popup.Wait("[data-into]", `To “<b onclick="window.ran=1">New</b>”.`)
	popup.Type(runsImage, "#new-group-name")
	popup.Click("button", "New group")
	popup.Wait("#new-group-error", "Mojo already has a group with this name.")
	calm(popup, "hostile-name-taken")
	popup.Click("label.choice", runsScript)
	comeBack := s.downAfter(0)
	tab := s.press(popup)
	popup.Wait("h1", "Adding 4 contacts to "+runsScript)
	calm(popup, "hostile-sending")
	s.MojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.ServerError, Status: 400, Times: 3})
	comeBack()
	tab.Wait("h1", "need")
	calm(tab, "hostile-tab")
	popup.Wait("h1", "need")
	calm(popup, "hostile-failed")
	popup.Click("button", "Retry")
	popup.Wait("h1", "4 added")
	popup.Wait(".people li", runsImage)
	calm(popup, "hostile-done")
	popup.Click("a", "Earlier pushes")
	popup.Wait(".history a", runsScript)
	calm(popup, "hostile-pushes")
	popup.Click(".history a")
	popup.Click("summary", "Changed your mind?")
	popup.Click("button", "Undo")
	popup.Wait("h1", "Undone")
	calm(popup, "hostile-undone")
}

func TestLongGroupNamesFitTheirList(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	popup := s.addToMojo(s.contacts(), s.ids(1)...)
	signInAs(popup, "620448", "lena", "lena-sandbox")
	popup.Wait("h1", connecting)
	popup.Click("button", "Allow")
	popup.Wait("h2", "will be added")
	s.inspect(popup, "groups-long-names")
	tab := s.press(popup)
	tab.Wait("h1[data-group-id]")
	popup.Wait("h1", "1 added")
	s.inspect(popup, "push-long-names")
}

func TestKeyboardAloneGoesAllTheWay(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium)
	list := s.user.Open(s.WiseURL + "/contacts")
	list.Look(chrome.Desk)
	list.TabTo("main button", "Sign in")
	list.Keys(chrome.Enter)
	list.Wait("h1", "Contacts")
	list.TabTo("input[name=id]")
	list.Keys(chrome.Space)
	list.BackTabTo("summary", "Actions")
	list.Keys(chrome.Enter)
	list.TabTo("#add-to-mojo")
	popup := list.Opens(func() { list.Keys(chrome.Enter) })

	popup.Wait("h2", "Mojo account")
	popup.Keys(chrome.Tabulator)
	popup.WaitFocus("a.skip")
	popup.Keys(chrome.Enter)
	popup.TabTo("#pin")
	popup.Keys(samplePIN + chrome.Tabulator)
	popup.WaitFocus("#login")
	popup.Keys(sampleLogin + chrome.Tabulator)
	popup.WaitFocus("#password")
	popup.Keys(samplePassword + chrome.Enter)
	popup.Wait("h1", connecting)
	popup.TabTo("button", "Allow")
	popup.Keys(chrome.Enter)
	popup.Wait("h2", "will be added")

	popup.TabTo("input[name=group]")
	popup.Keys(chrome.ArrowDown + chrome.ArrowDown)
	popup.Wait("[data-into]", "To “Hot Lead”")
	popup.Keys(chrome.Tabulator)
	popup.WaitFocus("#new-group-name")
	popup.Keys("Typed group" + chrome.Enter)
	popup.Wait("[data-into]", "To “Typed group”")
	popup.TabTo("#add button")
	if !chrome.Value[bool](popup, "getComputedStyle(document.activeElement).outlineStyle !== 'none'") {
		t.Error("the button with the focus doesn't show it")
	}
	tab := popup.Opens(func() { popup.Keys(chrome.Enter) })
	s.landed(tab, s.group("Typed group").ID)

	popup.Wait("h1", "1 added")
	popup.TabTo("summary", "Changed your mind?")
	popup.Keys(chrome.Enter)
	popup.TabTo("button", "Undo")
	popup.Keys(chrome.Enter)
	popup.Wait("h1", "Undone")
}

func TestScreenReadersHearHowFarThePushIs(t *testing.T) {
	t.Parallel()
	s := newScene(t, &chromium, smallBatches)
	_, popup := s.connected(fewPeople)
	s.choose(popup, "FSBO")
	comeBack := s.downAfter(1)
	s.press(popup)
	popup.Wait("h1", "Adding 12 contacts")
	chrome.Value[bool](popup, `(() => {
		window.heard = [];
		new MutationObserver(() => heard.push(document.querySelector("#announce").textContent))
			.observe(document.querySelector("#announce"), {childList: true, characterData: true, subtree: true});
		return true;
	})()`)
	s.MojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.Latency, Delay: 800 * time.Millisecond})
	comeBack()
	popup.Wait("#announce", "12 added")
	heard := chrome.Value[[]string](popup, "window.heard")
	if len(heard) < 2 || len(heard) > 12 || heard[len(heard)-1] != "12 added" {
		t.Errorf("heard %q, want some tenths of the way and then the result", heard)
	}
	if got := popup.Title(); !strings.HasPrefix(got, "12 added") {
		t.Errorf("title: got %q, want the result in it", got)
	}
}

func TestWithoutJavaScriptAllTheWay(t *testing.T) {
	t.Parallel()
	s := newScene(t, &plain, smallBatches)
	list := s.contacts()
	for _, id := range s.ids(5) {
		list.Click(`input[name=id][value="` + id + `"]`)
	}
	list.Click("summary", "Actions")
	popup := list.Opens(func() { list.Click("#add-to-mojo") })
	popup.Look(chrome.Narrow)
	signInAs(popup, samplePIN, sampleLogin, "not this")
	popup.Wait("#problems", "Mojo didn't accept")
	s.connect(popup)
	popup.Wait("h2", "5 will be added")
	if popup.Has("#filter") {
		t.Error("the filter shows, though it can't work")
	}
	popup.Type("Hot Lead", "#new-group-name")
	popup.Click("button", "New group")
	popup.Wait("#new-group-error", "Mojo already has a group with this name.")
	popup.Type("Plain group", "#new-group-name")
	popup.Click("button", "New group")
	popup.Wait("label.choice", "Plain group")
	popup.Wait("h2", "5 will be added")
	comeBack := s.downAfter(1)
	tab := popup.Opens(func() { popup.Click("button", "Add 5 contacts to Mojo") })
	tab.Wait("h1", "Adding 5 contacts to Plain group")
	tab.Wait("#push-text", "4 of 5 done")
	again := popup.Opens(func() { popup.Click("button", "Add 5 contacts to Mojo") }) // pressed twice is one push
	comeBack()
	group := s.group("Plain group").ID
	s.landed(tab, group)
	s.landed(again, group)
	if got := s.group("Plain group").Contacts; got != 5 {
		t.Errorf("contacts in the group: got %d, want 5", got)
	}
	popup.Click("a", "Earlier pushes")
	popup.Wait(".history li", "5 contacts")
	if got := popup.Count(".history li"); got != 1 {
		t.Errorf("pushes: got %d, want 1", got)
	}
	popup.Click(".history a")
	popup.Wait("h1", "5 added")
	popup.Click("summary", "Changed your mind?")
	popup.Click("button", "Undo")
	popup.Wait("h1", "Undone")
	popup.Click("a", "Reset Credentials")
	popup.Click("button", "Reset Credentials")
	popup.Wait("h1", "Disconnected")
}
