package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/spectralnotify/spectralnotify/cmd/spectralnotify/internal/bar"
	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
)

// jsonOf is a message as one line of JSON. The spacing that protojson varies on
// purpose is taken out.
func jsonOf(m proto.Message) ([]byte, error) {
	text, err := protojson.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("write as JSON: %w", err)
	}
	var line bytes.Buffer
	if err := json.Compact(&line, text); err != nil {
		return nil, fmt.Errorf("write as JSON: %w", err)
	}
	return line.Bytes(), nil
}

// printJSON prints a message as one line of JSON.
func printJSON(w io.Writer, m proto.Message) error {
	line, err := jsonOf(m)
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}

// printTask prints a task as one line: id, status, progress, sequence, message.
func printTask(w io.Writer, t *taskv1.Task, message string) error {
	_, err := fmt.Fprintf(w, "%s  %s  %d%%  #%d  %s\n",
		bar.Plain(t.GetTaskId()), statusWord(t.GetStatus()), t.GetProgress(), t.GetSequence(), bar.Plain(message))
	return err
}

// printTaskSheet prints all that is known of a task, a line for each thing.
func printTaskSheet(w io.Writer, t *taskv1.Task) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(tab, "%s\t%s\n", name, bar.Plain(value))
		}
	}
	row("id", t.GetTaskId())
	row("status", statusWord(t.GetStatus()))
	row("progress", fmt.Sprintf("%d%%", t.GetProgress()))
	row("error", t.GetError())
	row("type", t.GetType())
	row("tags", strings.Join(t.GetTags(), ", "))
	row("sequence", fmt.Sprint(t.GetSequence()))
	row("created", when(t.GetCreatedAt()))
	row("created by", t.GetCreatedBy())
	row("started", when(t.GetStartedAt()))
	row("updated", when(t.GetUpdatedAt()))
	row("ended", when(endedAt(t)))
	row("expected", when(t.GetEta()))
	if t.GetMetadata() != nil {
		text, err := jsonOf(t.GetMetadata())
		if err != nil {
			return err
		}
		row("metadata", string(text))
	}
	if t.GetResult() != nil {
		text, err := jsonOf(t.GetResult())
		if err != nil {
			return err
		}
		row("result", string(text))
	}
	return tab.Flush()
}

// printTaskTable prints tasks, one a line under a head.
func printTaskTable(w io.Writer, tasks []*taskv1.Task) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "ID\tSTATUS\tPROGRESS\tTYPE\tTAGS\tUPDATED")
	for _, t := range tasks {
		fmt.Fprintf(tab, "%s\t%s\t%d%%\t%s\t%s\t%s\n", bar.Plain(t.GetTaskId()), statusWord(t.GetStatus()),
			t.GetProgress(), dash(t.GetType()), dash(strings.Join(t.GetTags(), ",")), when(t.GetUpdatedAt()))
	}
	return tab.Flush()
}

// printEvents prints events, one a line under a head.
func printEvents(w io.Writer, events []*taskv1.Event) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "#\tTIME\tTYPE\tPROGRESS\tBY\tMESSAGE")
	for _, e := range events {
		progress := "-"
		if e.Progress != nil {
			progress = fmt.Sprintf("%d%%", e.GetProgress())
		}
		fmt.Fprintf(tab, "%d\t%s\t%s\t%s\t%s\t%s\n", e.GetId(), when(e.GetTimestamp()), eventWord(e.GetEventType()),
			progress, dash(e.GetActor()), bar.Plain(e.GetMessage()))
	}
	return tab.Flush()
}

// when is a moment for a person; empty for none.
func when(t *timestamppb.Timestamp) string {
	if t == nil {
		return ""
	}
	return t.AsTime().Local().Format(time.DateTime)
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return bar.Plain(text)
}

// endedAt is when a task ended; nil before.
func endedAt(t *taskv1.Task) *timestamppb.Timestamp {
	for _, at := range []*timestamppb.Timestamp{t.GetCompletedAt(), t.GetFailedAt(), t.GetCanceledAt()} {
		if at != nil {
			return at
		}
	}
	return nil
}
