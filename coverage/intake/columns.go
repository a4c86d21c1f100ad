package intake

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
)

// columns are the accepted rows of a file, in its order, as columns of equal length. Columns that the layer has no use for stay nil.
type columns struct {
	n       []int32    // number in the file
	lines   []int32    // line in the file
	ids     []string   // "" until a hash gives one
	digests [][16]byte // of the canonical feature

	names      []string
	points     []orb.Point    // while all rows are points
	shapes     []orb.Geometry // from the first row that is none
	properties []string

	kinds    []string
	parents  [][][]string // per level, per row
	measures [][]int64    // per measure, per row

	services [][]string
	status   []coverage.Status
	opened   []string
	closed   []string
	capacity []int64
	area     []int64
	floor    []int64

	texts map[string]string // strings that many rows share
	lists map[string][]string
	room  strings.Builder // of strings that few do; full ones are let go, their strings stay
}

// roomSize is what is taken at once for strings: a million of them one by one cost their rounding up, and the collector much more.
const roomSize = 1 << 20

// text copies a text behind others.
func (c *columns) text(b []byte) string {
	if len(b) > roomSize/16 {
		return string(b)
	}
	if c.room.Cap()-c.room.Len() < len(b) {
		c.room = strings.Builder{}
		c.room.Grow(roomSize)
	}
	from := c.room.Len()
	c.room.Write(b)
	return c.room.String()[from:]
}

// maxShared bounds the strings that are looked for again.
const maxShared = 1 << 14

// share gives one copy of a text that many rows may have; it never keeps the caller's memory.
func (c *columns) share(b []byte) string {
	if s, ok := c.texts[string(b)]; ok {
		return s
	}
	s := c.text(b)
	if len(c.texts) < maxShared && len(b) <= 1024 {
		if c.texts == nil {
			c.texts = map[string]string{}
		}
		c.texts[s] = s
	}
	return s
}

// within gives a copy of a short text: where it can, as a part of the row's properties, in which ids and names mostly stand.
func (c *columns) within(properties, s string) string {
	if s == "" {
		return ""
	}
	if len(properties) <= 4096 {
		if at := strings.Index(properties, s); at >= 0 {
			return properties[at : at+len(s)]
		}
	}
	return c.share([]byte(s))
}

// shareList gives one copy of a list that many rows may have.
func (c *columns) shareList(list []string) []string {
	key := strings.Join(list, "\x00")
	if shared, ok := c.lists[key]; ok {
		return shared
	}
	if len(c.lists) < maxShared {
		if c.lists == nil {
			c.lists = map[string][]string{}
		}
		c.lists[key] = list
	}
	return list
}

// addGeometry appends a row's geometry; points stay packed as long as there is nothing else.
func (c *columns) addGeometry(g orb.Geometry) {
	if p, ok := g.(orb.Point); ok && c.shapes == nil {
		c.points = append(c.points, p)
		return
	}
	if c.shapes == nil {
		c.shapes = make([]orb.Geometry, len(c.points), len(c.points)+1)
		for i, p := range c.points {
			c.shapes[i] = p
		}
		c.points = nil
	}
	c.shapes = append(c.shapes, g)
}

// byID gives all rows sorted by id, then content, then place in the file.
func (c *columns) byID() []int32 {
	rows := make([]int32, len(c.ids))
	for i := range rows {
		rows[i] = int32(i)
	}
	compare := func(a, b int32) int {
		if o := strings.Compare(c.ids[a], c.ids[b]); o != 0 {
			return o
		}
		if o := bytes.Compare(c.digests[a][:], c.digests[b][:]); o != 0 {
			return o
		}
		return int(a - b)
	}
	if slices.IsSortedFunc(rows, compare) {
		return rows
	}
	// Most ids differ in the eight bytes behind what all of them begin with: comparing those needs no look at the ids.
	type keyed struct {
		key uint64
		row int32
	}
	keys := make([]keyed, len(rows))
	skip := commonPrefix(c.ids)
	for i, id := range c.ids {
		var b [8]byte
		copy(b[:], id[skip:])
		keys[i] = keyed{binary.BigEndian.Uint64(b[:]), int32(i)}
	}
	slices.SortFunc(keys, func(a, b keyed) int {
		if a.key != b.key {
			return cmp.Compare(a.key, b.key)
		}
		return compare(a.row, b.row)
	})
	for i := range keys {
		rows[i] = keys[i].row
	}
	return rows
}

// commonPrefix is how many bytes all texts begin with alike.
func commonPrefix(texts []string) int {
	if len(texts) == 0 {
		return 0
	}
	n := len(texts[0])
	for _, s := range texts[1:] {
		n = min(n, len(s))
		for s[:n] != texts[0][:n] {
			n--
		}
	}
	return n
}

// take gives the rows of a column in an order and lets the column go; nil for a column that does not exist.
func take[T any](column *[]T, rows []int32) []T {
	from := *column
	*column = nil
	if from == nil {
		return nil
	}
	out := make([]T, len(rows))
	for i, j := range rows {
		out[i] = from[j]
	}
	return out
}
