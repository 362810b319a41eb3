package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"addtomojo/bridge"

	"golang.org/x/sync/errgroup"
)

// size is how large the jobs are. Tests take small ones.
type size struct {
	Many     int           // contacts of a large push
	Few      int           // contacts of a small push
	Batch    int           // contacts of one bulk create
	BulkTime time.Duration // of one bulk create at Mojo
	WiseTime time.Duration // of one call at Wise Agent
}

// scenarios are all jobs with their rows.
func scenarios(s size) []scenario {
	ideal := float64(s.Batch) / s.BulkTime.Seconds() // contacts per second
	return []scenario{
		{
			rows: []definition{{
				Row: Row{
					Name: "push_batches", Unit: "of the ideal rate", Aim: 0.95, Better: higher, Measure: "contacts/s",
					Limit: fmt.Sprintf("%d contacts per %v, the time of one bulk create. One push of %d contacts that are prefetched with their notes, "+
						"from the moment it is stored until its last result is on disk. Bare client: the same bodies prepared, one call at a time.",
						s.Batch, s.BulkTime, s.Many),
				},
				value: func(x sample) float64 { return x.product / ideal },
			}},
			round: s.batches,
		},
		{
			rows: []definition{{
				Row: Row{
					Name: "push_landing", Unit: "bulk calls", Aim: 1.5, Better: lower, Measure: "ms",
					Limit: fmt.Sprintf("one bare bulk create of the same %d contacts (%v at Mojo). From the button to the powerdialer's address, "+
						"through the pages as a browser goes; contacts are prefetched.", s.Few, s.BulkTime),
				},
				value: func(x sample) float64 { return x.product / x.control },
			}},
			round: s.landing,
		},
		{
			rows: []definition{{
				Row: Row{
					Name: "push_whole", Unit: "of the bare rate", Aim: 0.90, Better: higher, Measure: "s",
					Limit: fmt.Sprintf("a bare client making the same calls: at Wise Agent (%v each) as many side by side as the product had, "+
						"at Mojo (%v each) one at a time, both at once. From the launch of %d contacts, the button pressed at once, to the landing.",
						s.WiseTime, s.BulkTime, s.Many),
				},
				value: func(x sample) float64 { return x.control / x.product },
			}, {
				Row: Row{
					Name: "push_memory", Unit: "MB", Aim: 120, Better: lower,
					Limit: fmt.Sprintf("a fixed one: the peak resident memory (VmHWM) of the service's process during push_whole, %d contacts.", s.Many),
				},
				value: func(x sample) float64 { return x.product },
			}},
			round: s.whole,
		},
	}
}

// batches has the bridge send many contacts that were all fetched before, and sends the same bodies bare.
func (s size) batches(ctx context.Context, _ string) (_ []sample, err error) {
	in, err := newInProcess(ctx, s)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, in.close()) }()
	in.mojoCalls.start()
	launch, err := in.bridge.Launch(ctx, bridge.LaunchRequest{Contacts: strings.Join(in.contacts, ","), Email: customer})
	if err != nil {
		return nil, err
	}
	if err := in.prefetched(ctx, s.Many); err != nil {
		return nil, err
	}
	took, err := in.push(ctx, launch)
	if err != nil {
		return nil, err
	}
	if err := in.arrived(s.Many); err != nil {
		return nil, err
	}
	bodies, _ := in.mojoCalls.recorded(bulkCreate)
	bare, err := s.bulks(ctx, bodies)
	return []sample{{float64(s.Many) / took.Seconds(), float64(s.Many) / bare.Seconds()}}, err
}

const bulkCreate = "/api/contacts/bulk_create/"

// landing takes the customer from the button to the powerdialer with a few contacts, and makes their one call bare.
func (s size) landing(ctx context.Context, program string) (_ []sample, err error) {
	t, err := newTown(ctx, program, s, s.Few)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	t.mojoCalls.start()
	launch, err := t.ready(ctx, t.contacts)
	if err != nil {
		return nil, err
	}
	took, err := t.pressed(ctx, launch)
	if err != nil {
		return nil, err
	}
	if err := t.arrived(s.Few); err != nil {
		return nil, err
	}
	bodies, _ := t.mojoCalls.recorded(bulkCreate)
	bare, err := s.bulks(ctx, bodies)
	return []sample{{milliseconds(took), milliseconds(bare)}}, err
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }

// bulks makes bulk creates bare, one at a time, at a Mojo that doesn't know the contacts.
func (s size) bulks(ctx context.Context, bodies []call) (time.Duration, error) {
	p := newPartners(0, s.BulkTime)
	defer p.close()
	_, mojo, err := p.bare(ctx)
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	err = mojo.replay(ctx, bodies, 1)
	return time.Since(begin), err
}

// whole fetches and sends many contacts, and makes the same calls bare. It gives the memory that took, too.
func (s size) whole(ctx context.Context, program string) (_ []sample, err error) {
	t, err := newTown(ctx, program, s, s.Many)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	t.wise.SetLatency(s.WiseTime)
	t.wiseCalls.start()
	t.mojoCalls.start()
	begin := time.Now()
	launch, err := t.launch(ctx, t.wise.Launch(customer, t.contacts))
	if err != nil {
		return nil, err
	}
	if _, err := t.pressed(ctx, launch); err != nil {
		return nil, err
	}
	took := time.Since(begin)
	if err := t.arrived(s.Many); err != nil {
		return nil, err
	}
	memory, err := t.peakMemory()
	if err != nil {
		return nil, err
	}
	bare, err := s.same(ctx, t.partners)
	return []sample{{took.Seconds(), bare.Seconds()}, {product: memory}}, err
}

// same makes the calls that were recorded at equal partners, each side's overlapped with the other's.
func (s size) same(ctx context.Context, recorded *partners) (time.Duration, error) {
	p := newPartners(s.Many, s.BulkTime)
	defer p.close()
	p.wise.SetLatency(s.WiseTime)
	wise, mojo, err := p.bare(ctx)
	if err != nil {
		return 0, err
	}
	reads, atOnce := recorded.wiseCalls.recorded("/")
	bodies, _ := recorded.mojoCalls.recorded(bulkCreate)
	begin := time.Now()
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error { return wise.replay(ctx, reads, atOnce) })
	both.Go(func() error { return mojo.replay(ctx, bodies, 1) })
	err = both.Wait()
	return time.Since(begin), err
}

// ready opens the popup with contacts, looks at the group page, and waits until all is fetched.
func (t *town) ready(ctx context.Context, contacts []string) (launch string, err error) {
	if launch, err = t.launch(ctx, t.wise.Launch(customer, contacts)); err != nil {
		return "", err
	}
	if _, err := t.do(ctx, "GET", launch, nil); err != nil {
		return "", err
	}
	return launch, t.prefetched(ctx, len(contacts))
}

// pressed tells how long it takes from the button to the powerdialer.
func (t *town) pressed(ctx context.Context, launch string) (time.Duration, error) {
	begin := time.Now()
	push, err := t.press(ctx, launch, t.group)
	if err != nil {
		return 0, err
	}
	to, err := t.land(ctx, push)
	if err != nil {
		return 0, err
	}
	took := time.Since(begin)
	if want := "/my-data/?group_id=" + strconv.FormatInt(t.group, 10); !strings.HasSuffix(to, want) {
		return 0, fmt.Errorf("the landing is %s, want %s", to, want)
	}
	return took, nil
}
