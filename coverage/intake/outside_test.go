package intake

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/geo/panics"
)

// What lies outside memory is what was put there, in whatever order it is taken: else a facility would have another's name.
func TestOutside(t *testing.T) {
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 7))
		o, err := newOutside()
		if err != nil {
			t.Fatal(err)
		}
		defer o.close()
		var want []string
		for i, total := 0, 0; total < 3*bucketBytes; i++ {
			n := r.IntN(2000)
			switch r.IntN(400) {
			case 0:
				n = r.IntN(2 * windowBytes)
			case 1:
				n = 0
			}
			if seed == 1 && i == 5000 {
				n = bucketBytes + 12345 // longer than what is brought into order at once
			}
			s := strings.Repeat(string(rune('a'+r.IntN(26)))+fmt.Sprint(i), n/2+1)[:n]
			o.add(func(b []byte) []byte { return append(b, s...) })
			want, total = append(want, s), total+n
		}
		equal := func(name string, got coverage.Outside[string], want []string) {
			t.Helper()
			var running sync.WaitGroup
			for k := range 3 { // several read at once
				running.Go(func() {
					for i := range want {
						if k == 2 { // anywhere, now and then
							if i%200 > 0 {
								continue
							}
							i = int(uint64(i) * 2654435761 % uint64(len(want)))
						}
						if s := got.At(i); s != want[i] || got.Size(i) != len(s) {
							t.Errorf("seed %d: %s: string %d is not itself", seed, name, i)
							return
						}
					}
				})
			}
			running.Wait()
		}
		equal("as written", o, want)
		order := numbers(len(want))
		r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		if seed == 2 {
			slices.Sort(order)
		}
		sorted, err := o.inOrder(order)
		if err != nil {
			t.Fatal(err)
		}
		defer sorted.close()
		if seed == 2 && sorted != o {
			t.Error("what is in order already was written again")
		}
		var in, few []string
		var some []int32
		for k, i := range order {
			if in = append(in, want[i]); r.IntN(3) > 0 {
				few, some = append(few, want[i]), append(some, int32(k))
			}
		}
		equal("in order", sorted, in)
		equal("some of it", sorted.some(some), few)
		if seed < 2 {
			part := order[:len(order)/3]
			fewer, err := o.inOrder(part)
			if err != nil {
				t.Fatal(err)
			}
			defer fewer.close()
			equal("a third of it", fewer, in[:len(part)])
		}
		sorted.set(3, "another")
		in[3] = "another"
		equal("changed", sorted, in)
	}
}

// A layer is the same whether it fits into memory or not: rows in any order, equal ones, merged ones that take something over, refused ones,
// points and polygons.
func TestLayersOutsideMemory(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var lines []string
	for i := range 3000 {
		x, y := 106.4+float64(i%60)*0.01, 29.4+float64(i/60)*0.01
		geometry := fmt.Sprintf(`{"type":"Point","coordinates":[%g,%g]}`, x, y)
		if i%7 == 3 {
			geometry = fmt.Sprintf(`{"type":"Polygon","coordinates":[[[%g,%g],[%g,%g],[%g,%g],[%g,%g]]]}`, x, y, x+0.001, y, x, y+0.001, x, y)
		}
		line := fmt.Sprintf(`{"type":"Feature","id":"n%d","geometry":%s,"properties":{"name":"诊所%d","tel":%q,"note":null}}`, i*7919%3000, geometry, i, strings.Repeat("1", r.IntN(300)))
		lines = append(lines, line)
		switch i % 50 {
		case 1:
			lines = append(lines, line) // equal
		case 2: // the same place, with more to say
			lines = append(lines, fmt.Sprintf(`{"type":"Feature","id":"z%d","geometry":%s,"properties":{"name":"诊所%d","beds":%d}}`, i, geometry, i, i))
		case 4:
			lines = append(lines, fmt.Sprintf(`{"type":"Feature","id":"n%d","geometry":null,"properties":{}}`, i))
		}
	}
	r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	file := `{"type":"FeatureCollection","features":[` + strings.Join(lines, ",\n") + `]}`
	read := func(most int, o Options) ([]byte, *coverage.ImportReport) {
		st := newMemoryStore()
		f, done, err := asFile("f.geojson", strings.NewReader(file), 0)
		if err != nil {
			t.Fatal(err)
		}
		defer done()
		r := &rooms{most: most}
		defer r.close()
		rep, err := importFile(context.Background(), st, testServices(t), f, o, r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if outside := r.all[0].propertiesFar != nil && r.all[0].shapesFar != nil; outside != (most > 0) {
			t.Errorf("with %d bytes, outside memory: %v", most, outside)
		}
		return st.packed[rep.Hash], rep
	}
	for _, o := range []Options{
		{Role: coverage.RoleFacilities, Services: []string{"clinic"}},
		{Role: coverage.RoleFacilities, Services: []string{"clinic"}, KeepDuplicates: true},
		{Role: coverage.RoleFacilities, Services: []string{"clinic"}, CRS: "gcj02"},
	} {
		want, rep := read(0, o)
		if len(want) == 0 || rep.Refused == 0 || !o.KeepDuplicates && rep.Merged < 100 {
			t.Fatalf("%d bytes, %+v", len(want), rep)
		}
		for _, most := range []int{1, 100_000} {
			got, other := read(most, o)
			if string(got) != string(want) {
				t.Errorf("another layer with %d bytes in memory", most)
			}
			if other.Used != rep.Used || other.Merged != rep.Merged || !slices.Equal(other.Rows, rep.Rows) {
				t.Errorf("another report with %d bytes in memory", most)
			}
		}
	}
}

// Where there is no room for temporary files the planner hears so, and where to make some.
func TestNoRoomOutsideMemory(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the folder of temporary files has another name there")
	}
	t.Setenv("TMPDIR", t.TempDir()+"/none")
	f, done, err := asFile("f.geojson", strings.NewReader(`{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[106.5,29.5]},"properties":{"name":"诊所"}}`), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	r := &rooms{most: 1}
	defer r.close()
	_, err = importFile(context.Background(), newMemoryStore(), testServices(t), f, Options{Role: coverage.RoleFacilities, Services: []string{"clinic"}}, r, nil)
	if coverage.CodeOf(err) != coverage.Unavailable || !strings.Contains(fmt.Sprint(err), "temporary file") {
		t.Errorf("%v", err)
	}
}

// A temporary file that cannot be read any more is an error of the import, also in a goroutine of the store; another panic stays one.
func TestOutsideThatCannotBeRead(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	o, err := newOutside()
	if err != nil {
		t.Fatal(err)
	}
	o.addShape(orb.Point{1, 2})
	o.flush()
	o.close()
	o.close() // twice is harmless
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	read := func(fault func()) (err error) {
		defer outsideFault(&err)
		fault()
		return nil
	}
	for name, fault := range map[string]func(){
		"here":  func() { shapesOutside{o}.At(0) },
		"there": func() { panics.Meanwhile(func() orb.Geometry { return shapesOutside{o}.At(0) })() },
	} {
		if err := read(fault); coverage.CodeOf(err) != coverage.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
	defer func() {
		if v := recover(); v != "a fault" {
			t.Errorf("it comes up as %v", v)
		}
	}()
	_ = read(func() { panic("a fault") })
}

// What was begun when a temporary file fails is let go of.
func TestOutsideLeavesNoFiles(t *testing.T) {
	open := func() int {
		files, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("open files cannot be counted here")
		}
		return len(files)
	}
	before := open()
	o, err := newOutside()
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		o.add(func(b []byte) []byte { return append(b, "hello"...) })
	}
	o.flush()
	if err := o.file.Truncate(0); err != nil {
		t.Fatal(err)
	}
	c := &columns{propertiesFar: o}
	c.order([]int32{9, 8, 7, 6, 5, 4, 3, 2, 1, 0})
	if _, err := c.ordered(); coverage.CodeOf(err) != coverage.Unavailable {
		t.Errorf("%v", err)
	}
	c.close()
	if after := open(); after != before {
		t.Errorf("%d files are open, %d before", after, before)
	}
}
