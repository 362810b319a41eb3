package main

import (
	"database/sql"
	"net/http"
	"net/url"
	"time"
)

// oneInsert is the least that a hook on disk can cost: the bare check, and one row in one table of SQLite, in commits that are shared
// as the service's are. What it takes is the disk's and the driver's, and nobody's who receives hooks.
type oneInsert struct {
	db     *sql.DB
	insert *sql.Stmt
	queue  chan *inserted
	ended  chan struct{}
}

type inserted struct {
	id, body string
	done     chan error
}

// newOneInsert makes the table in a new file, with the driver that package store brings.
func newOneInsert(path string) (_ *oneInsert, err error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	defer func() {
		if err != nil {
			db.Close()
		}
	}()
	if _, err := db.Exec("create table inbox (id text not null primary key, body text not null, at integer not null)"); err != nil {
		return nil, err
	}
	o := &oneInsert{db: db, queue: make(chan *inserted, 1024), ended: make(chan struct{})}
	if o.insert, err = db.Prepare("insert into inbox values (?, ?, ?)"); err != nil {
		return nil, err
	}
	go o.run()
	return o, nil
}

// close ends it after the last hook was answered.
func (o *oneInsert) close() error {
	close(o.queue)
	<-o.ended
	return o.db.Close()
}

// ServeHTTP takes a hook and answers it when its row is on disk.
func (o *oneInsert) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, ok := checked(w, r)
	if !ok {
		return
	}
	row := &inserted{id: r.Header.Get("Webhook-Id"), body: string(body), done: make(chan error, 1)}
	o.queue <- row
	if err := <-row.done; err != nil {
		http.Error(w, "not stored", http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// run commits what has queued by then.
func (o *oneInsert) run() {
	defer close(o.ended)
	for first := range o.queue {
		batch := []*inserted{first}
		for len(o.queue) > 0 && len(batch) < 256 {
			batch = append(batch, <-o.queue)
		}
		err := o.commit(batch)
		for _, row := range batch {
			row.done <- err
		}
	}
}

func (o *oneInsert) commit(batch []*inserted) error {
	t, err := o.db.Begin()
	if err != nil {
		return err
	}
	defer t.Rollback()
	insert := t.Stmt(o.insert)
	for _, row := range batch {
		if _, err := insert.Exec(row.id, row.body, time.Now().UnixMilli()); err != nil {
			return err
		}
	}
	return t.Commit()
}
