package api

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"lifecircle/coverage"
)

// logged writes one line per request.
func (s *server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		start := time.Now()
		defer func() {
			s.Logger.LogAttrs(r.Context(), slog.LevelDebug, "request",
				slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", ww.Status()),
				slog.Int("bytes", ww.BytesWritten()), slog.Duration("took", time.Since(start)))
		}()
		next.ServeHTTP(ww, r)
	})
}

// recovered turns a panic into a 500 that tells nothing of the inside; the log tells all.
func (s *server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			what := recover()
			if what == nil {
				return
			}
			if what == http.ErrAbortHandler {
				panic(what)
			}
			s.Logger.Error("panic", "path", r.URL.Path, "panic", fmt.Sprintf("%+v", what), "stack", string(debug.Stack()))
			s.writeProblem(w, r, &httpError{status: http.StatusInternalServerError})
		}()
		next.ServeHTTP(w, r)
	})
}

// The map page's scripts, workers and data all come from this server; MapLibre draws its icons from data: URLs in its style sheet.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; " +
	"img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// escapedPath makes the router always match the path as it was sent, so that an id may hold a slash (as %2F).
func escapedPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		chi.RouteContext(r.Context()).RoutePath = r.URL.EscapedPath()
		next.ServeHTTP(w, r)
	})
}

func deadline(d time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), d)
			defer cancel()
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// sameOrigin keeps other sites' pages from uploading through a planner's browser: by the browser's own word
// where it says whose page asks, and by the name under which the server was called.
func (s *server) sameOrigin(next http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	return s.handle(func(w http.ResponseWriter, r *http.Request) error {
		if guard.Check(r) != nil || !s.isOurName(r) {
			return &httpError{
				status: http.StatusForbidden,
				text:   coverage.Text{Zh: "不接受其他网站发起的上传", En: "uploads from other sites are not accepted"},
			}
		}
		next.ServeHTTP(w, r)
		return nil
	})
}

// isOurName tells whether the server was called by a name of its own. Without a list of names, one that is reached over this machine's
// loopback is called by an address or as localhost: any other name there is somebody's who points it at a planner's
// machine (DNS rebinding), and whose page the browser then takes for ours.
func (s *server) isOurName(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if len(s.HostNames) > 0 {
		return slices.ContainsFunc(s.HostNames, func(name string) bool { return strings.EqualFold(name, host) })
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok || !local.IP.IsLoopback() {
		return true
	}
	return host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost") || net.ParseIP(strings.Trim(host, "[]")) != nil
}

// encoded compresses what gains from it. An ETag names one sequence of bytes, so the compressed form of a body
// carries the weak form of its ETag (RFC 9110 §8.8.3).
func encoded(next http.Handler) http.Handler {
	compressor := middleware.NewCompressor(5,
		"application/geo+json", "application/json", "application/problem+json", "application/vnd.oai.openapi+json",
		"text/html", "text/css", "text/javascript", "text/plain", "image/svg+xml")
	inner := compressor.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept-Encoding")
		gzip := r.Method != http.MethodHead && acceptsGzip(r.Header.Values("Accept-Encoding"))
		r = r.Clone(r.Context())
		r.Header.Del("Accept-Encoding")
		if gzip {
			r.Header.Set("Accept-Encoding", "gzip")
		}
		inner.ServeHTTP(&weakener{ResponseWriter: w}, r)
	})
}

type weakener struct {
	http.ResponseWriter
	done bool
}

func (w *weakener) WriteHeader(status int) {
	if !w.done {
		w.done = true
		h := w.Header()
		if tag := h.Get("ETag"); tag != "" && h.Get("Content-Encoding") != "" && !strings.HasPrefix(tag, "W/") {
			h.Set("ETag", "W/"+tag)
		}
		if vary := h.Values("Vary"); len(vary) > 1 {
			slices.Sort(vary)
			h["Vary"] = slices.Compact(vary)
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *weakener) Write(p []byte) (int, error) {
	if !w.done {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (w *weakener) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// acceptsGzip reads Accept-Encoding: gzip (or *) with a weight above zero.
func acceptsGzip(headers []string) bool {
	gzip, star := -1, -1 // not named
	for _, header := range headers {
		for _, part := range strings.Split(header, ",") {
			name, params, _ := strings.Cut(part, ";")
			weight := 1
			if q, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q="); ok && strings.Trim(q, "0.") == "" {
				weight = 0
			}
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "gzip":
				gzip = weight
			case "*":
				star = weight
			}
		}
	}
	return gzip == 1 || (gzip == -1 && star == 1)
}
