// Command azemu runs the emulator of Azure API Management: a stand-in that
// holds any number of APIs, for tests, demonstrations and the first steps of
// people without a subscription.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "azemu:", err)
		os.Exit(1)
	}
}
