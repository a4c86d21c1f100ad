package ledger

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"lifecircle/coverage"
)

// Edit is what somebody wants to write of a finding. A nil pointer leaves a field as it is, "" empties it.
type Edit struct {
	Finding          string
	Owner, Due, Note *string
	Accept           *string // the reason, not empty
	Withdraw         bool    // takes an acceptance back
}

// Change is one thing that an edit changed: a field, or "state".
type Change struct {
	Row     int    `json:"row,omitempty"` // of the file, 1-based; 0: by hand
	Finding string `json:"finding"`
	Field   string `json:"field"` // owner, due, note, reason, state
	Old     string `json:"old"`
	New     string `json:"new"`
}

// Lengths in characters that a text may have.
const (
	maxOwner = 200
	maxText  = 2000
)

// Set finds out what edits change, and gives the entries to be saved; edits that change nothing give none. All or nothing: NotFound for a
// finding that the ledger has not, Invalid for a value that cannot be (Field names it), Conflict for an acceptance of a closed finding.
func (l *Ledger) Set(edits []Edit) ([]Change, []Entry, error) {
	var changes []Change
	var entries []Entry
	for i := range edits {
		c, e, err := l.set(&edits[i])
		if err != nil {
			return nil, nil, err
		}
		changes, entries = append(changes, c...), append(entries, e...)
	}
	return changes, entries, nil
}

func (l *Ledger) set(edit *Edit) (changes []Change, entries []Entry, err error) {
	f := l.Finding(edit.Finding)
	if f == nil {
		return nil, nil, unknownFinding(edit.Finding)
	}
	note := func(field, old, new string) {
		if old != new {
			changes = append(changes, Change{Finding: f.ID, Field: field, Old: old, New: new})
		}
	}
	for _, w := range []struct {
		field Field
		value *string
	}{{FieldOwner, edit.Owner}, {FieldDue, edit.Due}, {FieldNote, edit.Note}} {
		if w.value == nil {
			continue
		}
		value, err := tidy(w.field, *w.value)
		if err != nil {
			return nil, nil, err
		}
		if old := *f.field(w.field); old != value {
			note(string(w.field), old, value)
			entries = append(entries, Entry{Finding: f.ID, Field: w.field, Value: value})
		}
	}
	switch {
	case edit.Accept != nil:
		reason, err := tidy(FieldReason, *edit.Accept)
		if err != nil {
			return nil, nil, err
		}
		if reason == "" {
			return nil, nil, invalid(FieldReason, "没有写理由", "there is no reason", "接受要写理由", "an acceptance needs a reason")
		}
		if f.State == Closed {
			e := coverage.Errorf(coverage.Conflict, "“%[1]s”已由评估 %[2]s 关闭", "%[1]q was closed by run %[2]s", f.ID, short(f.ClosedBy))
			e.Field, e.Hint = "state", coverage.Text{Zh: "已达标的不需接受", En: "what is met needs no acceptance"}
			return nil, nil, e
		}
		if f.State != Accepted || f.Reason != reason {
			note("state", string(f.State), string(Accepted))
			note(string(FieldReason), f.Reason, reason)
			entries = append(entries, Entry{Finding: f.ID, Field: FieldReason, Value: reason})
		}
	case edit.Withdraw && f.Reason != "":
		note("state", string(f.State), string(f.derived))
		note(string(FieldReason), f.Reason, "")
		entries = append(entries, Entry{Finding: f.ID, Field: FieldReason})
	}
	return changes, entries, nil
}

// Save keeps entries that Set or Import gave. Nothing of it is kept if there is an error: Conflict if somebody wrote since the ledger was read.
func (l *Ledger) Save(ctx context.Context, st Store, entries []Entry) error {
	if len(entries) == 0 {
		return nil
	}
	return st.SaveLedgerEntries(ctx, l.Series.Key(), l.entries, entries)
}

func invalid(field Field, zh, en, hintZh, hintEn string) *coverage.Error {
	return &coverage.Error{Code: coverage.Invalid, Field: string(field), Text: coverage.Text{Zh: zh, En: en}, Hint: coverage.Text{Zh: hintZh, En: hintEn}}
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", " ", "\u2028", "\n", "\u2029", "\n")

// tidy brings a value into the form that is kept: blanks at its ends go, lines end in \n, a date is YYYY-MM-DD.
func tidy(field Field, text string) (string, error) {
	text = strings.TrimSpace(lineEnds.Replace(text))
	if field == FieldDue {
		return ParseDate(text)
	}
	if !utf8.ValidString(text) {
		return "", invalid(field, "不是 UTF-8 文字", "it is no text in UTF-8", "请重新输入", "type it anew")
	}
	most := maxText
	if field == FieldOwner {
		text, most = strings.Join(strings.Fields(text), " "), maxOwner
	}
	for _, r := range text {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\ufffe' || r == '\uffff' || r == '\ufeff') {
			return "", invalid(field, "含有控制字符 U+"+codePoint(r), "it holds the control character U+"+codePoint(r), "请删去", "remove it")
		}
	}
	switch n := utf8.RuneCountInString(text); {
	case n > most:
		return "", invalid(field, "有 "+strconv.Itoa(n)+" 个字，至多 "+strconv.Itoa(most)+" 个", "it has "+strconv.Itoa(n)+" characters, at most "+strconv.Itoa(most)+" are kept", "请缩短", "shorten it")
	case text == "[]": // what tables write for nothing, and what is read back as such
		return "", invalid(field, "“[]”表示没有内容", "[] stands for nothing", "请留空或写文字", "leave it empty or write words")
	}
	return text, nil
}

func codePoint(r rune) string { return strings.ToUpper(strconv.FormatInt(int64(r), 16)) }

var (
	datePattern = regexp.MustCompile(`^(\d{4}) ?[-/.年] ?(\d{1,2}) ?[-/.月] ?(\d{1,2}) ?日?(?:[ T]0{1,2}:00(?::00(?:\.0+)?)?(?:Z)?)?$`)
	dayNumber   = regexp.MustCompile(`^\d{5}(?:\.0+)?$`)
	compactDate = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})$`)
)

// ParseDate reads a day as people and spreadsheets write it: 2026-05-01, 2026/5/1, 2026.5.1, 2026年5月1日, 20260501, or the number that a
// spreadsheet keeps for it (46143); full-width digits too. It gives YYYY-MM-DD, "" for "". Invalid for anything else: no day of the calendar, a month without a
// day, a year before 2000 or after 2199, day and month without knowing which is which.
func ParseDate(text string) (string, error) {
	plain := strings.Join(strings.Fields(norm.NFKC.String(text)), " ")
	if plain == "" {
		return "", nil
	}
	shown := text
	if utf8.RuneCountInString(shown) > 40 {
		shown = string([]rune(shown)[:40]) + "…"
	}
	refuse := func(zh, en string) (string, error) {
		return "", invalid(FieldDue, "“"+shown+"”"+zh, strconv.Quote(shown)+" "+en, "写成 2026-05-01", "write it as 2026-05-01")
	}
	if dayNumber.MatchString(plain) {
		n, err := strconv.Atoi(plain[:5])
		if err != nil {
			return refuse("不是日期", "is no date")
		}
		// Day 1 is 1900-01-01 and 1900 has a 29 February there: right from 61 on.
		return inRange(time.Date(1899, 12, 30+n, 0, 0, 0, 0, time.UTC), refuse)
	}
	m := datePattern.FindStringSubmatch(plain)
	if m == nil {
		m = compactDate.FindStringSubmatch(plain)
	}
	if m == nil {
		return refuse("不是日期", "is no date")
	}
	year, _ := strconv.Atoi(m[1])
	month, _ := strconv.Atoi(m[2])
	day, _ := strconv.Atoi(m[3])
	at := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if at.Year() != year || at.Month() != time.Month(month) || at.Day() != day {
		return refuse("不是日历上的一天", "is no day of the calendar")
	}
	return inRange(at, refuse)
}

func inRange(at time.Time, refuse func(zh, en string) (string, error)) (string, error) {
	if at.Year() < 2000 || at.Year() > 2199 {
		return refuse("不在 2000 至 2199 年之间", "is not between the years 2000 and 2199")
	}
	return at.Format(time.DateOnly), nil
}
