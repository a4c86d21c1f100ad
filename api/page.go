package api

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http"
	"path"
)

// mapPage is the page itself. Its query (project, run, lang …) is for its script.
func (s *server) mapPage(w http.ResponseWriter, r *http.Request) error {
	return s.serveAsset(w, r, "index.html")
}

// mapAsset is a file that the page asks for.
func (s *server) mapAsset(w http.ResponseWriter, r *http.Request) error {
	name, err := pathParam(r, "*")
	if err != nil {
		return err
	}
	return s.serveAsset(w, r, name)
}

func (s *server) serveAsset(w http.ResponseWriter, r *http.Request, name string) error {
	mediaType, served := map[string]string{
		".html": "text/html; charset=utf-8",
		".js":   "text/javascript; charset=utf-8",
		".css":  "text/css; charset=utf-8",
		".txt":  "text/plain; charset=utf-8",
	}[path.Ext(name)]
	if !served {
		return errNoSuchPage()
	}
	body, err := fs.ReadFile(s.assets, name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return errNoSuchPage()
	}
	if err != nil {
		return err
	}
	tag, ok := s.etags.Load(name)
	if !ok {
		sum := sha256.Sum256(body)
		tag = hex.EncodeToString(sum[:16])
		s.etags.Store(name, tag)
	}
	if notModified(w, r, tag.(string)) {
		return nil
	}
	w.Header().Set("Content-Type", mediaType)
	w.Write(body)
	return nil
}
