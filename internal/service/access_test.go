package service_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	_ "github.com/spectralnotify/spectralnotify/gen/spectralnotify/admin/v1"
	_ "github.com/spectralnotify/spectralnotify/gen/spectralnotify/counter/v1"
	_ "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/auth"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/service"
)

// methods returns the full names of all calls of the API.
func methods() map[string]bool {
	all := map[string]bool{}
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(f.Package()), "spectralnotify.") {
			return true
		}
		for i := range f.Services().Len() {
			s := f.Services().Get(i)
			for j := range s.Methods().Len() {
				all["/"+string(s.FullName())+"/"+string(s.Methods().Get(j).Name())] = true
			}
		}
		return true
	})
	return all
}

// difference lists what is wrong with a policy: calls without a rule, rules
// without a call, rules that forget the scope.
func difference(p service.Policy) (wrong []string) {
	all := methods()
	for m := range all {
		if _, ok := p[m]; !ok {
			wrong = append(wrong, m+" has no rule")
		}
	}
	for m, rule := range p {
		if !all[m] {
			wrong = append(wrong, m+" is no call")
		}
		if rule.Scope == 0 {
			wrong = append(wrong, m+" has no scope")
		}
	}
	return wrong
}

func TestEveryCallHasARule(t *testing.T) {
	if len(methods()) < 14 {
		t.Fatalf("only %d calls found", len(methods()))
	}
	if wrong := difference(service.Open); wrong != nil {
		t.Error(strings.Join(wrong, "\n"))
	}
}

// The check above must be able to fail.
func TestAForgottenCallIsNoticed(t *testing.T) {
	p := service.Policy{}
	for m, rule := range service.Open {
		p[m] = rule
	}
	delete(p, "/spectralnotify.task.v1.TaskService/Stats")
	if difference(p) == nil {
		t.Error("a call without a rule was not noticed")
	}
}

const (
	create = "/spectralnotify.task.v1.TaskService/Create"
	get    = "/spectralnotify.task.v1.TaskService/GetById"
	flush  = "/spectralnotify.admin.v1.AdminService/Flush"
)

// keys are rows in memory that count how often they are read.
type keys struct {
	rows    map[string]journal.APIKey // :: id -> row
	reads   int
	touches int
	err     error
}

func (k *keys) KeyByID(_ context.Context, id string) (journal.APIKey, error) {
	k.reads++
	row, ok := k.rows[id]
	if !ok && k.err == nil {
		return row, journal.ErrNotFound
	}
	return row, k.err
}

func (k *keys) TouchKey(_ context.Context, id string, at int64) error {
	k.touches++
	row := k.rows[id]
	row.LastUsedAt = at
	k.rows[id] = row
	return nil
}

func (k *keys) add(t *testing.T, scopes auth.Scopes) auth.Key {
	t.Helper()
	key, err := auth.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k.rows[key.ID()] = journal.APIKey{ID: key.ID(), Subject: "key:" + key.ID(), SecretHash: key.Hash(), Scopes: scopes.Names()}
	return key
}

func TestAdmit(t *testing.T) {
	rows := &keys{rows: map[string]journal.APIKey{}}
	admin, creator, foreign := rows.add(t, auth.Admin), rows.add(t, auth.TaskCreate), rows.add(t, auth.Admin)
	delete(rows.rows, foreign.ID())
	boot, err := auth.NewBootstrap("bootstrap-key")
	if err != nil {
		t.Fatal(err)
	}
	g, err := service.NewGate(service.GateConfig{Policy: service.Open, Keys: rows, Bootstrap: boot, Now: func() int64 { return 1 }})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		visit service.Visit
		want  error
		who   string
		says  string
	}{
		{"a public call needs nothing", service.Visit{Method: get}, nil, "", ""},
		{"other calls need a credential", service.Visit{Method: create}, service.ErrUnauthenticated, "", "Authorization: Bearer"},
		{"an admin may create", service.Visit{Method: create, Credential: admin.Reveal()}, nil, "key:" + admin.ID(), ""},
		{"the scope is enough", service.Visit{Method: create, Credential: creator.Reveal()}, nil, "key:" + creator.ID(), ""},
		{"another scope is not", service.Visit{Method: flush, Credential: creator.Reveal()}, service.ErrForbidden, "", "scope admin"},
		{"a public call takes any key", service.Visit{Method: get, Credential: creator.Reveal()}, nil, "key:" + creator.ID(), ""},
		{"a wrong key is refused even where none is needed", service.Visit{Method: get, Credential: foreign.Reveal()}, service.ErrUnauthenticated, "", "not valid"},
		{"a malformed key is refused", service.Visit{Method: get, Credential: "sn_x"}, service.ErrUnauthenticated, "", "not valid"},
		{"the bootstrap key is admin", service.Visit{Method: flush, Credential: "bootstrap-key"}, nil, "bootstrap", ""},
		{"a stranger needs a key for public calls", service.Visit{Method: get, Stranger: true}, service.ErrForbidden, "", "--public-access"},
		{"a stranger with a wrong key is told the same", service.Visit{Method: get, Stranger: true, Credential: "sn_wrong"}, service.ErrForbidden, "", "--public-access"},
		{"a stranger with a key is welcome", service.Visit{Method: get, Stranger: true, Credential: creator.Reveal()}, nil, "key:" + creator.ID(), ""},
		{"a call without a rule is nobody's", service.Visit{Method: "/x/Y", Credential: admin.Reveal()}, service.ErrForbidden, "", "nobody"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			who, err := g.Admit(t.Context(), tt.visit)
			if !errors.Is(err, tt.want) || who.Subject != tt.who {
				t.Fatalf("got %q, %v, want %q, %v", who.Subject, err, tt.who, tt.want)
			}
			if err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("the text %q does not say %q", err, tt.says)
			}
			if err != nil && tt.visit.Credential != "" && strings.Contains(err.Error(), tt.visit.Credential) {
				t.Errorf("the text %q shows the credential", err)
			}
		})
	}
}

func TestARevokedKeyIsRefusedASecondLater(t *testing.T) {
	rows := &keys{rows: map[string]journal.APIKey{}}
	key := rows.add(t, auth.Admin)
	now := int64(1e15)
	g, err := service.NewGate(service.GateConfig{Policy: service.Open, Keys: rows, Now: func() int64 { return now }})
	if err != nil {
		t.Fatal(err)
	}
	admit := func() error {
		_, err := g.Admit(t.Context(), service.Visit{Method: create, Credential: key.Reveal()})
		return err
	}
	for range 3 {
		if err := admit(); err != nil {
			t.Fatal(err)
		}
	}
	if rows.reads != 1 {
		t.Errorf("the row was read %d times in one moment", rows.reads)
	}
	if rows.touches != 1 {
		t.Errorf("the use was noted %d times in one moment", rows.touches)
	}
	row := rows.rows[key.ID()]
	row.RevokedAt = now
	rows.rows[key.ID()] = row
	now += 1_000_000
	if err := admit(); !errors.Is(err, service.ErrUnauthenticated) {
		t.Errorf("a revoked key gives %v", err)
	}
	row.RevokedAt = 0
	rows.rows[key.ID()] = row
	now -= 5_000_000 // the clock jumps back
	if err := admit(); err != nil {
		t.Errorf("what was remembered outlived a jump of the clock: %v", err)
	}
}

func TestAFailingLookUpIsNoRefusal(t *testing.T) {
	rows := &keys{rows: map[string]journal.APIKey{}, err: errors.New("disk on fire")}
	key := rows.add(t, auth.Admin)
	g, err := service.NewGate(service.GateConfig{Policy: service.Open, Keys: rows, Now: func() int64 { return 1 }})
	if err != nil {
		t.Fatal(err)
	}
	_, err = g.Admit(t.Context(), service.Visit{Method: create, Credential: key.Reveal()})
	if err == nil || errors.Is(err, service.ErrUnauthenticated) {
		t.Errorf("got %v, want the failure itself", err)
	}
}
