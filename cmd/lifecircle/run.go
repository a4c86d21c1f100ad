package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"lifecircle/coverage"
)

// Exit codes (design.md §8).
const (
	exitDone        = 0
	exitFault       = 1   // ours
	exitUsage       = 2   // wrong usage
	exitRefused     = 3   // input refused: nothing was written
	exitCondition   = 4   // done, but a condition that the user set does not hold
	exitInterrupted = 130 //
)

// commandLine is the whole command line: one field a command.
type commandLine struct {
	Common

	New     newCmd     `cmd:"" help:"Make a new project file (GeoPackage). 新建项目文件"`
	Import  importCmd  `cmd:"" help:"Import a layer into a project. 导入图层"`
	Layers  layersCmd  `cmd:"" help:"List a project's layers, show one with its import report, or take its last import back. 查看与撤销图层"`
	Catalog catalogCmd `cmd:"" help:"List, show, check or export catalogs of requirements. 服务目录"`
	Score   scoreCmd   `cmd:"" help:"Judge every neighborhood by a catalog. 评估"`
	Explain explainCmd `cmd:"" help:"Take a neighborhood's numbers apart, down to clause, facility and people. 解释"`
	Gaps    gapsCmd    `cmd:"" help:"List the largest gaps of a run. 盲区"`
	Runs    runsCmd    `cmd:"" help:"List a project's runs. 评估记录"`
	Export  exportCmd  `cmd:"" help:"Export a result table. 导出"`
	Report  reportCmd  `cmd:"" help:"Write the reports of a run: city, districts, streets. 评估报告"`
	Ledger  ledgerCmd  `cmd:"" help:"Findings with owner, due date and state: list, fill in, hand out, bring home. 台账"`
	Copy    copyCmd    `cmd:"" help:"Make a consistent copy of a project file, also while it is written to. 备份"`
	Check   checkCmd   `cmd:"" help:"Check a project file as a whole; repairs nothing. 检查项目文件"`
	Serve   serveCmd   `cmd:"" help:"Serve a project, or a folder of projects: map, GeoJSON, uploads. 启动服务"`
	Demo    demoCmd    `cmd:"" help:"The main job on the embedded city: import, score, print, serve. 演示"`
	Version versionCmd `cmd:"" help:"Print the version. 版本"`
}

// Common are the options that every command takes.
type Common struct {
	JSON  bool   `help:"Print one JSON document to standard output. 以 JSON 输出"`
	Quiet bool   `short:"q" help:"No progress and no words on standard error, errors aside. 静默"`
	Lang  string `enum:"en,zh," default:"" placeholder:"en|zh" help:"Language of words (default: by LC_ALL, LANG). 语言"`
}

// app is what a command needs of the outside.
type app struct {
	Common
	ctx    context.Context
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer

	command string // with a space after it, for hints
}

// Run runs one command and gives its exit code. Results go to stdout, progress and words to stderr.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var cli commandLine
	exited := -1
	args, wrong := plainArgs(args)
	helpOut := stdout
	if wrong {
		helpOut = stderr
	}
	parser, err := kong.New(&cli,
		kong.Name("lifecircle"),
		kong.Description(description),
		kong.Writers(helpOut, stderr),
		kong.Exit(func(code int) { exited = code; panic(exit{}) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
		kong.Vars{"version": version()},
	)
	if err != nil {
		fmt.Fprintln(stderr, "lifecircle:", err)
		return exitFault
	}
	var kctx *kong.Context
	func() {
		defer func() {
			if r := recover(); r != nil {
				if _, ok := r.(exit); !ok {
					panic(r)
				}
			}
		}()
		kctx, err = parser.Parse(args)
	}()
	if exited >= 0 { // --help
		if wrong {
			return exitUsage
		}
		return exited
	}
	a := &app{Common: cli.Common, ctx: ctx, stdin: stdin, stdout: stdout, stderr: stderr, command: commandOf(args)}
	if a.Lang == "" {
		a.Lang = environmentLanguage()
	}
	if err != nil {
		a.JSON = slices.Contains(args, "--json")
		e := coverage.Errorf(coverage.Invalid, "%[1]v", "%[1]v", err)
		e.Hint = strayArea(args, err)
		return a.finish(e)
	}
	if command := kctx.Command(); !a.JSON && !strings.HasPrefix(command, "export") && !strings.HasPrefix(command, "catalog export") && !strings.HasPrefix(command, "ledger export") {
		a.stdout = &inertWriter{w: stdout} // words for people; data goes out as it is
	}
	return a.finish(kctx.Run(a))
}

const description = `15-minute service circles (生活圈): which neighborhoods reach which services on foot, where the gaps are, what is not known. One project file holds layers and results.

The way of a project 五步:

    lifecircle new     city.gpkg --name 渝中区
    lifecircle import  city.gpkg communities.geojson --as neighborhoods
    lifecircle import  city.gpkg clinics.geojson --as facilities --service clinic
    lifecircle import  city.gpkg land.geojson --as land
    lifecircle score   city.gpkg --catalog chongqing-15min
    lifecircle serve   city.gpkg

Or see it at work on real data: lifecircle demo

Exit codes: 0 done, 1 our fault, 2 wrong usage, 3 input refused, 4 done but a condition of yours does not hold, 130 interrupted.`

type exit struct{}

// plainArgs brings other ways of saying things to the one that the parser knows: help COMMAND, --version, a bare
// --complete. Nothing at all is answered with the help, as wrong usage.
func plainArgs(args []string) (plain []string, wrong bool) {
	switch {
	case len(args) == 0:
		return []string{"--help"}, true
	case args[0] == "help":
		args = append(slices.Clone(args[1:]), "--help")
	case args[0] == "--version":
		args = append([]string{"version"}, args[1:]...)
	}
	return expandComplete(args), false
}

// commandOf gives the command of a command line for a hint, with a space after it.
func commandOf(args []string) string {
	for _, a := range args {
		if slices.Contains(commands(), a) {
			return a + " "
		}
	}
	return ""
}

// commands lists the names of the commands.
func commands() []string {
	return []string{"new", "import", "layers", "catalog", "score", "explain", "gaps", "runs", "export", "report", "ledger", "copy", "check", "serve", "demo", "version"}
}

func environmentLanguage() string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			if strings.HasPrefix(v, "zh") {
				return "zh"
			}
			return "en"
		}
	}
	return "en"
}

// said is an error whose words have been printed already.
type said struct{ error }

// Unwrap gives the error, whose code still counts.
func (s said) Unwrap() error { return s.error }

// finish is the one place where errors become words and exit codes.
func (a *app) finish(err error) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, context.Canceled) || a.ctx.Err() != nil:
		fmt.Fprintln(a.stderr, "lifecircle:", a.in("已中断", "interrupted"))
		return exitInterrupted
	}
	code := exitFault
	switch coverage.CodeOf(err) {
	case coverage.Invalid, coverage.NotFound, coverage.Conflict:
		code = exitUsage
	case coverage.Refused:
		code = exitRefused
	case coverage.Condition:
		code = exitCondition
	}
	var done said
	if errors.As(err, &done) {
		return code
	}
	if a.JSON && code != exitCondition { // the document of a condition that does not hold is the result
		_ = a.print(map[string]any{"error": errorJSON(err)})
	}
	fmt.Fprintln(a.stderr, "lifecircle:", inert(a.words(err)))
	if usage(err) {
		fmt.Fprintf(a.stderr, "Try: lifecircle %s--help\n", a.command)
	}
	return code
}

// usage tells whether an error lies in how the command was called, rather than in a file that it names.
func usage(err error) bool {
	var e *coverage.Error
	return errors.As(err, &e) && e.Code == coverage.Invalid && e.File == ""
}

// words gives an error's sentence in the user's language.
func (a *app) words(err error) string {
	var e *coverage.Error
	if errors.As(err, &e) {
		return e.In(a.Lang)
	}
	return err.Error()
}

// errorBody is the JSON form of an error.
type errorBody struct {
	Code   string        `json:"code"`
	Text   string        `json:"text"`
	TextZh string        `json:"text_zh"`
	File   string        `json:"file,omitempty"`
	Row    int           `json:"row,omitempty"`
	Field  string        `json:"field,omitempty"`
	Hint   coverage.Text `json:"hint,omitzero"`
}

func errorJSON(err error) errorBody {
	var e *coverage.Error
	if errors.As(err, &e) {
		return errorBody{string(e.Code), e.In("en"), e.In("zh"), e.File, e.Row, e.Field, e.Hint}
	}
	return errorBody{Code: string(coverage.CodeOf(err)), Text: err.Error(), TextZh: err.Error()}
}

// in gives words in the user's language.
func (a *app) in(zh, en string) string {
	if a.Lang == "zh" {
		return zh
	}
	return en
}

// say prints words to standard error, unless the user wants quiet.
func (a *app) say(zh, en string, args ...any) {
	if !a.Quiet {
		fmt.Fprint(a.stderr, inert(fmt.Sprintf(a.in(zh, en)+"\n", args...)))
	}
}

// print writes a JSON document to standard output.
func (a *app) print(v any) error {
	e := json.NewEncoder(a.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
