package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"
)

// What a completion may cost.
const (
	completionPatience = 2 * time.Second
	completionNames    = 200
)

// completeNames completes a flag with the names of what is in the center, or
// with nothing when the center does not answer at once.
func (c *connection) completeNames(k kind, of names) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		ctx := cmd.Context()
		if ctx == nil {
			ctx = context.Background()
		}
		ctx, stop := context.WithTimeout(ctx, completionPatience)
		defer stop()
		s, err := c.open(ctx, cmd)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		parents := names{}
		for _, st := range k.steps[:len(k.steps)-1] {
			if v, ok := of[st.flag]; ok && *v != "" {
				parents[st.flag] = v
				continue
			}
			return nil, cobra.ShellCompDirectiveNoFileComp // which parent is not said yet
		}
		items, err := s.some(ctx, s.at(k, parents), k.version, nil, completionNames)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var found []cobra.Completion
		for _, it := range items {
			o := it.flat()
			found = append(found, cobra.CompletionWithDesc(clean(o.text("name")), clean(o.text("title"))))
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}
