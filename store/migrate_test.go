package store_test

import (
	"io/fs"
	"sync"
	"testing"

	"github.com/pressly/goose/v3"

	"addtomojo/store"
	"addtomojo/store/migrations"
	"addtomojo/store/storetest"
)

// TestMigrateKeepsLinks goes back to the first schema and up again, with links in it.
func TestMigrateKeepsLinks(t *testing.T) {
	dialects := map[string]goose.Dialect{storetest.SQLite: goose.DialectSQLite3, storetest.Postgres: goose.DialectPostgres}
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			url := storetest.URL(t, engine)
			s := storetest.At(t, url)
			c := connected(t, s)
			check(t, s.SaveLinks(t.Context(), c.ID, []store.Link{
				{ClientID: "1", MojoContactID: 58, APIContactID: "wa-1"},
				{ClientID: "2", APIContactID: "wa-2"},
			}))
			received(t, s, call("msg_1", 58))
			check(t, s.Close())

			files, err := fs.Sub(migrations.Files, engine)
			check(t, err)
			p, err := goose.NewProvider(dialects[engine], raw(t, engine, url), files)
			check(t, err)
			_, err = p.DownTo(t.Context(), 1)
			check(t, err)

			s = storetest.At(t, url)
			got, err := s.LinkOf(t.Context(), c.ID, 58, "")
			check(t, err)
			same(t, "link", got, store.Link{ClientID: "1", MojoContactID: 58, APIContactID: "wa-1", Source: store.LinkPush})
			if e := received(t, s, call("msg_1", 58)); e.Seq != 1 {
				t.Errorf("the first event has seq %d, want 1", e.Seq)
			}
		})
	}
}

func TestProgramsThatStartTogetherMigrateOnce(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		var starting sync.WaitGroup
		for range 6 {
			starting.Go(func() {
				s, err := store.Open(t.Context(), url, storetest.Vault(t))
				if err != nil {
					t.Error(err)
					return
				}
				defer s.Close()
				if _, err := s.CreateLaunch(t.Context(), store.Launch{Contacts: []string{"1"}}, "", noon); err != nil {
					t.Error(err)
				}
			})
		}
		starting.Wait()
	})
}
