// Command apicenter is the API center: its server, a demonstration of it, and
// the client verbs that talk to one.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"apicenter/internal/cli"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == comparing {
		os.Exit(compareHere())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	streams := cli.System()
	root := cli.New(streams)
	root.AddCommand(serveCommand(), demoCommand(streams), versionCommand())
	code := cli.Execute(ctx, root, streams, os.Args[1:])
	stop()
	os.Exit(code)
}
