package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"lifecircle/coverage"
)

// Row is a row of a filled-in sheet.
type Row struct {
	N     int // as the file counts: row of the sheet, line of the text
	Cells Cells
	Fault *coverage.Text // the row cannot be read, and why

	finding string // its id in the ledger, else as the row says
}

// Cells are the cells of a row, by key of Columns, as far as the file has the columns. The zero value has none. A copy shares them.
type Cells struct {
	texts []string // by place in Columns
	has   uint64   // a bit for each column
}

var places = func() map[string]int {
	out := map[string]int{}
	for i := range Columns {
		out[Columns[i].Key] = i
	}
	return out
}()

// Get gives a cell; ok is false where the file has no such column.
func (c *Cells) Get(key string) (text string, ok bool) {
	i, known := places[key]
	if !known || c.has>>i&1 == 0 {
		return "", false
	}
	return c.texts[i], true
}

// Text gives a cell, "" where the file has no such column.
func (c *Cells) Text(key string) string {
	text, _ := c.Get(key)
	return text
}

// Set sets a cell of one of the Columns; other keys are passed over.
func (c *Cells) Set(key, text string) {
	i, known := places[key]
	if !known {
		return
	}
	if c.texts == nil {
		c.texts = make([]string, len(Columns))
	}
	c.texts[i], c.has = text, c.has|1<<i
}

// Delete takes a column away.
func (c *Cells) Delete(key string) {
	if i, known := places[key]; known {
		c.has &^= 1 << i
	}
}

// Clone gives cells that are changed by themselves.
func (c *Cells) Clone() Cells { return Cells{slices.Clone(c.texts), c.has} }

// Refusal is something of a filled-in sheet that was not taken over.
type Refusal struct {
	Row     int           `json:"row"`
	Finding string        `json:"finding"`
	Column  string        `json:"column"` // key; "": the row as a whole
	Code    string        `json:"code"`   // stable
	Text    coverage.Text `json:"text"`
	Hint    coverage.Text `json:"hint"` // what to do
}

// Report says what became of a filled-in sheet: Rows = Changed + Unchanged + Repeated + Refused.
type Report struct {
	Rows      int       `json:"rows"`      // of the file
	Changed   int       `json:"changed"`   // rows of which something was taken over
	Unchanged int       `json:"unchanged"` // rows of which nothing was to be taken over; a cell may have been refused
	Repeated  int       `json:"repeated"`  // rows that say the same as another row of the same finding
	Refused   int       `json:"refused"`   // rows refused as a whole
	Missing   int       `json:"missing"`   // findings of the ledger that the file does not have; they stay as they are
	Changes   []Change  `json:"changes"`   // by row
	Refusals  []Refusal `json:"refusals"`  // by row: rows refused as a whole, and cells
}

// maxVersions bounds the states of the ledger that one file may have rows of.
const maxVersions = 16

// Import compares a filled-in sheet with what was handed out, and gives the changes and the entries to be saved by Save. What somebody changed in a cell that may be
// filled in is taken over unless the ledger says something else by now (code changed_meanwhile). Cells that
// follow from the runs are not taken over; a row whose finding or mark is not known is refused as a whole. at gives the ledger as it was after n
// scorings of the series (ReadAt).
//
// It is Refused, with the report, if there are rows and all are refused.
func (l *Ledger) Import(ctx context.Context, rows []Row, at func(ctx context.Context, n int) (*Ledger, error)) (*Report, []Entry, error) {
	in := &importer{l: l, at: at, versions: map[int]*Ledger{len(l.Scorings): l}, report: &Report{Rows: len(rows), Changes: []Change{}, Refusals: []Refusal{}}}
	rows = in.resolve(rows)
	repeats := in.repeats(rows)
	seen := map[string]bool{}
	var entries []Entry
	for i := range rows {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		r := &rows[i]
		if id := r.id(); l.Finding(id) != nil {
			seen[id] = true
		}
		switch repeats[i] {
		case repeated:
			in.report.Repeated++
			continue
		case contradicted:
			in.refuseRow(r, "duplicate_row", "同一编号有几行，内容不同", "several rows of one finding say different things", "只留一行", "keep one of them")
			continue
		}
		added, err := in.row(ctx, r)
		if err != nil {
			return nil, nil, err
		}
		entries = append(entries, added...)
	}
	report := in.report
	report.Missing = len(l.Findings) - len(seen)
	slices.SortStableFunc(report.Refusals, func(a, b Refusal) int { return cmp.Compare(a.Row, b.Row) })
	if report.Refused > 0 && report.Refused+report.Repeated == report.Rows {
		return report, nil, in.whole()
	}
	return report, entries, nil
}

type importer struct {
	l        *Ledger
	at       func(ctx context.Context, n int) (*Ledger, error)
	versions map[int]*Ledger // by number of scorings
	report   *Report
}

func (r *Row) id() string { return r.finding }

// resolve finds out which findings rows are of. An id may have lost blanks in a spreadsheet.
func (in *importer) resolve(rows []Row) []Row {
	c := columnKey(keyFinding)
	ids := map[string]string{}
	for i := range in.l.Findings {
		id := in.l.Findings[i].ID
		if plain := canonical(c, id); ids[plain] == "" {
			ids[plain] = id
		} else {
			ids[plain] = plain // of several
		}
	}
	rows = slices.Clone(rows)
	for i := range rows {
		cell := rows[i].Cells.Text(keyFinding)
		if in.l.Finding(cell) == nil {
			if plain := canonical(c, cell); ids[plain] != "" {
				cell = ids[plain]
			} else {
				cell = plain
			}
		}
		rows[i].finding = cell
	}
	return rows
}

func (in *importer) refuse(r *Row, column, code, zh, en, hintZh, hintEn string) {
	in.report.Refusals = append(in.report.Refusals, Refusal{r.N, clip(r.id()), column, code, coverage.Text{Zh: zh, En: en}, coverage.Text{Zh: hintZh, En: hintEn}})
}

func (in *importer) refuseRow(r *Row, code, zh, en, hintZh, hintEn string) {
	in.report.Refused++
	in.refuse(r, "", code, zh, en, hintZh, hintEn)
}

// whole is the error of a file of which every row was refused.
func (in *importer) whole() error {
	e := coverage.Errorf(coverage.Refused, "全部 %d 行都被拒绝，未写入", "all %d rows are refused; nothing was written", in.report.Refused)
	e.Hint = coverage.Text{Zh: "按上面的清单改正后再导入", En: "correct what is listed and import it again"}
	code := in.report.Refusals[0].Code
	if slices.ContainsFunc(in.report.Refusals, func(r Refusal) bool { return r.Code != code }) {
		return e
	}
	switch code {
	case "other_project", "other_series":
		e.Text, e.Hint = in.report.Refusals[0].Text, in.report.Refusals[0].Hint
	}
	return e
}

// What repeats says of a row.
const (
	single       = iota
	repeated     // another row before it says the same
	contradicted // another row of the finding says something else
)

// repeats finds rows of one finding.
func (in *importer) repeats(rows []Row) []int {
	out := make([]int, len(rows))
	first := map[string]int{}
	differ := map[string]bool{}
	same := func(a, b *Row) bool {
		for i := range Columns {
			c := &Columns[i]
			if (c.Edit || c.Key == MarkColumn) && canonical(c, a.Cells.Text(c.Key)) != canonical(c, b.Cells.Text(c.Key)) {
				return false
			}
		}
		return a.Fault == nil && b.Fault == nil
	}
	for i := range rows {
		id := rows[i].id()
		if id == "" {
			continue
		}
		if k, ok := first[id]; !ok {
			first[id] = i
		} else if out[i] = repeated; !same(&rows[k], &rows[i]) {
			differ[id] = true
		}
	}
	for i := range rows {
		if differ[rows[i].id()] {
			out[i] = contradicted
		}
	}
	return out
}

// row takes one row.
func (in *importer) row(ctx context.Context, r *Row) ([]Entry, error) {
	if r.Fault != nil {
		in.refuseRow(r, "unreadable", r.Fault.Zh, r.Fault.En, "改正这一行", "mend the row")
		return nil, nil
	}
	if r.id() == "" {
		in.refuseRow(r, "no_finding", "没有编号", "it has no finding", "从导出的台账抄回编号与标识，或删去此行", "copy finding and mark back from an export, or remove the row")
		return nil, nil
	}
	base, mk, err := in.base(ctx, r)
	if err != nil || base == nil {
		return nil, err
	}
	now := in.l.Finding(r.id())
	then := *base.Finding(r.id())
	then.settle(then.History[:mk.entries])
	in.readOnly(r, base, &then)
	edit := Edit{Finding: now.ID}
	for _, w := range []struct {
		field Field
		to    **string
	}{{FieldOwner, &edit.Owner}, {FieldDue, &edit.Due}, {FieldNote, &edit.Note}} {
		cell, ok := r.Cells.Get(string(w.field))
		if !ok {
			continue
		}
		value, err := tidy(w.field, cell)
		if err != nil {
			in.refuseValue(r, w.field, err)
			continue
		}
		was, is := *then.field(w.field), *now.field(w.field)
		switch {
		case value == was || value == is:
		case is != was:
			in.meanwhile(r, string(w.field), was, is, value)
		default:
			*w.to = &value
		}
	}
	in.acceptance(r, &then, now, &edit)
	changes, entries, err := in.l.Set([]Edit{edit})
	if err != nil {
		return nil, err // everything was looked at before
	}
	if len(entries) == 0 {
		in.report.Unchanged++
		return nil, nil
	}
	in.report.Changed++
	for i := range changes {
		changes[i].Row = r.N
	}
	in.report.Changes = append(in.report.Changes, changes...)
	return entries, nil
}

// base finds the ledger that a row was handed out from, nil if the row was refused.
func (in *importer) base(ctx context.Context, r *Row) (*Ledger, mark, error) {
	m, ok := parseMark(r.Cells.Text(MarkColumn))
	if !ok {
		in.refuseRow(r, "bad_mark", "标识缺失或被改动", "the mark is missing or was changed", "从导出的台账抄回此行的标识", "copy the row's mark back from an export")
		return nil, m, nil
	}
	if m.scorings > len(in.l.Scorings) || !strings.HasPrefix(in.l.Scorings[m.scorings-1].Run, m.run) {
		series, known := in.series(m.run)
		switch {
		case known && series != in.l.Series:
			in.refuseRow(r, "other_series", "此行属于另一台账（评估 "+m.run+"，目录 "+series.Catalog+"）", "the row is of another ledger of the project (run "+m.run+", catalog "+series.Catalog+")",
				"用 --run "+m.run+" 导入", "import it with --run "+m.run)
		case known:
			in.refuseRow(r, "bad_mark", "标识与台账的评估次序不符", "the mark does not fit the order of the ledger's runs", "重新导出后填写", "export the ledger anew and fill that in")
		default:
			in.refuseRow(r, "other_project", "此行属于另一个项目：这里没有评估 "+m.run, "the row is of another project: there is no run "+m.run+" here", "导入到导出它的项目", "import it into the project that it was exported from")
		}
		return nil, m, nil
	}
	base := in.versions[m.scorings]
	if base == nil {
		if len(in.versions) >= maxVersions {
			in.refuseRow(r, "too_many_versions", fmt.Sprintf("文件混有多于 %d 次导出的行", maxVersions), fmt.Sprintf("the file mixes rows of more than %d exports", maxVersions), "分成几个文件导入", "import it as several files")
			return nil, m, nil
		}
		var err error
		if base, err = in.at(ctx, m.scorings); err != nil {
			return nil, m, err
		}
		in.versions[m.scorings] = base
	}
	then, now := base.Finding(r.id()), in.l.Finding(r.id())
	if then == nil || now == nil {
		e := unknownFinding(clip(r.id()))
		in.refuseRow(r, "unknown_finding", e.Text.Zh, e.Text.En, "核对编号，或删去此行", "check the id, or remove the row")
		return nil, m, nil
	}
	old := *then
	if m.entries <= len(old.History) {
		old.settle(old.History[:m.entries])
	}
	if m.entries > len(old.History) || old.sum() != m.sum {
		in.refuseRow(r, "bad_mark", "标识与编号不符：此行出自项目的另一副本，或标识被改动", "the mark does not fit the finding: the row is from another copy of the project, or the mark was changed",
			"从本项目重新导出后填写", "export the ledger of this project anew and fill that in")
		return nil, m, nil
	}
	return base, m, nil
}

// series finds the series of a run by a prefix of its hash.
func (in *importer) series(prefix string) (Series, bool) {
	for hash, s := range in.l.runs {
		if strings.HasPrefix(hash, prefix) {
			return s, true
		}
	}
	return Series{}, false
}

// readOnly reports cells that follow from the runs and were changed.
func (in *importer) readOnly(r *Row, base *Ledger, then *Finding) {
	for i := range Columns {
		c := &Columns[i]
		cell, ok := r.Cells.Get(c.Key)
		if !ok || c.Edit || c.Key == keyFinding || c.Key == MarkColumn {
			continue
		}
		was := string(coverage.Column{Type: c.Type, Decimals: c.Decimals}.AppendText(nil, base.cell(then, c)))
		if canonical(c, cell) != canonical(c, was) {
			in.refuse(r, c.Key, "read_only", fmt.Sprintf("此列由评估得出，“%s”改成“%s”未采用", was, clip(cell)), fmt.Sprintf("the column follows from the runs; the change of %q to %q was not taken over", was, clip(cell)),
				"恢复原值；要改数据请改图层后重新评估", "put the old value back; to change the figures, change the layers and score again")
		}
	}
}

// acceptance reads state and reason together.
func (in *importer) acceptance(r *Row, then, now *Finding, edit *Edit) {
	column := columnKey(keyState)
	state, reason := then.State, then.Reason
	if cell, ok := r.Cells.Get(keyState); ok {
		word, known := column.key(cell)
		if !known {
			in.refuse(r, keyState, "bad_state", "“"+clip(cell)+"”不是状态", fmt.Sprintf("%q is no state", clip(cell)), "从列表中选择", "choose one of the list")
			return
		}
		state = State(word)
	}
	if cell, ok := r.Cells.Get(string(FieldReason)); ok {
		value, err := tidy(FieldReason, cell)
		if err != nil {
			in.refuseValue(r, FieldReason, err)
			return
		}
		reason = value
	}
	if state == then.State && reason == then.Reason {
		return
	}
	switch {
	case state == Accepted && reason == "":
		in.refuse(r, string(FieldReason), "no_reason", "没有写接受理由", "an acceptance without a reason", "写明理由，或把状态改回", "give the reason, or put the state back")
		return
	case state == Accepted && now.State == Closed:
		in.refuse(r, keyState, "is_closed", "已由评估 "+short(now.ClosedBy)+" 关闭，不需接受", "it was closed by run "+short(now.ClosedBy)+"; nothing is to be accepted", "重新导出可见新状态", "a new export shows the new state")
		return
	case state == Accepted:
	case then.State == Accepted && (state == Open || state == Reopened): // withdrawn, whatever the reason says
	case state != then.State:
		in.refuse(r, keyState, "derived_state", "状态由评估得出，不能改为“"+column.word(string(state))+"”", "states follow from the runs: it cannot be set to "+string(state),
			"达标后重新评估即关闭；只可改为“已接受”或撤回接受", "it closes when a run finds it met; only accepted can be set or withdrawn")
		return
	default:
		in.refuse(r, string(FieldReason), "reason_without_acceptance", "状态不是“已接受”，理由未采用", "there is a reason, but the state is not accepted", "把状态改为“已接受”，或写入备注", "set the state to accepted, or write it into the note")
		return
	}
	wanted := state == Accepted
	if wanted && now.State == Accepted && now.Reason == reason || !wanted && now.State != Accepted {
		return // it is so already
	}
	if now.Reason != then.Reason || (now.State == Accepted) != (then.State == Accepted) {
		in.meanwhile(r, keyState, strings.TrimSpace(string(then.State)+" "+then.Reason), strings.TrimSpace(string(now.State)+" "+now.Reason), strings.TrimSpace(string(state)+" "+reason))
		return
	}
	if wanted {
		edit.Accept = &reason
	} else {
		edit.Withdraw = true
	}
}

// meanwhile reports a cell that was changed in the file and in the ledger.
func (in *importer) meanwhile(r *Row, column, was, is, cell string) {
	in.refuse(r, column, "changed_meanwhile", fmt.Sprintf("导出后台账已从“%s”改为“%s”，文件中是“%s”", clip(was), clip(is), clip(cell)),
		fmt.Sprintf("since the export the ledger was changed from %q to %q, the file says %q", clip(was), clip(is), clip(cell)),
		"确定哪个对，再用 ledger set 写入", "decide which is right, and write it with ledger set")
}

func (in *importer) refuseValue(r *Row, field Field, err error) {
	var e *coverage.Error
	if !errors.As(err, &e) {
		e = coverage.Errorf(coverage.Invalid, "%[1]v", "%[1]v", err)
	}
	in.refuse(r, string(field), "bad_"+string(field), e.Text.Zh, e.Text.En, e.Hint.Zh, e.Hint.En)
}

// canonical brings a cell into a form in which what a spreadsheet makes of it is the same: blanks, zeros at a number's end, one
// language of a word.
func canonical(c *Column, text string) string {
	text = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unwritable(r) || r == '\ufffd' || r == '\ufeff' {
			return -1
		}
		return r
	}, text)), " ")
	if text == "[]" { // what tables write for nothing
		return ""
	}
	if c.Words != nil {
		if key, ok := c.key(text); ok {
			return key
		}
	}
	if c.Key == string(FieldDue) {
		if day, err := ParseDate(text); err == nil {
			return day
		}
	}
	if c.Type == coverage.DecimalColumn {
		plain := norm.NFKC.String(text)
		whole, fraction, _ := strings.Cut(plain, ".")
		fraction = strings.TrimRight(fraction, "0")
		if fraction != "" {
			whole += "." + fraction
		}
		return whole
	}
	return text
}

// unwritable tells the characters that XML or a text table cannot hold.
func unwritable(r rune) bool {
	return r != '\n' && r != '\t' && unicode.IsControl(r) || r == '\ufffe' || r == '\uffff'
}

// clip shortens what a file says for a message.
func clip(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
