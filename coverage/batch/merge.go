package batch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"lifecircle/coverage"
)

// MaxShards is the largest number of parts of a batch.
const MaxShards = 100_000

// namedShards is how many missing shards are listed one by one.
const namedShards = 5

// shardRecord is shard.json: what part of which batch a folder holds.
type shardRecord struct {
	Version int      `json:"version"`
	Batch   string   `json:"batch"`
	Shard   int      `json:"shard"`
	Of      int      `json:"of"`
	Areas   []string `json:"areas"`
}

func (b *Batch) shardOf(s Shard) shardRecord {
	r := shardRecord{Version: resultVersion, Batch: b.Hash, Shard: s.I, Of: s.N, Areas: []string{}}
	for i, a := range b.Areas {
		if s.has(i) {
			r.Areas = append(r.Areas, a.ID)
		}
	}
	return r
}

// Merge puts the folders of all shards of a batch together, in any order, into the folder of results, which then holds the same bytes as after
// one process. The shards must be of this plan and of the same inputs, each there once and finished; what is missing or does not fit is named,
// all of it at once, and nothing is written. The shards' folders stay.
func (b *Batch) Merge(ctx context.Context, dirs []string) (*Summary, error) {
	if err := apart(b.Out, dirs); err != nil {
		return nil, err
	}
	from, err := b.shards(ctx, dirs)
	if err != nil {
		return nil, err
	}
	release, err := b.begin(Shard{})
	if err != nil {
		return nil, err
	}
	defer release()
	s := &Summary{Refused: b.refused(Shard{})}
	there := make([]*Result, len(b.Areas))
	for i, a := range b.Areas {
		if there[i], _, err = b.finished(ctx, b.Out, a); err != nil {
			return nil, err
		}
	}
	if slices.Contains(there, nil) {
		if err := b.forget(); err != nil {
			return nil, folderError(b.Out, err)
		}
	}
	for i, a := range b.Areas {
		r := there[i]
		if r == nil {
			if r, err = b.take(ctx, a, from[a.ID]); err != nil {
				return nil, folderError(b.Out, err)
			}
		} else {
			s.Kept++
		}
		s.Results = append(s.Results, r)
	}
	if err := b.rollUp(ctx, s.Results); err != nil {
		return nil, folderError(b.Out, err)
	}
	return s, os.RemoveAll(filepath.Join(b.Out, workFolder))
}

// apart checks that the folder of results is none of the shards' folders, in none and holds none: what is written would destroy them.
func apart(out string, dirs []string) error {
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join(dir, shardJSON)); err != nil {
			continue // no shard, which is said in its turn
		}
		if under(out, dir) || under(dir, out) {
			return &coverage.Error{Code: coverage.Invalid, Field: "--out", Text: coverage.Text{Zh: fmt.Sprintf("输出文件夹 %s 与分片的文件夹 %s 相同，或一个在另一个之内", filepath.Base(out), filepath.Base(dir)),
				En: fmt.Sprintf("the folder of results %s is the folder of the shard %s, or one lies in the other", filepath.Base(out), filepath.Base(dir))},
				Hint: coverage.Text{Zh: "换一个文件夹，分片保持原样", En: "choose another folder: the shards' stay as they are"}}
		}
	}
	return nil
}

// under tells whether a path is a folder that is there, or lies in it, by whatever name.
func under(folder, path string) bool {
	at, err := os.Stat(folder)
	if err != nil {
		return false
	}
	if path, err = filepath.Abs(path); err != nil {
		return false
	}
	for missing := true; ; path = filepath.Dir(path) {
		if missing { // what is not there yet lies where its parents really are
			if real, err := filepath.EvalSymlinks(path); err == nil {
				path, missing = real, false
			}
		}
		if other, err := os.Stat(path); err == nil && os.SameFile(at, other) {
			return true
		}
		if path == filepath.Dir(path) {
			return false
		}
	}
}

// shards finds the folder of every area, and whatever is wrong with the shards.
func (b *Batch) shards(ctx context.Context, dirs []string) (map[string]string, error) {
	from := map[string]string{} // area → folder
	parts := map[int]string{}   // shard → folder
	of := 0
	var zh, en []string
	wrong := func(z, e string, args ...any) {
		zh, en = append(zh, fmt.Sprintf(z, args...)), append(en, fmt.Sprintf(e, args...))
	}
	for _, dir := range dirs {
		name := filepath.Base(dir)
		src, err := os.ReadFile(filepath.Join(dir, shardJSON))
		var record shardRecord
		switch {
		case errors.Is(err, os.ErrNotExist):
			wrong("%s 不是分片的结果，或分片还没有做完（没有 %s）", "%s is no result of a shard, or the shard is not finished (there is no %s)", name, shardJSON)
			continue
		case err != nil:
			wrong("%s 无法读取：%v", "%s cannot be read: %v", name, err)
			continue
		case json.Unmarshal(src, &record) != nil || record.Version != resultVersion || record.Of < 1 || record.Of > MaxShards || record.Shard < 1 || record.Shard > record.Of:
			wrong("%s 的 %s 已损坏或版本不同", "%[2]s of %[1]s is damaged or of another version", name, shardJSON)
			continue
		case record.Batch != b.Hash:
			wrong("%s 出自另一个计划，或输入、目录、程序已变", "%s is of another plan, or of other inputs, catalogs or another program", name)
			continue
		case of != 0 && record.Of != of:
			wrong("%s 是 %d 个分片之一，其他是 %d 个之一", "%s is one of %d shards, others are of %d", name, record.Of, of)
			continue
		}
		of = record.Of
		if before, twice := parts[record.Shard]; twice {
			wrong("分片 %d 给了两次：%s、%s", "shard %d is given twice: %s and %s", record.Shard, before, name)
			continue
		}
		parts[record.Shard] = name
		want := b.shardOf(Shard{record.Shard, record.Of}).Areas
		if !slices.Equal(want, record.Areas) {
			wrong("%s 的区域与计划不符", "the areas of %s are not those of the plan", name)
			continue
		}
		for _, id := range want {
			from[id] = dir
		}
	}
	missing := 0
	for i := 1; i <= of; i++ {
		if _, there := parts[i]; there {
			continue
		}
		if missing++; missing <= namedShards {
			wrong("缺少分片 %d/%d（%s）", "shard %d/%d is missing (%s)", i, of, some(b.shardOf(Shard{i, of}).Areas))
		}
	}
	if more := missing - namedShards; more > 0 {
		wrong("另缺 %d 个分片", "%d more shards are missing", more)
	}
	if len(zh) == 0 {
		for _, a := range b.Areas {
			dir := from[a.ID]
			r, err := readResult(dir, a.ID)
			if err == nil && r.Fingerprint != a.Fingerprint {
				err = fmt.Errorf("its fingerprint is another")
			}
			if err == nil {
				err = r.whole(ctx, filepath.Join(dir, areasFolder, a.ID))
			}
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err != nil {
				wrong("%s 的区域 %s 缺失或已变", "the area %[2]s of %[1]s is missing or has changed", filepath.Base(dir), a.ID)
			}
		}
	}
	if len(zh) > 0 || of == 0 {
		return nil, &coverage.Error{Code: coverage.Refused, Text: coverage.Text{Zh: "分片不能合并：" + strings.Join(zh, "；"), En: "the shards cannot be merged: " + strings.Join(en, "; ")},
			Hint: coverage.Text{Zh: "重跑所缺的分片，并给出全部分片的文件夹", En: "run what is missing again, and name the folders of all shards"}}
	}
	return from, nil
}

// some lists a few words.
func some(words []string) string {
	if len(words) > 5 {
		return strings.Join(words[:5], ", ") + fmt.Sprintf(" … %d", len(words))
	}
	return strings.Join(words, ", ")
}

// take copies the folder of an area.
func (b *Batch) take(ctx context.Context, a *Area, from string) (*Result, error) {
	dir, err := os.MkdirTemp(filepath.Join(b.Out, workFolder), "area-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	made := filepath.Join(dir, "made")
	source := filepath.Join(from, areasFolder, a.ID)
	err = filepath.WalkDir(source, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		rel, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		if e.IsDir() {
			return os.MkdirAll(filepath.Join(made, rel), 0o755)
		}
		return copyFile(path, filepath.Join(made, rel))
	})
	if err != nil {
		return nil, err
	}
	r, err := readResult(from, a.ID)
	if err != nil {
		return nil, err
	}
	if err := r.whole(ctx, made); err != nil { // it changed after it was looked at
		return nil, fmt.Errorf("%s: %w", a.ID, err)
	}
	return r, (&runner{Batch: b}).place(a, r, dir, made)
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
