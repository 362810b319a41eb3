package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"addtomojo/store"
)

const (
	sam  = "sam.support@example.com"  // an operator
	vera = "vera.support@example.com" // a viewer
)

// staffLink makes a one-time link and gives its path.
func (h *house) staffLink(email string, as role) string {
	h.t.Helper()
	link, err := h.server.NewStaffLink(h.t.Context(), email, string(as), StaffLinkLife)
	if err != nil {
		h.t.Fatal(err)
	}
	return strings.TrimPrefix(link, h.url)
}

// staff is a browser that is signed in to /support.
func (h *house) staff(email string, as role) *browser {
	h.t.Helper()
	b := h.browser()
	b.post(h.staffLink(email, as), nil).to(supportPath)
	return b
}

// audits are all lines of the audit log, the newest first, as "who role action".
func (h *house) audits() []string {
	h.t.Helper()
	found, _, err := h.store.Audits(h.t.Context(), store.AuditFilter{Limit: 1000})
	if err != nil {
		h.t.Fatal(err)
	}
	var list []string
	for _, v := range found {
		list = append(list, fmt.Sprintf("%s %s %s", v.Who, v.Role, v.Action))
	}
	return list
}

func TestStaffSignInByLink(t *testing.T) {
	h := newHouse(t, nil)
	link := h.staffLink(sam, roleOperator)
	scanner, b := h.browser(), h.browser()
	for range 3 {
		scanner.get(link).want(200).says("Sign in as s***@example.com")
	}
	b.get("/support/audit?who=vera").to(supportSignInPath)
	b.post(link, nil).to("/support/audit?who=vera") // back to what was asked for
	b.get("/support/audit").want(200).says(sam, "operator", "Signed in with a one-time link")
	b.get(supportSignInPath).to(supportPath)

	scanner.get(link).want(410).says("This link doesn't work any more")
	scanner.post(link, nil).want(410)
	scanner.get("/support/audit").to(supportSignInPath)

	want := []string{sam + " operator audit", sam + " operator sign-in", sam + " operator link"}
	if got := h.audits(); !slices.Equal(got, want) {
		t.Errorf("audit log: got %q, want %q", got, want)
	}
	if strings.Contains(h.log.String(), strings.TrimPrefix(link, supportLinkPath+"/")) {
		t.Error("the log holds the link's secret")
	}
}

func TestStaffLinkEnds(t *testing.T) {
	h := newHouse(t, nil)
	link := h.staffLink(sam, roleOperator)
	h.clock.advance(StaffLinkLife - time.Second)
	h.browser().get(link).want(200)
	h.clock.advance(time.Second)
	h.browser().get(link).want(410)
	h.browser().post(link, nil).want(410).says("10 minutes")
}

func TestNewStaffLinkRoles(t *testing.T) {
	h := newHouse(t, func(s *Server) { s.Support.Operators = []string{" Sam.Support@example.com "} })
	for _, tt := range []struct {
		email, role, want string
	}{
		{sam, "", "operator"}, {"SAM.support@EXAMPLE.com", "", "operator"}, {vera, "", "viewer"}, {sam, "viewer", "viewer"}, {vera, "operator", "operator"},
	} {
		b := h.browser()
		b.post(h.staffLink(tt.email, role(tt.role)), nil).to(supportPath)
		b.get("/support/audit").want(200)
		if got, want := h.audits()[0], plainEmail(tt.email)+" "+tt.want+" audit"; got != want {
			t.Errorf("%s as %q: got %q, want %q", tt.email, tt.role, got, want)
		}
	}
	for _, bad := range [][2]string{{"", ""}, {"sam", ""}, {"a b@example.com", ""}, {sam, "admin"}} {
		if link, err := h.server.NewStaffLink(t.Context(), bad[0], bad[1], time.Minute); err == nil {
			t.Errorf("%q: got %s, want an error", bad, link)
		}
	}
}

// staffCookie is the staff session's cookie as the browser has it.
func (b *browser) staffCookie() string {
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.h.url, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.http.Jar.Cookies(r.URL) {
		if c.Name == "addtomojo-staff" {
			return c.Value
		}
	}
	return ""
}

// getWith sends a GET with one cookie and nothing else.
func (h *house) getWith(path, cookie, value string) *answer {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.url+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: cookie, Value: value})
	return h.browser().do(r)
}

func TestStaffSignOutEndsTheSession(t *testing.T) {
	h := newHouse(t, nil)
	b := h.staff(sam, roleOperator)
	cookie := b.staffCookie()
	h.getWith(supportAuditPath, "addtomojo-staff", cookie).want(200)
	b.post(supportSignOutPath, nil).to(supportSignInPath)
	b.get(supportSignInPath).want(200).says("You are signed out.")
	b.get(supportAuditPath).to(supportSignInPath)
	h.getWith(supportAuditPath, "addtomojo-staff", cookie).to(supportSignInPath) // a copy opens nothing
	if got, want := h.audits()[0], sam+" operator sign-out"; got != want {
		t.Errorf("audit log: got %q, want %q", got, want)
	}
	b.post(supportSignOutPath, nil).to(supportSignInPath) // twice is once
}

func TestStaffSessionExpires(t *testing.T) {
	h := newHouse(t, nil)
	b := h.staff(sam, roleOperator)
	h.clock.advance(sessionIdle - time.Second)
	b.get(supportAuditPath).want(200)
	h.clock.advance(sessionIdle - time.Second)
	b.get(supportAuditPath).want(200)
	h.clock.advance(sessionIdle)
	b.get(supportAuditPath).to(supportSignInPath)

	b = h.staff(sam, roleOperator)
	for end := h.clock.Now().Add(sessionLife); h.clock.Now().Before(end.Add(-20 * time.Minute)); h.clock.advance(20 * time.Minute) {
		b.get(supportAuditPath).want(200)
	}
	h.clock.advance(20 * time.Minute)
	b.get(supportAuditPath).to(supportSignInPath)
}

// A part that a page asks for by itself keeps nobody signed in, and without a session leads to the sign-in and back to its page.
func TestStaffPartsAreNoUse(t *testing.T) {
	h := newHouse(t, nil)
	b := h.staff(sam, roleOperator)
	part := func() *answer {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+supportAuditPath, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("HX-Request", "true")
		r.Header.Set("HX-Current-URL", h.url+"/support/audit?who=vera")
		return b.do(r)
	}
	h.clock.advance(sessionIdle - time.Minute)
	part().want(200)
	h.clock.advance(time.Minute)
	if got := part().want(200).header.Get("HX-Redirect"); got != supportSignInPath {
		t.Errorf("part of an ended session: got %q, want %s", got, supportSignInPath)
	}
	b.post(h.staffLink(sam, roleOperator), nil).to("/support/audit?who=vera")
}

func TestStaffSignInLeadsNowhereElse(t *testing.T) {
	for address, want := range map[string]bool{
		"/support": true, "/support?q=kate": true, "/support/accounts/x": true, "/support/audit?who=a": true,
		"/supportive": false, "//example.com/support": false, "https://example.com/support": false, "": false,
		supportSignInPath: false, supportSignOutPath: false, "/reset": false,
	} {
		if got := leadsBack(address); got != want {
			t.Errorf("%s: got %t, want %t", address, got, want)
		}
	}
}

func TestStaffCookieIsItsOwn(t *testing.T) {
	r := newRoom(t, true)
	r.Staff = true
	req, s := r.request(nil)
	w := httptest.NewRecorder()
	if err := r.signIn(w, req, s, "", func(v *visitor) { v.Staff = &staffMember{Email: sam, Role: roleViewer, Via: viaLink} }); err != nil {
		t.Fatal(err)
	}
	cookie := onlyCookie(t, w)
	if cookie.Name != "__Host-addtomojo-staff" || !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" {
		t.Errorf("cookie: got %+v", cookie)
	}
}

// A customer's cookie opens nothing of staff's and the other way round, under either name.
func TestStaffAndCustomersAreNotMixed(t *testing.T) {
	h := newHouse(t, nil)
	customer := h.browser()
	customer.connect(1)
	staff := h.staff(sam, roleOperator)
	own := customer.cookie()
	for _, name := range []string{"addtomojo", "addtomojo-staff"} {
		h.getWith(supportAuditPath, name, own).to(supportSignInPath)
		if name == "addtomojo-staff" {
			h.getWith("/pushes", name, own).want(401)
		}
		h.getWith("/pushes", name, staff.staffCookie()).want(401)
	}
	staff.get("/pushes").want(401)
	customer.get(supportAuditPath).to(supportSignInPath)

	// Somebody who is both signs out of one and stays in the other, and ending a customer's sessions ends no staff's.
	customer.post(h.staffLink(jane, roleViewer), nil)
	customer.get(supportAuditPath).want(200)
	customer.get("/pushes").want(200)
	if _, err := h.store.EndSessions(t.Context(), jane); err != nil {
		t.Fatal(err)
	}
	customer.get(supportAuditPath).want(200)
	customer.get("/pushes").want(401)
}

// Even with the very same id in both cookies the rows are two.
func TestStaffRowsAreTheirOwn(t *testing.T) {
	r := newRoom(t, true)
	cookie := r.signedIn(nil, jane)
	staff, err := newSessionStore(r.Store, [][]byte{keyA}, true, r.clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	staff.Staff = true
	req, _ := r.request(cookie)
	if id := r.cookieID(req, cookie.Name); id == "" || staff.rowID(id) == r.rowID(id) {
		t.Errorf("row of %q: got the same for staff and customers", id)
	}
}

func TestFullDiskLetsStaffLook(t *testing.T) {
	h := newHouse(t, nil)
	a := &app{Server: h.server}
	v := store.Audit{Who: sam, Role: "operator", Action: "account", ConnectionID: "c-1", Detail: "kate@example.com 555-0101"}
	if err := a.logInstead(v, fmt.Errorf("add audit: %w", store.ErrFull)); err != nil {
		t.Errorf("on a full disk: got %v, want none", err)
	}
	if log := h.log.String(); !strings.Contains(log, sam) || !strings.Contains(log, "c-1") || strings.Contains(log, "kate") || strings.Contains(log, "555") {
		t.Errorf("log: got %q, want who, what and the account's id, and nothing of the customer's", log)
	}
	if err := a.logInstead(v, store.ErrStale); err == nil {
		t.Error("another failure: got no error, want it")
	}
}

// An address that tries link after link has to wait; others don't.
func TestStaffSignInsArePaced(t *testing.T) {
	h := newHouse(t, func(s *Server) { s.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} })
	try := func(address string) *answer {
		return h.browser().post(supportLinkPath+"/"+randomID(), nil, "X-Forwarded-For", address)
	}
	for range signInsAtOnce {
		try("203.0.113.7").want(410)
	}
	if got := try("203.0.113.7").want(429).says("That was a lot at once"); got.header.Get("Retry-After") == "" {
		t.Error("got no Retry-After")
	}
	try("203.0.113.8").want(410)
	h.clock.advance(time.Minute)
	try("203.0.113.7").want(410)
}
