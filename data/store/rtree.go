package store

import (
	"cmp"
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
)

// The R-tree extension of a GeoPackage (OGC 12-128r18, annex F.3): a virtual table
// rtree_<table>_geom with the bounds of every geometry, and triggers that keep it right whoever edits.

const (
	rtreeDefinition = "http://www.geopackage.org/spec120/#extension_rtree"
	rtreeNodeSize   = 4 + rtreeCells*rtreeCellSize
	rtreeCells      = 51 // of a node, as SQLite makes them on pages of 4 KiB
	rtreeFill       = 46 // of them are filled by packing, which leaves room for edits
	rtreeCellSize   = 8 + 4*4
)

func rtreeName(table string) string { return "rtree_" + table + "_geom" }

// createRTree makes the empty index of a feature table, registers it, and sets its triggers.
func (t *tx) createRTree(table string) error {
	if err := t.exec(fmt.Sprintf(`CREATE VIRTUAL TABLE %s USING rtree(id, minx, maxx, miny, maxy)`, quote(rtreeName(table)))); err != nil {
		return err
	}
	if err := t.exec(`INSERT INTO gpkg_extensions VALUES (?, 'geom', 'gpkg_rtree_index', ?, 'write-only')`, table, rtreeDefinition); err != nil {
		return err
	}
	return t.createRTreeTriggers(table)
}

// rtreeTriggers are the standard's triggers by the ends of their names; {t} is the table, {r} its index.
var rtreeTriggers = [...][2]string{
	{"insert", `AFTER INSERT ON {t} WHEN (new."geom" NOT NULL AND NOT ST_IsEmpty(NEW."geom"))
BEGIN
  INSERT OR REPLACE INTO {r} VALUES (NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom"));
END`},
	{"update1", `AFTER UPDATE OF "geom" ON {t} WHEN OLD."fid" = NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
BEGIN
  INSERT OR REPLACE INTO {r} VALUES (NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom"));
END`},
	{"update2", `AFTER UPDATE OF "geom" ON {t} WHEN OLD."fid" = NEW."fid" AND (NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom"))
BEGIN
  DELETE FROM {r} WHERE id = OLD."fid";
END`},
	{"update3", `AFTER UPDATE ON {t} WHEN OLD."fid" != NEW."fid" AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
BEGIN
  DELETE FROM {r} WHERE id = OLD."fid";
  INSERT OR REPLACE INTO {r} VALUES (NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom"));
END`},
	{"update4", `AFTER UPDATE ON {t} WHEN OLD."fid" != NEW."fid" AND (NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom"))
BEGIN
  DELETE FROM {r} WHERE id IN (OLD."fid", NEW."fid");
END`},
	{"delete", `AFTER DELETE ON {t} WHEN old."geom" NOT NULL
BEGIN
  DELETE FROM {r} WHERE id = OLD."fid";
END`},
}

func (t *tx) createRTreeTriggers(table string) error {
	fill := strings.NewReplacer("{t}", quote(table), "{r}", quote(rtreeName(table)))
	for _, trigger := range rtreeTriggers {
		if err := t.exec(`CREATE TRIGGER ` + quote(rtreeName(table)+"_"+trigger[0]) + ` ` + fill.Replace(trigger[1])); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) dropRTreeTriggers(table string) error {
	for _, trigger := range rtreeTriggers {
		if err := t.exec(`DROP TRIGGER IF EXISTS ` + quote(rtreeName(table)+"_"+trigger[0])); err != nil {
			return err
		}
	}
	return nil
}

// box is the bound of one row, as the index keeps it: rounded outwards.
type box struct {
	fid int64
	env [4]float32 // min x, max x, min y, max y
}

func newBox(fid int64, env [4]float64) box {
	b := box{fid: fid}
	for i, v := range env {
		f := float32(v)
		if i%2 == 0 && float64(f) > v {
			f = math.Nextafter32(f, float32(math.Inf(-1)))
		} else if i%2 == 1 && float64(f) < v {
			f = math.Nextafter32(f, float32(math.Inf(1)))
		}
		b.env[i] = f
	}
	return b
}

// packRTree replaces the whole index by a packed one (rtreeLevels), sort-tile-recursive: a million rows
// take a second, where inserting them one by one takes half a minute. It writes the tables behind
// the virtual one (https://www.sqlite.org/rtree.html#_shadow_tables); SQLite's own rtreecheck tests it.
func (t *tx) packRTree(table string, tree *packed) error {
	name := rtreeName(table)
	for _, shadow := range []string{"_node", "_parent", "_rowid"} {
		if err := t.exec(`DELETE FROM ` + quote(name+shadow)); err != nil {
			return err
		}
	}
	return t.bulk([]insertion{{into: quote(name + "_node"), width: 2}, {into: quote(name + "_parent"), width: 2}, {into: quote(name + "_rowid"), width: 2}}, func(put func(int, []driver.Value) error) error {
		return tree.write(put)
	})
}

// packed is a tree in memory: levels[0] are the leaves, the last level is the root alone.
type packed struct {
	boxes  []box
	levels [][]packedNode
}

type packedNode struct {
	first, count int // of the level below, or of the boxes
	env          [4]float32
}

func rtreeLevels(boxes []box) *packed {
	p := &packed{boxes: boxes}
	tile(boxes)
	level := group(len(boxes), func(i int) [4]float32 { return boxes[i].env })
	p.levels = append(p.levels, level)
	for len(level) > 1 {
		below := level
		level = group(len(below), func(i int) [4]float32 { return below[i].env })
		p.levels = append(p.levels, level)
	}
	return p
}

// tile sorts boxes into vertical strips by x, and within each by y; equal ones stay as they are.
func tile(boxes []box) {
	leaves := (len(boxes) + rtreeFill - 1) / rtreeFill
	strips := int(math.Ceil(math.Sqrt(float64(leaves))))
	if strips == 0 {
		return
	}
	keys, room := make([]uint64, len(boxes)), make([]box, len(boxes))
	sortBoxes(boxes, 0, keys, room)
	size := (leaves + strips - 1) / strips * rtreeFill
	for from := 0; from < len(boxes); from += size {
		sortBoxes(boxes[from:min(from+size, len(boxes))], 2, keys, room)
	}
}

// sortBoxes sorts boxes by their middles; equal ones stay as they are. Sorting numbers that begin with the middle and end in the place takes a third
// of the time of sorting the boxes.
func sortBoxes(boxes []box, axis int, keys []uint64, room []box) {
	keys, room = keys[:len(boxes)], room[:len(boxes)]
	for i, b := range boxes {
		bits := math.Float32bits(b.env[axis] + b.env[axis+1])
		if bits>>31 == 1 { // the order of the bits becomes that of the numbers
			bits = ^bits
		} else {
			bits |= 1 << 31
		}
		keys[i] = uint64(bits)<<32 | uint64(uint32(i))
	}
	slices.Sort(keys)
	for k, key := range keys {
		room[k] = boxes[uint32(key)]
	}
	copy(boxes, room)
}

// group cuts n things into nodes of even size.
func group(n int, env func(int) [4]float32) []packedNode {
	nodes := max(1, (n+rtreeFill-1)/rtreeFill)
	out := make([]packedNode, nodes)
	at := 0
	for i := range out {
		count := (n*(i+1))/nodes - at
		node := packedNode{first: at, count: count}
		for k := at; k < at+count; k++ {
			e := env(k)
			if k == at {
				node.env = e
				continue
			}
			node.env = [4]float32{min(node.env[0], e[0]), max(node.env[1], e[1]), min(node.env[2], e[2]), max(node.env[3], e[3])}
		}
		out[i] = node
		at += count
	}
	return out
}

// write numbers the nodes from the root, which is 1, downwards, and puts their rows.
func (p *packed) write(put func(insertion int, args []driver.Value) error) error {
	numbers := make([]int64, len(p.levels)) // of the first node of each level
	next := int64(1)
	for k := len(p.levels) - 1; k >= 0; k-- {
		numbers[k] = next
		next += int64(len(p.levels[k]))
	}
	for k := len(p.levels) - 1; k >= 0; k-- {
		for i, node := range p.levels[k] {
			number := numbers[k] + int64(i)
			data := make([]byte, rtreeNodeSize)
			if number == 1 {
				binary.BigEndian.PutUint16(data, uint16(len(p.levels)-1)) // the depth of the tree
			}
			binary.BigEndian.PutUint16(data[2:], uint16(node.count))
			for c := 0; c < node.count; c++ {
				cell := data[4+c*rtreeCellSize:]
				if k == 0 {
					b := p.boxes[node.first+c]
					putCell(cell, b.fid, b.env)
				} else {
					child := numbers[k-1] + int64(node.first+c)
					putCell(cell, child, p.levels[k-1][node.first+c].env)
					if err := put(1, []driver.Value{child, number}); err != nil {
						return err
					}
				}
			}
			if err := put(0, []driver.Value{number, data}); err != nil {
				return err
			}
		}
	}
	// By row id, so that the table is filled from its end.
	leaves := make([]leaf, len(p.boxes))
	least := int64(math.MaxInt64)
	for _, b := range p.boxes {
		least = min(least, b.fid)
	}
	placed := 0 // where row ids follow each other, each has its place
	for i, node := range p.levels[0] {
		for _, b := range p.boxes[node.first : node.first+node.count] {
			if at := b.fid - least; at >= 0 && at < int64(len(leaves)) {
				leaves[at] = leaf{b.fid, numbers[0] + int64(i)}
				placed++
			}
		}
	}
	if placed < len(leaves) {
		for i, node := range p.levels[0] {
			for c := node.first; c < node.first+node.count; c++ {
				leaves[c] = leaf{p.boxes[c].fid, numbers[0] + int64(i)}
			}
		}
		slices.SortFunc(leaves, func(a, b leaf) int { return cmp.Compare(a.fid, b.fid) })
	}
	args := make([]driver.Value, 2)
	for _, l := range leaves {
		args[0], args[1] = l.fid, l.node
		if err := put(2, args); err != nil {
			return err
		}
	}
	return nil
}

// leaf says in which node a row is.
type leaf struct{ fid, node int64 }

func putCell(cell []byte, id int64, env [4]float32) {
	binary.BigEndian.PutUint64(cell, uint64(id))
	for i, v := range env {
		binary.BigEndian.PutUint32(cell[8+4*i:], math.Float32bits(v))
	}
}
