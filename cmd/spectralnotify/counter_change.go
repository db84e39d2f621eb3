package main

import (
	"context"

	"google.golang.org/protobuf/proto"

	counterv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/counter/v1"
	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/counter/v1/counterv1connect"
)

type counterClient = counterv1connect.CounterServiceClient

// counterFlags are those of a command that changes a counter.
type counterFlags struct {
	clientFlags
	outputFlags
}

// counted is the answer of a call that changed a counter.
type counted interface {
	proto.Message
	GetCounter() *counterv1.Counter
}

// changeCounter makes a call that changes a counter, and prints what came of it.
func changeCounter[Req any, Res counted](
	ctx context.Context, con *console, f counterFlags, req *Req, call func(counterClient, context.Context, *Req) (Res, error),
) error {
	client, err := f.counters()
	if err != nil {
		return err
	}
	answer, err := call(client, ctx, req)
	if err != nil {
		return callError(f.clientFlags, err)
	}
	if f.json() {
		return printJSON(con.out, answer)
	}
	return printCounter(con.out, answer.GetCounter())
}

type counterCreateCmd struct {
	Name    string `arg:"" optional:"" help:"The counter's name; made by the server if left out."`
	Initial int64  `default:"0" placeholder:"N" help:"The value it begins with, and that reset brings back (${default})."`
	counterFlags
}

func (c *counterCreateCmd) Run(ctx context.Context, con *console) error {
	return changeCounter(ctx, con, c.counterFlags, &counterv1.CreateRequest{Name: c.Name, InitialValue: c.Initial}, counterClient.Create)
}

type counterIncrementCmd struct {
	Name   string `arg:"" help:"The counter's name."`
	Amount int64  `arg:"" optional:"" default:"1" help:"By how much (${default})."`
	counterFlags
}

func (c *counterIncrementCmd) Run(ctx context.Context, con *console) error {
	return changeCounter(ctx, con, c.counterFlags, &counterv1.IncrementRequest{Name: c.Name, Amount: &c.Amount}, counterClient.Increment)
}

type counterDecrementCmd struct {
	Name   string `arg:"" help:"The counter's name."`
	Amount int64  `arg:"" optional:"" default:"1" help:"By how much (${default})."`
	counterFlags
}

func (c *counterDecrementCmd) Run(ctx context.Context, con *console) error {
	return changeCounter(ctx, con, c.counterFlags, &counterv1.DecrementRequest{Name: c.Name, Amount: &c.Amount}, counterClient.Decrement)
}

type counterSetCmd struct {
	Name  string `arg:"" help:"The counter's name."`
	Value int64  `arg:"" help:"The value it gets; a negative one after --."`
	counterFlags
}

func (c *counterSetCmd) Run(ctx context.Context, con *console) error {
	return changeCounter(ctx, con, c.counterFlags, &counterv1.SetValueRequest{Name: c.Name, Value: c.Value}, counterClient.SetValue)
}

type counterResetCmd struct {
	Name string `arg:"" help:"The counter's name."`
	counterFlags
}

func (c *counterResetCmd) Run(ctx context.Context, con *console) error {
	return changeCounter(ctx, con, c.counterFlags, &counterv1.ResetRequest{Name: c.Name}, counterClient.Reset)
}

type counterDeleteCmd struct {
	Name string `arg:"" help:"The counter's name."`
	clientFlags
}

func (c *counterDeleteCmd) Run(ctx context.Context, _ *console) error {
	client, err := c.counters()
	if err != nil {
		return err
	}
	_, err = client.Delete(ctx, &counterv1.DeleteRequest{Name: c.Name})
	return callError(c.clientFlags, err)
}
