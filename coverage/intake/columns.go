package intake

import (
	"bytes"
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
}

// maxShared bounds the strings that are looked for again.
const maxShared = 1 << 14

// share gives one copy of a text that many rows may have; it never keeps the caller's memory.
func (c *columns) share(b []byte) string {
	if s, ok := c.texts[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(c.texts) < maxShared && len(b) <= 1024 {
		if c.texts == nil {
			c.texts = map[string]string{}
		}
		c.texts[s] = s
	}
	return s
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
	slices.SortFunc(rows, func(a, b int32) int {
		if o := strings.Compare(c.ids[a], c.ids[b]); o != 0 {
			return o
		}
		if o := bytes.Compare(c.digests[a][:], c.digests[b][:]); o != 0 {
			return o
		}
		return int(a - b)
	})
	return rows
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
