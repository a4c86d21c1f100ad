package main

import (
	"fmt"
	"log/slog"
	"net"

	"lifecircle/api"
	"lifecircle/coverage"
	"lifecircle/data/catalogs"
	"lifecircle/data/format/formats"
	"lifecircle/data/store"
)

type serveCmd struct {
	Path     string `arg:"" help:"Project file, or a folder of projects. 项目文件或文件夹"`
	Addr     string `default:"127.0.0.1:8080" help:"Address to listen on (${default}). 地址"`
	ReadOnly bool   `help:"Refuse uploads and undoing. 只读"`
}

func (serveCmd) Help() string {
	return `The map is at /map, the data at /projects (OGC API – Features). Stops at Ctrl+C after finishing the requests under way. 以 Ctrl+C 结束。

    lifecircle serve city.gpkg
    lifecircle serve . --addr 127.0.0.1:0 --read-only`
}

func (c serveCmd) Run(a *app) error {
	return a.serve(c.Path, c.Addr, c.ReadOnly, a.printAddress)
}

// printAddress says where the server answers.
func (a *app) printAddress(at string) {
	if a.JSON {
		_ = a.print(map[string]string{"address": "http://" + at, "map": "http://" + at + "/map"})
		return
	}
	fmt.Fprintf(a.stdout, a.in("地图 http://%[1]s/map  接口 http://%[1]s/projects  （Ctrl+C 结束）\n", "map http://%[1]s/map  data http://%[1]s/projects  (Ctrl+C ends)\n"), at)
}

// serve serves until the context ends, which is a normal end. ready is told the address.
func (a *app) serve(path, addr string, readOnly bool, ready func(addr string)) (err error) {
	mode := store.ReadWrite
	if readOnly {
		mode = store.ReadOnly
	}
	shelf, err := store.OpenShelf(path, mode, store.WithWarning(func(w coverage.Text) { a.say("%s", "%s", w.In(a.Lang)) }))
	if err != nil {
		return err
	}
	defer func() {
		if e := shelf.Close(); err == nil {
			err = e
		}
	}()
	logger := slog.New(slog.DiscardHandler)
	if !a.Quiet {
		logger = slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	handler := api.New(api.Config{Projects: shelf, Services: catalogs.Services(), Formats: formats.All{}, Mappings: catalogs.MappingIDs(), Version: version(), Logger: logger, ReadOnly: readOnly})
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return &coverage.Error{Code: coverage.Invalid, Field: "--addr", Err: err, Text: coverage.Text{Zh: fmt.Sprintf("“%s”不是地址", addr), En: fmt.Sprintf("%q is no address", addr)},
			Hint: coverage.Text{Zh: "写法：127.0.0.1:8080", En: "write it like 127.0.0.1:8080"}}
	}
	return api.Serve(a.ctx, addr, handler, ready)
}
