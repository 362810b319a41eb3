package cluster

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestClusterLeavesNothing(t *testing.T) {
	for _, test := range []struct {
		name  string
		start func() (*Cluster, error)
		fsync string
	}{
		{"quick", Start, "off"},
		{"durable", StartDurable, "on"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := test.start()
			if err != nil {
				t.Fatal(err)
			}
			conn, err := pgx.Connect(t.Context(), c.URL)
			if err != nil {
				t.Fatal(err)
			}
			var fsync string
			if err := conn.QueryRow(t.Context(), "show fsync").Scan(&fsync); err != nil || fsync != test.fsync {
				t.Errorf("fsync: got %q, %v, want %q", fsync, err, test.fsync)
			}
			conn.Close(t.Context())
			if err := c.Stop(); err != nil {
				t.Errorf("Stop: %v", err)
			}
			u, err := url.Parse(c.URL)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(u.Query().Get("host")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the folder after Stop: got %v, want it gone", err)
			}
			if _, err := pgx.Connect(t.Context(), c.URL); err == nil {
				t.Error("the server still answers after Stop")
			}
		})
	}
}
