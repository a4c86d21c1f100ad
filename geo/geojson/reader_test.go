package geojson

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

// collection wraps features, or geometries as features, in a document.
func collection(features ...string) string {
	return `{"type":"FeatureCollection","features":[` + strings.Join(features, ",\n") + `]}`
}

func feature(geometry string) string {
	return `{"type":"Feature","properties":null,"geometry":` + geometry + `}`
}

const goodPoint = `{"type":"Feature","id":"a","properties":{"n":1},"geometry":{"type":"Point","coordinates":[106.5,29.5]}}`

// Every way in which a feature can be unusable has its code, its place, and leaves the feature after it unharmed: a planner must
// find the row, and lose nothing else.
func TestRefused(t *testing.T) {
	polygon := func(rings string) string { return feature(`{"type":"Polygon","coordinates":[` + rings + `]}`) }
	multi := func(polygons string) string {
		return feature(`{"type":"MultiPolygon","coordinates":[` + polygons + `]}`)
	}
	const square = `[[0,0],[10,0],[10,10],[0,10],[0,0]]`
	tests := []struct {
		name, feature string
		code          Code
		path          string
		text          string // part of the text
	}{
		{"number as feature", `5`, NotAFeature, "", "a number"},
		{"null as feature", `null`, NotAFeature, "", "null"},
		{"array as feature", `[1]`, NotAFeature, "", "an array"},
		{"empty object", `{}`, NotAFeature, "", "no"},
		{"no type", `{"geometry":null}`, NotAFeature, "", "no"},
		{"type is a number", `{"type":1}`, NotAFeature, "", "no"},
		{"wrong case of Feature", `{"type":"feature","geometry":null}`, NotAFeature, "", `"feature"`},
		{"bare geometry in features", `{"type":"Point","coordinates":[1,2]}`, NotAFeature, "", "bare Point"},
		{"collection in features", collection(), NotAFeature, "", "FeatureCollection"},
		{"geometry twice", `{"type":"Feature","geometry":null,"geometry":{"type":"Point","coordinates":[1,2]}}`, DuplicateMember, "", "geometry"},
		{"coordinates twice", feature(`{"type":"Point","coordinates":[1,2],"coordinates":[3,4]}`), DuplicateMember, "geometry", "coordinates"},
		{"id is true", `{"type":"Feature","id":true,"geometry":{"type":"Point","coordinates":[1,2]}}`, BadID, "id", "true"},
		{"id is an object", `{"type":"Feature","id":{"a":1},"geometry":{"type":"Point","coordinates":[1,2]}}`, BadID, "id", "object"},
		{"id is an array", `{"type":"Feature","id":[1],"geometry":{"type":"Point","coordinates":[1,2]}}`, BadID, "id", "array"},
		{"properties is an array", `{"type":"Feature","properties":[],"geometry":{"type":"Point","coordinates":[1,2]}}`, BadProperties, "properties", "array"},
		{"properties is text", `{"type":"Feature","properties":"x","geometry":{"type":"Point","coordinates":[1,2]}}`, BadProperties, "properties", `"x"`},
		{"null geometry", feature(`null`), NullGeometry, "geometry", "null"},
		{"no geometry", `{"type":"Feature","properties":{}}`, NullGeometry, "", "no geometry"},
		{"geometry is text", feature(`"POINT(1 2)"`), BadType, "geometry", "POINT"},
		{"geometry without type", feature(`{"coordinates":[1,2]}`), BadType, "geometry.type", "no type"},
		{"unknown type", feature(`{"type":"Circle","coordinates":[1,2]}`), BadType, "geometry.type", `"Circle"`},
		{"type in lower case", feature(`{"type":"multipolygon","coordinates":[1,2]}`), BadType, "geometry.type", "did you mean MultiPolygon?"},
		{"no coordinates", feature(`{"type":"Point"}`), EmptyGeometry, "geometry", "no coordinates"},
		{"null coordinates", feature(`{"type":"Point","coordinates":null}`), EmptyGeometry, "geometry.coordinates", "null"},
		{"empty point", feature(`{"type":"Point","coordinates":[ ]}`), EmptyGeometry, "geometry.coordinates", "empty"},
		{"empty multipoint", feature(`{"type":"MultiPoint","coordinates":[]}`), EmptyGeometry, "geometry.coordinates", "empty"},
		{"empty line", feature(`{"type":"LineString","coordinates":[]}`), EmptyGeometry, "geometry.coordinates", "empty"},
		{"empty line in lines", feature(`{"type":"MultiLineString","coordinates":[[[1,2],[3,4]],[]]}`), EmptyGeometry, "geometry.coordinates[1]", "empty"},
		{"empty polygon", polygon(``), EmptyGeometry, "geometry.coordinates", "empty"},
		{"empty hole", polygon(square + `,[]`), EmptyGeometry, "geometry.coordinates[1]", "empty"},
		{"empty multipolygon", multi(``), EmptyGeometry, "geometry.coordinates", "empty"},
		{"empty polygon in multipolygon", multi(`[` + square + `],[]`), EmptyGeometry, "geometry.coordinates[1]", "empty"},
		{"short position", feature(`{"type":"Point","coordinates":[1]}`), ShortPosition, "geometry.coordinates", "has 1"},
		{"short position in a line", feature(`{"type":"LineString","coordinates":[[1,2],[3]]}`), ShortPosition, "geometry.coordinates[1]", "has 1"},
		{"empty position in a ring", polygon(`[[0,0],[],[10,10],[0,0]]`), ShortPosition, "geometry.coordinates[0][1]", "has 0"},
		{"text in a position", feature(`{"type":"Point","coordinates":["106.5","29.5"]}`), NotANumber, "geometry.coordinates[0]", `"106.5"`},
		{"null in a position", feature(`{"type":"Point","coordinates":[1,null]}`), NotANumber, "geometry.coordinates[1]", "null"},
		{"object in a position", feature(`{"type":"Point","coordinates":[1,{}]}`), NotANumber, "geometry.coordinates[1]", "object"},
		{"null altitude", feature(`{"type":"Point","coordinates":[1,2,null]}`), NotANumber, "geometry.coordinates[2]", "null"},
		{"infinite", feature(`{"type":"Point","coordinates":[1e999,2]}`), NotFinite, "geometry.coordinates[0]", "1e999"},
		{"infinite, written long", feature(`{"type":"Point","coordinates":[1,-1` + strings.Repeat("0", 400) + `]}`), NotFinite, "geometry.coordinates[1]", "…"},
		{"longitude", feature(`{"type":"Point","coordinates":[180.0000001,2]}`), OutOfRange, "geometry.coordinates", "longitude 180.0000001"},
		{"latitude", feature(`{"type":"Point","coordinates":[106.5,-90.5]}`), OutOfRange, "geometry.coordinates", "latitude -90.5"},
		{"swapped", feature(`{"type":"Point","coordinates":[29.5,106.5]}`), OutOfRange, "geometry.coordinates", "swapped"},
		{"metres", feature(`{"type":"Point","coordinates":[35650000.5,3270000]}`), OutOfRange, "geometry.coordinates", "metres"},
		{"out of range deep inside", multi(`[` + square + `,[[1,1],[1,2],[2,200],[1,1]]]`), OutOfRange, "geometry.coordinates[0][1][2]", "latitude 200"},
		{"point nested too deep", feature(`{"type":"Point","coordinates":[[1,2]]}`), BadNesting, "geometry.coordinates[0]", "an array"},
		{"point as number", feature(`{"type":"Point","coordinates":1}`), BadNesting, "geometry.coordinates", "a number"},
		{"line as position", feature(`{"type":"LineString","coordinates":[1,2]}`), BadNesting, "geometry.coordinates[0]", "a number"},
		{"polygon as ring", feature(`{"type":"Polygon","coordinates":[[0,0],[1,0],[1,1],[0,0]]}`), BadNesting, "geometry.coordinates[0][0]", "a number"},
		{"polygon as multipolygon", feature(`{"type":"Polygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]]}`), BadNesting, "geometry.coordinates[0][0][0]", "an array"},
		{"multipolygon as polygon", feature(`{"type":"MultiPolygon","coordinates":[` + square + `]}`), BadNesting, "geometry.coordinates[0][0][0]", "a number"},
		{"coordinates as object", feature(`{"type":"Point","coordinates":{"lon":1,"lat":2}}`), BadNesting, "geometry.coordinates", "object"},
		{"line of one position", feature(`{"type":"LineString","coordinates":[[1,2]]}`), ShortLine, "geometry.coordinates", "1, 2"},
		{"line of one place", feature(`{"type":"LineString","coordinates":[[1,2],[1.0,2.0],[1,2,3]]}`), ShortLine, "geometry.coordinates", "1, 2"},
		{"ring of three", polygon(`[[0,0],[1,1],[0,0]]`), ShortRing, "geometry.coordinates[0]", "has 3"},
		{"ring of two", polygon(`[[0,0],[1,1]]`), ShortRing, "geometry.coordinates[0]", "has 2"},
		{"ring of one place", polygon(`[[0,0],[0,0],[0,0],[0,0]]`), CollapsedRing, "geometry.coordinates[0]", "no area"},
		{"ring of two places", polygon(`[[0,0],[1,1],[1,1],[0,0]]`), CollapsedRing, "geometry.coordinates[0]", "no area"},
		{"ring on a line", polygon(`[[0,0],[1,1],[3,3],[2,2],[0,0]]`), CollapsedRing, "geometry.coordinates[0]", "no area"},
		{"bow tie", polygon(`[[0,0],[10,10],[10,0],[0,10],[0,0]]`), SelfCrossing, "geometry.coordinates[0]", "5, 5"},
		{"bow tie in a part", multi(`[` + square + `],[[[20,0],[30,10],[30,0],[20,10],[20,0]]]`), SelfCrossing, "geometry.coordinates[1][0]", "25, 5"},
		{"spike", polygon(`[[0,0],[10,0],[10,10],[10,20],[10,10],[0,10],[0,0]]`), SelfCrossing, "geometry.coordinates[0]", "10, 20"},
		{"spike at the start", polygon(`[[0,20],[0,0],[10,0],[10,10],[0,10],[0,20]]`), SelfCrossing, "geometry.coordinates[0]", "0, 20"},
		{"runs along itself", polygon(`[[0,0],[10,0],[10,10],[5,0],[2,0],[0,10],[0,0]]`), SelfCrossing, "geometry.coordinates[0]", "2, 0"},
		{"crosses in a vertex", polygon(`[[0,0],[5,5],[10,10],[10,0],[5,5],[0,10],[0,0]]`), SelfCrossing, "geometry.coordinates[0]", "5, 5"},
		{"touches in a vertex", polygon(`[[0,0],[10,0],[5,5],[10,10],[0,10],[5,5],[0,0]]`), SelfTouching, "geometry.coordinates[0]", "5, 5"},
		{"touches an edge", polygon(`[[0,0],[10,0],[10,10],[5,0],[0,10],[0,0]]`), SelfTouching, "geometry.coordinates[0]", "5, 0"},
		{"hole drawn as a loop of the shell", polygon(`[[0,0],[10,0],[10,10],[0,10],[0,0],[2,4],[4,2],[0,0]]`), SelfTouching, "geometry.coordinates[0]", "0, 0"},
		{"hole outside", polygon(square + `,[[20,20],[21,20],[21,21],[20,20]]`), HoleOutside, "geometry.coordinates[1]", "20, 20"},
		{"hole around the shell", polygon(square + `,[[-1,-1],[-1,20],[20,20],[20,-1],[-1,-1]]`), HoleOutside, "geometry.coordinates[1]", "outside"},
		{"hole outside, touching", polygon(square + `,[[10,5],[12,4],[12,6],[10,5]]`), HoleOutside, "geometry.coordinates[1]", "outside"},
		{"hole crosses the shell", polygon(square + `,[[5,5],[15,5],[15,6],[5,5]]`), HoleCrossing, "geometry.coordinates[1]", "10, 5"},
		{"hole crosses the shell in vertices", polygon(`[[0,0],[10,0],[10,5],[10,10],[0,10],[0,5],[0,0]],[[-5,5],[0,5],[5,8],[10,5],[15,5],[5,9],[-5,5]]`), HoleCrossing, "geometry.coordinates[1]", "crosses"},
		{"hole along the shell", polygon(square + `,[[0,2],[2,2],[2,4],[0,4],[0,2]]`), HoleCrossing, "geometry.coordinates[1]", "edge"},
		{"hole fills the shell", polygon(square + `,` + square), HoleCrossing, "geometry.coordinates[1]", "edge"},
		{"holes cross", polygon(square + `,[[1,1],[1,5],[5,5],[5,1],[1,1]],[[3,3],[3,7],[7,7],[7,3],[3,3]]`), HolesOverlap, "geometry.coordinates[2]", "overlap"},
		{"hole in a hole", polygon(square + `,[[1,1],[1,9],[9,9],[9,1],[1,1]],[[3,3],[3,7],[7,7],[7,3],[3,3]]`), HolesOverlap, "geometry.coordinates[2]", "in another hole"},
		{"the same hole twice", polygon(square + `,[[1,1],[1,5],[5,5],[1,1]],[[1,1],[1,5],[5,5],[1,1]]`), HolesOverlap, "geometry.coordinates[2]", "share an edge"},
		{"hole touches the shell twice", polygon(square + `,[[0,5],[5,6],[10,5],[5,4],[0,5]]`), InteriorSplit, "geometry.coordinates[1]", "pieces"},
		{"chain of holes", polygon(square + `,[[0,5],[2,6],[5,5],[2,4],[0,5]],[[5,5],[7,6],[10,5],[7,4],[5,5]]`), InteriorSplit, "geometry.coordinates[2]", "10, 5"},
		{"parts cross", multi(`[` + square + `],[[[5,5],[15,5],[15,15],[5,15],[5,5]]]`), PolygonsOverlap, "geometry.coordinates[1][0]", "overlap"},
		{"part in a part", multi(`[` + square + `],[[[5,5],[6,5],[6,6],[5,5]]]`), PolygonsOverlap, "geometry.coordinates[1][0]", "5, 5"},
		{"part around a part", multi(`[[[5,5],[6,5],[6,6],[5,5]]],[` + square + `]`), PolygonsOverlap, "geometry.coordinates[0][0]", "5, 5"},
		{"part in a part, touching", multi(`[` + square + `],[[[0,5],[6,5],[6,6],[0,5]]]`), PolygonsOverlap, "geometry.coordinates[1][0]", "lies in"},
		{"the same part twice", multi(`[` + square + `],[` + square + `]`), PolygonsOverlap, "geometry.coordinates[1][0]", "overlap"},
		{"parts share an edge", multi(`[` + square + `],[[[10,2],[20,2],[20,8],[10,8],[10,2]]]`), SharedEdge, "geometry.coordinates[1][0]", "10, 2"},
		{"part crosses a hole", multi(`[` + square + `,[[2,2],[2,6],[6,6],[6,2],[2,2]]],[[[3,3],[7,3],[7,5],[3,5],[3,3]]]`), PolygonsOverlap, "geometry.coordinates[1][0]", "overlap"},
		{"line over the antimeridian", feature(`{"type":"LineString","coordinates":[[179,0],[-179,1]]}`), Antimeridian, "geometry.coordinates", "179, 0"},
		{"ring over the antimeridian", polygon(`[[170,0],[-170,0],[-170,10],[170,10],[170,0]]`), Antimeridian, "geometry.coordinates[0]", "180°"},
		{"mixed collection", feature(`{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},{"type":"LineString","coordinates":[[1,2],[3,4]]}]}`), GeometryMixed, "geometry", "mixes"},
		{"empty collection", feature(`{"type":"GeometryCollection","geometries":[]}`), EmptyGeometry, "geometry.geometries", "empty"},
		{"collection without geometries", feature(`{"type":"GeometryCollection"}`), EmptyGeometry, "geometry", "no geometries"},
		{"broken member of a collection", feature(`{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},{"type":"Point","coordinates":[1]}]}`), ShortPosition, "geometry.geometries[1].coordinates", "has 1"},
		{"overlap in a collection", feature(`{"type":"GeometryCollection","geometries":[{"type":"Polygon","coordinates":[` + square + `]},{"type":"Polygon","coordinates":[[[5,5],[6,5],[6,6],[5,5]]]}]}`), PolygonsOverlap, "geometry.geometries", "lies in"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rows, info, err := everyWay(t, collection(goodPoint, test.feature, goodPoint), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) != 3 || rows[0].Refused != nil || rows[2].Refused != nil || info.Used != 2 || info.Refused != 1 {
				t.Fatalf("the neighbours suffered: %+v, %+v", info, rows)
			}
			f := rows[1].Refused
			if f == nil {
				t.Fatalf("accepted as %v", rows[1].Feature.Geometry)
			}
			if f.Code != test.code || f.Path != test.path || !strings.Contains(f.Text, test.text) {
				t.Errorf("refused as %s at %q: %s; want %s at %q: …%s…", f.Code, f.Path, f.Text, test.code, test.path, test.text)
			}
			if rows[1].Line != 2 {
				t.Errorf("line %d, want 2", rows[1].Line)
			}
		})
	}
}

// What is right, or can be made right without guessing, must be used: a planner whose whole layer is refused goes elsewhere.
func TestUsed(t *testing.T) {
	square := orb.Ring{{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}}
	tests := []struct {
		name, geometry string
		want           orb.Geometry
		repair         Code
		path           string
	}{
		{"point", `{"type":"Point","coordinates":[106.55,29.563]}`, orb.Point{106.55, 29.563}, "", ""},
		{"coordinates before type", `{"coordinates":[1,2],"type":"Point"}`, orb.Point{1, 2}, "", ""},
		{"the corners of the world", `{"type":"MultiPoint","coordinates":[[180,90],[-180,-90]]}`, orb.MultiPoint{{180, 90}, {-180, -90}}, "", ""},
		{"altitude dropped", `{"type":"Point","coordinates":[1,2,350.5,7]}`, orb.Point{1, 2}, "", ""},
		{"minus zero", `{"type":"Point","coordinates":[-0,-0.0e5]}`, orb.Point{0, 0}, "", ""},
		{"exponents", `{"type":"Point","coordinates":[1.065e2,295e-1]}`, orb.Point{106.5, 29.5}, "", ""},
		{"escaped names", `{"\u0074ype":"\u0050oint","coordinate\u0073":[1,2]}`, orb.Point{1, 2}, "", ""},
		{"line with repetitions", `{"type":"LineString","coordinates":[[1,2],[1,2],[3,4],[3,4,9]]}`, orb.LineString{{1, 2}, {3, 4}}, "", ""},
		{"line that crosses itself", `{"type":"LineString","coordinates":[[0,0],[2,2],[2,0],[0,2]]}`, orb.LineString{{0, 0}, {2, 2}, {2, 0}, {0, 2}}, "", ""},
		{"lines", `{"type":"MultiLineString","coordinates":[[[0,0],[1,1]],[[2,2],[3,3]]]}`, orb.MultiLineString{{{0, 0}, {1, 1}}, {{2, 2}, {3, 3}}}, "", ""},
		{"clockwise shell", `{"type":"Polygon","coordinates":[[[0,0],[0,10],[10,10],[10,0],[0,0]]]}`, orb.Polygon{square}, "", ""},
		{"counter-clockwise hole", `{"type":"Polygon","coordinates":[[[0,0],[10,0],[10,10],[0,10],[0,0]],[[1,1],[2,1],[2,2],[1,1]]]}`,
			orb.Polygon{square, {{1, 1}, {2, 2}, {2, 1}, {1, 1}}}, "", ""},
		{"ring with repetitions", `{"type":"Polygon","coordinates":[[[0,0],[10,0],[10,0],[10,10],[0,10],[0,0],[0,0]]]}`, orb.Polygon{square}, "", ""},
		{"open ring", `{"type":"Polygon","coordinates":[[[0,0],[10,0],[10,10],[0,10]]]}`, orb.Polygon{square}, RingClosed, "geometry.coordinates[0]"},
		{"open triangle of three", `{"type":"Polygon","coordinates":[[[0,0],[10,0],[10,10]]]}`, orb.Polygon{{{0, 0}, {10, 0}, {10, 10}, {0, 0}}}, RingClosed, "geometry.coordinates[0]"},
		{"ring open by rounding", `{"type":"Polygon","coordinates":[[[0,0],[10,0],[10,10],[0,10],[0,0.0000000002]]]}`, orb.Polygon{square}, RingClosed, "geometry.coordinates[0]"},
		{"open ring in a part", `{"type":"MultiPolygon","coordinates":[[[[20,0],[30,0],[30,5],[20,0]]],[[[0,0],[10,0],[10,10],[0,10]]]]}`,
			orb.MultiPolygon{{{{20, 0}, {30, 0}, {30, 5}, {20, 0}}}, {square}}, RingClosed, "geometry.coordinates[1][0]"},
		{"hole touches the shell once", `{"type":"Polygon","coordinates":[[[0,0],[10,0],[10,10],[0,10],[0,0]],[[0,5],[5,6],[5,4],[0,5]]]}`,
			orb.Polygon{square, {{0, 5}, {5, 6}, {5, 4}, {0, 5}}}, "", ""},
		{"three holes in one point", `{"type":"Polygon","coordinates":[[[0,0],[10,0],[10,10],[0,10],[0,0]],[[5,5],[5,7],[6,7],[5,5]],[[5,5],[7,5],[7,4],[5,5]],[[5,5],[4,4],[3,5],[5,5]]]}`,
			orb.Polygon{square, {{5, 5}, {5, 7}, {6, 7}, {5, 5}}, {{5, 5}, {7, 5}, {7, 4}, {5, 5}}, {{5, 5}, {4, 4}, {3, 5}, {5, 5}}}, "", ""},
		{"parts that touch in a point", `{"type":"MultiPolygon","coordinates":[[[[0,0],[10,0],[10,10],[0,10],[0,0]]],[[[10,10],[20,10],[20,20],[10,10]]]]}`,
			orb.MultiPolygon{{square}, {{{10, 10}, {20, 10}, {20, 20}, {10, 10}}}}, "", ""},
		{"island in a lake, touching its shore", `{"type":"MultiPolygon","coordinates":[[[[0,0],[10,0],[10,10],[0,10],[0,0]],[[1,1],[1,9],[9,9],[9,1],[1,1]]],[[[1,5],[5,4],[5,6],[1,5]]]]}`,
			orb.MultiPolygon{{square, {{1, 1}, {1, 9}, {9, 9}, {9, 1}, {1, 1}}}, {{{1, 5}, {5, 4}, {5, 6}, {1, 5}}}}, "", ""},
		{"both sides of the antimeridian", `{"type":"MultiPoint","coordinates":[[179,0],[-179,0]]}`, orb.MultiPoint{{179, 0}, {-179, 0}}, "", ""},
		{"collection of points", `{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},{"type":"MultiPoint","coordinates":[[3,4]]}]}`,
			orb.MultiPoint{{1, 2}, {3, 4}}, CollectionFlattened, "geometry"},
		{"collection of one polygon", `{"type":"GeometryCollection","geometries":[{"type":"Polygon","coordinates":[[[0,0],[10,0],[10,10],[0,10],[0,0]]]}]}`,
			orb.Polygon{square}, CollectionFlattened, "geometry"},
		{"collection of lines in a collection", `{"type":"GeometryCollection","geometries":[{"type":"GeometryCollection","geometries":[{"type":"LineString","coordinates":[[0,0],[1,1]]}]},{"type":"LineString","coordinates":[[2,2],[3,3]]}]}`,
			orb.MultiLineString{{{0, 0}, {1, 1}}, {{2, 2}, {3, 3}}}, CollectionFlattened, "geometry"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rows, info, err := everyWay(t, collection(feature(test.geometry)), Limits{})
			if err != nil || len(rows) != 1 {
				t.Fatalf("%d rows, %v", len(rows), err)
			}
			row := rows[0]
			if row.Refused != nil {
				t.Fatal(row.Refused)
			}
			if diff := cmp.Diff(test.want, row.Feature.Geometry); diff != "" {
				t.Error(diff)
			}
			if test.repair == "" {
				if len(row.Repairs) != 0 || info.Used != 1 {
					t.Errorf("repairs %v", row.Repairs)
				}
				return
			}
			if len(row.Repairs) != 1 || info.Repaired != 1 || row.Repairs[0].Code != test.repair || row.Repairs[0].Path != test.path || row.Repairs[0].Text == "" {
				t.Errorf("repairs %+v", row.Repairs)
			}
			// another reader's geometry gets the same judgement
			if _, _, f := Clean(row.Feature.Geometry, false); f != nil {
				t.Error(f)
			}
		})
	}
}

func TestForms(t *testing.T) {
	const bom = "\ufeff"
	tests := []struct {
		name, text string
		form       Form
		rows       int
	}{
		{"empty collection", collection(), FormCollection, 0},
		{"collection", collection(goodPoint, goodPoint), FormCollection, 2},
		{"collection with byte order mark", bom + collection(goodPoint), FormCollection, 1},
		{"features before type", `{"features":[` + goodPoint + `],"type":"FeatureCollection"}`, FormCollection, 1},
		{"members before and after", `{"name":"x","bbox":[1,2,3,4],"features":[` + goodPoint + `],"links":[{"a":{}}],"type":"FeatureCollection"}`, FormCollection, 1},
		{"the type twice", `{"type":"FeatureCollection","type":"FeatureCollection","features":[]}`, FormCollection, 0},
		{"white space everywhere", " \r\n\t{ \n\"type\" : \"FeatureCollection\" , \"features\" : [ \n" + goodPoint + " , " + goodPoint + " ] } \n\n", FormCollection, 2},
		{"single feature", goodPoint, FormFeature, 1},
		{"single feature over several lines", strings.ReplaceAll(goodPoint, ",", ",\n") + "\n", FormFeature, 1},
		{"single feature with a foreign collection member", `{"a":{"features":[1]},` + goodPoint[1:], FormFeature, 1},
		{"bare point", `{"type":"Point","coordinates":[1,2]}`, FormGeometry, 1},
		{"bare polygon, type last", bom + `{"coordinates":[[[0,0],[1,0],[1,1],[0,0]]],"type":"Polygon"}`, FormGeometry, 1},
		{"geometry collection", `{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},{"type":"LineString","coordinates":[[1,2],[2,3]]}]}`, FormGeometries, 2},
		{"lines", goodPoint + "\n" + goodPoint + "\n", FormLines, 2},
		{"lines without a last line feed", bom + goodPoint + "\n" + goodPoint, FormLines, 2},
		{"lines with carriage returns and blanks", "\r\n" + goodPoint + "\r\n\r\n \r\n" + goodPoint + "\r\n\r\n", FormLines, 2},
		{"lines of geometries", `{"type":"Point","coordinates":[1,2]}` + "\n" + `{"type":"Point","coordinates":[1,2]}`, FormLines, 2},
		{"text sequence", "\x1e" + goodPoint + "\n\x1e" + goodPoint + "\n", FormSequence, 2},
		{"text sequence over several lines", "\x1e" + strings.ReplaceAll(goodPoint, ",", ",\n") + "\n\x1e" + goodPoint, FormSequence, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rows, info, err := everyWay(t, test.text, Limits{})
			if err != nil || info.Form != test.form || info.Used != test.rows || len(rows) != test.rows {
				t.Errorf("%v, %+v", err, info)
			}
		})
	}
}

// A file that is broken or something else must be refused as a whole, with a word that helps.
func TestFileRefused(t *testing.T) {
	tests := []struct {
		name, text string
		code       Code
		say        string
	}{
		{"empty", "", EmptyFile, "empty"},
		{"white space", " \n\t ", EmptyFile, "empty"},
		{"byte order mark only", "\ufeff", EmptyFile, "empty"},
		{"trailing bracket", collection(goodPoint) + "]", BadJSON, "the end"},
		{"trailing rubbish on the next line", collection(goodPoint) + "\nx", BadJSON, "line 2"},
		{"two collections", collection(goodPoint) + "\n" + collection(goodPoint), BadJSON, "the end"},
		{"rubbish behind a single feature", goodPoint + " x", BadJSON, "the end"},
		{"rubbish in the line after a single feature", goodPoint + "\n]", BadJSON, "the end"},
		{"cut off in the features", collection(goodPoint)[:100], BadJSON, "ends"},
		{"cut off before the last brace", strings.TrimSuffix(collection(goodPoint), "}"), BadJSON, "ends"},
		{"comma missing", collection(goodPoint + goodPoint), BadJSON, "',' or ']'"},
		{"trailing comma", collection(goodPoint, ""), BadJSON, "a value"},
		{"broken after the features", `{"type":"FeatureCollection","features":[` + goodPoint + `],"x":tru}`, BadJSON, "true"},
		{"broken type after the features", `{"features":[` + goodPoint + "],\"type\":\"Feat\n" + goodPoint, BadJSON, "0x0a"},
		{"broken number in properties", collection(strings.Replace(goodPoint, `"n":1`, `"n":01`, 1)), BadJSON, "'1'"},
		{"NaN", collection(strings.Replace(goodPoint, `"n":1`, `"n":NaN`, 1)), BadJSON, "'N'"},
		{"raw line feed in a string", collection(strings.Replace(goodPoint, `"n"`, "\"n\n\"", 1)), BadJSON, "0x0a"},
		{"GBK text", collection(strings.Replace(goodPoint, `"a"`, "\"\xd6\xd8\xc7\xec\"", 1)), BadUTF8, "GBK"},
		{"overlong UTF-8", collection(strings.Replace(goodPoint, `"a"`, "\"\xc0\xaf\"", 1)), BadUTF8, "0xc0"},
		{"surrogate in UTF-8", collection(strings.Replace(goodPoint, `"a"`, "\"\xed\xa0\x80\"", 1)), BadUTF8, "0xed"},
		{"UTF-16", "\xff\xfe{\x00}\x00", NotGeoJSON, "UTF-16"},
		{"gzip", "\x1f\x8b\x08\x00\x00", NotGeoJSON, "unpack"},
		{"zip", "PK\x03\x04xx", NotGeoJSON, "unpack"},
		{"XML", "<?xml version=\"1.0\"?><kml/>", NotGeoJSON, "XML"},
		{"GeoPackage", "SQLite format 3\x00", NotGeoJSON, "GeoPackage"},
		{"Shapefile", "\x00\x00\x27\x0a\x00\x00\x00\x00", NotGeoJSON, "Shapefile"},
		{"TopoJSON", `{"type":"Topology","objects":{},"arcs":[]}`, NotGeoJSON, "TopoJSON"},
		{"Esri JSON", `{"geometryType":"esriGeometryPoint","features":[{"attributes":{},"geometry":{"x":1,"y":2}}]}`, NotGeoJSON, "Esri"},
		{"Overpass", `{"version":0.6,"generator":"Overpass API","elements":[]}`, NotGeoJSON, "Overpass"},
		{"array of features", "[" + goodPoint + "]", NotGeoJSON, "array"},
		{"number", "5", NotGeoJSON, "no object"},
		{"empty object", "{}", NotGeoJSON, "no type"},
		{"features without type", `{"features":[` + goodPoint + `]}`, NotGeoJSON, "no type"},
		{"features of a Feature", `{"features":[` + goodPoint + `],"type":"Feature","geometry":null}`, NotGeoJSON, "FeatureCollection"},
		{"features of a Feature, type first", `{"type":"Feature","geometry":null,"features":[]}`, NotGeoJSON, "FeatureCollection"},
		{"geometries of a FeatureCollection", `{"geometries":[],"type":"FeatureCollection"}`, NotGeoJSON, "no features"},
		{"collection without features", `{"type":"FeatureCollection"}`, NotGeoJSON, "no features"},
		{"features null", `{"type":"FeatureCollection","features":null}`, NotGeoJSON, "no array"},
		{"features twice", `{"type":"FeatureCollection","features":[],"features":[` + goodPoint + `]}`, NotGeoJSON, "two members"},
		{"two types", `{"type":"FeatureCollection","features":[],"type":"Feature"}`, NotGeoJSON, "two different types"},
		{"wrong case", `{"type":"featurecollection","features":[]}`, NotGeoJSON, "FeatureCollection"},
		{"type is a number", `{"type":5,"features":[]}`, NotGeoJSON, "FeatureCollection"},
		{"unknown type", `{"type":"Sphere"}`, NotGeoJSON, `"Sphere"`},
		{"deep arrays", strings.Repeat("[", 1_000_000), TooDeep, "64"},
		{"deep objects", strings.Repeat(`{"a":`, 1_000_000), TooDeep, "64"},
		{"deep in properties", collection(strings.Replace(goodPoint, `"n":1`, `"n":`+strings.Repeat("[", 99)+strings.Repeat("]", 99), 1)), TooDeep, "62"},
		{"deep in a foreign member", `{"type":"FeatureCollection","x":` + strings.Repeat("[", 1_000_000), TooDeep, "64"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := everyWay(t, test.text, Limits{})
			if err == nil || errorCode(err) != test.code || !strings.Contains(err.Error(), test.say) {
				t.Errorf("%v (%s), want %s with %q", err, errorCode(err), test.code, test.say)
			}
		})
	}
}

// In newline-delimited files one broken line must not cost the others, wherever it stands.
func TestLines(t *testing.T) {
	broken := []struct {
		name, line string
		code       Code
	}{
		{"cut off", goodPoint[:50], BadJSON},
		{"cut off inside a string", goodPoint[:12], BadJSON},
		{"cut off behind a comma", `{"type":"Feature","properties":null,`, BadJSON},
		{"cut off before a value", `{"type":"Feature","geometry":`, BadJSON},
		{"no JSON", "sorry, an error occurred", BadJSON},
		{"two features", goodPoint + goodPoint, BadJSON},
		{"GBK", "{\"\xd6\xd8\":1}", BadUTF8},
		{"deep", strings.Repeat("[", 100) + strings.Repeat("]", 100), TooDeep},
		{"a number", "5", NotAFeature},
		{"another object", `{"a":1}`, NotAFeature},
		{"null geometry", feature("null"), NullGeometry},
		{"a collection", collection(goodPoint), NotAFeature},
	}
	for _, b := range broken {
		for at := range 3 {
			t.Run(fmt.Sprintf("%s in line %d", b.name, at+1), func(t *testing.T) {
				lines := []string{goodPoint, goodPoint, goodPoint}
				lines[at] = b.line
				if at == 0 && b.name == "a collection" {
					t.Skip("the file begins as a FeatureCollection and is refused as one")
				}
				rows, info, err := everyWay(t, strings.Join(lines, "\n")+"\n", Limits{})
				if err != nil || info.Form != FormLines || info.Used != 2 || info.Refused != 1 {
					t.Fatalf("%v, %+v", err, info)
				}
				if f := rows[at].Refused; f == nil || f.Code != b.code {
					t.Errorf("refused as %+v, want %s", f, b.code)
				}
				for i, row := range rows {
					if row.Line != i+1 {
						t.Errorf("row %d is said to be in line %d", i+1, row.Line)
					}
				}
			})
		}
	}
	t.Run("a broken record of a text sequence", func(t *testing.T) {
		rows, info, err := everyWay(t, "\x1e"+goodPoint+"\n\x1e{\"type\":\n\x1e\x1e"+goodPoint+"\n", Limits{})
		if err != nil || info.Used != 2 || info.Refused != 1 || rows[1].Refused.Code != BadJSON || rows[2].Line != 3 {
			t.Errorf("%v, %+v, %+v", err, info, rows)
		}
	})
}

// A number must keep what tells one feature from another, and two spellings of one number must not become two facilities.
func TestIDs(t *testing.T) {
	tests := []struct {
		id, want string
		has      bool
	}{
		{`"a"`, "a", true}, {`"1.0"`, "1.0", true}, {`1.0`, "1", true}, {`1`, "1", true}, {`1e0`, "1", true}, {`-0`, "0", true},
		{`12345678901234567890`, "12345678901234567890", true}, {`500103001001`, "500103001001", true},
		{`"重庆"`, "重庆", true}, {`"\u91cd\u5e86"`, "重庆", true}, {`null`, "", false}, {`""`, "", false},
	}
	for _, test := range tests {
		rows, _, err := everyWay(t, collection(strings.Replace(goodPoint, `"a"`, test.id, 1)), Limits{})
		if err != nil || rows[0].Refused != nil || rows[0].Feature.ID != test.want || rows[0].Feature.HasID != test.has {
			t.Errorf("id %s: %v, %+v", test.id, err, rows)
		}
	}
}

func TestInfo(t *testing.T) {
	text := `{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4490"}},"name":"诊所","bbox":[1,2,3,4],"features":[
		{"type":"Feature","tippecanoe":{},"bbox":[],"geometry":{"type":"MultiPoint","coordinates":[[1,2,3],[4,5],[6,7,8,9]]},"properties":{}},
		{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2000]},"properties":{}},
		{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[-1,-1],[0,-1],[0,0]]]},"properties":{}}],"totalFeatures":3}`
	_, info, err := everyWay(t, text, Limits{})
	want := Info{Form: FormCollection, Read: 3, Used: 1, Repaired: 1, Refused: 1, Bound: orb.Bound{Min: orb.Point{-1, -1}, Max: orb.Point{6, 7}},
		CRS: "urn:ogc:def:crs:EPSG::4490", Altitudes: 2, Foreign: []string{"name", "tippecanoe", "totalFeatures"}}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, info); diff != "" {
		t.Error(diff)
	}
	for crs, want := range map[string]string{
		`null`: "", `{"type":"EPSG","properties":{"code":4326}}`: "EPSG:4326", `{"properties":{"href":"http://x/1"},"type":"link"}`: "http://x/1", `5`: "",
	} {
		_, info, err := everyWay(t, `{"type":"FeatureCollection","features":[],"crs":`+crs+`}`, Limits{})
		if err != nil || info.CRS != want {
			t.Errorf("crs %s is read as %q, %v", crs, info.CRS, err)
		}
	}
}

func TestLimits(t *testing.T) {
	long := strings.Replace(goodPoint, `"n":1`, `"n":"`+strings.Repeat("x", 300_000)+`"`, 1)
	lim := Limits{MaxFeatureBytes: 1000}
	for name, text := range map[string]string{
		"collection": collection(goodPoint, long, goodPoint),
		"lines":      goodPoint + "\n" + long + "\n" + goodPoint,
		"sequence":   "\x1e" + goodPoint + "\n\x1e" + long + "\n\x1e" + goodPoint,
	} {
		rows, info, err := everyWay(t, text, lim)
		if err != nil || info.Used != 2 || info.Refused != 1 || rows[1].Refused.Code != TooLarge {
			t.Errorf("a feature beyond the limit in a %s: %v, %+v", name, err, info)
		}
	}
	if rows, _, err := everyWay(t, long, lim); err != nil || len(rows) != 1 || rows[0].Refused.Code != TooLarge {
		t.Errorf("a single feature beyond the limit: %v", err)
	}
	rows, _, err := everyWay(t, collection(feature(`{"type":"MultiPoint","coordinates":[[1,2],[3,4],[5,6]]}`)), Limits{MaxVertices: 2})
	if err != nil || rows[0].Refused.Code != TooManyVertices {
		t.Errorf("vertices: %v", err)
	}
	if _, _, err := everyWay(t, collection(goodPoint, goodPoint, goodPoint), Limits{MaxFeatures: 2}); errorCode(err) != TooMany {
		t.Errorf("features: %v", err)
	}
	rows, _, err = everyWay(t, collection(feature(`{"type":"LineString","coordinates":[[35600000,3270000],[35600500,3270000]]}`)), Limits{Plane: true})
	if err != nil || rows[0].Refused != nil {
		t.Errorf("plane coordinates: %v", err)
	}
}

func TestSourceFails(t *testing.T) {
	broken := errors.New("disk on fire")
	for _, text := range []string{"", " ", collection(goodPoint)[:60], collection(goodPoint), goodPoint, goodPoint + "\n" + goodPoint, "\x1e" + goodPoint, "[1]", "5"} {
		_, _, err := drain(t, NewReader(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)), Limits{}))
		if !errors.Is(err, broken) {
			t.Errorf("after %q: %v", text, err)
		}
	}
}

func TestTitles(t *testing.T) {
	for _, c := range []Code{NotAFeature, DuplicateMember, BadID, BadProperties, NullGeometry, BadType, BadNesting, EmptyGeometry, ShortPosition,
		NotANumber, NotFinite, OutOfRange, ShortLine, ShortRing, CollapsedRing, SelfCrossing, SelfTouching, HoleOutside, HoleCrossing, HolesOverlap,
		InteriorSplit, PolygonsOverlap, SharedEdge, Antimeridian, GeometryMixed, TooManyVertices, TooComplex, TooLarge, RingClosed,
		CollectionFlattened, LoneSurrogate, BadJSON, BadUTF8, TooDeep, TooMany, NotGeoJSON, EmptyFile} {
		if c.Title() == string(c) || c.Zh() == string(c) {
			t.Errorf("%s has no title", c)
		}
	}
}

// endless yields the head once, then the feature n times, then the tail, without holding them.
type endless struct {
	head, feature, tail string
	n                   int
	rest                string
}

func (e *endless) Read(p []byte) (int, error) {
	if e.rest == "" {
		switch {
		case e.head != "":
			e.rest, e.head = e.head, ""
		case e.n > 0:
			e.rest = e.feature
			if e.n--; e.n > 0 {
				e.rest += ","
			}
		case e.tail != "":
			e.rest, e.tail = e.tail, ""
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// A file of any length is read in the memory of one feature: a province must not need a bigger machine than a street.
func TestMemoryIsBounded(t *testing.T) {
	r := NewReader(&endless{head: `{"type":"FeatureCollection","features":[`, feature: goodPoint, n: 200_000, tail: `]}`}, Limits{})
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var most uint64
	for {
		row, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if row.N%20_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			if now.HeapAlloc > before.HeapAlloc {
				most = max(most, now.HeapAlloc-before.HeapAlloc)
			}
		}
	}
	if r.Info().Used != 200_000 || most > 4<<20 {
		t.Errorf("%d rows, %d bytes held", r.Info().Used, most)
	}
	// what is no feature at all is not held either
	r = NewReader(&endless{head: `[`, feature: goodPoint, n: 400_000, tail: `]`}, Limits{})
	if _, err := r.Next(); errorCode(err) != NotGeoJSON || cap(r.s.buf) > 4*lookAhead {
		t.Errorf("%v, buffer of %d bytes", err, cap(r.s.buf))
	}
}
