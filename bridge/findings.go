package bridge

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"addtomojo/store"
)

// Finding is something that keeps a connection from doing its work, in plain words.
type Finding struct {
	What  string    // what happened, and why
	Next  string    // what to do about it
	Since time.Time // zero: not known
	Calm  bool      // it passes by itself
}

// reasonsNamed is how many reasons of deliveries a connection's findings name.
const reasonsNamed = 5

// pushesLookedAt and pushesRemembered bound which stopped pushes are still a finding.
const (
	pushesLookedAt   = 10
	pushesRemembered = 7 * 24 * time.Hour
)

// facts are what findings are made of.
type facts struct {
	now      time.Time
	conn     store.Connection
	standing Standing
	reasons  []store.Reasons
	pushes   []store.PushSummary
	hooks    []store.RefusedHooks
	fullAt   time.Time // when the disk was last found full
}

// Findings tells all that is wrong with a connection just now, the worst first; nothing when all is well.
func (b *Bridge) Findings(ctx context.Context, conn store.Connection, standing Standing) ([]Finding, error) {
	f := facts{now: b.now(), conn: conn, standing: standing, fullAt: b.Store.FullAt()}
	var err error
	if f.reasons, err = b.Store.NeedsYouReasons(ctx, conn.ID, reasonsNamed+1); err != nil {
		return nil, fmt.Errorf("read reasons: %w", err)
	}
	if f.pushes, err = b.Store.Pushes(ctx, conn.ID, pushesLookedAt); err != nil {
		return nil, fmt.Errorf("read pushes: %w", err)
	}
	if f.hooks, err = b.Store.RefusedHooks(ctx, conn.MojoAccountID); err != nil {
		return nil, fmt.Errorf("read refused hooks: %w", err)
	}
	return f.findings(), nil
}

func (f facts) findings() []Finding {
	if f.conn.State == store.StateReset {
		return nil
	}
	return slices.Concat(f.fullDisk(), f.signIns(), f.clock(), f.secret(), f.silence(), f.limited(), f.stopped(), f.needing())
}

// fullFor is how long after it was last met a full disk counts as full.
const fullFor = 10 * time.Minute

func (f facts) fullDisk() []Finding {
	if f.fullAt.IsZero() || time.Since(f.fullAt) > fullFor { // both are the machine's clock
		return nil
	}
	return []Finding{{
		What:  "Our disk is full: nothing new can be saved. Hooks are answered with an error, and Mojo sends them again.",
		Next:  "Tell the operator to make room on the database's disk. What was saved is safe, and the customer need do nothing.",
		Since: f.fullAt,
	}}
}

func (f facts) signIns() (list []Finding) {
	for _, side := range f.standing.NeedsSignIn() {
		what := side.Cause
		if f.standing.Waiting > 0 {
			what += fmt.Sprintf(" %d waiting; nothing is lost for 30 days.", f.standing.Waiting)
		}
		list = append(list, Finding{
			What: what, Since: side.Since,
			Next: "The customer signs in to " + string(side.Partner) + " again: from Wise Agent's contact list, or by a reconnect link that you send.",
		})
	}
	return list
}

// hooksRemembered is how long after the last one refused hooks are a finding, unless a good one came since.
const hooksRemembered = 24 * time.Hour

func (f facts) clock() []Finding {
	h, ok := f.refused(store.HookClock)
	if !ok {
		return nil
	}
	how := "behind"
	if h.Behind < 0 {
		how = "ahead of"
	}
	return []Finding{{
		What: fmt.Sprintf("Mojo's clock and ours differ: its hooks are signed for a time %s %s ours, and more than 5 minutes are refused. %s turned away.",
			roughly(h.Behind.Abs()), how, times(h.Times)),
		Next:  "Tell the operator to set the server's clock (NTP); if ours is right, tell Mojo. Mojo sends the calls again once the clocks agree.",
		Since: h.FirstAt,
	}}
}

func (f facts) secret() []Finding {
	h, ok := f.refused(store.HookSignature)
	if !ok {
		return nil
	}
	return []Finding{{
		What: fmt.Sprintf("Hooks for this Mojo account come with a signature that fits none of our secrets. %s turned away. "+
			"Mojo signs with another secret than ours, or somebody else sends them.", times(h.Times)),
		Next:  "Tell the operator to compare MOJO_WEBHOOK_SECRETS with the secret that is set in Mojo. Calls that were turned away come again once it fits.",
		Since: h.FirstAt,
	}}
}

// refused finds hooks that were turned away lately and since the last good one.
func (f facts) refused(reason store.HookReason) (store.RefusedHooks, bool) {
	heard := time.Time{}
	for _, side := range f.standing.Sides {
		heard = later(heard, side.HeardAt)
	}
	for _, h := range f.hooks {
		if h.Reason == reason && h.LastAt.After(heard) && f.now.Sub(h.LastAt) < hooksRemembered {
			return h, true
		}
	}
	return store.RefusedHooks{}, false
}

func (f facts) silence() (list []Finding) {
	for _, side := range f.standing.Silent() {
		list = append(list, Finding{
			What: side.Cause + " We keep trying; nothing is lost.", Since: side.Since, Calm: true,
			Next: "Nothing to do: what waits goes out when " + string(side.Partner) + " answers again. If it lasts for hours, ask " +
				string(side.Partner) + "'s support.",
		})
	}
	return list
}

func (f facts) limited() []Finding {
	if f.conn.State != store.StateLimited {
		return nil
	}
	return []Finding{{
		What: "The customer didn't allow Team in Wise Agent: all works, but entries won't name the team member.",
		Next: "The customer chooses “Allow it” on the group page, and allows Team.", Since: f.conn.Since, Calm: true,
	}}
}

func (f facts) stopped() (list []Finding) {
	for _, p := range f.pushes {
		if p.State != store.PushStopped || f.now.Sub(p.FinishedAt) > pushesRemembered {
			continue
		}
		if p.StoppedByCustomer() {
			list = append(list, Finding{
				What: fmt.Sprintf("The customer stopped a push to the group %q.", p.GroupName), Since: p.FinishedAt,
				Next: "Nothing is broken: the customer opens the push under Earlier pushes and presses Retry to send the others, or Undo.", Calm: true,
			})
			continue
		}
		list = append(list, Finding{
			What: fmt.Sprintf("A push to the group %q stopped. %s", p.GroupName, p.Cause), Since: p.FinishedAt,
			Next: stoppedNext(p.Cause),
		})
	}
	return list
}

func stoppedNext(cause string) string {
	if strings.Contains(cause, "no longer in Mojo") {
		return "The customer opens Add to Mojo with the same contacts and chooses another group, or makes a new one."
	}
	return "The customer opens the push under Earlier pushes and does what it says there."
}

func (f facts) needing() (list []Finding) {
	for i, r := range f.reasons {
		if i == reasonsNamed {
			return append(list, Finding{What: "There are more reasons why deliveries need a person.", Next: "See the list of events below."})
		}
		list = append(list, Finding{
			What: fmt.Sprintf("%s: %s", deliveries(r.Events), r.Reason), Since: r.Since, Next: reasonNext(r.Reason),
		})
	}
	return list
}

// reasonNext says what a person can do about a delivery that needs one. The reasons are those of effect.go and deliver.go.
func reasonNext(reason string) string {
	switch {
	case strings.Contains(reason, "no longer in Wise Agent"):
		return "Nothing can be written while the contact is gone. If it was deleted by mistake, the customer may restore it in Wise Agent instead; then Retry."
	case strings.Contains(reason, "didn't allow"):
		return "The customer continues with Wise Agent and allows Contacts; then Retry."
	case strings.Contains(reason, "is locked"):
		return "The customer unlocks the note in Wise Agent; then Retry."
	case strings.HasPrefix(reason, unreadable):
		return "Mojo sent something new or broken. Pass the event's id on to engineering; Retry once it is understood."
	case reason == noDate:
		return "The customer gives the activity a date in Mojo, which comes here by itself; then Retry."
	case reason == notSentYet:
		return "Retry the sending of the contact first, then this."
	case strings.Contains(reason, "tried for a week"):
		return "Test both sides now; when they answer, Retry."
	}
	return "Do what Wise Agent asks for, then Retry. If it is refused again, pass the event's id on to engineering."
}

func deliveries(n int) string {
	if n == 1 {
		return "1 delivery needs a person"
	}
	return fmt.Sprintf("%d deliveries need a person", n)
}

func times(n int) string {
	if n == 1 {
		return "One was"
	}
	return fmt.Sprintf("%d were", n)
}

// roughly writes a duration in the unit that fits.
func roughly(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d seconds", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
