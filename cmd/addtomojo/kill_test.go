package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"addtomojo/mojo"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	wisebox "addtomojo/sandbox/wiseagent"
	"addtomojo/store"
	"addtomojo/store/storetest"
	"addtomojo/wiseagent"

	"github.com/google/uuid"
	"golang.org/x/oauth2"
)

const (
	killedContacts = 500
	killedBatch    = 50
	killedAtOnce   = 5 // rounds side by side: most of their time they wait for the dead process's lease to end
)

// TestKillInTheMiddleOfAPush kills the program (SIGKILL) at random points of a push and of its undo and starts it again.
// Whatever the point: each contact is in the group once, with its note once, and the undo takes all of them out.
//
// CHAOS_ROUNDS sets the rounds on each database; CHAOS_SEED begins with the seed that a failure names.
func TestKillInTheMiddleOfAPush(t *testing.T) {
	killings(t, (*killing).round)
}

// killings plays rounds with kills in them on both databases.
func killings(t *testing.T, round func(*killing, context.Context) error) {
	program := buildProgram(t)
	for _, on := range []struct {
		engine string
		rounds int
	}{{storetest.SQLite, 3}, {storetest.Postgres, 2}} {
		rounds, seed := chaosNumber(t, "CHAOS_ROUNDS", on.rounds), chaosNumber(t, "CHAOS_SEED", int(time.Now().UnixNano()%1e9))
		t.Run(on.engine, func(t *testing.T) {
			t.Parallel()
			var all sync.WaitGroup
			places := make(chan struct{}, killedAtOnce)
			for n := range rounds {
				k := newKilling(t, program, storetest.URL(t, on.engine), uint64(seed+n))
				all.Go(func() {
					places <- struct{}{}
					defer func() { <-places }()
					if err := round(k, t.Context()); err != nil {
						t.Errorf("CHAOS_SEED=%d: %v\nkilled %s; the service's log ends\n%s", seed+n, err, k.story, k.log.tail())
					}
					t.Logf("seed %d: killed %s", seed+n, k.story)
				})
			}
			all.Wait()
		})
	}
}

// buildProgram builds the program, to be run as a child process.
func buildProgram(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "addtomojo")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	return program
}

func chaosNumber(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// killing is one round: the program as a child process between both stand-ins, which outlive it.
type killing struct {
	dice    *mathrand.Rand
	wise    *wisebox.Server
	mojo    *mojobox.Server
	faults  struct{ wise, mojo *fault.Set }
	group   int64
	ids     []string
	db      *store.Store // the child's database, seen from here
	command func(context.Context) *exec.Cmd
	child   *exec.Cmd
	url     string
	browser *http.Client
	story   killStory
	log     *killLog
}

// killStory tells at which points the program was killed.
type killStory []string

func (s killStory) String() string { return strings.Join(s, ", then ") }

func newKilling(t *testing.T, program, database string, seed uint64) *killing {
	t.Helper()
	dice := mathrand.New(mathrand.NewPCG(seed, 0))
	wiseFaults, mojoFaults := new(fault.Set), new(fault.Set)
	address, hookSecret := freeAddress(t), "whsec_"+sessionKey()
	k := &killing{
		dice: dice, log: &killLog{}, faults: struct{ wise, mojo *fault.Set }{wiseFaults, mojoFaults},
		wise: wisebox.New(wisebox.Config{ClientID: "addtomojo", ClientSecret: "kill-secret", LaunchSecret: "kill-launch-secret", Faults: wiseFaults}),
		mojo: mojobox.New(mojobox.Config{
			Faults:   mojoFaults,
			ClientID: "addtomojo", ClientSecret: "kill-secret", BulkTime: 20 * time.Millisecond, Latency: 3 * time.Millisecond,
			InterruptedLock:     200 * time.Millisecond,
			TellsAlreadyInGroup: dice.IntN(2) == 0, NoBulkUpdate: dice.IntN(4) == 0,
			HookURL: "http://" + address + "/hooks/mojo", HookSecret: hookSecret,
			HookRetries: []time.Duration{200 * time.Millisecond, time.Second},
		}),
		url: "http://" + address,
	}
	t.Cleanup(k.mojo.Close)
	wise, dialer := httptest.NewServer(k.wise), httptest.NewServer(k.mojo)
	t.Cleanup(wise.Close)
	t.Cleanup(dialer.Close)
	k.fill()

	keyset, err := store.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	if err := k.connect(t.Context(), database, keyset, dialer.URL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.db.Close() })

	settings := []string{
		"BASE_URL=" + k.url, "DATABASE_URL=" + database, "ENCRYPTION_KEYSET=" + keyset, "SESSION_KEYS=" + sessionKey(),
		"WISEAGENT_AUTH_URL=" + wise.URL, "WISEAGENT_API_URL=" + wise.URL, "WISEAGENT_LAUNCH_SECRET=kill-launch-secret",
		"WISEAGENT_CLIENT_ID=addtomojo", "WISEAGENT_CLIENT_SECRET=kill-secret",
		"MOJO_AUTH_URL=" + dialer.URL, "MOJO_CLIENT_ID=addtomojo", "MOJO_CLIENT_SECRET=kill-secret",
		"MOJO_BATCH_SIZE=" + strconv.Itoa(killedBatch), "MOJO_WEBHOOK_SECRETS=" + hookSecret,
	}
	k.command = func(ctx context.Context) *exec.Cmd {
		cmd := exec.CommandContext(ctx, program, "serve", "-listen", address)
		cmd.Env, cmd.Stdout, cmd.Stderr = settings, k.log, k.log
		return cmd
	}
	jar, _ := cookiejar.New(nil) // never fails without options
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	k.browser = &http.Client{Jar: jar, CheckRedirect: stay, Timeout: 10 * time.Second}
	return k
}

// fill gives Kate her contacts, each with one note, and a group to send them to.
func (k *killing) fill() {
	k.wise.AddUser(wisebox.User{Email: sampleEmail, Password: sampleWisePassword, First: "Kate", Last: "Moreno"})
	for i := range killedContacts {
		id := k.wise.AddContact(sampleEmail, wisebox.Contact{
			First: "Person", Last: strconv.Itoa(i), MobilePhone: fmt.Sprintf("(520) 555-01%02d", i%100),
		})
		k.wise.AddNote(sampleEmail, wisebox.Note{ClientID: id, Subject: "Met", Text: "At the fair"})
		k.ids = append(k.ids, id)
	}
	k.mojo.AddSample()
	k.group = k.mojo.AddGroup(ruiz, "Spring")
}

// connect stores the connection that both sign-ins would make.
func (k *killing) connect(ctx context.Context, database, keyset, mojoURL string) error {
	vault, err := store.NewVault(keyset)
	if err != nil {
		return err
	}
	if k.db, err = store.Open(ctx, database, vault); err != nil {
		return err
	}
	grant, err := (&mojo.Client{AuthURL: mojoURL, ClientID: "addtomojo", ClientSecret: "kill-secret"}).
		SignIn(ctx, samplePIN, sampleLogin, samplePassword)
	if err != nil {
		return err
	}
	access, refresh, expires := k.wise.Tokens(sampleEmail, strings.Fields(wiseagent.Scopes)...)
	_, err = k.db.Connect(ctx, store.Connection{
		Email: sampleEmail, Name: "Kate Moreno", Scopes: wiseagent.Scopes,
		MojoAccountID: grant.Account.ID, MojoAccountName: grant.Account.Name, MojoAccountURL: grant.AccountURL,
		MojoLogin: sampleLogin, MojoPermission: grant.Agent.Permission, CreatedAt: time.Now(),
	}, grant.Token, &oauth2.Token{AccessToken: access, RefreshToken: refresh, Expiry: expires}, "")
	return err
}

// freeAddress finds an address on loopback, which the program takes again each time it starts. All of 127.0.0.0/8 is loopback; a host of
// its own keeps the port from whoever takes one meanwhile, as another round's sandbox does.
func freeAddress(t *testing.T) string {
	t.Helper()
	host := fmt.Sprintf("127.%d.%d.%d", 1+mathrand.IntN(254), mathrand.IntN(256), 1+mathrand.IntN(254))
	l, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// round pushes and undoes, with a kill in each, now and then with one more while it recovers.
func (k *killing) round(ctx context.Context) error {
	defer k.kill()
	if err := k.start(ctx); err != nil {
		return err
	}
	key, err := k.push(ctx, k.ids)
	if err != nil {
		return err
	}
	push := "/push/" + key
	if err := k.killAt(ctx, mojobox.EndpointBulkCreate); err != nil {
		return err
	}
	if k.dice.IntN(4) == 0 {
		if err := k.killAt(ctx, mojobox.EndpointBulkCreate); err != nil {
			return err
		}
	}
	if err := k.until(ctx, push, store.PushDone); err != nil {
		return err
	}
	if err := errors.Join(k.arrived(), k.ended(ctx, key, killedContacts, store.ContactAdded)); err != nil {
		return err
	}
	if _, err := k.post(ctx, push+"/undo", url.Values{}); err != nil {
		return err
	}
	if k.dice.IntN(2) == 0 {
		if err := k.killAt(ctx, mojobox.EndpointRemoveFromGroup); err != nil {
			return err
		}
	}
	if err := k.until(ctx, push, store.PushUndone); err != nil {
		return err
	}
	if left := k.mojo.Contacts(ruiz, k.group); len(left) > 0 {
		return fmt.Errorf("%d contacts are still in the group after the undo, want none", len(left))
	}
	return k.ended(ctx, key, killedContacts, store.ContactRemoved)
}

// TestKillWhileAPushStops kills the program (SIGKILL) while a batch of a push that its customer has stopped is at Mojo: the contacts
// of that batch are in doubt then, and of no other one is said that it may have reached Mojo.
func TestKillWhileAPushStops(t *testing.T) {
	program := buildProgram(t)
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			k := newKilling(t, program, storetest.URL(t, engine), 1)
			if err := k.whileStopping(t.Context()); err != nil {
				t.Errorf("%v\nthe service's log ends\n%s", err, k.log.tail())
			}
		})
	}
}

func (k *killing) whileStopping(ctx context.Context) error {
	defer k.kill()
	if err := k.start(ctx); err != nil {
		return err
	}
	k.faults.mojo.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.Latency, Delay: 20 * time.Second, After: 1})
	key, err := k.push(ctx, k.ids)
	if err != nil {
		return err
	}
	err = eventually(ctx, "the second batch is at Mojo", func() bool { return k.mojo.Requests()[mojobox.EndpointBulkCreate] == 2 })
	if err != nil {
		return err
	}
	if _, err := k.post(ctx, "/push/"+key+"/stop", url.Values{}); err != nil {
		return err
	}
	err = eventually(ctx, "only the batch that is at Mojo is in doubt", func() bool {
		rows, err := k.db.PushContacts(ctx, key, []store.ContactState{store.ContactCreating}, -1, killedContacts)
		return err == nil && len(rows) == killedBatch && rows[0].Position == killedBatch
	})
	if err != nil {
		return err
	}
	k.kill()
	k.faults.mojo.Clear()
	if err := k.start(ctx); err != nil {
		return err
	}
	if err := k.until(ctx, "/push/"+key, store.PushStopped); err != nil {
		return err
	}
	all, _, err := k.db.PushCounts(ctx, key)
	if want := (store.Counts{Total: killedContacts, Added: killedBatch, Failed: killedContacts - killedBatch, Unsent: killedContacts - 2*killedBatch}); err == nil && all != want {
		err = fmt.Errorf("the push ends with %+v, want %+v", all, want)
	}
	return err
}

// push sends contacts as a customer does, and gives the push's id.
func (k *killing) push(ctx context.Context, ids []string) (key string, err error) {
	launch, err := k.post(ctx, "/launch", k.wise.Launch(sampleEmail, ids))
	if err != nil {
		return "", err
	}
	key = uuid.Must(uuid.NewRandomFromReader(rand.Reader)).String()
	_, err = k.post(ctx, launch+"/push", url.Values{"push": {key}, "group": {strconv.FormatInt(k.group, 10)}})
	return key, err
}

// start starts the program and waits until it answers.
func (k *killing) start(ctx context.Context) error {
	k.child = k.command(ctx)
	if err := k.child.Start(); err != nil {
		return err
	}
	return eventually(ctx, "the program answers", func() bool {
		answer, err := k.browser.Get(k.url + "/healthz")
		if err == nil {
			answer.Body.Close()
		}
		return err == nil
	})
}

func (k *killing) kill() {
	k.child.Process.Kill() // it may be dead already
	k.child.Wait()         // it says that it was killed
	k.browser.CloseIdleConnections()
}

// killAt kills the program up to 30 ms after one of the requests to that endpoint that are still to come, or after now,
// and starts it again.
func (k *killing) killAt(ctx context.Context, endpoint string) error {
	left := len(k.mojo.Contacts(ruiz, k.group))
	if endpoint == mojobox.EndpointBulkCreate {
		left = killedContacts - left
	}
	requests, wait := k.dice.IntN(left/killedBatch+1), time.Duration(k.dice.IntN(30_000))*time.Microsecond
	before, limit := k.mojo.Requests()[endpoint], time.Now().Add(20*time.Second)
	for k.mojo.Requests()[endpoint] < before+requests && time.Now().Before(limit) {
		if err := pause(ctx, time.Millisecond/2); err != nil {
			return err
		}
	}
	if err := pause(ctx, wait); err != nil {
		return err
	}
	k.kill()
	k.story = append(k.story, fmt.Sprintf("%v after %d of %s with %d in the group",
		wait, requests, endpoint, len(k.mojo.Contacts(ruiz, k.group))))
	return k.start(ctx)
}

// until waits for a state of the push, as its page shows it.
func (k *killing) until(ctx context.Context, push string, state store.PushState) error {
	var page string
	err := eventually(ctx, "the push is "+string(state), func() bool {
		answer, err := k.browser.Get(k.url + push)
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		page = string(body)
		return err == nil && answer.StatusCode == http.StatusOK && strings.Contains(page, `class="push push-`+string(state)+`"`)
	})
	if err != nil {
		return fmt.Errorf("%w; its page is\n%s", err, page)
	}
	return nil
}

// arrived checks that the group holds exactly the contacts, none twice, each with its note once.
func (k *killing) arrived() error {
	want := make(map[string]bool)
	for _, id := range k.ids {
		want["wa-"+id] = true
	}
	var wrong []error
	for _, c := range k.mojo.Contacts(ruiz, k.group) {
		if !want[c.APIContactID] {
			wrong = append(wrong, fmt.Errorf("contact %s is in the group twice, or is nobody's", c.APIContactID))
		}
		if len(c.Notes) != 1 {
			wrong = append(wrong, fmt.Errorf("contact %s has %d notes, want 1", c.APIContactID, len(c.Notes)))
		}
		delete(want, c.APIContactID)
	}
	if len(want) > 0 {
		wrong = append(wrong, fmt.Errorf("%d of %d contacts are not in the group", len(want), len(k.ids)))
	}
	return errors.Join(wrong...)
}

// ended checks that the push has so many rows, and that every one is in that state.
func (k *killing) ended(ctx context.Context, push string, contacts int, state store.ContactState) error {
	rows, err := k.db.PushContacts(ctx, push, nil, -1, killedContacts+1)
	if err != nil {
		return err
	}
	counts, reasons := make(map[store.ContactState]int), make(map[string]int)
	for _, r := range rows {
		if counts[r.State]++; r.State != state {
			reasons[r.Reason]++
		}
	}
	if counts[state] != contacts || len(rows) != contacts {
		return fmt.Errorf("the push's rows are %v, want %d %s; the reasons are %v", counts, contacts, state, reasons)
	}
	return nil
}

// post sends a form as our own page does and gives where it leads.
func (k *killing) post(ctx context.Context, path string, form url.Values) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, k.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	answer, err := k.browser.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	to := answer.Header.Get("Location")
	if answer.StatusCode != http.StatusSeeOther || to == "/problem" {
		return "", fmt.Errorf("POST %s is answered %s to %q, want a redirect", path, answer.Status, to)
	}
	return to, nil
}

// eventually asks again and again; a minute is far more than anything here takes.
func eventually(ctx context.Context, what string, so func() bool) error {
	for limit := time.Now().Add(time.Minute); time.Now().Before(limit); {
		if so() {
			return nil
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("it never happens that %s", what)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// killLog keeps what one child after the other says.
type killLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *killLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// has tells whether a text is anywhere in it.
func (l *killLog) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Contains(l.text.Bytes(), []byte(text))
}

// tail is the end of it, without the requests.
func (l *killLog) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var lines []string
	for line := range strings.Lines(l.text.String()) {
		if !strings.Contains(line, `"msg":"request"`) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-30):], "")
}
