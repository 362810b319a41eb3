package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"

	"addtomojo/store"
)

const (
	sessionIdle     = 30 * time.Minute // a session nobody used for this long is over
	sessionLife     = 12 * time.Hour   // and this long after signing in it is over in any case
	sessionTouch    = time.Minute      // how stale SeenAt may become before a request writes it
	sessionLaunches = 50               // launches a session remembers, the newest ones
	sessionConsents = 8                // visits to Wise Agent's consent page it remembers
	sessionTimeout  = 10 * time.Second // for writing a session whose request has already gone
)

// visitor is what a session knows of the person at the browser. Nothing in it is secret.
type visitor struct {
	Email    string   `json:"-"`                  // Wise Agent account that signed in, "" when nobody has; a column of its own
	Browser  string   `json:"browser"`            // random; stays when the session's id changes, so that a consent under way survives it
	Launches []string `json:"launches,omitempty"` // ids this browser opened, oldest first
	// Reconnects are launches of reconnect links that this browser opened, oldest first. There is nothing to add in them.
	Reconnects []string  `json:"reconnects,omitempty"`
	TimeZone   string    `json:"tz,omitempty"`       // IANA name as the browser told it, "" when it didn't
	Consents   []consent `json:"consents,omitempty"` // the last visits to Wise Agent's consent page, oldest first

	Back back `json:"back,omitzero"` // where signing in at that launch leads

	Staff *staffMember `json:"staff,omitempty"` // of a staff session, which holds nothing else
}

// back is a paused push from whose page somebody went to a launch's page to sign in again.
type back struct {
	Launch string `json:"launch"`
	Push   string `json:"push"`
}

// consent is a visit to Wise Agent's consent page and the launch it was for.
type consent struct {
	State  string `json:"state"` // hashed
	Launch string `json:"launch"`
}

// consent remembers what launch a visit with this state is for.
func (v *visitor) consent(state, launchID string) {
	v.Consents = append(v.Consents, consent{State: hashState(state), Launch: launchID})
	if extra := len(v.Consents) - sessionConsents; extra > 0 {
		v.Consents = slices.Delete(v.Consents, 0, extra)
	}
}

// consented is the launch of the visit with this state, "" for one that isn't this browser's.
func (v *visitor) consented(state string) string {
	hash := hashState(state)
	for _, c := range v.Consents {
		if c.State == hash {
			return c.Launch
		}
	}
	return ""
}

// holds says whether this browser opened the launch.
func (v *visitor) holds(launchID string) bool {
	return slices.Contains(v.Launches, launchID) || slices.Contains(v.Reconnects, launchID)
}

// hold remembers a launch, in a list of its own when it is a reconnect link's.
func (v *visitor) hold(launchID string, reconnect bool) {
	if launchID == "" || v.holds(launchID) {
		return
	}
	list := &v.Launches
	if reconnect {
		list = &v.Reconnects
	}
	*list = append(*list, launchID)
	if extra := len(*list) - sessionLaunches; extra > 0 {
		*list = slices.Delete(*list, 0, extra)
	}
}

// visitorKey is the one key in a session's Values; its value is a *visitor.
const visitorKey = "visitor"

// createdKey holds the time.Time of the session's beginning, seenAtKey that of its last use.
const (
	createdKey = "created"
	seenAtKey  = "seen"
)

// sessionStore keeps sessions in the database, behind gorilla's Store. The cookie carries a random id signed with the
// session keys; the database knows only the id's SHA-256, so that a stolen copy of it opens no session.
type sessionStore struct {
	Store  *store.Store
	Codecs []securecookie.Codec
	Secure bool // BaseURL is https
	Staff  bool // the sessions of support staff: a cookie and rows of their own, which no customer's session can stand for
	Now    func() time.Time

	changing sync.Mutex // one change of a session at a time: rows are written whole
}

var _ sessions.Store = (*sessionStore)(nil)

// newSessionStore takes the signing keys, the first signs, all are accepted.
func newSessionStore(s *store.Store, keys [][]byte, secure bool, now func() time.Time) (*sessionStore, error) {
	if len(keys) == 0 {
		return nil, errors.New("sessions: no key to sign cookies with")
	}
	st := &sessionStore{Store: s, Secure: secure, Now: now}
	for i, key := range keys {
		if len(key) < 32 {
			return nil, fmt.Errorf("sessions: key %d is shorter than 32 bytes", i+1)
		}
		// No age in the cookie: the row decides. No encryption: the id is random and says nothing.
		st.Codecs = append(st.Codecs, securecookie.New(key, nil).MaxAge(0).SetSerializer(securecookie.NopEncoder{}))
	}
	return st, nil
}

// cookieName is __Host-addtomojo where cookies can be Secure, and the plain name on http; staff's ends in -staff.
func (st *sessionStore) cookieName() string {
	name := "addtomojo"
	if st.Staff {
		name += "-staff"
	}
	if st.Secure {
		return "__Host-" + name
	}
	return name
}

// rowID is the id of a session's row: a hash, and of staff's and customers' sessions another one.
func (st *sessionStore) rowID(id string) string {
	if st.Staff {
		return hashID("staff " + id)
	}
	return hashID(id)
}

// options are the attributes of the session's cookie. It lives as long as the browser; the row decides about the rest.
func (st *sessionStore) options() *sessions.Options {
	return &sessions.Options{Path: "/", Secure: st.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

// Get returns the request's session, the same one for the whole request.
func (st *sessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(st, name)
}

// New returns the session that the request's cookie names, or a fresh one when there is no cookie, it isn't ours or its
// row is gone. The error is the database's.
func (st *sessionStore) New(r *http.Request, name string) (*sessions.Session, error) {
	s := sessions.NewSession(st, name)
	s.Options = st.options()
	s.ID = st.cookieID(r, name)
	return s, st.load(r.Context(), s)
}

// load reads the session's row again. Without a row the session is a fresh one, without an id.
func (st *sessionStore) load(ctx context.Context, s *sessions.Session) error {
	id := s.ID
	s.ID, s.IsNew = "", true
	s.Values = map[any]any{visitorKey: &visitor{}}
	if id == "" {
		return nil
	}
	row, err := st.Store.Session(ctx, st.rowID(id), st.Now())
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("load session: %w", err)
	}
	v := &visitor{}
	if err := json.Unmarshal(row.Data, v); err != nil {
		return fmt.Errorf("load session: %w", err)
	}
	if (v.Staff != nil) != st.Staff {
		return nil
	}
	v.Email = row.Email
	s.ID, s.IsNew = id, false
	s.Values = map[any]any{visitorKey: v, createdKey: row.CreatedAt, seenAtKey: row.SeenAt}
	return nil
}

// cookieID is the session id in the request's cookie, "" when there is none that we signed.
func (st *sessionStore) cookieID(r *http.Request, name string) string {
	cookie, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	var id []byte
	if securecookie.DecodeMulti(name, cookie.Value, &id, st.Codecs...) != nil {
		return ""
	}
	return string(id)
}

// Save writes the session's row and cookie. With a negative Options.MaxAge it deletes both. A session without an id
// gets a new one; one that has been ended since it was loaded is store.ErrNotFound and stays ended.
func (st *sessionStore) Save(r *http.Request, w http.ResponseWriter, s *sessions.Session) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), sessionTimeout)
	defer cancel()
	if s.Options.MaxAge < 0 {
		return st.end(ctx, w, s)
	}
	now, save := st.Now(), st.Store.SaveSession
	if s.ID == "" {
		s.ID, s.Values[createdKey] = randomID(), now
		save = st.Store.CreateSession
	}
	v := visitorOf(s)
	if v.Browser == "" {
		v.Browser = randomID()
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("save session: %w", err)
	}
	created := s.Values[createdKey].(time.Time)
	row := store.Session{ID: st.rowID(s.ID), Data: data, Email: v.Email, CreatedAt: created, SeenAt: now, ExpiresAt: expiry(created, now)}
	if err := save(ctx, row); err != nil {
		return fmt.Errorf("save session: %w", err)
	}
	s.IsNew, s.Values[seenAtKey] = false, now
	value, err := securecookie.EncodeMulti(s.Name(), []byte(s.ID), st.Codecs...)
	if err != nil {
		return fmt.Errorf("sign session cookie: %w", err)
	}
	setCookie(w, sessions.NewCookie(s.Name(), value, s.Options))
	return nil
}

// end deletes the row: from here on the cookie opens nothing, whoever has a copy of it.
func (st *sessionStore) end(ctx context.Context, w http.ResponseWriter, s *sessions.Session) error {
	if s.ID != "" {
		if err := st.Store.DeleteSession(ctx, st.rowID(s.ID)); err != nil {
			return fmt.Errorf("end session: %w", err)
		}
	}
	setCookie(w, sessions.NewCookie(s.Name(), "", s.Options))
	return nil
}

// visitorOf is who the session belongs to; changing it and saving the session keeps the change.
func visitorOf(s *sessions.Session) *visitor { return s.Values[visitorKey].(*visitor) }

// over says whether the session has ended since the request loaded it: signed out, or expired.
func (st *sessionStore) over(ctx context.Context, s *sessions.Session) bool {
	_, err := st.Store.Session(ctx, st.rowID(s.ID), st.Now())
	return errors.Is(err, store.ErrNotFound)
}

// touch notes that the session is in use, at most once in sessionTouch.
func (st *sessionStore) touch(w http.ResponseWriter, r *http.Request, s *sessions.Session) error {
	if seen, ok := s.Values[seenAtKey].(time.Time); !ok || st.Now().Sub(seen) < sessionTouch {
		return nil
	}
	st.changing.Lock()
	defer st.changing.Unlock()
	if err := st.load(r.Context(), s); err != nil || s.IsNew {
		return err // signed out meanwhile: don't bring it back
	}
	err := s.Save(r, w)
	if errors.Is(err, store.ErrNotFound) {
		return st.load(r.Context(), s) // ended just now: a fresh one from here on
	}
	return err
}

// change lets f change the visitor and saves the session. It reads the row again first, so that of two tabs opened at
// once neither loses what the other wrote.
func (st *sessionStore) change(w http.ResponseWriter, r *http.Request, s *sessions.Session, f func(*visitor)) error {
	st.changing.Lock()
	defer st.changing.Unlock()
	if !s.IsNew {
		if err := st.load(r.Context(), s); err != nil {
			return err
		}
	}
	f(visitorOf(s))
	if err := s.Save(r, w); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err := st.load(r.Context(), s); err != nil { // ended since: what f keeps is a stranger's
		return err
	}
	f(visitorOf(s))
	return s.Save(r, w)
}

// signIn makes the session that of email, under a new id: a cookie planted before signing in opens nothing afterwards.
// A session that was somebody else's is replaced and not merged. An anonymous session's launches were opened by the
// same browser and stay. f may change the visitor further.
func (st *sessionStore) signIn(w http.ResponseWriter, r *http.Request, s *sessions.Session, email string, f func(*visitor)) error {
	st.changing.Lock()
	defer st.changing.Unlock()
	old := s.ID
	if !s.IsNew {
		if err := st.load(r.Context(), s); err != nil {
			return err
		}
	}
	v := visitorOf(s)
	if v.Email != "" && v.Email != email {
		v = &visitor{TimeZone: v.TimeZone}
	}
	v.Email = email
	f(v)
	s.ID, s.Values[visitorKey] = "", v
	if err := s.Save(r, w); err != nil || old == "" {
		return err
	}
	if err := st.Store.DeleteSession(r.Context(), st.rowID(old)); err != nil {
		return fmt.Errorf("rotate session: %w", err)
	}
	return nil
}

// signOut deletes the session's row and cookie.
func (st *sessionStore) signOut(w http.ResponseWriter, r *http.Request, s *sessions.Session) error {
	st.changing.Lock()
	defer st.changing.Unlock()
	s.Options.MaxAge = -1
	return s.Save(r, w)
}

// setCookie replaces a cookie of the same name that this answer already sets, where http.SetCookie would add another.
func setCookie(w http.ResponseWriter, c *http.Cookie) {
	prefix := c.Name + "="
	kept := slices.DeleteFunc(w.Header().Values("Set-Cookie"), func(line string) bool {
		return len(line) >= len(prefix) && line[:len(prefix)] == prefix
	})
	w.Header()["Set-Cookie"] = kept
	http.SetCookie(w, c)
}

// expiry is when a session that began at created and was last used at seen is over.
func expiry(created, seen time.Time) time.Time {
	if end := created.Add(sessionLife); end.Before(seen.Add(sessionIdle)) {
		return end
	}
	return seen.Add(sessionIdle)
}

// randomID is 256 random bits in hex.
func randomID() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails, see crypto/rand
	return hex.EncodeToString(b)
}

func hashID(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}
