// Package panics brings a panic of one goroutine to another that waits for it, so that who recovers there holds for both: a panic that
// nobody recovers in its own goroutine ends the whole program, with a server all of its requests.
package panics

import (
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// Catcher keeps the first panic of what it tries. The zero value is ready; it may be used from many goroutines at once.
type Catcher struct{ first atomic.Pointer[Panic] }

// Try calls f and tells whether it returned; it did not if it panicked.
func (c *Catcher) Try(f func()) (ok bool) {
	defer func() {
		if v := recover(); v != nil {
			p, again := v.(*Panic)
			if !again {
				p = &Panic{Value: v, Stack: debug.Stack()}
			}
			c.first.CompareAndSwap(nil, p)
		}
	}()
	f()
	return true
}

// Repanic panics with a *Panic if something that was tried has.
func (c *Catcher) Repanic() {
	if p := c.first.Load(); p != nil {
		panic(p)
	}
}

// Group is goroutines that are waited for together. The zero value is ready.
type Group struct {
	running sync.WaitGroup
	caught  Catcher
}

// Go calls f in a goroutine of its own.
func (g *Group) Go(f func()) { g.running.Go(func() { g.caught.Try(f) }) }

// Failed tells whether one of them has panicked: the others need not go on.
func (g *Group) Failed() bool { return g.caught.first.Load() != nil }

// Wait waits for all, and panics with a *Panic if one of them has.
func (g *Group) Wait() {
	g.running.Wait()
	g.caught.Repanic()
}

// Meanwhile computes a value while something else is done, and gives it, or panics as compute did, when it is asked for.
func Meanwhile[T any](compute func() T) func() T {
	var value T
	var caught Catcher
	done := make(chan struct{})
	go func() {
		defer close(done)
		caught.Try(func() { value = compute() })
	}()
	return func() T {
		<-done
		caught.Repanic()
		return value
	}
}

// Panic is a panic of another goroutine.
type Panic struct {
	Value any    // what it panicked with
	Stack []byte // of the goroutine, where it panicked
}

// Error gives the value and the stack, for the runtime when it ends the program.
func (p *Panic) Error() string {
	return fmt.Sprintf("%v\n\npanicked in another goroutine:\n%s", p.Value, p.Stack)
}

// Unwrap gives the value, if it is an error.
func (p *Panic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// Format writes the value alone, since a stack differs from run to run; with %+v the stack too.
func (p *Panic) Format(s fmt.State, verb rune) {
	if verb == 'v' && s.Flag('+') {
		fmt.Fprint(s, p.Error())
		return
	}
	fmt.Fprint(s, p.Value)
}
