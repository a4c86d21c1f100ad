package osm

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/paulmach/orb"
)

// Options say what is wanted of a file. Bounds left at zero have the defaults said here.
type Options struct {
	// Want chooses features by their tags; nil takes every element that has a tag. The tags are only valid during the call. Elements
	// without tags are never asked about: they are parts of others.
	Want func(kind Kind, tags Tags) bool

	MaxFeatures int // default 10 million
	MaxVertices int // of all ways that are kept, default 50 million (about 2 GB)
}

// Extract is what was wanted of a file, in memory. It is immutable and safe for concurrent use.
type Extract struct {
	Format Format
	Box    orb.Bound // what the file says that it covers
	HasBox bool
	Read   [3]int // elements of the file by kind

	nodes     []keptNode
	ways      []keptWay // wanted or members of what is wanted
	relations []keptRelation
	refs      []int64 // the nodes of all ways
	places    []place // in the order of ids
	ids       []int64 // of the nodes that the ways need and the file has
}

type kept struct {
	id      int64
	version int64
	tags    Tags
	wanted  bool
	twice   bool // the id stands in the file more than once, with different content
}

func (k *kept) base() *kept { return k }

type keptNode struct {
	kept
	at place
}

type keptWay struct {
	kept
	from, to int   // in refs
	part     int32 // 1 + place of the relation that draws the same object, 0 for none
}

type keptRelation struct {
	kept
	members []member
}

// Read goes over a file and keeps what is wanted. Errors of code coverage.Refused are the file's.
func Read(ctx context.Context, r io.ReadSeeker, o Options) (*Extract, error) {
	f, format, err := open(r)
	if err != nil {
		return nil, err
	}
	o.MaxFeatures = cmp.Or(o.MaxFeatures, 10_000_000)
	o.MaxVertices = cmp.Or(o.MaxVertices, 50_000_000)
	if o.Want == nil {
		o.Want = func(Kind, Tags) bool { return true }
	}
	c := collector{x: &Extract{Format: format}, o: o, words: map[string]string{}}
	for _, pass := range []func(context.Context, file) error{c.readRelations, c.readWays, c.readNodes} {
		if err := pass(ctx, f); err != nil {
			return nil, err
		}
	}
	c.x.Box, c.x.HasBox = f.box()
	return c.x, nil
}

// collector fills an extract, pass by pass.
type collector struct {
	x       *Extract
	o       Options
	count   int
	outline map[int64]bool    // ways that wanted relations are made of
	words   map[string]string // keys and short values, shared by all features
}

// keep copies what is said of an element.
func (c *collector) keep(e *element, wanted bool) (kept, error) {
	if c.count++; c.count > c.o.MaxFeatures {
		return kept{}, c.tooMuch(fmt.Sprintf("要素超过 %d 个", c.o.MaxFeatures), fmt.Sprintf("more than %d features", c.o.MaxFeatures))
	}
	k := kept{id: e.id, version: e.version, wanted: wanted}
	if wanted {
		k.tags = make(Tags, len(e.tags))
		for i, t := range e.tags {
			k.tags[i] = Tag{c.word(t.Key), c.word(t.Value)}
		}
	}
	return k, nil
}

// word gives a copy of a text, the same for equal short ones.
func (c *collector) word(s string) string {
	if len(s) > 40 {
		return strings.Clone(s)
	}
	if w, ok := c.words[s]; ok {
		return w
	}
	s = strings.Clone(s)
	if len(c.words) < 1<<16 {
		c.words[s] = s
	}
	return s
}

func (c *collector) tooMuch(zh, en string) error {
	return refusedHint(zh, en, "用 osmium extract 截取较小的范围, 或用 osmium tags-filter 筛选", "cut out a smaller area with osmium extract, or filter it with osmium tags-filter")
}

func (c *collector) wants(kind Kind, e *element) bool {
	return len(e.tags) > 0 && c.o.Want(kind, e.tags)
}

// readRelations keeps the wanted relations, and takes down what they are made of.
func (c *collector) readRelations(ctx context.Context, f file) error {
	members := 0
	err := f.scan(ctx, visitor{relation: func(e *element) error {
		c.x.Read[Relation]++
		if !c.wants(Relation, e) {
			return nil
		}
		k, err := c.keep(e, true)
		if err != nil {
			return err
		}
		r := keptRelation{kept: k, members: make([]member, len(e.members))}
		for i, m := range e.members {
			r.members[i] = member{m.ref, c.word(m.role)}
		}
		if members += len(r.members); members > c.o.MaxVertices {
			return c.tooMuch("关系的成员过多", "too many members of relations")
		}
		c.x.relations = append(c.x.relations, r)
		return nil
	}})
	c.x.relations = settle(c.x.relations, func(a, b *keptRelation) bool { return slices.Equal(a.members, b.members) })
	c.outline = map[int64]bool{}
	for i := range c.x.relations {
		if r := &c.x.relations[i]; isAreaRelation(r.tags) {
			for _, m := range r.members {
				if m.ref.Kind == Way {
					c.outline[m.ref.ID] = true
				}
			}
		}
	}
	return err
}

// readWays keeps the ways that are wanted or needed.
func (c *collector) readWays(ctx context.Context, f file) error {
	x := c.x
	err := f.scan(ctx, visitor{way: func(e *element) error {
		x.Read[Way]++
		wanted := c.wants(Way, e)
		if !wanted && !c.outline[e.id] {
			return nil
		}
		k, err := c.keep(e, wanted)
		if err != nil {
			return err
		}
		w := keptWay{kept: k, from: len(x.refs)}
		if x.refs = append(x.refs, e.refs...); len(x.refs) > c.o.MaxVertices {
			return c.tooMuch(fmt.Sprintf("轮廓的顶点超过 %d 个", c.o.MaxVertices), fmt.Sprintf("more than %d vertices", c.o.MaxVertices))
		}
		w.to = len(x.refs)
		x.ways = append(x.ways, w)
		return nil
	}})
	x.ways = settle(x.ways, func(a, b *keptWay) bool { return slices.Equal(x.refs[a.from:a.to], x.refs[b.from:b.to]) })
	c.markParts()
	return err
}

// markParts finds outer rings that repeat the tags of their relation: the object that the relation stands for would count twice.
func (c *collector) markParts() {
	for i := range c.x.relations {
		r := &c.x.relations[i]
		if !isAreaRelation(r.tags) {
			continue
		}
		for _, m := range r.members {
			if m.ref.Kind != Way || m.role == "inner" {
				continue
			}
			w, ok := c.x.way(m.ref.ID)
			if ok && w.wanted && !slices.ContainsFunc(w.tags, func(t Tag) bool { return r.tags.Find(t.Key) != t.Value }) {
				w.part = int32(i + 1)
			}
		}
	}
}

// readNodes keeps the wanted nodes, and the places of those that the ways need.
func (c *collector) readNodes(ctx context.Context, f file) error {
	x := c.x
	needed := slices.Clone(x.refs)
	slices.Sort(needed)
	needed = slices.Compact(needed)
	places := make([]place, len(needed))
	found := make([]bool, len(needed))
	cursor := 0 // files are sorted by id: the next one is mostly here
	err := f.scan(ctx, visitor{node: func(e *element) error {
		x.Read[Node]++
		if cursor > 0 && needed[cursor-1] >= e.id || cursor < len(needed) && needed[cursor] < e.id {
			cursor, _ = slices.BinarySearch(needed, e.id)
		}
		if cursor < len(needed) && needed[cursor] == e.id {
			places[cursor], found[cursor] = e.at, true
			cursor++
		}
		if !c.wants(Node, e) {
			return nil
		}
		k, err := c.keep(e, true)
		if err != nil {
			return err
		}
		x.nodes = append(x.nodes, keptNode{k, e.at})
		return nil
	}})
	x.nodes = settle(x.nodes, func(a, b *keptNode) bool { return a.at == b.at })
	x.ids, x.places = needed[:0], places[:0]
	for i := range needed {
		if found[i] {
			x.ids, x.places = append(x.ids, needed[i]), append(x.places, places[i])
		}
	}
	return err
}

// settle sorts by id. Of several elements with one id the newest version stays, of equal versions the last.
func settle[T any, P interface {
	*T
	base() *kept
}](list []T, same func(a, b P) bool) []T {
	slices.SortStableFunc(list, func(a, b T) int {
		p, q := P(&a).base(), P(&b).base()
		return cmp.Or(cmp.Compare(p.id, q.id), cmp.Compare(p.version, q.version))
	})
	n := 0
	for i := range list {
		if n > 0 {
			before, now := P(&list[n-1]), P(&list[i])
			if before.base().id == now.base().id {
				differs := !slices.Equal(before.base().tags, now.base().tags) || !same(before, now)
				now.base().twice = before.base().twice || differs
				list[n-1] = list[i]
				continue
			}
		}
		list[n] = list[i]
		n++
	}
	return slices.Clip(list[:n])
}

// way finds a way by its id.
func (x *Extract) way(id int64) (*keptWay, bool) {
	i, ok := slices.BinarySearchFunc(x.ways, id, func(w keptWay, id int64) int { return cmp.Compare(w.id, id) })
	if !ok {
		return nil, false
	}
	return &x.ways[i], true
}

// place finds a node's place.
func (x *Extract) place(id int64) (place, bool) {
	i, ok := slices.BinarySearch(x.ids, id)
	if !ok {
		return place{}, false
	}
	return x.places[i], true
}

// Attribution names the source and licence of every layer that comes from an extract.
const Attribution = "© OpenStreetMap contributors, ODbL 1.0"
