package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A planner who imported the wrong file takes it back; the run of before is still there, and says that the layer changed.
func TestLayersUndo(t *testing.T) {
	t.Parallel()
	c := newTown()
	dir := t.TempDir()
	project := c.build(t, dir)
	c.score(t, project)
	wrong := write(t, filepath.Join(dir, "other", "clinics.geojson"), collection(c.clinics[:1]))
	run(t, "import", project, wrong, "--as", "facilities", "--service", "clinic", "--replace").must(exitDone)

	var doc struct {
		Undone, Now struct {
			Name          string
			Version, Rows int
			Hash          string
		}
	}
	run(t, "layers", "undo", project, "clinics", "--json").must(exitDone).json(&doc)
	if doc.Undone.Version != 2 || doc.Undone.Rows != 1 || doc.Now.Version != 3 || doc.Now.Rows != len(c.clinics) || doc.Now.Name != "clinics" {
		t.Errorf("%+v", doc)
	}
	run(t, "layers", "show", project, "clinics", "--lang", "en").must(exitDone).says("facilities clinics  v3", "SHA-256", "extent")
	run(t, "layers", project, "show", "clinics", "--lang", "zh").must(exitDone).says("范围")
	var runs struct {
		Runs []struct {
			Changed []string `json:"changed_since_run"`
		}
	}
	run(t, "runs", project, "--json").must(exitDone).json(&runs)
	if len(runs.Runs) != 1 || len(runs.Runs[0].Changed) != 0 {
		t.Errorf("the layers of the run are back: %+v", runs)
	}
	run(t, "layers", project, "undo", "clinics", "--lang", "en").must(exitDone).says("version 3", "no longer current")
	run(t, "layers", "undo", project, "clinics", "--lang", "en").must(exitUsage).says(`there is no layer "clinics"`, "there are:")
	run(t, "runs", project, "--json").must(exitDone).json(&runs)
	if len(runs.Runs[0].Changed) != 1 {
		t.Errorf("a layer of the run is gone: %+v", runs)
	}
	run(t, "check", project).must(exitDone)
	run(t, "import", project, filepath.Join(dir, "clinics.geojson"), "--as", "facilities", "--service", "clinic").must(exitDone)
	run(t, "check", project).must(exitDone)
}

// Two layers may have one name; which is meant has to be said before anything is undone.
func TestLayersOfOneName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	project := filepath.Join(dir, "p.gpkg")
	run(t, "new", project).must(exitDone)
	file := write(t, filepath.Join(dir, "poi.geojson"), point(106.5, 29.5))
	for _, service := range []string{"clinic", "kindergarten"} {
		run(t, "import", project, file, "--as", "facilities", "--service", service).must(exitDone)
	}
	run(t, "layers", "undo", project, "poi", "--lang", "en").must(exitUsage).says("2 layers are called", "--role facilities --service clinic; --role facilities --service kindergarten")
	run(t, "layers", "undo", project, "poi", "--service", "clinic").must(exitDone)
	run(t, "layers", "undo", project, "poi").must(exitDone)
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"undo", project}, "name the layer"},
		{[]string{project, "undo"}, "name the layer"},
		{[]string{project, "drop", "poi"}, "show or undo"},
		{[]string{"undo", project, "poi", "more"}, "one word too many"},
		{[]string{"list", project, "more"}, "one word too many"},
	} {
		run(t, append([]string{"layers", "--lang", "en"}, c.args...)...).must(exitUsage).says(c.says)
	}
	run(t, "layers", "list", project).must(exitDone)
}

// A result as a GeoPackage opens in other programs, with the rows of the CSV.
func TestExportGeoPackage(t *testing.T) {
	t.Parallel()
	c := newTown()
	dir := t.TempDir()
	project := c.build(t, dir)
	c.score(t, project)
	for _, layer := range []string{"scores", "coverage", "gaps", "matrix", "reach", "service_areas"} {
		file := filepath.Join(dir, layer+".gpkg")
		var doc struct {
			Format string
			Rows   int
		}
		run(t, "export", project, "--layer", layer, "-o", file, "--json").must(exitDone).json(&doc)
		stdout := run(t, "export", project, "--layer", layer, "--format", "gpkg").must(exitDone).stdout
		if doc.Format != "gpkg" || stdout != read(t, file) {
			t.Errorf("%s: %+v, %d bytes to standard output", layer, doc, len(stdout))
		}
		ogrinfo, err := exec.LookPath("ogrinfo")
		if err != nil {
			continue
		}
		out, err := exec.Command(ogrinfo, "-ro", "-so", "-al", file).CombinedOutput()
		if err != nil || strings.Contains(string(out), "Warning") || !strings.Contains(string(out), "Layer name: "+layer+"\n") {
			t.Errorf("%s: %v\n%s", layer, err, out)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "x.gpkg"), []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, "export", project, "--layer", "scores", "-o", filepath.Join(dir, "x.gpkg")).must(exitDone) // an older file is replaced
	run(t, "export", project, "--layer", "scores", "-o", project, "--lang", "en").must(exitUsage).says("project file itself")
}
