package web

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"addtomojo/store"
)

// staffRoutes are all routes of the support console: who may ask, and what is answered who may. Where the least role is ""
// everybody may ask, and signedIn is what somebody gets who needn't.
var staffRoutes = []struct {
	route    string
	least    role
	status   int
	signedIn int
}{
	{"GET /support", roleViewer, 200, 0},
	{"POST /support", roleViewer, 303, 0},
	{"GET /support/now", roleViewer, 200, 0},
	{"GET /support/launches/:launch", roleViewer, 200, 0},
	{"GET /support/accounts/:account", roleViewer, 200, 0},
	{"POST /support/accounts/:account/show", roleViewer, 303, 0},
	{"POST /support/accounts/:account/find", roleViewer, 303, 0},
	{"POST /support/accounts/:account/test", roleViewer, 303, 0},
	{"POST /support/accounts/:account/retry", roleOperator, 303, 0},
	{"POST /support/accounts/:account/events/:event/retry", roleOperator, 303, 0},
	{"POST /support/accounts/:account/link", roleOperator, 200, 0},
	{"POST /support/accounts/:account/sessions", roleOperator, 303, 0},
	{"GET /support/audit", roleViewer, 200, 0},
	{"POST /support/audit", roleViewer, 303, 0},

	{"GET /support/signin", "", 200, 303},
	{"GET /support/signin/link/:token", "", 410, 410},
	{"POST /support/signin/link/:token", "", 410, 410},
	{"GET /support/oidc/start", "", 404, 404}, // not set up here
	{"GET /support/oidc/callback", "", 404, 404},
	{"POST /support/signout", "", 303, 303},
}

// staffPath fills a route's pattern in with what the customer has.
func staffPath(pattern string, conn store.Connection, launch string) string {
	return strings.NewReplacer(":account", conn.ID, ":event", store.NewID(), ":launch", strings.TrimPrefix(launch, "/add/")).Replace(pattern)
}

func TestEveryStaffRouteIsInTheTable(t *testing.T) {
	routes, err := newHouse(t, nil).server.Routes()
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, r := range routes {
		if r.Pattern == supportPath || strings.HasPrefix(r.Pattern, supportPath+"/") {
			got = append(got, r.Method+" "+r.Pattern)
		}
	}
	for _, r := range staffRoutes {
		want = append(want, r.route)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("routes: got\n%s\nthe table has\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// The matrix of roles and routes: every cell is asked for.
func TestWhoOfStaffMayDoWhat(t *testing.T) {
	h := newHouse(t, nil)
	customer := h.browser()
	launch := customer.connect(1)
	conn, err := h.store.ConnectionByEmail(t.Context(), jane)
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range []struct {
		name    string
		role    role
		browser func() *browser
	}{
		{"nobody", "", h.browser},
		{"a customer", "", func() *browser { return customer }},
		{"a viewer", roleViewer, func() *browser { return h.staff(vera, roleViewer) }},
		{"an operator", roleOperator, func() *browser { return h.staff(sam, roleOperator) }},
	} {
		for _, row := range staffRoutes {
			method, pattern, _ := strings.Cut(row.route, " ")
			got := who.browser().ask(method, staffPath(pattern, conn, launch))
			want, leads := row.status, ""
			switch {
			case row.least == "" && who.role != "":
				want = row.signedIn
			case row.least != "" && who.role == "" && method == http.MethodGet:
				want, leads = http.StatusSeeOther, supportSignInPath
			case row.least != "" && who.role == "":
				want = http.StatusUnauthorized
			case row.least != "" && !who.role.may(row.least):
				want = http.StatusForbidden
				if audits := h.audits(); audits[0] != vera+" viewer refused" {
					t.Errorf("%s for %s: the refusal isn't in the audit log: %q", row.route, who.name, audits[0])
				}
			}
			if got.status != want || leads != "" && got.location != leads {
				t.Errorf("%s for %s: got %d to %q, want %d %s", row.route, who.name, got.status, got.location, want, leads)
			}
		}
	}
	customer.get("/pushes").want(401) // an operator ended the customer's sessions
}

// ask sends a GET, or a form as the pages do.
func (b *browser) ask(method, path string) *answer {
	b.t.Helper()
	if method == http.MethodGet {
		return b.get(path)
	}
	return b.post(path, nil)
}

// A viewer who presses an operator's button is told so, nothing is done, and the try is in the audit log.
func TestAViewerMayOnlyLook(t *testing.T) {
	h := newHouse(t, nil)
	a, err := h.server.app()
	if err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	e.HTTPErrorHandler = a.problem
	e.Use(a.headers)
	done := 0
	act := func(c echo.Context) error {
		done++
		if err := a.audited(c, "retry", "", "2 calls"); err != nil {
			return err
		}
		return a.seeOther(c, supportPath)
	}
	a.routes(e)
	e.POST("/support/retry", act, a.staff(roleOperator))
	front := httptest.NewServer(e)
	t.Cleanup(front.Close)

	viewer, operator, nobody := h.staff(vera, roleViewer).at(front.URL), h.staff(sam, roleOperator).at(front.URL), h.browser().at(front.URL)
	viewer.post("/support/retry", nil).want(403).says("Your role doesn't allow this", "Ask an operator", vera)
	nobody.post("/support/retry", nil).want(401).says("You are signed out", "was not done", "Sign in")
	if done != 0 {
		t.Errorf("done %d times, want 0", done)
	}
	if got, want := h.audits()[0], vera+" viewer refused"; got != want {
		t.Errorf("audit log: got %q, want %q", got, want)
	}
	operator.post("/support/retry", nil).to(supportPath)
	if got, want := h.audits()[0], sam+" operator retry"; done != 1 || got != want {
		t.Errorf("done %d times, audit log: got %q, want once and %q", done, got, want)
	}
	operator.get(supportAuditPath).says("Retried 2 calls", "Was refused only operators may: /support/retry")
}

func TestStaffProblemPages(t *testing.T) {
	h := newHouse(t, nil)
	b := h.staff(sam, roleOperator)
	h.browser().get("/support/no/such/page").want(404).says("We can't find this page", "Sign in")
	page := b.get("/support/no/such/page").want(404)
	if strings.Contains(page.text(), "Wise Agent") {
		t.Errorf("page: got %q, want nothing that is meant for customers", page.text())
	}
	customer := h.browser()
	launch, err := h.store.Launch(t.Context(), strings.TrimPrefix(customer.connect(1), "/add/"))
	if err != nil {
		t.Fatal(err)
	}
	if text := customer.get("/support/no/such/page").want(404).text(); strings.Contains(text, launch.Code) || !strings.Contains(text, "Support code") {
		t.Errorf("page: got %q, want a code of its own", text)
	}
}
