package api

import (
	"io/fs"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/cors"
	"github.com/go-chi/httprate"

	"lifecircle/api/web"
	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/coverage/intake"
)

// Config is what a server needs. Projects and Services are required; a zero value elsewhere means the default.
type Config struct {
	Projects coverage.Projects // the shelf of projects to serve
	Services *catalog.Services // the shared list of services: names of services, and what an upload may offer
	Formats  intake.Formats    // of uploads, beside GeoJSON; nil: none, and no shipped mappings
	Mappings []string          // names that Formats.Mapping knows, for clients to choose from
	Version  string            // of the program; part of every ETag
	Logger   *slog.Logger      // default: nothing is logged

	ReadOnly  bool     // refuse uploads and undoing
	BaseURL   string   // how clients reach the server, without a slash at the end; default: scheme and host of each request
	Origins   []string // other sites whose pages may read; default: all. None of them may upload
	HostNames []string // names under which uploads are accepted; default: any, over loopback only addresses and localhost

	MaxUploadBytes int64         // of one upload's body, default 64 MiB
	UploadsPerMin  int           // per client address, default 120
	CacheBytes     int64         // of each: runs, tables, rendered tables; default 256 MiB
	ReadTimeout    time.Duration // of answering a read, default 60 s
	UploadTimeout  time.Duration // of one import, default 5 min
}

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Version == "" {
		c.Version = "dev"
	}
	if len(c.Origins) == 0 {
		c.Origins = []string{"*"}
	}
	setDefault(&c.MaxUploadBytes, 64<<20)
	setDefault(&c.UploadsPerMin, 120)
	setDefault(&c.CacheBytes, 256<<20)
	setDefault(&c.ReadTimeout, time.Minute)
	setDefault(&c.UploadTimeout, 5*time.Minute)
	return c
}

func setDefault[T comparable](v *T, value T) {
	var zero T
	if *v == zero {
		*v = value
	}
}

// server holds what handlers share. It has no state that a restart would lose.
type server struct {
	Config
	router chi.Router
	assets fs.FS
	etags  sync.Map // name of an embedded file → its ETag

	runs     *cache[*coverage.Run]
	tables   *cache[coverage.Table]
	datasets *cache[*dataset]

	mu      sync.Mutex
	uploads map[string]*sync.Mutex // per project: one import at a time
}

// New makes the handler of a server. It is safe for concurrent use.
func New(c Config) http.Handler {
	s := &server{
		Config:  c.withDefaults(),
		assets:  web.Files(),
		uploads: map[string]*sync.Mutex{},
	}
	s.runs = newCache[*coverage.Run](s.CacheBytes)
	s.tables = newCache[coverage.Table](s.CacheBytes)
	s.datasets = newCache[*dataset](s.CacheBytes)
	s.router = s.routes()
	return s.router
}

func (s *server) routes() chi.Router {
	r := chi.NewRouter()
	r.Use(s.logged, s.recovered, secured, escapedPath, middleware.StripSlashes, s.withCORS(), encoded, middleware.GetHead)
	r.NotFound(s.handle(func(http.ResponseWriter, *http.Request) error { return errNoSuchPage() }))
	r.MethodNotAllowed(s.methodNotAllowed)

	r.Group(func(r chi.Router) {
		r.Use(deadline(s.ReadTimeout))
		get := func(pattern string, h handlerFunc) { r.Get(pattern, s.handle(h)) }
		get("/", s.root)
		get("/healthz", s.healthz)
		get("/map", s.mapPage)
		get("/map/*", s.mapAsset)
		get("/services", s.serviceList)
		get("/projects", s.projects)
		get("/projects/{project}", s.landing)
		get("/projects/{project}/conformance", s.conformance)
		get("/projects/{project}/api", s.openAPI)
		get("/projects/{project}/collections", s.collections)
		get("/projects/{project}/collections/{collection}", s.collection)
		get("/projects/{project}/collections/{collection}/items", s.items)
		get("/projects/{project}/collections/{collection}/items/*", s.item) // an id may hold a slash, and clients write it as it is
		get("/projects/{project}/runs", s.runList)
		get("/projects/{project}/runs/{run}", s.runPage)
		get("/projects/{project}/runs/{run}/explain", s.explain)
		get("/projects/{project}/layers", s.layerList)
		get("/projects/{project}/layers/{role}/{name}", s.layerPage)
	})
	r.Group(func(r chi.Router) {
		r.Use(deadline(s.UploadTimeout), s.sameOrigin, s.limited())
		r.Post("/projects/{project}/layers", s.handle(s.upload))
		r.Post("/projects/{project}/layers/{role}/{name}/undo", s.handle(s.undo))
	})
	return r
}

// withCORS lets pages of other sites read: a map front end need not live on this server.
func (s *server) withCORS() func(http.Handler) http.Handler {
	return cors.Handler(cors.Options{
		AllowedOrigins: s.Origins,
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodOptions},
		AllowedHeaders: []string{"Accept", "Accept-Language", "If-None-Match"},
		ExposedHeaders: []string{"ETag", "Link", "Location"},
		MaxAge:         600,
	})
}

// limited bounds how often one address may upload.
func (s *server) limited() func(http.Handler) http.Handler {
	return httprate.Limit(s.UploadsPerMin, time.Minute,
		httprate.WithKeyFuncs(httprate.KeyByIP),
		httprate.WithLimitHandler(s.handle(func(http.ResponseWriter, *http.Request) error {
			return &httpError{
				status: http.StatusTooManyRequests,
				text:   coverage.Text{Zh: "上传过于频繁", En: "too many uploads"},
				hint:   coverage.Text{Zh: "请一分钟后再试", En: "try again in a minute"},
			}
		})))
}
