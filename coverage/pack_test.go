package coverage

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

// packSamples are layers of every role, with every column that a role can have.
func packSamples() map[string]*Layer {
	square := orb.Polygon{{{106.5, 29.5}, {106.6, 29.5}, {106.6, 29.6}, {106.5, 29.6}, {106.5, 29.5}}}
	holed := orb.Polygon{square[0], {{106.52, 29.52}, {106.52, 29.54}, {106.54, 29.54}, {106.52, 29.52}}}
	return map[string]*Layer{
		"empty": {Info: LayerInfo{LayerKey: LayerKey{Role: RoleFacilities, Service: "clinic", Name: "none"}}, IDs: []string{}},
		"neighborhoods": {
			Info:  LayerInfo{LayerKey: LayerKey{Role: RoleNeighborhoods, Name: "社区"}, Version: 3, Hash: "h", Rows: 2, Level: "community", CRS: "EPSG:4490", Derived: "由地块合并"},
			IDs:   []string{"500103001001", "500103001002"},
			Names: []string{"大溪沟社区", ""}, Kinds: []string{"居住型", ""},
			Shapes:     []orb.Geometry{square, orb.MultiPolygon{holed, square}},
			Properties: []string{`{"a":1}`, `{}`},
			Parents:    []ParentColumn{{"district", [][]string{{"500103"}, {"500103"}}}, {"street", [][]string{{"500103001", "500103002"}, nil}}},
			Measures:   []Measure{{"population", true, []int64{12345, Unknown}}},
		},
		"facilities": {
			Info: LayerInfo{LayerKey: LayerKey{Role: RoleFacilities, Service: "clinic,park", Name: "poi"}, Services: []string{"clinic", "park"},
				Surveys:  []Survey{{"clinic", SurveyEverywhere, nil}, {"park", SurveyPolygon, orb.MultiPolygon{holed}}},
				Declared: Declared{"status-field": "状态", "complete": "area.geojson"}, Bound: orb.Bound{Min: orb.Point{106.5, 29.5}, Max: orb.Point{106.6, 29.6}}},
			IDs: []string{"a", "b", "c"}, Names: []string{"一", "二", "三"},
			Shapes:   []orb.Geometry{orb.Point{106.5, 29.5}, square, nil},
			Services: [][]string{{"clinic"}, {"clinic", "park"}, {"park"}},
			Status:   []Status{StatusExisting, StatusUnknown, StatusClosed}, Opened: []string{"2020-01-01", "", ""}, Closed: []string{"", "", "2024-02-29"},
			Capacity: []int64{1000, Unknown, 5}, AreaMM2: []int64{Unknown, 5_000_000_000, 1},
		},
		"buildings": {
			Info: LayerInfo{LayerKey: LayerKey{Role: RoleBuildings, Name: "b"}}, IDs: []string{"1", "2"},
			Points:  []orb.Point{{106.5, 29.5}, {0, math.Copysign(0, -1)}},
			AreaMM2: []int64{1, 2}, FloorMM2: []int64{3, Unknown}, Measures: []Measure{{"households", false, []int64{1, 2}}, {"population", false, []int64{3, 4}}},
		},
		"network": {
			Info: LayerInfo{LayerKey: LayerKey{Role: RoleNetwork, Name: "roads"}}, IDs: []string{"x", "y"},
			Shapes: []orb.Geometry{orb.LineString{{1, 2}, {3, 4}}, orb.MultiLineString{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}}},
		},
		"odd shapes": {
			Info: LayerInfo{LayerKey: LayerKey{Role: RoleDemand, Name: "odd"}}, IDs: []string{"x", "y"},
			Shapes: []orb.Geometry{orb.MultiPoint{{1, 2}}, orb.Collection{orb.Point{1, 2}, orb.Collection{orb.LineString{{1, 2}, {3, 4}}}}},
		},
	}
}

// A layer that comes back changed from the project file would change every later run.
func TestPackGivesBackEveryColumn(t *testing.T) {
	for name, l := range packSamples() {
		t.Run(name, func(t *testing.T) {
			b := l.Pack()
			got, err := UnpackLayer(b)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(l, got); d != "" {
				t.Errorf("unpacked layer differs (-packed +unpacked):\n%s", d)
			}
			if !bytes.Equal(b, got.Pack()) {
				t.Error("packing again gives other bytes")
			}
			var pieces bytes.Buffer
			if err := l.PackTo(&pieces); err != nil || !bytes.Equal(b, pieces.Bytes()) {
				t.Errorf("packing piece by piece gives other bytes (%v)", err)
			}
			if l.ComputeHash() != got.ComputeHash() {
				t.Error("the unpacked layer has another hash")
			}
		})
	}
}

// A large layer is packed piece by piece; where the pieces are cut must not show, and a full disk must.
func TestPackToLargeLayers(t *testing.T) {
	long := strings.Repeat("重庆", packRoom)
	l := &Layer{Info: LayerInfo{LayerKey: LayerKey{Role: RoleFacilities, Name: "large"}, Services: []string{"clinic"}}}
	for i := range 20_000 {
		l.IDs = append(l.IDs, fmt.Sprintf("%08d", i))
		l.Points = append(l.Points, orb.Point{106, float64(i) / 1000})
		l.Properties = append(l.Properties, fmt.Sprintf(`{"n":%d}`, i))
		l.Services = append(l.Services, []string{"clinic", "pharmacy"}[:1+i%2])
		l.AreaMM2 = append(l.AreaMM2, int64(i))
	}
	l.Properties[7] = `{"long":"` + long + `"}`
	var pieces bytes.Buffer
	if err := l.PackTo(&pieces); err != nil || !bytes.Equal(l.Pack(), pieces.Bytes()) {
		t.Errorf("packing piece by piece gives other bytes (%v)", err)
	}
	full := errors.New("the disk is full")
	if err := l.PackTo(failing{full}); err != full {
		t.Errorf("a writer that fails gives %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// Opening a damaged file must say so, not crash the server or eat its memory.
func TestUnpackLayerRefusesDamage(t *testing.T) {
	for name, l := range packSamples() {
		b := l.Pack()
		for cut := 0; cut < len(b); cut++ {
			if _, err := UnpackLayer(b[:cut]); err == nil {
				t.Fatalf("%s: cut to %d of %d bytes, it is still read", name, cut, len(b))
			}
		}
		if _, err := UnpackLayer(append(slices.Clone(b), 0)); err == nil {
			t.Errorf("%s: a byte too many is read", name)
		}
		rnd := rand.New(rand.NewSource(1))
		for range 2000 {
			c := slices.Clone(b)
			for range 1 + rnd.Intn(3) {
				c[rnd.Intn(len(c))] = byte(rnd.Intn(256))
			}
			if l, err := UnpackLayer(c); err == nil {
				l.Pack()
				l.ComputeHash()
			}
		}
	}
}

// The hash is what makes a run found again, and an import unchanged: it must see everything that
// counts and nothing else.
func TestComputeHashSeesWhatCounts(t *testing.T) {
	base := func() *Layer { return packSamples()["facilities"] }
	want := base().ComputeHash()
	same := map[string]func(l *Layer){
		"version":        func(l *Layer) { l.Info.Version = 9 },
		"hash":           func(l *Layer) { l.Info.Hash = "x" },
		"source file":    func(l *Layer) { l.Info.Source = "other.geojson" },
		"crs known by":   func(l *Layer) { l.Info.CRSKnownBy = "option" },
		"changed":        func(l *Layer) { l.Info.Changed = true },
		"absent names":   func(l *Layer) { l.FloorMM2 = []int64{Unknown, Unknown, Unknown} },
		"absent kinds":   func(l *Layer) { l.Kinds = []string{"", "", ""} },
		"one-part multi": func(l *Layer) { l.Shapes[1] = orb.MultiPolygon{l.Shapes[1].(orb.Polygon)} },
		"survey order":   func(l *Layer) { slices.Reverse(l.Info.Surveys) },
		"shuffled rows": func(l *Layer) {
			swap := []int{2, 0, 1}
			l.IDs, l.Names, l.Shapes, l.Services = permute(l.IDs, swap), permute(l.Names, swap), permute(l.Shapes, swap), permute(l.Services, swap)
			l.Status, l.Opened, l.Closed = permute(l.Status, swap), permute(l.Opened, swap), permute(l.Closed, swap)
			l.Capacity, l.AreaMM2 = permute(l.Capacity, swap), permute(l.AreaMM2, swap)
		},
	}
	for name, change := range same {
		l := base()
		change(l)
		if l.ComputeHash() != want {
			t.Errorf("%s changes the hash", name)
		}
	}
	other := map[string]func(l *Layer){
		"id":          func(l *Layer) { l.IDs[2] = "d" },
		"name":        func(l *Layer) { l.Names[0] = "壹" },
		"geometry":    func(l *Layer) { l.Shapes[0] = orb.Point{106.5, 29.500000001} },
		"no geometry": func(l *Layer) { l.Shapes[0] = nil },
		"services":    func(l *Layer) { l.Services[0] = []string{"park"} },
		"status":      func(l *Layer) { l.Status[0] = StatusPlanned },
		"opened":      func(l *Layer) { l.Opened[0] = "2020-01-02" },
		"closed":      func(l *Layer) { l.Closed[0] = "2020-01-02" },
		"capacity":    func(l *Layer) { l.Capacity[1] = 0 },
		"area":        func(l *Layer) { l.AreaMM2[2] = 2 },
		"properties":  func(l *Layer) { l.Properties = []string{"", "", "{}"} },
		"measure":     func(l *Layer) { l.Measures = []Measure{{Name: "x", Values: []int64{-1, -1, -1}}} },
		"parents":     func(l *Layer) { l.Parents = []ParentColumn{{Level: "x", Parents: make([][]string, 3)}} },
		"layer name":  func(l *Layer) { l.Info.Name = "poi2" },
		"survey kind": func(l *Layer) { l.Info.Surveys[0].Kind = SurveyUnknown },
		"survey area": func(l *Layer) { l.Info.Surveys[1].Area[0][0][0][0] += 1e-9 },
		"modelled":    func(l *Layer) { l.Info.Modelled = true },
		"derived":     func(l *Layer) { l.Info.Derived = "x" },
		"attribution": func(l *Layer) { l.Info.Attribution = "© OpenStreetMap" },
		"declared":    func(l *Layer) { l.Info.Declared["complete"] = "other.geojson" },
		"level":       func(l *Layer) { l.Info.Level = "circle" },
		"row shifted": func(l *Layer) { l.Names[0], l.Names[1] = "一二", "" },
		"crs":         func(l *Layer) { l.Info.CRS = "EPSG:4490" },
		"row less":    func(l *Layer) { *l = *firstRows(l, 2) },
		"list shifts": func(l *Layer) { l.Services[0], l.Services[1] = []string{"clinic", "clinic"}, []string{"park"} },
	}
	for name, change := range other {
		l := base()
		change(l)
		if l.ComputeHash() == want {
			t.Errorf("%s does not change the hash", name)
		}
	}
}

func firstRows(l *Layer, n int) *Layer {
	c := *l
	v := reflect.ValueOf(&c).Elem()
	for i := 0; i < v.NumField(); i++ {
		if f := v.Field(i); f.Kind() == reflect.Slice && f.Len() == l.Len() && v.Type().Field(i).Name != "Measures" && v.Type().Field(i).Name != "Parents" {
			f.Set(f.Slice(0, n))
		}
	}
	return &c
}

// The hash must stay the same from version to version of the program: these were computed by the first.
func TestComputeHashStays(t *testing.T) {
	var got bytes.Buffer
	names := []string{"empty", "neighborhoods", "facilities", "buildings", "network"}
	for _, name := range names {
		fmt.Fprintln(&got, name, packSamples()[name].ComputeHash())
	}
	golden := filepath.Join("testdata", "layer_hashes.txt")
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got.String()); d != "" {
		t.Errorf("hashes of layers changed; every stored run would be lost:\n%s", d)
	}
}

func TestPackAnyLayer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 20).Draw(t, "rows")
		text := rapid.SliceOfN(rapid.String(), n, n)
		number := rapid.SliceOfN(rapid.Int64(), n, n)
		l := &Layer{Info: LayerInfo{LayerKey: LayerKey{Role: RoleDemand, Name: "rapid"}}, IDs: text.Draw(t, "ids")}
		if rapid.Bool().Draw(t, "names") {
			l.Names = text.Draw(t, "name")
		}
		if rapid.Bool().Draw(t, "points") {
			l.Points = make([]orb.Point, n)
			for i := range l.Points {
				l.Points[i] = orb.Point{rapid.Float64().Draw(t, "x"), rapid.Float64().Draw(t, "y")}
			}
		}
		if rapid.Bool().Draw(t, "services") {
			l.Services = rapid.SliceOfN(rapid.SliceOfN(rapid.String(), 1, 3), n, n).Draw(t, "service")
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "measures") {
			l.Measures = append(l.Measures, Measure{Name: strconv.Itoa(i), Modelled: rapid.Bool().Draw(t, "modelled"), Values: number.Draw(t, "values")})
		}
		got, err := UnpackLayer(l.Pack())
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(l, got); d != "" {
			t.Fatal(d)
		}
	})
}

func FuzzUnpackLayer(f *testing.F) {
	for _, l := range packSamples() {
		f.Add(l.Pack())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := UnpackLayer(b)
		if err != nil {
			return
		}
		again, err := UnpackLayer(l.Pack())
		if err != nil {
			t.Fatalf("what was read is not read again: %v", err)
		}
		if again.ComputeHash() != l.ComputeHash() {
			t.Fatal("the hash changed")
		}
	})
}

// demandLayer has n points with a measure, as a city's grid of people.
func demandLayer(n int) *Layer {
	l := &Layer{Info: LayerInfo{LayerKey: LayerKey{Role: RoleDemand, Name: "people"}, Rows: n}, IDs: make([]string, n), Points: make([]orb.Point, n),
		Properties: make([]string, n), Measures: []Measure{{Name: "population", Values: make([]int64, n)}}}
	for i := range l.IDs {
		l.IDs[i] = fmt.Sprintf("c%08d", i)
		l.Points[i] = orb.Point{106 + float64(i%1000)*1e-4, 29 + float64(i/1000)*1e-4}
		l.Properties[i] = `{"population":` + strconv.Itoa(i%97) + `}`
		l.Measures[0].Values[i] = int64(i%97) * 1000
	}
	return l
}

// A city of 1.2 million places of demand is read at the start of every run.
func TestPackIsFast(t *testing.T) {
	if testing.Short() {
		t.Skip("a million rows")
	}
	l := demandLayer(1_200_000)
	start := time.Now()
	b := l.Pack()
	packed := time.Since(start)
	start = time.Now()
	got, err := UnpackLayer(b)
	unpacked := time.Since(start)
	if err != nil || got.Len() != l.Len() {
		t.Fatal(err)
	}
	start = time.Now()
	l.ComputeHash()
	t.Logf("1.2 M rows, %d MB: pack %v, unpack %v, hash %v", len(b)>>20, packed, unpacked, time.Since(start))
	if packed > 3*time.Second || unpacked > 3*time.Second { // ten times what it takes, for slow machines
		t.Errorf("pack %v, unpack %v", packed, unpacked)
	}
}

func BenchmarkPack(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_200_000} {
		l := demandLayer(n)
		packed := l.Pack()
		b.Run(fmt.Sprintf("pack/n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.Pack()
			}
		})
		b.Run(fmt.Sprintf("unpack/n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := UnpackLayer(packed); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("hash/n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.ComputeHash()
			}
		})
	}
}
