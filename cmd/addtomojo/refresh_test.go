package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"os/exec"
	"sync"
	"testing"
	"time"

	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	"addtomojo/store"
	"addtomojo/store/storetest"
)

// What happens to tokens when several processes use them at once, and when one dies with the fresh ones in its hands.

const refreshers = 50

func TestFiftyWorkersShareOneRefresh(t *testing.T) {
	t.Parallel()
	program := buildProgram(t)
	for engine, processes := range map[string]int{storetest.SQLite: 1, storetest.Postgres: 3} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			k := newKilling(t, program, storetest.URL(t, engine), 1)
			origins := k.fleet(t, processes)
			k.wise.ExpireTokens(sampleEmail)
			k.mojo.ExpireTokens(ruiz)
			before := k.mojo.Requests()[mojobox.EndpointToken]
			var workers sync.WaitGroup
			for i := range refreshers {
				workers.Go(func() {
					if err := k.visit(t.Context(), origins[i%processes], k.ids[i]); err != nil {
						t.Errorf("worker %d: %v", i, err)
					}
				})
			}
			workers.Wait()
			if n := k.mojo.Requests()[mojobox.EndpointToken] - before; n != 1 {
				t.Errorf("%d refreshes at Mojo, want one", n)
			}
			if n := k.wise.RefreshCount(); n != 1 || k.wise.Requests()["token"] != 1 {
				t.Errorf("%d refreshes at Wise Agent in %d requests, want one", n, k.wise.Requests()["token"])
			}
			if t.Failed() {
				t.Log(k.log.tail())
			}
		})
	}
}

// fleet starts so many processes on the same database, until the test ends, and gives their origins.
func (k *killing) fleet(t *testing.T, processes int) (origins []string) {
	t.Helper()
	for range processes {
		child, address := k.command(context.WithoutCancel(t.Context())), freeAddress(t)
		child.Args[len(child.Args)-1] = address
		k.url = "http://" + address
		if err := k.startAs(t.Context(), child); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			child.Process.Kill()
			child.Wait() // it says that it was killed
		})
		origins = append(origins, k.url)
	}
	return origins
}

// startAs starts a child and waits until it answers.
func (k *killing) startAs(ctx context.Context, child *exec.Cmd) error {
	command := k.command
	defer func() { k.command = command }()
	k.command = func(context.Context) *exec.Cmd { return child }
	return k.start(ctx)
}

// visit opens the popup with a contact of its own, in a browser of its own, and asks for the groups anew.
func (k *killing) visit(ctx context.Context, origin, contact string) error {
	return k.visitAs(ctx, origin, sampleEmail, contact)
}

func (k *killing) visitAs(ctx context.Context, origin, email, contact string) error {
	jar, _ := cookiejar.New(nil) // never fails without options
	own := *k
	own.url, own.browser = origin, &http.Client{Jar: jar, CheckRedirect: k.browser.CheckRedirect, Timeout: time.Minute}
	launch, err := own.post(ctx, "/launch", k.wise.Launch(email, []string{contact}))
	if err != nil {
		return err
	}
	for _, path := range []string{launch + "?fresh=1", launch + "/preflight"} {
		answer, err := own.browser.Get(origin + path)
		if err != nil {
			return err
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("GET %s is answered %s", path, answer.Status)
		}
	}
	return nil
}

// The partner has rotated, the process dies before it can save: the refresh token in the database is used up. Whoever comes next
// tries once, and knows.
func TestKillBetweenRotationAndSave(t *testing.T) {
	t.Parallel()
	program := buildProgram(t)
	for _, engine := range storetest.Engines() {
		for _, side := range []store.Side{store.Wise, store.Mojo} {
			t.Run(engine+" "+string(side), func(t *testing.T) {
				t.Parallel()
				k := newKilling(t, program, storetest.URL(t, engine), 1)
				k.work(t)
				late := fault.Rule{Endpoint: "token", Kind: fault.Late, Delay: time.Hour, Times: 1}
				rotated := func() bool { return k.wise.RefreshCount() == 1 }
				asked := func() int { return k.wise.Requests()["token"] }
				if side == store.Wise {
					k.wise.ExpireTokens(sampleEmail)
					k.faults.wise.Add(late)
				} else {
					k.mojo.ExpireTokens(ruiz)
					k.faults.mojo.Add(late)
					rotated = func() bool { access, _ := k.mojo.LiveTokens(ruiz); return access == 1 }
					asked = func() int { return k.mojo.Requests()[mojobox.EndpointToken] - 1 } // the sign-in
				}
				k.must(t, k.start(t.Context()))
				defer k.kill()
				k.must(t, eventually(t.Context(), "the partner rotates", rotated))
				k.kill()
				k.must(t, k.start(t.Context()))
				conn := k.needsSignIn(t)
				if conn.Side != side || asked() != 2 {
					t.Errorf("needs %q's sign-in after %d requests for tokens, want %q's after the lost one and one more", conn.Side, asked(), side)
				}
				time.Sleep(3 * time.Second) // more than one sweep
				if n := asked(); n != 2 {
					t.Errorf("%d requests for tokens in the end, want no storm", n)
				}
				k.waits(t, conn, side)
			})
		}
	}
}

func (k *killing) must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v\n%s", err, k.log.tail())
	}
}

// work leaves something to do for the program: two calls to deliver and a push.
func (k *killing) work(t *testing.T) {
	t.Helper()
	conn, err := k.db.ConnectionByEmail(t.Context(), sampleEmail)
	k.must(t, err)
	k.must(t, k.db.SaveLinks(t.Context(), conn.ID, []store.Link{{ClientID: k.ids[0], MojoContactID: 58, CustomWritten: true}}))
	for i := range 2 {
		_, err := k.db.ReceiveEvent(t.Context(), store.Event{
			WebhookID: fmt.Sprint("call ", i), AccountID: ruiz, Type: "call.completed", MojoContactID: 58,
			Body:       fmt.Appendf(nil, `{"account_id":%q,"contact":{"contact_id":58},"call":{"id":%d,"result":"contact","phone":"5205550100"}}`, ruiz, i+1),
			ReceivedAt: time.Now(), OccurredAt: time.Now(),
		}, "")
		k.must(t, err)
	}
	_, _, err = k.db.CreatePush(t.Context(), store.Push{ID: store.NewID(), ConnectionID: conn.ID, GroupID: k.group, GroupName: "Spring", CreatedAt: time.Now()},
		[]store.PushContact{{ClientID: k.ids[1], APIContactID: "wa-" + k.ids[1], State: store.ContactWaiting}})
	k.must(t, err)
}

// needsSignIn waits for that state: at most as long as a dead process's right to refresh lasts, and a little more.
func (k *killing) needsSignIn(t *testing.T) (conn store.Connection) {
	t.Helper()
	for range 2 { // it waits a minute
		err := eventually(t.Context(), "the connection needs a sign-in", func() bool {
			var err error
			conn, err = k.db.ConnectionByEmail(t.Context(), sampleEmail)
			return err == nil && conn.State == store.StateNeedsSignIn
		})
		if err == nil {
			return conn
		}
	}
	t.Fatalf("the connection is %s, want it to need a sign-in\n%s", conn.State, k.log.tail())
	return conn
}

// waits checks that what needs the side still waits.
func (k *killing) waits(t *testing.T, conn store.Connection, side store.Side) {
	t.Helper()
	pushes, err := k.db.Pushes(t.Context(), conn.ID, 1)
	k.must(t, err)
	if len(pushes) != 1 || pushes[0].State != store.PushPaused {
		t.Errorf("pushes %+v, want one, paused", pushes)
	}
	l, err := k.db.Ledger(t.Context(), conn.ID)
	k.must(t, err)
	if side == store.Wise && l.Waiting != 2 || l.Waiting+l.Written != 2 {
		t.Errorf("ledger %+v, want both calls, waiting where Wise Agent's side is the dead one", l)
	}
}
