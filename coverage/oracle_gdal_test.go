package coverage_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/paulmach/orb"
	"github.com/tidwall/geodesic"

	"lifecircle/coverage"
	"lifecircle/geo/measure"
)

// equalArea is Lambert's cylindrical projection of the WGS 84 ellipsoid (Snyder 1987, eq. 10-1 … 10-17, standard parallel 0): areas in
// its plane, in m², are those on the ellipsoid.
func equalArea(p orb.Point) [2]float64 {
	const a, f = 6378137.0, 1 / 298.257223563
	e := math.Sqrt(f * (2 - f))
	s := math.Sin(p[1] * math.Pi / 180)
	q := (1 - e*e) * (s/(1-e*e*s*s) + math.Atanh(e*s)/e)
	return [2]float64{a * p[0] * math.Pi / 180, a * q / 2}
}

// equalAreaRings projects a polygon; its edges, straight in degrees, are cut to 30 m.
func equalAreaRings(p orb.Polygon) [][][2]float64 {
	out := make([][][2]float64, len(p))
	for i, ring := range p {
		for k := 1; k < len(ring); k++ {
			a, b := ring[k-1], ring[k]
			n := max(1, int(math.Ceil(max(math.Abs(b[0]-a[0]), math.Abs(b[1]-a[1]))/0.0003)))
			for j := range n {
				f := float64(j) / float64(n)
				out[i] = append(out[i], equalArea(orb.Point{a[0] + f*(b[0]-a[0]), a[1] + f*(b[1]-a[1])}))
			}
		}
		out[i] = append(out[i], out[i][0])
	}
	return out
}

// geodesicDisc is the circle about a place with 2048 corners, as large as the true one.
func geodesicDisc(p orb.Point, metres float64) orb.Polygon {
	const n = 2048
	step := 2 * math.Pi / n
	var ring orb.Ring
	for i := range n + 1 {
		var lat, lon float64
		geodesic.WGS84.Direct(p[1], p[0], 360*float64(i%n)/n, metres*math.Sqrt(step/math.Sin(step)), &lat, &lon, nil)
		ring = append(ring, orb.Point{lon, lat})
	}
	return orb.Polygon{ring}
}

// sqliteDialect runs SQL with SpatiaLite's functions (GEOS) over a GeoJSON file, through GDAL.
func sqliteDialect(t *testing.T, file, sql string) [][]string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.csv")
	var words bytes.Buffer
	cmd := exec.Command("ogr2ogr", "-f", "CSV", out, file, "-dialect", "SQLite", "-sql", sql)
	cmd.Stderr = &words
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, words.String())
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

// needSpatiaLite skips the test where there is no GDAL with SpatiaLite.
func needSpatiaLite(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("ogr2ogr"); err != nil {
		t.Skip("GDAL is not installed (gdal-bin): nothing to overlay with")
	}
	probe := filepath.Join(t.TempDir(), "probe.geojson")
	if err := os.WriteFile(probe, []byte(`{"type":"Point","coordinates":[0,0]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("ogrinfo", "-q", probe, "-dialect", "SQLite", "-sql", "SELECT 'GEOS ' || geos_version() || ', SpatiaLite ' || spatialite_version() AS v").CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("GEOS ")) {
		t.Skipf("GDAL has no SpatiaLite: %s", bytes.TrimSpace(out))
	}
	t.Logf("%s", bytes.TrimSpace(out))
}

// The land of the embedded city that its clinics, kindergartens and cultural places serve, against GEOS on this machine, through
// GDAL's SQLite dialect: land dissolved, cut by neighborhoods and by geodesic circles in SQL, areas in an equal-area plane.
func TestEmbeddedCityAgainstSpatiaLite(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	needSpatiaLite(t)
	city := readOracleCities(t)["athens"]
	layers := city.layers(t)
	for _, l := range layers {
		if l.Info.Role == coverage.RoleFacilities { // all of them as places
			change(l, func(l *coverage.Layer) {
				shapes := make([]orb.Geometry, l.Len())
				for i := range shapes {
					shapes[i] = measure.Centroid(l.Geometry(i))
				}
				l.Shapes, l.Points = shapes, nil
			})
		}
	}
	limits := map[string]float64{"clinic": 500, "kindergarten": 300, "culture": 1000}
	run := assess(t, book(t, `
denominator: land
requirements:
  - {id: clinic, service: clinic, tier: "15", limit: {radius_m: 500}}
  - {id: kindergarten, service: kindergarten, tier: "15", limit: {radius_m: 300}}
  - {id: culture, service: culture, tier: "15", limit: {radius_m: 1000}}
`), coverage.Params{AssumeComplete: true}, layers...)

	type feature struct {
		Type       string         `json:"type"`
		Properties map[string]any `json:"properties"`
		Geometry   map[string]any `json:"geometry"`
	}
	var all []feature
	add := func(kind, key string, p orb.Polygon) {
		all = append(all, feature{"Feature", map[string]any{"kind": kind, "key": key}, map[string]any{"type": "Polygon", "coordinates": equalAreaRings(p)}})
	}
	for _, l := range layers {
		for i := range l.IDs {
			var kind, key string
			switch l.Info.Role {
			case coverage.RoleNeighborhoods:
				kind, key = "unit", l.IDs[i]
			case coverage.RoleLand:
				kind = "land"
			case coverage.RoleFacilities:
				if r := limits[l.Info.Service]; r > 0 {
					p, ok := l.Geometry(i).(orb.Point)
					if !ok {
						t.Fatalf("%s %s is no point", l.Info.Service, l.IDs[i])
					}
					add("disc", l.Info.Service, geodesicDisc(p, r))
				}
				continue
			default:
				continue
			}
			switch g := l.Geometry(i).(type) {
			case orb.Polygon:
				add(kind, key, g)
			case orb.MultiPolygon:
				for _, p := range g {
					add(kind, key, p)
				}
			}
		}
	}
	b, err := json.Marshal(map[string]any{"type": "FeatureCollection", "features": all})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "city.geojson")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	rows := sqliteDialect(t, file, `
SELECT unit.key AS unit, zone.key AS zone, ST_Area(unit.g) AS land, ST_Area(ST_Intersection(unit.g, zone.g)) AS served,
  ST_Length(ST_Intersection(ST_Boundary(zone.g), unit.g)) AS border
FROM (SELECT u.key AS key, ST_Intersection(ST_Union(u.geometry), land.g) AS g
      FROM city AS u, (SELECT ST_Union(geometry) AS g FROM city WHERE kind = 'land') AS land WHERE u.kind = 'unit' GROUP BY u.key) AS unit,
     (SELECT key, ST_Union(geometry) AS g FROM city WHERE kind = 'disc' GROUP BY key) AS zone`)
	units, requirements := map[string]int{}, map[string]int{}
	for i := range run.Subjects {
		if run.Subjects[i].Level == "unit" {
			units[run.Subjects[i].ID] = i
		}
	}
	for i := range run.Requirements {
		requirements[run.Requirements[i].ID] = i
	}
	if len(rows) != len(units)*len(requirements) {
		t.Fatalf("%d rows of %d neighborhoods", len(rows), len(units))
	}
	worst := 0.0
	for _, row := range rows {
		v := make([]float64, 3)
		for i := range v {
			if row[2+i] != "" { // no common area is NULL
				if v[i], err = strconv.ParseFloat(row[2+i], 64); err != nil {
					t.Fatal(err)
				}
			}
		}
		c := run.Cells[units[row[0]]*len(run.Requirements)+requirements[row[1]]]
		if total := float64(c.Total) / 1e6; math.Abs(total-v[0]) > 0.1+1e-7*v[0] {
			t.Errorf("%s: %.3f m² of land, GEOS %.3f", row[0], total, v[0])
		}
		served, what := float64(c.Covered)/1e6, fmt.Sprint(row[0], ", ", row[1])
		if math.Abs(served-v[1]) > 0.0005*v[2]+0.1 {
			t.Errorf("%s: %.3f m² served, GEOS %.3f, %.3f apart over %.0f m of border", what, served, v[1], served-v[1], v[2])
		}
		if v[2] > 100 {
			worst = max(worst, math.Abs(served-v[1])/v[2])
		}
	}
	t.Logf("at most %.2g m of border apart", worst)
}
