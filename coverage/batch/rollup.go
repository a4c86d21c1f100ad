package batch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
)

// Document is batch.json: all areas together.
type Document struct {
	Version   int               `json:"version"`
	Title     coverage.Text     `json:"title"`
	Date      string            `json:"date"`
	Batch     string            `json:"batch"` // hash of the plan's meaning and of all that results hang on
	Algorithm string            `json:"algorithm"`
	Areas     []DocumentArea    `json:"areas"`
	LeftOut   []LeftOut         `json:"left_out"`
	Refused   []DocumentRefused `json:"refused"` // of sources that are cut
}

// DocumentRefused is a source that is cut, and how many neighborhoods its import refused: refused.csv lists them.
type DocumentRefused struct {
	Source        string `json:"source"`
	Neighborhoods int    `json:"neighborhoods"`
}

// DocumentArea is an area in batch.json.
type DocumentArea struct {
	ID            string        `json:"id"`
	Name          coverage.Text `json:"name"`
	Source        string        `json:"source"`
	State         string        `json:"state"`
	Why           coverage.Text `json:"why,omitzero"`
	Neighborhoods int           `json:"neighborhoods"`
	Refused       *int          `json:"refused"` // null: the source's import refused some, of which area is not known
	MarginM       int64         `json:"margin_m"`
	Neighbors     []string      `json:"neighbors"`
	Crossing      []string      `json:"crossing"`
	Runs          []DocumentRun `json:"runs"`
}

// DocumentRun is a run in batch.json.
type DocumentRun struct {
	ID      string          `json:"id"`
	Run     string          `json:"run"`
	Catalog string          `json:"catalog"`
	Params  coverage.Params `json:"params"`
	Counts  coverage.Counts `json:"counts"`
	Marks   []coverage.Mark `json:"marks"`
	Folder  string          `json:"folder"` // in the folder of results
}

// Document gives batch.json of the results of all areas.
func (b *Batch) Document(results []*Result) *Document {
	d := &Document{Version: resultVersion, Title: b.Plan.Title, Date: b.Plan.Date, Batch: b.Hash, Algorithm: coverage.AlgorithmVersion, Areas: []DocumentArea{}, LeftOut: b.LeftOut, Refused: []DocumentRefused{}}
	if d.LeftOut == nil {
		d.LeftOut = []LeftOut{}
	}
	for _, r := range b.Refused {
		d.Refused = append(d.Refused, DocumentRefused{r.Source, len(r.Rows)})
	}
	for _, r := range results {
		a := DocumentArea{ID: r.ID, Name: r.Name, Source: r.Source, State: r.State, Why: r.why(), Neighborhoods: r.Neighborhoods, MarginM: r.MarginM,
			Neighbors: r.Neighbors, Crossing: r.Crossing, Runs: []DocumentRun{}}
		if n := len(r.Refused); r.RefusedAround == 0 {
			a.Refused = &n
		}
		for _, run := range r.Runs {
			a.Runs = append(a.Runs, DocumentRun{run.ID, run.Run, run.Catalog, run.Params, run.Counts, run.Marks, areasFolder + "/" + r.ID + "/" + run.ID})
		}
		d.Areas = append(d.Areas, a)
	}
	return d
}

// rollUp writes the tables over all areas, each whole or not at all.
func (b *Batch) rollUp(ctx context.Context, results []*Result) error {
	scores, err := scoresTable(results)
	if err != nil {
		return err
	}
	tables := map[string]*coverage.Table{batchCSV: areasTable(results), refusedCSV: refusedTable(results, b.Refused), scoresCSV: scores}
	for _, name := range []string{scoresCSV, refusedCSV, batchCSV} {
		temporary := filepath.Join(b.Out, workFolder, name)
		if err := os.RemoveAll(temporary); err != nil {
			return err
		}
		if err := b.outside.WriteTable(ctx, temporary, "csv", tables[name]); err != nil {
			return err
		}
		if err := settleAs(temporary, filepath.Join(b.Out, name)); err != nil {
			return err
		}
	}
	return writeWhole(filepath.Join(b.Out, batchJSON), encode(b.Document(results)))
}

// Cells of tables.
func word(s string) coverage.Value { return coverage.Value{Text: s, Null: s == ""} }
func number(n int) coverage.Value  { return coverage.Value{Int: int64(n)} }

var none = coverage.Value{Null: true}

func textColumns(names ...string) []coverage.Column {
	var out []coverage.Column
	for _, n := range names {
		out = append(out, coverage.Column{Name: n, Type: coverage.TextColumn})
	}
	return out
}

func integerColumns(names ...string) []coverage.Column {
	var out []coverage.Column
	for _, n := range names {
		out = append(out, coverage.Column{Name: n, Type: coverage.IntegerColumn})
	}
	return out
}

// rowsTable is a table of rows that are there already.
func rowsTable(name string, columns []coverage.Column, rows [][]coverage.Value) *coverage.Table {
	return &coverage.Table{Name: name, Columns: columns, Len: len(rows), Each: func(yield func(string, []coverage.Value, orb.Geometry) error) error {
		for i, row := range rows {
			if err := yield(itoa(i+1), row, nil); err != nil {
				return err
			}
		}
		return nil
	}}
}

// areasTable is batch.csv: a row per area and run, and one for an area without a run.
func areasTable(results []*Result) *coverage.Table {
	columns := append(textColumns("area", "name_zh", "name_en", "state", "run_id", "run", "catalog", "basis", "denominator", "assumed_complete"),
		integerColumns("neighborhoods", "refused", "met", "unmet", "not_detected", "not_assessed")...)
	columns = append(columns, textColumns("why_zh", "why_en")...)
	var rows [][]coverage.Value
	for _, r := range results {
		why := r.why()
		head := []coverage.Value{word(r.ID), word(r.Name.In("zh")), word(r.Name.In("en")), word(r.State)}
		tail := []coverage.Value{word(why.Zh), word(why.En)}
		sizes := []coverage.Value{number(r.Neighborhoods), number(len(r.Refused))}
		if r.State == StateFailed {
			sizes[0] = none
		}
		if r.RefusedAround > 0 {
			sizes[1] = none
		}
		for _, run := range r.Runs {
			assumed := "false"
			if run.Params.AssumeComplete {
				assumed = "true"
			}
			row := append(head[:4:4], word(run.ID), word(run.Run), word(run.Catalog), word(run.Params.Basis), word(run.Params.Denominator), word(assumed))
			row = append(append(row, sizes...), number(run.Counts.Met), number(run.Counts.Unmet), number(run.Counts.NotDetected), number(run.Counts.NotAssessed))
			rows = append(rows, append(row, tail...))
		}
		if len(r.Runs) == 0 {
			row := append(head[:4:4], none, none, none, none, none, none)
			rows = append(rows, append(append(append(row, sizes...), none, none, none, none), tail...))
		}
	}
	return rowsTable("batch", columns, rows)
}

// refusedTable is refused.csv: a row per neighborhood that was refused; those of sources that are cut, without an area, behind the others.
func refusedTable(results []*Result, cuts []Refusals) *coverage.Table {
	columns := append(textColumns("area", "source", "layer"), integerColumns("n")...)
	columns = append(columns, textColumns("neighborhood_id", "neighborhood", "reason", "text_zh", "text_en")...)
	var rows [][]coverage.Value
	add := func(area, source string, list []RefusedRow) {
		for _, row := range list {
			rows = append(rows, []coverage.Value{word(area), word(source), word(row.Layer), number(row.N), word(row.ID), word(row.Name), word(row.Reason), word(row.TextZh), word(row.Text)})
		}
	}
	for _, r := range results {
		add(r.ID, r.Source, r.Refused)
	}
	for _, r := range cuts {
		add("", r.Source, r.Rows)
	}
	return rowsTable("refused", columns, rows)
}

// scoresTable is scores.csv: the table scores of every run, behind the area's and the run's id.
func scoresTable(results []*Result) (*coverage.Table, error) {
	columns := (&coverage.Run{}).ScoresTable().Columns
	t := &coverage.Table{Name: "scores", Columns: append(textColumns("area", "run_id"), columns...)}
	for _, r := range results {
		for _, run := range r.Runs {
			t.Len += len(run.Scores)
		}
	}
	t.Each = func(yield func(string, []coverage.Value, orb.Geometry) error) error {
		n := 0
		for _, r := range results {
			for _, run := range r.Runs {
				for _, src := range run.Scores {
					row := []coverage.Value{word(r.ID), word(run.ID)}
					row, err := appendRow(row, columns, src)
					if err != nil {
						return fmt.Errorf("%s of %s: %w", areaJSON, r.ID, err)
					}
					n++
					if err := yield(itoa(n), row, nil); err != nil {
						return err
					}
				}
			}
		}
		return nil
	}
	return t, nil
}

// appendRow reads a row back from its JSON.
func appendRow(row []coverage.Value, columns []coverage.Column, src []byte) ([]coverage.Value, error) {
	cells := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(src))
	d.UseNumber()
	if err := d.Decode(&cells); err != nil {
		return nil, err
	}
	for _, c := range columns {
		v := coverage.Value{}
		ok := true
		switch cell := cells[c.Name].(type) {
		case nil:
			v.Null = true
		case string:
			v.Text, ok = cell, c.Type == coverage.TextColumn
		case bool:
			if ok = c.Type == coverage.BooleanColumn; cell {
				v.Int = 1
			}
		case json.Number:
			v.Int, ok = scaled(string(cell), c)
		default:
			ok = false
		}
		if !ok {
			return nil, fmt.Errorf("%s is of another type", c.Name)
		}
		row = append(row, v)
	}
	return row, nil
}

// scaled reads a number with exactly the decimals of its column.
func scaled(s string, c coverage.Column) (int64, bool) {
	decimals := 0
	switch c.Type {
	case coverage.DecimalColumn:
		decimals = c.Decimals
	case coverage.IntegerColumn:
	default:
		return 0, false
	}
	whole, fraction, _ := strings.Cut(s, ".")
	if len(fraction) != decimals {
		return 0, false
	}
	n, err := json.Number(whole + fraction).Int64()
	return n, err == nil
}
