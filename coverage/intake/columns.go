package intake

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/geo/panics"
)

// columns are the accepted rows of a file, in its order, as columns of equal length. Columns that the layer has no use for stay nil.
type columns struct {
	n       []int32    // number in the file
	lines   []int32    // line in the file
	ids     words      // "" until a hash gives one
	digests [][16]byte // of the canonical feature

	names      words
	points     []orb.Point    // while all rows are points
	shapes     []orb.Geometry // from the first row that is none
	properties words

	// In place of shapes and properties, once they are more than most.
	most          int // of both together that are kept in memory; 0: however many
	inside        int // bytes of both, while they are in memory
	shapesFar     *outside
	propertiesFar *outside
	changed       map[int32]string            // properties that stand in the place of some
	ordered       func() ([2]*outside, error) // both in an order that is being made, see order

	kinds    words
	parents  [][][]string // per level, per row
	measures [][]int64    // per measure, per row

	services [][]string
	status   []coverage.Status
	opened   []string
	closed   []string
	capacity []int64
	area     []int64
	floor    []int64

	lists map[string][]string // that many rows share
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

// property gives a row's properties.
func (c *columns) property(i int32) string {
	if c.propertiesFar != nil {
		if s, has := c.changed[i]; has {
			return s
		}
		return c.propertiesFar.At(int(i))
	}
	return c.properties.get(i)
}

func (c *columns) setProperty(i int32, s string) {
	if c.propertiesFar != nil {
		if c.changed == nil {
			c.changed = map[int32]string{}
		}
		c.changed[i] = s
		return
	}
	c.properties.set(i, s)
}

// geometry gives a row's geometry, nil where there are none.
func (c *columns) geometry(i int32) orb.Geometry {
	switch {
	case c.points != nil:
		return c.points[i]
	case c.shapesFar != nil:
		return shapesOutside{c.shapesFar}.At(int(i))
	case c.shapes != nil:
		return c.shapes[i]
	}
	return nil
}

// addProperties appends a row's properties.
func (c *columns) addProperties(text []byte) {
	if c.propertiesFar != nil {
		c.propertiesFar.add(func(b []byte) []byte { return append(b, text...) })
		return
	}
	c.properties.addShared(text)
	c.inside += len(text)
}

// reserve makes room for as many rows as there may be in all, so that columns need not be copied as they grow.
func (c *columns) reserve(rows int) {
	more := rows - len(c.n)
	c.n, c.lines, c.digests = slices.Grow(c.n, more), slices.Grow(c.lines, more), slices.Grow(c.digests, more)
	c.ids.grow(more)
	c.names.grow(more)
	if c.points != nil {
		c.points = slices.Grow(c.points, more)
	}
	if o := c.propertiesFar; o != nil {
		o.starts = slices.Grow(o.starts, more)
	}
}

// spill moves shapes and properties out of memory, if there are too many.
func (c *columns) spill() (err error) {
	if c.most == 0 || c.inside <= c.most {
		return nil
	}
	if c.propertiesFar == nil {
		if c.propertiesFar, err = newOutside(); err != nil {
			return err
		}
		for i := range c.properties.len() {
			c.propertiesFar.add(func(b []byte) []byte { return append(b, c.properties.get(int32(i))...) })
		}
		c.properties = words{}
	}
	if c.shapesFar == nil && c.shapes != nil {
		if c.shapesFar, err = newOutside(); err != nil {
			return err
		}
		for _, g := range c.shapes {
			c.shapesFar.addShape(g)
		}
		c.shapes = nil
	}
	return nil
}

// fault is the first error of writing out of memory.
func (c *columns) fault() error {
	for _, o := range []*outside{c.propertiesFar, c.shapesFar} {
		if o != nil && o.err != nil {
			return o.err
		}
	}
	return nil
}

// order begins to bring what lies outside memory into an order of all rows, while something else is done.
func (c *columns) order(all []int32) {
	if c.propertiesFar == nil {
		return
	}
	far := []*outside{c.propertiesFar, c.shapesFar}
	for _, o := range far {
		o.flush()
	}
	type result struct {
		far [2]*outside
		err error
	}
	ordered := panics.Meanwhile(func() (r result) {
		defer outsideFault(&r.err)
		for k, o := range far {
			if o != nil && r.err == nil {
				r.far[k], r.err = o.inOrder(all)
			}
		}
		return r
	})
	c.ordered = func() ([2]*outside, error) {
		r := ordered()
		return r.far, r.err
	}
}

// takeHeavy gives properties and shapes of rows to a layer; all is the order that was begun, in which rows stand too.
func (c *columns) takeHeavy(l *coverage.Layer, rows, all []int32) error {
	l.Properties, l.Shapes = c.properties.take(rows), take(&c.shapes, rows)
	if c.ordered == nil {
		return nil
	}
	far, err := c.ordered()
	for k, o := range []**outside{&c.propertiesFar, &c.shapesFar} {
		if far[k] != nil && far[k] != *o {
			(*o).close()
			*o = far[k]
		}
	}
	if err != nil {
		return err
	}
	var some []int32 // places in all, if not all are taken
	if len(rows) < len(all) {
		some = make([]int32, 0, len(rows))
		for k, i := range all {
			if len(some) < len(rows) && rows[len(some)] == i {
				some = append(some, int32(k))
			}
		}
	}
	if len(c.changed) > 0 {
		for k, i := range all {
			if s, has := c.changed[i]; has {
				c.propertiesFar.set(int32(k), s)
			}
		}
	}
	l.PropertiesOutside = c.propertiesFar.some(some)
	if c.shapesFar != nil {
		l.ShapesOutside = shapesOutside{c.shapesFar.some(some)}
	}
	return nil
}

// close lets go of what lies outside memory.
func (c *columns) close() {
	if c.ordered != nil {
		far, _ := c.ordered()
		for _, o := range far {
			o.close()
		}
	}
	c.propertiesFar.close()
	c.shapesFar.close()
}

// addGeometry appends a row's geometry; points stay packed as long as there is nothing else.
func (c *columns) addGeometry(g orb.Geometry) {
	if c.shapesFar != nil {
		c.shapesFar.addShape(g)
		return
	}
	if p, ok := g.(orb.Point); ok && c.shapes == nil {
		c.points = append(c.points, p)
		return
	}
	c.inside += 48 + 16*verticesOf(g)
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
	rows := make([]int32, c.ids.len())
	for i := range rows {
		rows[i] = int32(i)
	}
	compare := func(a, b int32) int {
		if o := strings.Compare(c.ids.get(a), c.ids.get(b)); o != 0 {
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
	skip := c.ids.commonPrefix()
	for i := range rows {
		var b [8]byte
		copy(b[:], c.ids.get(int32(i))[skip:])
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

// put appends a value to a column of which there are rows values already; while nothing is known of any, there is no column.
func put[T comparable](column *[]T, rows int, v, unknown T) {
	if *column == nil {
		if v == unknown {
			return
		}
		*column = slices.Repeat([]T{unknown}, rows)
	}
	*column = append(*column, v)
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
