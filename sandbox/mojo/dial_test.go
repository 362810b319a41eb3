package mojo_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"addtomojo/sandbox/mojo"
)

// dialer is a browser of Dana's in front of a dialing session with Ann, who has
// two numbers, and Bob, who has one.
type dialer struct {
	*box
	t        *testing.T
	ann, bob int64
	group    int64
	path     string
}

func newDialer(t *testing.T) *dialer {
	t.Helper()
	d := &dialer{box: newBox(t, mojo.Config{}).browse(t), t: t}
	d.group = d.AddGroup("8812", "Hot Lead")
	d.ann = d.AddContact("8812", mojo.Contact{APIContactID: "wa-26855", FullName: "Ann Lee", Media: []mojo.Media{
		{Type: mojo.MediaMobile, Value: "5205550143"}, {Type: mojo.MediaHome, Value: "5205550144"}}}, d.group)
	d.bob = d.AddContact("8812", mojo.Contact{FullName: "Bob Ray", Media: []mojo.Media{{Type: mojo.MediaWork, Value: "5205550145"}}}, d.group)
	d.logIn(t, "")
	a := d.post(t, fmt.Sprintf("/dial/?group_id=%d", d.group), nil)
	if d.path = a.header.Get("Location"); a.status != 303 || !strings.HasPrefix(d.path, "/dial/") {
		t.Fatalf("got status %d to %q, want 303 to a session", a.status, d.path)
	}
	return d
}

// press presses a button of the session and returns the page after it.
func (d *dialer) press(step string, contact int64, form url.Values) answer {
	d.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	form.Set("contact", itoa(contact))
	if a := d.post(d.t, d.path+step, form); a.status != 303 {
		d.t.Fatalf("%s: got status %d, want 303", step, a.status)
	}
	return d.get(d.t, d.path)
}

func (d *dialer) dial(contact int64, phone string) answer {
	return d.press("call/", contact, url.Values{"phone": {phone}})
}

func (d *dialer) result(contact int64, slug, notes string) answer {
	return d.press("result/", contact, url.Values{"result": {slug}, "notes": {notes}})
}

func lacks(t *testing.T, a answer, part string) {
	t.Helper()
	if strings.Contains(a.body, part) {
		t.Errorf("the page (status %d) has %q", a.status, part)
	}
}

func TestDialStart(t *testing.T) {
	d := newDialer(t)
	d.SetNumber("8812", "5205550145", mojo.NumberDNC)
	contains(t, d.get(t, fmt.Sprintf("/dial/?group_id=%d", d.group)), "Hot Lead", "2 contacts, 1 with a number", "Start dialing")
	contains(t, d.get(t, fmt.Sprintf("/my-data/?group_id=%d", d.group)), "Start dialing", "Do not call")
	empty := d.AddGroup("8812", "Empty")
	if a := d.post(t, fmt.Sprintf("/dial/?group_id=%d", empty), nil); a.status != 404 {
		t.Errorf("got status %d for an empty group, want 404", a.status)
	}
	lacks(t, d.get(t, fmt.Sprintf("/my-data/?group_id=%d", empty)), "Start dialing")
	for _, path := range []string{"/dial/", "/dial/?group_id=9999", "/dial/9999/", "/dial/ann/"} {
		if a := d.get(t, path); a.status != 404 {
			t.Errorf("%s: got status %d, want 404", path, a.status)
		}
	}
}

func TestDialingSession(t *testing.T) {
	d := newDialer(t)
	contains(t, d.get(t, d.path), "Ann Lee", "Contact 1 of 2", "Dial (520) 555-0143", "Dial (520) 555-0144")
	page := d.dial(d.ann, "5205550143")
	contains(t, page, "Calling (520) 555-0143")
	for _, result := range mojo.Results() {
		contains(t, page, `value="`+result.Slug+`">`+result.Name+`<`)
	}
	d.now.Time = d.now.Add(91 * time.Second)
	contains(t, d.result(d.ann, "contact", " Wants a valuation "), "Logged: Contact, Ann Lee, (520) 555-0143", "1 min 31 s", "Wants a valuation")
	contains(t, d.press("next/", d.ann, nil), "Bob Ray", "Contact 2 of 2")
	d.dial(d.bob, "5205550145")
	page = d.press("next/", d.bob, url.Values{"notes": {"Cut off"}})
	contains(t, page, "Session ended", "2 calls to 2 contacts", "Contact</span> <strong>1", "Incomplete</span> <strong>1")

	hooks := d.Hooks()
	if len(hooks) != 2 {
		t.Fatalf("got %d hooks, want 2", len(hooks))
	}
	d.wantHook(t, hooks[0].ID, `{"type":"call.completed","timestamp":"2026-11-22T09:01:31Z","data":{`+dana+`,`+ann(d.ann)+
		`,"call":{"id":90210,"result":"contact","phone":"5205550143","phone_type":2,"started_at":"2026-11-22T09:00:00Z","duration_seconds":91,`+
		`"session_id":771,"group":{"group_id":`+itoa(d.group)+`,"name":"Hot Lead"},"notes":"Wants a valuation","recording_url":null}}}`)
	if call := d.Calls("8812", d.bob)[0]; call.Result != "incomplete" || call.Notes != "Cut off" {
		t.Errorf("got %+v, want the call that was left as incomplete, with its note", call)
	}
}

func TestEveryResult(t *testing.T) {
	for _, result := range mojo.Results() {
		t.Run(result.Slug, func(t *testing.T) {
			d := newDialer(t)
			d.dial(d.ann, "5205550143")
			page := d.result(d.ann, result.Slug, "")
			calls := d.Calls("8812", d.ann)
			if len(calls) != 1 || calls[0].Result != result.Slug || len(d.Hooks()) != 1 {
				t.Fatalf("got calls %+v, want one with this result, told", calls)
			}
			contains(t, page, "Logged: "+result.Name)
		})
	}
}

func TestResultsMoveOn(t *testing.T) {
	d := newDialer(t)
	d.dial(d.ann, "5205550143")
	contains(t, d.result(d.ann, "no_contact_next_number", ""), "Calling (520) 555-0144")
	contains(t, d.result(d.ann, "no_contact_next_number", ""), "Ann Lee", "2 calls")
	d.dial(d.ann, "5205550144")
	contains(t, d.result(d.ann, "no_contact_next_record", ""), "Bob Ray")
}

func TestMarkedNumbersAreNotDialed(t *testing.T) {
	d := newDialer(t)
	d.dial(d.ann, "5205550143")
	page := d.result(d.ann, "bad_number", "")
	contains(t, page, "Bad number", "Dial (520) 555-0144")
	lacks(t, page, `aria-label="Dial (520) 555-0143"`)
	lacks(t, d.dial(d.ann, "5205550143"), "Calling")
	lacks(t, d.dial(d.ann, "5205550199"), "Calling")
	d.dial(d.ann, "5205550144")
	page = d.result(d.ann, "dnc_contact", "")
	contains(t, page, "Do not call", "Next contact")
	lacks(t, page, `aria-label="Dial`)
	contains(t, d.get(t, fmt.Sprintf("/contacts/%d/", d.ann)), "Do not call", "DNC Contact", "Bad Number")
}

func TestOldPagesChangeNothing(t *testing.T) {
	d := newDialer(t)
	d.dial(d.ann, "5205550143")
	d.result(d.ann, "contact", "")
	d.result(d.ann, "voicemail", "")
	d.press("next/", d.ann, nil)
	d.press("next/", d.ann, nil)
	d.result(d.ann, "contact", "")
	d.dial(d.bob, "5205550145")
	d.result(d.bob, "made_up", "")
	if got := len(d.Calls("8812", d.ann)) + len(d.Calls("8812", d.bob)); got != 1 {
		t.Errorf("got %d calls, want 1", got)
	}
	contains(t, d.get(t, d.path), "Contact 2 of 2", "Calling (520) 555-0145")
	contains(t, d.press("end/", d.bob, nil), "Session ended")
	contains(t, d.press("next/", d.bob, nil), "Session ended", "2 calls")
}

func TestSessionsBelongToTheirAccount(t *testing.T) {
	d := newDialer(t)
	d.browse(t)
	d.post(t, "/login/", url.Values{"pin": {"310577"}, "login": {"fran"}, "password": {"fran-sandbox"}})
	if a := d.get(t, d.path); a.status != 404 {
		t.Errorf("got status %d for another account's session, want 404", a.status)
	}
	if a := d.post(t, d.path+"next/", url.Values{"contact": {itoa(d.ann)}}); a.status != 404 {
		t.Errorf("got status %d for another account's button, want 404", a.status)
	}
}
