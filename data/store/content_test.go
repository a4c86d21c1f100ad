package store

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lifecircle/coverage"
	"lifecircle/geo/panics"
)

// large is a layer whose packed copy is of several pieces; of what length exactly is for the caller to say.
func large(bytes int) *coverage.Layer {
	l := clinics()
	rnd := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, bytes)
	for i := range text {
		text[i] = "abcdefghij"[rnd.IntN(10)]
	}
	l.Properties[0] = fmt.Sprintf(`{"note":"%s"}`, text)
	l.Info.Hash = ""
	return l
}

func pieces(t *testing.T, path string) string {
	t.Helper()
	db := openDB(path, accessRead, time.Second, true)
	defer db.Close()
	return strings.Join(query(t, db, `SELECT c.deflate, count(p.n), coalesce(sum(length(p.data)), 0) + length(c.data) - c.size - 4 * (1 - c.deflate) FROM lc_contents c LEFT JOIN lc_pieces p USING (hash)
JOIN lc_layers l USING (hash) GROUP BY l.id ORDER BY l.id`), " ")
}

// A large layer comes back from its pieces, is compressed when it is replaced and comes back from that, and the import can be undone.
func TestLargeLayersLieInPieces(t *testing.T) {
	p, path := mustCreate(t)
	for _, c := range []struct {
		bytes int
		want  string
	}{
		{pieceSize / 2, "0|0|0"}, // one value
		{2*pieceSize + pieceSize/2, "0|2|0"},
	} {
		p, path := mustCreate(t)
		l := large(c.bytes)
		mustSave(t, p, l)
		got, err := p.Layer(ctx, l.Info.Hash)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(l.Properties, got.Properties); d != "" || got.ComputeHash() != l.Info.Hash {
			t.Errorf("a layer of %d bytes comes back changed", c.bytes)
		}
		p.Close()
		if got := pieces(t, path); got != c.want {
			t.Errorf("%d bytes: deflate, pieces, bytes too many: %s, not %s", c.bytes, got, c.want)
		}
		check(t, path)
	}
	first, second := large(9<<20), large(9<<20+1)
	mustSave(t, p, first, second)
	p.Close()
	if got := pieces(t, path); !strings.HasPrefix(got, "1|0|") || !strings.HasSuffix(got, " 0|2|0") {
		t.Errorf("after replacing: %s", got)
	}
	p = mustOpen(t, path, ReadWrite)
	if old, err := p.Layer(ctx, first.Info.Hash); err != nil || old.Properties[0] != first.Properties[0] {
		t.Errorf("the replaced layer does not come back: %v", err)
	}
	if _, now := mustUndo(t, p, first.Info.LayerKey); now == nil || now.Hash != first.Info.Hash {
		t.Errorf("undone to %+v", now)
	}
	if again, err := p.Layer(ctx, first.Info.Hash); err != nil || again.Properties[0] != first.Properties[0] {
		t.Errorf("the layer that came back cannot be read: %v", err)
	}
	p.Close()
	check(t, path)
}

// Pieces that are lost, cut, doubled or of nothing are damage, which both reading and check must see.
func TestDamagedPiecesAreFound(t *testing.T) {
	for name, c := range map[string]struct{ spoil, code string }{
		"lost":    {`DELETE FROM lc_pieces WHERE n = 0`, "layer_content"},
		"the end": {`DELETE FROM lc_pieces WHERE n = 1`, "layer_content"},
		"cut":     {`UPDATE lc_pieces SET data = substr(data, 1, 100) WHERE n = 1`, "layer_content"},
		"doubled": {`INSERT INTO lc_pieces SELECT hash, 2, data FROM lc_pieces WHERE n = 1`, "layer_content"},
		"a byte":  {`UPDATE lc_pieces SET data = CAST(x'00' || substr(data, 2) AS BLOB) WHERE n = 1`, "layer_content"},
		"stray":   {`INSERT INTO lc_pieces VALUES ('abc', 0, x'00')`, "content_stray"},
	} {
		t.Run(name, func(t *testing.T) {
			p, path := mustCreate(t)
			l := large(9 << 20)
			mustSave(t, p, l)
			p.Close()
			mustExec(t, plain(t, path), c.spoil)
			p = mustOpen(t, path, ReadOnly)
			if _, err := p.Layer(ctx, l.Info.Hash); (coverage.CodeOf(err) == coverage.Refused) != (c.code == "layer_content") {
				t.Errorf("reading gives %v", err)
			}
			p.Close()
			r, err := Check(ctx, path)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Findings) == 0 || r.Findings[0].Code != c.code {
				t.Errorf("check finds %+v", r.Findings)
			}
		})
	}
}

// A file from elsewhere that claims more pieces than it has must not take the memory of the program that opens it: room is made for what is there.
func TestClaimedPiecesTakeNoMemory(t *testing.T) {
	const more = `WITH RECURSIVE i(n) AS (VALUES (2) UNION ALL SELECT n + 1 FROM i WHERE n < 2000) INSERT INTO lc_pieces SELECT (SELECT hash FROM lc_pieces), n, x'' FROM i`
	for name, spoil := range map[string][]string{
		"empty pieces":                        {more},
		"empty pieces that the size confirms": {more, `UPDATE lc_contents SET size = size + 1999 * 4194304 WHERE hash IN (SELECT hash FROM lc_pieces)`},
		"a size without pieces":               {`UPDATE lc_contents SET size = size + 1999 * 4194304 WHERE hash IN (SELECT hash FROM lc_pieces)`},
	} {
		t.Run(name, func(t *testing.T) {
			p, path := mustCreate(t)
			l := large(9 << 20)
			mustSave(t, p, l)
			p.Close()
			for _, s := range append([]string{`DELETE FROM lc_pieces WHERE n = 1`}, spoil...) {
				mustExec(t, plain(t, path), s)
			}
			p = mustOpen(t, path, ReadOnly)
			defer p.Close()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := p.Layer(ctx, l.Info.Hash)
			runtime.ReadMemStats(&after)
			if coverage.CodeOf(err) != coverage.Refused {
				t.Errorf("reading gives %v", err)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 64<<20 {
				t.Errorf("reading took %d MiB", took>>20)
			}
		})
	}
}

// A fault in a goroutine of the store comes up in the one that saves, where who recovers goes on without it.
func TestPanicsComeUpWhereTheyAreAwaited(t *testing.T) {
	comesUp := func(name, want string, f func()) {
		defer func() {
			if v := fmt.Sprintf("%+v", recover()); !strings.Contains(v, want) {
				t.Errorf("%s: it comes as %s", name, v)
			}
		}()
		f()
		t.Errorf("%s: nothing comes", name)
	}
	value := panics.Meanwhile(func() int { panic("a fault") })
	for range 2 {
		comesUp("meanwhile", "a fault", func() { value() })
	}
	seven := panics.Meanwhile(func() int { return 7 })
	for range 2 {
		if seven() != 7 {
			t.Error("a value is lost")
		}
	}
}
