package views

import (
	"slices"
	"strings"
	"testing"
)

func TestPushStates(t *testing.T) {
	for _, test := range []struct {
		state   string
		heading string
		live    bool   // server-sent events
		refresh string // without scripts
		says    string
	}{
		{"push-waiting", "Adding 500 contacts to Hot Lead", true, "2;url=/push/1", "0 of 500 done, 500 left"},
		{"push-waiting", "Adding 500 contacts to Hot Lead", true, "2;url=/push/1", "You can close this window. The push goes on."},
		{"push-behind", "Adding 500 contacts to Hot Lead", true, "2;url=/push/1", "Waits for the push to FSBO to end. You can close this window."},
		{"push-behind-undo", "Adding 500 contacts to Hot Lead", true, "2;url=/push/1", "Waits for the push to FSBO to be undone. You can close this window."},
		{"push-behind-landing", "Adding 500 contacts to Hot Lead", true, "2;url=/push/1", "to end. This tab opens Mojo by itself when all are through."},
		{"push-sending", "Adding 500 contacts to Hot Lead", true, "2;url=/push/1", "212 of 500 done, 288 left"},
		{"push-paused", "Sign in to go on", true, "2;url=/push/1", "Mojo asks you to sign in again. Nothing is lost"},
		{"push-down", "Adding 500 contacts to Hot Lead", true, "2;url=/push/1", "Mojo isn't answering. We keep trying; nothing is lost."},
		{"push-stopped", "This push has stopped", false, "", "The group was deleted in Mojo."},
		{"push-stopped", "This push has stopped", false, "", "212 of 500 done, 288 left"},
		{"push-reset", "This push has stopped", false, "", "The credentials were reset. 3,206 contacts were never sent."},
		{"push-reset", "This push has stopped", false, "", "1,300 of 4,506 done, 3,206 left"},
		{"push-stopping", "Stopping the push to " + hostile[1], true, "2;url=/push/1", "Nothing more is sent. What is at Mojo just now comes to its end and counts."},
		{"push-stopped-by-customer", "You stopped this push", false, "", "What was sent is in Hot Lead. 1,500 contacts were never sent. Retry sends them whenever you like."},
		{"push-stopped-by-customer", "You stopped this push", false, "", "500 of 2,000 done, 1,500 left"},
		{"push-stopped-by-customer-landing", "You stopped this push", false, "", "See what was not sent"},
		{"push-stopped-before-anything", "You stopped this push", false, "", "Nothing was sent. 1 contact was never sent. Retry sends it whenever you like."},
		{"push-done", "491 added, 6 updated", false, "", "Everything is through."},
		{"push-done-landing", "491 added, 6 updated", false, "0;url=/push/1/mojo", "Taking you to Hot Lead in Mojo."},
		{"push-attention", "488 added, 6 updated. 3 need you", false, "", "Mojo refused the phone number"},
		{"push-attention-landing", "488 added, 6 updated. 3 need you", false, "", "See the 3 that need you"},
		{"push-undoing", "Taking contacts out of Hot Lead", true, "2;url=/push/1", "200 of 491 done, 291 left"},
		{"push-undoing-behind", "Taking contacts out of Hot Lead", true, "2;url=/push/1", "Waits for the push to FSBO to end."},
		{"push-undone", "Undone", false, "", "491 contacts taken out of Hot Lead. Who was in it before is still there."},
	} {
		t.Run(test.state, func(t *testing.T) {
			n := render(t, stateNamed(t, test.state))
			if got := n.one(t, "h1").text(); got != test.heading {
				t.Errorf("heading: got %q, want %q", got, test.heading)
			}
			if got := len(n.all("[sse-connect=/push/1/events] [sse-swap=push]")) == 1; got != test.live {
				t.Errorf("live: got %v, want %v", got, test.live)
			}
			refresh := ""
			if found := n.all("head noscript meta"); len(found) == 1 {
				refresh = found[0].attr("content")
			}
			if refresh != test.refresh {
				t.Errorf("refresh without scripts: got %q, want %q", refresh, test.refresh)
			}
			if got := n.one(t, "main").text(); !strings.Contains(got, test.says) {
				t.Errorf("page: got %q, want it to say %q", got, test.says)
			}
		})
	}
}

func TestLandingMovesOnOnlyWhenAllAreThrough(t *testing.T) {
	for _, s := range pushStates() {
		got := len(render(t, s.page).all("[data-landing]")) == 1
		if want := s.name == "push-done-landing"; got != want {
			t.Errorf("%s: moves on %v, want %v", s.name, got, want)
		}
	}
}

func TestLandingOffersMojoBeforeWhatNeedsAttention(t *testing.T) {
	n := render(t, stateNamed(t, "push-attention-landing"))
	if got, want := n.texts("main .actions a"), []string{"Open Mojo", "See the 3 that need you"}; !slices.Equal(got, want) {
		t.Errorf("ways on: got %q, want %q", got, want)
	}
}

func TestResultsOfThePopup(t *testing.T) {
	n := render(t, stateNamed(t, "push-attention"))
	mojo := n.one(t, "#open-mojo")
	if mojo.attr("href") != "/push/1/mojo" || mojo.attr("target") != "_blank" || mojo.attr("rel") != "noopener" {
		t.Errorf("Open Mojo: got %v, want a link to a tab of its own", mojo.Attr)
	}
	if got := n.one(t, "#retry").text(); got != "Retry" {
		t.Errorf("retry: got %q, want Retry", got)
	}
	if got := n.one(t, "details #undo").text(); got != "Undo" {
		t.Errorf("undo: got %q, want Undo", got)
	}
	if got := n.one(t, ".undo time").text(); got != "Tue, Nov 24, 9:14 AM MST" {
		t.Errorf("end of undo: got %q", got)
	}
	if got, want := n.texts(".counts dt"), []string{"Added", "Updated", "Skipped", "Failed"}; !slices.Equal(got, want) {
		t.Errorf("counts: got %q, want %q", got, want)
	}
	if got, want := n.texts(".counts dd"), []string{"488", "6", "3", "3"}; !slices.Equal(got, want) {
		t.Errorf("counts: got %q, want %q", got, want)
	}
	if got := n.one(t, ".tabs [aria-current=page]").text(); got != "Need you 3" {
		t.Errorf("open list: got %q, want Need you 3", got)
	}
}

func TestWhoWasNeverSentIsNoFailure(t *testing.T) {
	n := render(t, stateNamed(t, "push-reset"))
	if got, want := n.texts(".counts dt"), []string{"Added", "Updated", "Skipped", "Failed", "Not sent"}; !slices.Equal(got, want) {
		t.Errorf("counts: got %q, want %q", got, want)
	}
	if got, want := n.texts(".counts dd"), []string{"1,290", "4", "2", "4", "3,206"}; !slices.Equal(got, want) {
		t.Errorf("counts: got %q, want %q", got, want)
	}
	if got, want := n.texts("main .actions a"), []string{"Connect again"}; !slices.Equal(got, want) {
		t.Errorf("ways on: got %q, want %q", got, want)
	}
	n = render(t, stateNamed(t, "push-reset-far"))
	if got, want := n.one(t, ".push-stopped .note").text(), "The credentials were reset. 3,206 contacts were never sent. Open Add to Mojo in Wise Agent to connect again."; got != want {
		t.Errorf("without a launch: got %q, want %q", got, want)
	}
}

func TestRetryAndUndoAreOfferedOnlyWherePossible(t *testing.T) {
	for _, name := range []string{"push-waiting", "push-sending", "push-sending-landing", "push-paused"} {
		n := render(t, stateNamed(t, name))
		if got, want := n.texts("main button"), []string{"Stop"}; !slices.Equal(got, want) {
			t.Errorf("buttons of %s: got %q, want %q", name, got, want)
		}
		if got := len(n.all("#push button")); got != 0 || len(n.all("[data-stoppable]")) != 1 {
			t.Errorf("%s: Stop stands in the part that is replaced all the time, or the part doesn't say that it is to stay", name)
		}
	}
	for _, name := range []string{"push-stopping", "push-stopped", "push-done", "push-undoing", "push-undone"} {
		n := render(t, stateNamed(t, name))
		if len(n.all("#stop")) != 0 || len(n.all("[data-stoppable]")) != 0 {
			t.Errorf("%s offers Stop", name)
		}
	}
	n := render(t, stateNamed(t, "push-stopped-by-customer"))
	if got, want := n.texts("main button"), []string{"Retry", "Undo"}; !slices.Equal(got, want) {
		t.Errorf("buttons of what the customer stopped: got %q, want %q", got, want)
	}
	n = render(t, pushWith(PushDone, func(p *Push) { doneAll(p); p.UndoURL = "" }))
	if got := len(n.all(".undo")); got != 0 {
		t.Errorf("undo after its time: got %d, want none", got)
	}
}

func TestResultsArePaged(t *testing.T) {
	n := render(t, stateNamed(t, "push-done"))
	if got := n.one(t, ".pager span").text(); got != "Page 1 of 5" {
		t.Errorf("pager: got %q", got)
	}
	if got, want := n.texts(".pager a"), []string{"Later"}; !slices.Equal(got, want) {
		t.Errorf("links of the first page: got %q, want %q", got, want)
	}
}

func TestBarIsNamedAndInRange(t *testing.T) {
	for _, test := range []struct {
		done, total int
		max, value  string
	}{
		{0, 0, "1", "0"}, {3, 0, "1", "1"}, {212, 500, "500", "212"}, {501, 500, "500", "500"},
	} {
		n := render(t, pushWith(PushSending, func(p *Push) { p.Done, p.Total = test.done, test.total }))
		bar := n.one(t, "progress")
		if bar.attr("max") != test.max || bar.attr("value") != test.value {
			t.Errorf("%d of %d: got %s of %s, want %s of %s", test.done, test.total, bar.attr("value"), bar.attr("max"), test.value, test.max)
		}
	}
}

func TestScreenReadersHearEveryTenth(t *testing.T) {
	heard := map[string]bool{}
	for done := range 501 {
		p := somePush(PushSending)
		p.Done = done
		heard[p.announcement()] = true
	}
	if len(heard) != 11 {
		t.Errorf("announcements on the way through 500: got %d, want 11", len(heard))
	}
}

func TestNothingAddedSaysSo(t *testing.T) {
	n := render(t, pushWith(PushDone, func(p *Push) { p.Failed, p.Done = 500, 500 }))
	if got, want := n.one(t, "h1").text(), "Nothing was added. 500 need you"; got != want {
		t.Errorf("heading: got %q, want %q", got, want)
	}
}
