package api

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
)

// A table of all kinds of geometry, some rows without one, with columns of all types.
func mixedTable(n int, seed uint64) coverage.Table {
	type row struct {
		id     string
		values []coverage.Value
		g      orb.Geometry
	}
	random := rand.New(rand.NewPCG(seed, 0))
	at := func() orb.Point { return orb.Point{float64(random.IntN(40)) / 4, float64(random.IntN(40)) / 4} }
	rows := make([]row, n)
	for i := range rows {
		p := at()
		var g orb.Geometry
		switch i % 6 {
		case 0:
			g = p
		case 1:
			g = orb.LineString{p, at(), at()}
		case 2:
			g = ring(p, 1.5, 0.75)
		case 3:
			g = orb.MultiPolygon{ring(p, 1, 0.25), ring(orb.Point{p[0] + 3, p[1]}, 0.5, 0)}
		case 4:
			g = orb.MultiPoint{p, at()}
		}
		number := coverage.Value{Int: int64(random.IntN(5)) * 500, Null: i%7 == 0}
		rows[i] = row{fmt.Sprintf("r/%04d", i), []coverage.Value{{Text: fmt.Sprint("kind ", i%3)}, number, {Int: int64(i % 2)}, {Int: int64(i % 4)}}, g}
	}
	return coverage.Table{
		Name: "mixed", GeometryType: "Geometry", Len: n,
		Columns: []coverage.Column{{Name: "kind", Type: coverage.TextColumn}, {Name: "share", Type: coverage.DecimalColumn, Decimals: 3},
			{Name: "flag", Type: coverage.BooleanColumn}, {Name: "n", Type: coverage.IntegerColumn}},
		Each: func(yield func(string, []coverage.Value, orb.Geometry) error) error {
			for _, r := range rows {
				if err := yield(r.id, slices.Clone(r.values), r.g); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// ring is a square with a square hole, of half-widths r and hole.
func ring(p orb.Point, r, hole float64) orb.Polygon {
	square := func(r float64) orb.Ring {
		return orb.Ring{{p[0] - r, p[1] - r}, {p[0] + r, p[1] - r}, {p[0] + r, p[1] + r}, {p[0] - r, p[1] + r}, {p[0] - r, p[1] - r}}
	}
	if hole == 0 {
		return orb.Polygon{square(r)}
	}
	inner := square(hole)
	slices.Reverse(inner)
	return orb.Polygon{square(r), inner}
}

// A page is the same whether the table was rendered and indexed or is walked: a large city must not get other answers than a small one.
func TestWalkedAndPackedAgree(t *testing.T) {
	table := mixedTable(400, 1)
	packed, size, err := newDataset(t.Context(), table, 1<<30)
	if err != nil || packed.packed == nil || size < 400 {
		t.Fatal(packed, size, err)
	}
	walked, _, err := newDataset(t.Context(), table, 30_000)
	if err != nil || walked.packed != nil {
		t.Fatal("a table beyond the bound is rendered")
	}
	random := rand.New(rand.NewPCG(2, 0))
	for range 500 {
		q := itemsQuery{limit: 1 + random.IntN(30), offset: random.IntN(60), skipGeometry: random.IntN(3) == 0}
		if random.IntN(3) > 0 {
			w, s := float64(random.IntN(44))/4-0.5, float64(random.IntN(44))/4-0.5
			q.boxes = []orb.Bound{{Min: orb.Point{w, s}, Max: orb.Point{w + float64(random.IntN(8))/8, s + float64(random.IntN(8))/8}}}
			if random.IntN(4) == 0 {
				q.boxes = append(q.boxes, orb.Bound{Min: orb.Point{5, 5}, Max: orb.Point{6, 6}})
			}
		}
		for _, f := range []struct {
			column int
			value  string
		}{{0, "kind 1"}, {1, "1.5"}, {1, ""}, {2, "true"}, {3, "2"}, {1, "0.12345"}} {
			if random.IntN(6) == 0 {
				parsed, err := parseFilter(table.Columns[f.column], f.value)
				if err != nil {
					t.Fatal(err)
				}
				parsed.column = f.column
				q.filters = append(q.filters, parsed)
			}
		}
		a, err := packed.query(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		b, err := walked.query(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if a.matched != b.matched || !slices.EqualFunc(a.features, b.features, slices.Equal) {
			t.Fatalf("%+v: packed %d (%d), walked %d (%d)", q, a.matched, len(a.features), b.matched, len(b.features))
		}
	}
	for i := range table.Len {
		id := fmt.Sprintf("r/%04d", i)
		a, _ := packed.item(t.Context(), id)
		b, _ := walked.item(t.Context(), id)
		if a == nil || !slices.Equal(a, b) {
			t.Fatalf("item %s: %s and %s", id, a, b)
		}
	}
	if f, err := walked.item(t.Context(), "nothing"); f != nil || err != nil {
		t.Error(f, err)
	}
}

// A box meets a geometry as an independent test by dense sampling sees it.
func TestIntersectsBruteForce(t *testing.T) {
	box := orb.Bound{Min: orb.Point{4, 4}, Max: orb.Point{5, 4.5}}
	for _, c := range []struct {
		name string
		g    orb.Geometry
		want bool
	}{
		{"point on the corner", orb.Point{4, 4}, true},
		{"point beside", orb.Point{3.999, 4}, false},
		{"line through the corner", orb.LineString{{3, 3}, {6, 6}}, true},
		{"line past the corner", orb.LineString{{3, 4.2}, {4.6, 5.8}}, false},
		{"line cutting the corner", orb.LineString{{3.9, 4.3}, {4.3, 4.7}}, true},
		{"polygon around", ring(orb.Point{4.5, 4.25}, 3, 0), true},
		{"box in the hole", ring(orb.Point{4.5, 4.25}, 3, 2), false},
		{"hole's border crosses the box", ring(orb.Point{4.5, 4.25}, 3, 0.4), true},
		{"polygon inside", ring(orb.Point{4.5, 4.25}, 0.01, 0), true},
		{"boxes meet, polygon does not", orb.Polygon{{{0, 0}, {10, 0}, {10, 4.2}, {5.2, 4.1}, {5.1, 3.9}, {0, 3}, {0, 0}}}, false},
		{"touching along a side", orb.Polygon{{{5, 4}, {6, 4}, {6, 5}, {5, 5}, {5, 4}}}, true},
		{"nothing", nil, true},
		{"empty", orb.MultiPolygon{}, true},
	} {
		if got := intersects(c.g, box); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	random := rand.New(rand.NewPCG(3, 0))
	for range 3000 {
		b := orb.Bound{Min: orb.Point{random.Float64() * 4, random.Float64() * 4}}
		b.Max = orb.Point{b.Min[0] + random.Float64(), b.Min[1] + random.Float64()}
		from, to := orb.Point{random.Float64() * 5, random.Float64() * 5}, orb.Point{random.Float64() * 5, random.Float64() * 5}
		sampled, margin := false, 1e9
		for k := range 2001 {
			f := float64(k) / 2000
			p := orb.Point{from[0] + f*(to[0]-from[0]), from[1] + f*(to[1]-from[1])}
			sampled = sampled || b.Contains(p)
			dx, dy := max(b.Min[0]-p[0], p[0]-b.Max[0]), max(b.Min[1]-p[1], p[1]-b.Max[1])
			margin = min(margin, max(dx, dy))
		}
		if got := intersects(orb.LineString{from, to}, b); got != sampled && (margin < -0.004 || margin > 0.004) {
			t.Fatalf("line %v–%v and box %v: %v, sampled %v", from, to, b, got, sampled)
		}
	}
}

// Nothing is kept beyond the budget, and what was used last stays.
func TestCache(t *testing.T) {
	c := newCache[int](100)
	made := 0
	get := func(key string, size int64) int {
		v, err := c.get(t.Context(), key, func(context.Context) (int, int64, error) { made++; return made, size, nil })
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	a := get("a", 40)
	b := get("b", 40)
	if get("a", 40) != a || get("b", 40) != b || made != 2 {
		t.Error("values are made twice")
	}
	get("a", 40)
	get("c", 40) // b was not used last
	if get("a", 40) != a {
		t.Error("a was dropped though it was used last")
	}
	if get("b", 40) == b {
		t.Error("b was kept beyond the budget")
	}
	get("huge", 1000)
	if c.used > 100 {
		t.Errorf("%d bytes are kept of 100", c.used)
	}
	if _, err := c.get(t.Context(), "bad", func(context.Context) (int, int64, error) { return 0, 0, fmt.Errorf("x") }); err == nil {
		t.Error("an error is lost")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.get(ended, "slow", func(context.Context) (int, int64, error) { select {} }); err != context.Canceled {
		t.Errorf("waiting cannot be given up: %v", err)
	}
}
