package wiseagent

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// launchByGet is up to how many contacts a launch is a GET; more go by a form.
const launchByGet = 20

// Sign gives the signature of a launch: hex HMAC-SHA256 with the launch secret over contacts, nonce, ts and user as key=value
// lines in that order, joined by \n.
func Sign(secret string, fields url.Values) string {
	var lines []string
	for _, key := range []string{"contacts", "nonce", "ts", "user"} {
		lines = append(lines, key+"="+fields.Get(key))
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(mac.Sum(nil))
}

// addToMojo answers in the popup that Actions → Add to Mojo opens. It signs the launch at this moment, so that the time and the
// nonce are those of the click, and passes the browser on to the service: by a redirect for a few contacts, by a form that
// sends itself for many.
func (s *Server) addToMojo(w http.ResponseWriter, r *http.Request, user *account) {
	if err := r.ParseForm(); err != nil {
		s.problem(w, r, http.StatusBadRequest, "The selection could not be read. Go back and try again.")
		return
	}
	ids := s.selection(user, r.Form)
	fields := s.Launch(user.user.Email, ids)
	s.mu.Lock()
	to := s.cfg.LaunchURL
	s.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	if len(ids) <= launchByGet {
		http.Redirect(w, r, withQuery(to, fields), http.StatusSeeOther)
		return
	}
	s.render(w, r, http.StatusOK, "launch", launchView{To: to, Count: len(ids), Fields: pairs(fields)})
}

// withQuery adds the fields to an address.
func withQuery(to string, fields url.Values) string {
	if strings.Contains(to, "?") {
		return to + "&" + fields.Encode()
	}
	return to + "?" + fields.Encode()
}

// selection gives the ids of the checked rows, or of everything that the list shows when "select all" is checked.
func (s *Server) selection(user *account, form url.Values) []string {
	if form.Get("all") == "" {
		return form["id"]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for _, row := range user.rows(form.Get("q"), form.Get("kind")) {
		ids = append(ids, row.ID)
	}
	return ids
}

// A launchView is the page in the popup whose form sends itself to the service.
type launchView struct {
	To     string
	Count  int
	Fields []pair
}

// A pair is one hidden field of a form.
type pair struct{ Name, Value string }

// pairs gives the fields by name.
func pairs(fields url.Values) []pair {
	var all []pair
	for name := range fields {
		all = append(all, pair{name, fields.Get(name)})
	}
	slices.SortFunc(all, func(a, b pair) int { return strings.Compare(a.Name, b.Name) })
	return all
}
