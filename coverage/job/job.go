// Package job tells how far a piece of work in several parts is, and when it will probably be done.
package job

import (
	"sync"
	"time"
)

// Job is a piece of work whose parts weigh something, in any unit. It is safe for concurrent use.
type Job struct {
	mu          sync.Mutex
	now         func() time.Time
	start       time.Time
	parts, done int
	whole, sum  int64
}

// State is how far a job is.
type State struct {
	Done, Parts int
	Elapsed     time.Duration
	// Left is how long the rest takes if it goes on as until now, by weight; Known is false while nothing is done.
	Left  time.Duration
	Known bool
}

// New starts a job of so many parts that weigh so much together; now is the clock, nil for the system's.
func New(parts int, weight int64, now func() time.Time) *Job {
	if now == nil {
		now = time.Now
	}
	return &Job{now: now, start: now(), parts: parts, whole: weight}
}

// Done tells that a part of some weight is done, and gives how far the job is then.
func (j *Job) Done(weight int64) State {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.done++
	j.sum += weight
	s := State{Done: j.done, Parts: j.parts, Elapsed: j.now().Sub(j.start)}
	if s.Known = j.sum > 0; s.Known {
		s.Left = time.Duration(float64(s.Elapsed) * float64(max(0, j.whole-j.sum)) / float64(j.sum))
	}
	return s
}
