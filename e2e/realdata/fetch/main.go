// Fetch is the command behind make realdata.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"apicenter/e2e/realdata"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := realdata.Fetch(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "realdata:", err)
		os.Exit(1)
	}
	dir, _ := realdata.Dir() // it worked a moment ago
	fmt.Fprintln(os.Stderr, realdata.Count, "documents in", dir)
}
