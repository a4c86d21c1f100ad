package ledgerbook_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"lifecircle/coverage"
	"lifecircle/coverage/ledger"
	"lifecircle/data/format/ledgerbook"
)

// city is a project of n neighborhoods that miss one requirement each.
func city(t testing.TB, n int) *project {
	p := small(t)
	for i := range n {
		p.run.Subjects = append(p.run.Subjects, coverage.Subject{ID: unitID(i), Name: "大溪沟社区", Level: "unit"})
		p.run.Cells = append(p.run.Cells, coverage.Cell{Total: 3_000_000, Covered: 1_000_000, Verdict: coverage.Unmet, Others: []coverage.OtherShare{{Denominator: "population", Total: 2_000_000, Covered: 765_433}}})
	}
	return p
}

func unitID(i int) string {
	digits := []byte("500103000000")
	for k := len(digits) - 1; i > 0; k-- {
		digits[k] += byte(i % 10)
		i /= 10
	}
	return string(digits)
}

// A ledger of 38 districts (11,270 neighborhoods × 20 requirements) is 225,400 findings; here is a tenth of it.
func BenchmarkLedger(b *testing.B) {
	const n = 22_540
	p := city(b, n)
	l := p.ledger(b)
	book, text := file(b, l, ledgerbook.WriteXLSX), file(b, l, ledgerbook.WriteCSV)
	text = bytes.ReplaceAll(text, []byte("未关闭 open,,,"), []byte("未关闭 open,区卫健委,2027-06-30,"))
	b.Run("read runs", func(b *testing.B) {
		for b.Loop() {
			p.ledger(b)
		}
	})
	b.Run("write xlsx", func(b *testing.B) {
		for b.Loop() {
			if err := ledgerbook.WriteXLSX(io.Discard, l, l.Findings); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("write csv", func(b *testing.B) {
		for b.Loop() {
			if err := ledgerbook.WriteCSV(io.Discard, l, l.Findings); err != nil {
				b.Fatal(err)
			}
		}
	})
	for name, home := range map[string][]byte{"import xlsx": book, "import csv, all rows changed": text} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				sheet, err := ledgerbook.Read(bytes.NewReader(home), int64(len(home)), "台账")
				if err != nil {
					b.Fatal(err)
				}
				report, _, err := l.Import(ctx, sheet.Rows, func(ctx context.Context, n int) (*ledger.Ledger, error) { return ledger.ReadAt(ctx, p, "", n) })
				if err != nil || report.Rows != n || strings.Contains(name, "changed") != (report.Changed == n) {
					b.Fatal(report.Rows, report.Changed, err)
				}
			}
		})
	}
}
