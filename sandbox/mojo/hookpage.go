package mojo

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// hooksShown is how many hooks the page of hooks lists, mostBurst how many
// calls it makes up at once.
const (
	hooksShown = 50
	mostBurst  = 10_000
)

// hooksView is what the page of hooks shows.
type hooksView struct {
	URL      string
	Options  HookOptions
	Counts   HookCounts
	Accounts []Account // that have somebody to call
	Most     int
	Hooks    []Hook // the newest first
	Problem  string
}

// showHooks serves GET /sandbox/hooks.
func (s *Server) showHooks(w http.ResponseWriter, r *http.Request) {
	s.renderHooks(w, http.StatusOK, "")
}

func (s *Server) renderHooks(w http.ResponseWriter, status int, problem string) {
	v := hooksView{Options: s.HookOptions(), Counts: s.HookCounts(), Most: mostBurst, Problem: problem}
	s.mu.Lock()
	v.URL = s.hookURL
	for _, h := range s.hooks[max(0, len(s.hooks)-hooksShown):] {
		shown := h.Hook
		shown.Created = shown.Created.In(s.zoneOf(h.AccountID))
		v.Hooks = append(v.Hooks, shown)
	}
	for _, a := range s.accounts {
		if len(a.contacts) > 0 {
			v.Accounts = append(v.Accounts, a.Account)
		}
	}
	s.mu.Unlock()
	slices.Reverse(v.Hooks)
	s.render(w, status, "hooks", session{}, "Hooks", v)
}

func (s *Server) zoneOf(accountID string) *time.Location {
	for _, a := range s.accounts {
		if a.ID == accountID {
			return a.zone()
		}
	}
	return time.UTC
}

// changeHooks serves POST /sandbox/hooks; the field "action" says what to do.
func (s *Server) changeHooks(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	problem := ""
	switch r.PostFormValue("action") {
	case "options":
		on := func(name string) bool { return r.PostFormValue(name) != "" }
		s.SetHookOptions(HookOptions{Doubles: on("doubles"), Disorder: on("disorder"), DropAll: on("drop"), NoFeed: on("nofeed"), Echo: on("echo")})
	case "flush":
		s.dueNow()
	case "again":
		if s.Repeat(r.Context(), r.PostFormValue("id"), 1) != nil {
			problem = "The service didn't take the hook once more."
		}
	case "burst":
		problem = s.burstFromPage(r)
	default:
		problem = "The page doesn't know that button. Try again."
	}
	if problem != "" {
		s.renderHooks(w, http.StatusUnprocessableEntity, problem)
		return
	}
	http.Redirect(w, r, "/sandbox/hooks", http.StatusSeeOther)
}

// burstFromPage makes up calls, and says why it doesn't.
func (s *Server) burstFromPage(r *http.Request) string {
	n, err := strconv.Atoi(r.PostFormValue("calls"))
	if err != nil || n < 1 || n > mostBurst {
		return "Give a number of calls from 1 to " + strconv.Itoa(mostBurst) + "."
	}
	s.mu.Lock()
	known := slices.ContainsFunc(s.accounts, func(a *account) bool {
		return a.ID == r.PostFormValue("account") && len(a.contacts) > 0
	})
	s.mu.Unlock()
	if !known {
		return "Choose an account that has contacts."
	}
	s.Burst(r.PostFormValue("account"), n)
	return ""
}

// dueNow makes what waits due, whatever the schedule says.
func (s *Server) dueNow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.waiting {
		h.nextAt = time.Time{}
	}
	s.changed.Broadcast()
}
