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
	c, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), c.URL)
	if err != nil {
		t.Fatal(err)
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
}
