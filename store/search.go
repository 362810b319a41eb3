package store

import (
	"context"
	"database/sql"
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"addtomojo/store/internal/rows"
)

const (
	wordsMost  = 100    // words that a connection is found by
	wordMost   = 80     // letters of a word
	termsMost  = 6      // words of a search
	lookedMost = 10_000 // connections of the rarest word that are looked at
	fitMost    = 1000   // that fit
	readMost   = 100    // and that are read, the newest ones
)

// Search finds connections, reset ones too, by the beginnings of words: of names, e-mails, Mojo logins and ids. All words of the
// query must fit; case, accents and their order don't count. Live ones come first, then the newest. more says that there may be
// others beyond limit.
func (s *Store) Search(ctx context.Context, query string, limit int) (found []Connection, more bool, err error) {
	terms := terms(query)
	if len(terms) == 0 {
		return nil, false, nil
	}
	err = s.read(ctx, "search connections", func(q tx) error {
		ids, cut, err := fitting(ctx, q, terms)
		if err != nil {
			return err
		}
		slices.Sort(ids)
		slices.Reverse(ids) // UUIDv7: the newest first
		more = cut || len(ids) > limit
		found, err = connectionsOf(ctx, q, ids[:min(len(ids), readMost)])
		return err
	})
	slices.SortStableFunc(found, func(a, b Connection) int { return rank(a) - rank(b) })
	return found[:min(len(found), limit)], more, err
}

func rank(c Connection) int {
	if c.State == StateReset {
		return 1
	}
	return 0
}

// fitting finds the ids of connections that have words beginning with all terms. It goes through those of the rarest term; cut
// says that there were too many to look at all.
func fitting(ctx context.Context, q tx, terms []string) (ids []string, cut bool, err error) {
	rarest, fewest := terms[0], int64(lookedMost+1)
	for _, term := range terms {
		n, err := q.CountWords(ctx, rows.CountWordsParams{First: term, Last: after(term), Most: lookedMost + 1})
		if err != nil {
			return nil, false, err
		}
		if n < fewest {
			rarest, fewest = term, n
		}
	}
	others := slices.DeleteFunc(slices.Clone(terms), func(term string) bool { return term == rarest })
	others = append(others, make([]string, termsMost-1-len(others))...)
	ids, err = q.ConnectionsByWords(ctx, rows.ConnectionsByWordsParams{
		First: rarest, Last: after(rarest), Looked: lookedMost, Most: fitMost,
		First2: others[0], Last2: after(others[0]), First3: others[1], Last3: after(others[1]), First4: others[2], Last4: after(others[2]),
		First5: others[3], Last5: after(others[3]), First6: others[4], Last6: after(others[4]),
	})
	return ids, fewest > lookedMost || len(ids) == fitMost, err
}

// connectionsOf reads connections in the order of their ids.
func connectionsOf(ctx context.Context, q tx, ids []string) (list []Connection, err error) {
	for _, id := range ids {
		r, err := q.Connection(ctx, id)
		if err != nil {
			return nil, err
		}
		list = append(list, connection(r))
	}
	return list, nil
}

// after is the first word behind all that begin with term.
func after(term string) string { return term + "\U0010FFFF" }

// terms are the words of a search, as words are stored.
func terms(query string) (list []string) {
	for _, w := range strings.Fields(plain(query)) {
		if w = folded(w); w != "" && !slices.Contains(list, w) && len(list) < termsMost {
			list = append(list, w)
		}
	}
	return list
}

// wordBreaks are where a part of a word begins that is looked for too: jane.lee@example.com is found by lee.
var wordBreaks = regexp.MustCompile(`[^\p{L}\p{N}]+`)

// words are what a connection is found by.
func words(c Connection) (list []string) {
	add := func(w string) {
		if w = folded(w); w != "" && !slices.Contains(list, w) && len(list) < wordsMost {
			list = append(list, w)
		}
	}
	add(c.ID) // whole: its parts are random, and would fit anything
	for _, text := range []string{
		c.Email, c.MojoLogin, c.MojoAccountID, c.Name, c.MojoAccountName, c.MojoAgentEmail, c.MojoAgentName,
	} {
		for _, w := range strings.Fields(plain(text)) {
			add(w)
			if _, domain, ok := strings.Cut(w, "@"); ok {
				add(domain)
			}
			parts := wordBreaks.Split(w, -1)
			for _, part := range parts {
				add(part)
			}
			if len(parts) > 1 && !strings.Contains(w, "@") {
				add(strings.Join(parts, "")) // O'Brien as obrien
			}
		}
	}
	return list
}

// nameFits tells whether a name has words beginning with all terms.
func nameFits(name string, terms []string) bool {
	var have []string
	for _, w := range strings.Fields(plain(name)) {
		parts := wordBreaks.Split(w, -1)
		have = append(have, folded(w), folded(strings.Join(parts, ""))) // O'Brien as obrien, too
		for _, part := range parts {
			have = append(have, folded(part))
		}
	}
	for _, term := range terms {
		if !slices.ContainsFunc(have, func(w string) bool { return strings.HasPrefix(w, term) }) {
			return false
		}
	}
	return true
}

// folded writes a word without case and accents, and not too long.
func folded(w string) string {
	w = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(w))
	if letters := []rune(w); len(letters) > wordMost {
		w = string(letters[:wordMost])
	}
	return w
}

// saveWords stores what a connection is found by from now on.
func saveWords(ctx context.Context, q tx, id string) error {
	r, err := q.Connection(ctx, id)
	if err != nil {
		return err
	}
	if err := q.DeleteWords(ctx, id); err != nil {
		return err
	}
	for _, w := range words(connection(r)) {
		if err := q.AddWord(ctx, rows.AddWordParams{Word: w, ConnectionID: id}); err != nil {
			return err
		}
	}
	return q.SetHasWords(ctx, id)
}

// nameAll gives words to connections that were made before there were any.
func (s *Store) nameAll(ctx context.Context) error {
	const step = 500
	for n := step; n == step; {
		err := s.write(ctx, "store search words", func(q tx) error {
			list, err := q.WordlessConnections(ctx, step)
			if err != nil {
				return err
			}
			n = len(list)
			for _, r := range list {
				if err := saveWords(ctx, q, r.ID); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// LaunchByCode returns the launch of a support code, written in whatever way it was read out: "k7m4 q2xd" is K7M4-Q2XD.
// [ErrNotFound] when there is none.
func (s *Store) LaunchByCode(ctx context.Context, code string) (l Launch, err error) {
	code, ok := spelled(code)
	if !ok {
		return l, named("get launch by code", sql.ErrNoRows)
	}
	err = s.read(ctx, "get launch by code", func(q tx) error {
		r, err := q.LaunchByCode(ctx, code)
		if err == nil {
			l = launch(r)
		}
		return err
	})
	return l, err
}

// spelled writes a support code as it is stored. In Crockford's base32, O is read as 0, and I and L as 1.
func spelled(code string) (string, bool) {
	code = strings.NewReplacer("O", "0", "I", "1", "L", "1", "-", "", " ", "").Replace(strings.ToUpper(code))
	if len(code) != 8 || strings.Trim(code, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") != "" {
		return "", false
	}
	return code[:4] + "-" + code[4:], true
}

// LaunchesByEmail returns the launches of a Wise Agent account, the newest first, at most limit. They are kept for 30 days.
func (s *Store) LaunchesByEmail(ctx context.Context, email string, limit int) (list []Launch, err error) {
	if email = normal(email); email == "" {
		return nil, nil
	}
	err = s.read(ctx, "get launches", func(q tx) error {
		found, err := q.LaunchesByEmail(ctx, rows.LaunchesByEmailParams{Email: email, Most: int64(limit)})
		list = collect(found, launch)
		return err
	})
	return list, err
}

// SetLaunchEmail says whose an unsigned launch turned out to be. A signed one says so itself and stays.
func (s *Store) SetLaunchEmail(ctx context.Context, id, email string) error {
	if email = normal(email); email == "" {
		return errors.New("set launch's e-mail: there is none")
	}
	return s.write(ctx, "set launch's e-mail", func(q tx) error {
		return q.SetLaunchEmail(ctx, rows.SetLaunchEmailParams{ID: id, Email: email})
	})
}
