package bridge

import (
	"strings"
	"testing"
	"time"

	"addtomojo/store"
)

func TestFindingsNameTheCauseAndTheNextStep(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	live := store.Connection{ID: "1", State: store.StateConnected, Since: ago(time.Hour)}
	standing := func(wise, mojo SideStanding) Standing {
		wise.Partner, mojo.Partner = WiseAgent, MojoName
		return Standing{State: Connected, Sides: []SideStanding{wise, mojo}, Waiting: 12}
	}
	fine := SideStanding{State: SideFine}
	push := func(state store.PushState, cause string, ended time.Duration) store.PushSummary {
		return store.PushSummary{Push: store.Push{State: state, GroupName: "Spring", Cause: cause, FinishedAt: ago(ended)}}
	}
	hook := func(reason store.HookReason, last time.Duration) store.RefusedHooks {
		return store.RefusedHooks{Reason: reason, Times: 3, FirstAt: ago(last + time.Hour), LastAt: ago(last), Behind: -7 * time.Minute}
	}
	tests := []struct {
		name       string
		facts      facts
		what, next string // parts of them; "" is no finding at all
	}{
		{"all is well", facts{conn: live, standing: standing(fine, fine)}, "", ""},
		{"a side needs a sign-in", facts{conn: live, standing: standing(SideStanding{State: SideNeedsSignIn, Cause: "Wise Agent ended our access."}, fine)},
			"Wise Agent ended our access. 12 waiting", "signs in to Wise Agent again"},
		{"a partner is silent", facts{conn: live, standing: standing(fine, SideStanding{State: SideSilent, Cause: "Mojo isn't answering as it should."})},
			"Mojo isn't answering", "Nothing to do"},
		{"no Team", facts{conn: store.Connection{State: store.StateLimited}, standing: standing(fine, fine)}, "didn't allow Team", "allows Team"},
		{"the group was deleted", facts{conn: live, standing: standing(fine, fine),
			pushes: []store.PushSummary{push(store.PushStopped, `The group "Spring" is no longer in Mojo.`, time.Hour)}}, "no longer in Mojo", "another group"},
		{"a push that stopped long ago", facts{conn: live, standing: standing(fine, fine),
			pushes: []store.PushSummary{push(store.PushStopped, "Gone.", 30*24*time.Hour), push(store.PushDone, "", time.Hour)}}, "", ""},
		{"the customer stopped a push", facts{conn: live, standing: standing(fine, fine),
			pushes: []store.PushSummary{push(store.PushStopped, "You stopped this push.", time.Hour)}}, `The customer stopped a push to the group "Spring"`, "Nothing is broken"},
		{"the contact was deleted", facts{conn: live, standing: standing(fine, fine),
			reasons: []store.Reasons{{Reason: contactGone, Events: 2}}}, "2 deliveries need a person: The contact is no longer", "restore it in Wise Agent instead"},
		{"poisoned", facts{conn: live, standing: standing(fine, fine),
			reasons: []store.Reasons{{Reason: unreadable + " It lacks: call.", Events: 1}}}, "1 delivery needs a person", "engineering"},
		{"an activity without a date", facts{conn: live, standing: standing(fine, fine), reasons: []store.Reasons{{Reason: noDate, Events: 1}}},
			"no date", "a date in Mojo"},
		{"a contact that isn't sent yet", facts{conn: live, standing: standing(fine, fine), reasons: []store.Reasons{{Reason: notSentYet, Events: 1}}},
			"not in Wise Agent yet", "Retry the sending"},
		{"a wrong secret", facts{conn: live, standing: standing(fine, fine), hooks: []store.RefusedHooks{hook(store.HookSignature, time.Hour)}},
			"fits none of our secrets. 3 were turned away", "MOJO_WEBHOOK_SECRETS"},
		{"a wrong secret that was mended", facts{conn: live, standing: standing(fine, SideStanding{State: SideFine, HeardAt: ago(time.Minute)}),
			hooks: []store.RefusedHooks{hook(store.HookSignature, time.Hour)}}, "", ""},
		{"a clock that is off", facts{conn: live, standing: standing(fine, fine), hooks: []store.RefusedHooks{hook(store.HookClock, time.Hour)}},
			"7 minutes ahead of ours", "NTP"},
		{"a full disk", facts{conn: live, standing: standing(fine, fine), fullAt: time.Now()}, "disk is full", "make room"},
		{"a disk that was full", facts{conn: live, standing: standing(fine, fine), fullAt: time.Now().Add(-time.Hour)}, "", ""},
		{"a connection that is over", facts{conn: store.Connection{State: store.StateReset}, fullAt: time.Now()}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.facts.now = now
			list := tt.facts.findings()
			if tt.what == "" {
				if len(list) != 0 {
					t.Errorf("got %+v, want nothing", list)
				}
				return
			}
			if len(list) != 1 || !strings.Contains(list[0].What, tt.what) || !strings.Contains(list[0].Next, tt.next) {
				t.Errorf("got %+v, want one with %q and %q", list, tt.what, tt.next)
			}
		})
	}
}
