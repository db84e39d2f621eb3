package main

import (
	"context"
	"sync"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/spectralnotify/spectralnotify/cmd/spectralnotify/internal/resume"
	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1/taskv1connect"
)

// silence is how long a server may say nothing; it sends a heartbeat after 15 s.
const silence = 45 * time.Second

// news is something about a watched task.
type news = newsOf[*taskv1.WatchResponse]

// newsOf is something about a watched object: one of message, cut and over.
type newsOf[M resume.Message] struct {
	id      string
	message M
	told    bool  // there is a message
	cut     error // why the stream was cut; it is tried again
	over    bool  // the watch is over, with err
	err     error
}

// An opener opens a watch of one object after a cursor.
type opener[M resume.Message] func(ctx context.Context, id, cursor string) (resume.Stream[M], error)

// followAll watches objects and tells all news on one channel, which is closed
// when the last watch is over. Each id needs a watch of its own: one that ends
// says so with over.
func followAll[M resume.Message](ctx context.Context, open opener[M], ids []string) <-chan newsOf[M] {
	all := make(chan newsOf[M])
	var watches sync.WaitGroup
	for _, id := range ids {
		watches.Go(func() { follow(ctx, open, id, all) })
	}
	go func() {
		watches.Wait()
		close(all)
	}()
	return all
}

// follow watches one object to the end and tells its news.
func follow[M resume.Message](ctx context.Context, open opener[M], id string, to chan<- newsOf[M]) {
	watch := &resume.Watch[M]{
		Open:       func(ctx context.Context, cursor string) (resume.Stream[M], error) { return open(ctx, id, cursor) },
		Pause:      func(ctx context.Context, n int) error { return pause(ctx, backOff(n)) },
		Silence:    silence,
		FirstTries: tries,
		Cut:        func(err error) { to <- newsOf[M]{id: id, cut: err} },
	}
	err := watch.Run(ctx, func(m M) error {
		to <- newsOf[M]{id: id, message: m, told: true}
		return nil
	})
	to <- newsOf[M]{id: id, over: true, err: err}
}

// openTasks opens watches of tasks that are like a request.
func openTasks(client taskv1connect.TaskServiceClient, like *taskv1.WatchRequest) opener[*taskv1.WatchResponse] {
	return func(ctx context.Context, id, cursor string) (resume.Stream[*taskv1.WatchResponse], error) {
		req := proto.CloneOf(like)
		req.TaskId, req.Cursor = id, cursor
		return opened(client.Watch(ctx, req))
	}
}

// opened returns a stream once its server has answered.
func opened[T any, M interface {
	*T
	resume.Message
}](stream *connect.ServerStreamForClient[T], err error) (resume.Stream[M], error) {
	if err != nil {
		return nil, err
	}
	if len(stream.ResponseHeader()) == 0 && !stream.Receive() && stream.Err() != nil {
		err := stream.Err()
		stream.Close()
		return nil, err
	}
	return streamOf[T, M]{stream}, nil
}

type streamOf[T any, M interface {
	*T
	resume.Message
}] struct {
	*connect.ServerStreamForClient[T]
}

// Msg returns the message that came last.
func (s streamOf[T, M]) Msg() M { return s.ServerStreamForClient.Msg() }

// ends notes how each watch ended, and where its task stood then.
type ends struct {
	order  []string                     // ids in the order of their ends
	failed map[string]error             // :: id -> why its watch failed
	status map[string]taskv1.TaskStatus // :: id -> the last status; unspecified if the task is gone
}

func newEnds() *ends {
	return &ends{failed: map[string]error{}, status: map[string]taskv1.TaskStatus{}}
}

// watch passes news on and notes what they say. The channel it returns is
// closed when the other one is; until then it must be read.
func (e *ends) watch(all <-chan news) <-chan news {
	out := make(chan news)
	go func() {
		defer close(out)
		for n := range all {
			e.note(n)
			out <- n
		}
	}()
	return out
}

func (e *ends) note(n news) {
	if n.over {
		e.order = append(e.order, n.id)
		e.failed[n.id] = n.err
	}
	if t := taskOf(n.message); t != nil {
		e.status[n.id] = t.GetStatus()
	}
	if n.message.GetRemoved() != nil {
		e.status[n.id] = taskv1.TaskStatus_TASK_STATUS_UNSPECIFIED
	}
}

// taskOf is the task that a message carries; nil if it carries none.
func taskOf(m *taskv1.WatchResponse) *taskv1.Task {
	if s := m.GetSnapshot(); s != nil {
		return s.GetTask()
	}
	return m.GetEvent().GetTask()
}
