package bridge_test

import (
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	wisebox "addtomojo/sandbox/wiseagent"
)

func TestPreflightNamesVendors(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		vendor := w.wise.AddVendor(kate, wisebox.Vendor{Company: "Saguaro Title Agency", ContactName: "Rita Alvarez"})
		pre, err := w.Preflight(t.Context(), conn, w.launch(vendor, "V99999"))
		w.need(err)
		want := []bridge.Person{{ClientID: vendor, Name: "Saguaro Title Agency"}, {ClientID: "V99999", Name: "Vendor 99999"}}
		if len(pre.Vendors) != 2 || pre.Vendors[0] != want[0] || pre.Vendors[1] != want[1] {
			t.Errorf("vendors: got %v, want %v", pre.Vendors, want)
		}
		if len(pre.Sendable)+len(pre.Missing) != 0 {
			t.Errorf("sendable %v, missing %v: want vendors in neither", pre.Sendable, pre.Missing)
		}
	})
}

func TestGroupsArePrefetchedWhenContactsComeFirst(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointGroups, Kind: fault.Latency, Delay: 300 * time.Millisecond})
		launch := w.launch(w.contacts(1)...)
		_, err := w.Preflight(t.Context(), conn, launch)
		w.need(err)
		for range 50 {
			groups, _, err := w.Store.Groups(t.Context(), conn.ID)
			w.need(err)
			if len(groups) > 0 {
				return
			}
			<-time.After(50 * time.Millisecond)
		}
		t.Error("the groups were not fetched ahead: the contacts' arrival ended it")
	})
}
