package api

import (
	"container/list"
	"context"
	"sync"

	"golang.org/x/sync/singleflight"
)

// cache keeps values by key while they fit its budget, dropping what was not asked for longest. A value is made
// once even when many ask for it at the same time. Keys hold content hashes, so nothing in it is ever stale.
type cache[V any] struct {
	flight singleflight.Group

	mu     sync.Mutex
	budget int64 // bytes
	used   int64
	recent *list.List // of *entry[V], most recently used first
	byKey  map[string]*list.Element
}

type entry[V any] struct {
	key   string
	value V
	size  int64
}

func newCache[V any](budget int64) *cache[V] {
	return &cache[V]{budget: budget, recent: list.New(), byKey: map[string]*list.Element{}}
}

// get gives the value of a key, made by load with its size in bytes if it is not there. Whoever waits may
// give up; the value is made nevertheless.
func (c *cache[V]) get(ctx context.Context, key string, load func(context.Context) (V, int64, error)) (V, error) {
	if v, ok := c.lookup(key); ok {
		return v, nil
	}
	done := c.flight.DoChan(key, func() (any, error) {
		if v, ok := c.lookup(key); ok {
			return v, nil
		}
		v, size, err := load(context.WithoutCancel(ctx))
		if err != nil {
			return nil, err
		}
		c.keep(key, v, size)
		return v, nil
	})
	var zero V
	select {
	case <-ctx.Done():
		return zero, ctx.Err()
	case result := <-done:
		if result.Err != nil {
			return zero, result.Err
		}
		return result.Val.(V), nil
	}
}

func (c *cache[V]) lookup(key string) (v V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.byKey[key]
	if !ok {
		return v, false
	}
	c.recent.MoveToFront(at)
	return at.Value.(*entry[V]).value, true
}

func (c *cache[V]) keep(key string, v V, size int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, there := c.byKey[key]; there || size > c.budget {
		return
	}
	c.byKey[key] = c.recent.PushFront(&entry[V]{key, v, size})
	c.used += size
	for c.used > c.budget {
		oldest := c.recent.Back()
		e := c.recent.Remove(oldest).(*entry[V])
		delete(c.byKey, e.key)
		c.used -= e.size
	}
}
