package osm

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/geo/geojson"
)

// Kind is the kind of an element.
type Kind uint8

// The kinds of elements, in the order of rows.
const (
	Node Kind = iota
	Way
	Relation
)

// String gives node, way or relation.
func (k Kind) String() string { return [...]string{"node", "way", "relation"}[k] }

// Ref names an element.
type Ref struct {
	Kind Kind
	ID   int64
}

// String gives the name of an element as the feature's id: way/2.
func (r Ref) String() string { return r.Kind.String() + "/" + strconv.FormatInt(r.ID, 10) }

// Tag is one key and value of an element.
type Tag struct{ Key, Value string }

// Tags are the tags of an element.
type Tags []Tag

// Find gives the value of a key, "" if there is none. Of a key that stands twice, against the rules, the last counts.
func (t Tags) Find(key string) string {
	for i := len(t) - 1; i >= 0; i-- {
		if t[i].Key == key {
			return t[i].Value
		}
	}
	return ""
}

// Properties gives the tags as a feature's properties.
func (t Tags) Properties() geojson.Properties {
	p := make(geojson.Properties, len(t))
	for i, tag := range t {
		p[i] = geojson.Property{Key: tag.Key, Value: geojson.Value{Kind: geojson.String, Text: tag.Value}}
	}
	slices.SortStableFunc(p, func(a, b geojson.Property) int { return strings.Compare(a.Key, b.Key) })
	n := 0
	for i := range p { // of equal keys the last stays
		if i+1 < len(p) && p[i+1].Key == p[i].Key {
			continue
		}
		p[n] = p[i]
		n++
	}
	return p[:n]
}

// place is a position in billionths of a degree, as the file has it.
type place struct{ lon, lat int64 }

// nowhere stands for a position that cannot be: it is refused as out of range.
var nowhere = place{math.MaxInt64, math.MaxInt64}

// point gives the nearest floats to the decimal degrees.
func (p place) point() orb.Point { return orb.Point{float64(p.lon) / 1e9, float64(p.lat) / 1e9} }

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.lon, q.lon), cmp.Compare(p.lat, q.lat))
}

// element is a node, way or relation while it is read. Its slices are used again for the next one.
type element struct {
	id      int64
	version int64
	tags    Tags
	at      place    // node
	refs    []int64  // way: nodes
	members []member // relation
}

// member is a member of a relation.
type member struct {
	ref  Ref
	role string
}

// visitor is called for the elements of a file, in its order; kinds without a function are passed over. The element is only valid during
// the call. An error stops the scan.
type visitor struct {
	node, way, relation func(*element) error
}
