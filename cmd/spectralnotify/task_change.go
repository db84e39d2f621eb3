package main

import (
	"context"
	"strconv"

	"google.golang.org/protobuf/proto"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
)

// changed is the answer of a call that changed a task.
type changed interface {
	proto.Message
	GetTask() *taskv1.Task
	GetEvent() *taskv1.Event
}

// printChange prints such an answer.
func printChange(con *console, out outputFlags, answer changed) error {
	if out.json() {
		return printJSON(con.out, answer)
	}
	return printTask(con.out, answer.GetTask(), answer.GetEvent().GetMessage())
}

type createCmd struct {
	ID       string   `arg:"" optional:"" help:"The task's id; made by the server if left out."`
	Type     string   `help:"What kind of work it is, such as render."`
	Tag      []string `sep:"none" help:"A label to list by; may be given again." placeholder:"TAG"`
	Metadata metadata `help:"A JSON object to keep with the task." placeholder:"JSON"`
	Status   string   `enum:"pending,in-progress" default:"pending" help:"pending or in-progress (${default})."`
	Progress percent  `default:"0" help:"Where the progress starts, 0 to 100 (${default})."`
	clientFlags
	outputFlags
}

func (c *createCmd) Run(ctx context.Context, con *console) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	answer, err := client.Create(ctx, &taskv1.CreateRequest{
		TaskId: c.ID, Type: c.Type, Tags: c.Tag, Metadata: c.Metadata.fields,
		Status: statusWords[c.Status], Progress: int32(c.Progress),
	})
	if err != nil {
		return callError(c.clientFlags, err)
	}
	return printChange(con, c.outputFlags, answer)
}

type eventCmd struct {
	ID       string   `arg:"" help:"The task's id."`
	Message  string   `arg:"" help:"Text for people."`
	Type     string   `enum:"log,progress,error,success," default:"" placeholder:"TYPE" help:"log, progress, error or success; log if not said, progress with --progress."`
	Progress *percent `help:"The task's progress from now on, 0 to 100." placeholder:"N"`
	Metadata metadata `help:"A JSON object to keep with the event." placeholder:"JSON"`
	clientFlags
	outputFlags
}

func (c *eventCmd) Run(ctx context.Context, con *console) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	event := &taskv1.NewEvent{EventType: eventWords[c.Type], Message: c.Message, Metadata: c.Metadata.fields}
	if c.Progress != nil {
		event.Progress = proto.Int32(int32(*c.Progress))
	}
	answer, err := client.AddEvent(ctx, &taskv1.AddEventRequest{TaskId: c.ID, Event: event})
	if err != nil {
		return callError(c.clientFlags, err)
	}
	return printChange(con, c.outputFlags, answer)
}

type progressCmd struct {
	ID       string   `arg:"" help:"The task's id."`
	N        percent  `arg:"" help:"Share of the work done, 0 to 100."`
	Message  string   `arg:"" optional:"" help:"Text for people."`
	Metadata metadata `help:"A JSON object to keep with the event." placeholder:"JSON"`
	clientFlags
	outputFlags
}

func (c *progressCmd) Run(ctx context.Context, con *console) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	answer, err := client.UpdateProgress(ctx, &taskv1.UpdateProgressRequest{
		TaskId: c.ID, Progress: int32(c.N), Message: c.Message, Metadata: c.Metadata.fields,
	})
	if err != nil {
		return callError(c.clientFlags, err)
	}
	return printChange(con, c.outputFlags, answer)
}

type completeCmd struct {
	ID       string   `arg:"" help:"The task's id."`
	Metadata metadata `help:"A JSON object: the task's result." placeholder:"JSON"`
	clientFlags
	outputFlags
}

func (c *completeCmd) Run(ctx context.Context, con *console) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	answer, err := client.Complete(ctx, &taskv1.CompleteRequest{TaskId: c.ID, Metadata: c.Metadata.fields})
	if err != nil {
		return callError(c.clientFlags, err)
	}
	return printChange(con, c.outputFlags, answer)
}

type failCmd struct {
	ID       string   `arg:"" help:"The task's id."`
	Error    string   `arg:"" help:"Why it failed, for people."`
	Metadata metadata `help:"A JSON object: the task's result." placeholder:"JSON"`
	clientFlags
	outputFlags
}

func (c *failCmd) Run(ctx context.Context, con *console) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	answer, err := client.Fail(ctx, &taskv1.FailRequest{TaskId: c.ID, Error: c.Error, Metadata: c.Metadata.fields})
	if err != nil {
		return callError(c.clientFlags, err)
	}
	return printChange(con, c.outputFlags, answer)
}

type cancelCmd struct {
	ID       string   `arg:"" help:"The task's id."`
	Metadata metadata `help:"A JSON object: the task's result." placeholder:"JSON"`
	clientFlags
	outputFlags
}

func (c *cancelCmd) Run(ctx context.Context, con *console) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	answer, err := client.Cancel(ctx, &taskv1.CancelRequest{TaskId: c.ID, Metadata: c.Metadata.fields})
	if err != nil {
		return callError(c.clientFlags, err)
	}
	return printChange(con, c.outputFlags, answer)
}

type deleteCmd struct {
	ID string `arg:"" help:"The task's id."`
	clientFlags
}

func (c *deleteCmd) Run(ctx context.Context, con *console) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	_, err = client.Delete(ctx, &taskv1.DeleteRequest{TaskId: c.ID})
	return callError(c.clientFlags, err)
}

// percent is a number from 0 to 100.
type percent int32

// UnmarshalText reads the flag or argument; "45%" is fine, too.
func (p *percent) UnmarshalText(text []byte) error {
	s := string(text)
	if n := len(s); n > 1 && s[n-1] == '%' {
		s = s[:n-1]
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 100 {
		return usagef("%q is not a progress, give a whole number from 0 to 100", text)
	}
	*p = percent(n)
	return nil
}
