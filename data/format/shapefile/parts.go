package shapefile

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"lifecircle/coverage"
	"lifecircle/data/format/charset"
)

// Bounds of a set of files.
const (
	maxEntries  = 10_000   // of an archive
	maxRatio    = 400      // of unpacked to packed bytes of an entry beyond minRatio
	minRatio    = 16 << 20 // bytes below which no ratio is suspect
	maxUnpacked = 8 << 30  // bytes of an entry
	maxSmall    = 1 << 20  // bytes of .prj and .cpg
	maxIndex    = 1 << 30  // bytes of .shx
)

// part is one file of a layer.
type part struct {
	name string // for messages
	size int64
	open func() (io.ReadCloser, error)
}

// layer is the files of one Shapefile by their extensions: .shp, .dbf …
type layer struct {
	name  string
	parts map[string]part
}

// extensions that belong to a layer and are read.
var extensions = []string{".shp", ".shx", ".dbf", ".prj", ".cpg"}

// layerOnDisk collects the files beside one of them.
func layerOnDisk(file string) (layer, error) {
	dir, base := filepath.Split(file)
	stem := strings.TrimSuffix(base, filepath.Ext(base))
	l := layer{stem, map[string]part{}}
	if dir == "" {
		dir = "."
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return l, err
	}
	for _, e := range entries {
		ext := filepath.Ext(e.Name())
		low := strings.ToLower(ext)
		if strings.TrimSuffix(e.Name(), ext) != stem || !slices.Contains(extensions, low) {
			continue
		}
		if _, twice := l.parts[low]; twice && ext != low {
			continue // the small letters' file is meant
		}
		full := filepath.Join(dir, e.Name())
		info, err := os.Stat(full)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		l.parts[low] = part{e.Name(), info.Size(), func() (io.ReadCloser, error) { return os.Open(full) }}
	}
	return l, nil
}

// layersInZip lists the layers of an archive, by name.
func layersInZip(r io.ReaderAt, size int64) ([]layer, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, refuse(err, "压缩包已损坏", "the archive is damaged", "请重新下载或重新打包", "download or pack it again")
	}
	if len(z.File) > maxEntries {
		return nil, refuse(nil, fmt.Sprintf("压缩包内有 %d 个文件, 超过上限", len(z.File)), fmt.Sprintf("the archive has %d entries, which is beyond the limit", len(z.File)), "", "")
	}
	found := map[string]layer{}
	for _, f := range z.File {
		name := strings.ReplaceAll(entryName(f), `\`, "/")
		ext := path.Ext(name)
		low := strings.ToLower(ext)
		if !slices.Contains(extensions, low) || strings.HasPrefix(path.Base(name), "._") || strings.HasPrefix(name, "__MACOSX/") {
			continue
		}
		stem := strings.TrimSuffix(name, ext)
		l, ok := found[stem]
		if !ok {
			l = layer{stem, map[string]part{}}
			found[stem] = l
		}
		if _, twice := l.parts[low]; twice {
			return nil, refuse(nil, "压缩包中有两个 "+name, "the archive holds "+name+" twice", "请重新打包", "pack it again")
		}
		l.parts[low] = part{path.Base(name), int64(min(f.UncompressedSize64, 1<<62)), func() (io.ReadCloser, error) { return openEntry(f, name) }}
	}
	var all []layer
	for _, l := range found {
		if _, ok := l.parts[".shp"]; ok {
			all = append(all, l)
		}
	}
	slices.SortFunc(all, func(a, b layer) int { return strings.Compare(a.name, b.name) })
	for i := range all { // folders only where they tell layers apart
		base := path.Base(all[i].name)
		if !slices.ContainsFunc(all, func(o layer) bool { return o.name != all[i].name && path.Base(o.name) == base }) {
			all[i].name = base
		}
	}
	return all, nil
}

// entryName gives the name of an entry; archives made on a Chinese Windows have it in GBK, and do not say so.
func entryName(f *zip.File) string {
	if !f.NonUTF8 {
		return f.Name
	}
	if found, err := charset.Detect([]byte(f.Name), true); err == nil {
		if name, ok := found.Charset.Decode([]byte(f.Name)); ok {
			return name
		}
	}
	return strings.ToValidUTF8(f.Name, "\uFFFD")
}

func openEntry(f *zip.File, name string) (io.ReadCloser, error) {
	if f.UncompressedSize64 > minRatio && f.UncompressedSize64/maxRatio > f.CompressedSize64 || f.UncompressedSize64 > maxUnpacked {
		return nil, refuse(nil, fmt.Sprintf("%s 由 %d 字节解压为 %d 字节, 超过上限", name, f.CompressedSize64, f.UncompressedSize64),
			fmt.Sprintf("%s unpacks from %d to %d bytes, which is beyond the limit", name, f.CompressedSize64, f.UncompressedSize64), "", "")
	}
	r, err := f.Open()
	if err != nil {
		return nil, refuse(err, name+" 无法解压", name+" cannot be unpacked", "请重新打包", "pack it again")
	}
	return r, nil
}

// text reads a small file, "" if the layer does not have it.
func (l *layer) text(ext string) (string, error) {
	p, ok := l.parts[ext]
	if !ok {
		return "", nil
	}
	if p.size > maxSmall {
		return "", refuse(nil, p.name+" 过大", p.name+" is too large", "", "")
	}
	f, err := p.open()
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSmall))
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", p.name, err)
	}
	return strings.TrimSpace(strings.TrimPrefix(strings.ToValidUTF8(string(b), "\uFFFD"), "\ufeff")), nil
}

func refuse(err error, zh, en, hintZh, hintEn string) error {
	e := coverage.Errorf(coverage.Refused, "%s", "%s", en)
	e.Text.Zh, e.Err = zh, err
	e.Hint = coverage.Text{Zh: hintZh, En: hintEn}
	return e
}
