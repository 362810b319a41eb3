package main

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"addtomojo/cmd/addtomojo/internal/chrome"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
)

// readmeLook is how the README shows the popup.
var readmeLook = chrome.Look{Width: 480, Height: 720, Scale: 2}

// readmePictures are the pictures that the README shows, in docs.
var readmePictures = []string{"group.png", "progress.png"}

// TestScreenshots checks the README's pictures. With SCREENSHOTS set to a folder (from the top of the repository, such as
// docs) it takes them anew, of a real run with sample people.
func TestScreenshots(t *testing.T) {
	dir := picturesDir()
	if os.Getenv("SCREENSHOTS") != "" {
		takePictures(t, dir)
	}
	want := image.Pt(int(readmeLook.Width*2), int(readmeLook.Height*2))
	for _, name := range readmePictures {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Errorf("the README's picture: %v; make screenshots takes it", err)
			continue
		}
		picture, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := picture.Bounds().Size(); got != want {
			t.Errorf("%s: got %v pixels, want %v", name, got, want)
		}
	}
}

// picturesDir is docs, or the folder that SCREENSHOTS names.
func picturesDir() string {
	dir := filepath.Join("..", "..", "docs")
	if folder := os.Getenv("SCREENSHOTS"); filepath.IsAbs(folder) {
		dir = folder
	} else if folder != "" {
		dir = filepath.Join("..", "..", folder)
	}
	return dir
}

func takePictures(t *testing.T, dir string) {
	s := newScene(t, &chromium, func(o *sandboxOptions, box *sandbox) {
		o.People = 60
		if box != nil {
			box.Settings.MojoBatchSize = 6
		}
	})
	list := s.contacts()
	popup := s.addToMojo(list, s.ids(5)...)
	s.connect(popup)
	popup.Wait("h2", "will be added")
	s.choose(popup, "Hot Lead")
	s.landed(s.press(popup), s.hot)

	popup = s.second(list, popup, s.ids(46)...)
	popup.Look(readmeLook)
	popup.Wait("button", "Add 44 contacts to Mojo")
	s.choose(popup, "Hot Lead")
	save(t, filepath.Join(dir, "group.png"), popup)
	s.MojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.Latency, Delay: 700 * time.Millisecond})
	s.press(popup)
	popup.Wait("#push-text", "30 of 46 done")
	chrome.Value[bool](popup, "Promise.all(document.getAnimations({subtree: true}).map((a) => a.finished)).then(() => true)")
	save(t, filepath.Join(dir, "progress.png"), popup)
}

func save(t *testing.T, path string, popup *chrome.Tab) {
	t.Helper()
	if err := os.WriteFile(path, popup.Shot(), 0o644); err != nil {
		t.Fatal(err)
	}
}
