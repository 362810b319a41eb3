package web

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"addtomojo/store"
	"addtomojo/views"
)

const (
	// nowRemembers is how far back stopped pushes and refused hooks are still wrong right now.
	nowRemembers = 7 * 24 * time.Hour
	// nowNames is how many accounts each cause names.
	nowNames = 5
	// fullRemembered is how long a full disk is spoken of.
	fullRemembered = 10 * time.Minute
)

// showNow shows what is wrong right now over all accounts, grouped by cause.
func (a *app) showNow(c echo.Context) error {
	ctx, now := c.Request().Context(), a.now()
	from := now.Add(-nowRemembers)
	found, err := a.Store.Troubles(ctx, from)
	if err != nil {
		return err
	}
	page := views.SupportNow{Page: a.staffPage("Right now"), Staff: a.staffView(c), Now: now, Groups: a.ownTroubles()}
	for _, t := range found {
		conns, err := a.Store.Troubled(ctx, t, from, nowNames)
		if err != nil {
			return err
		}
		group := troubleGroup(t)
		group.Rows, group.More = a.accountRows(conns), max(0, t.Accounts-len(conns))
		page.Groups = append(page.Groups, group)
	}
	if err := a.audited(c, auditNow, "", many(len(page.Groups), "cause", "causes")); err != nil {
		return err
	}
	return a.render(c, http.StatusOK, views.SupportNowPage(page))
}

// ownTroubles are those of the service itself.
func (a *app) ownTroubles() (groups []views.TroubleGroup) {
	if full := a.Store.FullAt(); !full.IsZero() && time.Since(full) < fullRemembered {
		groups = append(groups, views.TroubleGroup{
			What: "Our disk is full: nothing new can be saved.", Count: "All accounts", Since: full,
			Next: "Tell the operator to make room on the database's disk. Mojo sends its hooks again; what was saved is safe.",
		})
	}
	return groups
}

// troubleGroup is a trouble in plain words, with what helps.
func troubleGroup(t store.Trouble) views.TroubleGroup {
	t.Cause = veil{}.text(t.Cause)
	g := views.TroubleGroup{What: t.Cause, Since: t.Since, Count: many(t.Accounts, "account", "accounts")}
	switch t.Kind {
	case store.TroubleSignIn:
		g.Next = "Each customer signs in to " + sideName(t.Key) + " again. Their work waits for 30 days."
	case store.TroubleSilent:
		g.Calm, g.Next = true, "Nothing to do: what waits goes out when "+sideName(t.Key)+" answers again. If it lasts for hours, ask its support."
	case store.TroubleDelivery:
		g.What = "Deliveries need a person: " + t.Cause
		g.Count += ", " + many(t.Times, "delivery", "deliveries")
		g.Next = "Open an account: it says what to do, and has Retry."
	case store.TroublePush:
		g.What = "Pushes stopped: " + t.Cause
		g.Count += ", " + many(t.Times, "push", "pushes")
		g.Next = "Open an account: it says what the customer does next."
	case store.TroubleHooks:
		g.What, g.Next = hookTrouble(store.HookReason(t.Key))
		g.Count += ", " + many(t.Times, "hook", "hooks")
	case store.TroubleRevocation:
		g.What = "Old tokens can't be revoked yet: " + sideName(t.Key) + " isn't answering."
		g.Calm, g.Count = true, many(t.Times, "token", "tokens")
		g.Next = "It is tried for 24 hours after each reset. After that the customer can remove the access in " + sideName(t.Key) + "."
	}
	return g
}

func hookTrouble(reason store.HookReason) (what, next string) {
	if reason == store.HookClock {
		return "Hooks are refused: Mojo's clock and ours differ by more than 5 minutes.", "Tell the operator to set the server's clock (NTP); if ours is right, tell Mojo."
	}
	return "Hooks are refused: their signature fits none of our secrets.", "Tell the operator to compare MOJO_WEBHOOK_SECRETS with the secret that is set in Mojo."
}

// sideName is a side as people read it.
func sideName(side string) string {
	if side == string(store.Wise) {
		return "Wise Agent"
	}
	return "Mojo"
}

// many writes a number with the word that fits it.
func many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return comma(n) + " " + more
}
