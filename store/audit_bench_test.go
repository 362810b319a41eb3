package store_test

import (
	"slices"
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

// BenchmarkAudits looks for a page of 51 among a million lines, and reports the slowest of all looks by each index.
func BenchmarkAudits(b *testing.B) {
	for _, engine := range storetest.Engines() {
		b.Run(engine, func(b *testing.B) {
			url := storetest.URL(b, engine)
			s := storetest.At(b, url)
			storetest.FillAudits(b, url, 1_000_000)
			looks := map[string]store.AuditFilter{
				"newest": {}, "who": {Who: "staff7@example.com"}, "action": {Action: "rare"}, "both": {Who: "staff7@example.com", Action: "rare"},
				"nobody": {Who: "nobody@example.com"}, "account": {ConnectionID: "account4711"}, "text": {Text: "detail 999"},
				"days":     {Since: time.UnixMilli(1700400000000), Until: time.UnixMilli(1700486400000), Action: "kind3"},
				"textless": {Text: "no such text"},
			}
			slowest := make(map[string]time.Duration)
			for b.Loop() {
				for name, f := range looks {
					f.Limit = 51
					start := time.Now()
					found, _, err := s.Audits(b.Context(), f)
					if err != nil || !slices.IsSortedFunc(found, func(x, y store.Audit) int { return y.At.Compare(x.At) }) {
						b.Fatalf("%s: got %v and %v, want the newest first", name, found, err)
					}
					slowest[name] = max(slowest[name], time.Since(start))
				}
			}
			for name, took := range slowest {
				b.ReportMetric(float64(took.Microseconds())/1000, name+"-ms")
			}
		})
	}
}
