package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"addtomojo/bridge"
	"addtomojo/store"
)

// party is a house with two connected customers: jane, whose launch and push are asked for, and joe.
type party struct {
	*house
	jane, joe    *browser
	launch, push string // jane's paths
}

func newParty(t *testing.T) *party {
	h := newHouse(t, nil)
	h.work()
	p := &party{house: h, jane: h.browser(), joe: h.browser()}
	p.launch = p.jane.connect(2)
	p.push = p.jane.push(p.launch)
	p.jane.ended(p.push, store.PushDone)
	launch := p.joe.launch(1)
	fran := url.Values{"pin": {"310577"}, "login": {"fran"}, "password": {"fran-sandbox"}}
	p.joe.get(p.joe.atWiseAgent(p.joe.post(launch+"/mojo", fran).to(h.wiseURL), joe, allScopes...)).to(launch)
	return p
}

// path fills a route's pattern in with jane's launch and push.
func (p *party) path(pattern string) string {
	path := strings.Replace(pattern, "/add/:launch", p.launch, 1)
	path = strings.Replace(path, "/push/:push", p.push, 1)
	return strings.Replace(path, "/static/*", "/static/app.css", 1)
}

func (p *party) ask(b *browser, r Route) *answer {
	if r.Method == http.MethodGet {
		return b.get(p.path(r.Pattern))
	}
	form := url.Values{"push": {store.NewID()}, "group": {strconv.FormatInt(p.hot, 10)}, "name": {store.NewID()}, "contacts": {"1"}}
	return b.post(p.path(r.Pattern), form)
}

// Every route, and what it answers to whom. jane owns the launch and the push.
var access = []struct {
	route                string
	anonymous, joe, jane int
}{
	{"GET /healthz", 200, 200, 200},
	{"GET /static/*", 200, 200, 200},
	{"GET /", 200, 200, 200},
	{"GET /problem", 303, 303, 303},

	{"GET /launch", 422, 422, 422}, // nothing is selected
	{"POST /launch", 303, 303, 303},
	{"GET /add/:launch", 401, 404, 200},
	{"POST /add/:launch/mojo", 401, 404, 303}, // connected already
	{"POST /add/:launch/wiseagent", 401, 404, 303},
	{"GET " + bridge.CallbackPath, 410, 410, 410},
	{"POST /add/:launch/switch", 401, 404, 303}, // there is nothing to decide
	{"POST /add/:launch/keep", 401, 404, 303},
	{"POST /add/:launch/person", 401, 404, 303},

	{"GET /reconnect/:token", 303, 303, 303}, // to a problem: there is no such link

	{"GET /add/:launch/preflight", 401, 404, 200},
	{"POST /add/:launch/groups", 401, 404, 303},
	{"POST /add/:launch/push", 401, 404, 303},

	{"GET /push/:push", 401, 404, 200},
	{"GET /push/:push/events", 401, 404, 200},
	{"GET /push/:push/land", 401, 404, 303},
	{"POST /push/:push/retry", 401, 404, 303},
	{"POST /push/:push/stop", 401, 404, 303},
	{"POST /push/:push/undo", 401, 404, 303},

	{"GET /activity", 401, 200, 200},
	{"GET /activity/now", 401, 200, 200},
	{"POST /activity/:event/retry", 401, 404, 404}, // no such event
	{"POST /activity/retry", 401, 303, 303},
	{"POST /activity/zone", 401, 422, 422},

	{"POST /hooks/mojo", 401, 401, 401}, // a session is no signature
	{"GET /api/mojo/v1/contacts/:contact", 401, 401, 401},
	{"POST /api/mojo/v1/contacts", 401, 401, 401},

	{"GET /pushes", 401, 200, 200},
	{"GET /reset", 401, 200, 200},
	{"GET /support", 303, 303, 303}, // to the sign-in; staffroutes_test.go has what staff get
	{"POST /support", 401, 401, 401},
	{"GET /support/now", 303, 303, 303},
	{"GET /support/launches/:launch", 303, 303, 303},
	{"GET /support/accounts/:account", 303, 303, 303},
	{"POST /support/accounts/:account/show", 401, 401, 401},
	{"POST /support/accounts/:account/find", 401, 401, 401},
	{"POST /support/accounts/:account/test", 401, 401, 401},
	{"POST /support/accounts/:account/retry", 401, 401, 401},
	{"POST /support/accounts/:account/events/:event/retry", 401, 401, 401},
	{"POST /support/accounts/:account/link", 401, 401, 401},
	{"POST /support/accounts/:account/sessions", 401, 401, 401},
	{"GET /support/audit", 303, 303, 303},
	{"POST /support/audit", 401, 401, 401},
	{"GET /support/signin", 200, 200, 200},
	{"GET /support/signin/link/:token", 410, 410, 410},
	{"POST /support/signin/link/:token", 410, 410, 410},
	{"GET /support/oidc/start", 404, 404, 404}, // not set up
	{"GET /support/oidc/callback", 404, 404, 404},
	{"POST /support/signout", 303, 303, 303},

	{"POST /signout", 200, 200, 200},
	{"POST /reset", 401, 200, 200},
}

func TestEveryRouteIsInTheTable(t *testing.T) {
	routes, err := newHouse(t, nil).server.Routes()
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, r := range routes {
		got = append(got, r.Method+" "+r.Pattern)
	}
	for _, a := range access {
		want = append(want, a.route)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("routes: got\n%s\nthe table has\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestWhoMaySeeWhat(t *testing.T) {
	p := newParty(t)
	stranger := p.browser()
	for _, a := range access {
		method, pattern, _ := strings.Cut(a.route, " ")
		route := Route{Method: method, Pattern: pattern}
		if got := p.ask(stranger, route); got.status != a.anonymous {
			t.Errorf("%s for a stranger: got %d, want %d", a.route, got.status, a.anonymous)
		}
		if a.route == "POST /signout" || a.route == "POST /reset" {
			continue // they end what the other rows need; asked below
		}
		if got := p.ask(p.joe, route); got.status != a.joe {
			t.Errorf("%s for joe: got %d, want %d\n%s", a.route, got.status, a.joe, got.text())
		}
		if got := p.ask(p.jane, route); got.status != a.jane {
			t.Errorf("%s for jane: got %d, want %d\n%s", a.route, got.status, a.jane, got.text())
		}
	}
	p.joe.post("/reset", nil).want(200).says(joe)
	p.jane.get("/reset").want(200).says(jane) // joe's reset was joe's
	p.joe.post("/signout", nil).want(200)
	p.jane.get("/pushes").want(200)
}

// What a stranger gets for somebody else's page is what there is for a page that never was.
func TestSomebodyElsesIsLikeNothing(t *testing.T) {
	p := newParty(t)
	never := store.NewID()
	for _, pair := range [][2]string{{p.launch, "/add/" + never}, {p.push, "/push/" + never}, {p.push, "/push/x'y"}, {p.launch, "/add/%00"}} {
		theirs, none := p.joe.get(pair[0]), p.joe.get(pair[1])
		if theirs.status != 404 || none.status != 404 || stripCode(theirs.text()) != stripCode(none.text()) {
			t.Errorf("%s and %s: got %d and %d, want the same 404\n%s\n%s", pair[0], pair[1], theirs.status, none.status, theirs.text(), none.text())
		}
	}
}

// Whoever is not signed in is told so, and nothing of what there is.
func TestSignedOutSaysNothingOfWhatThereIs(t *testing.T) {
	p := newParty(t)
	stranger := p.browser()
	want := stripCode(stranger.get(activityPath).want(401).says("You are signed out", "choose Add to Mojo again").text())
	for _, path := range []string{p.launch, "/add/" + store.NewID(), p.push, "/push/" + store.NewID()} {
		if got := stranger.get(path).want(401); stripCode(got.text()) != want {
			t.Errorf("%s: got\n%s\nwant what the other pages say\n%s", path, got.text(), want)
		}
	}
	for _, launch := range []string{p.launch, "/add/" + store.NewID()} {
		if got := stranger.post(launch+"/push", nil).want(401); stripCode(got.text()) != want {
			t.Errorf("%s/push: got\n%s\nwant what the other pages say\n%s", launch, got.text(), want)
		}
	}
}

// stripCode cuts a page's text off before its support code.
func stripCode(text string) string {
	before, _, _ := strings.Cut(text, "Support code")
	return before
}

// A push's key is chosen by the page: somebody else's must not be taken over.
func TestPushKeyOfSomebodyElse(t *testing.T) {
	p := newParty(t)
	launch := p.joe.launch(1)
	p.joe.get(launch).want(200)
	p.joe.post(launch+"/groups", url.Values{"name": {"Joe's"}}).to(launch)
	group := p.mojo.Groups("8840")[0].ID
	key := strings.TrimPrefix(p.push, "/push/")
	p.joe.post(launch+"/push", url.Values{"push": {key}, "group": {strconv.FormatInt(group, 10)}}).want(409)
	p.joe.get(p.push).want(404)
}

func TestCrossSiteRequestsChangeNothing(t *testing.T) {
	p := newParty(t)
	routes, err := p.server.Routes()
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, r := range routes {
		if r.Method == http.MethodGet || r.Pattern == "/launch" || r.Pattern == hookPath || r.Pattern == apiPath {
			continue // the last two take no cookie
		}
		asked++
		for name, header := range map[string][]string{
			"cross-site":         {"Sec-Fetch-Site", "cross-site"},
			"same-site":          {"Sec-Fetch-Site", "same-site"},
			"with htmx's header": {"Sec-Fetch-Site", "cross-site", "HX-Request", "true"},
			"old browser":        {"Sec-Fetch-Site", "", "Origin", p.wiseURL},
			"sandboxed frame":    {"Sec-Fetch-Site", "", "Origin", "null"},
		} {
			if got := p.jane.post(p.path(r.Pattern), url.Values{}, header...); got.status != http.StatusForbidden {
				t.Errorf("%s %s, %s: got %d, want 403", r.Method, r.Pattern, name, got.status)
			}
		}
	}
	if asked < 8 {
		t.Errorf("routes that change something: got %d, want all of them", asked)
	}
	p.jane.get("/pushes").want(200) // still signed in and connected
	p.jane.get(p.push).want(200).says("2 added")
}

// No GET but the launch's and the callback's, which carry their own proof, may change anything.
func TestNoOtherMethods(t *testing.T) {
	p := newParty(t)
	for _, path := range []string{p.push + "/stop", p.push + "/undo", p.push + "/retry", p.launch + "/push", p.launch + "/groups", "/signout"} {
		if got := p.jane.get(path); got.status != 404 && got.status != 405 {
			t.Errorf("GET %s: got %d, want 404 or 405", path, got.status)
		}
	}
}
