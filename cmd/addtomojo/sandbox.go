package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	"addtomojo/sandbox/people"
	"addtomojo/sandbox/post"
	wisebox "addtomojo/sandbox/wiseagent"
	"addtomojo/store"
)

// samplePeople is how many contacts the sample customer has.
const samplePeople = 500

// sandboxNoticeAfter is how long a connection of the sandbox needs a sign-in before people are told: short enough to see it.
const sandboxNoticeAfter = 15 * time.Second

// sandboxOptions say where the servers of a sandbox listen and what is in it.
type sandboxOptions struct {
	Listen, WiseAgent, Mojo string // addresses; port 0 picks a free one
	Post                    string // of the mailbox; its mail server listens on a free port of the same host
	Metrics                 string // "" tells none
	Database                string // "" is a temporary file
	People                  int    // contacts of the sample customer
	LogLevel                slog.Level
	Clock                   func() time.Time // of the service and both partners; nil is time.Now
}

// sandbox is the service, the same that `serve` runs, between a stand-in for each partner.
type sandbox struct {
	Settings Settings
	Wise     *wisebox.Server
	Mojo     *mojobox.Server
	Post     *post.Server
	WiseURL  string // origin of the stand-in CRM; its host is localhost, so that the popup is cross-site as in life
	MojoURL  string // origin of the stand-in dialer
	PostURL  string // origin of the mailbox

	WiseFaults, MojoFaults *fault.Set

	listeners [5]net.Listener // service, Wise Agent, Mojo, mailbox, mail server
	dir       string          // temporary, removed at the end; "" when the database is the caller's
	log       *slog.Logger
}

func sandboxCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	flags.SetOutput(stderr)
	var o sandboxOptions
	flags.StringVar(&o.Listen, "listen", "127.0.0.1:8080", "address of the service")
	flags.StringVar(&o.WiseAgent, "wiseagent", "127.0.0.1:8081", "address of the stand-in Wise Agent")
	flags.StringVar(&o.Mojo, "mojo", "127.0.0.1:8082", "address of the stand-in Mojo")
	flags.StringVar(&o.Post, "post", "127.0.0.1:8083", "address of the mailbox, where e-mails and webhooks are shown")
	flags.StringVar(&o.Metrics, "metrics", "127.0.0.1:8084", "address of the service's metrics; empty tells none")
	flags.IntVar(&o.People, "people", samplePeople, "contacts of the sample customer")
	verbose := flags.Bool("verbose", false, "log every request")
	if err := onlyFlags(flags, args); err != nil {
		return err
	}
	if !*verbose {
		o.LogLevel = slog.LevelWarn
	}
	s, err := newSandbox(o, stderr)
	if err != nil {
		return err
	}
	support, err := s.supportLink(ctx)
	if err != nil {
		s.close()
		return err
	}
	metrics := ""
	if o.Metrics != "" {
		metrics = " The metrics: http://" + o.Metrics + "/metrics."
	}
	fmt.Fprintf(stdout, `Add to Mojo runs with both sandbox partners. Open

    %s/contacts

sign in (it is filled in), tick some contacts and choose Actions → Add to Mojo.
Mojo PIN %s, login %s, password %s. Other logins: %s/login/
What Mojo tells of calls and edits: %[5]s/sandbox/hooks
A large list and busy colleagues in Wise Agent, many calls in Mojo: %[1]s/sandbox/load and %[5]s/sandbox/hooks
What is told of a connection that needs a sign-in, by e-mail and webhook: %[6]s
Faults: %[1]s/sandbox/faults and %[5]s/sandbox/faults.%[9]s Stop with Ctrl-C.

Support's side, as the operator %[7]s; this link works once, within 12 hours:

    %[8]s
`, s.WiseURL, samplePIN, sampleLogin, samplePassword, s.MojoURL, s.PostURL, sampleOperator, support, metrics)
	return s.run(ctx)
}

// supportLinkLife is how long the sandbox's link to /support is good: a working day, where a real one has 10 minutes.
const supportLinkLife = 12 * time.Hour

// supportLink makes a link that signs the sample operator in to /support. It works before the service runs and after.
func (s *sandbox) supportLink(ctx context.Context) (string, error) {
	return s.staffLink(ctx, sampleOperator, "", supportLinkLife)
}

func (s *sandbox) staffLink(ctx context.Context, email, role string, life time.Duration) (string, error) {
	db, err := openStore(ctx, s.Settings)
	if err != nil {
		return "", err
	}
	defer db.Close()
	return supportLink(ctx, s.Settings, db, email, role, life)
}

// What the sample customer types on the Mojo authentication page (see mojobox.Sample).
const (
	samplePIN, sampleLogin, samplePassword = "482913", "dana", "dana-sandbox"
	sampleEmail, sampleWisePassword        = "kate@example.com", "kate-sandbox"
	sampleOperator                         = "sam.support@example.com"
)

// newSandbox opens the listeners and fills the stand-ins with sample people.
func newSandbox(o sandboxOptions, stderr io.Writer) (_ *sandbox, err error) {
	s := &sandbox{log: slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: o.LogLevel}))}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	o.Post = cmp.Or(o.Post, "127.0.0.1:0")
	host, _, err := net.SplitHostPort(o.Post)
	if err != nil {
		return nil, err
	}
	for i, address := range []string{o.Listen, o.WiseAgent, o.Mojo, o.Post, net.JoinHostPort(host, "0")} {
		if s.listeners[i], err = net.Listen("tcp", address); err != nil {
			return nil, err
		}
	}
	if o.Database == "" {
		if s.dir, err = os.MkdirTemp("", "addtomojo-sandbox-"); err != nil {
			return nil, err
		}
		o.Database = filepath.Join(s.dir, "sandbox.db")
	}
	base := "http://" + s.listeners[0].Addr().String()
	s.WiseURL = "http://" + strings.Replace(s.listeners[1].Addr().String(), "127.0.0.1", "localhost", 1)
	s.MojoURL = "http://" + s.listeners[2].Addr().String()
	s.PostURL = "http://" + s.listeners[3].Addr().String()
	if s.Settings, err = sandboxSettings(base, s.WiseURL, s.MojoURL, o.Database, s.PostURL, "smtp://"+s.listeners[4].Addr().String()); err != nil {
		return nil, err
	}
	s.Settings.noticeAfter, s.Settings.clock, s.Settings.MetricsAddr = sandboxNoticeAfter, o.Clock, o.Metrics
	s.Post = post.New(post.Config{Secret: s.Settings.NoticeWebhookSecret.reveal()})
	s.addPartners(base, o.People)
	return s, nil
}

// sandboxSettings are the settings that `serve` would read from the environment.
func sandboxSettings(base, wise, mojo, database, post, smtp string) (Settings, error) {
	keyset, err := store.GenerateKeyset()
	if err != nil {
		return Settings{}, err
	}
	vars := map[string]string{
		"BASE_URL": base, "DATABASE_URL": database, "ENCRYPTION_KEYSET": keyset, "SESSION_KEYS": sessionKey(),
		"WISEAGENT_AUTH_URL": wise, "WISEAGENT_API_URL": wise, "WISEAGENT_CLIENT_ID": "addtomojo",
		"WISEAGENT_CLIENT_SECRET": "sandbox-wiseagent", "WISEAGENT_LAUNCH_SECRET": sessionKey(),
		"MOJO_AUTH_URL": mojo, "MOJO_CLIENT_ID": "addtomojo", "MOJO_CLIENT_SECRET": "sandbox-mojo",
		"MOJO_WEBHOOK_SECRETS": "whsec_" + sessionKey(), "MOJO_API_TOKENS": "sandbox-" + rand.Text(),
		"SUPPORT_OPERATOR_EMAILS": sampleOperator,
		"NOTICE_WEBHOOK_URL":      post + "/hook", "NOTICE_WEBHOOK_SECRET": "whsec_" + sessionKey(),
		"SMTP_URL": smtp, "SMTP_FROM": "Add to Mojo <addtomojo@example.com>",
	}
	return readSettings(func(name string) string { return vars[name] })
}

// addPartners makes both stand-ins and their sample people.
func (s *sandbox) addPartners(base string, contacts int) {
	s.WiseFaults, s.MojoFaults = &fault.Set{}, &fault.Set{}
	s.Wise = wisebox.New(wisebox.Config{
		ClientID: s.Settings.WiseAgentClientID, ClientSecret: s.Settings.WiseAgentClientSecret.reveal(),
		PublicURL: s.WiseURL, LaunchURL: base + "/launch", LaunchSecret: s.Settings.WiseAgentLaunchSecret.reveal(),
		RedirectHosts: []string{s.listeners[0].Addr().String()}, Prefill: true, Faults: s.WiseFaults, Now: s.Settings.clock,
	})
	s.Wise.AddUser(wisebox.User{
		Email: sampleEmail, Password: sampleWisePassword, First: "Kate", Last: "Moreno",
		Team: []wisebox.Member{
			{ID: 7, Name: "Dana Ruiz", Email: "dana@example.com", JobTitle: "Agent"},
			{ID: 8, Name: "Sam Okafor", Email: "sam@example.com", JobTitle: "Inside sales"},
		},
	})
	s.Wise.AddContacts(sampleEmail, people.Make(contacts, 1))
	s.Wise.AddVendor(sampleEmail, wisebox.Vendor{Company: "Saguaro Title Agency", ContactName: "Rita Alvarez", Type: "Title", Phone: "(520) 555-0177"})
	s.Mojo = mojobox.New(mojobox.Config{
		ClientID: s.Settings.MojoClientID, ClientSecret: s.Settings.MojoClientSecret.reveal(), PublicURL: s.MojoURL,
		TellsAlreadyInGroup: true, AutoSignIn: true, ShowHints: true, Faults: s.MojoFaults, Log: s.log, Now: s.Settings.clock,
		HookURL: base + "/hooks/mojo", HookSecret: s.Settings.MojoWebhookSecrets[0].reveal(),
		ServiceURL: base, APIToken: s.Settings.MojoAPITokens[0].reveal(),
	})
	s.Mojo.AddSample()
}

// run serves all until ctx ends: the stand-ins first and longest, since the service talks to them.
func (s *sandbox) run(ctx context.Context) error {
	defer s.close()
	go s.Post.ServeMail(s.listeners[4]) // ends when it is closed
	defer s.Post.Close()
	for i, partner := range []http.Handler{s.Wise, s.Mojo, s.Post} {
		server := &http.Server{Handler: partner, ReadHeaderTimeout: 10 * time.Second}
		go server.Serve(s.listeners[i+1]) // ends when its listener is closed
		defer server.Close()
	}
	defer s.Mojo.Close() // no more hooks once the service is gone
	defer s.Wise.Close() // nor edits
	return serve(ctx, s.Settings, s.listeners[0], s.log)
}

func (s *sandbox) close() {
	for _, l := range s.listeners {
		if l != nil {
			l.Close()
		}
	}
	if s.dir != "" {
		os.RemoveAll(s.dir)
	}
}
