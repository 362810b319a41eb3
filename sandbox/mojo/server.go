package mojo

import (
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"addtomojo/sandbox/fault"
)

// The names of the API's endpoints, as fault rules and Requests use them.
const (
	EndpointToken           = "token"
	EndpointRevoke          = "revoke"
	EndpointGroups          = "groups"
	EndpointCreateGroup     = "create_group"
	EndpointBulkCreate      = "bulk_create"
	EndpointBulkUpdate      = "bulk_update"
	EndpointNotes           = "notes"
	EndpointContact         = "contact"
	EndpointRemoveFromGroup = "remove_from_group"
	EndpointFeed            = "integration_events"
)

// Endpoints lists the API's endpoints.
func Endpoints() []string {
	return []string{EndpointToken, EndpointRevoke, EndpointGroups, EndpointCreateGroup, EndpointBulkCreate,
		EndpointBulkUpdate, EndpointNotes, EndpointContact, EndpointRemoveFromGroup, EndpointFeed}
}

// Config says how the stand-in behaves. The zero value of each field is a
// usable default, except for the client's id and secret.
type Config struct {
	// ClientID and ClientSecret are what the service authenticates with at the
	// token and revocation endpoints.
	ClientID, ClientSecret string

	// PublicURL is the origin under which the stand-in is reached, without a
	// slash at the end; every account's account_url. Empty: the request's host.
	PublicURL string

	AccessTTL time.Duration // how long an access token works; 0: 1 hour
	Latency   time.Duration // how long every API call takes before anything else

	// BulkTime is how long a bulk create or bulk update works. A bulk create
	// holds its account's lock meanwhile.
	BulkTime time.Duration
	// InterruptedLock is how long the lock stays after a bulk create that broke
	// off; 0: 2 seconds, negative: not at all.
	InterruptedLock time.Duration
	// BatchLimit is the number of contacts of one bulk request above which it
	// is answered 413; 0: 500.
	BatchLimit int

	// NoBulkUpdate makes bulk_update answer 404, as hosts without it do.
	NoBulkUpdate bool
	// TellsAlreadyInGroup makes bulk_update name the contacts that were in the
	// group before.
	TellsAlreadyInGroup bool
	// GroupPage makes the list of groups come in pages of that many; 0: as one
	// bare array.
	GroupPage int
	// BadToken is the shape of the 403 to a bad access token.
	BadToken BadTokenShape
	// WrongTries is how many wrong sign-ins an account allows per minute before
	// it answers 429; 0: 20.
	WrongTries int

	// HookURL is where hooks go: the service's /hooks/mojo. Empty: none are sent,
	// and only the feed has them.
	HookURL string
	// HookSecret signs the hooks: "whsec_" and a key in base64. See
	// [Server.SetHookSecrets] for several.
	HookSecret string
	// HookRetries is when a hook that failed is tried again, the last one again
	// and again until it is acknowledged; nil: 1, 2, 5, 10 and 30 seconds.
	HookRetries []time.Duration
	// HookWorkers is how many hooks are under way at once; 0: 8.
	HookWorkers int
	// ManualHooks keeps hooks back until [Server.Flush].
	ManualHooks bool
	// Hooks are the options from the start, see [Server.SetHookOptions].
	Hooks HookOptions
	// Seed feeds the random choices of [HookOptions.Disorder].
	Seed uint64

	// ServiceURL is the origin of the service and APIToken the token for it: for
	// the contact form's button Send to Wise Agent. Empty: there is no button.
	ServiceURL, APIToken string
	// HTTP sends the hooks and asks the service; nil: 30 seconds of patience and
	// no redirects.
	HTTP *http.Client

	// AutoSignIn signs a browser in by itself when it asks for a group: it
	// stands for the session a customer has in Mojo anyway.
	AutoSignIn bool
	// ShowHints makes the log-in page list every agent with the password.
	ShowHints bool

	Now    func() time.Time // nil: time.Now
	Faults *fault.Set       // nil: a set of the server's own
	Log    *slog.Logger     // nil: silent
}

// BadTokenShape is one of the bodies that Mojo's 403 comes with.
type BadTokenShape int

// The bodies of a 403, see Mojo's API, part A1.
const (
	BadTokenJSON  BadTokenShape = iota // {"detail": "Invalid access_token"}
	BadTokenHTML                       // a page
	BadTokenEmpty                      // nothing
)

// Server is the stand-in: an http.Handler, and handles for tests to set up and
// look at what is in it. It is safe for concurrent use. The handles panic when
// they are given an account or group that does not exist.
type Server struct {
	cfg       Config
	handler   http.Handler
	mux       *http.ServeMux
	endpoints map[string]string // pattern of the mux to endpoint

	mu       sync.Mutex // guards everything below, and the accounts' insides
	accounts []*account
	tokens   tokens
	sessions map[string]session // by cookie value
	requests map[string]int     // by endpoint
	lastID   int64              // of groups, contacts, notes and activities
	lastCall int64

	dialings    map[int64]*dialing // by session id
	lastDialing int64

	hookURL    string // Config.HookURL and Config.ServiceURL, until SetService
	serviceURL string

	hooks    []*hook // everything that was told, in order
	hookByID map[string]*hook
	waiting  []*hook // those that are neither acknowledged nor dropped, in order
	hookKeys [][]byte
	options  HookOptions
	rand     *rand.Rand

	changed     *sync.Cond // something above or below changed; its lock is mu
	sending     bool       // sendAll runs
	inFlight    int        // hooks that are under way
	flushing    int        // calls of Flush that run
	closed      bool
	sendContext context.Context // of every hook; ended by Close
	stopSending context.CancelFunc
}

// New returns a server without accounts. It panics when HookSecret is none.
func New(cfg Config) *Server {
	cfg = cfg.withDefaults()
	s := &Server{
		cfg:         cfg,
		mux:         http.NewServeMux(),
		endpoints:   make(map[string]string),
		sessions:    make(map[string]session),
		requests:    make(map[string]int),
		lastID:      40,
		lastCall:    90209,
		lastDialing: 770,
		dialings:    make(map[int64]*dialing),
		hookByID:    make(map[string]*hook),
		hookURL:     cfg.HookURL,
		serviceURL:  cfg.ServiceURL,
		options:     cfg.Hooks,
		rand:        rand.New(rand.NewPCG(cfg.Seed, 0)),
	}
	s.changed = sync.NewCond(&s.mu)
	s.sendContext, s.stopSending = context.WithCancel(context.Background())
	if cfg.HookSecret != "" {
		s.SetHookSecrets(cfg.HookSecret)
	}
	s.routes()
	s.handler = cfg.Faults.Wrap(s.endpoint, s.refuse, s.mux)
	return s
}

func (cfg Config) withDefaults() Config {
	if cfg.AccessTTL == 0 {
		cfg.AccessTTL = time.Hour
	}
	if cfg.InterruptedLock == 0 {
		cfg.InterruptedLock = 2 * time.Second
	}
	if cfg.BatchLimit == 0 {
		cfg.BatchLimit = 500
	}
	if cfg.WrongTries == 0 {
		cfg.WrongTries = 20
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Faults == nil {
		cfg.Faults = new(fault.Set)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if len(cfg.HookRetries) == 0 {
		cfg.HookRetries = hookRetries
	}
	if cfg.HookWorkers == 0 {
		cfg.HookWorkers = 8
	}
	if cfg.HTTP == nil {
		cfg.HTTP = &http.Client{
			Timeout:       30 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport:     &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 30 * time.Second},
		}
	}
	return cfg
}

// SetService says where the service is: its origin, without a slash at the end.
// Hooks go to its /hooks/mojo from now on. It is for a service that is made
// after the stand-in; otherwise Config.HookURL and Config.ServiceURL say it.
func (s *Server) SetService(origin string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hookURL, s.serviceURL = origin+"/hooks/mojo", origin
}

// routes is the table of contents.
func (s *Server) routes() {
	s.api("POST /oauth/token/{$}", EndpointToken, s.token)
	s.api("POST /oauth/revoke/{$}", EndpointRevoke, s.revoke)
	s.api("GET /api/groups/{$}", EndpointGroups, s.signedIn(s.listGroups))
	s.api("POST /api/groups/{$}", EndpointCreateGroup, s.signedIn(s.createGroup))
	s.api("POST /api/contacts/bulk_create/{$}", EndpointBulkCreate, s.signedIn(s.bulkCreate))
	s.api("POST /api/contacts/bulk_update/{$}", EndpointBulkUpdate, s.signedIn(s.bulkUpdate))
	s.api("POST /api/contacts/remove_from_group/{$}", EndpointRemoveFromGroup, s.signedIn(s.removeFromGroup))
	s.api("GET /api/contacts/{id}/{$}", EndpointContact, s.signedIn(s.getContact))
	s.api("POST /api/notes/{$}", EndpointNotes, s.signedIn(s.postNote))
	s.api("GET /api/integration-events/{$}", EndpointFeed, s.signedIn(s.feed))

	s.page("GET /{$}", s.home)
	s.page("GET /home/{$}", s.home)
	s.page("GET /login/{$}", s.showLogin)
	s.page("POST /login/{$}", s.logIn)
	s.page("POST /logout/{$}", s.logOut)
	s.page("GET /my-data/{$}", s.withSession(s.myData))
	s.page("POST /my-data/send/{$}", s.withSession(s.sendTicked))
	s.page("GET /dial/{$}", s.withSession(s.showDialStart))
	s.page("POST /dial/{$}", s.withSession(s.startDialing))
	s.page("GET /dial/{session}/{$}", s.withSession(s.showDialing))
	s.page("POST /dial/{session}/call/{$}", s.withSession(s.dialStep(s.dialNumber)))
	s.page("POST /dial/{session}/result/{$}", s.withSession(s.dialStep(s.setResult)))
	s.page("POST /dial/{session}/next/{$}", s.withSession(s.dialStep(s.nextContact)))
	s.page("POST /dial/{session}/end/{$}", s.withSession(s.dialStep(s.endDialing)))
	s.page("GET /contacts/{id}/{$}", s.withSession(s.showContact))
	s.page("POST /contacts/{id}/{$}", s.withSession(s.saveContact))
	s.page("POST /contacts/{id}/send/{$}", s.withSession(s.sendFromForm))
	s.page("GET /contacts/{id}/notes/{note}/{$}", s.withSession(s.showNote))
	s.page("POST /contacts/{id}/notes/{note}/{$}", s.withSession(s.saveNote))
	s.page("GET /contacts/{id}/activities/new/{$}", s.withSession(s.newActivity))
	s.page("POST /contacts/{id}/activities/new/{$}", s.withSession(s.createActivity))
	s.page("GET /contacts/{id}/activities/{activity}/{$}", s.withSession(s.showActivity))
	s.page("POST /contacts/{id}/activities/{activity}/{$}", s.withSession(s.saveActivity))
	s.page("POST /contacts/{id}/activities/{activity}/complete/{$}", s.withSession(s.activityButton("completed", s.completeActivity)))
	s.page("POST /contacts/{id}/activities/{activity}/delete/{$}", s.withSession(s.activityButton("deleted", s.deleteActivity)))
	s.page("GET /integrations/{$}", s.withSession(s.showIntegrations))
	s.page("POST /integrations/end/{$}", s.withSession(s.endIntegration))
	s.page("GET /sandbox/hooks", s.showHooks)
	s.page("POST /sandbox/hooks", s.changeHooks)
	s.page("GET /static/style.css", s.style)
	s.mux.Handle("/sandbox/faults", fault.Page{Set: s.cfg.Faults, Partner: "Mojo", Home: "/my-data/", Endpoints: Endpoints()})
}

// api adds a route of the API.
func (s *Server) api(pattern, endpoint string, handle http.HandlerFunc) {
	s.endpoints[pattern] = endpoint
	s.mux.Handle(pattern, handle)
}

// page adds a route for browsers; other sites' forms are refused.
func (s *Server) page(pattern string, handle http.HandlerFunc) {
	s.mux.Handle(pattern, http.NewCrossOriginProtection().Handler(handle))
}

// endpoint names the API endpoint that a request goes to, "" for pages.
func (s *Server) endpoint(r *http.Request) string {
	_, pattern := s.mux.Handler(r)
	return s.endpoints[pattern]
}

// ServeHTTP serves the API, the pages and the pages of faults and hooks.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if endpoint := s.endpoint(r); endpoint != "" {
		s.mu.Lock()
		s.requests[endpoint]++
		s.mu.Unlock()
		s.cfg.Log.Debug("mojo sandbox", "endpoint", endpoint)
		pause(r.Context(), s.cfg.Latency)
	}
	s.handler.ServeHTTP(w, r)
}

// Requests returns how often each endpoint was called, including the calls
// that met a fault or were refused.
func (s *Server) Requests() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.requests)
}

// pause waits and says whether it waited to the end, that is, whether the
// request's client is still there.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
