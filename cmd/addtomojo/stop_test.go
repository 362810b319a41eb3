package main

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"addtomojo/sandbox/fault"
	"addtomojo/store"
	"addtomojo/store/storetest"
)

// Whichever signal stops the program, the tokens that a partner is just giving are waited for and saved: without them the
// connection would be lost.
func TestStopDuringARefresh(t *testing.T) {
	t.Parallel()
	program := buildProgram(t)
	for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			k := newKilling(t, program, storetest.URL(t, storetest.SQLite), 1)
			k.work(t)
			k.wise.ExpireTokens(sampleEmail)
			k.faults.wise.Add(fault.Rule{Endpoint: "token", Kind: fault.Late, Delay: 3 * time.Second, Times: 1})
			k.must(t, k.start(t.Context()))
			defer k.kill()
			k.must(t, eventually(t.Context(), "the partner rotates", func() bool { return k.wise.RefreshCount() == 1 }))
			k.must(t, k.child.Process.Signal(signal))
			k.must(t, k.child.Wait())
			conn, err := k.db.ConnectionByEmail(t.Context(), sampleEmail)
			k.must(t, err)
			tokens, err := k.db.Tokens(t.Context(), conn.ID, store.Wise)
			k.must(t, err)
			if tokens.Version != 2 || tokens.RefreshedAt.IsZero() || conn.State != store.StateConnected {
				t.Errorf("tokens of version %d, connection %s; want the fresh ones saved", tokens.Version, conn.State)
			}
		})
	}
}

// The program takes fly.toml's settings, and Fly.io waits long enough for it to stop: ten seconds for requests, and ninety for the
// refresh of a token.
func TestFlySettings(t *testing.T) {
	content, err := os.ReadFile("../../fly.toml")
	if err != nil {
		t.Fatal(err)
	}
	toml := string(content)
	vars := goodVars(t)
	_, env, _ := strings.Cut(toml, "[env]\n")
	env, _, _ = strings.Cut(env, "\n[")
	for _, line := range regexp.MustCompile(`(?m)^ *([A-Z_]+) = "(.*?)"`).FindAllStringSubmatch(env, -1) {
		vars[line[1]] = line[2]
	}
	if s, err := readSettings(from(vars)); err != nil || len(s.TrustedProxies) == 0 || s.ClientIPHeader != "Fly-Client-IP" {
		t.Errorf("fly.toml's settings are read as %+v, %v", s, err)
	}
	wait := regexp.MustCompile(`(?m)^kill_timeout = (\d+)`).FindStringSubmatch(toml)
	if wait == nil || !strings.Contains(toml, "\nkill_signal = \"SIGTERM\"\n") {
		t.Fatal("fly.toml doesn't say with which signal the program is stopped, and for how long it is waited for")
	}
	if seconds, _ := strconv.Atoi(wait[1]); seconds < 110 || seconds > 300 {
		t.Errorf("kill_timeout is %d, want time to stop, and what Fly.io gives at most", seconds)
	}
}
