package mojo_test

import (
	"testing"

	"addtomojo/sandbox/measured"
)

// Whatever is asked of Mojo is measured.
func TestEveryCallIsMeasured(t *testing.T) {
	client, api := serve(t, says(500, asJSON, "{}"))
	measured.Every(t, &client.Measure, 9, client, api)
}
