package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

var (
	// ErrNeverSealed says that a database doesn't exist, or that no key was ever used with it.
	ErrNeverSealed = errors.New("nothing was ever sealed in this database: is DATABASE_URL the right one?")
	// ErrOldKeySeals says that rows come under an old key as fast as they are resealed.
	ErrOldKeySeals = errors.New("somebody still seals with an old key: does every instance have the new keyset?")
)

const (
	resealPage   = 100                  // rows that are read at once
	resealPause  = 5 * time.Millisecond // after each row that is written, for those who wait for the database meanwhile
	resealPasses = 3                    // in the first all is resealed, in the second there is nothing left but what came between
)

// A sealedTable says which columns of a table are sealed. What its keys hold, joined by a slash, is the row of a [place].
type sealedTable struct {
	name          string
	keys, columns []string
}

// sealedTables are all of them but the canary's.
var sealedTables = []sealedTable{
	{"tokens", []string{"connection_id", "side"}, []string{"access", "refresh"}},
	{"mojo_sides", []string{"launch_id"}, []string{"access", "refresh"}},
	{"wise_sides", []string{"launch_id"}, []string{"access", "refresh"}},
	{"consents", []string{"state_hash"}, []string{"verifier"}},
	{"revocations", []string{"id"}, []string{"token"}},
}

var canaryTable = sealedTable{canaryPlace.table, []string{"id"}, []string{"sealed"}}

// A sealedRow is what a sealedTable holds of one row.
type sealedRow struct {
	keys   []string
	values [][]byte
}

// Reseal has the vault's newest key seal what only its older ones open, the canary at last, and counts the rows. What no key opens
// stays as it is. Others may use the database meanwhile, if the newest key is in their keysets: a row that changes while it is
// resealed keeps what they stored, and nobody waits for more than one row. When it ends in the middle nothing is lost: as long as
// anything needs an old key the canary does, so that a keyset without it is refused, and another Reseal goes on.
//
// It returns [ErrWrongKey], [ErrNeverSealed] and [ErrOldKeySeals].
func Reseal(ctx context.Context, url string, v *Vault) (resealed int, err error) {
	s, err := openSealed(ctx, url, v)
	if err != nil {
		return 0, err
	}
	defer s.closeDatabase()
	for range resealPasses {
		old, err := s.eachOld(ctx, sealedTables, func(t sealedTable, before, after sealedRow) error {
			swapped, err := s.swap(ctx, t, before, after)
			if swapped {
				resealed++
			}
			return err
		})
		if err != nil {
			return resealed, err
		}
		if old > 0 {
			continue
		}
		_, err = s.eachOld(ctx, []sealedTable{canaryTable}, func(t sealedTable, before, after sealedRow) error {
			_, err := s.swap(ctx, t, before, after)
			return err
		})
		return resealed, err
	}
	return resealed, ErrOldKeySeals
}

// OldSeals counts the rows that only older keys of the vault open, the canary's included. At 0 they are of no use any more.
//
// It returns [ErrWrongKey] and [ErrNeverSealed].
func OldSeals(ctx context.Context, url string, v *Vault) (int, error) {
	s, err := openSealed(ctx, url, v)
	if err != nil {
		return 0, err
	}
	defer s.closeDatabase()
	return s.eachOld(ctx, append(slices.Clone(sealedTables), canaryTable), nil)
}

// OpenUsed is [Open] for a database that the service has used: it makes none, and returns [ErrNeverSealed] instead.
func OpenUsed(ctx context.Context, url string, v *Vault) (*Store, error) {
	s, err := openSealed(ctx, url, v)
	if err != nil {
		return nil, err
	}
	if err := s.closeDatabase(); err != nil {
		return nil, fmt.Errorf("close database: %w", err)
	}
	return Open(ctx, url, v)
}

// openSealed opens a database that must be there, and be sealed with a key of the vault.
func openSealed(ctx context.Context, url string, v *Vault) (*Store, error) {
	s, err := openThere(ctx, url, v)
	if err != nil {
		return nil, err
	}
	if err := s.findCanary(ctx); err != nil {
		s.closeDatabase()
		return nil, err
	}
	return s, nil
}

// openThere opens a database whose file must be there.
func openThere(ctx context.Context, url string, v *Vault) (*Store, error) {
	if !isPostgres(url) {
		path, _, err := sqlitePath(url)
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return nil, ErrNeverSealed
		}
	}
	s, err := open(ctx, url)
	if err != nil {
		return nil, named("open database", err)
	}
	s.vault = v
	return s, nil
}

// findCanary is checkVault for a database that has been used.
func (s *Store) findCanary(ctx context.Context) error {
	return s.read(ctx, "check key", func(q tx) error {
		stored, err := q.Canary(ctx)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNeverSealed
		}
		if err != nil {
			return err
		}
		if plain, err := s.vault.open(canaryPlace, "sealed", stored); err != nil || plain != canary {
			return ErrWrongKey
		}
		return nil
	})
}

// eachOld counts the rows that only old keys open, and gives each as it is and as the newest key seals it. f may be nil.
func (s *Store) eachOld(ctx context.Context, tables []sealedTable, f func(t sealedTable, before, after sealedRow) error) (old int, err error) {
	for _, t := range tables {
		next := make([]string, len(t.keys)) // before the first: no key is empty
		for {
			page, err := s.sealedPage(ctx, t, next)
			if err != nil {
				return old, err
			}
			for _, before := range page {
				after, err := s.vault.resealRow(t, before)
				if err != nil {
					return old, err
				}
				if after.values == nil {
					continue
				}
				old++
				if f == nil {
					continue
				}
				if err := f(t, before, after); err != nil {
					return old, err
				}
			}
			if len(page) < resealPage {
				break
			}
			next = page[len(page)-1].keys
		}
	}
	return old, nil
}

// sealedPage reads the rows that come after one.
func (s *Store) sealedPage(ctx context.Context, t sealedTable, after []string) (page []sealedRow, err error) {
	keys := strings.Join(t.keys, ", ")
	query := fmt.Sprintf("select %s, %s from %s where (%s) > (%s) order by %s limit %d",
		keys, strings.Join(t.columns, ", "), t.name, keys, arguments(1, len(t.keys)), keys, resealPage)
	args := make([]any, len(after))
	for i, key := range after {
		args[i] = key
	}
	err = s.read(ctx, "read what is sealed", func(q tx) error {
		return each(ctx, q, query, args, func(r row) error {
			found := sealedRow{make([]string, len(t.keys)), make([][]byte, len(t.columns))}
			var to []any
			for i := range found.keys {
				to = append(to, &found.keys[i])
			}
			for i := range found.values {
				to = append(to, &found.values[i])
			}
			page = append(page, found)
			return r.Scan(to...)
		})
	})
	return page, err
}

// arguments writes "?3, ?4".
func arguments(first, n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("?%d", first+i)
	}
	return strings.Join(all, ", ")
}

// swap stores a row as it is sealed anew, unless it changed meanwhile. It is one row in one transaction: it can't be in a circle of
// those who wait for each other's rows.
func (s *Store) swap(ctx context.Context, t sealedTable, before, after sealedRow) (swapped bool, err error) {
	var sets, conditions []string
	var args []any
	argument := func(column string, value any) string {
		args = append(args, value)
		return fmt.Sprintf("%s = ?%d", column, len(args))
	}
	for i, column := range t.columns {
		sets = append(sets, argument(column, after.values[i]))
	}
	for i, key := range t.keys {
		conditions = append(conditions, argument(key, before.keys[i]))
	}
	for i, column := range t.columns {
		conditions = append(conditions, argument(column, before.values[i])) // no two seals are the same
	}
	statement := fmt.Sprintf("update %s set %s where %s", t.name, strings.Join(sets, ", "), strings.Join(conditions, " and "))
	err = s.write(ctx, "reseal", func(q tx) error {
		result, err := q.conn.ExecContext(ctx, statement, args...)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		swapped = n > 0
		return err
	})
	if err != nil {
		return false, err
	}
	select {
	case <-time.After(resealPause):
		return swapped, nil
	case <-ctx.Done():
		return swapped, ctx.Err()
	}
}

// resealRow gives the row as the newest key seals it; without values when no old key is needed to open it.
func (v *Vault) resealRow(t sealedTable, r sealedRow) (sealedRow, error) {
	p := place{t.name, strings.Join(r.keys, "/")}
	after, old := sealedRow{keys: r.keys, values: slices.Clone(r.values)}, false
	for i, column := range t.columns {
		if _, err := v.newest.Decrypt(r.values[i], p.column(column)); err == nil {
			continue
		}
		plain, err := v.open(p, column, r.values[i])
		if err != nil {
			continue // no key opens it
		}
		if after.values[i], err = v.seal(p, column, plain); err != nil {
			return sealedRow{}, err
		}
		old = true
	}
	if !old {
		return sealedRow{}, nil
	}
	return after, nil
}
