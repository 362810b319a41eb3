package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"addtomojo/bridge"
	"addtomojo/mojo"
	"addtomojo/store"
	"addtomojo/wiseagent"
)

// inProcess is the bridge at work in this process, between both stand-ins.
type inProcess struct {
	*partners
	bridge *bridge.Bridge
	conn   store.Connection
	dir    string
	stop   context.CancelFunc
	ended  chan error
}

// newInProcess connects a customer with many contacts and starts the bridge's workers.
func newInProcess(ctx context.Context, s size) (_ *inProcess, err error) {
	in := &inProcess{partners: newPartners(s.Many, s.BulkTime), ended: make(chan error, 1)}
	defer func() {
		if err != nil {
			in.partners.close()
			err = errors.Join(err, os.RemoveAll(in.dir))
		}
	}()
	if in.dir, err = os.MkdirTemp("", "addtomojo-bench-"); err != nil {
		return nil, err
	}
	keyset, err := store.GenerateKeyset()
	if err != nil {
		return nil, err
	}
	db, conn, err := in.connect(ctx, filepath.Join(in.dir, "bench.db"), keyset)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	in.conn = conn
	in.bridge = &bridge.Bridge{
		Store: db, BaseURL: "http://127.0.0.1", BatchSize: s.Batch, NotesAhead: s.Many, Log: slog.New(slog.DiscardHandler),
		Wise: &wiseagent.Client{AuthURL: in.wiseServer.URL, APIURL: in.wiseServer.URL, ClientID: clientID, ClientSecret: clientSecret},
		Mojo: &mojo.Client{AuthURL: in.mojoServer.URL, ClientID: clientID, ClientSecret: clientSecret},
	}
	ctx, in.stop = context.WithCancel(ctx)
	go func() { in.ended <- in.bridge.Run(ctx) }()
	return in, nil
}

// push stores a push, waits until its last result is on disk, and tells how long that takes.
func (in *inProcess) push(ctx context.Context, launch store.Launch) (time.Duration, error) {
	push, err := in.bridge.StartPush(ctx, in.conn, bridge.StartPush{ID: store.NewID(), LaunchID: launch.ID, GroupID: in.group})
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	changed, stop := in.bridge.Watch(push.ID)
	defer stop()
	for {
		now, err := in.bridge.Store.Push(ctx, push.ID)
		if err != nil {
			return 0, err
		}
		switch now.State {
		case store.PushDone:
			return time.Since(begin), nil
		case store.PushWaiting, store.PushSending:
		default:
			return 0, fmt.Errorf("the push is %s: %s", now.State, now.Cause)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func (in *inProcess) close() error {
	in.stop()
	err := errors.Join(<-in.ended, in.bridge.Store.Close())
	in.partners.close()
	return errors.Join(err, os.RemoveAll(in.dir))
}
