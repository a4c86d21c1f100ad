package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"hash/crc32"

	"lifecircle/coverage"
	"lifecircle/geo/panics"
)

// The packed content of a version. Up to pieceSize it is one value; what a larger one has before its last bytes lies in lc_pieces, since a
// value in SQLite costs several times its size in memory. Compressed it is one value always.

// pieceSize is the length of every piece, in bytes.
const pieceSize = 4 << 20

// piecesSchema is the version of the file's tables from which on there are pieces.
const piecesSchema = 4

// contentWriter cuts a content into pieces as it comes.
type contentWriter struct {
	pieces chan<- []byte   // of pieceSize bytes, but for the last one
	spare  <-chan []byte   // to be filled again
	stop   <-chan struct{} // closed where no more are wanted
	piece  []byte
	size   int
	sum    uint32 // CRC-32C of everything
}

// saveContent packs a layer into the file, raw, in the place of what lies there under its hash. It is packed in a goroutine of its own, while
// SQLite takes the pieces before.
func (t *tx) saveContent(l *coverage.Layer) error {
	hash := l.Info.Hash
	if err := t.exec(`DELETE FROM lc_pieces WHERE hash = ?`, hash); err != nil {
		return err
	}
	pieces, spare, stop := make(chan []byte, 1), make(chan []byte, 3), make(chan struct{})
	w := &contentWriter{pieces: pieces, spare: spare, stop: stop}
	packed := panics.Meanwhile(func() error {
		defer close(pieces)
		return l.PackTo(w)
	})
	failed := func() error {
		for n := 0; ; n++ {
			piece, more := <-pieces
			if !more {
				return nil
			}
			if err := t.exec(`INSERT INTO lc_pieces VALUES (?, ?, ?)`, hash, n, piece); err != nil {
				return err
			}
			if err := t.canceled(); err != nil {
				return err
			}
			spare <- piece[:0] // never more than there are
		}
	}()
	close(stop)
	if err := packed(); failed != nil || err != nil { // what is not wanted any more is no fault of the layer's
		return cmp.Or(failed, err)
	}
	return t.exec(`INSERT INTO lc_contents VALUES (?, ?, 0, ?)
ON CONFLICT (hash) DO UPDATE SET size = excluded.size, deflate = 0, data = excluded.data`, hash, w.size, binary.BigEndian.AppendUint32(w.piece, w.sum))
}

// Write is for coverage.Layer.PackTo.
func (w *contentWriter) Write(b []byte) (int, error) {
	w.sum = crc32.Update(w.sum, crc32.MakeTable(crc32.Castagnoli), b)
	w.size += len(b)
	for rest := b; len(rest) > 0; {
		if len(w.piece) == pieceSize { // only now: more follows
			select {
			case w.pieces <- w.piece:
			case <-w.stop:
				return 0, errStopped
			}
			select {
			case w.piece = <-w.spare:
			default:
				w.piece = make([]byte, 0, pieceSize)
			}
		}
		n := min(len(rest), pieceSize-len(w.piece))
		w.piece, rest = append(w.piece, rest[:n]...), rest[n:]
	}
	return len(b), nil
}

// compress compresses the content of a replaced version.
func (t *tx) compress(hash string) error {
	c, err := readContent(t, hash)
	if err != nil || c == nil || c.deflated {
		return err
	}
	packed, err := checkSum(c.data, c.size)
	if err != nil {
		return err
	}
	if err := t.exec(`UPDATE lc_contents SET deflate = 1, data = ? WHERE hash = ?`, deflate(packed), hash); err != nil {
		return err
	}
	return t.exec(`DELETE FROM lc_pieces WHERE hash = ?`, hash)
}

// content is a content as the file has it, its pieces joined.
type content struct {
	size     int // when not compressed, without its checksum
	deflated bool
	data     []byte
}

// querier is a transaction or a checker.
type querier interface {
	query(query string, args ...any) (*sql.Rows, error)
}

// pool asks any connection of a pool.
type pool struct {
	db  *sql.DB
	ctx context.Context
}

func (p pool) query(query string, args ...any) (*sql.Rows, error) {
	return p.db.QueryContext(p.ctx, query, args...)
}

// readContent reads a content by one statement, so that nobody replaces it meanwhile; nil if there is none.
func readContent(q querier, hash string) (*content, error) {
	rows, err := q.query(`SELECT c.size, c.deflate, c.data, (SELECT coalesce(sum(length(data)), 0) FROM lc_pieces WHERE hash = ?1),
  (SELECT page_count * page_size FROM pragma_page_count, pragma_page_size), p.n, p.data
FROM lc_contents c LEFT JOIN lc_pieces p ON p.hash = c.hash WHERE c.hash = ?1 ORDER BY p.n`, hash)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var c *content
	var whole, file int64 // bytes of all pieces, and of the file
	var last, piece sql.RawBytes
	var end []byte
	var n sql.NullInt64
	for at := int64(0); rows.Next(); at++ {
		var size int
		var deflated bool
		if err := rows.Scan(&size, &deflated, &last, &whole, &file, &n, &piece); err != nil {
			return nil, err
		}
		if c == nil {
			c, end = &content{size: size, deflated: deflated}, bytes.Clone(last)
		}
		if !n.Valid {
			break
		}
		if n.Int64 != at || len(piece) != pieceSize || deflated {
			return nil, damaged("its pieces")
		}
		if c.data == nil {
			whole += int64(len(end))
			if rest := whole - int64(c.size); whole > file || rest != 0 && rest != sumSize { // before room is made for what a foreign file claims
				return nil, damaged("its size")
			}
			c.data = make([]byte, 0, whole)
		}
		c.data = append(c.data, piece...)
	}
	if c != nil {
		c.data = append(c.data, end...)
	}
	return c, rows.Err()
}

// unseal gives a packed layer as coverage packed it.
func (c *content) unseal() ([]byte, error) {
	if c.deflated {
		return inflate(c.data, c.size)
	}
	return checkSum(c.data, c.size)
}
