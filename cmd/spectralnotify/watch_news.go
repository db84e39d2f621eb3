package main

import (
	"context"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/spectralnotify/spectralnotify/cmd/spectralnotify/internal/resume"
	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1/taskv1connect"
)

// silence is how long a server may say nothing; it sends a heartbeat after 15 s.
const silence = 45 * time.Second

// news is something about a watched task: one of message, cut and over.
type news struct {
	id      string
	message *taskv1.WatchResponse
	cut     error // why the stream was cut; it is tried again
	over    bool  // the watch is over, with err
	err     error
}

// followAll watches tasks and tells all news on one channel, which is closed
// when the last watch is over. Each id needs a watch of its own: one that ends
// says so with over.
func followAll(ctx context.Context, client taskv1connect.TaskServiceClient, ids []string, like *taskv1.WatchRequest) <-chan news {
	all := make(chan news)
	var watches sync.WaitGroup
	for _, id := range ids {
		watches.Go(func() { follow(ctx, client, id, like, all) })
	}
	go func() {
		watches.Wait()
		close(all)
	}()
	return all
}

// follow watches one task to the end and tells its news.
func follow(ctx context.Context, client taskv1connect.TaskServiceClient, id string, like *taskv1.WatchRequest, to chan<- news) {
	req := proto.CloneOf(like)
	req.TaskId = id
	watch := &resume.Watch{
		Open:       opener(client),
		Request:    req,
		Pause:      func(ctx context.Context, n int) error { return pause(ctx, backOff(n)) },
		Silence:    silence,
		FirstTries: tries,
		Cut:        func(err error) { to <- news{id: id, cut: err} },
	}
	err := watch.Run(ctx, func(m *taskv1.WatchResponse) error {
		to <- news{id: id, message: m}
		return nil
	})
	to <- news{id: id, over: true, err: err}
}

// opener opens watches on a server.
func opener(client taskv1connect.TaskServiceClient) func(context.Context, *taskv1.WatchRequest) (resume.Stream, error) {
	return func(ctx context.Context, req *taskv1.WatchRequest) (resume.Stream, error) {
		stream, err := client.Watch(ctx, req)
		if err != nil {
			return nil, err
		}
		if len(stream.ResponseHeader()) == 0 && !stream.Receive() && stream.Err() != nil {
			err := stream.Err()
			stream.Close()
			return nil, err
		}
		return stream, nil
	}
}

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
