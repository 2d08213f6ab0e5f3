// Package portal is the inventory in a browser: pages that the server renders,
// complete without script, which only makes them livelier. Every page is a row of
// one table, with the action that it takes; a page shows no button that would be
// refused. It does nothing that catalog does not do for every surface.
//
//	request ─▶ session: who? ─▶ route: what? ─▶ access: may he? ─▶ page ─▶ view model ─▶ template
//
// Nothing is loaded from another host. The policy of the pages allows neither
// inline script nor inline style, so what a source wrote cannot run whatever it is.
package portal
