package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// build makes the program in dir and gives its path.
func build(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "addtomojo")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, "addtomojo/cmd/addtomojo")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
}

// service is `addtomojo serve` as a child process.
type service struct {
	cmd *exec.Cmd
	url string
	log *bytes.Buffer // to be read after stop only
}

// freeAddress finds an address on loopback that nobody listens at.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// startService starts the program with those settings and waits until it answers.
func startService(ctx context.Context, program, address string, settings []string) (*service, error) {
	s := &service{cmd: exec.CommandContext(ctx, program, "serve", "-listen", address), url: "http://" + address, log: new(bytes.Buffer)}
	s.cmd.Env = settings
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for range 1000 {
		if answer, err := http.Get(s.url + "/healthz"); err == nil {
			answer.Body.Close()
			return s, nil
		}
		if err := sleep(ctx, 10*time.Millisecond); err != nil {
			break
		}
	}
	return nil, errors.Join(errors.New("the service does not answer"), s.stop())
}

// stop ends the service as an operator would. The error tells the end of its log.
func (s *service) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := s.cmd.Wait(); err != nil {
		log := s.log.String()
		return fmt.Errorf("the service ends badly: %w\n%s", err, log[max(0, len(log)-2000):])
	}
	return nil
}

// peakMemory is the most memory that the service has had, in millions of bytes (VmHWM).
func (s *service) peakMemory() (float64, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 64)
			return kib * 1024 / 1e6, err
		}
	}
	return 0, errors.Join(errors.New("the kernel does not tell VmHWM"), lines.Err())
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
