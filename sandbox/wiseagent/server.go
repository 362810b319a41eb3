package wiseagent

import (
	"context"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"addtomojo/sandbox/fault"
)

// Config is how a stand-in is set up. The zero value of a field is a sensible one, except for the client's id and secret.
type Config struct {
	ClientID, ClientSecret string // the one registered app

	PublicURL     string   // the origin under which browsers reach the stand-in, for the links in contacts; "" leaves Wise Agent's own
	LaunchURL     string   // where Add to Mojo leads: the service's /launch
	LaunchSecret  string   // signs launches; "" sends the contacts alone
	RedirectHosts []string // hosts (with or without port) that the app may be sent back to

	AccessTTL time.Duration // life of an access token; 0 is one hour
	CodeTTL   time.Duration // life of a code; 0 is 60 seconds
	Latency   time.Duration // added to every call of the API, also of the token endpoint

	Prefill bool // the sign-in page knows the first user's e-mail and password
	Options Options

	Faults *fault.Set       // nil: a set of the stand-in's own, reached by its page only
	Now    func() time.Time // nil is time.Now
	Log    *slog.Logger     // nil is silence
}

// Options are habits that the page /sandbox/options changes while the stand-in runs.
type Options struct {
	NoOpener    bool // the popup opens without a way back to the contact list (noopener)
	Unsigned    bool // launches are not signed, even with a secret
	ListAnswers bool // webcontact answers with a list of one-key objects
	StrictJSON  bool // control characters are escaped, as JSON asks
}

// Server is the stand-in. It is an [http.Handler], and its methods are for tests, benches and sample data. It is safe for
// concurrent use.
type Server struct {
	cfg        Config
	handler    http.Handler
	operations map[string]operation // by verb, blank and requestType in lower case

	mu       sync.Mutex // guards everything below, and cfg's LaunchURL, RedirectHosts, Latency and Options
	accounts map[string]*account
	first    *account // the one that the sign-in page knows
	sessions map[string]*account
	codes    map[string]*code
	access   map[string]*accessToken
	refresh  map[string]*grant
	counts   map[string]int
	rotated  int
	lastID   map[string]int // by kind of thing

	life    context.Context // of what the stand-in does by itself; ended by Close
	endLife context.CancelFunc
	running sync.WaitGroup
}

// New makes a stand-in without users.
func New(cfg Config) *Server {
	if cfg.AccessTTL == 0 {
		cfg.AccessTTL = time.Hour
	}
	if cfg.CodeTTL == 0 {
		cfg.CodeTTL = time.Minute
	}
	if cfg.Faults == nil {
		cfg.Faults = new(fault.Set)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		cfg:        cfg,
		operations: lookup(operations()),
		accounts:   map[string]*account{},
		sessions:   map[string]*account{},
		codes:      map[string]*code{},
		access:     map[string]*accessToken{},
		refresh:    map[string]*grant{},
		counts:     map[string]int{},
		lastID:     map[string]int{"contact": 26854, "vendor": 11, "note": 81000, "call": 4400, "category": 300, "custom": 900, "address": 1200},
	}
	s.life, s.endLife = context.WithCancel(context.Background())
	s.handler = s.routes()
	return s
}

// ServeHTTP serves the API and the pages.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.handler.ServeHTTP(w, r)
}

// routes is the table of contents of the stand-in: the API, which meets faults, and the pages, which don't.
func (s *Server) routes() http.Handler {
	api := http.NewServeMux()
	api.HandleFunc("GET /WiseAuth/auth", s.authorize)
	api.HandleFunc("POST /WiseAuth/auth", s.consent)
	api.HandleFunc("POST /WiseAuth/token", s.token)
	api.HandleFunc("POST /WiseAuth/revoke", s.revoke)
	api.HandleFunc("/http/webconnect.asp", s.webconnect)
	disturbed := s.count(s.cfg.Faults.Wrap(endpointOf, s.refuse, s.slow(api)))

	mux := http.NewServeMux()
	mux.Handle("/WiseAuth/", withEndpoint(disturbed, s.authEndpoint))
	mux.Handle("/http/webconnect.asp", withEndpoint(disturbed, s.dataEndpoint))
	mux.Handle("GET /{$}", http.RedirectHandler("/contacts", http.StatusSeeOther))
	mux.HandleFunc("GET /login", s.signInPage)
	mux.HandleFunc("POST /login", s.signIn)
	mux.HandleFunc("POST /logout", s.signOut)
	mux.HandleFunc("GET /contacts", s.signedIn(s.contactsPage))
	mux.HandleFunc("GET /contacts/{id}", s.signedIn(s.contactPage))
	mux.Handle("POST /contacts/{id}", ownForms(s.signedIn(s.changeContact)))
	mux.Handle("POST /contacts/{id}/delete", ownForms(s.signedIn(s.deleteContact)))
	mux.Handle("POST /contacts/{id}/notes", ownForms(s.signedIn(s.writeNote)))
	mux.HandleFunc("GET /secure/client/summary", s.summary)
	mux.HandleFunc("/add-to-mojo", s.signedIn(s.addToMojo))
	mux.HandleFunc("GET /sandbox/load", s.signedIn(s.loadPage))
	mux.HandleFunc("POST /sandbox/load", s.signedIn(s.changeLoad))
	mux.HandleFunc("GET /sandbox/options", s.optionsPage)
	mux.HandleFunc("POST /sandbox/options", s.changeOptions)
	mux.HandleFunc("POST /sandbox/revoke", s.signedIn(s.takeAccess))
	mux.Handle("/sandbox/faults", fault.Page{Set: s.cfg.Faults, Partner: "Wise Agent", Home: "/contacts", Endpoints: Endpoints()})
	mux.Handle("GET /assets/", http.FileServerFS(assets))
	return mux
}

// ownForms refuses the forms of other sites.
func ownForms(page http.Handler) http.Handler { return http.NewCrossOriginProtection().Handler(page) }

// An arrival is what is known of one API request before it is served.
type arrival struct {
	endpoint string // as Endpoints lists it
	params   params
	broken   error // why the parameters could not be read
}

type arrivalKey struct{}

// arrivalOf gives what withEndpoint found out about the request.
func arrivalOf(r *http.Request) arrival {
	c, _ := r.Context().Value(arrivalKey{}).(arrival)
	return c
}

func endpointOf(r *http.Request) string { return arrivalOf(r).endpoint }

// withEndpoint names the endpoint of each request, so that faults and counts can speak of it.
func withEndpoint(next http.Handler, name func(*http.Request) arrival) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), arrivalKey{}, name(r))))
	})
}

// authEndpoint names a request of the OAuth server: "auth", "token" or "revoke".
func (s *Server) authEndpoint(r *http.Request) arrival {
	return arrival{endpoint: path.Base(r.URL.Path)}
}

// dataEndpoint names a request of the data API by its requestType.
func (s *Server) dataEndpoint(r *http.Request) arrival {
	p, err := readParams(r)
	c := arrival{endpoint: "unknown", params: p, broken: err}
	if op, ok := s.operation(r.Method, p.get("requestType")); ok {
		c.endpoint = op.endpoint()
	}
	return c
}

// count counts requests by endpoint, also those that a fault then answers.
func (s *Server) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := endpointOf(r)
		s.mu.Lock()
		s.counts[name]++
		s.mu.Unlock()
		s.cfg.Log.Debug("wise agent stand-in: request", "endpoint", name, "method", r.Method)
		next.ServeHTTP(w, r)
	})
}

// slow adds the configured latency to calls that programs make; people's pages stay fast.
func (s *Server) slow(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		wait := s.cfg.Latency
		s.mu.Unlock()
		if wait > 0 && !strings.HasSuffix(r.URL.Path, "/auth") && !pause(r.Context(), wait) {
			return
		}
		next.ServeHTTP(w, r)
	})
}

// refuse is the answer to a token that a fault declares dead (Wise Agent API, section 1.6).
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, k fault.Kind) {
	if k == fault.RevokedToken {
		oauthError(w, http.StatusUnauthorized, "invalid_grant", "The token has been revoked")
		return
	}
	oauthError(w, http.StatusUnauthorized, "invalid_grant", "The token has expired")
}
