package main

import (
	"bytes"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"addtomojo/store"
)

func TestSupportLinkCommand(t *testing.T) {
	vars := goodVars(t)
	keyset, err := store.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	vars["ENCRYPTION_KEYSET"], vars["DATABASE_URL"] = keyset, filepath.Join(t.TempDir(), "links.db")
	vars["SUPPORT_OPERATOR_EMAILS"] = "sam@example.com, Olga@Example.com"
	settings, err := readSettings(from(vars))
	if err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), []string{"migrate"}, from(vars), io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		role string
	}{
		{[]string{"--email", "Sam@example.com"}, "operator"},
		{[]string{"--email", "olga@example.com"}, "operator"},
		{[]string{"--email", "vera@example.com"}, "viewer"},
		{[]string{"--email", "sam@example.com", "--role", "viewer"}, "viewer"},
		{[]string{"--email", "vera@example.com", "--role", "operator"}, "operator"},
	} {
		var out, errs bytes.Buffer
		if err := run(t.Context(), append([]string{"support-link"}, tt.args...), from(vars), &out, &errs); err != nil {
			t.Fatalf("%q: %v", tt.args, err)
		}
		link, err := url.Parse(strings.TrimSpace(out.String()))
		if err != nil || !strings.HasPrefix(link.String(), vars["BASE_URL"]+"/support/signin/link/") {
			t.Fatalf("%q: got %q, want a link", tt.args, out.String())
		}
		if !strings.Contains(errs.String(), "10 minutes") {
			t.Errorf("%q: got %q, want how long it is good", tt.args, errs.String())
		}
		if got := lastLink(t, settings); got.Role != tt.role || got.Who != strings.ToLower(tt.args[1]) {
			t.Errorf("%q: got %s as %q, want %q", tt.args, got.Who, got.Role, tt.role)
		}
	}
	for _, bad := range [][]string{{}, {"--email", ""}, {"--email", "sam"}, {"--email", "sam@example.com", "--role", "boss"}, {"--email", "sam@example.com", "more"}} {
		var out, errs bytes.Buffer
		if err := run(t.Context(), append([]string{"support-link"}, bad...), from(vars), &out, &errs); err == nil || out.Len() != 0 {
			t.Errorf("%q: got %q and no error, want an error alone", bad, out.String())
		}
	}
}

// lastLink is what the audit log has of the last link.
func lastLink(t *testing.T, settings Settings) store.Audit {
	t.Helper()
	db, err := openStore(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	found, _, err := db.Audits(t.Context(), store.AuditFilter{Action: "link", Limit: 1, Since: time.Now().Add(-time.Minute)})
	if err != nil || len(found) != 1 {
		t.Fatalf("audit log: got %v and %v, want the link", found, err)
	}
	return found[0]
}
