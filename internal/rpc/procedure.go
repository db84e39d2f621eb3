package rpc

import (
	"fmt"
	"mime"
	"net/http"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// A procedure is a call of a service, as the proto file describes it.
type procedure struct{ protoreflect.MethodDescriptor }

// procedures returns all of a service.
func procedures(of protoreflect.ServiceDescriptor) (all []procedure) {
	methods := of.Methods()
	for i := range methods.Len() {
		all = append(all, procedure{methods.Get(i)})
	}
	return all
}

// path is where the procedure is served.
func (p procedure) path() string { return fmt.Sprintf("/%s/%s", p.Parent().FullName(), p.Name()) }

func (p procedure) streams() bool { return p.IsStreamingServer() || p.IsStreamingClient() }

// gettable reports whether it may be called by GET, as the Connect protocol has
// it for unary calls without side effects.
func (p procedure) gettable() bool {
	options, ok := p.Options().(*descriptorpb.MethodOptions)
	return ok && !p.streams() && options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS
}

// types are the media types of its requests by POST: those of the Connect
// protocol first.
func (p procedure) types() []string {
	own := "application/"
	if p.streams() {
		own = "application/connect+"
	}
	all := []string{own + "json", own + "proto"}
	for _, protocol := range []string{"application/grpc", "application/grpc-web"} {
		all = append(all, protocol, protocol+"+proto", protocol+"+json")
	}
	return all
}

// spoken lets requests pass whose method and media type Connect knows for a
// procedure. It would answer others with a bare status; so they are told what to
// send.
func spoken(p procedure, next http.Handler) http.Handler {
	types := p.types()
	known := map[string]bool{}
	for _, t := range types {
		known[t] = true
	}
	methods, accept := "POST", strings.Join(types, ", ")
	if p.gettable() {
		methods = "GET, POST"
	}
	misspoken := func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", methods)
			refuse(fixedStatus{w, http.StatusMethodNotAllowed}, unenveloped(r), connect.CodeUnimplemented, "METHOD_NOT_ALLOWED",
				fmt.Sprintf("this call is made by %s, not %s", strings.ReplaceAll(methods, ", ", " or "), r.Method))
			return
		}
		w.Header().Set("Accept-Post", accept)
		refuse(fixedStatus{w, http.StatusUnsupportedMediaType}, unenveloped(r), connect.CodeInvalidArgument, "UNSUPPORTED_MEDIA_TYPE",
			fmt.Sprintf("Content-Type: send %s or %s, not %.100q", types[0], types[1], r.Header.Get("Content-Type")))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent := r.Header.Get("Content-Type")
		if r.Method == http.MethodGet && p.gettable() || r.Method == http.MethodPost && (known[sent] || known[bareType(sent)]) {
			next.ServeHTTP(w, r)
			return
		}
		misspoken(w, r) // apart from the above, whose frame each watch keeps
	})
}

// bareType returns a media type without the one parameter that changes nothing;
// "" if it has another.
func bareType(sent string) string {
	t, params, err := mime.ParseMediaType(sent)
	if charset, ok := params["charset"]; err != nil || len(params) > 1 || len(params) == 1 && (!ok || !strings.EqualFold(charset, "utf-8")) {
		return ""
	}
	return t
}

// unenveloped returns the request as one whose answer is JSON without an envelope.
func unenveloped(r *http.Request) *http.Request {
	p := *r
	p.Header = http.Header{"Content-Type": {"application/json"}}
	return &p
}

// fixedStatus writes its own status, whatever it is told to.
type fixedStatus struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w fixedStatus) WriteHeader(int) { w.ResponseWriter.WriteHeader(w.status) }
