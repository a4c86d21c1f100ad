package geojson

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Files that are made to break a reader, generated while they are read: whatever their size, they end in exactly these words and
// in bounded memory.

// part is a text that comes so many times.
type part struct {
	text  string
	times int64
}

// series is a reader of parts, one after the other, without holding them.
type series struct {
	parts []part
	rest  string
}

func stream(parts ...part) io.Reader { return &series{parts: parts} }

func (s *series) Read(p []byte) (int, error) {
	for s.rest == "" {
		if len(s.parts) == 0 {
			return 0, io.EOF
		}
		next := &s.parts[0]
		if next.times <= 0 {
			s.parts = s.parts[1:]
			continue
		}
		n := min(next.times, max(1, 1<<16/int64(len(next.text))))
		s.rest = strings.Repeat(next.text, int(n))
		next.times -= n
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// border is a reader of the positions of a ring: n of them along the border of a square of about 10°, the last one the first again.
type border struct {
	n, at int
	rest  []byte
}

func (r *border) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.at == r.n {
			return 0, io.EOF
		}
		side, step := (r.n-1)/4, 40_000_000/(r.n-1) // millionths of a degree
		for range min(4000, r.n-r.at) {
			along, x, y := step*(r.at%side), 0, 0
			switch r.at / side {
			case 0:
				x += along
			case 1:
				x, y = x+step*side, y+along
			case 2:
				x, y = x+step*side-along, y+step*side
			case 3:
				y += step*side - along
			}
			r.rest = append(r.rest, '[')
			r.rest = append(strconv.AppendInt(r.rest, int64(x), 10), "e-6,"...)
			r.rest = append(strconv.AppendInt(r.rest, int64(y), 10), "e-6],"...)
			r.at++
		}
		if r.at == r.n {
			r.rest = r.rest[:len(r.rest)-1]
		}
	}
	n := copy(p, r.rest)
	r.rest = append(r.rest[:0], r.rest[n:]...)
	return n, nil
}

// round is a file with a polygon of n positions between two points.
func round(n int) io.Reader {
	return io.MultiReader(strings.NewReader(`{"type":"FeatureCollection","features":[`+goodPoint+`,{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[`),
		&border{n: n}, strings.NewReader(`]]}},`+goodPoint+`]}`))
}

const (
	head     = `{"type":"FeatureCollection","features":[`
	gigabyte = int64(1) << 30
	kilo     = "0123456789abcdef重庆0123456789" // stands in strings; its length divides nothing evenly
)

// monster is a file, what becomes of it, and how much memory the reader may take.
type monster struct {
	name  string
	file  func() io.Reader
	want  string // as outcome writes it
	mib   int    // of HeapSys in a process of its own
	heavy bool   // seconds, or hundreds of megabytes
}

func monsters() []monster {
	inProperty := func(parts ...part) func() io.Reader {
		return func() io.Reader {
			before := part{head + goodPoint + `,{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"a":`, 1}
			return stream(slices.Concat([]part{before}, parts, []part{{`}},` + goodPoint + `]}`, 1}})...)
		}
	}
	file := func(parts ...part) func() io.Reader { return func() io.Reader { return stream(parts...) } }
	const (
		million = 1_000_000
		long    = gigabyte / int64(len(kilo))
		beyond  = 300 << 20 / int64(len(kilo)) // the bytes that a feature may have
		rows    = "3 rows, 2 used; row 2 too_large: the feature has more than 268435456 bytes"
		one     = head + `{"type":"Feature","properties":null,"geometry":{"type":`
	)
	return []monster{
		{"a million nested arrays", file(part{"[", million}), "line 1, byte 64: nested deeper than 64 levels", 32, false},
		{"a million nested arrays, closed again", file(part{"[", million}, part{"]", million}), "line 1, byte 64: nested deeper than 64 levels", 32, false},
		{"a million nested objects", file(part{`{"a":`, million}), "line 1, byte 325: nested deeper than 64 levels", 32, false},
		{"a million nested arrays in a property", inProperty(part{"[", million}, part{"]", million}), "line 1, byte 288: nested deeper than 62 levels", 32, false},
		{"a million nested arrays as coordinates", file(part{head + `{"type":"Feature","geometry":{"type":"MultiPolygon","coordinates":`, 1}, part{"[", million}),
			"line 1, byte 166: nested deeper than 62 levels", 32, false},
		{"a million nested collections", file(part{head + `{"type":"Feature","geometry":`, 1}, part{`{"type":"GeometryCollection","geometries":[`, million}),
			"line 1, byte 1401: nested deeper than 62 levels", 32, false},
		{"a million nested arrays in a line", file(part{goodPoint + "\n", 1}, part{"[", million}, part{"]", million}, part{"\n" + goodPoint + "\n", 1}),
			"3 rows, 2 used; row 2 too_deep: line 2, byte 168: nested deeper than 64 levels", 32, false},
		{"a million opened strings", file(part{head, 1}, part{`"`, million}), "line 1, byte 42: found '\"' where ',' or ']' should follow", 32, false},
		{"a hundred thousand members outside", func() io.Reader {
			var b strings.Builder
			for i := range 100_000 {
				fmt.Fprintf(&b, `"m%d":[],`, i)
			}
			return strings.NewReader("{" + b.String() + `"type":"FeatureCollection","features":[` + goodPoint + `]}`)
		}, "1 rows, 1 used", 32, false},
		{"a hundred thousand identical positions in a ring", file(part{one + `"Polygon","coordinates":[[`, 1}, part{"[106.5,29.5],", 99_999}, part{"[106.5,29.5]]]}}]}", 1}),
			"1 rows, 0 used; row 1 collapsed_ring: geometry.coordinates[0]: the ring at 106.5, 29.5 has no area", 64, false},
		{"a hundred thousand identical positions in a line", file(part{one + `"LineString","coordinates":[`, 1}, part{"[106.5,29.5],", 99_999}, part{"[106.5,29.5]]}}]}", 1}),
			"1 rows, 0 used; row 1 short_line: geometry.coordinates: a line needs two distinct positions and has only 106.5, 29.5", 64, false},
		{"a hundred thousand identical parts", file(part{one + `"MultiPolygon","coordinates":[`, 1}, part{"[[[0,0],[1,0],[1,1],[0,0]]],", 99_999}, part{"[[[0,0],[1,0],[1,1],[0,0]]]]}}]}", 1}),
			"1 rows, 0 used; row 1 polygons_overlap: geometry.coordinates[1][0]: two polygons overlap at 0, 0", 256, false},
		{"a hundred thousand holes in one place", file(part{one + `"Polygon","coordinates":[[[0,0],[9,0],[9,9],[0,9],[0,0]]`, 1}, part{",[[1,1],[1,2],[2,2],[1,1]]", 100_000}, part{"]}}]}", 1}),
			"1 rows, 0 used; row 1 holes_overlap: geometry.coordinates[2]: two holes share an edge at 1, 1", 256, false},

		{"a ring of ten million vertices", func() io.Reader { return round(10*million - 3) }, "3 rows, 3 used", 1536, true},
		{"a ring of one vertex too many", func() io.Reader { return round(10*million + 1) },
			"3 rows, 2 used; row 2 too_many_vertices: geometry.coordinates[0][10000000]: the feature has more than 10000000 vertices", 1280, true},
		{"a line of 1 GB among others", file(part{goodPoint + "\n" + goodPoint[:len(goodPoint)-1] + `,"x":"`, 1}, part{kilo, long}, part{`"}` + "\n" + goodPoint, 1}), rows, 832, true},
		{"a first line of 1 GB that is rubbish", file(part{"x", gigabyte}), "line 1, byte 0: found 'x' where a value should follow", 96, true},
		{"a collection in one line of 1 GB", file(part{head + goodPoint, 1}, part{"," + goodPoint[:len(goodPoint)-1] + `,"x":"` + strings.Repeat(kilo, 40_000) + `"}`, 1 + long/40_000}, part{"]}", 1}),
			"840 rows, 840 used", 32, true},
		{"a text of 1 GB in a property", inProperty(part{`"`, 1}, part{kilo, long}, part{`"`, 1}), rows, 832, true},
		{"a text of 1 GB behind the features", file(part{head + goodPoint + `],"name":"`, 1}, part{kilo, long}, part{`"}`, 1}), "1 rows, 1 used", 32, true},
		{"1 GB of white space between features", file(part{head + goodPoint + ",", 1}, part{" \t\r\n", gigabyte / 4}, part{goodPoint + "]}", 1}), "2 rows, 2 used", 32, true},
		{"a number of 300 MB in a property", inProperty(part{"1234567890", 30 * million}), rows, 832, true},
		{"350 MB of one property again and again", inProperty(part{`1`, 1}, part{`,"a":1`, 60 * million}), rows, 832, true},
		{"a text of 300 MB in a member outside", file(part{`{"name":"`, 1}, part{kilo, beyond}, part{`","type":"FeatureCollection","features":[` + goodPoint + `]}`, 1}), "1 rows, 1 used", 832, true},
		{"a member name of 300 MB", file(part{`{"type":"FeatureCollection","`, 1}, part{kilo, beyond}, part{`":1,"features":[]}`, 1}),
			"line 1, byte 314572831: a member has more than 268435456 bytes", 832, true},
	}
}

// outcome reads a file to its end and says what became of it: the rows, with the first that is refused, or the error of the file.
func outcome(r io.Reader) string {
	reader := NewReader(r, Limits{})
	refused := ""
	for {
		row, err := reader.Next()
		switch {
		case err == io.EOF:
			info := reader.Info()
			return fmt.Sprintf("%d rows, %d used%s", info.Read, info.Used, refused)
		case err != nil:
			return err.Error()
		case row.Refused != nil && refused == "":
			refused = fmt.Sprintf("; row %d %s: %s", row.N, row.Refused.Code, row.Refused.Error())
		}
	}
}

// monsterVariable tells a child of this test binary which monster to read.
const monsterVariable = "LIFECIRCLE_TEST_MONSTER"

// met is what a child says of the monster that it read.
type met struct {
	Outcome string
	MiB     int
}

// TestMonsterAlone is no test: it is what a child runs, so that the memory is that of one monster.
func TestMonsterAlone(t *testing.T) {
	name, ok := os.LookupEnv(monsterVariable)
	if !ok {
		t.Skip("it is run by TestMonsters")
	}
	for _, m := range monsters() {
		if m.name != name {
			continue
		}
		said := met{Outcome: outcome(m.file())}
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		said.MiB = int(stats.HeapSys >> 20)
		if err := json.NewEncoder(os.Stdout).Encode(said); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Fatalf("there is no monster %q", name)
}

// No file, however it is made, may take a planner's machine down, or be refused with words that do not help.
func TestMonsters(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range monsters() {
		t.Run(m.name, func(t *testing.T) {
			if m.heavy && testing.Short() {
				t.Skip("it takes seconds")
			}
			child := exec.Command(program, "-test.run=^TestMonsterAlone$")
			// A collector that is kept waiting by other programs would be measured instead of the reader.
			child.Env = append(os.Environ(), monsterVariable+"="+m.name, "GODEBUG=gcstoptheworld=1")
			out, err := child.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			line, _, _ := strings.Cut(string(out), "\n")
			var said met
			if err := json.Unmarshal([]byte(line), &said); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if said.Outcome != m.want {
				t.Errorf("%s\nwant %s", said.Outcome, m.want)
			}
			if said.MiB > m.mib {
				t.Errorf("%d MiB of heap, at most %d are expected", said.MiB, m.mib)
			}
			t.Logf("%d MiB", said.MiB)
		})
	}
}
