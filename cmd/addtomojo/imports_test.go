package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "addtomojo/"

// mayImport is the direction of the imports: for each folder what of ours it may import, and which modules are
// kept to it alone.
var mayImport = map[string][]string{
	"bridge":                  {"mojo", "store", "wiseagent"},
	"cmd/addtomojo":           {"bridge", "cmd/internal/heap", "cmd/internal/metrics", "mojo", "sandbox/fault", "sandbox/mojo", "sandbox/people", "sandbox/post", "sandbox/wiseagent", "store", "web", "wiseagent"},
	"cmd/bench":               {"bridge", "cmd/internal/heap", "mojo", "sandbox/fault", "sandbox/mojo", "sandbox/people", "sandbox/wiseagent", "store", "web", "wiseagent"},
	"cmd/internal/heap":       {},
	"cmd/internal/metrics":    {"bridge", "mojo", "store", "web", "wiseagent"},
	"mojo":                    {},
	"sandbox/fault":           {},
	"sandbox/mojo":            {"sandbox/fault"},
	"sandbox/measured":        {},
	"sandbox/people":          {},
	"sandbox/post":            {},
	"sandbox/wiseagent":       {"sandbox/fault", "sandbox/people"},
	"static":                  {},
	"store":                   {"store/internal/rows", "store/migrations"},
	"store/internal/rows":     {},
	"store/migrations":        {},
	"store/storetest":         {"store", "store/migrations", "store/storetest/cluster"},
	"store/storetest/cluster": {},
	"store/storetest/pg":      {"store/storetest/cluster"},
	"views":                   {},
	"web":                     {"bridge", "mojo", "static", "store", "views", "wiseagent"},
	"wiseagent":               {},
}

// onlyIn keeps a library behind one door.
var onlyIn = map[string][]string{
	"github.com/labstack/echo":       {"web"},
	"github.com/gorilla/":            {"web"},
	"github.com/coreos/go-oidc":      {"web"},
	"database/sql":                   {"cmd/bench", "store", "store/internal/rows", "store/storetest", "store/storetest/cluster"},
	"github.com/jackc/pgx":           {"cmd/bench", "store", "store/storetest", "store/storetest/cluster"},
	"github.com/pressly/goose":       {"store"},
	"modernc.org/sqlite":             {"store"},
	"github.com/tink-crypto/tink-go": {"store"},
	"github.com/a-h/templ":           {"views", "web"},
	"github.com/prometheus/":         {"cmd/internal/metrics"},
	"github.com/wneessen/go-mail":    {"bridge"},
	"github.com/emersion/":           {"sandbox/post"},
	"github.com/standard-webhooks/":  {"bridge", "sandbox/mojo", "sandbox/post", "web"},
}

func TestImportsPointOneWay(t *testing.T) {
	for _, p := range packages(t) {
		folder := strings.TrimPrefix(p.ImportPath, module)
		allowed, known := mayImport[folder]
		if !known {
			if !strings.Contains(folder, "/internal/") {
				t.Errorf("package %s is not in the table of allowed imports", folder)
			}
			continue
		}
		for _, path := range p.Imports {
			if ours, ok := strings.CutPrefix(path, module); ok && !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s, which the table does not allow", folder, ours)
			}
			for library, doors := range onlyIn {
				if strings.HasPrefix(path, library) && !slices.Contains(doors, folder) {
					t.Errorf("%s imports %s, which belongs to %v", folder, path, doors)
				}
			}
		}
	}
}

// goPackage is what `go list -json` says of a package.
type goPackage struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) (all []goPackage) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for list := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := list.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
