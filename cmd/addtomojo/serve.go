package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"addtomojo/bridge"
	"addtomojo/cmd/internal/metrics"
	"addtomojo/mojo"
	"addtomojo/store"
	"addtomojo/web"
	"addtomojo/wiseagent"
)

// shutdownTime is how long requests and a push's present batch may take to end when the program is stopped.
const shutdownTime = 10 * time.Second

func serveCommand(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags.SetOutput(stderr)
	listen := flags.String("listen", "", "address to listen on, instead of LISTEN_ADDR")
	if err := onlyFlags(flags, args); err != nil {
		return err
	}
	settings, err := readSettings(getenv)
	if err != nil {
		return fmt.Errorf("the settings need attention:\n%w", err)
	}
	if *listen != "" {
		settings.ListenAddr = *listen
	}
	listener, err := net.Listen("tcp", settings.ListenAddr)
	if err != nil {
		return fmt.Errorf("LISTEN_ADDR: %w", err)
	}
	log := slog.New(slog.NewJSONHandler(stdout, nil))
	log.Info("listening", "address", listener.Addr().String())
	return serve(ctx, settings, listener, log)
}

// serve is the map of the service: it builds every part, runs them until ctx ends, and stops them in
// reverse order. It closes the listener.
func serve(ctx context.Context, settings Settings, listener net.Listener, log *slog.Logger) error {
	defer listener.Close()
	counts := metrics.New()
	log = slog.New(counts.Log(log.Handler()))
	stopMetrics, err := serveMetrics(settings.MetricsAddr, counts, log)
	if err != nil {
		return err
	}
	defer stopMetrics()
	db, err := openStore(ctx, settings)
	if err != nil {
		return err
	}
	defer db.Close()
	db.OnCommit = counts.Commit
	counts.Watch(db, settings.clock, log)
	between, err := newBridge(settings, db, log)
	if err != nil {
		return err
	}
	between.Meter, between.Mojo.Measure, between.Wise.Measure = counts, counts.Mojo, counts.WiseAgent
	handler, stopStreams, err := pages(settings, between, db, counts, log)
	if err != nil {
		return err
	}
	if len(settings.MojoWebhookSecrets) == 0 {
		log.Warn("Mojo's hooks are turned away while MOJO_WEBHOOK_SECRETS is not set")
	}
	if len(settings.MojoAPITokens) == 0 {
		log.Warn("Mojo's contact form has no Send to Wise Agent while MOJO_API_TOKENS is not set")
	}
	return runAll(ctx, listener, handler, stopStreams, between.Run, log)
}

// serveMetrics tells the metrics at an address, or nowhere when that is "", until stop is called.
func serveMetrics(address string, counts *metrics.Metrics, log *slog.Logger) (stop func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("METRICS_ADDR: %w", err)
	}
	log.Info("metrics", "address", listener.Addr().String())
	server := &http.Server{
		Handler: counts.Handler(log), ReadHeaderTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	go server.Serve(listener) // ends when it is closed
	return func() { server.Close() }, nil
}

// openStore opens the database that the settings name, with the key that seals it.
func openStore(ctx context.Context, settings Settings) (*store.Store, error) {
	return openWith(ctx, settings, store.Open)
}

// openUsed opens it for a command beside the service: where there is none, the command has another one in mind.
func openUsed(ctx context.Context, settings Settings) (*store.Store, error) {
	return openWith(ctx, settings, store.OpenUsed)
}

func openWith(ctx context.Context, settings Settings, open func(context.Context, string, *store.Vault) (*store.Store, error)) (*store.Store, error) {
	vault, err := settings.vault()
	if err != nil {
		return nil, err
	}
	db, err := open(ctx, settings.DatabaseURL.reveal(), vault)
	switch {
	case errors.Is(err, store.ErrWrongKey):
		err = fmt.Errorf("%w; when the right one is lost, `addtomojo keys forget` says how to go on", err)
	case err != nil && !errors.Is(err, store.ErrNeverSealed):
		err = fmt.Errorf("DATABASE_URL: %w", err)
	}
	return db, err
}

// vault holds the keys of the settings.
func (s Settings) vault() (*store.Vault, error) {
	v, err := store.NewVault(s.EncryptionKeyset.reveal())
	if err != nil {
		return nil, fmt.Errorf("ENCRYPTION_KEYSET: %w", err)
	}
	return v, nil
}

// newBridge builds the rules between the two partners, with a client of each.
func newBridge(settings Settings, db *store.Store, log *slog.Logger) (*bridge.Bridge, error) {
	zone, err := time.LoadLocation(settings.WiseAgentTimeZone)
	if err != nil {
		return nil, err
	}
	hook, err := settings.noticeHook()
	if err != nil {
		return nil, err
	}
	mailer, err := settings.mailer()
	if err != nil {
		return nil, err
	}
	return &bridge.Bridge{
		Store: db,
		Wise: &wiseagent.Client{
			AuthURL: settings.WiseAgentAuthURL, APIURL: settings.WiseAgentAPIURL,
			ClientID: settings.WiseAgentClientID, ClientSecret: settings.WiseAgentClientSecret.reveal(), TimeZone: zone,
		},
		Mojo: &mojo.Client{
			AuthURL: settings.MojoAuthURL, ClientID: settings.MojoClientID, ClientSecret: settings.MojoClientSecret.reveal(),
		},
		BaseURL: settings.BaseURL, DialerURL: settings.MojoDialerURL,
		RefusedPermissions: settings.MojoRefusedPermissions, DoNotCallCategory: settings.CategoryDNC,
		BadNumberCategory: settings.CategoryBadNumber, Source: settings.WiseAgentSource,
		BatchSize: settings.MojoBatchSize, NoticeHook: hook, Mailer: mailer, NoticeAfter: settings.noticeAfter, Log: log,
		Now: settings.clock,
	}, nil
}

// pages builds the web part. stopStreams ends the live progress pages, which would hold up a shutdown.
func pages(settings Settings, between *bridge.Bridge, db *store.Store, counts *metrics.Metrics, log *slog.Logger) (http.Handler, func(), error) {
	keys, err := settings.sessionKeys()
	if err != nil {
		return nil, nil, err
	}
	proxies, err := settings.trustedProxies()
	if err != nil {
		return nil, nil, err
	}
	stopping := make(chan struct{})
	server := &web.Server{
		Bridge: between, Store: db, BaseURL: settings.BaseURL, WiseAgentAuthURL: settings.WiseAgentAuthURL,
		LaunchSecret: settings.WiseAgentLaunchSecret.reveal(), SessionKeys: keys,
		TrustedProxies: proxies, ClientIPHeader: settings.ClientIPHeader,
		Support:     settings.support(),
		HookSecrets: reveal(settings.MojoWebhookSecrets), APITokens: reveal(settings.MojoAPITokens),
		Measure: counts.Request, Log: log, Now: settings.clock, Stopping: stopping,
	}
	handler, err := server.Handler()
	return handler, sync.OnceFunc(func() { close(stopping) }), err
}

// runAll serves requests and works on what is due until ctx ends. Requests end first, since they bring work.
func runAll(ctx context.Context, listener net.Listener, handler http.Handler, stopStreams func(),
	work func(context.Context) error, log *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	workCtx, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	served, worked := make(chan error, 1), make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	go func() { worked <- work(workCtx) }()

	var err error
	select {
	case <-ctx.Done():
	case err = <-served:
	}
	log.Info("stopping")
	stopStreams()
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if stopped := server.Shutdown(ending); stopped != nil {
		err = errors.Join(err, stopped, server.Close())
	}
	stopWork()
	return errors.Join(err, <-worked)
}
