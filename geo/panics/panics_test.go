package panics_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"lifecircle/geo/panics"
)

func failing() { panic("a fault") }

// caught gives what f panics with.
func caught(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

// A fault in a goroutine must reach the one that waits, once, and say where it happened; else a server ends, or the fault is never found.
func TestPanicsReachWhoWaits(t *testing.T) {
	var inner, outer panics.Catcher
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if outer.Try(func() {
				inner.Try(failing)
				inner.Repanic()
			}) {
				t.Error("a panic counts as a return")
			}
		})
	}
	group.Wait()
	v := caught(outer.Repanic)
	p, ok := v.(*panics.Panic)
	if !ok || p.Value != "a fault" {
		t.Fatalf("comes as %v", v)
	}
	if got := fmt.Sprint(v); got != "a fault" {
		t.Errorf("reads %q: a result that holds it would differ from run to run", got)
	}
	for name, whole := range map[string]string{"%+v": fmt.Sprintf("%+v", v), "Error": p.Error()} {
		if !strings.Contains(whole, "a fault") || strings.Count(whole, "panics_test.failing") != 1 {
			t.Errorf("%s does not say where: %s", name, whole)
		}
	}
}

// Where nothing panics nothing changes.
func TestNothingCaught(t *testing.T) {
	var c panics.Catcher
	ran := false
	if !c.Try(func() { ran = true }) || !ran {
		t.Error("f did not run")
	}
	c.Repanic()
}

// A group waits for all of its goroutines, and comes up with the fault of one; the others can see that they need not go on.
func TestGroup(t *testing.T) {
	var g panics.Group
	var n atomic.Int32
	for i := range 8 {
		g.Go(func() {
			if i == 3 {
				failing()
			}
			n.Add(1)
		})
	}
	if v := fmt.Sprint(caught(g.Wait)); v != "a fault" || n.Load() != 7 || !g.Failed() {
		t.Errorf("%d of 7 returned, it comes as %s", n.Load(), v)
	}
	var whole panics.Group
	whole.Go(func() {})
	if v := caught(whole.Wait); v != nil || whole.Failed() {
		t.Errorf("nothing panicked, it comes as %v", v)
	}
}
