package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"cloudapi/internal/transfer"
)

// progress shows the progress of a transfer: a bar on a terminal, otherwise a line from time to time.
type progress struct {
	out     io.Writer
	bar     *progressbar.ProgressBar
	started time.Time
	last    time.Time
}

// progressInterval is how often a line is written.
const progressInterval = 5 * time.Second

func newProgress(out io.Writer) *progress {
	p := &progress{out: out, started: time.Now(), last: time.Now()}
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		p.bar = progressbar.NewOptions64(-1, progressbar.OptionSetWriter(out), progressbar.OptionShowCount(),
			progressbar.OptionShowIts(), progressbar.OptionSetItsString("objects"), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish())
	}
	return p
}

func (p *progress) show(c transfer.Counts) {
	all := 0
	for _, k := range c.Kinds {
		all += k.Read
	}
	customers := c.Kinds[transfer.KindCustomer].Read
	switch {
	case p.bar != nil:
		p.bar.Describe(fmt.Sprintf("%d customers", customers))
		_ = p.bar.Set(all)
	case time.Since(p.last) >= progressInterval:
		p.last = time.Now()
		_, _ = fmt.Fprintf(p.out, "%d objects so far, %d of them customers, in %v\n", all, customers, time.Since(p.started).Round(time.Second))
	}
}

// clear removes the bar, before a line of text is written.
func (p *progress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}

func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}

// printable makes a text from outside safe for a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || !unicode.IsPrint(r) && r != ' ' {
			return '�'
		}
		return r
	}, text)
}
