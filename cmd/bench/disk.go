package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// tellDisk says what the disk takes for the least that can be durable: a page that is appended to a file and synced. Each commit
// takes that and more, so it is the floor of what is measured on the disk, and differs from machine to machine by a factor of ten.
func tellDisk(w io.Writer) error {
	f, err := os.CreateTemp("", "addtomojo-bench-")
	if err != nil {
		return err
	}
	defer f.Close()
	if err := os.Remove(f.Name()); err != nil {
		return err
	}
	page := make([]byte, 4096)
	took := make([]time.Duration, 300)
	for i := range took {
		begin := time.Now()
		if _, err := f.Write(page); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
		took[i] = time.Since(begin)
		time.Sleep(time.Millisecond) // as between hooks
	}
	took = settled(took)
	_, err = fmt.Fprintf(w, "disk: a page of 4 KiB is appended and synced in %.2f ms (p50), %.2f ms (p99)\n", quantile(took, 0.50), quantile(took, 0.99))
	return err
}
