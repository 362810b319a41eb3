package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

// watched is the program with its metrics at an address of their own, and a secret for Mojo's hooks.
type watched struct {
	*killing
	t       *testing.T
	metrics string // origin
	secret  *standardwebhooks.Webhook
}

func newWatched(t *testing.T, program, database string) *watched {
	t.Helper()
	w := &watched{killing: newKilling(t, program, database, 1), t: t}
	secret := sessionKey()
	var err error
	if w.secret, err = standardwebhooks.NewWebhook(secret); err != nil {
		t.Fatal(err)
	}
	plain := w.command
	w.command = func(ctx context.Context) *exec.Cmd {
		cmd := plain(ctx)
		cmd.Env = append(cmd.Env, "METRICS_ADDR=127.0.0.1:0", "MOJO_WEBHOOK_SECRETS=whsec_"+secret)
		return cmd
	}
	return w
}

// metricsIn finds the address of the metrics in the log.
var metricsIn = regexp.MustCompile(`"msg":"metrics","address":"([^"]+)"`)

// begin starts the program. It picks the metrics' port itself: one that was free a moment ago may be taken by now.
func (w *watched) begin() {
	w.t.Helper()
	w.must(w.t, w.start(w.t.Context()))
	said := metricsIn.FindStringSubmatch(w.log.tail())
	if said == nil {
		w.t.Fatalf("the log doesn't say where the metrics are:\n%s", w.log.tail())
	}
	w.metrics = "http://" + said[1]
}

// hook posts a hook of Mojo and gives the answer's status.
func (w *watched) hook(id, body string, signed bool) int {
	w.t.Helper()
	now := time.Now()
	signature, err := w.secret.Sign(id, now, []byte(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if !signed {
		signature = "v1,bm90aGluZw=="
	}
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+"/hooks/mojo", strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set(standardwebhooks.HeaderWebhookID, id)
	r.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	r.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

// get is the status and the text of an address.
func (w *watched) get(address string) (int, string) {
	w.t.Helper()
	answer, err := w.browser.Get(address)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// scraped waits until the metrics have some lines, and gives them all.
func (w *watched) scraped(lines ...string) (all string) {
	w.t.Helper()
	missing := ""
	err := eventually(w.t.Context(), "the metrics say so", func() bool {
		_, all = w.get(w.metrics + "/metrics")
		for _, missing = range lines {
			if !strings.Contains(all, "\n"+missing+"\n") {
				return false
			}
		}
		return true
	})
	if err != nil {
		w.t.Fatalf("%v: %s; they are\n%s", err, missing, all)
	}
	return all
}

func TestMetricsTellWhatHappened(t *testing.T) {
	t.Parallel()
	program := buildProgram(t)
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			w := newWatched(t, program, storetest.URL(t, engine))
			conn, err := w.db.ConnectionByEmail(t.Context(), sampleEmail)
			w.must(t, err)
			w.must(t, w.db.SaveLinks(t.Context(), conn.ID, []store.Link{{ClientID: w.ids[0], MojoContactID: 5800058, CustomWritten: true}}))
			w.begin()
			defer w.kill()
			w.scraped(
				"addtomojo_database_up 1", `addtomojo_connections{state="connected"} 1`, `addtomojo_events_waiting{waits_for="delivery"} 0`,
				`addtomojo_hooks_received_total{outcome="accepted"} 0`,
			)

			w.mojo.ExpireTokens(ruiz)
			push := w.pushThree()
			call := fmt.Sprintf(`{"type":"call.completed","data":{"account_id":%q,"agent":{"name":"Dana Ruiz","email":"dana@example.com"},
				"contact":{"contact_id":5800058,"full_name":"Ann Confidential"},"call":{"id":90210,"result":"contact","phone":"5205550143"}}}`, ruiz)
			for _, hook := range []struct {
				id, body string
				signed   bool
				want     int
			}{
				{"msg_secret_1", call, true, 202}, {"msg_secret_1", call, true, 202}, {"msg_secret_2", call, false, 401},
				{"msg_secret_3", `{"type":"ann@example.com"}`, true, 400}, {"msg_secret_4", strings.Replace(call, "call.completed", "ann@example.com", 1), true, 202},
			} {
				if got := w.hook(hook.id, hook.body, hook.signed); got != hook.want {
					t.Errorf("hook %s: got %d, want %d", hook.id, got, hook.want)
				}
			}
			for i := range 50 {
				w.get(fmt.Sprintf("%s/kate@example.com/%d", w.url, i))
			}
			all := w.scraped(
				`addtomojo_hooks_received_total{outcome="accepted"} 2`, `addtomojo_hooks_received_total{outcome="doubled"} 1`,
				`addtomojo_hooks_received_total{outcome="refused_signature"} 1`, `addtomojo_hooks_received_total{outcome="unreadable"} 1`,
				`addtomojo_deliveries_total{outcome="written",type="call.completed"} 1`, `addtomojo_deliveries_total{outcome="excluded",type="other"} 1`,
				`addtomojo_delivery_duration_seconds_count 1`, `addtomojo_delivery_duration_seconds_bucket{le="15"} 1`,
				`addtomojo_http_request_duration_seconds_count{method="POST",route="/hooks/mojo",status="2xx"} 3`,
				`addtomojo_http_request_duration_seconds_count{method="POST",route="/hooks/mojo",status="4xx"} 2`,
				`addtomojo_http_request_duration_seconds_count{method="GET",route="none",status="4xx"} 50`,
				`addtomojo_partner_call_duration_seconds_count{operation="add note",outcome="ok",partner="wiseagent"} 1`,
				`addtomojo_partner_call_duration_seconds_count{operation="create contacts",outcome="ok",partner="mojo"} 1`,
				`addtomojo_pushes_begun_total 1`, `addtomojo_pushes_ended_total{state="done"} 1`, `addtomojo_push_contacts_total{state="added"} 3`,
				`addtomojo_token_refreshes_total{outcome="ok",partner="mojo"} 1`, `addtomojo_revocations_waiting{partner="mojo"} 0`,
				`addtomojo_database_full_timestamp_seconds 0`, `addtomojo_commit_duration_seconds_count{outcome="failed"} 0`,
			)
			for _, part := range []string{"go_goroutines ", "process_open_fds ", `go_build_info{`, `addtomojo_commit_items_sum `} {
				if !strings.Contains(all, "\n"+part) {
					t.Errorf("the metrics lack %s", part)
				}
			}
			w.personal(all, conn.ID, push)
			w.public()
			w.stops()
		})
	}
}

// pushThree pushes three contacts, waits for the end, and gives the push's id.
func (w *watched) pushThree() string {
	w.t.Helper()
	launch, err := w.post(w.t.Context(), "/launch", w.wise.Launch(sampleEmail, w.ids[:3]))
	w.must(w.t, err)
	key := "6f1f4a7e-90c6-4d0b-9a0b-3f3c5f0c2b11"
	_, err = w.post(w.t.Context(), launch+"/push", url.Values{"push": {key}, "group": {strconv.FormatInt(w.group, 10)}})
	w.must(w.t, err)
	w.must(w.t, w.until(w.t.Context(), "/push/"+key, store.PushDone))
	return key
}

// ourLabel is what a label may be: a bucket's limit, a word or two, a route's pattern, a class of statuses.
var ourLabel = regexp.MustCompile(`^(?:le="(?:[0-9.e+]+|\+Inf)"|[a-z_]+="(?:[A-Za-z_ .]+|/[a-z:*/]*|[1-5]xx)")$`)

// personal fails the test when the metrics tell of somebody.
func (w *watched) personal(all string, secrets ...string) {
	w.t.Helper()
	secrets = append(secrets, "@", "Kate", "Moreno", "kate", "Confidential", "Dana", "Ruiz", "555014", "msg_secret", "90210", "5800058", "Spring", "Bearer", "whsec")
	for _, secret := range secrets {
		if strings.Contains(all, secret) {
			w.t.Errorf("the metrics tell of %q", secret)
		}
	}
	label := regexp.MustCompile(`[a-z_]+="(?:[^"\\]|\\.)*"`)
	for line := range strings.Lines(all) {
		if !strings.HasPrefix(line, "addtomojo_") {
			continue
		}
		for _, l := range label.FindAllString(line, -1) {
			if !ourLabel.MatchString(l) {
				w.t.Errorf("the metrics have %s", l)
			}
		}
	}
}

// public checks that what is for everybody and what is for the operator don't mix.
func (w *watched) public() {
	w.t.Helper()
	for _, address := range []string{w.url + "/metrics", w.metrics + "/", w.metrics + "/healthz", w.metrics + "/hooks/mojo", w.metrics + "/debug/pprof/"} {
		if status, _ := w.get(address); status != http.StatusNotFound {
			w.t.Errorf("GET %s: got %d, want 404", address, status)
		}
	}
}

// stops ends the program as an operator does.
func (w *watched) stops() {
	w.t.Helper()
	w.must(w.t, w.child.Process.Signal(syscall.SIGTERM))
	if err := w.child.Wait(); err != nil {
		w.t.Errorf("the program ends with %v\n%s", err, w.log.tail())
	}
	if c, err := net.Dial("tcp", strings.TrimPrefix(w.metrics, "http://")); err == nil {
		c.Close()
		w.t.Error("the metrics still answer when the program has ended")
	}
}

func TestATakenMetricsPortStopsTheStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	vars := goodVars(t)
	vars["ENCRYPTION_KEYSET"], err = store.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	vars["METRICS_ADDR"], vars["DATABASE_URL"] = taken.Addr().String(), filepath.Join(t.TempDir(), "fresh.db")
	var out bytes.Buffer
	err = run(t.Context(), []string{"serve", "-listen", "127.0.0.1:0"}, from(vars), &out, &out)
	if err == nil || !strings.Contains(err.Error(), "METRICS_ADDR: ") || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("got %v, want it to name METRICS_ADDR and say that the address is taken", err)
	}
	if _, err := os.Stat(vars["DATABASE_URL"]); !os.IsNotExist(err) {
		t.Errorf("the database was opened all the same: %v", err)
	}
}

func TestMetricsAddr(t *testing.T) {
	for value, want := range map[string]string{
		"": "", ":9091": "", "127.0.0.1:0": "", "[::1]:9091": "", "metrics.internal:9091": "",
		"9091": "is not an address", "localhost": "is not an address", ":http": "is not an address", ":99999": "is not an address", "::1:9091": "is not an address",
		"https://127.0.0.1:9091": "is not an address", ":8080": "the same as LISTEN_ADDR",
	} {
		vars := goodVars(t)
		vars["METRICS_ADDR"], vars["BASE_URL"] = value, "http://add.example.com" // a problem beside it
		s, err := readSettings(from(vars))
		if !strings.Contains(err.Error(), "BASE_URL") {
			t.Fatalf("got %v, want all problems", err)
		}
		if named := strings.Contains(err.Error(), "METRICS_ADDR"); named != (want != "") || !strings.Contains(err.Error(), want) || s.MetricsAddr != value {
			t.Errorf("%q: got %v, want %q", value, err, want)
		}
	}
}
