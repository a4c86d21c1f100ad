package osm

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
)

// dataset is what a test writes as PBF and as XML.
type dataset struct{ nodes, ways, relations []element }

// zag is the inverse of zigzag.
func zag(v int64) uint64 { return uint64(v<<1) ^ uint64(v>>63) }

func bytesField(n int, b []byte) []byte {
	return append(binary.AppendUvarint(binary.AppendUvarint(nil, uint64(n<<3|wireBytes)), uint64(len(b))), b...)
}

func varintField(n int, v uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, uint64(n<<3|wireVarint)), v)
}

func packed(n int, values ...uint64) []byte {
	var b []byte
	for _, v := range values {
		b = binary.AppendUvarint(b, v)
	}
	return bytesField(n, b)
}

// block frames a blob: raw, or deflated if size is given.
func block(kind string, blob []byte) []byte {
	header := append(bytesField(1, []byte(kind)), varintField(3, uint64(len(blob)))...)
	out := binary.BigEndian.AppendUint32(nil, uint32(len(header)))
	return append(append(out, header...), blob...)
}

func rawBlob(data []byte) []byte { return bytesField(1, data) }

func deflatedBlob(data []byte, size int) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	z.Write(data)
	z.Close()
	return append(varintField(2, uint64(size)), bytesField(3, b.Bytes())...)
}

func header(features ...string) []byte {
	var h []byte
	for _, f := range features {
		h = append(h, bytesField(4, []byte(f))...)
	}
	return block("OSMHeader", rawBlob(h))
}

// texts is a table of strings in the making.
type texts struct {
	index map[string]uint64
	list  []string
}

func (s *texts) add(text string) uint64 {
	if s.index == nil {
		s.index, s.list = map[string]uint64{}, []string{""}
	}
	if i, ok := s.index[text]; ok {
		return i
	}
	s.index[text] = uint64(len(s.list))
	s.list = append(s.list, text)
	return s.index[text]
}

func (s *texts) tags(tags Tags) (keys, vals []uint64) {
	for _, t := range tags {
		keys, vals = append(keys, s.add(t.Key)), append(vals, s.add(t.Value))
	}
	return keys, vals
}

func (s *texts) block(groups []byte) []byte {
	s.add("")
	var table []byte
	for _, text := range s.list {
		table = append(table, bytesField(1, []byte(text))...)
	}
	return append(groups, bytesField(1, table)...) // the table may stand behind the groups
}

// pbf writes the dataset, nodes packed or one by one.
func (d dataset) pbf(dense, deflate bool) []byte {
	out := header("OsmSchema-V0.6", "DenseNodes")
	put := func(s *texts, group []byte) {
		data := s.block(append(bytesField(2, group), varintField(17, 1)...)) // billionths of a degree
		if deflate {
			out = append(out, block("OSMData", deflatedBlob(data, len(data)))...)
		} else {
			out = append(out, block("OSMData", rawBlob(data))...)
		}
	}
	var s texts
	var group, ids, lats, lons, kv []byte
	var id, lat, lon int64
	s.add("")
	for _, n := range d.nodes {
		keys, vals := s.tags(n.tags)
		if !dense {
			node := append(varintField(1, zag(n.id)), packed(2, keys...)...)
			node = append(append(node, packed(3, vals...)...), varintField(8, zag(n.at.lat))...)
			group = append(group, bytesField(1, append(node, varintField(9, zag(n.at.lon))...))...)
			continue
		}
		ids, lats, lons = binary.AppendUvarint(ids, zag(n.id-id)), binary.AppendUvarint(lats, zag(n.at.lat-lat)), binary.AppendUvarint(lons, zag(n.at.lon-lon))
		id, lat, lon = n.id, n.at.lat, n.at.lon
		for i := range keys {
			kv = binary.AppendUvarint(binary.AppendUvarint(kv, keys[i]), vals[i])
		}
		kv = append(kv, 0)
	}
	if dense {
		group = bytesField(2, slices.Concat(bytesField(1, ids), bytesField(8, lats), bytesField(9, lons), bytesField(10, kv)))
	}
	put(&s, group)
	s, group = texts{}, nil
	s.add("")
	for _, w := range d.ways {
		keys, vals := s.tags(w.tags)
		var refs []uint64
		last := int64(0)
		for _, r := range w.refs {
			refs, last = append(refs, zag(r-last)), r
		}
		group = append(group, bytesField(3, slices.Concat(varintField(1, uint64(w.id)), packed(2, keys...), packed(3, vals...), packed(8, refs...)))...)
	}
	put(&s, group)
	s, group = texts{}, nil
	s.add("")
	for _, r := range d.relations {
		keys, vals := s.tags(r.tags)
		var roles, ids, kinds []uint64
		last := int64(0)
		for _, m := range r.members {
			roles, ids, kinds, last = append(roles, s.add(m.role)), append(ids, zag(m.ref.ID-last)), append(kinds, uint64(m.ref.Kind)), m.ref.ID
		}
		group = append(group, bytesField(4, slices.Concat(varintField(1, uint64(r.id)), packed(2, keys...), packed(3, vals...),
			packed(8, roles...), packed(9, ids...), packed(10, kinds...)))...)
	}
	put(&s, group)
	return out
}

// degrees writes a position's coordinate with all of its nine places.
func degrees(n int64) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%09d", sign, n/1e9, n%1e9)
}

// xml writes the dataset.
func (d dataset) xml() []byte {
	var b bytes.Buffer
	quoted := func(s string) string {
		var q bytes.Buffer
		xml.EscapeText(&q, []byte(s))
		return q.String()
	}
	tags := func(list Tags) {
		for _, t := range list {
			fmt.Fprintf(&b, "<tag k=\"%s\" v=\"%s\"/>", quoted(t.Key), quoted(t.Value))
		}
	}
	b.WriteString("<?xml version='1.0' encoding='UTF-8'?>\n<!-- extract --><osm version=\"0.6\">\n<note>x</note>")
	for _, n := range d.nodes {
		fmt.Fprintf(&b, "<node id=\"%d\" lat=\"%s\" lon=\"%s\">", n.id, degrees(n.at.lat), degrees(n.at.lon))
		tags(n.tags)
		b.WriteString("</node>\n")
	}
	for _, w := range d.ways {
		fmt.Fprintf(&b, "<way id=\"%d\">", w.id)
		for _, r := range w.refs {
			fmt.Fprintf(&b, "<nd ref=\"%d\"/>", r)
		}
		tags(w.tags)
		b.WriteString("</way>\n")
	}
	for _, r := range d.relations {
		fmt.Fprintf(&b, "<relation id=\"%d\">", r.id)
		for _, m := range r.members {
			fmt.Fprintf(&b, "<member type=\"%s\" ref=\"%d\" role=\"%s\"/>", m.ref.Kind, m.ref.ID, quoted(m.role))
		}
		tags(r.tags)
		b.WriteString("</relation>\n")
	}
	b.WriteString("</osm>")
	return b.Bytes()
}

// town has a clinic, a street, a closed way that is a line, a park with a pond, a wood that is cut off, and a route.
func town() dataset {
	at := func(id, x, y int64, tags ...Tag) element {
		return element{id: id, at: place{116_350_000_000 + x*100_000, 39_960_000_000 + y*100_000}, tags: tags}
	}
	way := func(id int64, tags Tags, refs ...int64) element { return element{id: id, tags: tags, refs: refs} }
	relation := func(id int64, tags Tags, members ...member) element {
		return element{id: id, tags: tags, members: members}
	}
	return dataset{
		nodes: []element{at(1, 0, 0), at(2, 9, 0), at(3, 9, 9), at(4, 0, 9), at(5, 3, 3), at(6, 5, 3), at(7, 5, 5), at(8, 3, 5),
			at(9, 20, 20, Tag{"amenity", "clinic"}, Tag{"name", "社区卫生服务站 & <Co>"}), at(-10, 21, 21, Tag{"amenity", "bench"})},
		ways: []element{
			way(1, nil, 1, 2, 3), way(2, nil, 1, 4, 3), way(3, Tags{{"natural", "water"}}, 5, 6, 7, 8, 5),
			way(4, Tags{{"highway", "residential"}}, 1, 2, 3, 4, 1), way(5, Tags{{"building", "yes"}, {"building:levels", "2.50"}}, 5, 6, 7, 8, 5),
			way(6, Tags{{"highway", "footway"}}, 1, 2, 99, 3, 4), way(7, Tags{{"building", "yes"}}, 1, 2, 99, 1),
		},
		relations: []element{
			relation(1, Tags{{"type", "multipolygon"}, {"leisure", "park"}}, member{Ref{Way, 2}, "outer"}, member{Ref{Way, 1}, "outer"}, member{Ref{Way, 3}, "inner"},
				member{Ref{Node, 9}, "label"}),
			relation(2, Tags{{"type", "multipolygon"}, {"natural", "wood"}}, member{Ref{Way, 1}, "outer"}, member{Ref{Way, 100}, "outer"}),
			relation(3, Tags{{"type", "route"}, {"name", "L1"}}, member{Ref{Way, 1}, ""}),
			relation(4, Tags{{"type", "boundary"}, {"boundary", "administrative"}}, member{Ref{Way, 2}, "outer"}, member{Ref{Way, 1}, "outer"}, member{Ref{Way, 101}, "inner"}),
		},
	}
}

func rowsOf(tb testing.TB, file []byte, o Options) []intake.Row {
	tb.Helper()
	x, err := Read(context.Background(), bytes.NewReader(file), o)
	if err != nil {
		tb.Fatal(err)
	}
	return drain(tb, x.Source(Selection{}))
}

func drain(tb testing.TB, s *Source) []intake.Row {
	tb.Helper()
	var rows []intake.Row
	for {
		row, err := s.Next()
		if err == io.EOF {
			return rows
		}
		if err != nil {
			tb.Fatal(err)
		}
		rows = append(rows, row)
	}
}

// said shortens a row to what the test tells of it.
func said(r intake.Row) string {
	s := r.Feature.ID
	switch g := r.Feature.Geometry.(type) {
	case nil:
	case orb.Polygon:
		s += fmt.Sprintf(" Polygon %d", len(g))
	default:
		s += " " + g.GeoJSONType()
	}
	if r.Refused != nil {
		s += " refused " + r.Refused.Code
	}
	for _, f := range r.Repairs {
		s += " repaired " + f.Code
	}
	return s
}

func TestTown(t *testing.T) {
	rows := rowsOf(t, town().xml(), Options{})
	var got []string
	for _, r := range rows {
		got = append(got, said(r))
	}
	want := []string{"node/-10 Point", "node/9 Point", "way/3 Polygon 1", "way/4 LineString", "way/5 Polygon 1", "way/6 MultiLineString repaired missing_nodes",
		"way/7 refused missing_nodes", "relation/1 Polygon 2", "relation/2 refused missing_members", "relation/3 refused relation_kind",
		"relation/4 Polygon 1 repaired missing_members"}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if v, _ := rows[1].Feature.Properties.Get("name"); v.Text != "社区卫生服务站 & <Co>" {
		t.Errorf("name %q", v.Text)
	}
	if p := rows[1].Feature.Geometry.(orb.Point); p != (orb.Point{116.352, 39.962}) {
		t.Errorf("place %v", p)
	}
}

// PBF in each of its forms and XML of the same data give the same rows, to the last bit of every coordinate, whatever the order of the file.
func TestFormatsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := town()
		coordinate := rapid.Int64Range(-180_000_000_000, 180_000_000_000)
		for i := range d.nodes {
			if rapid.Bool().Draw(t, "move") {
				d.nodes[i].at = place{coordinate.Draw(t, "lon"), coordinate.Draw(t, "lat") / 2}
			}
		}
		d.nodes = rapid.Permutation(d.nodes).Draw(t, "nodes")
		d.ways = rapid.Permutation(d.ways).Draw(t, "ways")
		d.relations = rapid.Permutation(d.relations).Draw(t, "relations")
		var first []intake.Row
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		z.Write(d.xml())
		z.Close()
		for name, file := range map[string][]byte{"xml": d.xml(), "gzip": zipped.Bytes(), "dense": d.pbf(true, false), "deflated": d.pbf(true, true), "plain": d.pbf(false, true)} {
			x, err := Read(context.Background(), bytes.NewReader(file), Options{})
			if err != nil {
				t.Fatal(name, err)
			}
			var rows []intake.Row
			for s := x.Source(Selection{}); ; {
				row, err := s.Next()
				if err != nil {
					break
				}
				rows = append(rows, row)
			}
			if first == nil {
				first = rows
			}
			if diff := gocmp.Diff(first, rows, gocmp.Exporter(func(reflect.Type) bool { return true })); diff != "" || len(rows) != 11 {
				t.Fatalf("%s differs, %d rows (-first +this)\n%s", name, len(rows), diff)
			}
		}
	})
}

// Only what is wanted is kept, and the outlines of what is wanted.
func TestWant(t *testing.T) {
	asked := map[string]int{}
	rows := rowsOf(t, town().pbf(true, true), Options{Want: func(k Kind, tags Tags) bool {
		asked[k.String()]++
		return tags.Find("leisure") != "" || tags.Find("amenity") == "clinic"
	}})
	var got []string
	for _, r := range rows {
		got = append(got, said(r))
	}
	if diff := gocmp.Diff([]string{"node/9 Point", "relation/1 Polygon 2"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := gocmp.Diff(map[string]int{"node": 2, "way": 5, "relation": 4}, asked); diff != "" {
		t.Errorf("asked about (-want +got)\n%s", diff)
	}
}

// Of several versions of one element the newest counts, and the row says so; deleted elements do not count.
func TestVersions(t *testing.T) {
	file := `<osm version="0.6">
<node id="1" version="2" lat="1" lon="1"><tag k="amenity" v="clinic"/></node>
<node id="1" version="3" lat="1" lon="2"><tag k="amenity" v="clinic"/></node>
<node id="1" version="1" lat="1" lon="3"><tag k="amenity" v="clinic"/></node>
<node id="2" lat="1" lon="1"><tag k="amenity" v="clinic"/></node><node id="2" lat="1" lon="1"><tag k="amenity" v="clinic"/></node>
<node id="3" visible="false"><tag k="amenity" v="clinic"/></node><node id="4" action="delete" lat="1" lon="1"><tag k="amenity" v="clinic"/></node>
<node id="5" lat="91" lon="1e-05"><tag k="a" v="x"/><tag k="a" v="y"/></node></osm>`
	rows := rowsOf(t, []byte(file), Options{})
	if len(rows) != 3 || said(rows[0]) != "node/1 Point repaired osm_versions" || rows[0].Feature.Geometry != (orb.Point{2, 1}) || said(rows[1]) != "node/2 Point" {
		t.Errorf("%+v", rows)
	}
	if v, _ := rows[2].Feature.Properties.Get("a"); v.Text != "y" || len(rows[2].Feature.Properties) != 1 || rows[2].Feature.Geometry != (orb.Point{0.00001, 91}) {
		t.Errorf("%+v", rows[2])
	}
}

// A broken or hostile file is refused in words, and costs neither a crash nor the machine.
func TestRefusedFiles(t *testing.T) {
	good := town().pbf(true, true)
	data := func(b ...[]byte) []byte {
		return append(header("OsmSchema-V0.6"), block("OSMData", slices.Concat(b...))...)
	}
	group := func(b []byte) []byte {
		return data(rawBlob(append(bytesField(1, bytesField(1, nil)), bytesField(2, b)...)))
	}
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	io.WriteString(z, "<osm>")
	for range 1 << 7 {
		io.WriteString(z, "<a/>"+strings.Repeat(" ", 1<<20))
	}
	z.Close()
	for _, c := range []struct {
		name string
		file []byte
		want string // in the English message
	}{
		{"empty", nil, "no OpenStreetMap data"},
		{"other file", []byte("PK\x03\x04 something"), "no OpenStreetMap data"},
		{"html", []byte("<!DOCTYPE html><html></html>"), "no OpenStreetMap data"},
		{"changes", []byte("<osmChange version='0.6'></osmChange>"), "changes"},
		{"cut in a frame", good[:len(good)-7], "block 3 of the PBF is broken"},
		{"cut in the header", good[:20], "broken"},
		{"only a header", header("OsmSchema-V0.6"), ""},
		{"history", header("OsmSchema-V0.6", "HistoricalInformation"), "history"},
		{"unknown feature", header("OsmSchema-V0.7"), "unknown feature: \"OsmSchema-V0.7\""},
		{"block longer than 32 MiB", append(header("OsmSchema-V0.6"), append([]byte{0, 0, 0, 14}, append(bytesField(1, []byte("OSMData")), 3<<3, 0xff, 0xff, 0xff, 0x7f)...)...), "broken"},
		{"huge when inflated", data(varintField(2, 1<<40), bytesField(3, []byte("x"))), "broken"},
		{"longer than it says", data(deflatedBlob(make([]byte, 1<<20), 10)), "longer than it says"},
		{"shorter than it says", data(deflatedBlob(make([]byte, 10), 1<<20)), "shorter than it says"},
		{"not deflated", data(varintField(2, 5), bytesField(3, []byte("hello"))), "broken"},
		{"lzma", data(varintField(2, 5), bytesField(4, []byte("hello"))), "LZMA"},
		{"zstd", data(varintField(2, 5), bytesField(7, []byte("hello"))), "Zstandard"},
		{"no data", data(varintField(2, 5)), "without data"},
		{"text beyond the table", group(bytesField(1, slices.Concat(varintField(1, 2), packed(2, 7), packed(3, 7), varintField(8, 0), varintField(9, 0)))), "beyond the table"},
		{"key without a value", group(bytesField(2, slices.Concat(packed(1, 2), packed(8, 2), packed(9, 2), packed(10, 1)))), "key without a value"},
		{"nodes without places", group(bytesField(2, packed(1, 2, 2))), "different number"},
		{"keys without values", group(bytesField(3, slices.Concat(varintField(1, 1), packed(2, 0)))), "different number"},
		{"members without roles", group(bytesField(4, slices.Concat(varintField(1, 1), packed(9, 2)))), "different number"},
		{"member of an unknown kind", group(bytesField(4, slices.Concat(varintField(1, 1), packed(8, 0), packed(9, 2), packed(10, 3)))), "unknown kind"},
		{"broken varint", group([]byte{0xff, 0xff}), "broken"},
		{"not UTF-8", data(rawBlob(bytesField(1, bytesField(1, []byte("\xff\xfe"))))), "UTF-8"},
		{"xml cut", []byte("<osm version='0.6'><node id='1' lat='1'"), "line 1: not valid OSM XML"},
		{"xml without an id", []byte("<osm>\n<node lat='1' lon='2'/></osm>"), "line 2: not valid OSM XML: a node without an id"},
		{"xml without a place", []byte("<osm><node id='1' lat='1'/></osm>"), "no lon and lat"},
		{"xml with a word for a number", []byte("<osm><node id='1' lat='north' lon='2'/></osm>"), "no number"},
		{"xml with an unknown member", []byte("<osm><relation id='1'><member type='area' ref='1'/></relation></osm>"), "unknown type"},
		{"xml entity", []byte("<!DOCTYPE osm [<!ENTITY a 'b'>]><osm><node id='1' lat='1' lon='&a;'/></osm>"), "no OpenStreetMap data"},
		{"xml with an unknown entity", []byte("<osm><node id='1' lat='1' lon='&a;'/></osm>"), "not valid"},
		{"xml in latin-1", []byte("<?xml version='1.0' encoding='ISO-8859-1'?><osm></osm>"), "not valid"},
		{"xml nested deep", []byte("<osm>" + strings.Repeat("<a>", 1000)), "nested deeper"},
		{"xml with a huge text", []byte("<osm><note x='" + strings.Repeat("x", 17<<20) + "'/></osm>"), "longer than 16 MiB"},
		{"gzip bomb", bomb.Bytes(), "too large when decompressed"},
		{"bzip2 of nothing", []byte("BZh9 nothing"), "not valid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Read(context.Background(), bytes.NewReader(c.file), Options{})
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var e *coverage.Error
			if !errors.As(err, &e) || e.Code != coverage.Refused || e.Text.Zh == "" || !strings.Contains(e.In("en"), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestBounds(t *testing.T) {
	for name, o := range map[string]Options{"features": {MaxFeatures: 3}, "vertices": {MaxVertices: 5}} {
		_, err := Read(context.Background(), bytes.NewReader(town().xml()), o)
		if coverage.CodeOf(err) != coverage.Refused || !strings.Contains(err.Error(), "osmium") {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for name, file := range map[string][]byte{"xml": town().xml(), "pbf": town().pbf(true, true)} {
		if _, err := Read(ctx, bytes.NewReader(file), Options{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSniff(t *testing.T) {
	var zipped, other bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write(town().xml())
	z.Close()
	z.Reset(&other)
	z.Write([]byte("{}"))
	z.Close()
	for name, c := range map[string]struct {
		head []byte
		want Format
	}{
		"pbf": {town().pbf(true, true), PBF}, "xml": {town().xml(), XML}, "bom": {append([]byte("\xef\xbb\xbf"), town().xml()...), XML},
		"gzip": {zipped.Bytes(), XMLGzip}, "gzip of json": {other.Bytes(), ""}, "json": {[]byte("{}"), ""}, "svg": {[]byte("<svg/>"), ""},
		"osmosis": {[]byte("<osmosis/>"), ""}, "empty": {nil, ""}, "csv": {[]byte("id,lon,lat\n"), ""},
	} {
		if got, ok := Sniff(c.head); got != c.want || ok != (c.want != "") {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestIsArea(t *testing.T) {
	for tags, want := range map[string]bool{
		"building=yes": true, "building=no": false, "leisure=park": true, "amenity=school": true, "highway=residential": false, "highway=pedestrian,area=yes": true,
		"leisure=track,area=no": false, "natural=water": true, "natural=tree_row": false, "railway=rail": false, "railway=station": true, "waterway=river": false,
		"disused:amenity=school": true, "barrier=fence": false, "landuse=residential": true, "name=x": false, "healthcare=clinic": true,
	} {
		var list Tags
		for pair := range strings.SplitSeq(tags, ",") {
			key, value, _ := strings.Cut(pair, "=")
			list = append(list, Tag{key, value})
		}
		if got := IsArea(list); got != want {
			t.Errorf("%s: %v", tags, got)
		}
	}
}

// A coordinate keeps every digit of the file.
func TestNanodegrees(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "-0": 0, "1": 1e9, "+1.5": 1_500_000_000, "28.0956": 28_095_600_000, "-15.4848757": -15_484_875_700, ".5": 500_000_000, "7.": 7_000_000_000,
		"0.0000000004": 0, "0.0000000005": 1, "-0.0000000015": -2, "1e-05": 10_000, "1.5E1": 15_000_000_000, "180.000000000": 180_000_000_000, "0007": 7_000_000_000,
		"12345": nowhere.lon, "1e300": nowhere.lon,
	} {
		if got, err := nanodegrees(text); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "-", ".", "x", "1,5", "NaN", "0x10p", "1 2"} {
		if n, err := nanodegrees(text); err == nil {
			t.Errorf("%q is %d", text, n)
		}
	}
}
