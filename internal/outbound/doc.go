// Package outbound goes to addresses that others name: a link to import a
// definition from, a link in a source's answer, a webhook. Whoever names one
// must not be able to send us round the inside of a network, so
//
//   - only public addresses are asked, and networks that are allowed by name. It
//     is decided when an address is dialled, about the address that is dialled: a
//     name that resolves differently the second time gains nothing;
//   - every redirect is a new address, asked under the same rules, and never
//     leads from https to http;
//   - plain http is for allowed networks only;
//   - nothing of ours goes along: no token, cookie, referrer, proxy or credential;
//   - bytes, headers, redirects and time are bounded;
//   - errors name the host that was given, and nothing that an inside address
//     resolved to or answered.
package outbound
