package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

// Column is a column of the ledger as it is handed out to be filled in.
type Column struct {
	Key      string
	Name     coverage.Text
	Help     coverage.Text
	Type     coverage.ColumnType // of a coverage.Table
	Decimals int
	Edit     bool    // may be filled in; the others follow from the runs
	Width    float64 // characters
	Words    []Word  // what a cell may say, nil for anything
}

// Word is a word of the project and how a sheet writes it, in both languages.
type Word struct{ Key, Text string }

// MarkColumn is the key of the column that tells which ledger a row is of.
const MarkColumn = "mark"

const (
	keyFinding = "finding"
	keyState   = "state"
)

var (
	stateWords = wordsOf([]State{Open, Closed, Reopened, Accepted}, State.Name)
	classWords = wordsOf(classes, catalog.ClassName)
	// Verdicts, and absent.
	verdictWords = []Word{{"unmet", "未达标 unmet"}, {"not_detected", "未检出 not_detected"}, {"not_assessed", "未评估 not_assessed"}, {"met", "达标 met"}, {Absent, "不再评价 absent"}}
)

// wordsOf writes keys as a bilingual sheet has them: 未关闭 open.
func wordsOf[K ~string](keys []K, name func(K) coverage.Text) []Word {
	var out []Word
	for _, k := range keys {
		n := name(k)
		out = append(out, Word{string(k), n.Zh + " " + n.En})
	}
	return out
}

// Columns are the columns of the sheet in their order.
var Columns = []Column{
	{Key: keyFinding, Name: say("编号", "finding"), Width: 32, Help: say("单元/要求；请勿修改", "neighborhood/requirement; leave it as it is")},
	{Key: "neighborhood", Name: say("评价单元", "neighborhood"), Width: 26},
	{Key: "requirement_name", Name: say("要求", "requirement"), Width: 36},
	{Key: "class", Name: say("类别", "class"), Width: 16, Words: classWords},
	{Key: "verdict", Name: say("结论", "verdict"), Width: 18, Words: verdictWords, Help: say("最后一次发现时的结论", "of the last run in which it was found")},
	{Key: "people", Name: say("受益人数", "people"), Type: coverage.DecimalColumn, Decimals: 3, Width: 12, Help: say("确定未覆盖的人数；空：没有人口数据", "people surely uncovered; empty: nobody counted people")},
	{Key: keyState, Name: say("状态", "state"), Edit: true, Width: 18, Words: stateWords,
		Help: say("可改为“已接受”并填写理由，或改回“未关闭”撤回接受；关闭和重新出现由评估得出", "may be set to accepted, with a reason, or back to open, which withdraws it; closed and reopened follow from the runs")},
	{Key: string(FieldOwner), Name: say("责任单位", "owner"), Edit: true, Width: 20},
	{Key: string(FieldDue), Name: say("期限", "due"), Edit: true, Width: 14, Help: say("日期，如 2026-05-01", "a date such as 2026-05-01")},
	{Key: string(FieldNote), Name: say("备注", "note"), Edit: true, Width: 36},
	{Key: string(FieldReason), Name: say("接受理由", "reason"), Edit: true, Width: 30, Help: say("状态为“已接受”时必填", "required where the state is accepted")},
	{Key: "now", Name: say("最新结论", "now"), Width: 18, Words: verdictWords, Help: say("最新一次评估的结论", "the verdict of the latest run")},
	{Key: "share", Name: say("覆盖率", "share"), Type: coverage.DecimalColumn, Decimals: 9, Width: 10},
	{Key: "share_max", Name: say("覆盖率上限", "share_max"), Type: coverage.DecimalColumn, Decimals: 9, Width: 10},
	{Key: "pass_line", Name: say("达标线", "pass_line"), Type: coverage.DecimalColumn, Decimals: 9, Width: 10},
	{Key: "denominator", Name: say("分母", "denominator"), Width: 16},
	{Key: "people_max", Name: say("受益人数上限", "people_max"), Type: coverage.DecimalColumn, Decimals: 3, Width: 12, Help: say("含待定的人数", "with people of whom the layers cannot tell")},
	{Key: "people_of", Name: say("人数口径", "people_of"), Width: 16},
	{Key: "confidence", Name: say("可信度", "confidence"), Width: 10, Help: say("目录数字的可信度：A 官方、A* 转述、B 待核、C 项目默认", "of the catalog's figures: A official, A* restated, B unverified, C project default")},
	{Key: "cause", Name: say("说明", "cause"), Width: 20},
	{Key: "first_run", Name: say("首次评估", "first_run"), Width: 16},
	{Key: "last_run", Name: say("最近发现", "last_run"), Width: 16},
	{Key: "closed_by", Name: say("关闭评估", "closed_by"), Width: 16},
	{Key: "marks", Name: say("须注明", "marks"), Width: 24, Help: say("最新评估的假定与暂定事项，文字见“说明”表", "what is assumed or provisional in the latest run; in words on sheet About")},
	{Key: MarkColumn, Name: say("标识", "mark"), Width: 34, Help: say("标明此行出自哪一台账；请勿修改", "tells which ledger the row is of; leave it as it is")},
}

func say(zh, en string) coverage.Text { return coverage.Text{Zh: zh, En: en} }

// Header is what a column is called in a sheet: Chinese, then its key.
func (c *Column) Header() string { return c.Name.Zh + " " + c.Name.En }

// Needed tells the columns without which nobody knows what a row is of.
func (c *Column) Needed() bool { return c.Key == keyFinding || c.Key == MarkColumn }

// is tells whether a sheet's header names the column: by both names or one of them.
func (c *Column) is(header string) bool {
	h := strings.Join(strings.Fields(header), " ")
	return h == c.Header() || h == c.Name.Zh || strings.EqualFold(h, c.Name.En)
}

// ColumnOf finds the column that a header names, nil if none.
func ColumnOf(header string) *Column {
	if i := slices.IndexFunc(Columns, func(c Column) bool { return c.is(header) }); i >= 0 {
		return &Columns[i]
	}
	return nil
}

func columnKey(key string) *Column {
	return &Columns[slices.IndexFunc(Columns, func(c Column) bool { return c.Key == key })]
}

// word gives the text of a word in a column.
func (c *Column) word(key string) string {
	for _, w := range c.Words {
		if w.Key == key {
			return w.Text
		}
	}
	return key
}

// key gives the word that a cell says: by its whole text or one language's. ok is false if it is none.
func (c *Column) key(text string) (key string, ok bool) {
	text = strings.Join(strings.Fields(text), " ")
	for _, w := range c.Words {
		zh, en, _ := strings.Cut(w.Text, " ")
		if text == w.Text || text == zh || strings.EqualFold(text, en) {
			return w.Key, true
		}
	}
	return "", false
}

// Table gives findings of the ledger as a table with Columns, for a workbook or CSV. Empty cells are unknown, or not filled in. The same ledger gives the
// same table.
func (l *Ledger) Table(findings []Finding) coverage.Table {
	t := coverage.Table{Name: "ledger", Len: len(findings)}
	for i := range Columns {
		t.Columns = append(t.Columns, coverage.Column{Name: Columns[i].Header(), Type: Columns[i].Type, Decimals: Columns[i].Decimals})
	}
	t.Each = func(yield func(string, []coverage.Value, orb.Geometry) error) error {
		row := make([]coverage.Value, len(Columns))
		for i := range findings {
			f := &findings[i]
			for k := range Columns {
				row[k] = l.cell(f, &Columns[k])
			}
			if err := yield(f.ID, row, nil); err != nil {
				return err
			}
		}
		return nil
	}
	return t
}

func (l *Ledger) cell(f *Finding, c *Column) coverage.Value {
	switch c.Key {
	case "people":
		return f.People.Value
	case "people_max":
		return f.PeopleMax.Value
	case "share":
		return f.Share.Value
	case "share_max":
		return f.ShareMax.Value
	case "pass_line":
		return f.PassLine.Value
	}
	text := strings.Map(func(r rune) rune { // ids and names come from other people's files; no workbook can hold these
		if unwritable(r) {
			return '\ufffd'
		}
		return r
	}, l.text(f, c))
	return coverage.Value{Text: text, Null: text == ""}
}

// text is what a cell of a column of text says.
func (l *Ledger) text(f *Finding, c *Column) string {
	run := func(hash string) string {
		if hash == "" {
			return ""
		}
		return "#" + short(hash) // a spreadsheet takes 123456789e12 for a number
	}
	switch c.Key {
	case keyFinding:
		return f.ID
	case "neighborhood":
		return f.Subject
	case "requirement_name":
		return strings.Trim(f.Name.Zh+" / "+f.Name.En, " /")
	case "class":
		return c.word(f.Class)
	case "verdict":
		return c.word(f.Verdict)
	case keyState:
		return c.word(string(f.State))
	case "now":
		return c.word(f.Now)
	case "denominator":
		return f.Denominator
	case "people_of":
		return f.PeopleOf
	case "confidence":
		return f.Confidence
	case "cause":
		return f.Cause
	case "marks":
		return l.MarkCodes()
	case "first_run":
		return run(f.FirstRun)
	case "last_run":
		return run(f.LastRun)
	case "closed_by":
		return run(f.ClosedBy)
	case MarkColumn:
		return l.mark(f)
	}
	return *f.field(Field(c.Key))
}

// A row carries a mark: the series' latest run, how many scorings the series had, how often people had written of the finding, and a sum of
// what they had written. By it a row that comes home is compared with what was handed out, not with what the ledger says by then.
type mark struct {
	run      string // prefix of a hash
	scorings int
	entries  int
	sum      string
}

func (l *Ledger) mark(f *Finding) string {
	return fmt.Sprintf("lc-%s-%d-%d-%s", short(l.Run.Hash), len(l.Scorings), len(f.History), f.sum())
}

// sum is a short sum of what people have written.
func (f *Finding) sum() string {
	b := sha256.Sum256([]byte(strings.Join([]string{f.ID, f.Owner, f.Due, f.Note, f.Reason}, "\x00")))
	return hex.EncodeToString(b[:3])
}

func parseMark(text string) (m mark, ok bool) {
	parts := strings.Split(strings.TrimSpace(text), "-")
	if len(parts) != 5 || parts[0] != "lc" || len(parts[1]) == 0 || len(parts[1]) > 64 || len(parts[4]) != 6 {
		return m, false
	}
	m.run, m.sum = parts[1], parts[4]
	var bad1, bad2 error
	m.scorings, bad1 = strconv.Atoi(parts[2])
	m.entries, bad2 = strconv.Atoi(parts[3])
	return m, bad1 == nil && bad2 == nil && m.scorings > 0 && m.entries >= 0
}
