package service

import "github.com/spectralnotify/spectralnotify/internal/auth"

// A Rule says who may make a call. The zero value is nobody.
type Rule struct {
	Public bool        // callers without a credential, too
	Scope  auth.Scopes // what a credential must allow, unless the call is public
}

// A Policy says who may make which call, by the call's full name. What is not in
// it is allowed to nobody.
type Policy map[string]Rule

// Open is the policy `--public-access open`: whoever knows a task's id or a
// counter's name may read it, watch it and change it; creating, deleting and
// listing need a credential.
var Open = Policy{
	"/spectralnotify.task.v1.TaskService/Create":         {Scope: auth.TaskCreate},
	"/spectralnotify.task.v1.TaskService/GetById":        {Scope: auth.TaskRead, Public: true},
	"/spectralnotify.task.v1.TaskService/AddEvent":       {Scope: auth.TaskWrite, Public: true},
	"/spectralnotify.task.v1.TaskService/UpdateProgress": {Scope: auth.TaskWrite, Public: true},
	"/spectralnotify.task.v1.TaskService/Complete":       {Scope: auth.TaskWrite, Public: true},
	"/spectralnotify.task.v1.TaskService/Fail":           {Scope: auth.TaskWrite, Public: true},
	"/spectralnotify.task.v1.TaskService/Cancel":         {Scope: auth.TaskWrite, Public: true},
	"/spectralnotify.task.v1.TaskService/GetHistory":     {Scope: auth.TaskRead, Public: true},
	"/spectralnotify.task.v1.TaskService/ListAll":        {Scope: auth.TaskList},
	"/spectralnotify.task.v1.TaskService/Stats":          {Scope: auth.TaskList},
	"/spectralnotify.task.v1.TaskService/Delete":         {Scope: auth.TaskDelete},
	"/spectralnotify.task.v1.TaskService/Export":         {Scope: auth.TaskRead},
	"/spectralnotify.task.v1.TaskService/Watch":          {Scope: auth.TaskWatch, Public: true},
	"/spectralnotify.task.v1.TaskService/WatchAll":       {Scope: auth.TaskWatch, Public: true},
	"/spectralnotify.task.v1.TaskService/Wait":           {Scope: auth.TaskWatch, Public: true},

	"/spectralnotify.counter.v1.CounterService/Create":     {Scope: auth.CounterCreate},
	"/spectralnotify.counter.v1.CounterService/Get":        {Scope: auth.CounterRead, Public: true},
	"/spectralnotify.counter.v1.CounterService/Increment":  {Scope: auth.CounterWrite, Public: true},
	"/spectralnotify.counter.v1.CounterService/Decrement":  {Scope: auth.CounterWrite, Public: true},
	"/spectralnotify.counter.v1.CounterService/SetValue":   {Scope: auth.CounterWrite, Public: true},
	"/spectralnotify.counter.v1.CounterService/Reset":      {Scope: auth.CounterWrite, Public: true},
	"/spectralnotify.counter.v1.CounterService/GetHistory": {Scope: auth.CounterRead, Public: true},
	"/spectralnotify.counter.v1.CounterService/ListAll":    {Scope: auth.CounterList},
	"/spectralnotify.counter.v1.CounterService/Delete":     {Scope: auth.CounterDelete},
	"/spectralnotify.counter.v1.CounterService/Watch":      {Scope: auth.CounterWatch, Public: true},
	"/spectralnotify.counter.v1.CounterService/WatchAll":   {Scope: auth.CounterWatch, Public: true},

	"/spectralnotify.admin.v1.AdminService/Flush":  {Scope: auth.Admin},
	"/spectralnotify.admin.v1.AdminService/Backup": {Scope: auth.Admin},
}

// A Visit is a call at a door, before it is let in.
type Visit struct {
	Method     string // the call's full name, such as /a.v1.Service/Do
	Credential string // what the caller shows; "" for nothing

	// Stranger says that the call did not come from the server's own machine
	// although the policy was chosen for that case only. A stranger needs a
	// credential for public calls, too.
	Stranger bool
}

// judge decides on a visit of a caller who was identified, or has no credential.
func (p Policy) judge(v Visit, who auth.Principal) error {
	rule, ok := p[v.Method]
	switch {
	case !ok:
		return &Error{Class: ErrForbidden, Text: "this call is allowed to nobody"}
	case who.Anonymous() && v.Stranger:
		return strange()
	case rule.Public:
		return nil
	case who.Anonymous():
		return &Error{Class: ErrUnauthenticated, Text: "this call needs a credential: send the header Authorization: Bearer <key>, or X-API-Key: <key>"}
	case !who.Scopes.Has(rule.Scope) || rule.Scope == 0:
		return &Error{
			Class:    ErrForbidden,
			Text:     "the credential lacks the scope " + rule.Scope.String(),
			Metadata: map[string]string{"scope": rule.Scope.String()},
		}
	}
	return nil
}

func strange() error {
	return &Error{
		Class: ErrForbidden,
		Text: "without a credential this server answers only calls from its own machine, made to a loopback name and through no proxy; " +
			"send a credential, or start it with --public-access",
		Metadata: map[string]string{"flag": "--public-access"},
	}
}
