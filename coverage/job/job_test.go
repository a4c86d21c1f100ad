package job_test

import (
	"testing"
	"time"

	"lifecircle/coverage/job"
)

// Whoever waits for the night's job is told by weight, not by count: the large district that is left takes longer.
func TestTimeLeftGoesByWeight(t *testing.T) {
	clock := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	j := job.New(3, 100, func() time.Time { return clock })
	clock = clock.Add(10 * time.Second)
	if s := j.Done(10); s.Done != 1 || s.Parts != 3 || !s.Known || s.Left != 90*time.Second || s.Elapsed != 10*time.Second {
		t.Errorf("%+v", s)
	}
	clock = clock.Add(10 * time.Second)
	if s := j.Done(30); s.Left != 30*time.Second {
		t.Errorf("%+v", s)
	}
	if s := j.Done(60); s.Left != 0 || s.Done != 3 {
		t.Errorf("%+v", s)
	}
}

func TestNothingWeighedIsNothingKnown(t *testing.T) {
	if s := job.New(2, 0, nil).Done(0); s.Known {
		t.Errorf("%+v", s)
	}
}
