package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"lifecircle/coverage"
	"lifecircle/data/format/gpkg"
	"lifecircle/data/samples"
	"lifecircle/geo/geojson"
)

// The source: a file of OpenStreetMap data inside a Go module, which is not required by go.mod.
const (
	sourceModule = "github.com/go-spatial/tegola@v0.21.2"
	sourceFile   = "provider/gpkg/testdata/athens-osm-20170921.gpkg"
	sourceSHA256 = "61db64b3ed45d6445e714ff2fcc768ea69639b5b0b013caccfd41b3e9f283740"
)

func main() {
	source := flag.String("source", "", "the GeoPackage; default: "+sourceFile+" of the module "+sourceModule)
	flag.Parse()
	if err := run(context.Background(), *source, ".", os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// run writes the layers into the folder athens of dir.
func run(ctx context.Context, source, dir string, out io.Writer) error {
	if source == "" {
		var err error
		if source, err = download(ctx); err != nil {
			return err
		}
	}
	files, err := generate(ctx, source, dir)
	if err != nil {
		return err
	}
	total := 0
	for _, f := range files {
		path := filepath.Join(dir, "athens", f.name)
		packed, err := pack(path, f.content)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, packed, 0o644); err != nil {
			return err
		}
		total += len(packed)
		fmt.Fprintf(out, "%-28s %6d features %9d bytes\n", f.name, f.features, len(packed))
	}
	fmt.Fprintf(out, "%-28s %6s          %9d bytes\n", "in all", "", total)
	return nil
}

// download has the go command fetch the module, and gives the path of the source in it.
func download(ctx context.Context) (string, error) {
	c := exec.CommandContext(ctx, "go", "mod", "download", "-json", sourceModule)
	c.Dir = os.TempDir() // outside of any module: nothing is added to a go.sum
	text, err := c.Output()
	var module struct{ Dir, Error string }
	if json.Unmarshal(text, &module) == nil && module.Error != "" {
		return "", errors.New(module.Error)
	}
	if err != nil {
		return "", fmt.Errorf("go mod download %s: %w", sourceModule, err)
	}
	return filepath.Join(module.Dir, filepath.FromSlash(sourceFile)), nil
}

// file is a layer as it will lie in the folder.
type file struct {
	name     string // with .geojson.gz
	content  []byte // unpacked
	features int
}

// generate makes the layers, in the order of their names.
func generate(ctx context.Context, source, dir string) ([]file, error) {
	content, err := os.ReadFile(source)
	if err != nil {
		return nil, err
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(content)); sum != sourceSHA256 {
		return nil, fmt.Errorf("%s is another file than the samples are made from: its SHA-256 is %s", filepath.Base(source), sum)
	}
	f, err := gpkg.Open(ctx, source)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	x, err := readExtract(ctx, f, dir)
	if err != nil {
		return nil, err
	}
	layers := map[string][]feature{"land": x.residential, "population": population(x)}
	if layers["neighborhoods"], err = neighborhoodFeatures(x); err != nil {
		return nil, err
	}
	if layers["buildings"], err = buildings(ctx, f); err != nil {
		return nil, err
	}
	if layers["roads"], err = roads(ctx, f); err != nil {
		return nil, err
	}
	services, by, err := facilities(ctx, f, dir)
	if err != nil {
		return nil, err
	}
	for _, s := range services {
		layers[s] = by[s]
	}
	var files []file
	for _, l := range samples.Athens() {
		name := strings.TrimSuffix(l.File, ".geojson")
		features, made := layers[name]
		if !made {
			return nil, fmt.Errorf("no features are made for the layer %s", name)
		}
		delete(layers, name)
		content, err := encode(l, features)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files = append(files, file{name: l.File + ".gz", content: content, features: len(features)})
	}
	for name := range layers {
		return nil, fmt.Errorf("no layer of the samples takes the features %s", name)
	}
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	return files, nil
}

// encode writes a layer as GeoJSON, features sorted by id, with its origin and licence in it.
func encode(l samples.Layer, features []feature) ([]byte, error) {
	slices.SortFunc(features, func(a, b feature) int { return strings.Compare(a.id, b.id) })
	var b bytes.Buffer
	w := geojson.NewWriter(&b)
	for _, m := range [][2]string{{"name", strings.TrimSuffix(l.File, ".geojson")}, {"attribution", samples.Attribution},
		{"license", samples.License}, {"date", samples.Date}, {"note", l.Note.En}} {
		if err := w.Member(m[0], coverage.AppendJSONString(nil, m[1])); err != nil {
			return nil, err
		}
	}
	for i, f := range features {
		if i > 0 && features[i-1].id == f.id {
			return nil, fmt.Errorf("two features have the id %s", f.id)
		}
		slices.SortFunc(f.properties, func(a, b geojson.Property) int { return strings.Compare(a.Key, b.Key) })
		if err := w.WriteFeature(f.id, f.geometry, f.properties.AppendJSON(nil)); err != nil {
			return nil, fmt.Errorf("%s: %w", f.id, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// pack compresses a layer without name or time. A file that holds the same content already keeps its
// bytes, so that another release of the compressor changes nothing.
func pack(path string, content []byte) ([]byte, error) {
	if packed, err := os.ReadFile(path); err == nil {
		if old, err := unpack(packed); err == nil && bytes.Equal(old, content) {
			return packed, nil
		}
	}
	return compress(content)
}

func compress(content []byte) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(content); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func unpack(packed []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}
