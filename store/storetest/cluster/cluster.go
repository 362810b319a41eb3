// Package cluster starts a PostgreSQL server for tests: new, empty, reachable by a socket in a temporary folder only, and either quick,
// since it never waits for the disk, or durable, to be measured. It needs Debian's package postgresql, or another one's with initdb and pg_ctl in the PATH.
package cluster

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// Cluster is a running server. It ends with Stop, or with the process that started it, however that ends.
type Cluster struct {
	URL   string // of a database whose user may do anything, create databases too
	shell *exec.Cmd
	stdin io.Closer
}

// The shell outlives us by just as long as it takes to clean up: when we are gone, killed maybe, read comes to its end.
const script = `
set -e
trap 'rm -rf "$dir"' EXIT
"$bin/initdb" --pgdata="$dir/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync >/dev/null
"$bin/pg_ctl" --pgdata="$dir/data" --log="$dir/log" --wait --options="$options" start >/dev/null || { cat "$dir/log" >&2; exit 1; }
echo ready
read -r _ || true
"$bin/pg_ctl" --pgdata="$dir/data" --mode=immediate --wait stop >/dev/null
`

const (
	options = "-c listen_addresses='' -c max_connections=300"
	quick   = options + " -c shared_buffers=32MB -c autovacuum=off -c fsync=off -c full_page_writes=off -c max_wal_size=64MB"
)

// Start starts a server that never waits for the disk, and waits until it answers.
func Start() (*Cluster, error) { return start(memory(), quick) }

// StartDurable starts a server as it is used for real: what it says is committed is on the disk of the usual temporary folder.
func StartDurable() (*Cluster, error) { return start("", options) }

func start(folder, options string) (*Cluster, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(folder, "pg") // short: a socket's path has 107 bytes at most
	if err != nil {
		return nil, err
	}
	c := &Cluster{
		URL:   "postgres:///postgres?user=postgres&host=" + url.QueryEscape(dir),
		shell: exec.Command("/bin/sh", "-c", script),
	}
	c.shell.Dir = dir
	c.shell.Env = []string{"PATH=" + os.Getenv("PATH"), "bin=" + bin, "dir=" + dir, "options=" + options + " -k " + dir}
	c.shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C is for us
	if err := c.asSomebody(dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := c.start(); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", errors.Join(err, os.RemoveAll(dir)))
	}
	return c, nil
}

// memory is a folder in memory, where a new database takes a twentieth of the time, if there is one with room; or else "", the
// usual one.
func memory() string {
	const folder, room = "/dev/shm", 1 << 30
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil || uint64(s.Bavail)*uint64(s.Bsize) < room {
		return ""
	}
	return folder
}

// programs finds the newest server's folder.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", errors.New("no PostgreSQL here: install postgresql (make test does it)")
	}
	return filepath.Dir(path), nil
}

// asSomebody gives root's server to the user postgres, because PostgreSQL refuses to run as root.
func (c *Cluster) asSomebody(dir string) error {
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return err
	}
	c.shell.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(dir, uid, gid)
}

func (c *Cluster) start() error {
	var complaint bytes.Buffer
	c.shell.Stderr = &complaint
	stdout, err := c.shell.StdoutPipe()
	if err != nil {
		return err
	}
	if c.stdin, err = c.shell.StdinPipe(); err != nil {
		return err
	}
	if err := c.shell.Start(); err != nil {
		return err
	}
	if line, _ := bufio.NewReader(stdout).ReadString('\n'); line == "ready\n" {
		return nil
	}
	return fmt.Errorf("%w: %s", c.shell.Wait(), bytes.TrimSpace(complaint.Bytes()))
}

// Stop ends the server and removes its data.
func (c *Cluster) Stop() error {
	return errors.Join(c.stdin.Close(), c.shell.Wait())
}
