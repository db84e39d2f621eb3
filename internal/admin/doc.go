// Package admin is the operator's door: it serves AdminService on a listener of
// its own, to callers whose credential has the scope admin.
//
// Its calls may take long, so they have no deadline but the caller's. What goes
// wrong inside is in the log; the caller gets the request id to find it by.
package admin
