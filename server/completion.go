package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// completionCommand prints a script for a shell.
type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh" help:"bash or zsh. Put this into ~/.bashrc or ~/.zshrc: source <(cloudapi completion bash)"`
}

// Run prints it.
func (c *completionCommand) Run(e *env, app *kong.Application) error {
	if c.Shell == "zsh" {
		if _, err := fmt.Fprintln(e.out, "autoload -U +X bashcompinit && bashcompinit"); err != nil {
			return err
		}
	}
	var words strings.Builder
	completions(&words, app.Node, "")
	_, err := fmt.Fprintf(e.out, `_cloudapi() {
  local path="" word words=""
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="$path $word" ;; esac
  done
  case "$path" in
%s  esac
  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _cloudapi cloudapi
`, words.String())
	return err
}

// completions writes the completions for each command: longer commands first, since an argument may follow too.
func completions(out *strings.Builder, node *kong.Node, path string) {
	var words []string
	for _, child := range node.Children {
		if !child.Hidden {
			completions(out, child, path+" "+child.Name)
			words = append(words, child.Name)
		}
	}
	for _, group := range node.AllFlags(true) {
		for _, flag := range group {
			words = append(words, "--"+flag.Name)
		}
	}
	pattern := `"` + path + `"`
	if path != "" && len(node.Children) == 0 {
		pattern += "*"
	}
	fmt.Fprintf(out, "    %s) words=%q ;;\n", pattern, strings.Join(words, " "))
}
