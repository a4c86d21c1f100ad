package intake

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

// Rows stand in the order of their ids' bytes, whatever these begin with: else the same file would have another hash.
func TestByIDIsTheOrderOfBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prefix := rapid.StringMatching(`[ab\x00]{0,10}`).Draw(t, "prefix")
		tails := rapid.SliceOfN(rapid.StringMatching(`[ab\x00]{0,12}`), 0, 40).Draw(t, "tails")
		var c columns
		for i, s := range tails {
			c.ids.add(prefix + s)
			c.digests = append(c.digests, [16]byte{byte(i * 7 % 3)})
		}
		got := c.byID()
		if len(got) != len(tails) {
			t.Fatalf("%d rows of %d", len(got), len(tails))
		}
		if !slices.IsSortedFunc(got, func(a, b int32) int {
			if o := strings.Compare(c.ids.get(a), c.ids.get(b)); o != 0 {
				return o
			}
			if o := bytes.Compare(c.digests[a][:], c.digests[b][:]); o != 0 {
				return o
			}
			return int(a - b)
		}) {
			t.Errorf("%q behind %q are ordered %v", tails, prefix, got)
		}
	})
}

// Texts that share memory must stay what they were when more come behind them.
func TestWordsStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w words
		var want []string
		for range rapid.IntRange(0, 60).Draw(t, "n") {
			s := rapid.StringMatching(`[a-c和平]{0,5}`).Draw(t, "text")
			s = strings.Repeat(s, rapid.SampledFrom([]int{1, 3, 5000, 9000}).Draw(t, "times"))
			switch k := rapid.IntRange(0, 2).Draw(t, "how"); {
			case k == 0:
				w.add(s)
			case k == 1 || len(want) == 0:
				buffer := []byte(s)
				w.addShared(buffer)
				clear(buffer) // the buffer is the caller's
			default:
				i := rapid.IntRange(0, len(want)-1).Draw(t, "row")
				w.set(int32(i), s)
				want[i] = s
				continue
			}
			want = append(want, s)
		}
		order := rapid.Permutation(numbers(len(want))).Draw(t, "order")
		for i, s := range want {
			if w.get(int32(i)) != s {
				t.Fatalf("text %d changed", i)
			}
		}
		got := w.take(order)
		for k, i := range order {
			if got[k] != want[i] {
				t.Fatalf("text %d is not text %d", k, i)
			}
		}
		if (got == nil) != (len(want) == 0) || w.len() != 0 {
			t.Error("the column is not taken")
		}
	})
}

func numbers(n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(i)
	}
	return out
}

// The quick ways of plainName give what its definition says: NFKC, small letters, character by character.
func TestPlainNameByItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.StringMatching(`[和平药房a-zA-Z0-9（）()\-~ ·]{0,12}`), rapid.SampledFrom(noNames)).Draw(t, "name")
		var b strings.Builder
		says := false
		for _, r := range strings.ToLower(norm.NFKC.String(name)) {
			if p := plainRuneOf(r); p.r >= 0 {
				b.WriteRune(p.r)
				says = says || unicode.IsLetter(p.r) || unicode.IsNumber(p.r)
			}
		}
		want := b.String()
		if !says || slices.Contains(noNames, want) {
			want = ""
		}
		if got := plainName(name); got != want {
			t.Errorf("%q becomes %q, not %q", name, got, want)
		}
	})
	for _, s := range noNames {
		if len(s) > longestNoName {
			t.Errorf("%q is longer than longestNoName", s)
		}
	}
}
