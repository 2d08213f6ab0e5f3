// Package browser drives a real browser for tests: it opens pages, uses them as a
// person does, by what is written on them, and notes all that a page must not do:
// errors in its console, and requests to other hosts.
package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Browser is a running Chromium.
type Browser struct {
	ctx   context.Context
	axe   string // the script of axe-core
	shots string // folder for pictures; empty: none are taken
}

// patience is how long a page may take for anything that a test waits for.
const patience = 30 * time.Second

// Start runs a browser for as long as the test. axe is the file of axe-core; shots
// is a folder for pictures, or empty.
func Start(t testing.TB, axe, shots string) *Browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is not installed: make needs")
	}
	script, err := os.ReadFile(axe)
	if err != nil {
		t.Fatalf("axe-core is not installed: make node: %v", err)
	}
	options := append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...)
	options = append(options, chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1280, 900))
	for _, flag := range []string{"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync"} {
		options = append(options, chromedp.Flag(flag, true))
	}
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(ctx)
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return &Browser{ctx: ctx, axe: string(script), shots: shots}
}

// Page is a tab with cookies of its own.
type Page struct {
	t       testing.TB
	ctx     context.Context
	browser *Browser
	base    string // address of the server: "http://127.0.0.1:8080"

	mu       sync.Mutex // guards what follows
	faults   []string   // what the page must not have done
	requests int        // since the last Open
	bytes    float64    // of their answers, as they came over the line
	status   int        // of the document that was opened
}

// Page opens an empty tab on a server, at a size of the screen in pixels.
func (b *Browser) Page(t testing.TB, base string, width, height int64) *Page {
	t.Helper()
	ctx, end := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	p := &Page{t: t, ctx: ctx, browser: b, base: base}
	// A tab ends with the context that opened it, so it is opened with one that has no deadline.
	if err := chromedp.Listen(ctx, p.note); err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.EmulateViewport(width, height))
	return p
}

// note writes down what a page does.
func (p *Page) note(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		if err == nil && u.Scheme != "data" && u.Scheme != "blob" && u.Scheme+"://"+u.Host != p.base {
			p.faults = append(p.faults, "request to another host: "+e.Request.URL)
		}
		p.requests++
	case *network.EventResponseReceived:
		if e.Type == network.ResourceTypeDocument {
			p.status = int(e.Response.Status)
		}
	case *network.EventLoadingFinished:
		p.bytes += e.EncodedDataLength
	case *runtime.EventExceptionThrown:
		p.faults = append(p.faults, "exception: "+e.ExceptionDetails.Text+" "+arguments([]*runtime.RemoteObject{e.ExceptionDetails.Exception}))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			p.faults = append(p.faults, fmt.Sprintf("console: %s %s", e.Type, arguments(e.Args)))
		}
	case *log.EventEntryAdded:
		// That a page itself is answered with an error is for the test to look at.
		answered := e.Entry.Source == log.EntrySourceNetwork && !strings.Contains(e.Entry.URL, "/static/")
		if (e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning) && !answered {
			p.faults = append(p.faults, fmt.Sprintf("console: %s %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL))
		}
	}
}

func arguments(all []*runtime.RemoteObject) string {
	var texts []string
	for _, a := range all {
		if a == nil {
			continue
		}
		texts = append(texts, string(a.Value)+a.Description)
	}
	return strings.Join(texts, " ")
}

// do runs steps in the page, or fails the test.
func (p *Page) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.ctx, patience)
	defer stop()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatalf("%s: %v", p.Location(), err)
	}
}

// Location is the address that the page has.
func (p *Page) Location() string {
	ctx, stop := context.WithTimeout(p.ctx, patience)
	defer stop()
	at, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		return err.Error()
	}
	return strings.TrimPrefix(at, p.base)
}

// Open goes to an address of the server and waits until the page is there.
func (p *Page) Open(path string) {
	p.t.Helper()
	if status := p.open(path); status != http.StatusOK {
		p.t.Errorf("%s answers %d", path, status)
	}
}

// Refused goes to an address that has no page for this reader.
func (p *Page) Refused(path string, want int) {
	p.t.Helper()
	if status := p.open(path); status != want {
		p.t.Errorf("%s answers %d, want %d", path, status, want)
	}
}

func (p *Page) open(path string) (status int) {
	p.t.Helper()
	p.mu.Lock()
	p.requests, p.bytes, p.status = 0, 0, 0
	p.mu.Unlock()
	p.do(chromedp.Navigate(p.base + path))
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status
}

// Weight is how many requests the page made since it was opened, and the bytes of
// their answers as they came over the line.
func (p *Page) Weight() (requests, bytes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests, int(p.bytes)
}

// Dark has the system of the reader be dark, or light.
func (p *Page) Dark(dark bool) {
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	p.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	}))
}

// Scripts switches scripts on or off.
func (p *Page) Scripts(on bool) {
	p.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	}))
}

// find is the element that is called so: a link or button by its words, a field by its label.
func (p *Page) find(name string) string {
	quoted, _ := json.Marshal(name) // of a string
	return `(() => {
  const want = ` + string(quoted) + `, shown = e => e.offsetParent !== null || e.getClientRects().length > 0;
  const words = e => (e.getAttribute("aria-label") || e.innerText || e.value || e.textContent || "").trim().replace(/\s+/g, " ");
  const named = [...document.querySelectorAll("a, button, summary, input[type=submit], [role=button]")].filter(e => shown(e) && words(e) === want);
  if (named.length) return named[0];
  for (const l of document.querySelectorAll("label")) {
    if (words(l) === want || l.textContent.trim().replace(/\s+/g, " ") === want) return l.control || document.getElementById(l.htmlFor);
  }
  return null;
})()`
}

// Has says whether there is something of a name to click or to fill.
func (p *Page) Has(name string) bool {
	p.t.Helper()
	return Eval[bool](p, p.find(name)+" !== null")
}

// Click clicks what is called so, and waits until the page that follows, if any, is there.
func (p *Page) Click(name string) {
	p.t.Helper()
	p.wait("there is no "+name+" to click", p.find(name)+" !== null")
	Eval[any](p, `document.querySelectorAll("[data-test-target]").forEach(e => e.removeAttribute("data-test-target")); `+
		p.find(name)+`.setAttribute("data-test-target", "")`)
	p.do(chromedp.Click(`[data-test-target]`))
	p.Settle()
}

// Fill types into the field of a label, in place of what is there.
func (p *Page) Fill(label, text string) {
	p.t.Helper()
	p.wait("there is no field "+label, p.find(label)+" !== null")
	Eval[any](p, `(() => { const e = `+p.find(label)+`; e.focus(); if (e.select) e.select(); })()`)
	p.do(chromedp.KeyEvent(text))
	p.Settle()
}

// Press presses keys, as a keyboard does.
func (p *Page) Press(keys string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(keys))
	p.Settle()
}

// Type types into the element of a selector; it needs no script of the page.
func (p *Page) Type(selector, keys string) {
	p.t.Helper()
	p.do(chromedp.SendKeys(selector, keys))
	time.Sleep(500 * time.Millisecond) // without script, nothing tells when what follows is there
}

// Read opens an address and gives what the page says, by its document alone: it
// needs no script of the page.
func (p *Page) Read(path string) string {
	p.t.Helper()
	p.Open(path)
	return p.text("body")
}

// First opens an address and gives where the first link of a selector leads.
func (p *Page) First(path, selector string) string {
	p.t.Helper()
	p.Open(path)
	ctx, stop := context.WithTimeout(p.ctx, patience)
	defer stop()
	href, err := chromedp.Run(ctx, chromedp.AttributeValue(selector, "href"))
	if err != nil {
		p.t.Fatalf("%s has no %s: %v", path, selector, err)
	}
	return href.Value
}

func (p *Page) text(selector string) string {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.ctx, patience)
	defer stop()
	text, err := chromedp.Run(ctx, chromedp.Text(selector))
	if err != nil {
		p.t.Fatalf("%s: %v", p.Location(), err)
	}
	return text
}

// Focused is what is written on the element that has the focus.
func (p *Page) Focused() string {
	p.t.Helper()
	return Eval[string](p, `(document.activeElement.innerText || document.activeElement.id || document.activeElement.tagName).trim()`)
}

// Forget empties what the browser keeps of files.
func (p *Page) Forget() {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, network.ClearBrowserCache, cdp.Empty{})
		return err
	}))
}

// Settle waits until the page is loaded and asks for nothing.
func (p *Page) Settle() {
	p.t.Helper()
	time.Sleep(30 * time.Millisecond) // what was done may begin a navigation only now
	p.wait("the page does not settle", `document.readyState === "complete" && !document.querySelector(".htmx-request")`)
}

// See waits until a text is on the page.
func (p *Page) See(text string) {
	p.t.Helper()
	quoted, _ := json.Marshal(text) // of a string
	p.wait("does not say "+text, `document.body.innerText.includes(`+string(quoted)+`)`)
}

// wait waits until an expression is true.
func (p *Page) wait(otherwise, expression string) {
	p.t.Helper()
	until := time.Now().Add(patience)
	for {
		ctx, stop := context.WithTimeout(p.ctx, patience)
		yes, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`!!(`+expression+`)`))
		stop()
		if err == nil && yes {
			return
		}
		if time.Now().After(until) {
			p.t.Fatalf("%s: %s (%v)\n%s", p.Location(), otherwise, err, p.Text())
		}
		time.Sleep(40 * time.Millisecond)
	}
}

// Text is what the page says.
func (p *Page) Text() string {
	ctx, stop := context.WithTimeout(p.ctx, patience)
	defer stop()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
	if err != nil {
		return err.Error()
	}
	return text
}

// Eval evaluates an expression in a page.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.ctx, patience)
	defer stop()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[*T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %s: %v", p.Location(), expression, err)
	}
	if v == nil {
		v = new(T)
	}
	return *v
}

// Shot keeps a picture of the whole page, where pictures are wanted.
func (p *Page) Shot(name string) {
	p.t.Helper()
	if p.browser.shots == "" {
		return
	}
	ctx, stop := context.WithTimeout(p.ctx, patience)
	defer stop()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(p.browser.shots, name+".png"), picture, 0o600)
	}
	if err != nil {
		p.t.Errorf("picture %s: %v", name, err)
	}
}

// Check fails the test for what the page did that it must not, for what axe-core
// finds that keeps people out, and for content that is wider than the screen.
func (p *Page) Check() {
	p.t.Helper()
	for _, f := range p.Axe() {
		p.t.Errorf("%s: %s", p.Location(), f)
	}
	if over := Eval[[]string](p, overflow); len(over) > 0 {
		p.t.Errorf("%s is wider than the screen, by %q", p.Location(), over)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.faults {
		p.t.Errorf("%s: %s", p.Location(), f)
	}
	p.faults = nil
}

// overflow gives what makes a page wider than the screen, from the outside in:
// boxes that reach beyond it, or whose text does.
const overflow = `(() => {
  const root = document.documentElement, width = root.clientWidth;
  if (root.scrollWidth <= width) return [];
  const contained = e => { for (e = e.parentElement; e; e = e.parentElement) if (getComputedStyle(e).overflowX !== "visible") return true; return false; };
  const over = e => Math.round(Math.max(e.getBoundingClientRect().right, e.getBoundingClientRect().left + e.scrollWidth) - width);
  return ["the page " + (root.scrollWidth - width), ...[...document.querySelectorAll("body *")].filter(e => over(e) > 0 && !contained(e))
    .slice(-8).map(e => e.tagName + "." + (e.getAttribute("class") || "") + " " + over(e))];
})()`

// Axe gives the violations that axe-core finds.
func (p *Page) Axe() []string {
	p.t.Helper()
	Eval[any](p, p.browser.axe+"; null")
	return Eval[[]string](p, `axe.run(document, {resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
  .then(r => r.violations.map(v => v.id + ": " + v.help + "\n  " + v.nodes.map(n => n.html + "\n    " + n.failureSummary).join("\n  ")))`)
}
