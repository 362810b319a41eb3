package store_test

import (
	"database/sql"
	"slices"
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

// manyAudits fills the audit log: a second apart, by 20 people, of 10 kinds and of one nobody does but once in 100,000, half of
// them about one of 50,000 accounts.
var manyAudits = map[string]string{
	storetest.SQLite: `
with recursive n (i) as (select 0 union all select i + 1 from n where i + 1 < 1000000),
    a as (select i, 1700000000000 + i * 1000 as at, printf('%012x', 1700000000000 + i * 1000) as h from n)
insert into audits (id, at, who, role, action, connection_id, launch_id, detail)
select substr(h, 1, 8) || '-' || substr(h, 9) || '-7000-8000-' || printf('%012x', i), at, 'staff' || (i % 20) || '@example.com', 'viewer',
    case when i % 100000 = 7 then 'rare' else 'kind' || (i % 10) end, case when i % 2 = 0 then 'account' || (i / 2 % 50000) else '' end, '', 'detail ' || i
from a`,
	storetest.Postgres: `
with a as (select i, 1700000000000 + i * 1000::bigint as at, lpad(to_hex(1700000000000 + i * 1000::bigint), 12, '0') as h from generate_series(0, 999999) as i)
insert into audits (id, at, who, role, action, connection_id, launch_id, detail)
select substr(h, 1, 8) || '-' || substr(h, 9) || '-7000-8000-' || lpad(to_hex(i), 12, '0'), at, 'staff' || (i % 20) || '@example.com', 'viewer',
    case when i % 100000 = 7 then 'rare' else 'kind' || (i % 10) end, case when i % 2 = 0 then 'account' || (i / 2 % 50000) else '' end, '', 'detail ' || i
from a`,
}

// BenchmarkAudits looks for a page of 51 among a million, and reports the slowest of all looks by each index.
func BenchmarkAudits(b *testing.B) {
	for _, engine := range storetest.Engines() {
		b.Run(engine, func(b *testing.B) {
			url := storetest.URL(b, engine)
			s := storetest.At(b, url)
			db, err := sql.Open(map[string]string{storetest.SQLite: "sqlite", storetest.Postgres: "pgx"}[engine], url)
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			if _, err := db.ExecContext(b.Context(), manyAudits[engine]); err != nil {
				b.Fatal(err)
			}
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
					found, err := s.Audits(b.Context(), f)
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
