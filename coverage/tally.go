package coverage

import (
	"context"
	"sync/atomic"

	"github.com/paulmach/orb"

	"lifecircle/geo/measure"
	"lifecircle/geo/overlay"
	"lifecircle/geo/panics"
)

// sum is a tally: of what is demanded, how much is covered and how much undetermined.
type sum struct{ total, covered, undetermined int64 }

func (s *sum) add(o sum) {
	s.total += o.total
	s.covered += o.covered
	s.undetermined += o.undetermined
}

// tally adds places to their subjects' sums: a pure function of membership, weights and states. A nil
// state counts totals only.
func tally(sums []sum, subjects [][]int32, weights []int64, state []uint8, threads int) {
	parallel(len(subjects), threads, 64, func(s int) {
		t := &sums[s]
		for _, p := range subjects[s] {
			w := weights[p]
			t.total += w
			if state == nil {
				continue
			}
			switch state[p] {
			case covered:
				t.covered += w
			case undetermined:
				t.undetermined += w
			}
		}
	})
}

// landTally is the land of every piece and subject under a question.
type landTally struct {
	pieces []sum // per piece, mm²
	sums   []sum // per subject
	serves *overlay.Zone
	tells  *overlay.Zone      // serves, and the strips along the borders of surveys where the layers cannot tell
	survey area               // where every option is surveyed
	inside []orb.MultiPolygon // per piece: what lies in survey.polygon
}

// tallyLand measures, exactly, how much land lies within the limits, and how much of the rest the layers can tell of.
func (j *judge) tallyLand(ctx context.Context, q *question) (*landTally, error) {
	lu := j.city.land
	t := &landTally{pieces: make([]sum, len(lu.pieces)), sums: make([]sum, j.subjects()), survey: area{everywhere: !q.open}}
	var sites, strips []overlay.Site
	for k := range q.options {
		o := &q.options[k]
		for _, m := range o.members {
			sites = append(sites, overlay.Site{Geometry: j.city.facilities[m].geometry, Metres: metres(o.limit)})
		}
		var err error
		if t.survey, err = t.survey.intersection(o.survey); err != nil {
			return nil, err
		}
		for _, poly := range o.survey.polygon {
			for _, ring := range poly {
				strips = append(strips, overlay.Site{Geometry: orb.LineString(ring), Metres: metres(o.limit)})
			}
		}
	}
	if q.dead == "" {
		t.serves = overlay.NewZone(sites)
		if len(t.survey.polygon) > 0 {
			t.tells = overlay.NewZone(append(strips, sites...))
			t.inside = make([]orb.MultiPolygon, len(lu.pieces))
		}
	}
	var failed atomic.Pointer[error]
	parallel(len(lu.pieces), j.threads, 1, func(i int) {
		p := &lu.pieces[i]
		s := sum{total: p.mm2}
		if q.dead == "" && ctx.Err() == nil {
			s.covered = t.serves.CoveredMM2(p.polygon, p.mm2)
			switch {
			case t.survey.everywhere:
			case len(t.survey.polygon) == 0:
				s.undetermined = s.total - s.covered
			default:
				var in orb.MultiPolygon
				switch relate(p.polygon, t.survey.polygon) {
				case within:
					in = p.polygon
				case crossing:
					var err error
					if in, err = overlay.Intersection(p.polygon, t.survey.polygon); err != nil {
						failed.CompareAndSwap(nil, &err)
						return
					}
				}
				t.inside[i] = in
				told := int64(0)
				if len(in) > 0 {
					mm2 := min(measure.AreaMM2(in), p.mm2)
					told = mm2 - t.tells.CoveredMM2(in, mm2)
				}
				s.undetermined = max(0, s.total-s.covered-told)
			}
		}
		t.pieces[i] = s
	})
	if e := failed.Load(); e != nil {
		return nil, *e
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for s, pieces := range j.applicable(q, lu.subjects) {
		for _, p := range pieces {
			t.sums[s].add(t.pieces[p])
		}
		if t.sums[s].total < minLandMM2 {
			t.sums[s] = sum{}
		}
	}
	return t, nil
}

// parallel calls f(0) … f(n−1) from up to threads goroutines, each taking `grain` numbers at a time. f must
// write only what belongs to its number; where it panics, parallel does.
func parallel(n, threads, grain int, f func(i int)) {
	if threads <= 1 || n <= grain {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	var wait panics.Group
	work := func() {
		for !wait.Failed() {
			lo := int(next.Add(int64(grain))) - grain
			if lo >= n {
				return
			}
			for i := lo; i < min(lo+grain, n); i++ {
				f(i)
			}
		}
	}
	for range min(threads, (n+grain-1)/grain) {
		wait.Go(work)
	}
	wait.Wait()
}
