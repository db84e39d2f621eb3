package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/spectralnotify/spectralnotify/cmd/spectralnotify/internal/resume"
	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
)

type watchCmd struct {
	ID            []string `arg:"" help:"The tasks' ids."`
	Follow        bool     `short:"f" help:"Go on after a task has ended: late notes come, too."`
	History       int      `default:"10" help:"How many earlier events to begin with, 0 to 1000 (${default})."`
	WaitForCreate bool     `help:"If there is no such task yet, wait until there is."`
	ExitStatus    bool     `help:"Fail, with exit code 1, if a task failed, was canceled or deleted."`
	Output        string   `short:"o" enum:"auto,bar,table,json" default:"auto" help:"How to print: bar, json (a line for each message) or auto: bar on a terminal, else json (${default})."`
	clientFlags
}

// Help is what --help adds.
func (c *watchCmd) Help() string {
	return "The watch outlives a server that restarts: it goes on where it was. Ctrl-C leaves, with exit code 130. " +
		"NO_COLOR switches colours off."
}

func (c *watchCmd) Run(ctx context.Context, con *console) error {
	if c.History < 0 || c.History > 1000 {
		return usagef("--history: must be from 0 to 1000, not %d", c.History)
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	ids := unique(c.ID)
	news := followAll(ctx, openTasks(client, c.request()), ids)
	ends := newEnds()
	if c.bars(con) {
		err = showBars(con, ids, ends.watch(news))
	} else {
		err = printLines(con, ends.watch(news), jsonLine)
	}
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return errInterrupted
	}
	return c.verdict(ends, len(ids))
}

func (c *watchCmd) request() *taskv1.WatchRequest {
	req := &taskv1.WatchRequest{History: proto.Int32(int32(c.History)), WaitForCreate: c.WaitForCreate}
	if c.Follow {
		req.Follow = taskv1.WatchFollow_WATCH_FOLLOW_FOREVER
	}
	return req
}

// bars reports whether to draw bars, not lines of JSON.
func (c *watchCmd) bars(con *console) bool {
	return c.Output == "bar" || c.Output == "table" || c.Output == "auto" && isTerminal(con.out)
}

// printLines prints one line for each message that has one.
func printLines[M resume.Message](con *console, all <-chan newsOf[M], line func(id string, m M) ([]byte, error)) error {
	cut := map[string]bool{} // :: id -> its stream is cut, and that was said
	for n := range all {
		switch {
		case n.told:
			cut[n.id] = false
			line, err := line(n.id, n.message)
			if err != nil {
				return err
			}
			if _, err := con.out.Write(line); err != nil {
				return fmt.Errorf("watch: %w", err)
			}
		case n.cut != nil && !cut[n.id]:
			cut[n.id] = true
			fmt.Fprintf(con.err, "spectralnotify: watch %s: %s, reconnecting\n", n.id, reason(n.cut))
		}
	}
	return nil
}

// verdict turns how the watches ended into how the command ends.
func (c *watchCmd) verdict(ends *ends, n int) error {
	var all []error
	for _, id := range ends.order {
		err := callError(c.clientFlags, ends.failed[id])
		if err == nil && c.ExitStatus {
			err = unhappy(ends.status[id])
		}
		if err != nil && n > 1 {
			err = fmt.Errorf("%s: %w", id, err)
		}
		all = append(all, err)
	}
	return errors.Join(all...)
}

// unhappy is an error if a task did not end well.
func unhappy(s taskv1.TaskStatus) error {
	switch s {
	case taskv1.TaskStatus_TASK_STATUS_SUCCESS, taskv1.TaskStatus_TASK_STATUS_PENDING,
		taskv1.TaskStatus_TASK_STATUS_IN_PROGRESS:
		return nil
	case taskv1.TaskStatus_TASK_STATUS_FAILED:
		return errors.New("the task failed")
	case taskv1.TaskStatus_TASK_STATUS_CANCELED:
		return errors.New("the task was canceled")
	}
	return errors.New("the task was deleted")
}

// jsonLine is a message of a task as a line of JSON.
func jsonLine(id string, m *taskv1.WatchResponse) ([]byte, error) { return jsonLineOf("taskId", id, m) }

// jsonLineOf is a message as a line of JSON, with the object's id in front, since
// not every message names it.
func jsonLineOf(field, id string, m proto.Message) ([]byte, error) {
	text, err := jsonOf(m)
	if err != nil {
		return nil, err
	}
	name, err := json.Marshal(id)
	if err != nil {
		return nil, fmt.Errorf("write as JSON: %w", err)
	}
	line := append([]byte(`{"`+field+`":`), name...)
	if len(text) > len("{}") {
		line = append(line, ',')
	}
	return append(append(line, text[1:]...), '\n'), nil
}

// unique removes what comes again; the order stays.
func unique(ids []string) []string {
	var once []string
	for _, id := range ids {
		if !slices.Contains(once, id) {
			once = append(once, id)
		}
	}
	return once
}

// noColour reports whether the user wants no colours (no-color.org).
func noColour() bool { return os.Getenv("NO_COLOR") != "" }
